"""Data sets that are made, not measured: points in the plane whose classes no straight line parts, and blobs.

Each takes a seed: an integer, for the same points every time, or a numpy.random.Generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nn.checks import integer, number
from nn.datasets.dataset import Dataset

__all__ = ["blobs", "circles", "moons", "spirals", "xor"]

if TYPE_CHECKING:
    Seed = int | np.random.Generator  # NumPy imports its random module, which is large, when it is first named


def xor() -> Dataset:
    """Make the truth table of exclusive or: the smallest data that no single neuron can learn.

    Returns
    -------
    Dataset
        `X` of shape (4, 2), `y` of shape (4,): class 1 where x1 and x2 differ.

    Examples
    --------
    >>> data = xor()
    >>> for row, target in zip(data.X, data.y):
    ...     print(row, target)
    [0. 0.] 0
    [0. 1.] 1
    [1. 0.] 1
    [1. 1.] 0
    """
    return Dataset(
        X=np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        y=np.array([0, 1, 1, 0]),
        feature_names=("x1", "x2"),
        target_names=("equal", "different"),
        licence="none needed",
        source="the truth table of exclusive or",
    )


def moons(n_samples: int = 100, noise: float = 0.1, *, seed: Seed = 0) -> Dataset:
    """Make two half circles that reach into each other.

    Parameters
    ----------
    n_samples : int
        How many points in all; the classes have equally many, or the first one more.
    noise : float
        The standard deviation of what is added to both coordinates.
    seed : int or numpy.random.Generator

    Returns
    -------
    Dataset
        `X` of shape (n_samples, 2), in random order.

    Examples
    --------
    >>> moons(100)
    Dataset(100 examples, 2 features, classes {'upper': 50, 'lower': 50})
    """
    y, rng = _classes(n_samples, 2, seed)
    angle = np.pi * rng.random(n_samples)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.array([1.0, 0.5]) - upper
    return _made(np.where(y[:, None] == 0, upper, lower), y, noise, rng, ("upper", "lower"), "two half circles")


def circles(n_samples: int = 100, noise: float = 0.05, factor: float = 0.5, *, seed: Seed = 0) -> Dataset:
    """Make a circle inside another.

    Parameters
    ----------
    n_samples : int
    noise : float
        The standard deviation of what is added to both coordinates.
    factor : float
        The radius of the inner circle, from 0 to 1; the outer one's is 1.
    seed : int or numpy.random.Generator

    Returns
    -------
    Dataset
        `X` of shape (n_samples, 2), in random order.

    Examples
    --------
    >>> circles(101)
    Dataset(101 examples, 2 features, classes {'outer': 51, 'inner': 50})
    """
    y, rng = _classes(n_samples, 2, seed)
    angle, radius = 2 * np.pi * rng.random(n_samples), np.array([1.0, number("factor", factor, 0, 1)])[y]
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _made(points, y, noise, rng, ("outer", "inner"), "two circles with one centre")


def spirals(
    n_samples: int = 200, noise: float = 0.02, classes: int = 2, turns: float = 1.0, *, seed: Seed = 0
) -> Dataset:
    """Make spirals that wind around each other from the middle out to radius 1.

    Parameters
    ----------
    n_samples : int
    noise : float
        The standard deviation of what is added to both coordinates.
    classes : int
        How many spirals.
    turns : float
        How often each winds around the middle.
    seed : int or numpy.random.Generator

    Returns
    -------
    Dataset
        `X` of shape (n_samples, 2), in random order.

    Examples
    --------
    >>> spirals(300, classes=3)
    Dataset(300 examples, 2 features, classes {'0': 100, '1': 100, '2': 100})
    """
    y, rng = _classes(n_samples, integer("classes", classes, least=2), seed)
    radius = rng.random(n_samples)
    angle = 2 * np.pi * (number("turns", turns) * radius + y / classes)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _made(points, y, noise, rng, tuple(map(str, range(classes))), f"{classes} spirals")


def blobs(n_samples: int = 150, std: float = 1.0, classes: int = 3, features: int = 2, *, seed: Seed = 0) -> Dataset:
    """Make round clouds of points, their middles anywhere from -10 to 10.

    Parameters
    ----------
    n_samples : int
    std : float
        The standard deviation of every cloud in every direction.
    classes : int
        How many clouds.
    features : int
        How many coordinates a point has.
    seed : int or numpy.random.Generator

    Returns
    -------
    Dataset
        `X` of shape (n_samples, features), in random order.

    Examples
    --------
    >>> blobs(90, features=5)
    Dataset(90 examples, 5 features, classes {'0': 30, '1': 30, '2': 30})
    """
    y, rng = _classes(n_samples, integer("classes", classes, least=2), seed)
    middles = rng.uniform(-10, 10, (classes, integer("features", features)))
    return _made(middles[y], y, std, rng, tuple(map(str, range(classes))), f"{classes} clouds of points", "std")


def _classes(n_samples: int, classes: int, seed: Seed) -> tuple[NDArray[np.int64], np.random.Generator]:
    """The classes in random order, as equal in size as can be, and the generator that goes on from there."""
    integer("n_samples", n_samples, least=classes)
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(integer("seed", seed, least=0))
    return rng.permutation(np.arange(n_samples) % classes), rng


def _made(
    points: NDArray[np.float64],
    y: NDArray[np.int64],
    noise: float,
    rng: np.random.Generator,
    target_names: tuple[str, ...],
    source: str,
    option: str = "noise",
) -> Dataset:
    X = points + number(option, noise, 0) * rng.standard_normal(points.shape)
    feature_names = tuple(f"x{i}" for i in range(1, points.shape[1] + 1))
    return Dataset(X, y, feature_names, target_names, licence="none needed", source=source)
