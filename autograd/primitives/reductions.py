"""Reductions: many entries become one, and the cotangent is spread back over them.

``axis`` may be an int, a tuple or None for all; ``keepdims`` keeps the reduced axes with length 1.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from autograd.primitive import answers_to, primitive
from autograd.primitives.elementwise import abs, div, exp, sign, sqrt, square, where
from autograd.primitives.movement import Axes, flip, moveaxis, positive_axes, ravel, reshape, squeeze

__all__ = [
    "cumsum", "log_softmax", "logsumexp", "max", "mean", "min", "norm", "prod", "softmax", "std", "sum", "var",
]  # fmt: skip


_add: Any = np.add.reduce  # what np.sum calls in the end, without its Python layers


def spread(t: Any, x: Any, axis: Axes, keepdims: bool) -> Any:
    """A result ``t`` of reducing ``x`` with the reduced axes put back, so that it can be broadcast to x's shape."""
    if axis is None or keepdims or x.ndim == 0:  # of a number NumPy accepts axis 0 too
        return t
    axes = positive_axes(axis, x.ndim)
    return reshape(t, shape=tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


@primitive(
    lambda g, out, x, axis=None, *, keepdims=False: spread(g, x, axis, keepdims),
    symbol="Σ",
    numpy=np.sum,
    arrays_only=True,
)
def sum(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """The sum along the axes."""
    return _add(x, axis, None, None, keepdims)


@primitive(
    lambda g, out, x, axis=None, *, keepdims=False: spread(g / _count(x, axis), x, axis, keepdims),
    symbol="mean",
    numpy=np.mean,
    arrays_only=True,
)
def mean(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """The arithmetic mean along the axes."""
    return _add(x, axis, None, None, keepdims) / _count(x, axis)


def _count(x: Any, axis: Axes) -> int:
    """How many entries of x go into one entry of the result."""
    return int(x.size) if axis is None else int(math.prod(x.shape[i] for i in positive_axes(axis, x.ndim)))


def var(x: Any, axis: Axes = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """The mean squared deviation from the mean; ``ddof=1`` divides by n - 1."""
    deviation = x - mean(x, axis=axis, keepdims=True)
    return sum(deviation * deviation, axis=axis, keepdims=keepdims) / (_count(x, axis) - ddof)


def std(x: Any, axis: Axes = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """The square root of the variance; its derivative is nan where all entries are equal."""
    return sqrt(var(x, axis=axis, ddof=ddof, keepdims=keepdims))


def _share_of_extreme(g: Any, out: Any, x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    extreme = spread(out, x, axis, keepdims)
    chosen = (x == extreme) | (x != x)  # of nan among the entries it is nan that comes out
    count = np.sum(chosen, axis=axis, keepdims=keepdims)
    return where(chosen, spread(div(g, count), x, axis, keepdims), 0.0)


@primitive(_share_of_extreme, numpy=(np.max, np.amax), arrays_only=True)
def max(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """The largest entry; equal ones share the gradient equally."""
    return np.max(x, axis=axis, keepdims=keepdims)


@primitive(_share_of_extreme, numpy=(np.min, np.amin), arrays_only=True)
def min(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """The smallest entry; equal ones share the gradient equally."""
    return np.min(x, axis=axis, keepdims=keepdims)


def _product_of_others(g: Any, out: Any, x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    if np.all((out != 0) & np.isfinite(out)):
        return spread(g * out, x, axis, keepdims) / x
    # A product of 0 or inf cannot be divided by one of its factors: leave each one out in turn.
    axes = tuple(range(x.ndim)) if axis is None else positive_axes(axis, x.ndim)
    ends = tuple(range(-len(axes), 0))
    last = moveaxis(x, axes, ends)
    flat = reshape(last, shape=(*last.shape[: last.ndim - len(axes)], -1))
    n = flat.shape[-1]
    others = prod(where(np.eye(n, dtype=bool), 1.0, reshape(flat, shape=(*flat.shape[:-1], 1, n))), axis=-1)
    return spread(g, x, axis, keepdims) * moveaxis(reshape(others, shape=last.shape), ends, axes)


@primitive(_product_of_others, symbol="Π", numpy=np.prod, arrays_only=True)
def prod(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """The product along the axes; its derivative, the product of the others, is right with zeros among them too."""
    return np.prod(x, axis=axis, keepdims=keepdims)


@primitive(lambda g, out, x, axis: flip(running_sum(flip(g, axis), axis=axis), axis), arrays_only=True)
def running_sum(x: Any, axis: int) -> Any:
    """Each entry plus all before it along one axis; backwards, each cotangent plus all after it."""
    return np.cumsum(x, axis=axis)


def cumsum(x: Any, axis: int | None = None) -> Any:
    """The running sum along an axis, or over all entries in one row."""
    return running_sum(ravel(x), axis=0) if axis is None else running_sum(x, axis=axis)


# --- exponential reductions -----------------------------------------------------------------------------------------


@primitive(
    lambda g, out, x, axis=None, *, keepdims=False: spread(g, x, axis, keepdims) * softmax(x, axis=axis),
    arrays_only=True,
)
def logsumexp(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) without overflow."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):  # of nothing but -inf it is log(0), which is -inf
        out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


@primitive(
    lambda g, out, x, axis=-1: out * (g - sum(g * out, axis=axis, keepdims=True)),
    arrays_only=True,
)
def softmax(x: Any, axis: Axes = -1) -> Any:
    """exp(x) / sum(exp(x)) without overflow: along the last axis unless told otherwise."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    return e / np.sum(e, axis=axis, keepdims=True)


@primitive(
    lambda g, out, x, axis=-1: g - exp(out) * sum(g, axis=axis, keepdims=True),
    arrays_only=True,
)
def log_softmax(x: Any, axis: Axes = -1) -> Any:
    """log(softmax(x)) without underflow: along the last axis unless told otherwise."""
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


# --- norms ----------------------------------------------------------------------------------------------------------


def _unit_vector(g: Any, out: Any, x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    length = spread(out, x, axis, keepdims)
    nowhere = length == 0
    return spread(g, x, axis, keepdims) * where(nowhere, 0.0, x / where(nowhere, 1.0, length))


@primitive(_unit_vector, symbol="‖·‖", arrays_only=True)
def euclidean_norm(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """The length of x, the root of the sum of its squares; its derivative at 0 is taken as 0, the smallest choice."""
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


def norm(x: Any, ord: float | str | None = None, axis: Axes = None, *, keepdims: bool = False) -> Any:
    """A vector norm, or of a matrix: the Frobenius norm, or the largest (smallest) row or column sum.

    Parameters
    ----------
    ord : None, "fro", or a number, as in `numpy.linalg.norm`
        None is the Euclidean length of all entries.  A matrix's 2 and "nuc" (singular values) have no rule.
    axis : int, pair or None

    Examples
    --------
    >>> import autograd
    >>> w = autograd.Tensor([3.0, 4.0])
    >>> autograd.norm(w).backward()
    >>> w.grad
    array([0.6, 0.8])
    """
    axes = tuple(range(np.ndim(x))) if axis is None else positive_axes(axis, np.ndim(x))
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return euclidean_norm(x, axis=axis, keepdims=keepdims)
    extreme = max if ord in (1, np.inf) else min
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        down, across = axes if builtins.abs(ord) == 1 else axes[::-1]
        out = extreme(sum(abs(x), axis=down, keepdims=True), axis=across, keepdims=True)
        return out if keepdims else squeeze(out, axis=axes)
    if len(axes) != 1 or isinstance(ord, str):
        raise ValueError(f"norm: ord={ord!r} over {len(axes)} axes has no derivative rule; see its documentation")
    if ord in (np.inf, -np.inf):
        return extreme(abs(x), axis=axes, keepdims=keepdims)
    if ord == 0:
        return sum(square(sign(x)), axis=axes, keepdims=keepdims)
    return sum(abs(x) ** ord, axis=axes, keepdims=keepdims) ** (1.0 / ord)


for _ours, _numpy in (
    (var, np.var),
    (std, np.std),
    (cumsum, np.cumsum),
    (norm, np.linalg.norm),
):
    answers_to(_ours, _numpy)
