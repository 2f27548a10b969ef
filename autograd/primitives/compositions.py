"""Compositions: functions of NumPy's that are others in other words, and so need no rule of their own."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from autograd.primitive import answers_to
from autograd.primitives.linear_algebra import inv, matmul
from autograd.primitives.movement import (
    Axes,
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    moveaxis,
    positive_axes,
    reshape,
    split,
    swapaxes,
)
from autograd.primitives.reductions import max, mean, min, sum

__all__ = [
    "append", "array_split", "atleast_1d", "atleast_2d", "average", "column_stack", "cross", "diff", "dstack", "fliplr",
    "flipud", "hsplit", "kron", "matrix_power", "multi_dot", "ptp", "rot90", "vsplit",
]  # fmt: skip

# --- joining and cutting --------------------------------------------------------------------------------------------


def atleast_1d(x: Any) -> Any:
    """x, or, of a number, an array that holds it."""
    return x if np.ndim(x) else reshape(x, shape=(1,))


def atleast_2d(x: Any) -> Any:
    """x, or, of a vector or a number, a matrix with it as its one row."""
    return x if np.ndim(x) > 1 else reshape(x, shape=(1, -1))


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Values after the last along an axis; by default everything in one row."""
    if isinstance(values, (int, float)):
        values = np.asarray(values, arr.dtype)
    return concatenate([arr, values], axis=axis)


def column_stack(arrays: Sequence[Any]) -> Any:
    """Vectors joined as columns, and matrices side by side."""
    return concatenate([x if np.ndim(x) > 1 else reshape(x, shape=(-1, 1)) for x in arrays], axis=1)


def dstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined along a third axis."""
    return concatenate([x if np.ndim(x) > 2 else expand_dims(atleast_2d(x), 2) for x in arrays], axis=2)


def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """x cut along an axis into so many sections, as equal as can be, or before each of the indices."""
    positions = np.array_split(np.arange(np.shape(x)[axis]), indices_or_sections)
    return split(x, np.cumsum([len(section) for section in positions])[:-1].tolist(), axis)


def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """A matrix cut between its rows."""
    if np.ndim(x) < 2:
        raise ValueError(f"vsplit cuts between the rows of a matrix, got shape {np.shape(x)}")
    return split(x, indices_or_sections, 0)


def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """A matrix cut between its columns."""
    return split(x, indices_or_sections, 1 if np.ndim(x) > 1 else 0)


# --- turning --------------------------------------------------------------------------------------------------------


def flipud(x: Any) -> Any:
    """The rows in reverse order."""
    return flip(x, 0)


def fliplr(x: Any) -> Any:
    """The columns in reverse order."""
    return flip(x, 1)


def rot90(x: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """A matrix turned by k quarters, from the first of the axes towards the second."""
    first, second = positive_axes(axes, np.ndim(x))
    for _ in range(k % 4):
        x = flip(swapaxes(x, first, second), first)
    return x


# --- differences and means ------------------------------------------------------------------------------------------


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """The differences of neighbours along an axis, n times over."""
    if n < 0:
        raise ValueError(f"diff: n must be 0 or more, got {n}")
    before = (slice(None),) * positive_axes(axis, np.ndim(x))[0]
    for _ in range(n):
        x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
    return x


def ptp(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """The largest entry less the smallest."""
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


def average(x: Any, axis: int | None = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """The mean, with a weight for each entry, or for each place along one axis.

    Examples
    --------
    >>> import autograd
    >>> autograd.average(autograd.Tensor([1.0, 3.0]), weights=[3.0, 1.0])
    Tensor(1.5)
    """
    if weights is None:
        return mean(x, axis=axis, keepdims=keepdims)
    if np.shape(weights) != np.shape(x):
        if axis is None or np.shape(weights) != (np.shape(x)[axis],):
            raise ValueError(
                f"average: weights of shape {np.shape(weights)} are neither one for each entry of shape {np.shape(x)} "
                f"nor one for each place along axis {axis}"
            )
        after = np.ndim(x) - 1 - positive_axes(axis, np.ndim(x))[0]
        weights = reshape(weights, shape=(-1,) + (1,) * after)
    weights = broadcast_to(weights, shape=np.shape(x))
    return sum(x * weights, axis=axis, keepdims=keepdims) / sum(weights, axis=axis, keepdims=keepdims)


# --- products -------------------------------------------------------------------------------------------------------


def cross(x: Any, y: Any, axis: int = -1) -> Any:
    """The vector product of vectors of three numbers, which lie along an axis."""
    x, y = (moveaxis(vectors, axis, -1) for vectors in (x, y))
    if not np.shape(x)[-1] == np.shape(y)[-1] == 3:
        raise ValueError(f"cross: vectors must have three numbers, got {np.shape(x)[-1]} and {np.shape(y)[-1]}")
    next_, last = [1, 2, 0], [2, 0, 1]
    return moveaxis(x[..., next_] * y[..., last] - x[..., last] * y[..., next_], -1, axis)


def kron(x: Any, y: Any) -> Any:
    """Every entry of x replaced by itself times y."""
    ndim = builtins.max(np.ndim(x), np.ndim(y))
    shape_x, shape_y = ((1,) * (ndim - np.ndim(part)) + np.shape(part) for part in (x, y))
    spread_x = reshape(x, shape=tuple(n for length in shape_x for n in (length, 1)))
    spread_y = reshape(y, shape=tuple(n for length in shape_y for n in (1, length)))
    return reshape(spread_x * spread_y, shape=tuple(a * b for a, b in zip(shape_x, shape_y, strict=True)))


def multi_dot(arrays: Sequence[Any]) -> Any:
    """The matrix product of several, from left to right."""
    return reduce(matmul, arrays)


def matrix_power(x: Any, n: int) -> Any:
    """A square matrix times itself, n factors in all; of its inverse where n is negative."""
    if np.ndim(x) < 2 or np.shape(x)[-1] != np.shape(x)[-2]:
        raise ValueError(f"matrix_power takes square matrices, got shape {np.shape(x)}")
    if n == 0:
        return x * 0 + np.eye(np.shape(x)[-1], dtype=x.dtype)
    return reduce(matmul, [x if n > 0 else inv(x)] * builtins.abs(n))


for _ours, _numpy in (
    (atleast_1d, np.atleast_1d),
    (atleast_2d, np.atleast_2d),
    (append, np.append),
    (column_stack, np.column_stack),
    (dstack, np.dstack),
    (array_split, np.array_split),
    (vsplit, np.vsplit),
    (hsplit, np.hsplit),
    (flipud, np.flipud),
    (fliplr, np.fliplr),
    (rot90, np.rot90),
    (diff, np.diff),
    (ptp, np.ptp),
    (average, np.average),
    (cross, (np.cross, np.linalg.cross)),
    (kron, np.kron),
    (multi_dot, np.linalg.multi_dot),
    (matrix_power, np.linalg.matrix_power),
):
    answers_to(_ours, _numpy)
