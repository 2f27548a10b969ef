"""Retell a recorded graph in fewer steps: ``1 / (1 + exp(-z))`` is one step to whoever derives by hand, a sigmoid.

What a stretch of steps computes is recognised by its numbers, value and derivative, however it was written. A stretch
that is nothing known stays as it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.doctor.steps import Array, Step, Steps, fit, pull
from autograd.primitive import Primitive
from autograd.primitives import elementwise, reductions

LONGEST = 16
"""Of how many steps a stretch may consist."""


class Known(NamedTuple):
    """A function that a stretch may turn out to be."""

    primitive: Primitive
    params: dict[str, Any]


KNOWN = (
    Known(elementwise.sigmoid, {}),
    Known(elementwise.tanh, {}),
    Known(elementwise.relu, {}),
    Known(reductions.softmax, {"axis": -1}),
    Known(reductions.softmax, {"axis": 0}),
    Known(reductions.log_softmax, {"axis": -1}),
    Known(reductions.log_softmax, {"axis": 0}),
    Known(elementwise.softplus, {}),
    Known(elementwise.silu, {}),
    Known(elementwise.elu, {}),
    *(Known(elementwise.leaky_relu, {"negative_slope": slope}) for slope in (0.01, 0.1, 0.2, 0.05, 0.3, 0.001)),
    Known(elementwise.gelu, {}),
)
ACTIVATIONS = frozenset(known.primitive.name for known in KNOWN)
"""The names of what follows a layer."""

_COUPLED = ("softmax", "log_softmax")
_PIECEWISE = ("relu", "leaky_relu", "elu")


def retold(steps: Steps, keep: frozenset[int] = frozenset()) -> Steps:
    """The same computation with every stretch that is a known function as one step.

    Parameters
    ----------
    steps : Steps
    keep : frozenset of int
        Steps that are spoken of, and so must stay.
    """
    found: dict[int, tuple[Known, int]] = {}
    hidden: set[int] = set()
    for step in reversed(steps[:]):
        if step.index in hidden or not step.tracked or step.primitive is None or step.kind in ACTIVATIONS:
            continue
        for start, inside in reversed(list(_stretches(steps, step))):
            if inside & (keep | hidden) or _seen_outside(steps, inside, step.index):
                continue
            known = _recognised(steps, start, step.index, inside)
            if known is not None:
                found[step.index] = known, start
                hidden |= inside
                break
    return _without(steps, found, hidden)


def _stretches(steps: Steps, end: Step) -> Iterator[tuple[int, set[int]]]:
    """Yield each earlier step that all gradient from ``end`` must pass, and the steps between."""
    frontier, inside = {arg for arg in end.args if steps[arg].tracked}, set[int]()
    for _ in range(LONGEST):
        if not frontier:
            return
        newest = max(frontier)
        if len(frontier) == 1 and steps[newest].shape == end.shape:
            yield newest, set(inside)
        if steps[newest].primitive is None:
            return
        frontier.remove(newest)
        inside.add(newest)
        frontier |= {arg for arg in steps[newest].args if steps[arg].tracked}


def _seen_outside(steps: Steps, inside: set[int], end: int) -> bool:
    return any(user not in inside and user != end for index in inside for user, _ in steps.uses[index])


def _recognised(steps: Steps, start: int, end: int, inside: set[int]) -> Known | None:
    x, out = steps[start].primal, steps[end].primal
    if not x.size or not (np.isfinite(x).all() and np.isfinite(out).all()):
        return None
    sample = slice(0, 64)
    slope: Array | None = None
    for known in KNOWN:
        if known.primitive.name in _COUPLED:
            if not x.ndim or x.shape[known.params["axis"]] < 2 or (known.params["axis"] == 0 and x.ndim != 2):
                continue
        elif not _close(known.primitive.function(x.ravel()[sample], **known.params), out.ravel()[sample]):
            continue
        if known.primitive.name in _PIECEWISE and not _bends(steps, inside | {end}, x):
            continue
        value = known.primitive.function(x, **known.params)
        if not _close(value, out):
            continue
        if slope is None:
            g = np.random.default_rng(0).uniform(0.5, 1.5, size=out.shape)
            slope = _pulled(steps, start, end, inside, g)
        if known.primitive.name not in (*_COUPLED, *_PIECEWISE) and _holds_data(steps, inside | {end}):
            continue
        if known.primitive is reductions.log_softmax and _softmax_in(steps, inside, x, known):
            continue
        step = Step(0, out, known.primitive, (start,), known.params, True, None)
        if _close(pull(step, 0, g, out, [x]), slope):
            return known
    return None


def _holds_data(steps: Steps, inside: set[int]) -> bool:
    """Whether a stretch takes in more than the numbers of a formula: -log(1 - a) with a target of 0 is no softplus."""
    constants = [steps[arg].primal for index in inside for arg in steps[index].args if not steps[arg].tracked]
    return any(constant.ndim > 0 or constant == 0 for constant in constants)


def _softmax_in(steps: Steps, inside: set[int], x: Array, known: Known) -> bool:
    """Whether log(softmax(x)) was written in these two steps: then people speak of both."""
    softmax = reductions.softmax.function(x, **known.params)
    return any(steps[index].shape == x.shape and _close(steps[index].primal, softmax) for index in inside)


def _bends(steps: Steps, inside: set[int], x: Array) -> bool:
    """Whether a stretch can have a kink at 0; on positive numbers alone even a transposition looks like a relu."""
    positive = x > 0

    def masks(step: Step) -> bool:
        constants = [steps[arg].primal for arg in step.args if not steps[arg].tracked and steps[arg].shape == x.shape]
        return step.kind == "mul" and any(
            len(set(mask[positive])) == len(set(mask[~positive])) == 1 < len(set(mask.flat)) for mask in constants
        )

    return any(steps[i].kind in ("maximum", "minimum", "select", "abs", "relu") or masks(steps[i]) for i in inside)


def _close(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-12))


def _pulled(steps: Steps, start: int, end: int, inside: set[int], g: Array) -> Array:
    """What the rules between two steps make of a cotangent."""
    values = {end: g}
    for index in sorted({end, *inside}, reverse=True):
        if index not in values:
            continue
        step, g = steps[index], values.pop(index)
        primals = steps.primals(step)
        for i, arg in enumerate(step.args):
            if steps[arg].tracked:
                part = fit(pull(step, i, g, step.primal, primals), steps[arg].primal)
                values[arg] = values[arg] + part if arg in values else part
    return values[start]


def _without(steps: Steps, found: dict[int, tuple[Known, int]], hidden: set[int]) -> Steps:
    """The steps with stretches replaced, and without what nobody needs any more."""
    needed = {steps.root}
    for step in reversed(steps[:]):
        if step.index in needed:
            needed |= {found[step.index][1]} if step.index in found else set(step.args)
    number = {index: i for i, index in enumerate(sorted(needed))}
    kept = []
    for index in sorted(needed):
        step = steps[index]
        primitive, args, params = step.primitive, step.args, step.params
        if index in found:
            known, start = found[index]
            primitive, args, params = known.primitive, (start,), known.params
        args = tuple(number[arg] for arg in args)
        kept.append(Step(number[index], step.primal, primitive, args, params, step.tracked, step.label))
    place = {serial: number[index] for serial, index in steps.place.items() if index in number}
    return Steps(kept, place)
