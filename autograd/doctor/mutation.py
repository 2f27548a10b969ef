"""Slips in writing a derivative down: a factor lost, a sign, a square, a pair of brackets.

A rule that is read on nodes records its own expression. A slip is a small change to that expression, so no list of
wrong derivatives is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
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


class LostBrackets(NamedTuple):
    """The expression of a rule without the brackets around a sum: ``g * a * 1 - a`` for ``g * a * (1 - a)``.

    Attributes
    ----------
    name : str
        Which sum, and what stands before it: the same at every step of a kind.
    total : callable
        ``total(g, out, x)``, what the brackets were around.
    evaluate : callable
        ``evaluate(g, out, x)``, what is left without them.
    """

    name: str
    total: Callable[..., Any]
    evaluate: Callable[..., Any]


def _other_axis(x: Any, *, axis: Any, **options: Any) -> Any:
    return np.sum(x, axis=-2 if axis in (-1, x.ndim - 1) else -1, **options)


_OTHERWISE: Mapping[str, tuple[tuple[str, Callable[..., Any]], ...]] = {
    "mul": (("factor", lambda x, y: x), ("factor", lambda x, y: y)),
    "div": (("divisor", lambda x, y: x),),
    "neg": (("sign", lambda x: x),),
    "sub": (("sign", lambda x, y: x + y), ("term", lambda x, y: x), ("term", lambda x, y: y)),
    "add": (("term", lambda x, y: x), ("term", lambda x, y: y)),
    "raise_to": (("power", lambda x, **_: x),),
    "square": (("square", lambda x: x),),
    "sum": (("summed axis", _other_axis),),
}


class _Rule:
    """The expression that the rule of a step of one argument records."""

    def __init__(self, step: Step, x: Array) -> None:
        assert step.primitive is not None
        self.shape = step.shape
        self.leaves = Tensor(np.ones_like(step.primal)), Tensor(step.primal), Tensor(x)
        result = step.primitive.rules[0](*self.leaves, **step.params)
        trivial = not isinstance(result, Node) or result is self.leaves[0]
        self.nodes: list[Node] = [] if trivial else tape(result)
        self.with_g = {self.leaves[0].serial}
        for node in self.nodes:
            if any(a.serial in self.with_g for a in node.args):
                self.with_g.add(node.serial)

    def values(
        self, given: Sequence[Any], changed: Node | None = None, instead: Callable[..., Any] | None = None
    ) -> dict[int, Any]:
        """Every node of the expression for other leaves, one of them computed otherwise."""
        values: dict[int, Any] = {leaf.serial: value for leaf, value in zip(self.leaves, given, strict=True)}
        for node in self.nodes:
            if node.serial in values:
                continue
            if node.primitive is None:
                values[node.serial] = node.primal
                continue
            args = [values[arg.serial] for arg in node.args]
            operation = instead if node is changed and instead is not None else node.primitive
            values[node.serial] = operation(*args, **node.params)
        return values

    def factors(self, node: Node) -> list[Node]:
        """What is multiplied: the factors of a product of products."""
        if node.primitive is None or node.primitive.name != "mul":
            return [node]
        return [factor for arg in node.args for factor in self.factors(arg)]


def slips(step: Step, x: Array) -> Iterator[Slip]:
    """Every small change to the rule of a step of one argument that leaves the cotangent in it."""
    rule = _Rule(step, x)
    for node in rule.nodes:
        if node.primitive is None:
            continue
        for lost, instead in _OTHERWISE.get(node.primitive.name, ()):

            def evaluate(*given: Any, changed: Node = node, instead: Callable[..., Any] = instead) -> Any:
                return rule.values(given, changed, instead)[rule.nodes[-1].serial]

            slip = Slip(lost, evaluate)
            if _needs_g(slip, rule, node):
                yield slip


def _needs_g(slip: Slip, rule: _Rule, node: Node) -> bool:
    if node.serial not in rule.with_g:
        return True
    zero, some = np.zeros(rule.shape), np.full(rule.shape, 0.37)
    try:
        return not np.any(slip.evaluate(zero, some, some))
    except (ValueError, IndexError, TypeError):
        return False


def lost_brackets(step: Step, x: Array) -> Iterator[LostBrackets]:
    """Every way to write the rule of a step of one argument without the brackets around a sum in its product.

    In whatever order the factors are written, some stand before the brackets, and meet the first term alone; the others
    meet the last.
    """
    rule = _Rule(step, x)
    factors = rule.factors(rule.nodes[-1]) if rule.nodes else []
    for k, total in enumerate(factors):
        if total.primitive is None or total.primitive.name not in ("add", "sub") or total.args[0] is total.args[1]:
            continue  # x + x is twice x: nobody writes it
        others = factors[:k] + factors[k + 1 :]
        for sides in product((True, False), repeat=len(others)) if others else ():

            def evaluate(
                *given: Any, total: Node = total, others: Sequence[Node] = others, sides: Sequence[bool] = sides
            ) -> Any:
                values = rule.values(given)
                first, last = (values[arg.serial] for arg in total.args)
                before, after = (
                    prod(values[f.serial] for f, side in zip(others, sides, strict=True) if side is wanted)
                    for wanted in (True, False)
                )
                assert total.primitive is not None
                return total.primitive(before * first, last * after)

            name = f"brackets {k} {''.join(str(int(side)) for side in sides)}"
            yield LostBrackets(name, lambda *given, total=total: rule.values(given)[total.serial], evaluate)
