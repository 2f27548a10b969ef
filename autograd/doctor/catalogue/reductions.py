"""Mistakes in summing over examples: a mean for a sum, the wrong axis, no sum at all, a sum too early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from autograd.doctor.anatomy import Anatomy, Layer
from autograd.doctor.replay import Change, EdgeRule, Inapplicable, Mistake, Replay, StepRule
from autograd.doctor.steps import Array, Edge

MEAN_FOR_SUM = Mistake(
    "mean-for-sum",
    "a mean over the examples where the sum is due",
    "{claim} takes the mean over the examples, where every example adds its part. Write {right}.",
)
WRONG_AXIS = Mistake(
    "wrong-axis",
    "the sum (or the mean) is taken over the wrong axis: over units instead of examples",
    "{claim} takes the {how} over axis {axis}, the units, where the sum over axis {true_axis}, the examples, is "
    "due.{aside} Write {right}.",
)
_BY_CHANCE = " The shapes fit only because there are as many examples as units."
SUMMED_OVER_EVERYTHING = Mistake(
    "summed-over-everything",
    "the sum (or the mean) is taken over all axes, so that all units get the same number",
    "{claim} takes the {how} over everything, so that all units share one number. Write {right}.",
)
NOT_SUMMED = Mistake(
    "not-summed",
    "broadcasting is not undone: one row for every example is left",
    "{claim} keeps one gradient for every example; it was used for all of them, so their gradients add up. Write "
    "{right}.",
)
SUMMED_EARLY = Mistake(
    "summed-early",
    "examples are summed (or averaged) too early, or twice: before each was multiplied by its own activation",
    "{claim} builds on {delta} {how} over the examples: each example needs its own, until the last sum.",
)
ONE_EXAMPLE = Mistake(
    "one-example",
    "only one example is left: in a loop over the examples = stands for +=",
    "{claim} is the gradient of the {which} example alone: in a loop over the examples, add up with += instead of =.",
)


def reductions(body: Anatomy) -> Iterator[Change]:
    """Other reductions at every bias, and sums over examples at other places."""
    for step in body.steps:
        if step.primitive is None or not step.tracked:
            continue
        for i, arg in enumerate(step.args):
            target = body.steps[arg]
            if target.tracked and body.picked_from(arg) is not None and step.kind in ("add", "sub", "mul", "div"):
                yield from _of_broadcast(body, step.index, i)
    if body.axis is not None:
        for index in body.stations:
            if index == body.steps.root or len(body.steps[index].shape) < 2:
                continue
            for how, reduce in (("summed", np.sum), ("averaged", np.mean)):
                words = {"delta": ("delta", index), "how": how}
                yield Change(
                    SUMMED_EARLY, steps={index: _early(reduce)}, words=words, kinds=(f"delta/{how}",), cost=1.2
                )
        last = body.last
        if last is not None and body.examples > 1:
            for which, place in (("last", -1), ("first", 0)):
                yield Change(ONE_EXAMPLE, steps={last.z: _only(place)}, words={"which": which}, cost=1.15)
                for layer in body.layers:
                    for s, i in _own_edges(body, layer):
                        kinds = (f"parameter/{which}", f"{'weight' if s == layer.product else 'bias'}/{which}")
                        yield Change(
                            ONE_EXAMPLE, {(s, i): _part_of(place)}, words={"which": which}, cost=1.2, kinds=kinds
                        )


def _of_broadcast(body: Anatomy, s: int, i: int) -> Iterator[Change]:
    """Whatever else than the sum over the right axes a broadcast argument may get."""
    wide, narrow = body.steps[s].shape, body.steps[body.steps[s].args[i]].shape
    true = broadcast_axes(wide, narrow)
    if wide == narrow and body.examples == 1 and body.axis is not None and len(wide) > body.axis:
        true = (body.axis,)  # one example, as a column: nothing is broadcast, but people sum all the same
    if not true:
        return
    for count in range(len(wide) + 1):
        for axes in combinations(range(len(wide)), count):
            for how in ("sum", "mean"):
                if (axes == true and how == "sum") or (not axes and how == "mean"):
                    continue
                mistake, cost = WRONG_AXIS, 1.0
                if axes == true:
                    mistake, cost = MEAN_FOR_SUM, 0.95
                elif not axes:
                    mistake = NOT_SUMMED
                elif len(axes) == len(wide):
                    mistake = SUMMED_OVER_EVERYTHING
                words = {"how": how, "axis": _listed(axes), "true_axis": _listed(true), "right": ("formula", None)}
                by_chance = tuple(n for k, n in enumerate(wide) if k not in axes) == narrow
                yield Change(
                    mistake,
                    {(s, i): _reduced(axes, how)},
                    words={**words, "aside": _BY_CHANCE if by_chance else ""},
                    kinds=(f"bias/{how} {axes}",),
                    cost=cost,
                )


def broadcast_axes(wide: tuple[int, ...], narrow: tuple[int, ...]) -> tuple[int, ...]:
    """The axes along which ``narrow`` is repeated to give ``wide``."""
    new = len(wide) - len(narrow)
    return (*range(new), *(new + i for i, n in enumerate(narrow) if n == 1 and wide[new + i] != 1))


def _listed(axes: tuple[int, ...]) -> str:
    return " and ".join(map(str, axes))


def _reduced(axes: tuple[int, ...], how: str) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        raw = replay.raw(s, i)
        if raw.shape != replay.steps[s].shape:
            raise Inapplicable("the rule gives no array of the result's shape")
        return np.asarray(getattr(np, how)(raw, axis=axes)) if axes else raw

    return rule


def _early(reduce: Callable[..., Array]) -> StepRule:
    def rule(replay: Replay, index: int, value: Array) -> Array:
        return np.broadcast_to(reduce(value, axis=replay.body.axis, keepdims=True), value.shape)

    return rule


def _own_edges(body: Anatomy, layer: Layer) -> list[Edge]:
    """The edges by which gradient comes back to the parameters of a layer."""
    found = [(layer.product, layer.side)]
    found += [edge for edge in body.steps.uses[layer.bias] if edge[0] == layer.z] if layer.bias is not None else []
    return [(s, i) for s, i in found if body.steps[body.steps[s].args[i]].primitive is None]


def _part_of(place: int) -> EdgeRule:
    """What one example contributes."""
    only = _only(place)
    return lambda replay, s, i: replay.part(s, i, g=only(replay, s, replay.handed(s)))


def _only(place: int) -> StepRule:
    def rule(replay: Replay, index: int, value: Array) -> Array:
        axis = replay.body.axis
        kept = np.zeros_like(value)
        chosen = tuple(place if k == axis else slice(None) for k in range(value.ndim))
        kept[chosen] = value[chosen]
        return kept

    return rule
