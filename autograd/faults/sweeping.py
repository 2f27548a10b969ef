"""Sweep a graph and keep what the fault view needs: every cotangent, and what every rule made of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.faults.origins import Edge
from autograd.graph import Node
from autograd.scope import TOP, Watched, current
from autograd.sweep import sweep

__all__ = ["Swept", "read_rule", "swept"]


class Swept(NamedTuple):
    """A backward pass that was kept.

    Attributes
    ----------
    cotangents : dict of int to float or ndarray
        By the nodes' serials.
    edges : list of Edge
        Newest node first.
    """

    cotangents: dict[int, Any]
    edges: list[Edge]


def swept(root: Node, seed: Any = None) -> Swept:
    """Sweep without touching any `grad`; several numbers in the root count equally, where no seed is given."""
    if seed is None and np.size(root.primal) != 1:
        seed = np.ones_like(root.primal)
    edges: list[Edge] = []
    # Whoever else is watching is not shown this sweep: detect_faults would raise in the middle of it.
    token = current.set(Watched(TOP, (), (lambda *step: edges.append(Edge(*step)),)))
    try:
        with np.errstate(all="ignore"):
            cotangents = {node.serial: g for node, g in sweep(root, seed)}
    finally:
        current.reset(token)
    return Swept(cotangents, edges)


def read_rule(edge: Edge, dtype: Any = None) -> Any:
    """What the rule returned, before any broadcasting was undone; in another precision, if asked."""
    node = edge.node
    assert node.primitive is not None
    rule = (node.primitive.rules or node.primitive.rules_for(len(node.args)))[edge.position]
    numbers = [edge.g, node.primal, *(arg.primal for arg in node.args)]
    if dtype is not None or not isinstance(node.primal, np.ndarray):
        numbers = [np.asarray(number, dtype or np.float64)[()] for number in numbers]
    with np.errstate(all="ignore"):
        return rule(*numbers, **node.params)
