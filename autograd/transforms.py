"""Transforms: functions in, their derivatives out, on plain numbers, arrays and nested containers of them.

Names and the meaning of ``argnum`` are those of HIPS autograd: ``grad(f)(x)``. Every transform may be nested in
another. In `vjp`, `jvp` and `hvp` the last argument is the vector, as ``hvp(f)(x, v)``.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, cast, overload

import numpy as np

from autograd.containers import leaves, map_leaves
from autograd.graph import Node, describe, tape
from autograd.primitives.elementwise import mul, positive
from autograd.primitives.movement import reshape, stack
from autograd.primitives.reductions import sum
from autograd.scope import recording_on
from autograd.sweep import gradients
from autograd.tensor import Tensor

__all__ = ["elementwise_grad", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

Argnum = int | Sequence[int]


@overload
def grad(output: Node, inputs: Any, *, seed: Any = None, create_graph: bool = False) -> Any: ...


@overload
def grad(output: Callable[..., Any], inputs: Argnum = 0, *, argnum: Argnum | None = None) -> Callable[..., Any]: ...


def grad(
    output: Node | Callable[..., Any],
    inputs: Any = None,
    *,
    argnum: Argnum | None = None,
    seed: Any = None,
    create_graph: bool = False,
) -> Any:
    """The gradient: of a node with respect to nodes, or of a function as a function. The first argument tells which.

    Parameters
    ----------
    output : Node or callable
        A result in a recorded graph, or a function that returns a single number.
    inputs : node or nested container of nodes; for a function, its argnum
        What to differentiate with respect to. For a function the position of the argument, 0 by default, or several
        positions for a tuple of gradients.
    seed : optional
        For a node: the cotangent of output, needed unless it is a single number.
    create_graph : bool
        For a node: return the gradients as nodes, so that they can be differentiated again.

    Returns
    -------
    float, array, or containers of them
        In the structure of ``inputs``; zeros where output does not depend on an input. ``.grad`` is not touched.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Value, grad
    >>> x = Value(2.0)
    >>> y = x**3
    >>> grad(y, x)
    12.0
    >>> (slope,) = grad(y, [x], create_graph=True)
    >>> grad(slope, x)
    12.0
    >>> grad(lambda w: np.sum(w**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    if isinstance(output, Node):
        nodes = leaves(inputs)
        for node in nodes:
            if not isinstance(node, Node):
                raise TypeError(f"inputs must be nodes of the graph, got {type(node).__name__}")
            if not node.requires_grad:
                raise ValueError(
                    f"inputs: {describe(node)} does not require a gradient, so nothing was recorded for it"
                )
        found = iter(gradients(output, nodes, seed, create_graph=create_graph))
        return map_leaves(lambda _: next(found), inputs)
    if not callable(output):
        raise TypeError(f"grad takes a node or a function first, got {type(output).__name__}")
    if seed is not None or create_graph:
        raise TypeError("seed and create_graph belong to grad of a node; a gradient function can simply be nested")
    places = argnum if inputs is None else inputs
    both = value_and_grad(output, 0 if places is None else places)

    @functools.wraps(output)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


_depth: ContextVar[int] = ContextVar("depth", default=0)


class _Trace:
    """One call of a function on tracked copies of some of its arguments.

    ``plain`` says whether plain numbers go back to the caller. They do not where this call stands inside another
    transform and depends on what that one differentiates, by its arguments or through a closure: then nodes go back.
    """

    def __init__(self, f: Callable[..., Any], argnum: Argnum, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        several = isinstance(argnum, Sequence)
        places = [_place(place, len(args)) for place in (argnum if isinstance(argnum, Sequence) else (argnum,))]
        if len(set(places)) < len(places):
            raise ValueError(f"argnum {argnum} names an argument twice")
        self.chosen = tuple(args[place] for place in places) if several else args[places[0]]
        self.inputs = map_leaves(_tracked, self.chosen)
        self.nodes: list[Node] = leaves(self.inputs)
        call = list(args)
        for place, tracked in zip(places, self.inputs if several else (self.inputs,), strict=True):
            call[place] = tracked
        depth = _depth.get()
        token = _depth.set(depth + 1)
        try:
            with recording_on():
                self.output = f(*call, **kwargs)
        finally:
            _depth.reset(token)
        for out in leaves(self.output):
            if not isinstance(out, Node) and (out is None or np.asarray(out).dtype.kind not in "fiub"):
                raise TypeError(
                    f"the function to differentiate returned {'None' if out is None else type(out).__name__}, not "
                    "numbers or arrays" + ("; does it lack a return?" if out is None else "")
                )
        self.plain = not any(isinstance(leaf, Node) for leaf in leaves(self.chosen))
        if self.plain and depth:
            mine = {node.serial for node in self.nodes}
            self.plain = not any(
                node.primitive is None and node.requires_grad and node.serial not in mine
                for out in leaves(self.output)
                if isinstance(out, Node)
                for node in tape(out)
            )

    def single_number(self, transform: str) -> Any:
        """The output, which must be one number."""
        out = self.output
        if isinstance(out, (list, tuple, dict)) or np.size(_raw(out)) != 1:
            what = f"shape {np.shape(_raw(out))}" if not isinstance(out, (list, tuple, dict)) else type(out).__name__
            raise ValueError(
                f"{transform} needs a function that returns a single number, and this one returned {what}. Use "
                "jacobian, or elementwise_grad, or reduce it first"
            )
        return out

    def pull(self, output: Any, seed: Any, create_graph: bool) -> Any:
        """The gradients of a node for the tracked arguments, in their structure."""
        if not isinstance(output, Node) or not output.requires_grad:
            found = [node.kind.zeros(node, create_graph) for node in self.nodes]  # type: ignore[attr-defined]
        else:
            with recording_on():
                found = gradients(output, self.nodes, seed, create_graph=create_graph)
        each = iter(found)
        return map_leaves(lambda _: next(each), self.inputs)

    def hand_back(self, result: Any) -> Any:
        """Plain numbers for plain arguments, of the same kind; nodes where the arguments were nodes."""
        return map_leaves(lambda like, x: _as_given(like, x, self.plain), self.chosen, result)


def _place(argnum: Any, count: int) -> int:
    place = operator.index(argnum)
    if not -count <= place < count:
        raise ValueError(f"argnum {place} names no argument: the function was called with {count}")
    return place % count


def _tracked(x: Any) -> Node:
    """A tracked copy of an argument; a node gets a node of its own, so that nested derivatives are not confused."""
    if isinstance(x, Node):
        return cast(Node, positive(x))
    return Tensor(x)


def _raw(x: Any) -> Any:
    return x.primal if isinstance(x, Node) else x


def _as_given(like: Any, x: Any, plain: bool) -> Any:
    if not plain:
        return x
    x = _raw(x)
    return float(x) if isinstance(like, (int, float, np.number)) and np.ndim(x) == 0 else x


def _plain_value(x: Any, plain: bool) -> Any:
    """An output as its caller expects it: a float or an array, or a node inside another transform."""
    if not plain:
        return x
    x = _raw(x)
    return float(x) if np.ndim(x) == 0 else x


def value_and_grad(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient.

    Examples
    --------
    >>> from autograd import value_and_grad
    >>> value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        trace = _Trace(f, argnum, args, kwargs)
        output = trace.single_number("grad")
        gradient = trace.pull(output, None, create_graph=not trace.plain)
        return _plain_value(output, trace.plain), trace.hand_back(gradient)

    return both


def elementwise_grad(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The derivative of a function that works entry by entry: the gradient of the sum of its outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import elementwise_grad
    >>> elementwise_grad(np.tanh)(np.array([0.0, 100.0]))
    array([1., 0.])
    """

    def derivative(*args: Any, **kwargs: Any) -> Any:
        trace = _Trace(f, argnum, args, kwargs)
        if isinstance(trace.output, (list, tuple, dict)):
            raise TypeError(
                f"elementwise_grad needs a function that returns an array, not a {type(trace.output).__name__}"
            )
        total = sum(trace.output) if isinstance(trace.output, Tensor) else trace.output
        return trace.hand_back(trace.pull(total, None, create_graph=not trace.plain))

    return derivative


def vjp(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The vector-Jacobian product: ``vjp(f)(*args, g)`` pulls a cotangent g of f's output back to the argument.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import vjp
    >>> vjp(lambda x: x**2)(np.array([1.0, 2.0]), np.array([10.0, 1.0]))
    array([20.,  4.])
    """

    def pulled(*args: Any, **kwargs: Any) -> Any:
        *args, g = args  # type: ignore[assignment]
        trace = _Trace(f, argnum, tuple(args), kwargs)
        plain = trace.plain and not any(isinstance(leaf, Node) for leaf in leaves(g))
        total = _paired(trace.output, g)
        trace.plain = plain
        return trace.hand_back(trace.pull(total, None, create_graph=not plain))

    return pulled


def _paired(output: Any, vector: Any) -> Any:
    """The sum of the products of all entries of two equal structures: a number whose gradient carries the vector."""
    products: list[Any] = []

    def pair(a: Any, b: Any) -> None:
        if np.shape(_raw(a)) != np.shape(_raw(b)):
            raise ValueError(
                f"the vector has shape {np.shape(_raw(b))}, but what it multiplies has shape {np.shape(_raw(a))}"
            )
        if isinstance(a, Node) or isinstance(b, Node):
            products.append(sum(mul(a, b)) if np.ndim(_raw(a)) else mul(a, b))

    map_leaves(pair, output, vector, path="vector")
    total: Any = 0.0
    for product in products:
        total = product + total
    return total


def jvp(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The Jacobian-vector product: ``jvp(f)(*args, v)`` is f's derivative in the direction v.

    Read off reverse mode: the pullback of a cotangent is linear in it, and its transpose is this product.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import jvp
    >>> jvp(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    array([2., 2.])
    """

    def pushed(*args: Any, **kwargs: Any) -> Any:
        *args, v = args  # type: ignore[assignment]
        trace = _Trace(f, argnum, tuple(args), kwargs)
        plain = trace.plain and not any(isinstance(leaf, Node) for leaf in leaves(v))

        def push(out: Any) -> Any:
            dummy = Tensor(np.zeros(np.shape(_raw(out)), np.result_type(_raw(out), np.float32)))
            pulled = trace.pull(_paired(out, dummy), None, create_graph=True)
            (result,) = gradients_or_zeros(_paired(pulled, v), dummy, create_graph=not plain)
            return _plain_value(result, plain)

        return map_leaves(push, trace.output)

    return pushed


def gradients_or_zeros(output: Any, node: Any, *, create_graph: bool) -> list[Any]:
    """`gradients` where the output may have turned out to be a plain number."""
    if not isinstance(output, Node):
        return [node.kind.zeros(node, create_graph)]
    return gradients(output, [node], create_graph=create_graph)


def hvp(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The Hessian-vector product: ``hvp(f)(*args, v)`` is the derivative of f's gradient in the direction v.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import hvp
    >>> hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """

    def product(*args: Any, **kwargs: Any) -> Any:
        *args, v = args  # type: ignore[assignment]
        trace = _Trace(f, argnum, tuple(args), kwargs)
        gradient = trace.pull(trace.single_number("hvp"), None, create_graph=True)
        trace.plain = trace.plain and not any(isinstance(leaf, Node) for leaf in leaves(v))
        return trace.hand_back(trace.pull(_paired(gradient, v), None, create_graph=not trace.plain))

    return product


def jacobian(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """All first derivatives: for output shape (a, b) and argument shape (c,), an array of shape (a, b, c).

    For a container as argument the result has its structure, and so for a container as output.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def derivative(*args: Any, **kwargs: Any) -> Any:
        trace = _Trace(f, argnum, args, kwargs)

        def rows(out: Any) -> Any:
            shape = np.shape(_raw(out))
            n = int(np.prod(shape))
            units = np.eye(n).reshape((n, *shape))
            if not isinstance(out, Node) or not out.requires_grad:
                pulled = [trace.pull(None, None, create_graph=not trace.plain) for _ in units]
            else:
                pulled = [trace.pull(out, _unit_like(out, unit), create_graph=not trace.plain) for unit in units]
            return map_leaves(lambda like, *parts: _assembled(like, parts, shape, trace.plain), trace.chosen, *pulled)

        return map_leaves(rows, trace.output)

    return derivative


def _unit_like(out: Any, unit: Any) -> Any:
    return unit if isinstance(out, Tensor) else float(unit)


def _assembled(like: Any, rows: tuple[Any, ...], shape: tuple[int, ...], plain: bool) -> Any:
    if not rows:
        return np.zeros((*shape, *np.shape(_raw(like))))
    if not plain and isinstance(rows[0], Node) and not isinstance(rows[0], Tensor):
        return rows[0]
    whole = stack(list(rows)) if isinstance(rows[0], Node) else np.stack([np.asarray(row) for row in rows])
    whole = reshape(whole, shape=(*shape, *np.shape(_raw(like))))
    return _as_given(like, whole, plain)


def hessian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """All second derivatives of a function that returns a number, shape (\\*argument, \\*argument).

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(f, argnum), argnum)
