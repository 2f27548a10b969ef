"""Indexing: picking entries and scattering them back are each other's derivative.

An entry that was picked twice gets both cotangents: scattering accumulates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.graph import Node
from autograd.primitive import answers_to, primitive
from autograd.primitives.elementwise import where
from autograd.primitives.movement import positive_axes, ravel, transpose

__all__ = [
    "diag", "diagonal", "sort", "take", "take_along_axis", "tril", "triu",
]  # fmt: skip


@primitive(
    lambda g, out, x, index: scatter(g, index=index, shape=np.shape(x)),
    symbol="[·]",
    arrays_only=True,
)
def getitem(x: Any, index: Any) -> Any:
    """x[index], for every index NumPy knows: integers, slices, None, Ellipsis, arrays of integers or bools."""
    return x[index]


@primitive(
    lambda g, out, x, index, shape: getitem(g, index=index),
    symbol="scatter",
    arrays_only=True,
)
def scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of ``shape`` with x added at ``index``, repeated indices accumulating: the transpose of `getitem`."""
    out = np.zeros_like(x, shape=shape)
    if _is_basic(index):
        out[index] = x
    else:
        np.add.at(out, index, x)
    return out


def _is_basic(index: Any) -> bool:
    """Whether no entry can be picked twice: only integers, slices, None and Ellipsis."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None or part is Ellipsis or (isinstance(part, (int, np.integer, slice)) and not isinstance(part, bool))
        for part in parts
    )


def plain_index(index: Any) -> Any:
    """An index that nobody else can write into; a node is refused: positions have no gradient."""
    if isinstance(index, tuple):
        return tuple(plain_index(part) for part in index)
    if isinstance(index, (np.ndarray, list)):
        return np.array(index, dtype=None if np.size(index) else np.intp)
    if isinstance(index, Node):
        raise TypeError(
            f"an index must be plain integers or bools, not a {type(index).__name__}; use .data.astype(int)"
        )
    return index


def _positions(indices: Any, name: str) -> Any:
    positions = np.array(plain_index(indices))
    if positions.size == 0:
        positions = positions.astype(np.intp)
    if positions.dtype.kind not in "iu":
        raise IndexError(f"{name}: indices must be integers, not {positions.dtype}; for a mask write x[mask]")
    return positions


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The entries at ``indices`` along an axis (of all entries in one row, by default)."""
    positions = _positions(indices, "take")
    if axis is None:
        return getitem(ravel(x), index=positions)
    (axis,) = positive_axes(axis, np.ndim(x))
    return getitem(x, index=(*(slice(None),) * axis, positions))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """From each 1-D slice along an axis, the entries at its own indices, as `numpy.argsort` gives them."""
    positions = _positions(indices, "take_along_axis")
    if axis is None:
        return getitem(ravel(x), index=positions)
    (axis,) = positive_axes(axis, np.ndim(x))
    shape = positions.shape
    if len(shape) != np.ndim(x):
        raise ValueError(f"take_along_axis: indices have {len(shape)} axes and the array {np.ndim(x)}; give as many")
    grid: list[Any] = [
        np.arange(n).reshape([-1 if i == j else 1 for j in range(len(shape))]) for i, n in enumerate(np.shape(x))
    ]
    grid[axis] = positions
    return getitem(x, index=tuple(grid))


def sort(x: Any, axis: int | None = -1) -> Any:
    """The entries in rising order along an axis; equal ones keep their order."""
    if axis is None:
        x, axis = ravel(x), -1
    primal = x.primal if isinstance(x, Node) else x
    return take_along_axis(x, np.argsort(primal, axis=axis, kind="stable"), axis)


def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or the matrix that has a vector as its k-th diagonal."""
    if np.ndim(x) == 1:
        n = np.shape(x)[0]
        rows = np.arange(n) + max(-k, 0)
        return scatter(x, index=(rows, rows + k), shape=(n + np.abs(k),) * 2)
    if np.ndim(x) != 2:
        raise ValueError(f"diag takes a vector or a matrix, got shape {np.shape(x)}; for stacks use diagonal")
    return diagonal(x, k)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of the matrices that two axes make; it becomes the last axis."""
    axes = positive_axes((axis1, axis2), np.ndim(x))
    order = [*[i for i in range(np.ndim(x)) if i not in axes], *axes]
    rows, columns = np.shape(x)[axis1], np.shape(x)[axis2]
    i = np.arange(max(-offset, 0), min(rows, columns - offset))
    return getitem(transpose(x, axes=order), index=(..., i, i + offset))


def _lower(x: Any, k: int) -> Any:
    if np.ndim(x) < 2:
        raise ValueError(f"a triangle is of a matrix or a stack of them, got shape {np.shape(x)}")
    rows, columns = np.shape(x)[-2:]
    return np.tri(rows, columns, k, dtype=bool)


def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle, zeros above the k-th diagonal."""
    return where(_lower(x, k), x, 0.0)


def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle, zeros below the k-th diagonal."""
    return where(_lower(x, k - 1), 0.0, x)


for _ours, _numpy in (
    (take, np.take),
    (take_along_axis, np.take_along_axis),
    (sort, np.sort),
    (diag, np.diag),
    (diagonal, np.diagonal),
    (tril, np.tril),
    (triu, np.triu),
):
    answers_to(_ours, _numpy)
