"""Mistakes in the derivative of a function of one argument: at the wrong place, of the wrong function, left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import autograd
from autograd.doctor.anatomy import Anatomy
from autograd.doctor.mutation import slips
from autograd.doctor.replay import Change, EdgeRule, Mistake, Replay
from autograd.doctor.retell import ACTIVATIONS
from autograd.doctor.steps import Array, Step, pull
from autograd.primitive import Primitive

AT_OUTPUT = Mistake(
    "at-output",
    "the derivative is taken at the output of the function instead of its input: sigma'(a) for sigma'(z)",
    "{claim} uses {f}'({a}): {a} is already {f}({z}). Write {slope}, or {f}'({z}).",
)
AT_INPUT = Mistake(
    "at-input",
    "the formula for the output is fed with the input: z * (1 - z) for a * (1 - a)",
    "{claim} puts {z} where the derivative of {f} is written in terms of its output {a}. Write {slope}, or {f}'({z}).",
)
OTHER_FUNCTION = Mistake(
    "other-function",
    "the derivative of another function: tanh' in a network of sigmoids",
    "{claim} uses the derivative of {other} where the network has {f}. Write {slope}, or {f}'({z}).",
)
SOFTMAX_ELEMENTWISE = Mistake(
    "softmax-elementwise",
    "softmax is treated like a function of each entry by itself: a * (1 - a), without the other classes",
    "{claim} multiplies by {a} * (1 - {a}), as if softmax worked on each entry by itself. Every output depends on every "
    "entry of {z}: write {slope}.",
)
DERIVATIVE_MISSING = Mistake(
    "derivative-missing",
    "a local derivative is left out: the delta of a layer without sigma'(z)",
    "{claim} lacks the derivative of {f} at {z}: multiply by {slope}, which is {f}'({z}).{aside}",
)
DERIVATIVE_TWICE = Mistake(
    "derivative-twice",
    "a local derivative is multiplied in twice",
    "{claim} has the derivative of {f} at {z} twice: {slope} belongs there once.",
)
DERIVATIVE_SLIP = Mistake(
    "derivative-slip",
    "a slip in a derivative: a factor, a square or a sign of it is lost",
    "{claim} has a slip in the derivative of {f}: a {lost} is wrong or lost ({wrote}). Write {slope}, or {f}'({z}).",
)
WRONG_PLACE = Mistake(
    "wrong-place",
    "the derivative is taken at another layer's values: sigma'(z1) for sigma'(z2)",
    "{claim} takes the derivative of {f} at {other}, but it belongs at {z}. Write {slope}, or {f}'({z}).",
)
MASK_OF_GRADIENT = Mistake(
    "mask-of-gradient",
    "relu's mask is taken from the incoming gradient, or from the wrong side, instead of from z > 0",
    "{claim} masks where {masked}; relu lets the gradient pass where {z} > 0. Write {slope}.",
)

LINEAR = frozenset(("add", "sub", "neg", "positive", "mul", "transpose", "reshape", "broadcast_to", "sum_to", "getitem",
                    "scatter", "sum", "mean", "matmul", "concat", "select", "contract", "running_sum"))  # fmt: skip
"""Operations whose derivative does not depend on where it is taken (or not in the way meant here)."""

OTHERS: tuple[Primitive, ...] = (autograd.sigmoid, autograd.tanh, autograd.relu, autograd.softplus)  # type: ignore[assignment]


def functions_of_one(body: Anatomy) -> Iterator[tuple[Step, int]]:
    """Yield each step that is a curved function of one tracked argument of its own shape, and which argument it is."""
    for step in body.steps:
        if step.primitive is None or not step.tracked or step.kind in LINEAR:
            continue
        tracked = [i for i, arg in enumerate(step.args) if body.steps[arg].tracked]
        if len(tracked) == 1 and body.steps[step.args[tracked[0]]].shape == step.shape:
            yield step, tracked[0]


def kinds_of(body: Anatomy, step: Step) -> tuple[str, ...]:
    """Of what a mistake at this step may have been made everywhere."""
    if step.kind not in ACTIVATIONS:
        return (step.kind,)
    hidden = body.last is None or step.index != body.last.activation
    return (step.kind, "activation", *(("hidden activation",) if hidden else ()))


def activations(body: Anatomy) -> Iterator[Change]:
    """Mistakes in the derivatives of activations, and of exp, log and other curved functions."""
    for step, i in functions_of_one(body):
        kinds = kinds_of(body, step)
        s, x = step.index, step.args[i]
        words = {"f": step.index, "z": x, "a": s, "slope": ("slope", s, i)}
        known = step.kind in ACTIVATIONS
        coupled = "softmax" in step.kind

        def change(
            mistake: Mistake,
            rule: EdgeRule,
            cost: float = 1.0,
            edge: tuple[int, int] = (s, i),
            kinds: tuple[str, ...] = kinds,
            words: dict[str, object] = words,  # type: ignore[assignment]
            **more: object,
        ) -> Change:
            return Change(mistake, {edge: rule}, words={"aside": "", **words, **more}, kinds=kinds, cost=cost)

        yield change(AT_OUTPUT, _at_output)
        yield change(AT_INPUT, _at_input, 1.05)
        aside = ""
        if body.head_known is not None and body.last is not None and s == body.last.activation:
            aside = ("aside", s)  # type: ignore[assignment]
        yield change(DERIVATIVE_MISSING, lambda r, s, i: r.handed(s), 1.0 if known else 1.2, aside=aside)
        if not coupled:
            yield change(DERIVATIVE_TWICE, lambda r, s, i: r.part(s, i, g=r.part(s, i)), 1.15)
        if len(step.args) == 1 and not coupled:
            for slip in slips(step, body.steps[x].primal):
                evaluate = slip.evaluate
                yield change(
                    DERIVATIVE_SLIP,
                    lambda r, s, i, evaluate=evaluate: _slipped(r, s, i, evaluate),  # type: ignore[misc]
                    1.2,
                    lost=slip.lost,
                    wrote=("slip", s, i, evaluate),
                    kinds=tuple(f"{kind}/{slip.lost}" for kind in kinds),
                )
        if known:
            yield from _of_others(body, step, i, change)  # type: ignore[arg-type]
        if step.kind == "relu":
            for masked, keep in (("the gradient", lambda g, x: g > 0), ("the output is not positive", lambda g, x: x <= 0)):
                yield change(
                    MASK_OF_GRADIENT,
                    lambda r, s, i, keep=keep: r.handed(s) * keep(r.handed(s), r.primal(s)),  # type: ignore[misc]
                    1.1,
                    masked=masked,
                    kinds=tuple(f"{kind}/{masked}" for kind in kinds),
                )


def _of_others(body: Anatomy, step: Step, i: int, change: object) -> Iterator[Change]:
    """The derivative of another function here, and of this function at another place."""
    make: object = change
    assert callable(make)
    coupled = "softmax" in step.kind
    for other in OTHERS:
        if other.name == step.kind:
            continue
        mistake = SOFTMAX_ELEMENTWISE if coupled and other.name == "sigmoid" else OTHER_FUNCTION
        for fed, cost in (("a", 1.0 if mistake is SOFTMAX_ELEMENTWISE else 1.1), ("z", 1.1), ("at a", 1.5)):
            rule = _other(other, fed)
            kinds = tuple(f"{kind}/{other.name} {fed}" for kind in kinds_of(body, step))
            yield make(mistake, rule, cost, kinds=kinds, other=other.name)
    for elsewhere, j in functions_of_one(body):
        if elsewhere.kind == step.kind and elsewhere.index != step.index and elsewhere.shape == step.shape:
            yield make(
                WRONG_PLACE,
                _elsewhere(elsewhere.index, j),
                1.2,
                kinds=(),
                other=elsewhere.args[j],
            )


def _at_output(replay: Replay, s: int, i: int) -> Array:
    out = replay.primal(s)
    return replay.part(s, i, out=_applied(replay, s, i, out), swap={i: out})


def _at_input(replay: Replay, s: int, i: int) -> Array:
    x = replay.primal(replay.steps[s].args[i])
    return replay.part(s, i, out=x, swap={i: x})


def _applied(replay: Replay, s: int, i: int, x: Array) -> Array:
    """The function of a step, of something else."""
    step: Step = replay.steps[s]
    assert step.primitive is not None
    primals = [replay.primal(arg) for arg in step.args]
    primals[i] = x
    return np.asarray(step.primitive.function(*primals, **step.params))


def _slipped(replay: Replay, s: int, i: int, evaluate: EdgeRule) -> Array:
    step: Step = replay.steps[s]
    return np.asarray(evaluate(replay.handed(s), replay.primal(s), replay.primal(step.args[i])))  # type: ignore[arg-type]


def _other(primitive: Primitive, fed: str) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        x, a = replay.primal(replay.steps[s].args[i]), replay.primal(s)
        x, out = {"a": (a, a), "z": (x, primitive.function(x)), "at a": (a, primitive.function(a))}[fed]
        step = Step(0, out, primitive, (0,), {}, True, None)
        return pull(step, 0, replay.handed(s), np.asarray(out), [x])

    return rule


def _elsewhere(other: int, j: int) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        x = replay.primal(replay.steps[other].args[j])
        return replay.part(s, i, out=replay.primal(other), swap={i: x})

    return rule
