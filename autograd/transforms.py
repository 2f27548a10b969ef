"""Transforms: functions in, their derivatives out, on plain numbers, arrays and nested containers of them.

Names and the meaning of ``argnum`` are those of HIPS autograd: ``grad(f)(x)``. Every transform may be nested in
another. In `vjp`, `jvp` and `hvp` the last argument is the vector, as ``hvp(f)(x, v)``.

A function that does not depend on its argument has a derivative of 0. One that does, but not through recorded
operations, as ``lambda x: x.item() ** 2``, is a RuntimeError.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

import numpy as np

from autograd.call import Argnum, Call, as_given, plain_value, raw, transform
from autograd.containers import leaves, map_leaves
from autograd.graph import Node, describe
from autograd.primitives.elementwise import mul
from autograd.primitives.movement import reshape, stack
from autograd.primitives.reductions import sum
from autograd.sweep import gradients
from autograd.tensor import Tensor

__all__ = ["elementwise_grad", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]


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


def value_and_grad(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient.

    Examples
    --------
    >>> from autograd import value_and_grad
    >>> value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    @transform
    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = Call(f, argnum, args, kwargs)
        output = call.single_number("grad")
        gradient = call.pull(output, None, create_graph=not call.plain)
        return plain_value(output, call.plain), call.hand_back(gradient)

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

    @transform
    def derivative(*args: Any, **kwargs: Any) -> Any:
        call = Call(f, argnum, args, kwargs)
        if isinstance(call.output, (list, tuple, dict)):
            raise TypeError(
                f"elementwise_grad needs a function that returns an array, not a {type(call.output).__name__}"
            )
        total = sum(call.output) if isinstance(call.output, Tensor) else call.output
        return call.hand_back(call.pull(total, None, create_graph=not call.plain))

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

    @transform
    def pulled(*args: Any, **kwargs: Any) -> Any:
        args, g = _vector_last("vjp(f)(x, g)", args)
        call = Call(f, argnum, args, kwargs)
        plain = call.plain and not any(isinstance(leaf, Node) for leaf in leaves(g))
        total = _paired(call.output, g)
        call.plain = plain
        return call.hand_back(call.pull(total, None, create_graph=not plain))

    return pulled


def _vector_last(usage: str, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    if len(args) < 2:
        raise TypeError(f"the vector is missing: the arguments of the function come first, and then it: {usage}")
    return args[:-1], args[-1]


def _paired(output: Any, vector: Any) -> Any:
    """The sum of the products of all entries of two equal structures: a number whose gradient carries the vector."""
    products: list[Any] = []

    def pair(a: Any, b: Any) -> None:
        if np.shape(raw(a)) != np.shape(raw(b)):
            raise ValueError(
                f"the vector has shape {np.shape(raw(b))}, but what it multiplies has shape {np.shape(raw(a))}"
            )
        if isinstance(a, Node) or isinstance(b, Node):
            products.append(sum(mul(a, b)) if np.ndim(raw(a)) else mul(a, b))

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

    @transform
    def pushed(*args: Any, **kwargs: Any) -> Any:
        args, v = _vector_last("jvp(f)(x, v)", args)
        call = Call(f, argnum, args, kwargs)
        plain = call.plain and not any(isinstance(leaf, Node) for leaf in leaves(v))

        def push(out: Any) -> Any:
            dummy = Tensor(np.zeros(np.shape(raw(out)), np.result_type(raw(out), np.float32)))
            pulled = call.pull(_paired(out, dummy), None, create_graph=True)
            (result,) = gradients_or_zeros(_paired(pulled, v), dummy, create_graph=not plain)
            return plain_value(result, plain)

        return map_leaves(push, call.output)

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

    @transform
    def product(*args: Any, **kwargs: Any) -> Any:
        args, v = _vector_last("hvp(f)(x, v)", args)
        call = Call(f, argnum, args, kwargs)
        gradient = call.pull(call.single_number("hvp"), None, create_graph=True)
        call.plain = call.plain and not any(isinstance(leaf, Node) for leaf in leaves(v))
        return call.hand_back(call.pull(_paired(gradient, v), None, create_graph=not call.plain))

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

    @transform
    def derivative(*args: Any, **kwargs: Any) -> Any:
        call = Call(f, argnum, args, kwargs)

        def rows(out: Any) -> Any:
            shape = np.shape(raw(out))
            n = int(np.prod(shape))
            units = np.eye(n).reshape((n, *shape))
            if not isinstance(out, Node) or not out.requires_grad:
                pulled = [call.pull(None, None, create_graph=not call.plain) for _ in units]
            else:
                pulled = [call.pull(out, _unit_like(out, unit), create_graph=not call.plain) for unit in units]
            return map_leaves(lambda like, *parts: _assembled(like, parts, shape, call.plain), call.chosen, *pulled)

        return map_leaves(rows, call.output)

    return derivative


def _unit_like(out: Any, unit: Any) -> Any:
    return unit if isinstance(out, Tensor) else float(unit)


def _assembled(like: Any, rows: tuple[Any, ...], shape: tuple[int, ...], plain: bool) -> Any:
    if not rows:
        return np.zeros((*shape, *np.shape(raw(like))))
    if not plain and isinstance(rows[0], Node) and not isinstance(rows[0], Tensor):
        return rows[0]
    whole = stack(list(rows)) if isinstance(rows[0], Node) else np.stack([np.asarray(row) for row in rows])
    whole = reshape(whole, shape=(*shape, *np.shape(raw(like))))
    return as_given(like, whole, plain)


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
