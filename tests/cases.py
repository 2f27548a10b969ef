"""The table of cases: every operation, on inputs around which it is smooth. It drives all tests of operations.

``of(ad.sum, on(M), on(M, axis=1), also=(np.sum,))`` holds two cases and reads as the calls it stands for: ``ad.sum(M)``
and ``ad.sum(M, axis=1)``. Float arrays, and lists of them, are what is differentiated; anything else in a call is
metadata. A new operation needs one more line here; `test_checker` says so when it is missing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from inputs import apart, between, beyond, definite, gram, inside, nonzero, normal, positive, regular, uneven
from notation import Array, Call, of, on

import autograd as ad
from autograd.primitives.movement import sum_to

Shape = tuple[int, ...]

# --- the ways to call -------------------------------------------------------------------------------------------------


def pairs(x: Callable[..., Array], y: Callable[..., Array] | None = None) -> list[Call]:
    """The ways in which two shapes meet: equal, a number with an array, stretched both ways, stacked, and empty."""
    shapes: list[tuple[Shape, Shape]] = [
        ((), ()), ((3,), (3,)), ((), (3,)), ((2, 2), ()), ((3, 1), (1, 4)), ((4,), (2, 3, 4)), ((2, 1, 3), (1,)),
        ((0, 3), (3,)), ((1,), (2, 0)),
    ]  # fmt: skip
    return [on(x(*s), (y or x)(*t)) for s, t in shapes]


def each(x: Callable[..., Array]) -> list[Call]:
    """One call for a number, a matrix, and no numbers at all."""
    return [on(x()), on(x(2, 3)), on(x(0, 3))]


def reduced(x: Callable[..., Array]) -> list[Call]:
    """The ways to name the axes of a reduction."""
    return [
        on(x()), on(x(4)), on(x(2, 3)), on(x(2, 3), keepdims=True),
        on(x(2, 3, 2), axis=1), on(x(2, 3, 2), axis=-1, keepdims=True),
        on(x(2, 3, 2), axis=(0, 2)), on(x(2, 3, 2), axis=(-1, 0), keepdims=True),
        on(x(2, 3), axis=()), on(x(1, 3), axis=0),
    ]  # fmt: skip


# --- formulas for what NumPy does not have ----------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """As it is written: the inputs here are small."""
    return 1 / (1 + np.exp(-x))


def erf(x: Any) -> Any:
    """Abramowitz and Stegun 7.1.6: a series without cancellation."""
    term = total = x * 1.0
    for n in range(1, 100):
        term = term * 2 * x * x / (2 * n + 1)
        total = total + term
    return 2 / math.sqrt(math.pi) * np.exp(-x * x) * total


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def softmax(x: Any, axis: Any = -1) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


# --- the table --------------------------------------------------------------------------------------------------------

nan, inf = np.nan, np.inf
YES_NO = np.array([True, False, True])
S = np.s_
M = normal(2, 3)
T = normal(2, 3, 4)

ELEMENTWISE = [
    *of(ad.add, *pairs(normal), on(2, normal(3)), on(normal(3), 2.5), also=(np.add, operator.add), scalar=True),
    *of(ad.sub, *pairs(normal), on(2, normal(3)), on(normal(3), 2.5), also=(np.subtract, operator.sub), scalar=True),
    *of(ad.mul, *pairs(normal), on(2, normal(3)), on(normal(3), 2.5), also=(np.multiply, operator.mul), scalar=True),
    *of(
        ad.div, *pairs(normal, nonzero), on(2, nonzero(3)), on(normal(3), 2.5),
        also=(np.divide, np.true_divide, operator.truediv), scalar=True,
    ),
    *of(
        ad.pow, *pairs(positive, normal),
        *[on(nonzero(3), n) for n in (0, 1, 2, 3, -1, -2)], *[on(positive(3), n) for n in (0.5, 1.5, -0.5)],
        on(2, normal(3)), on(0.5, normal(2)),
        on(np.zeros(2), 0, note="0**0"), on(np.zeros(2), 1, note="0**1"), on(np.zeros(2), 3, note="0**3"),
        on(nonzero(3), np.array([2, -1, 3], np.int8), note="negative base, array of integer exponents"),
        on(np.zeros(4), np.array([0, 1, 2, 3], np.int8), note="0 to an array of integer exponents"),
        also=(np.power, np.float_power, operator.pow), scalar=True,
    ),
    *of(ad.neg, *each(normal), also=(np.negative, operator.neg), scalar=True),
    *of(ad.positive, *each(normal), also=(np.positive, operator.pos), scalar=True),
    *of(ad.abs, *each(apart), also=(np.abs, np.absolute, np.fabs, abs), scalar=True, analytic=False),
    *of(ad.sign, *each(apart), also=(np.sign,), scalar=True, analytic=False),
    *of(ad.square, *each(normal), also=(np.square,), scalar=True),
    *of(ad.reciprocal, *each(nonzero), also=(np.reciprocal,), scalar=True),
    *of(ad.sqrt, *each(positive), also=(np.sqrt,), scalar=True),
    *of(ad.cbrt, *each(nonzero), also=(np.cbrt,), scalar=True, analytic=False),
    *of(ad.exp, *each(normal), also=(np.exp,), scalar=True),
    *of(ad.expm1, *each(normal), also=(np.expm1,), scalar=True),
    *of(ad.exp2, *each(normal), also=(np.exp2,), scalar=True),
    *of(ad.log, *each(positive), also=(np.log,), scalar=True),
    *of(ad.log1p, *each(inside), also=(np.log1p,), scalar=True),
    *of(ad.log2, *each(positive), also=(np.log2,), scalar=True),
    *of(ad.log10, *each(positive), also=(np.log10,), scalar=True),
    *of(ad.logaddexp, *pairs(normal), on(normal(3), 0.5), also=(np.logaddexp,), scalar=True, analytic=False),
    *of(ad.sin, *each(normal), also=(np.sin,), scalar=True),
    *of(ad.cos, *each(normal), also=(np.cos,), scalar=True),
    *of(ad.tan, *each(inside), also=(np.tan,), scalar=True),
    *of(ad.asin, *each(inside), also=(np.arcsin, np.asin), scalar=True),
    *of(ad.acos, *each(inside), also=(np.arccos, np.acos), scalar=True),
    *of(ad.atan, *each(normal), also=(np.arctan, np.atan), scalar=True),
    *of(ad.atan2, *pairs(nonzero), on(nonzero(3), 1.5), also=(np.arctan2, np.atan2), scalar=True, analytic=False),
    *of(ad.sinh, *each(normal), also=(np.sinh,), scalar=True),
    *of(ad.cosh, *each(normal), also=(np.cosh,), scalar=True),
    *of(ad.tanh, *each(normal), also=(np.tanh,), scalar=True),
    *of(ad.asinh, *each(normal), also=(np.arcsinh, np.asinh), scalar=True),
    *of(ad.acosh, *each(beyond), also=(np.arccosh, np.acosh), scalar=True),
    *of(ad.atanh, *each(inside), also=(np.arctanh, np.atanh), scalar=True),
    *of(ad.sigmoid, *each(normal), formula=sigmoid, scalar=True),
    *of(ad.logsigmoid, *each(normal), formula=lambda x: np.log(sigmoid(x)), scalar=True),
    *of(ad.softplus, *each(normal), formula=lambda x: np.log(1 + np.exp(x)), scalar=True),
    *of(ad.relu, *each(apart), formula=lambda x: x * (x.real > 0), scalar=True),
    *of(
        ad.leaky_relu, *each(apart), on(apart(3), negative_slope=0.2), scalar=True,
        formula=lambda x, negative_slope=0.01: np.where(x.real > 0, x, negative_slope * x),
    ),
    *of(
        ad.elu, *each(apart), on(apart(3), alpha=0.5), scalar=True,
        formula=lambda x, alpha=1.0: np.where(x.real > 0, x, alpha * (np.exp(x) - 1)),
    ),
    *of(ad.silu, *each(normal), formula=lambda x: x * sigmoid(x), scalar=True),
    *of(ad.gelu, *each(normal), formula=lambda x: x * (1 + erf(x / math.sqrt(2))) / 2, scalar=True),
    *of(ad.erf, *each(normal), formula=erf, scalar=True),
    *of(ad.erfc, *each(normal), formula=lambda x: 1 - erf(x), scalar=True),
    *of(ad.maximum, *pairs(apart, between), on(apart(3), 0.0), on(0, apart(3)), also=(np.maximum,), scalar=True),
    *of(ad.minimum, *pairs(apart, between), on(apart(3), 0.0), on(0, apart(3)), also=(np.minimum,), scalar=True),
    *of(
        ad.clip, on(apart(6), -0.9, 0.9), on(apart(6), None, 0.9), on(apart(6), -0.9, None), on(apart(), -0.9, 0.9),
        on(apart(2, 3), np.array(-0.9), np.array([0.9, 0.9, 0.9])), also=(np.clip,), scalar=True,
    ),
    *of(
        ad.where, on(YES_NO, normal(3), normal(3)), on(YES_NO, normal(2, 3), 0.0), on(YES_NO, 1.5, normal(2, 1)),
        on(np.array([YES_NO, ~YES_NO]), normal(3), normal(), note="the condition is largest"),
        on(True, normal(), normal()), on(False, normal(), normal()), on(True, normal(3), 0.0),
        on(YES_NO, np.array([0.5, nan, -2.0]), np.array([inf, 1.5, nan]), note="nan and inf not taken"),
        also=(np.where,), scalar=True,
    ),
    *of(ad.hypot, *pairs(nonzero), on(nonzero(3), 1.5), also=(np.hypot,), scalar=True, analytic=False),
    *of(
        ad.astype, on(M, dtype=np.float64), also=(lambda x, dtype: x.astype(dtype),), analytic=False,
    ),
]  # fmt: skip

REDUCTIONS = [
    *of(
        ad.sum, *reduced(normal), on(normal(0, 3)), on(normal(0, 3), axis=0), on(normal(), axis=0), on(M, 1),
        also=(np.sum,),
    ),
    *of(ad.mean, *reduced(normal), on(M, 0), also=(np.mean,)),
    *of(ad.var, *reduced(normal)[1:-1], on(M, ddof=1), on(T, axis=(0, 2), ddof=1), also=(np.var,), analytic=False),
    *of(
        ad.std, *reduced(normal)[1:-2], on(M, ddof=1), on(T, axis=(0, 2), ddof=1, keepdims=True),
        also=(np.std,), analytic=False,
    ),
    *of(
        ad.prod, *reduced(nonzero), on(normal(0, 3)),
        on(np.array([2.0, 0.0, -3.0]), note="one zero"), on(np.array([2.0, 0.0, 3.0, 0.0]), note="two zeros"),
        on(np.array([0.0, 0.0, 0.0, 2.0]), note="three zeros"),
        on(np.array([[2.0, 0.0, 3.0], [0.0, 0.5, 0.0], [1.0, 2.0, 3.0]]), axis=1, note="none, one and two zeros"),
        on(np.array([[[2.0, 0.0], [3.0, 1.5]], [[0.5, 2.0], [1.0, 0.0]]]), axis=(0, -1), keepdims=True, note="zeros"),
        also=(np.prod,),
    ),
    *of(ad.max, *reduced(apart), on(apart(), axis=-1), also=(np.max, np.amax)),
    *of(ad.min, *reduced(apart), on(apart(), axis=0), also=(np.min, np.amin)),
    *of(
        ad.cumsum, on(normal(4)), on(M), on(M, axis=0), on(T, axis=-2), on(normal(0, 3), axis=0), on(normal()),
        also=(np.cumsum,),
    ),
    *of(ad.logsumexp, *reduced(normal), on(normal(3, 0), axis=0), formula=logsumexp),
    *of(
        ad.softmax, on(normal(4)), on(M), on(M, axis=0), on(M, axis=None), on(T, axis=(0, -1)),
        on(normal(0, 3), axis=0), formula=softmax,
    ),
    *of(
        ad.log_softmax, on(normal(4)), on(M), on(M, axis=0), on(M, axis=None), on(T, axis=(0, -1)),
        on(normal(0, 3)),
        formula=lambda x, axis=-1: np.log(softmax(x, axis)),
    ),
    *of(
        ad.norm, on(nonzero(4)), on(nonzero(2, 3)), on(nonzero(2, 3, 2)), on(nonzero(2, 3, 2), keepdims=True),
        *[on(apart(4), ord) for ord in (1, 2, 3, 2.5, 0, -1, -2, 0.5, inf, -inf)],
        *[on(uneven(3, 2), ord) for ord in ("fro", 1, -1, inf, -inf)],
        *[on(apart(2, 3), ord, axis=1, keepdims=True) for ord in (None, 1, 3, inf)],
        *[on(uneven(2, 3, 2), ord, axis=(2, 0)) for ord in (None, "fro", 1, -1, inf)],
        on(uneven(2, 3, 2), inf, (0, 1), keepdims=True),
        also=(np.linalg.norm,), analytic=False,
    ),
]  # fmt: skip

MOVEMENT = [
    *of(
        ad.reshape, on(M, (3, 2)), on(M, -1), on(T, (2, -1, 2)), on(normal(1), ()), on(normal(0, 3), (3, 0)),
        also=(np.reshape, lambda x, shape: x.reshape(shape)),
    ),
    *of(ad.ravel, on(M), on(normal()), on(normal(0, 3)), also=(np.ravel, lambda x: x.ravel(), lambda x: x.flatten())),
    *of(ad.transpose, on(normal(3)), on(M), on(T), also=(np.transpose, lambda x: x.transpose(), lambda x: x.T)),
    *of(ad.transpose, on(T, (2, 0, 1)), on(T, (-1, 0, -2)), also=(np.transpose, lambda x, axes: x.transpose(*axes))),
    *of(ad.swapaxes, on(M, 0, 1), on(T, 0, -1), also=(np.swapaxes,)),
    *of(ad.matrix_transpose, on(M), on(T), also=(np.matrix_transpose, np.linalg.matrix_transpose, lambda x: x.mT)),
    *of(ad.moveaxis, on(T, 0, -1), on(T, (0, 1), (-1, 0)), on(T, [2], [0]), also=(np.moveaxis,)),
    *of(ad.expand_dims, on(M, 0), on(M, -1), on(M, (0, 2)), on(normal(), 0), also=(np.expand_dims,)),
    *of(
        ad.squeeze, on(normal(1, 3, 1)), on(normal(1, 3, 1), 0), on(normal(1, 3, 1), (0, -1)), on(normal(1, 1)),
        also=(np.squeeze,),
    ),
    *of(
        ad.broadcast_to, on(normal(3), (2, 3)), on(normal(2, 1), (4, 2, 3)), on(normal(), (2, 2)),
        on(normal(1, 3), (0, 3)), on(normal(), 3), also=(np.broadcast_to,),
    ),
    *of(
        sum_to, on(T, (4,)), on(T, (1, 3, 1)), on(M, ()), on(M, (2, 3)), on(normal(0, 3), (1, 3)),
        formula=lambda x, shape: np.sum(
            x, axis=tuple(i - len(shape) for i in range(len(shape) - x.ndim, len(shape)) if i < 0 or shape[i] == 1)
        ).reshape(shape),
    ),
    *of(
        ad.concatenate, on([M, normal(1, 3)]), on([M, normal(2, 1), M], axis=1), on([T, T], axis=-2), on([M]),
        on([normal(2), np.array([1, 0], np.int8)]), on([M, normal(2)], axis=None), on([normal(0, 3), M]),
        also=(np.concatenate,),
    ),
    *of(ad.stack, on([M, normal(2, 3)]), on([M, M], axis=1), on([M, M], axis=-1), on([normal()] * 3), also=(np.stack,)),
    *of(ad.vstack, on([M, normal(3)]), on([normal(3), normal(3)]), on([normal(), normal()]), also=(np.vstack,)),
    *of(ad.hstack, on([M, normal(2, 1)]), on([normal(3), normal(2)]), on([normal(), normal()]), also=(np.hstack,)),
    *of(
        ad.split, on(normal(6), 3), on(T, 2), on(T, 2, axis=-1), on(normal(5), [1, 3]), on(T, [1], 1),
        on(normal(4), (0, 3)), on(normal(4), [-1]), on(normal(3), [1, 5], note="cut beyond the end"),
        on(normal(6), np.int64(2)), also=(np.split,),
    ),
    *of(
        ad.tile, on(normal(3), 2), on(M, (2, 1)), on(M, (2, 1, 3)), on(T, (2,)), on(normal(), 3), on(M, 0),
        on(M, np.int64(2)), also=(np.tile,),
    ),
    *of(
        ad.repeat, on(normal(3), 2), on(M, 2), on(M, 2, axis=0), on(M, [1, 0, 2], axis=-1), on(normal(), 2),
        on(normal(2, 1), [0, 3]),
        also=(np.repeat,),
    ),
    *of(ad.flip, on(M), on(M, 0), on(M, -1), on(T, (0, 2)), on(normal(0, 3)), also=(np.flip,)),
    *of(
        ad.roll, on(M, 2), on(M, 1, 0), on(M, -1, axis=-1), on(T, (1, -2), axis=(0, 2)), on(T, 1, axis=(0, 1)),
        on(M, -7), also=(np.roll,),
    ),
    *of(
        ad.pad, on(normal(3), 2), on(M, 1), on(M, (1, 2)), on(M, ((0, 1), (2, 0))), on(M, 0),
        on(normal(3), 1, constant_values=7.0), on(M, 1, constant_values=(1.0, 2.0)),
        on(M, ((1, 0), (0, 2)), constant_values=((1, 2), (3, 4))),
        *[on(normal(3, 4), ((1, 2), (0, 1)), m) for m in ("constant", "edge", "reflect", "symmetric", "wrap")],
        on(normal(2), 5, "reflect"), on(normal(2), 5, "wrap"), also=(np.pad,),
    ),
]  # fmt: skip

INDEXING = [
    *of(
        operator.getitem, on(M, 1), on(M, -1), on(M, S[0, 2]), on(M, S[:, 1]), on(M, S[::-1, ::2]), on(M, S[...]),
        on(M, None), on(T, S[..., None, 0]), on(T, S[1:, :, -1]), on(M, S[5:]), on(normal(), ()), on(normal(), S[...]),
        formula=operator.getitem,
    ),
    *of(
        operator.getitem,
        on(M, np.array([0, 1, 1]), note="repeated rows"), on(normal(3), [2, 0, 2, 2], note="repeated, as a list"),
        on(M, (np.array([0, 1, 0]), np.array([2, 2, 2])), note="repeated entries"),
        on(M, np.array([-1, 1]), note="the same row from both ends"), on(M, np.array([], dtype=int), note="none"),
        on(T, (np.array([[0], [1]]), np.array([0, 2, 0])), note="a grid"),
        on(T, (slice(None), np.array([0, 0]), slice(1, 3)), note="mixed"),
        on(T, (np.array([1, 1]), slice(None), np.array([0, 3])), note="mixed, apart"), on(T, (0, ..., [1, 1])),
        on(M, np.array([[True, False, True], [False, False, True]])), on(M, np.array([False, True])),
        on(T, (np.array([True, True]), 0, np.array([1, 1]))), on(normal(), True), on(normal(3), np.zeros(3, bool)),
        formula=operator.getitem,
    ),
    *of(
        ad.take, on(M, [0, 4, 4]), on(M, 5), on(M, [1, 0, 1], axis=0), on(T, [[0, 1], [1, 1]], axis=1), on(T, -1, -1),
        also=(np.take,),
    ),
    *of(
        ad.take_along_axis, on(M, np.array([[0, 0], [2, 1]]), axis=1), on(M, np.array([[1, 0, 1]]), axis=0),
        on(T, np.zeros((2, 1, 4), int), axis=-2), on(M, np.array([3, 3]), axis=None),
        on(normal(1, 3), np.array([[0], [2]]), axis=1, note="one row stretched"), also=(np.take_along_axis,),
    ),
    *of(
        ad.sort, on(apart(5)), on(apart(2, 3)), on(apart(2, 3), axis=0), on(apart(2, 3), axis=None),
        on(apart(2, 3, 2), axis=-2), on(apart(0, 3)), also=(np.sort,),
    ),
    *of(
        ad.diag, on(normal(3)), on(normal(2), 1), on(normal(2), -2), on(normal(3, 3)), on(M), on(M, 1), on(M, k=-1),
        also=(np.diag,),
    ),
    *of(ad.diagonal, on(M), on(T), on(T, 1, 0, 2), on(T, -1, axis1=2, axis2=1), on(M, 5), also=(np.diagonal,)),
    *of(ad.tril, on(normal(3, 3)), on(M, 1), on(M, -1), on(normal(2, 3, 3)), also=(np.tril,)),
    *of(ad.triu, on(normal(3, 3)), on(M, 1), on(M, -1), on(normal(2, 3, 3)), also=(np.triu,)),
]  # fmt: skip

MATMUL_SHAPES: list[tuple[Shape, Shape]] = [
    ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 3), (3, 4)),
    ((2, 2, 3), (2, 3, 4)), ((2, 1, 2, 3), (3, 3, 2)), ((2, 3), (4, 3, 2)), ((1, 2, 3), (4, 3, 2)),
    ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 1, 2, 3), (3,)), ((3,), (2, 2, 3, 1)),
    ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((0,), (0, 2)), ((0, 2, 3), (3, 1)),
]  # fmt: skip

LINEAR_ALGEBRA = [
    *of(ad.matmul, *[on(normal(*s), normal(*t)) for s, t in MATMUL_SHAPES], also=(np.matmul, operator.matmul)),
    *of(
        ad.dot, on(normal(3), normal(3)), on(M, normal(3)), on(normal(2), M), on(M, normal(3, 2)), on(normal(), M),
        on(M, normal()), on(2.5, M), on(T, normal(4)), on(normal(3), normal(2, 3, 2)),
        on(normal(2, 2, 3), normal(2, 3, 2)), also=(np.dot,),
    ),
    *of(
        ad.inner, on(normal(3), normal(3)), on(M, normal(3)), on(M, normal(4, 3)), on(normal(), M), on(T, normal(2, 4)),
        also=(np.inner,),
    ),
    *of(ad.outer, on(normal(2), normal(3)), on(normal(2), np.array(2.5)), also=(np.outer,)),
    *of(ad.outer, on(normal(3), normal(3)), also=(np.linalg.outer,)),
    *of(ad.outer, on(M, normal(2, 2)), on(normal(), normal(2)), also=(np.outer,)),
    *of(ad.vdot, on(normal(3), normal(3)), on(M, normal(2, 3)), also=(np.vdot,), analytic=False),
    *of(
        ad.tensordot, on(T, normal(3, 4)), on(M, normal(3, 2), axes=1), on(M, normal(2), axes=0), on(M, M, axes=2),
        on(T, normal(4, 2, 2), axes=((0, 2), (1, 0))), on(T, normal(3, 2), axes=(1, 0)), on(M, M, axes=([-1], [-1])),
        also=(np.tensordot, np.linalg.tensordot),
    ),
    *of(
        ad.einsum, on("ij,jk->ik", M, normal(3, 2)), on("ij,jk", M, normal(3, 2)), on("ba", M), on("ij->j", M),
        on("ij->", M), on("ii", normal(3, 3), note="trace"), on("ii->i", normal(3, 3), note="diagonal"),
        on("iij->ij", normal(2, 2, 3)), on("iii->i", normal(2, 2, 2)), on("i,i->", normal(3), normal(3)),
        on("i,j->ij", normal(2), normal(3)), on("ij,ij->ij", M, M), on("ij,k->i", M, normal(2), note="summed out"),
        on("ij,jk,kl->il", M, normal(3, 2), normal(2, 2)), on("ij, kj -> ik", M, normal(4, 3), note="spaces"),
        on("...ij,...jk->...ik", normal(2, 2, 3), normal(2, 3, 2)), on("...ij,jk", normal(2, 2, 3), normal(3, 2)),
        on("...ij,...jk->...ik", normal(2, 1, 2, 3), normal(3, 3, 2), note="ellipses broadcast"),
        on("i...,i...->...", normal(3, 1, 2), normal(3, 2), note="ellipses broadcast"),
        on("...i->...", T), on("...ii->...", normal(2, 3, 3)), on("ij,ij->", M, normal(1, 3), note="a length of 1"),
        on("ii,i->i", normal(3, 3), normal(3)), on(",ij->ji", normal(), M), on("ij->ji", normal(0, 3)),
        on("...,...->...", normal(), M), on("..., i -> i...", M, normal(2), note="the ellipsis behind"),
        also=(np.einsum,),
    ),
    *of(
        ad.trace, on(normal(3, 3)), on(M), on(M, 1), on(M, offset=-1), on(normal(2, 2, 3)), on(T, 1, 0, 2),
        on(T, axis1=2, axis2=-2), also=(np.trace,),
    ),
    *of(ad.inv, on(regular(2, 2)), on(regular(3, 3)), on(regular(2, 2, 2)), on(regular(1, 1)), also=(np.linalg.inv,)),
    *of(
        ad.det, on(regular(2, 2)), on(regular(3, 3)), on(regular(2, 2, 2)), on(regular(1, 1)),
        on(np.zeros((1, 1)), note="singular"), on(np.ones((2, 2)), note="singular"),
        on(np.diag([2.0, 0.0, 3.0]), note="singular"), on(np.diag([2.0, 0.0, 0.0]), note="twice singular"),
        on(np.stack([np.ones((2, 2)), np.eye(2)]), note="one of two singular"), also=(np.linalg.det,),
    ),
    *of(
        ad.slogdet, on(regular(2, 2)), on(regular(3, 3)), on(regular(2, 2, 2)), on(-regular(1, 1)),
        also=(np.linalg.slogdet,), analytic=False,
    ),
    *of(
        ad.solve, on(regular(3, 3), normal(3)), on(regular(3, 3), normal(3, 2)), on(regular(2, 3, 3), normal(2, 3, 2)),
        on(regular(2, 3, 3), normal(3)), on(regular(2, 3, 3), normal(3, 1)), on(regular(2, 2), normal(3, 2, 1)),
        on(regular(2, 1, 2, 2), normal(3, 2, 2)), on(np.eye(2), normal(2)), also=(np.linalg.solve,),
    ),
    *of(
        ad.cholesky, on(definite(2, 2)), on(definite(3, 3)), on(definite(2, 3, 3)), on(positive(1, 1)),
        also=(np.linalg.cholesky,), analytic=False, symmetric=True,
    ),
    *of(
        ad.cholesky, on(normal(3, 3), through=gram, note="of a Gram matrix"),
        on(normal(2, 2, 2), through=gram, note="of Gram matrices"), also=(np.linalg.cholesky,), analytic=False,
    ),
    *of(
        ad.multi_dot, on([M, normal(3, 2), normal(2, 4)]), on([normal(3), normal(3, 2), normal(2)]),
        also=(np.linalg.multi_dot,),
    ),
    *of(
        ad.matrix_power, on(regular(2, 2), 0), on(regular(2, 2), 1), on(regular(3, 3), 3), on(regular(2, 2, 2), -2),
        also=(np.linalg.matrix_power,),
    ),
    *of(ad.kron, on(M, normal(2, 2)), on(normal(2), M), on(normal(2, 1, 2), M), on(normal(), M), also=(np.kron,)),
    *of(
        ad.cross, on(M, normal(2, 3)), on(normal(3), M), on(normal(2, 3, 2), normal(2, 3, 2), axis=1),
        also=(np.cross, np.linalg.cross),
    ),
]  # fmt: skip

OTHER_WORDS = [
    *of(ad.atleast_1d, on(normal()), on(M), also=(np.atleast_1d,)),
    *of(ad.atleast_2d, on(normal()), on(normal(3)), on(T), also=(np.atleast_2d,)),
    *of(ad.append, on(M, 2.5), on(M, normal(1, 3), axis=0), on(normal(2), M), also=(np.append,)),
    *of(ad.column_stack, on([normal(2), M]), on([normal(3), normal(3)]), also=(np.column_stack,)),
    *of(ad.dstack, on([M, M]), on([normal(3), normal(3)]), on([normal(), normal()]), on([T, M]), also=(np.dstack,)),
    *of(
        ad.array_split, on(normal(5), 3), on(T, 3, axis=-1), on(normal(2), 3), on(M, [1, 2], 1),
        also=(np.array_split,),
    ),
    *of(ad.vsplit, on(normal(4, 2), 2), on(M, [1]), also=(np.vsplit,)),
    *of(ad.hsplit, on(normal(2, 4), 2), on(normal(4), 2), on(M, [1]), also=(np.hsplit,)),
    *of(ad.flipud, on(M), on(normal(3)), also=(np.flipud,)),
    *of(ad.fliplr, on(M), on(T), also=(np.fliplr,)),
    *of(ad.rot90, *[on(M, k) for k in range(-1, 5)], on(T, 1, (2, 0)), also=(np.rot90,)),
    *of(ad.diff, on(normal(4)), on(M), on(T, 2, axis=1), on(M, 0), on(M, n=2, axis=0), on(normal(1)), also=(np.diff,)),
    *of(ad.ptp, *reduced(apart)[1:-2], also=(np.ptp,)),
    *of(
        ad.average, on(M), on(M, 1), on(M, None, positive(2, 3)), on(M, 0, positive(2)), on(M, 1, positive(3)),
        on(T, 1, positive(3), keepdims=True), on(T, -1, positive(2, 3, 4)), also=(np.average,),
    ),
]  # fmt: skip

CASES = [*ELEMENTWISE, *REDUCTIONS, *MOVEMENT, *INDEXING, *LINEAR_ALGEBRA, *OTHER_WORDS]
