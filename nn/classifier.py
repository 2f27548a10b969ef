"""A network that tells the classes of a table's rows, and brings along what is needed to use it on other tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

import autograd
from nn import storage
from nn.layers import Linear, ReLU
from nn.module import Module, raw
from nn.sequence import Sequential

__all__ = ["Classifier", "Standardise", "load_classifier", "save_classifier"]

Array = np.ndarray[Any, Any]


class Standardise(Module):
    """Gives every column mean 0 and standard deviation 1, as measured on some rows; constant columns become 0.

    Parameters
    ----------
    features : int

    Examples
    --------
    >>> scale = Standardise(2)
    >>> scale.measure(np.array([[1.0, 7.0], [3.0, 7.0]]))
    >>> scale(np.array([[5.0, 8.0]]))
    array([[3., 0.]])
    """

    def __init__(self, features: int) -> None:
        self.register_buffer("mean", np.zeros(features))
        self.register_buffer("deviation", np.ones(features))

    def measure(self, X: Array) -> None:
        """Take the mean and the deviation from the rows of X."""
        # Scaled by powers of two, which is exact, 1e300 does not overflow when squared.
        exponent = np.frexp(np.abs(X).max(axis=0))[1]
        scaled = np.ldexp(X, -exponent)
        self.mean = np.ldexp(scaled.mean(axis=0), exponent)
        deviation = np.ldexp(scaled.std(axis=0), exponent)
        self.deviation = np.where(X.max(axis=0) > X.min(axis=0), deviation, np.inf)

    def forward(self, x: Any) -> Any:
        """x of shape (N, features)."""
        return (x - self.mean) / self.deviation


class Classifier(Module):
    """Standardised features, then layers with ReLU between them, up to a score for each class.

    Parameters
    ----------
    sizes : sequence of int
        Features, units of each layer, classes.
    feature_names, target_names : sequence of str
        The columns it takes, and the classes it tells.
    target : str
        What the classes are classes of.
    """

    def __init__(
        self, sizes: Sequence[int], feature_names: Sequence[str], target_names: Sequence[str], target: str
    ) -> None:
        self.sizes, self.target = tuple(sizes), target
        self.feature_names, self.target_names = tuple(feature_names), tuple(target_names)
        self.scale = Standardise(sizes[0])
        layers = [part for inputs, units in pairwise(sizes) for part in (Linear(inputs, units), ReLU())]
        self.net = Sequential(*layers[:-1])

    def forward(self, x: Any) -> Any:
        """A score for each class."""
        return self.net(self.scale(x))

    def predict(self, X: Array) -> tuple[Array, Array]:
        """The most likely class of each row, and its probability."""
        with autograd.no_grad():
            probabilities = np.asarray(raw(autograd.softmax(self(X), axis=1)))
        return probabilities.argmax(axis=1), probabilities.max(axis=1)


def save_classifier(model: Classifier, path: str | os.PathLike[str]) -> None:
    """Write a classifier with the names of its features and classes; see `nn.save`."""
    facts = {
        "kind": "classifier",
        "features": list(model.feature_names),
        "classes": list(model.target_names),
        "target": model.target,
    }
    storage.write(path, model.state_dict(), facts)


def load_classifier(path: str | os.PathLike[str]) -> Classifier:
    """Read what `save_classifier` wrote.

    Raises
    ------
    ValueError
        If it is something else; the message names the file.
    OSError
        If it cannot be read.
    """
    arrays, facts = storage.read(path)
    try:
        if facts.get("kind") != "classifier":
            raise ValueError("it was not written by chainrule train")
        # The shapes say how large the network is: no file can ask for one larger than itself.
        weights = [arrays[name] for name in sorted(arrays, key=_place) if name.endswith(".weight")]
        if not weights or any(weight.ndim != 2 for weight in weights):
            raise ValueError("it has no layers")
        sizes = [weights[0].shape[1], *(len(weight) for weight in weights)]
        names = [*facts["features"], *facts["classes"], facts["target"]]
        if [len(facts["features"]), len(facts["classes"])] != [sizes[0], sizes[-1]] or not _distinct(facts, names):
            raise ValueError("its names do not fit its layers")
        model = Classifier(sizes, facts["features"], facts["classes"], facts["target"])
        model.load_state_dict(arrays)
    except (ValueError, TypeError, KeyError) as error:
        why = error if isinstance(error, ValueError) else repr(error)
        raise ValueError(f"{os.fspath(path)!r} is not a classifier's file: {why}") from None
    model.eval()
    return model


def _place(name: str) -> int:
    """The number of a layer in the name of its weight, ``net.2.weight``."""
    digits = name.removeprefix("net.").partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else -1


def _distinct(facts: dict[str, Any], names: list[Any]) -> bool:
    return all(isinstance(name, str) for name in names) and all(
        len(set(facts[kind])) == len(facts[kind]) for kind in ("features", "classes")
    )
