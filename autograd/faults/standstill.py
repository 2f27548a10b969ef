"""A standstill: no parameter gets any gradient, although the loss could fall.

At a minimum every gradient is 0 too. So the operation at which the gradient is lost is tried at other arguments, and it
stands still if the loss would fall with its result by far more than its slope has it. Tried are parameters themselves,
which can be moved anywhere, and softmax and exp, which are flat far out and nowhere else; a product that rounds to 0
needs no trial. Then the loss is computed again, to see it fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from autograd.faults.case import Users, is_elementwise, users_of
from autograd.faults.examples import PROBABILITIES
from autograd.faults.fault import Fault, Kind
from autograd.faults.flow import LOST, Flow, moved, operation
from autograd.faults.formula import formula, number, numbers, spoken
from autograd.faults.lines import line_of
from autograd.faults.origins import Edge
from autograd.faults.patterns import match
from autograd.faults.sweeping import read_rule
from autograd.graph import Node

__all__ = ["standstill"]

NOTHING = 1e-12
"""So little of the seed reaches the parameters that they stand still."""

FLAT_FAR_OUT = {"softmax", "exp", "exp2"}

PRODUCTS = {"mul", "matmul", "contract", "prod", "square", "raise_to", "power"}
FROM_ZERO = "start away from 0: nn.init.normal_(w, std=0.1) or nn.init.xavier_normal_(W)"
LOGARITHMS = "add logarithms in place of multiplying: np.sum(np.log(p)) in place of np.prod(p)"
NEARER = "an argument nearer to where {name} has a slope: inputs of a size of about 1, and smaller weights"


def standstill(flow: Flow, edges: list[Edge]) -> Fault | None:
    """The operation, seen from the loss, at which the gradient of all parameters is lost, if the loss could fall."""
    reached = sum(_size(edge.d) for edge in edges if edge.node.args[edge.position].is_leaf)
    if not reached <= NOTHING * flow.seed:
        return None
    users = users_of(flow.nodes)
    for _, group in groupby(edges, lambda edge: edge.node.serial):
        rules = list(group)
        passed, size = sum(_size(edge.d) for edge in rules), _size(rules[0].g)
        if size <= LOST * flow.seed or passed > LOST * size:
            continue
        node = rules[0].node
        if not _rounds_to_zero(node) and not (_can_be_tried(rules) and _could_fall(rules)):
            continue
        probabilities = _softmax(node, users)
        if (probabilities is None or _asks_for_more(probabilities, flow)) and _does_fall(rules, flow):
            return _fault(flow, rules, passed, probabilities)
    return None


def _rounds_to_zero(node: Node) -> bool:
    """A product that is 0, although none of its factors is."""
    return operation(node) == "prod" and not np.all(node.primal) and bool(np.all(node.args[0].primal))


def _softmax(node: Node, users: Users) -> Node | None:
    """The softmax that an operation is, or, by hand, an exp in it."""
    ends = [node, *users.get(node.serial, ())]
    return next((end for end in ends if operation(end) in ("softmax", "div") and match("SOFTMAX(z)", end)), None)


def _asks_for_more(probabilities: Node, flow: Flow) -> bool:
    """Whether the loss would have a probability larger that is next to 0; all in one class may be what it is after."""
    g = np.asarray(flow.cotangents[probabilities.serial])
    return bool(((np.asarray(probabilities.primal) <= LOST) & (g < 0)).any())


def _size(array: Any) -> float:
    return float(np.abs(array).sum(dtype=float))


def _can_be_tried(rules: list[Edge]) -> bool:
    node = rules[0].node
    finite = all(np.isfinite(arg.primal).all() for arg in node.args)
    return finite and (_is_free(rules) or operation(node) in FLAT_FAR_OUT) and all(map(_is_flat, rules))


def _is_free(rules: list[Edge]) -> bool:
    """Whether the arguments are parameters."""
    return all(moved(rule.node.args[rule.position]).is_leaf for rule in rules)


def _is_flat(rule: Edge) -> bool:
    """Whether nothing of another cotangent gets through there; if it does, this one was lost in a balance."""
    g = np.asarray(rule.g)
    other = (g != 0) * np.random.default_rng(0).normal(size=g.shape).astype(g.dtype)
    return _size(read_rule(rule._replace(g=other))) <= LOST * _size(other)


def _could_fall(rules: list[Edge]) -> bool:
    """Whether at other arguments the loss would be lower, by far more than the slope promises."""
    node, g = rules[0].node, np.asarray(rules[0].g, float)
    assert node.primitive is not None
    entries = is_elementwise(node)  # each may go its own way
    lowest, promised = np.zeros(np.shape(g) if entries else ()), 0.0
    for args in _elsewhere(rules):
        try:
            out = np.asarray(node.primitive.function(*args, **node.params), float)
        except (ArithmeticError, ValueError):  # nothing is there
            continue
        change = g * (out - np.asarray(node.primal))
        change = np.where(np.isfinite(change), change, 0.0)
        lowest = np.minimum(lowest, change if entries else change.sum())
        steps = [args[edge.position] - node.args[edge.position].primal for edge in rules]
        promised = max(promised, sum(_size(edge.d * step) for edge, step in zip(rules, steps, strict=True)))
    return -float(lowest.sum()) > max(LOST * _size(g), promised / LOST)


def _does_fall(rules: list[Edge], flow: Flow) -> bool:
    """Whether the loss does fall, computed again: at a kink its slope may have it otherwise, or by another way."""
    node, g = rules[0].node, np.asarray(rules[0].g, float)
    if _is_free(rules):
        args = ({arg.serial: moved for arg, moved in zip(node.args, tried, strict=True)} for tried in _elsewhere(rules))
        return any(_change(flow, moved) < 0 for moved in args)
    steps = (step * g / np.abs(g).max() for step in (1e-1, 1e-3, 1e-6))
    return any(_change(flow, {node.serial: node.primal - step}) < 0 for step in steps)


def _change(flow: Flow, results: dict[int, Any]) -> float:
    """What other results of some nodes make of the loss."""
    for node in flow.nodes:
        if node.primitive is None or node.serial in results or not any(arg.serial in results for arg in node.args):
            continue
        args = [np.asarray(results.get(arg.serial, arg.primal), float) for arg in node.args]
        try:
            results[node.serial] = node.primitive.function(*args, **node.params)
        except (ArithmeticError, ValueError):  # nothing is there
            return 0.0
    seed = np.asarray(flow.cotangents[flow.root.serial], float)
    return float(np.sum(seed * (np.asarray(results[flow.root.serial]) - flow.root.primal)))


def _elsewhere(rules: list[Edge]) -> Iterator[list[Any]]:
    """The arguments, with those that a gradient is wanted for nearer to 0, and a bit to either side."""
    rng = np.random.default_rng(0)
    node = rules[0].node
    wanted = {node.args[edge.position].serial for edge in rules}
    primals = {arg.serial: np.asarray(arg.primal, float) for arg in node.args}
    for scale, step in ((0.5, 0.0), (0.0, 0.0), *[(1.0, 0.1), (1.0, 1.0)] * 4):
        tried = dict(primals)
        for serial in wanted:
            tried[serial] = scale * primals[serial] + step * rng.normal(size=primals[serial].shape)
        yield [tried[arg.serial] for arg in node.args]


def _fault(flow: Flow, rules: list[Edge], passed: float, probabilities: Node | None) -> Fault:
    node, g = rules[0].node, np.asarray(rules[0].g, float)
    inputs = {formula(arg): numbers(arg.primal) for arg in (node.args[edge.position] for edge in rules)}
    at = " and ".join(f"{name} = {value}" for name, value in inputs.items())
    name, text, instead = spoken(node), formula(node, of_label=True), NEARER
    shown = text
    if _rounds_to_zero(node):
        text, instead = f"{text}, which rounds to 0,", LOGARITHMS
    elif operation(node) in PRODUCTS:
        instead = FROM_ZERO
    elif probabilities is not None:
        name, instead = "softmax", next(made.logits for made in PROBABILITIES if made.name == "softmax")
    slope = "has the slope 0" if passed == 0 else f"lets {number(passed / _size(g))} of its cotangent through"
    where = "larger" if (g <= 0).all() else "smaller" if (g >= 0).all() else "another"
    why = f"{text} {slope} at {at}, and no parameter gets any gradient; but the loss would fall if it were {where}"
    kind: Kind = "zero" if passed == 0 else "vanishing"
    inputs["the cotangent g"] = numbers(g)
    instead = instead.format(name=name)
    return Fault(kind, "backward", node, name, shown, None, inputs, why, instead, line_of(node), (), flow.root)
