"""The sweep: walk the graph newest first and hand every node its cotangent. This is all of backpropagation.

Each rule is read on raw numbers and arrays, or, when the gradient is to be recorded, on the nodes themselves; then the
gradient is a graph too, and can be swept again. That one switch is the whole of higher order.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import getrefcount
from threading import RLock
from typing import Any

import numpy as np
from numpy import ndarray

from autograd.graph import Node, describe, made_at, reached
from autograd.primitive import FLOAT_ERRORS, unchanged
from autograd.primitives.elementwise import astype, select, where
from autograd.primitives.movement import broadcast_to, sum_to
from autograd.scope import Watched, recording

sum_rows = np.add.reduce


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
    yield from zip(*cotangents(root, seed, create_graph=create_graph), strict=True)


def cotangents(
    root: Node,
    seed: Any = None,
    *,
    create_graph: bool = False,
    wanted: set[int] | None = None,
    kept: list[Node] | None = None,
) -> tuple[list[Node], list[Any]]:
    """What `sweep` yields, as a list of nodes and a list of their cotangents.

    Of the wanted serials only, if given. Where there is a list ``kept``, a result that has no `grad` gets its cotangent
    as that at once, which is cheaper than to come back to it, and goes onto that list instead.
    """
    if not root.requires_grad:
        raise RuntimeError(
            f"{describe(root)} depends on nothing that requires a gradient: it was computed from plain numbers, "
            "under no_grad(), or from detached nodes."
        )
    kind: Any = root.kind
    floats = kind.of_floats
    pending = {root.serial: kind.seed(root, seed, create_graph)}
    take = pending.pop
    nodes: list[Node] = []
    gs: list[Any] = []
    # Below a `where` a cotangent of 0 is a branch not taken: times an infinite local derivative it is 0, not nan.
    shielding: set[int] = set()
    scope = recording()
    watched = scope if isinstance(scope, Watched) else None
    in_detail = create_graph or watched is not None
    found = reached(root, tracked=True)
    for serial in sorted(found, reverse=True):
        node = found[serial]
        g = take(serial)
        primitive = node.primitive
        if kept is not None and primitive is not None and node.gradient is None:
            kept.append(node)
            node.gradient = g
        elif wanted is None or serial in wanted:
            nodes.append(node)
            gs.append(g)
        if primitive is None:
            continue
        if in_detail or not primitive.arity:
            in_detail = in_detail or primitive is select
            for i, arg, d in _terms(node, g, shielding, create_graph):
                if watched is not None:
                    watched.show_rule(node, i, g, d)
                key = arg.serial
                pending[key] = pending[key] + d if key in pending else d
            continue
        # What `_terms` does, written out for the case that speed depends on: one or two arguments, raw numbers.
        x, y, params, rules, out = node.x, node.y, node.params, primitive.rules, node.primal
        x_ = x.primal
        if x.primitive is None and (x.snapshot is not None or x.changed > serial) and not x.used_by(node):
            raise _changed(x)
        if y is None:
            rule = rules[0]
            try:
                d = rule(g, out, x_, **params) if params else rule(g, out, x_)
            except FLOAT_ERRORS as error:
                d = kind.recover_rule(error, rule, g, out, [x_], params, primitive.name + made_at(node), x)
            if floats:
                fits = type(d) is float
            else:
                fits = (
                    type(d) is ndarray
                    and d.dtype is x_.dtype
                    and ((primitive.elementwise and not params) or d.shape == x_.shape)
                )
            if not fits:
                d = _fitted(d, x, node)
            key = x.serial
            pending[key] = pending[key] + d if key in pending else d
            continue
        y_ = y.primal
        if y.primitive is None and (y.snapshot is not None or y.changed > serial) and not y.used_by(node):
            raise _changed(y)
        if x.requires_grad:
            rule = rules[0]
            try:
                d = g if rule is unchanged else rule(g, out, x_, y_, **params) if params else rule(g, out, x_, y_)
            except FLOAT_ERRORS as error:
                d = kind.recover_rule(error, rule, g, out, [x_, y_], params, primitive.name + made_at(node), x)
            fits = type(d) is float if floats else type(d) is ndarray and d.shape == x_.shape and d.dtype is x_.dtype
            if not fits:
                d = _fitted(d, x, node)
            key = x.serial
            pending[key] = pending[key] + d if key in pending else d
        if y.requires_grad:
            rule = rules[1]
            try:
                d = g if rule is unchanged else rule(g, out, x_, y_, **params) if params else rule(g, out, x_, y_)
            except FLOAT_ERRORS as error:
                d = kind.recover_rule(error, rule, g, out, [x_, y_], params, primitive.name + made_at(node), y)
            fits = type(d) is float if floats else type(d) is ndarray and d.shape == y_.shape and d.dtype is y_.dtype
            if not fits:
                d = _fitted(d, y, node)
            key = y.serial
            pending[key] = pending[key] + d if key in pending else d
    return nodes, gs


def _terms(node: Any, g: Any, shielding: set[int], create_graph: bool) -> list[tuple[int, Node, Any]]:
    """What one operation adds to the cotangents of its arguments."""
    primitive, args, params, kind = node.primitive, node.args, node.params, node.kind
    if create_graph:
        # A Value stays the node that it is, tracked or not: unlike an array, its number alone would not be known again.
        out, values = node, kind.of_floats
        read = [arg if arg.requires_grad or (values and arg.kind is kind) else arg.primal for arg in args]
    else:
        out, read = node.primal, [arg.primal for arg in args]
    shielded = primitive is select or node.serial in shielding
    rules = primitive.rules or primitive.rules_for(len(args))
    terms = []
    for i, (arg, rule) in enumerate(zip(args, rules)):  # noqa: B905 - one rule for each argument
        if arg.primitive is None and not arg.used_by(node):
            raise _changed(arg)
        if arg.requires_grad:
            try:
                d = rule(g, out, *read, **params) if params else rule(g, out, *read)
            except FLOAT_ERRORS as error:
                d = kind.recover_rule(error, rule, g, out, read, params, primitive.name + made_at(node), arg)
            if shielded:
                shielding.add(arg.serial)
                lost = not primitive.arrays_only and (g == 0) & (d != d)
                if np.any(lost):
                    d = where(lost, 0.0, d)
            if d.__class__ is not float or arg.primal.__class__ is not float:
                d = _fitted(d, arg, node)
            terms.append((i, arg, d))
    return terms


def _fitted(d: Any, arg: Node, node: Any) -> Any:
    """What a rule has returned, as the cotangent that its argument needs."""
    primal = arg.primal
    if d.__class__ is ndarray and d.dtype == primal.dtype:
        if d.shape == primal.shape:
            return d
        if d.ndim and d.shape[1:] == primal.shape:  # a bias met every example
            return sum_rows(d)
    if type(d) is np.float64 and type(primal) is ndarray:  # a sum or a mean of all entries
        full = np.empty_like(primal)
        full.fill(d)
        return full
    try:
        return arg.kind.fit(d, primal)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise type(error)(f"the rule of {node.primitive.name}{made_at(node)} for {describe(arg)}: {error}") from None


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

    A second call adds once more. Where the sweep fails halfway, or is interrupted, every `grad` is as it was.
    """
    own = root.kind.own  # type: ignore[attr-defined]
    kept: list[Node] = []
    added: list[tuple[Node, Any]] = []
    try:
        nodes, gs = cotangents(root, seed, kept=kept)
        with _adding:
            for node, g in zip(nodes, gs):  # noqa: B905 - they are of one length, and saying so takes time
                total = node.gradient
                if total is not None:
                    added.append((node, total))
                    node.gradient = total + g
                    continue
                kept.append(node)
                if type(g) is float or (type(g) is ndarray and g.base is None and getrefcount(g) <= _OWNED):
                    node.gradient = g
                else:
                    node.gradient = own(g)
    except BaseException:
        for node in kept:
            node.gradient = None
        for node, total in added:
            node.gradient = total
        raise


_adding = RLock()
"""One thread at a time adds: the graphs of several may share their leaves."""


def _references() -> int:
    """How many references Python counts, in the loop of `backward`, to an array that nothing else holds."""
    (count,) = [getrefcount(g) for _, g in zip([None], [np.zeros(1)])]  # noqa: B905
    return count


_OWNED = _references()


def gradients(output: Node, inputs: list[Node], seed: Any = None, *, create_graph: bool = False) -> list[Any]:
    """The cotangents of ``inputs`` for ``output``, zeros where it does not depend on one; `grad` is left alone."""
    wanted = {node.serial for node in inputs}
    found: dict[int, Any] = {}
    if output.requires_grad:
        nodes, gs = cotangents(output, seed, create_graph=create_graph, wanted=wanted)
        found = {node.serial: g for node, g in zip(nodes, gs, strict=True)}
    kind: Any = output.kind
    handed_out = (lambda g: g) if create_graph else kind.own
    return [handed_out(found[n.serial]) if n.serial in found else kind.zeros(n, create_graph) for n in inputs]
