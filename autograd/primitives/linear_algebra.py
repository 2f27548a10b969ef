"""Linear algebra: products of vectors, matrices and stacks of them, and what is solved with them.

The rules of the matrix functions are those of Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008). A transpose is always of the last two axes, so stacks of matrices work throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.graph import Node
from autograd.primitive import answers_to, primitive
from autograd.primitives.elementwise import mul
from autograd.primitives.indexing import diagonal, tril
from autograd.primitives.movement import expand_dims, matrix_transpose, ravel, reshape, stack, transpose
from autograd.primitives.reductions import sum

__all__ = [
    "cholesky", "det", "dot", "einsum", "inner", "inv", "matmul", "outer", "slogdet", "solve", "tensordot", "trace",
    "vdot",
]  # fmt: skip

# --- products -------------------------------------------------------------------------------------------------------


def product(x: Any, y: Any) -> Any:
    """The product of two matrices; of two plain arrays by the method that NumPy starts twice as fast."""
    return x.dot(y) if x.__class__ is y.__class__ else x @ y


def _matmul_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 2 == y.ndim:
        return product(g, y.T)
    if y.ndim == 1:  # each row of x met the one vector y; of two vectors the result is a number
        return g * y if x.ndim == 1 else expand_dims(g, -1) * y
    if x.ndim == 1:  # the vector x met the columns of every matrix in the stack y
        return sum(expand_dims(g, -2) * y, axis=(*range(y.ndim - 2), -1))
    return g @ y.mT


def _matmul_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 2 == y.ndim:
        return product(x.T, g)
    if x.ndim == 1:
        return g * x if y.ndim == 1 else expand_dims(x, -1) * expand_dims(g, -2)
    if y.ndim == 1:
        return sum(expand_dims(g, -1) * x, axis=tuple(range(x.ndim - 1)))
    return x.mT @ g


@primitive(_matmul_left, _matmul_right, symbol="@", numpy=np.matmul, arrays_only=True)
def matmul(x: Any, y: Any) -> Any:
    """The matrix product of the last two axes; leading axes are a stack and broadcast; a vector is a row or a column.

    Examples
    --------
    >>> import autograd
    >>> W = autograd.Tensor([[1.0, 2.0]])
    >>> (W @ [[3.0], [4.0]]).backward()
    >>> W.grad
    array([[3., 4.]])
    """
    matrices = x.__class__ is y.__class__ is np.ndarray and x.ndim == 2 == y.ndim
    return product(x, y) if matrices else np.matmul(x, y)


def dot(x: Any, y: Any) -> Any:
    """NumPy's dot: times a number, the matrix product, or, of more axes, the last of x with the last but one of y."""
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return mul(x, y)
    if np.ndim(x) <= 2 and np.ndim(y) <= 2:
        return matmul(x, y)
    return tensordot(x, y, axes=((-1,), (-1 if np.ndim(y) == 1 else -2,)))


def inner(x: Any, y: Any) -> Any:
    """The product summed over the last axis of both."""
    return mul(x, y) if np.ndim(x) == 0 or np.ndim(y) == 0 else tensordot(x, y, axes=((-1,), (-1,)))


def outer(x: Any, y: Any) -> Any:
    """Every entry of x times every entry of y."""
    return mul(reshape(x, shape=(-1, 1)), reshape(y, shape=(1, -1)))


def vdot(x: Any, y: Any) -> Any:
    """The sum of the products of all entries."""
    return matmul(ravel(x), ravel(y))


def tensordot(x: Any, y: Any, axes: int | Sequence[Any] = 2) -> Any:
    """The product summed over pairs of axes: the last n of x with the first n of y, or as listed for each."""
    if isinstance(axes, int):
        of_x, of_y = tuple(range(np.ndim(x) - axes, np.ndim(x))), tuple(range(axes))
    else:
        of_x, of_y = (tuple(np.atleast_1d(side) % np.ndim(a)) for side, a in zip(axes, (x, y), strict=True))
    free_x = [i for i in range(np.ndim(x)) if i not in of_x]
    free_y = [i for i in range(np.ndim(y)) if i not in of_y]
    lengths_x, lengths_y = [np.shape(x)[i] for i in of_x], [np.shape(y)[i] for i in of_y]
    if lengths_x != lengths_y:
        raise ValueError(
            f"tensordot: the axes to sum have lengths {lengths_x} in x and {lengths_y} in y; they must agree"
        )
    shape_x, shape_y = [np.shape(x)[i] for i in free_x], [np.shape(y)[i] for i in free_y]
    n = int(np.prod(lengths_x))
    rows = reshape(transpose(x, axes=(*free_x, *of_x)), shape=(int(np.prod(shape_x)), n))
    columns = reshape(transpose(y, axes=(*of_y, *free_y)), shape=(n, int(np.prod(shape_y))))
    return reshape(matmul(rows, columns), shape=(*shape_x, *shape_y))


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _contract_rule(i: int, g: Any, out: Any, *operands: Any, subscripts: str) -> Any:
    """The einsum that gives the i-th cotangent: g takes the operand's place, and its letters become the result's.

    A letter that only this operand has was summed over: ones spread g along it. A letter that it has twice took a
    diagonal: an identity puts g back on it.
    """
    inputs, result = subscripts.split("->")
    letters = inputs.split(",")
    mine = letters[i]
    others = [k for k in range(len(operands)) if k != i]
    unused = iter(sorted(set(_LETTERS) - set(subscripts)))
    terms, arrays, wanted = [result, *(letters[k] for k in others)], [g, *(operands[k] for k in others)], ""
    for axis, letter in enumerate(mine):
        length = np.shape(operands[i])[axis]
        if letter in wanted:
            twin = next(unused)
            terms.append(letter + twin)
            arrays.append(np.eye(length))
            wanted += twin
        else:
            if letter not in "".join(terms):
                terms.append(letter)
                arrays.append(np.ones(length))
            wanted += letter
    return contract(*arrays, subscripts=",".join(terms) + "->" + wanted)


@primitive(every=_contract_rule, symbol="einsum", arrays_only=True)
def contract(*operands: Any, subscripts: str) -> Any:
    """Sum of products over named axes, ``"ij,jk->ik"``; the subscripts are explicit and have no ellipsis."""
    return np.einsum(subscripts, *operands, optimize=len(operands) > 2)


def einsum(subscripts: str, *operands: Any, optimize: Any = None) -> Any:
    """Sum of products over named axes, as `numpy.einsum`: explicit ("ij,jk->ik") or implicit ("ij,jk"), with "...".

    NumPy's ``optimize`` is accepted and left out of account: it changes the time, not the result, and the order of more
    than two operands is optimised in any case.

    Examples
    --------
    >>> import autograd
    >>> M = autograd.Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> autograd.einsum("ii", M)
    Tensor(5.)
    """
    if not isinstance(subscripts, str):
        raise TypeError("einsum: give the subscripts as one string, such as 'ij,jk->ik', before the operands")
    subscripts = subscripts.replace(" ", "")
    inputs, arrow, result = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError(f"einsum: {subscripts!r} names {len(terms)} operands, but {len(operands)} were given")
    if not arrow:
        joined = "".join(terms).replace("...", "")
        once = sorted(letter for letter in set(joined) if joined.count(letter) == 1)
        result = ("..." if "..." in inputs else "") + "".join(once)
    unused = sorted(set(_LETTERS) - set(subscripts))
    hidden = [
        np.ndim(x) - len(term.replace("...", "")) if "..." in term else 0
        for term, x in zip(terms, operands, strict=True)
    ]
    if arrow and any(hidden) and "..." not in result:
        raise ValueError(f"einsum: {subscripts!r} has '...' before the arrow and not after it; name it there too")
    dots = "".join(unused[: max(hidden, default=0)])
    terms = [term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, hidden, strict=True)]
    return contract(*operands, subscripts=",".join(terms) + "->" + result.replace("...", dots))


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal."""
    return sum(diagonal(x, offset, axis1, axis2), axis=-1)


# --- matrix functions -----------------------------------------------------------------------------------------------


@primitive(
    lambda g, out, x: -matrix_transpose(out) @ g @ matrix_transpose(out),
    symbol="inv",
    numpy=np.linalg.inv,
    arrays_only=True,
)
def inv(x: Any) -> Any:
    """The inverse of square matrices."""
    return np.linalg.inv(x)


def _on_matrices(g: Any) -> Any:
    return expand_dims(g, (-2, -1))


def _det_rule(g: Any, out: Any, x: Any) -> Any:
    """g times the cofactors: where no matrix is singular, the determinant times the transposed inverse."""
    if np.all(out != 0):
        return _on_matrices(g * out) * matrix_transpose(inv(x))
    n = x.shape[-1]
    others = [np.delete(np.arange(n), i) for i in range(n)]
    minors = [det(x[..., rows[:, None], columns]) for rows in others for columns in others]
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return _on_matrices(g) * reshape(stack(minors, axis=-1), shape=x.shape) * signs.astype(x.dtype)


@primitive(_det_rule, numpy=np.linalg.det, arrays_only=True)
def det(x: Any) -> Any:
    """The determinant of square matrices, singular ones too."""
    return np.linalg.det(x)


@primitive(lambda g, out, x: _on_matrices(g) * matrix_transpose(inv(x)), symbol="log|det|", arrays_only=True)
def logabsdet(x: Any) -> Any:
    """The logarithm of the absolute determinant."""
    return np.linalg.slogdet(x)[1]


class SlogdetResult(NamedTuple):
    """The sign of a determinant (a plain array: it is constant) and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


def slogdet(x: Any) -> SlogdetResult:
    """The sign and the logarithm of the absolute determinant, as `numpy.linalg.slogdet`."""
    primal = x.primal if isinstance(x, Node) else x
    return SlogdetResult(np.linalg.slogdet(primal)[0], logabsdet(x))


def _solve_matrix(g: Any, out: Any, a: Any, b: Any) -> Any:
    g_b = _solve_right_side(g, out, a, b)
    if b.ndim == 1:
        return -expand_dims(g_b, -1) * expand_dims(out, -2)
    return -g_b @ matrix_transpose(out)


def _solve_right_side(g: Any, out: Any, a: Any, b: Any) -> Any:
    a_t = matrix_transpose(a)
    if b.ndim == 1 and a.ndim > 2:  # one vector for a whole stack: g is a stack of vectors
        return solve(a_t, expand_dims(g, -1))[..., 0]
    return solve(a_t, g)


@primitive(_solve_matrix, _solve_right_side, numpy=np.linalg.solve, arrays_only=True)
def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b, for a vector b or a (stack of) matrices b, as `numpy.linalg.solve`."""
    return np.linalg.solve(a, b)


def _cholesky_rule(g: Any, out: Any, x: Any) -> Any:
    lower_t = matrix_transpose(out)
    n = out.shape[-1]
    inside = tril(lower_t @ g) * (np.tri(n) - np.eye(n) / 2)
    half = solve(lower_t, matrix_transpose(solve(lower_t, inside)))
    return (half + matrix_transpose(half)) / 2


@primitive(_cholesky_rule, numpy=np.linalg.cholesky, arrays_only=True)
def cholesky(x: Any) -> Any:
    """The lower triangular L with L @ L.T = x, for a symmetric positive definite x.

    x is read as symmetric, and so is its gradient: each off-diagonal pair gets half of the pair's derivative.
    """
    return np.linalg.cholesky(x)


for _ours, _numpy in (
    (dot, np.dot),
    (inner, np.inner),
    (outer, (np.outer, np.linalg.outer)),
    (vdot, np.vdot),
    (tensordot, (np.tensordot, np.linalg.tensordot)),
    (einsum, np.einsum),
    (trace, np.trace),
    (slogdet, np.linalg.slogdet),
):
    answers_to(_ours, _numpy)
