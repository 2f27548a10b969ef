"""Which nodes of a graph a picture is about: all that some roots depend on, or only the paths between two nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from autograd.graph import Node, describe, tape

__all__ = ["HIDEABLE", "Selection", "below", "select"]

HIDEABLE = ("broadcasts", "constants")
BROADCASTS = {"broadcast_to", "sum_to"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Nodes, oldest first, with those arguments of each that are shown, and their places among its arguments.

    Nodes with a serial above `boundary` are the gradient's own graph.
    """

    nodes: list[Node]
    args: dict[int, list[tuple[int, Node]]]
    roots: list[Node]
    boundary: float = inf


def select(
    roots: Sequence[Node],
    hide: Iterable[str] = (),
    only_path: tuple[Node, Node] | None = None,
    boundary: float = inf,
) -> Selection:
    """The nodes to show.

    Parameters
    ----------
    roots
        The results whose graph is shown.
    hide
        Any of `HIDEABLE`: "constants" (what needs no gradient) and "broadcasts" (wires run past them).
    only_path
        (start, end): only what lies on a way from one to the other.
    boundary
        The serial after which the gradient's own graph begins.

    Raises
    ------
    ValueError
        Where `end` does not depend on `start`.

    Examples
    --------
    >>> import autograd
    >>> a, b = autograd.Value(2.0, "a"), autograd.Value(3.0, "b")
    >>> y = a * b + b
    >>> [node.label or node.primitive.symbol for node in select([y], only_path=(a, y)).nodes]
    ['a', '*', '+']
    """
    hidden = set(hide)
    if only_path is not None:
        roots = [only_path[1]]
    nodes = below(roots)
    if only_path is not None:
        nodes = _between(nodes, *only_path)
    kept = {node.serial for node in nodes}
    outputs = {root.serial for root in roots}
    if "constants" in hidden:
        kept -= {node.serial for node in nodes if not node.requires_grad} - outputs
    stand_in: dict[int, Node] = {}
    if "broadcasts" in hidden:
        for node in nodes:
            if node.primitive is not None and node.primitive.name in BROADCASTS and node.serial not in outputs:
                arg = node.args[0]
                stand_in[node.serial] = stand_in.get(arg.serial, arg)
        kept -= stand_in.keys()
    args = {
        node.serial: [
            (slot, arg)
            for slot, arg in enumerate(stand_in.get(arg.serial, arg) for arg in node.args)
            if arg.serial in kept
        ]
        for node in nodes
        if node.serial in kept
    }
    return Selection([node for node in nodes if node.serial in kept], args, list(roots), boundary)


def below(roots: Sequence[Node]) -> list[Node]:
    """Every node that some roots depend on, oldest first."""
    if len(roots) == 1:
        return tape(roots[0])
    found = {root.serial: root for root in roots}
    stack = list(roots)
    while stack:
        for arg in stack.pop().args:
            if arg.serial not in found:
                found[arg.serial] = arg
                stack.append(arg)
    return list(map(found.__getitem__, sorted(found)))


def _between(nodes: list[Node], start: Node, end: Node) -> list[Node]:
    """Of the nodes that `end` depends on those that depend on `start`: every one is on a path."""
    reached = {start.serial}
    for node in nodes:
        if any(arg.serial in reached for arg in node.args):
            reached.add(node.serial)
    if end.serial not in reached or all(node is not start for node in nodes):
        raise ValueError(f"only_path: {describe(end)} does not depend on {describe(start)}; there is no path to draw.")
    return [node for node in nodes if node.serial in reached]
