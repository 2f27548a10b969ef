"""Zoom: the computation of a Tensor once more, one scalar at a time, so that every multiply and add can be seen.

Each operation on arrays is done again on object arrays of `Value`s. So there is a number for every entry of every
array, linked by its index, and its gradient comes out of the scalar engine, which shares no code with NumPy's.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import autograd.primitives.elementwise as elementwise
from autograd.graph import Node, describe, tape
from autograd.primitive import Primitive
from autograd.readers.names import names_of, variables
from autograd.readers.options import LIMIT
from autograd.readers.picture import Picture, draw
from autograd.readers.selection import below
from autograd.scope import TOP, Scope, current
from autograd.value import Value, scalars

__all__ = ["Zoom", "zoom"]

MOST_SCALARS = 200_000

Array = np.ndarray[Any, Any]


class Zoom:
    """A Tensor's computation in single numbers; made by `zoom`. A notebook shows it as a picture.

    Indexed with a node of the original graph, it gives that node's numbers: ``zoomed[W1][0, 2]`` is a `Value`.

    Attributes
    ----------
    node : Tensor
        What was zoomed into.
    out : Value, or object array of Value
        Its numbers.
    """

    def __init__(self, node: Node, scalars: Mapping[int, Array]) -> None:
        self.node = node
        self._scalars = scalars
        self.out: Any = self[node]

    def __getitem__(self, node: Node) -> Any:
        """The numbers of a node: an object array of Values, or for a single number the Value.

        What an operation only moves, such as an index or a transpose, are the same Values before and after it. They
        hold their whole gradient, from all that uses them.
        """
        if not isinstance(node, Node) or node.serial not in self._scalars:
            shown = describe(node) if isinstance(node, Node) else type(node).__name__
            raise KeyError(f"{shown} is no part of the graph that was zoomed into")
        found = self._scalars[node.serial]
        return found[()] if found.ndim == 0 else found

    def backward(self, seed: Any = None) -> None:
        """Add the gradients to every Value's `grad`, as `Tensor.backward` does for arrays."""
        if seed is None:
            if self.node.primal.size != 1:
                raise ValueError(
                    f"backward needs a seed of shape {self.node.primal.shape}: the result is no single number"
                )
            seed = np.ones(self.node.primal.shape)
        outs = self._scalars[self.node.serial].ravel().tolist()
        total: Any = sum((out * float(g) for out, g in zip(outs, np.ravel(seed).tolist(), strict=True)), Value(0.0))
        total.backward()

    def draw(self, **options: Any) -> Picture:
        """The picture; takes what `autograd.draw` takes. Each operation on arrays is a frame around its scalars.

        Every scalar is drawn, unless there are more than `limit`, or ``fold=True``.
        """
        outs = self._scalars[self.node.serial].ravel().tolist()
        if options.get("fold") is None:
            limit = options.get("limit", LIMIT)
            options["fold"] = False if limit is None or len(below(outs)) <= limit else None
        return draw(outs, **options)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the picture to a file and return its path, as `Picture.save` does."""
        return self.draw().save(path)

    def __repr__(self) -> str:
        return repr(self.draw())

    def _repr_mimebundle_(self, **choice: Any) -> dict[str, Any]:
        return self.draw()._repr_mimebundle_(**choice)


def zoom(node: Node) -> Zoom:
    """Show the same computation one scalar at a time: every multiply and add.

    Values and gradients are the same to 1e-12 in float64, also where the gradients come from: the Tensors' from NumPy,
    these from the scalar engine.

    Parameters
    ----------
    node : Tensor
        The result. If it has a gradient, the scalars get theirs.

    Returns
    -------
    Zoom
        ``zoomed.out`` is the result, ``zoomed[W1][0, 2]`` the number called ``W1[0,2]``; ``zoomed.draw()`` the picture.

    Raises
    ------
    TypeError
        If `node` is no Tensor, or an operation has no form in single numbers (a matrix inverse).
    ValueError
        If there would be more than 200,000 scalars.

    Examples
    --------
    >>> import autograd, numpy as np
    >>> W = autograd.Tensor([[1.0, 2.0], [3.0, 4.0]], "W")
    >>> x = autograd.Tensor([1.0, -1.0], "x")
    >>> y = (W @ x).sum()
    >>> y.backward()
    >>> zoomed = autograd.zoom(y)
    >>> zoomed.out.data, zoomed[W][0, 1].label, zoomed[W][0, 1].grad
    (-2.0, 'W[0,1]', -1.0)
    >>> [node.primitive.symbol for node in autograd.tape(zoomed.out) if node.primitive]
    ['*', '*', '+', '*', '*', '+', '+']
    """
    if not isinstance(node, Node) or not isinstance(node.primal, np.ndarray):
        raise TypeError(
            f"zoom: `node` must be a Tensor, got {type(node).__name__}"
            + "; it is scalars already" * isinstance(node, Value)
        )
    nodes = tape(node)
    count = sum(_size(part) for part in nodes)
    if count > MOST_SCALARS:
        raise ValueError(
            f"zoom: there would be about {count:,} scalars, more than {MOST_SCALARS:,}; compute on fewer examples, or "
            "zoom into a part."
        )
    names = names_of(nodes, variables(sys._getframe(1)))
    done: dict[int, Array] = {}
    for part in nodes:
        name = names.get(part.serial)
        found = _leaf(part, name) if part.primitive is None else _again(part, part.primitive, name, done)
        done[part.serial] = found
        if name is not None:  # what an earlier array has named, such as the original of a transpose, keeps that name
            for index in np.ndindex(found.shape):
                scalar: Any = found[index]
                if isinstance(scalar, Value) and scalar.label is None:
                    scalar.label = name + (f"[{','.join(map(str, index))}]" if index else "")
    zoomed = Zoom(node, done)
    if node.grad is not None and node.requires_grad:
        zoomed.backward(node.grad)
    return zoomed


def _size(node: Node) -> int:
    """About how many scalars a node becomes; a product of matrices as many as it has multiplications, twice."""
    size = int(np.size(node.primal))
    if node.primitive is not None and node.primitive.name in ("matmul", "contract"):
        inner = math.prod(int(np.size(arg.primal)) for arg in node.args) / max(1, size)
        return size + 2 * int(size * math.sqrt(inner))
    return size + sum(int(np.size(arg.primal)) for arg in node.args)


def _leaf(node: Node, name: str | None) -> Array:
    numbers = np.asarray(node.primal, dtype=float)
    if name is None and numbers.size == 1 and not node.requires_grad:  # the 1 in 1 - x: each use has its own
        return numbers.astype(object)
    return scalars(numbers, requires_grad=node.requires_grad)


def _again(node: Node, primitive: Primitive, name: str | None, done: Mapping[int, Array]) -> Array:
    """The operation on scalars, in a scope of its own within that of the original unless it is on one alone."""
    args = [done[arg.serial] for arg in node.args]
    operation = _ON_ARRAYS.get(primitive.name)
    if operation is None and primitive.arrays_only:
        raise TypeError(f"zoom: {primitive.name} has no form in single numbers ({describe(node)})")
    around = node.origin.chain() if node.origin is not None else []
    scope = next((scope for scope in reversed(around) if scope.name), TOP)
    if operation or node.primal.size > 1:
        scope = Scope(f"{primitive.symbol} {name}" if name else primitive.symbol, scope)
    token = current.set(scope)
    try:
        found = operation(*args, **node.params) if operation else primitive.one_by_one(tuple(args), node.params)
    finally:
        current.reset(token)
    out = np.empty(node.primal.shape, dtype=object)
    out[...] = found
    return out


# --- operations on object arrays -------------------------------------------------------------------------------------


def _entries(x: Array, axis: Any, keepdims: bool, of: Callable[[list[Any]], Any]) -> Array:
    """Reduce the entries along some axes, each time to `of` of their list."""
    axes = range(x.ndim) if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    kept = [a for a in range(x.ndim) if a not in axes]
    rows = x.transpose([*kept, *axes]).reshape([x.shape[a] for a in kept] + [-1])
    out = np.empty(rows.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        out[index] = of(rows[index].tolist())
    return out.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else out


def _total(parts: list[Any]) -> Any:
    return sum(parts[1:], parts[0]) if parts else Value(0.0, requires_grad=False)


def _product(parts: list[Any]) -> Any:
    return math.prod(parts[1:], start=parts[0]) if parts else Value(1.0, requires_grad=False)


def _extreme(parts: list[Any], best: Callable[[list[float]], float]) -> Any:
    """The largest or smallest; where several are equal their mean, which hands each the same share of a gradient."""
    number = best([part.primal for part in parts])
    return _mean([part for part in parts if part.primal == number])


def _mean(parts: list[Any]) -> Any:
    return _total(parts) / len(parts) if len(parts) > 1 else parts[0]


def _logsumexp(parts: list[Any]) -> Any:
    largest = max(part.primal for part in parts)
    return elementwise.log(_total([elementwise.exp(part - largest) for part in parts])) + largest


def _length(parts: list[Any]) -> Any:
    total = _total([part * part for part in parts])
    return elementwise.sqrt(total) if total.primal else total * 0.0  # as its rule has it at 0


def _reduction(of: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    return lambda x, axis=None, keepdims=False: _entries(x, axis, keepdims, of)


def _softmax(x: Array, axis: Any = -1) -> Array:
    raised = _by_one(elementwise.exp, x - _largest(x, axis))
    total: Array = raised / _entries(raised, axis, True, _total)
    return total


def _largest(x: Array, axis: Any) -> Array:
    """The largest numbers along an axis, as plain numbers: what softmax subtracts has no derivative."""
    return _entries(x, axis, True, lambda parts: max(part.primal for part in parts)).astype(float)


def _by_one(primitive: Primitive, *arrays: Array) -> Array:
    found: Array = np.asarray(primitive.one_by_one(arrays, {}), dtype=object)
    return found


def _scatter(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape).astype(object)
    np.add.at(out, index, x)
    return out


def _sum_to(x: Array, shape: tuple[int, ...]) -> Array:
    lead = x.ndim - len(shape)
    axes = tuple(a for a, n in enumerate(x.shape) if a < lead or shape[a - lead] != n)
    return _entries(x, axes, True, _total).reshape(shape)


def _select(x: Array, y: Array, condition: Any) -> Array:
    return np.where(condition, x, y)


_ON_ARRAYS: dict[str, Callable[..., Any]] = {
    "astype": lambda x, dtype: x,
    "broadcast_to": lambda x, shape: np.broadcast_to(x, shape),
    "concat": lambda *arrays, axis=0: np.concatenate(arrays, axis),
    "contract": lambda *operands, subscripts: np.einsum(subscripts, *operands),
    "euclidean_norm": _reduction(_length),
    "getitem": lambda x, index: np.asarray(x[index], dtype=object),
    "log_softmax": lambda x, axis=-1: x - _entries(x, axis, True, _logsumexp),
    "logsumexp": _reduction(_logsumexp),
    "matmul": np.matmul,
    "max": _reduction(lambda parts: _extreme(parts, max)),
    "mean": _reduction(_mean),
    "min": _reduction(lambda parts: _extreme(parts, min)),
    "prod": _reduction(_product),
    "reshape": lambda x, shape: x.reshape(shape),
    "running_sum": lambda x, axis: np.add.accumulate(x, axis),
    "scatter": _scatter,
    "select": _select,
    "softmax": _softmax,
    "sum": _reduction(_total),
    "sum_to": _sum_to,
    "transpose": lambda x, axes=None: x.transpose(axes),
}
