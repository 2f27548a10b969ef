"""The sweep: walk the graph newest first and hand every node its cotangent. This is all of backpropagation.

Each rule is read on raw numbers and arrays, or, when the gradient is to be recorded, on the nodes themselves; then the
gradient is a graph too, and can be swept again. That one switch is the whole of higher order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy import ndarray

from autograd.graph import Node, describe, tape
from autograd.primitives.elementwise import astype, select, where
from autograd.primitives.movement import broadcast_to, sum_to


def sweep(root: Node, seed: Any = None, *, create_graph: bool = False) -> Iterator[tuple[Node, Any]]:
    """Yield each node that ``root`` depends on with its cotangent, newest first.

    Parameters
    ----------
    root : Node
        The result whose gradient is wanted.
    seed : number, array or node of root's shape, optional
        The cotangent of ``root``; 1 by default, which only a single number has as its natural choice.
    create_graph : bool
        Record the sweep, so that the cotangents are nodes and can be differentiated again.

    Yields
    ------
    (node, cotangent)
        The cotangent has the node's shape and dtype; nodes that need no gradient are left out.

    Raises
    ------
    RuntimeError
        Where ``root`` depends on nothing that requires a gradient, or where ``data`` was changed after it was used.
    ValueError
        Where the seed is missing for several numbers, or has another shape than ``root``.

    Examples
    --------
    >>> from autograd import Value, sweep
    >>> x = Value(3.0, label="x")
    >>> for node, g in sweep(x * x + 1):
    ...     print(node.label or node.primitive.name, g)
    add 1.0
    mul 1.0
    x 6.0
    """
    if not root.requires_grad:
        raise RuntimeError(
            f"{describe(root)} depends on nothing that requires a gradient: it was computed from plain numbers, "
            "under no_grad(), or from detached nodes."
        )
    kind: Any = root.kind
    arrays = not kind.of_floats
    # Below a `where` a cotangent of 0 is a branch not taken: times an infinite local derivative it is 0, not nan.
    shielding: set[int] = set()
    cotangents = {root.serial: kind.seed(root, seed, create_graph)}
    for node in reversed(tape(root)):
        if not node.requires_grad:
            continue
        serial = node.serial
        g = cotangents.pop(serial, None)
        if g is None:
            continue
        yield node, g
        primitive, args, params = node.primitive, node.args, node.params
        if primitive is None:
            continue
        if create_graph:
            out, read = node, [arg if arg.requires_grad else arg.primal for arg in args]
        else:
            out, read = node.primal, [arg.primal for arg in args]
        shielded = primitive is select or serial in shielding
        rules = primitive.rules or primitive.rules_for(len(args))
        for arg, rule in zip(args, rules):  # noqa: B905 - one rule for each argument
            if arg.primitive is None and (arg.snapshot is not None or arg.changed > serial) and not arg.used_by(node):
                raise _changed(arg)
            if arg.requires_grad:
                try:
                    d = rule(g, out, *read, **params) if params else rule(g, out, *read)
                except (ArithmeticError, ValueError) as error:
                    d = kind.recover_rule(error, rule, g, out, read, params, primitive.name, arg)
                if shielded:
                    shielding.add(arg.serial)
                    lost = not primitive.arrays_only and (g == 0) & (d != d)
                    if np.any(lost):
                        d = where(lost, 0.0, d)
                if d.__class__ is not float or arrays:
                    d = _fitted(d, arg, primitive)
                key = arg.serial
                cotangents[key] = cotangents[key] + d if key in cotangents else d


def _fitted(d: Any, arg: Node, primitive: Any) -> Any:
    """What a rule has returned, as the cotangent that its argument needs."""
    primal = arg.primal
    if d.__class__ is ndarray and d.shape == primal.shape and d.dtype == primal.dtype:
        return d
    try:
        return arg.kind.fit(d, primal)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise type(error)(f"the rule of {primitive.name} for {describe(arg)}: {error}") from None


def _changed(node: Node) -> RuntimeError:
    """A node that is younger than a result it went into: its data is not what the operation saw."""
    return RuntimeError(
        f"the data of {describe(node)} was changed after it was used, so the gradient would belong to another "
        "computation. Compute the forward pass again, or change the data after backward()."
    )


def unbroadcast(d: Any, primal: Any) -> Any:
    """Give a cotangent the shape and dtype of its argument, undoing any broadcasting: the only place that does."""
    if not isinstance(d, (np.ndarray, np.generic, Node)) and not hasattr(d, "__array_function__"):
        if not isinstance(d, (int, float)):
            raise TypeError(f"it must return the argument's cotangent, and returned {d!r}")
        d = np.full_like(primal, d)
    if d.shape != primal.shape:
        broadcasts = d.ndim < primal.ndim or (
            d.ndim == primal.ndim and all(n in (1, m) for n, m in zip(d.shape, primal.shape, strict=True))
        )
        move = broadcast_to if broadcasts else sum_to
        d = (move if isinstance(d, Node) else move.function)(d, shape=primal.shape)
    return d if d.dtype == primal.dtype else astype(d, dtype=primal.dtype)


def backward(root: Node, seed: Any = None) -> None:
    """Add the gradient of ``root`` to the `grad` of every node it depends on.

    A second call adds once more. Nothing is added where the sweep fails halfway.
    """
    own = root.kind.own  # type: ignore[attr-defined]
    handed_out: set[int] = set()
    nodes: list[Node] = []
    cotangents: list[Any] = []
    for node, g in sweep(root, seed):
        nodes.append(node)
        cotangents.append(g)
    for node, g in zip(nodes, cotangents, strict=True):
        if node.grad is not None:
            node.grad = node.grad + g
        elif g.__class__ is float:
            node.grad = g
        elif node.primitive is None or id(g) in handed_out:  # add, for one, hands the same array to both parents
            node.grad = own(g)
        else:
            node.grad = g
            handed_out.add(id(g))


def gradients(output: Node, inputs: list[Node], seed: Any = None, *, create_graph: bool = False) -> list[Any]:
    """The cotangents of ``inputs`` for ``output``, zeros where it does not depend on one; `grad` is left alone."""
    wanted = {node.serial for node in inputs}
    found: dict[int, Any] = {}
    if output.requires_grad:
        for node, g in sweep(output, seed, create_graph=create_graph):
            if node.serial in wanted:
                found[node.serial] = g
    kind: Any = output.kind
    handed_out = (lambda g: g) if create_graph else kind.own
    return [handed_out(found[n.serial]) if n.serial in found else kind.zeros(n, create_graph) for n in inputs]
