"""Mistakes that multiply: a constant that is missing or too many, some other array as a factor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.constants import SIMPLE, Constant, readings, sensible, written
from autograd.doctor.replay import Change, EdgeRule, Inapplicable, Mistake, Replay, StepRule
from autograd.doctor.steps import Array, Edge, Step

CONSTANT = Mistake(
    "constant",
    "a constant factor is missing or too many: a sign, 2, 1/2, m, 1/m, the learning rate, k backward passes added up",
    "{claim} is {constant} times what it should be: {reading}.",
)
CONSTANT_PER_LAYER = Mistake(
    "constant-per-layer",
    "a constant factor is multiplied in again at every layer: 1/m in each delta",
    "The deltas are multiplied by {constant} once more at every layer, so the power of it grows on the way back to "
    "{claim}: the loss brings it in once.",
)
EXTRA_FACTOR = Mistake(
    "extra-factor",
    "another recorded array is multiplied in",
    "{claim} is multiplied by {other}, which does not belong there.",
)
FACTOR_MISSING = Mistake(
    "factor-missing",
    "one factor of a product is left out of the derivative of the other",
    "{claim} lacks the factor {other}: {why}.",
)


_OF_PRODUCT = "the derivative of a product by one factor is the other factor"


def factors(body: Anatomy) -> Iterator[Change]:
    """Constants where gradients meet, and arrays as factors."""
    for index in body.stations:
        yield scaled((index,), "", body)
    for index in body.params:
        yield scaled((index,), "", body)
    weights = tuple(dict.fromkeys(layer.weight for layer in body.layers))
    biases = tuple(dict.fromkeys(layer.bias for layer in body.layers if layer.bias is not None))
    for group, name in ((weights, "weight"), (biases, "bias"), (tuple(body.params), "parameter")):
        if len(group) > 1:
            yield scaled(group, name, body)
    yield from _scaled_edges(body)
    deltas = [layer.z for layer in body.layers]
    if len(deltas) > 1:
        for constant in SIMPLE:
            if sensible(constant, body):
                rule = _times(constant)
                for chosen in (deltas, deltas[:-1]):
                    if len(chosen) > 1:
                        words = {"constant": constant.text}
                        yield Change(CONSTANT_PER_LAYER, steps=dict.fromkeys(chosen, rule), words=words, cost=1.1)
    yield from _arrays(body)


def scaled(indices: tuple[int, ...], everywhere: str, body: Anatomy) -> Change:
    """The gradients of some steps times a constant, to be found."""

    def solve(body: Anatomy, t: float) -> list[Change]:
        return [
            Change(
                CONSTANT,
                steps=dict.fromkeys(indices, _times(constant)),
                words={"constant": constant.text, "reading": constant.reading + constant.remark, "at": indices},
                everywhere=everywhere,
                cost=constant.cost,
            )
            for constant in readings(body, 1 + t)
        ]

    def free(t: float) -> list[Change]:
        found = written(1 + t)
        if found is None:
            return []
        factor, text = found
        return [
            Change(
                CONSTANT,
                steps=dict.fromkeys(indices, lambda r, s, v: factor * v),
                words={"constant": text, "reading": "every entry has this factor too many", "at": indices},
                everywhere=everywhere,
                cost=1.6,
            )
        ]

    twice = dict.fromkeys(indices, lambda r, s, v: v + v)
    return Change(CONSTANT, steps=twice, words={"at": indices}, solve=solve, free=free)


def _times(constant: Constant) -> StepRule:
    return lambda replay, index, value: value * constant.value(replay.body)


def _scaled_edges(body: Anatomy) -> Iterator[Change]:
    """One of several contributions times a constant: a sign in a sum, the 2 of a regulariser."""
    penal: list[Edge] = []
    for step in body.steps:
        if not step.tracked:
            continue
        branches = body.branches(step.index)
        for branch in branches:
            user: Step = body.steps[branch[0][0]]
            if user.index in body.penalties and step.primitive is None:
                penal += branch
            tracked = [arg for arg in user.args if body.steps[arg].tracked]
            if len(branches) > 1 or (len(tracked) > 1 and user.kind in ("add", "sub")):
                yield _scaled_branch(branch)
    if penal:
        yield _scaled_branch(tuple(penal))


def _scaled_branch(edges: tuple[Edge, ...]) -> Change:
    def solve(body: Anatomy, t: float) -> list[Change]:
        return [
            Change(
                CONSTANT,
                edges=dict.fromkeys(edges, _part_times(constant)),
                words={"constant": constant.text, "reading": constant.reading, "path": edges[0]},
                cost=constant.cost + 0.1,
            )
            for constant in readings(body, 1 + t)
        ]

    twice = dict.fromkeys(edges, lambda r, s, i: 2 * r.part(s, i))
    return Change(CONSTANT, edges=twice, words={"path": edges[0]}, solve=solve)


def _part_times(constant: Constant) -> EdgeRule:
    return lambda replay, s, i: replay.part(s, i) * constant.value(replay.body)


def _arrays(body: Anatomy) -> Iterator[Change]:
    """Any recorded array of the same shape as a factor, and a factor of a product left out."""
    named = [step.index for step in body.steps if step.index in body.spoken]
    for index in [*body.stations, *body.params]:
        for other in named:
            if body.steps[other].shape == body.steps[index].shape:
                yield Change(EXTRA_FACTOR, steps={index: _by(other)}, words={"other": other}, cost=1.3)
    for step in body.steps:
        if step.kind in ("mul", "div") and step.tracked:
            yield from _left_out(body, step)
        if step.kind == "mean" and step.tracked and step.primal.size > 1:
            yield _sum_for_mean(body, step)


def _left_out(body: Anatomy, step: Step) -> Iterator[Change]:
    """The other factor of a product, or a number by which it is multiplied or divided."""
    for i, arg in enumerate(step.args):
        other: Step = body.steps[step.args[1 - i]]
        if not body.steps[arg].tracked:
            continue
        if step.kind == "mul" and (other.primal.size > 1 or arg in body.params):
            words = {"other": other.index, "why": _OF_PRODUCT}
            kinds = () if other.tracked or other.primal.size == 1 else ("product with a constant array",)
            yield Change(FACTOR_MISSING, {(step.index, i): _alone}, words=words, cost=0.98, kinds=kinds)
        elif other.primal.size == 1 and not other.tracked and (i == 0 or step.kind == "mul"):
            number = float(other.primal.flat[0])
            if not (number and (readings(body, number) or readings(body, 1 / number))):
                text = f"{number:.6g}" if step.kind == "mul" else f"1 / {number:.6g}"
                words = {"other": text, "why": _OF_PRODUCT}
                yield Change(FACTOR_MISSING, {(step.index, i): _alone}, words=words, cost=1.25)


def _sum_for_mean(body: Anatomy, step: Step) -> Change:
    """The 1 / n left out that a mean hands back to each of its n entries."""

    def rule(replay: Replay, s: int, i: int) -> Array:
        part = replay.part(s, i)
        return part * (part.size / replay.primal(s).size)

    count = body.steps[step.args[0]].primal.size // max(step.primal.size, 1)
    words = {"other": f"1 / {count}", "why": f"each of the {count} entries is a part of 1 / {count} of their mean"}
    return Change(FACTOR_MISSING, {(step.index, 0): rule}, words=words, cost=1.25, kinds=("mean",))


def _by(other: int) -> StepRule:
    def rule(replay: Replay, index: int, value: Array) -> Array:
        factor = replay.primal(other)
        if factor.shape != value.shape:
            raise Inapplicable("shapes differ")
        return value * factor

    return rule


def _alone(replay: Replay, s: int, i: int) -> Array:
    """The contribution of a product as if the other factor were 1."""
    g = replay.handed(s)
    return replay.part(s, i, swap={1 - i: np.ones_like(g)})
