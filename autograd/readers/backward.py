"""The gradient's own graph: the sweep recorded, each rule in a scope that says through which operation it goes."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from autograd.graph import Node, next_serial
from autograd.readers.rule import applied
from autograd.scope import TOP, Scope, current, watch
from autograd.sweep import sweep

__all__ = ["record_gradient"]


def record_gradient(root: Node, names: MutableMapping[int, str]) -> tuple[list[Node], int, dict[int, int]]:
    """Sweep a graph once more, recording.

    Parameters
    ----------
    root : Node
        A single number.
    names
        What the nodes of the graph are called, by serial. Their cotangents are added: ``∂loss/∂w``.

    Returns
    -------
    (list of Node, int, dict)
        The cotangents of the leaves, a serial between those of the graph and those of its gradient, and by serial
        through which operation each operation of the gradient goes back.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(3.0, "x")
    >>> names = {x.serial: "x"}
    >>> (slope,), _, _ = record_gradient(x**3, names)
    >>> slope.primal, names[slope.serial]
    (27.0, '∂out/∂x')
    """
    boundary = next_serial()
    of = names.get(root.serial, "out")
    scopes: dict[int, Scope] = {}
    through: dict[int, int] = {}

    def gather(node: Node, i: int, g: Any, d: Any) -> None:
        """Put what a rule has recorded between `g` and `d` into a scope of the operation whose rule it is."""
        stack = [d]
        while stack:
            part = stack.pop()
            if part is not g and part.serial > boundary and part.origin is TOP:
                if node.serial not in scopes:
                    scopes[node.serial] = TOP.inside(f"back through {_called(node, names)}")
                part.origin = scopes[node.serial]
                through[part.serial] = node.serial
                stack += part.args

    before = current.set(TOP)
    try:
        with watch(rules=gather):
            swept = list(sweep(root, create_graph=True))
    finally:
        current.reset(before)
    found: dict[int, list[str]] = {}
    for node, cotangent in swept:
        if node.serial in names or node is root:
            found.setdefault(cotangent.serial, []).append(f"∂{of}/∂{names.get(node.serial, of)}")
    names.update((serial, " = ".join(texts)) for serial, texts in found.items())
    gradients = {cotangent.serial: cotangent for node, cotangent in swept if node.is_leaf}
    return list(gradients.values()), boundary, through


def _called(node: Node, names: Mapping[int, str]) -> str:
    name = names.get(node.serial)
    return f"{name} = {applied(node, names)}" if name else applied(node, names)
