"""Slips in writing a derivative down: a factor lost, a sign, a square.

A rule that is read on nodes records its own expression. A slip is a small change to that expression, so no list of
wrong derivatives is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.doctor.steps import Array, Step
from autograd.graph import Node, tape
from autograd.tensor import Tensor


class Slip(NamedTuple):
    """The expression of a rule with one thing changed.

    Attributes
    ----------
    lost : str
        What is not there any more, or is wrong.
    evaluate : callable
        ``evaluate(g, out, x)``, on arrays or on nodes.
    """

    lost: str
    evaluate: Callable[..., Any]


_OTHERWISE: Mapping[str, tuple[tuple[str, Callable[..., Any]], ...]] = {
    "mul": (("factor", lambda x, y: x), ("factor", lambda x, y: y)),
    "div": (("divisor", lambda x, y: x),),
    "neg": (("sign", lambda x: x),),
    "sub": (("sign", lambda x, y: x + y), ("term", lambda x, y: x), ("term", lambda x, y: y)),
    "add": (("term", lambda x, y: x), ("term", lambda x, y: y)),
    "raise_to": (("power", lambda x, **_: x),),
    "square": (("square", lambda x: x),),
}


def slips(step: Step, x: Array) -> Iterator[Slip]:
    """Every small change to the rule of a step of one argument that leaves the cotangent in it."""
    g, out, arg = Tensor(np.ones_like(step.primal)), Tensor(step.primal), Tensor(x)
    assert step.primitive is not None
    result = step.primitive.rules[0](g, out, arg, **step.params)
    if not isinstance(result, Node) or result is g:
        return
    nodes = tape(result)
    with_g = {g.serial}
    for node in nodes:
        if any(a.serial in with_g for a in node.args):
            with_g.add(node.serial)
    for node in nodes:
        if node.primitive is None:
            continue
        for lost, instead in _OTHERWISE.get(node.primitive.name, ()):
            slip = Slip(lost, _evaluator(nodes, (g, out, arg), node, instead))
            if _needs_g(slip, node, with_g):
                yield slip


def _needs_g(slip: Slip, node: Node, with_g: set[int]) -> bool:
    zero, one = np.zeros(1), np.full(1, 0.37)
    try:
        return node.serial not in with_g or not np.any(slip.evaluate(zero, one, one))
    except (ValueError, IndexError, TypeError):
        return False


def _evaluator(
    nodes: list[Node], leaves: tuple[Node, Node, Node], changed: Node, instead: Callable[..., Any]
) -> Callable[..., Any]:
    def evaluate(*given: Any) -> Any:
        values: dict[int, Any] = {leaf.serial: value for leaf, value in zip(leaves, given, strict=True)}
        for node in nodes:
            if node.serial in values:
                continue
            if node.primitive is None:
                values[node.serial] = node.primal
                continue
            args = [values[arg.serial] for arg in node.args]
            values[node.serial] = (instead if node is changed else node.primitive)(*args, **node.params)
        return values[nodes[-1].serial]

    return evaluate
