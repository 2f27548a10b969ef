"""Mistakes in the derivative of a function of one argument: at the wrong place, of the wrong function, left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.mutation import lost_brackets, slips
from autograd.doctor.replay import Change, EdgeRule, Mistake, Replay
from autograd.doctor.retell import ACTIVATIONS
from autograd.doctor.steps import Array, Step, pull
from autograd.primitive import Primitive
from autograd.primitives import elementwise

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
    "softmax is treated like a function of each entry by itself: a * (1 - a), or a, without the other classes",
    "{claim} multiplies by {wrote}, as if softmax worked on each entry by itself. Every output depends on every entry "
    "of {z}: write {slope}.",
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
LOST_BRACKETS = Mistake(
    "lost-brackets",
    "the brackets around a sum are lost: d * a * 1 - a for d * a * (1 - a), or a - y / m for (a - y) / m",
    "{claim} has lost the brackets of ({total}): what stands before them is multiplied with the first term alone, and "
    "what stands after them with the last. Write {right}.",
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

OTHERS = (elementwise.sigmoid, elementwise.tanh, elementwise.relu, elementwise.softplus)


def functions_of_one(body: Anatomy) -> Iterator[tuple[Step, int]]:
    """Yield each step that is a curved function of one tracked argument of its own shape, and which argument it is."""
    for step in body.steps:
        if step.primitive is None or not step.tracked or step.kind in LINEAR:
            continue
        tracked = [i for i, arg in enumerate(step.args) if body.steps[arg].tracked]
        if step.kind == "div" and tracked == [0]:
            continue
        if len(tracked) == 1 and body.steps[step.args[tracked[0]]].shape == step.shape:
            yield step, tracked[0]


class _Function:
    """A function of one argument in a computation, at which mistakes are made."""

    def __init__(self, body: Anatomy, step: Step, i: int) -> None:
        self.body, self.step, self.i = body, step, i
        self.known = step.kind in ACTIVATIONS
        self.coupled = "softmax" in step.kind
        self.last = body.last is not None and step.index == body.last.activation
        self.words = {"f": step.index, "z": step.args[i], "a": step.index, "slope": ("slope", step.index, i)}

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of what a mistake here may have been made everywhere."""
        if not self.known or self.step.index in self.body.head:
            return (self.step.kind,)
        hidden = () if self.last else ("hidden activation", f"hidden {self.step.kind}")
        return (self.step.kind, "activation", *hidden)

    def change(self, mistake: Mistake, rule: EdgeRule, cost: float = 1.0, *variants: str, **words: Any) -> Change:
        """A mistake made here; only those of one variant are made everywhere together."""
        kinds = tuple(f"{kind}/{variant}" if variant else kind for kind in self.kinds for variant in variants or ("",))
        return Change(mistake, {(self.step.index, self.i): rule}, words={**self.words, **words}, kinds=kinds, cost=cost)


def activations(body: Anatomy) -> Iterator[Change]:
    """Mistakes in the derivatives of activations, and of exp, log and other curved functions."""
    for step, i in functions_of_one(body):
        at = _Function(body, step, i)
        if at.coupled:
            yield from _softmax(at)
        if step.kind == "log_softmax":
            continue
        yield at.change(AT_OUTPUT, _at_output, 1.0 if at.known else 1.05)
        yield at.change(AT_INPUT, _at_input, 1.05)
        aside = ("aside", step.index) if at.last and body.head_known is not None else ""
        yield at.change(DERIVATIVE_MISSING, lambda r, s, i: r.handed(s), 1.0 if at.known else 1.2, aside=aside)
        if not at.coupled:
            yield at.change(DERIVATIVE_TWICE, lambda r, s, i: r.part(s, i, g=r.part(s, i)), 1.15)
        yield from _slips(at)
        yield from _elsewhere_in(at)
        if at.known:
            yield from _of_others(at)
        if step.kind == "relu":
            yield from _masks(at)


def _slips(at: _Function) -> Iterator[Change]:
    """The derivative with a small thing in it wrong or lost."""
    if len(at.step.args) > 1:
        return
    x = at.body.steps[at.step.args[0]].primal
    for slip in slips(at.step, x):
        wrote = ("slip", at.step.index, at.i, slip.evaluate)
        cost = 1.25 if at.coupled else 1.2
        yield at.change(DERIVATIVE_SLIP, _written(slip.evaluate), cost, slip.lost, lost=slip.lost, wrote=wrote)
    for lost in lost_brackets(at.step, x):
        total = ("slip", at.step.index, at.i, lost.total)
        right = ("factor", at.step.index, at.i)
        yield at.change(LOST_BRACKETS, _written(lost.evaluate), 1.25, lost.name, total=total, right=right)


def _softmax(at: _Function) -> Iterator[Change]:
    """A softmax, or the logarithm of one, without the other classes."""
    of_log = at.step.kind == "log_softmax"
    slopes: tuple[Callable[[Any], Any], ...] = (lambda a: a * (1 - a), lambda a: a * 1.0)
    for slope in slopes:

        def by_hand(g: Any, out: Any, x: Any, slope: Callable[[Any], Any] = slope) -> Any:
            return slope(np.exp(out) if of_log else out)

        def rule(replay: Replay, s: int, i: int, slope: Callable[[Any], Any] = slope) -> Array:
            a = np.exp(replay.primal(s)) if of_log else replay.primal(s)
            return np.asarray(replay.handed(s) * (slope(a) / a if of_log else slope(a)))

        yield at.change(SOFTMAX_ELEMENTWISE, rule, wrote=("slip", at.step.index, at.i, by_hand))


def _masks(at: _Function) -> Iterator[Change]:
    """A relu that lets the gradient pass somewhere else."""
    sides: tuple[tuple[str, Callable[[Array, Array], Array]], ...] = (
        ("the gradient is positive", lambda g, a: g > 0),
        ("the output is not positive", lambda g, a: a <= 0),
    )
    for masked, passes in sides:
        yield at.change(MASK_OF_GRADIENT, _masked(passes), 1.1, masked, masked=masked)


def _of_others(at: _Function) -> Iterator[Change]:
    """The derivative of another function here."""
    step = at.step
    for other in OTHERS:
        if other.name == step.kind or (step.kind == "softmax" and other.name == "sigmoid"):
            continue
        rare = 0.2 if other.name == "softplus" else 0.0
        for fed, cost in (("a", 1.1 + rare), ("z", 1.1 + rare), ("at a", 1.5)):
            yield at.change(OTHER_FUNCTION, _other(other, fed), cost, f"{other.name} {fed}", other=other.name)


def _elsewhere_in(at: _Function) -> Iterator[Change]:
    """The derivative of this function at another place where it is used, even of a shape that is broadcast."""
    alike = [(step, j) for step, j in functions_of_one(at.body) if step.kind == at.step.kind]
    own = [step.index for step, _ in alike].index(at.step.index)
    for number, (elsewhere, j) in enumerate(alike):
        if number != own and _spreads(elsewhere, at.step):
            variants = f"{number - own} off", f"{(number - own) % len(alike)} round"
            yield at.change(WRONG_PLACE, _elsewhere(elsewhere.index, j), 1.2, *variants, other=elsewhere.args[j])
    for user, _ in at.body.steps.uses[at.step.index]:
        masked = at.body.steps[user]
        if masked.kind == "mul" and masked.shape == at.step.shape:
            yield at.change(WRONG_PLACE, _output_of(user), 1.2, "masked", other=user)


def _spreads(narrow: Step, wide: Step) -> bool:
    try:
        return bool(np.broadcast_shapes(narrow.shape, wide.shape) == wide.shape)
    except ValueError:
        return False


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


def _written(evaluate: Callable[[Any, Any, Any], Any]) -> EdgeRule:
    """A formula in the cotangent, the output and the input."""

    def rule(replay: Replay, s: int, i: int) -> Array:
        return np.asarray(evaluate(replay.handed(s), replay.primal(s), replay.primal(replay.steps[s].args[i])))

    return rule


def _masked(passes: Callable[[Array, Array], Array]) -> EdgeRule:
    return lambda replay, s, i: replay.handed(s) * passes(replay.handed(s), replay.primal(s))


def _other(primitive: Primitive, fed: str) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        x, a = replay.primal(replay.steps[s].args[i]), replay.primal(s)
        x, out = {"a": (a, a), "z": (x, primitive.function(x)), "at a": (a, primitive.function(a))}[fed]
        step = Step(0, out, primitive, (0,), {}, True, None)
        return pull(step, 0, replay.handed(s), np.asarray(out), [x])

    return rule


def _output_of(other: int) -> EdgeRule:
    """The formula for the output, with another array for it: with the dropped activation for the activation."""
    return lambda replay, s, i: replay.part(s, i, out=replay.primal(other), swap={i: replay.primal(other)})


def _elsewhere(other: int, j: int) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        x = replay.primal(replay.steps[other].args[j])
        return replay.part(s, i, out=replay.primal(other), swap={i: x})

    return rule
