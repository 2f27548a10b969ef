"""The numbers in the table of cases: each maker draws from a domain in which some operations are smooth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from notation import Array

random = np.random.default_rng(20)


def normal(*shape: int) -> Array:
    """Any numbers."""
    return np.asarray(random.standard_normal(shape))


def positive(*shape: int) -> Array:
    """Numbers from 0.5 to 2."""
    return np.asarray(random.uniform(0.5, 2, shape))


def nonzero(*shape: int) -> Array:
    """Numbers from 0.5 to 2 of both signs."""
    return np.asarray(positive(*shape) * random.choice([-1, 1], shape))


def inside(*shape: int) -> Array:
    """Numbers from -0.8 to 0.8."""
    return np.asarray(random.uniform(-0.8, 0.8, shape))


def beyond(*shape: int) -> Array:
    """Numbers from 1.5 to 3."""
    return np.asarray(positive(*shape) + 1)


def apart(*shape: int) -> Array:
    """Numbers that keep away from each other, in size too, and from 0 and 0.9: no kink and no tie within 0.03."""
    size = math.prod(shape)
    steps = random.permutation(size) - size // 2
    return np.asarray(0.3 * steps + 0.1 + random.uniform(-0.03, 0.03, size)).reshape(shape)


def between(*shape: int) -> Array:
    """Numbers that keep away from those of `apart`."""
    return np.asarray(apart(*shape) + 0.15)


def uneven(*shape: int) -> Array:
    """Numbers of both signs whose sizes add up to no sum in two ways, nor nearly: no tie of row or column sums."""
    size = math.prod(shape)
    return np.asarray(0.1 * 2.0 ** random.permutation(size) * random.choice([-1, 1], size)).reshape(shape)


def regular(*shape: int) -> Array:
    """Matrices far from singular, with determinants of both signs."""
    return normal(*shape) / 2 + 2 * np.eye(shape[-1])[random.permutation(shape[-1])]


def definite(*shape: int) -> Array:
    """Symmetric positive definite matrices."""
    return gram(normal(*shape))


def gram(x: Any) -> Any:
    """A symmetric positive definite matrix from any square one."""
    return x @ np.swapaxes(x, -1, -2) + 3 * np.eye(x.shape[-1], dtype=x.dtype)
