"""Movement: the same entries in another arrangement. Each rule moves the cotangent back.

Broadcasting and summing are each other's derivative (`broadcast_to`, `sum_to`); so are splitting and joining.
What is a rearrangement of another movement is written as one, without a rule of its own.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.graph import Node
from autograd.primitive import answers_to, primitive

__all__ = [
    "broadcast_to", "concatenate", "expand_dims", "flip", "hstack", "matrix_transpose", "moveaxis", "pad", "ravel",
    "repeat", "reshape", "roll", "split", "squeeze", "stack", "swapaxes", "tile", "transpose", "vstack",
]  # fmt: skip

Axes = int | tuple[int, ...] | None

# --- broadcasting ---------------------------------------------------------------------------------------------------


@primitive(
    lambda g, out, x, shape: sum_to(g, shape=np.shape(x)),
    symbol="broadcast",
    numpy=np.broadcast_to,
    arrays_only=True,
)
def broadcast_to(x: Any, shape: int | tuple[int, ...]) -> Any:
    """x repeated along new and length-1 axes until it has ``shape``."""
    if isinstance(x, (np.ndarray, np.generic)):
        out = np.empty(shape, x.dtype)
        out[...] = x
        return out
    return np.broadcast_to(x, shape)


@primitive(lambda g, out, x, shape: broadcast_to(g, shape=np.shape(x)), symbol="Σ", arrays_only=True)
def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """The transpose of broadcasting: sum x over the axes along which ``shape`` would be repeated to give x's.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.primitives.movement import sum_to
    >>> sum_to(np.ones((4, 3)), shape=(1, 3))
    array([[4., 4., 4.]])
    """
    new = x.ndim - len(shape)
    kept = x.shape[new:]
    if kept == shape:
        return np.add.reduce(x, 0 if new == 1 else tuple(range(new)))
    if any(n not in (1, m) for n, m in zip(shape, kept, strict=True)):
        raise ValueError(f"shape {x.shape} is no broadcast of shape {shape}")
    axes = (*range(new), *[new + i for i, n in enumerate(shape) if n == 1])
    return np.reshape(np.add.reduce(x, axis=axes), shape)


# --- shape ----------------------------------------------------------------------------------------------------------


@primitive(
    lambda g, out, x, shape: reshape(g, shape=x.shape),
    numpy=np.reshape,
    arrays_only=True,
)
def reshape(x: Any, shape: int | tuple[int, ...]) -> Any:
    """The same entries, row by row, in another shape; one length may be -1."""
    return np.reshape(x, shape)


@primitive(
    lambda g, out, x, axes=None: transpose(
        g, axes=None if axes is None else tuple(np.argsort(positive_axes(axes, x.ndim)))
    ),
    symbol="T",
    numpy=np.transpose,
    arrays_only=True,
)
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order, by default reversed."""
    return np.transpose(x, axes)


def positive_axes(axes: int | Sequence[int], ndim: int) -> tuple[int, ...]:
    """Axes counted from the front; an axis out of range or named twice is an error that says so."""
    return np.lib.array_utils.normalize_axis_tuple(axes, ndim)


def ravel(x: Any) -> Any:
    """All entries in one row."""
    return reshape(x, shape=(-1,))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    axis1, axis2 = (positive_axes(axis, np.ndim(x))[0] for axis in (axis1, axis2))
    order = list(range(np.ndim(x)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, axes=tuple(order))


def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged: a stack of matrices, each transposed."""
    return swapaxes(x, -1, -2) if isinstance(x, Node) else np.matrix_transpose(x)


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """The axes ``source`` moved to the places ``destination``, the others kept in their order."""
    sources, places = positive_axes(source, np.ndim(x)), positive_axes(destination, np.ndim(x))
    if len(sources) != len(places):
        raise ValueError(f"moveaxis: source names {len(sources)} axes and destination {len(places)}; give as many")
    order = [axis for axis in range(np.ndim(x)) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return transpose(x, axes=tuple(order))


def expand_dims(x: Any, axis: int | tuple[int, ...]) -> Any:
    """New axes of length 1 at the places ``axis`` of the result."""
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    places = positive_axes(axes, np.ndim(x) + len(axes))
    lengths = iter(np.shape(x))
    shape = tuple(1 if i in places else next(lengths) for i in range(np.ndim(x) + len(axes)))
    return reshape(x, shape=shape)


def squeeze(x: Any, axis: Axes = None) -> Any:
    """Without the axes of length 1: all of them, or those named."""
    shape = np.shape(x)
    axes = [i for i, n in enumerate(shape) if n == 1] if axis is None else positive_axes(axis, len(shape))
    for i in axes:
        if shape[i] != 1:
            raise ValueError(f"squeeze: axis {i} of shape {shape} has length {shape[i]}, not 1")
    return reshape(x, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


# --- joining and splitting ------------------------------------------------------------------------------------------


def _part_of(i: int, g: Any, out: Any, *arrays: Any, axis: int = 0) -> Any:
    start = builtins.sum(np.shape(array)[axis] for array in arrays[:i])
    before = (slice(None),) * (axis % np.ndim(out))
    return g[(*before, slice(start, start + np.shape(arrays[i])[axis]))]


@primitive(every=_part_of, symbol="concat", arrays_only=True)
def concat(*arrays: Any, axis: int = 0) -> Any:
    """The arguments joined along an axis they have; each gets its part of the cotangent."""
    return np.concatenate(arrays, axis=axis)


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Arrays and Tensors joined along an axis they have; ``axis=None`` joins them all in one row.

    Examples
    --------
    >>> import autograd
    >>> autograd.concatenate([autograd.Tensor([1.0]), [2.0, 3.0]])
    Tensor([1., 2., 3.])
    """
    if axis is None:
        return concat(*map(ravel, arrays), axis=0)
    return concat(*arrays, axis=axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis."""
    shapes = {np.shape(array) for array in arrays}
    if len(shapes) != 1:
        raise ValueError(f"stack needs at least one array, all of one shape; got shapes {sorted(shapes)}")
    return concatenate([expand_dims(array, axis) for array in arrays], axis=axis)


def vstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined as rows."""
    return concatenate([array if np.ndim(array) > 1 else reshape(array, shape=(1, -1)) for array in arrays], axis=0)


def hstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined side by side."""
    arrays = [array if np.ndim(array) > 0 else reshape(array, shape=(1,)) for array in arrays]
    return concatenate(arrays, axis=0 if np.ndim(arrays[0]) == 1 else 1)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """x cut along an axis: into so many equal sections, or before each of the indices."""
    length = np.shape(x)[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections < 1 or length % indices_or_sections:
            raise ValueError(f"split: {length} entries along axis {axis} make no {indices_or_sections} equal sections")
        step = length // indices_or_sections
        indices = list(range(step, length, step))
    else:
        indices = list(indices_or_sections)
    before = (slice(None),) * (axis % np.ndim(x))
    return [x[(*before, slice(a, b))] for a, b in zip([0, *indices], [*indices, length], strict=True)]


# --- rearrangements by index ----------------------------------------------------------------------------------------


def _along(x: Any, axis: int, index: Any) -> Any:
    return x[(*(slice(None),) * (axis % np.ndim(x)), index)]


def flip(x: Any, axis: Axes = None) -> Any:
    """The entries in reverse order along an axis, several, or all."""
    axes = range(np.ndim(x)) if axis is None else positive_axes(axis, np.ndim(x))
    return x[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(np.ndim(x)))]


def roll(x: Any, shift: int | tuple[int, ...], axis: Axes = None) -> Any:
    """The entries moved along an axis, those that fall out coming back at the other end."""
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape=np.shape(x))
    axes = positive_axes(axis, np.ndim(x))
    for i, by in zip(*np.broadcast_arrays(axes, shift), strict=True):
        x = _along(x, i, np.roll(np.arange(np.shape(x)[i]), by))
    return x


def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Each entry several times, one after the other; the cotangents of the copies add up."""
    if axis is None:
        x, axis = ravel(x), 0
    return _along(x, axis, np.repeat(np.arange(np.shape(x)[axis]), repeats))


def tile(x: Any, reps: int | Sequence[int]) -> Any:
    """The whole array several times along each axis."""
    counts = (reps,) if isinstance(reps, (int, np.integer)) else tuple(reps)
    ndim = max(np.ndim(x), len(counts))
    counts = (1,) * (ndim - len(counts)) + counts
    shape = (1,) * (ndim - np.ndim(x)) + np.shape(x)
    spaced = reshape(x, shape=tuple(n for length in shape for n in (1, length)))
    repeated = broadcast_to(spaced, shape=tuple(n for pair in zip(counts, shape, strict=True) for n in pair))
    return reshape(repeated, shape=tuple(count * length for count, length in zip(counts, shape, strict=True)))


def pad(x: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0.0) -> Any:
    """x with a border: of a constant, or of its own entries (edge, reflect, symmetric, wrap).

    Parameters
    ----------
    pad_width : int, (before, after), or one such pair for each axis
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
    constant_values : float, (before, after), or one such pair for each axis
        For mode "constant".
    """
    widths = np.broadcast_to(np.asarray(pad_width), (np.ndim(x), 2)).tolist()
    if mode == "constant":
        values = np.broadcast_to(np.asarray(constant_values), (np.ndim(x), 2)).tolist()
        for axis, (width, ends) in enumerate(zip(widths, values, strict=True)):
            shape = np.shape(x)
            before, after = (
                np.full((*shape[:axis], n, *shape[axis + 1 :]), end, x.dtype)
                for n, end in zip(width, ends, strict=True)
            )
            x = concatenate([before, x, after], axis=axis) if any(width) else x
        return x
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ValueError(f"pad: mode {mode!r} has no rule; it can be constant, edge, reflect, symmetric or wrap")
    for axis, width in enumerate(widths):
        index = np.pad(np.arange(np.shape(x)[axis]), width, mode=mode)  # type: ignore[call-overload]
        x = _along(x, axis, index)
    return x


for _ours, _numpy in (
    (ravel, np.ravel),
    (swapaxes, np.swapaxes),
    (matrix_transpose, (np.matrix_transpose, np.linalg.matrix_transpose)),
    (moveaxis, np.moveaxis),
    (expand_dims, np.expand_dims),
    (squeeze, np.squeeze),
    (concatenate, np.concatenate),
    (stack, np.stack),
    (vstack, np.vstack),
    (hstack, np.hstack),
    (split, np.split),
    (flip, np.flip),
    (roll, np.roll),
    (repeat, np.repeat),
    (tile, np.tile),
    (pad, np.pad),
):
    answers_to(_ours, _numpy)
