"""Follow nan and inf back to the operation that made the first of them.

Only what does harm is followed. An infinity that a later operation makes finite again (exp(-inf) = 0), or that a where
discards, is no fault; nor is an infinite cotangent that reaches no leaf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.faults.case import is_elementwise
from autograd.faults.patterns import MOVEMENT
from autograd.graph import Node

__all__ = ["Edge", "Origin", "backward_origin", "forward_origin", "place"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]


class Edge(NamedTuple):
    """One rule that the sweep has read: of ``node`` for its argument at ``position``, from g to d."""

    node: Node
    position: int
    g: Any
    d: Any


class Origin(NamedTuple):
    """Where it began: the node, which entries of it, and the nodes from there on that it spoiled, oldest first."""

    node: Node
    mask: Mask
    then: tuple[Node, ...]


def bad(primal: Any) -> Mask:
    """Which entries are nan or inf."""
    found: Mask = ~np.isfinite(np.asarray(primal, float))
    return found


def place(mask: Mask) -> tuple[int, ...] | None:
    """The first entry of a mask; None if it is no array's, or holds none."""
    if not mask.ndim or not mask.any():
        return None
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))


def forward_origin(root: Node, nodes: list[Node]) -> Origin | None:
    """Where the nan or inf in ``root`` comes from; None if it is finite."""
    if not bad(root.primal).any():
        return None
    computed = _computed_infinities(nodes)
    origins: dict[int, Origin] = {}
    reached = {root.serial: bad(root.primal)}
    spoiled: dict[int, set[int]] = {root.serial: set()}
    for node in reversed(nodes):
        mask = reached.pop(node.serial, None)
        if mask is None:
            continue
        came_from = list(_sources(node, mask, computed))
        if not came_from:
            origins[node.serial] = Origin(node, mask, ())
        for arg, part in came_from:
            before = reached.get(arg.serial)
            reached[arg.serial] = part if before is None else before | part
            spoiled.setdefault(arg.serial, set()).add(node.serial)
    first = origins[min(origins, key=lambda serial: _rank(origins[serial]))]
    path = _above(first.node.serial, spoiled)
    return first._replace(then=tuple(node for node in nodes if node.serial in path))


def _rank(origin: Origin) -> tuple[bool, int]:
    """The oldest comes first, but an operation before data that was infinite on purpose."""
    given = origin.node.is_leaf and not np.isnan(origin.node.primal).any()
    return given, origin.node.serial


def _computed_infinities(nodes: list[Node]) -> set[int]:
    """The nodes with an infinity that an operation made of finite numbers, be it in them or below them."""
    infinite: set[int] = set()
    computed: set[int] = set()
    for node in nodes:
        if bad(node.primal).any():
            infinite.add(node.serial)
            if node.args and (
                not any(arg.serial in infinite for arg in node.args) or any(arg.serial in computed for arg in node.args)
            ):
                computed.add(node.serial)
    return computed


def _sources(node: Node, mask: Mask, computed: set[int]) -> Iterator[tuple[Node, Mask]]:
    """The arguments that the bad entries of a result come from: nan from nan, if any argument has one there."""
    parts = [(arg, bad(arg.primal) & _influence(node, i, mask)) for i, arg in enumerate(node.args)]
    parts = [(arg, part) for arg, part in parts if part.any()]
    if np.isnan(np.asarray(node.primal, float)[mask]).any():
        of_nan = [(arg, part & np.isnan(np.asarray(arg.primal, float))) for arg, part in parts]
        of_nan = [(arg, part) for arg, part in of_nan if part.any()]
        # An infinity that was given is no fault by itself: what makes nan of it is.
        parts = of_nan or [(arg, part) for arg, part in parts if arg.serial in computed]
    yield from parts


def _influence(node: Node, position: int, mask: Mask) -> Mask:
    """Which entries of an argument go into the entries of the result that a mask has."""
    assert node.primitive is not None
    arg = node.args[position]
    name, shape = node.primitive.name, np.shape(arg.primal)
    if name == "select":
        condition = np.broadcast_to(np.asarray(node.params["condition"], bool), mask.shape)
        mask = mask & (condition if position == 0 else ~condition)
    if is_elementwise(node):
        return _summed_to(mask, shape)
    if name in (*MOVEMENT, "scatter", "concat"):  # linear, so that the rule moves a mask as it moves a cotangent
        rules = node.primitive.rules or node.primitive.rules_for(len(node.args))
        moved = rules[position](mask.astype(float), node.primal, *[a.primal for a in node.args], **node.params)
        return _summed_to(np.asarray(moved) != 0, shape)
    return np.ones(shape, bool)


def _summed_to(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask of the shape that was broadcast to the mask's."""
    new = mask.ndim - len(shape)
    axes = (*range(new), *[new + i for i, n in enumerate(shape) if n == 1 and mask.shape[new + i] != 1])
    summed: Mask = mask.any(axis=axes).reshape(shape)
    return summed


def _above(serial: int, spoiled: Mapping[int, set[int]]) -> set[int]:
    found: set[int] = set()
    stack = [serial]
    while stack:
        for user in spoiled.get(stack.pop(), ()):
            if user not in found:
                found.add(user)
                stack.append(user)
    return found


def backward_origin(cotangents: Mapping[int, Any], edges: list[Edge]) -> Edge | None:
    """The rule that made the first nan or inf which reaches a leaf; None if every leaf's gradient is finite.

    Parameters
    ----------
    cotangents : mapping
        By the serials of the nodes.
    edges : list of Edge
        In the order in which the sweep read them, newest first.
    """
    harmed = {
        arg.serial
        for edge in edges
        if (arg := edge.node.args[edge.position]).is_leaf and bad(cotangents[arg.serial]).any()
    }
    first = None
    for edge in reversed(edges):
        if edge.node.args[edge.position].serial in harmed and bad(edge.d).any():
            if bad(edge.g).any():
                harmed.add(edge.node.serial)
            else:
                first = edge
    return first
