"""Mistakes about the loss: the delta of another loss, the error left out, the targets turned round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

import autograd
from autograd.doctor.anatomy import LOSSES, Anatomy
from autograd.doctor.catalogue import activations
from autograd.doctor.head import Head, other_delta
from autograd.doctor.replay import Change, EdgeRule, Inapplicable, Mistake, Replay, StepRule
from autograd.doctor.steps import Array, Step

CROSS_ENTROPY_DELTA = Mistake(
    "cross-entropy-delta",
    "the delta of cross-entropy (output - target) in a network with another loss",
    "{claim} starts from {a} - {y}, which is the delta of cross-entropy; the loss here is {loss}. Write {right}.",
)
SQUARES_DELTA = Mistake(
    "squares-delta",
    "the delta of the squared error, (output - target) * sigma'(z), in a network with cross-entropy",
    "{claim} starts from the delta of the squared error, ({a} - {y}) times the derivative of {f}; the loss here is "
    "{loss}, whose delta is {right}.",
)
OTHER_LOSS = Mistake(
    "other-loss",
    "the delta of another loss than the one that is computed",
    "{claim} starts from the delta of {other}; the loss here is {loss}. Write {right}.",
)
ERROR_MISSING = Mistake(
    "error-missing",
    "the factor (output - target), which the square leaves behind, is left out",
    "{claim} lacks the factor ({a} - {y}), which the square leaves behind: without it the target plays no part. Write "
    "{right}.",
)
SOFTMAX_AXIS = Mistake(
    "softmax-axis",
    "the softmax is taken over the wrong axis: over the examples instead of the classes",
    "{claim} starts from a softmax over axis {axis}, the examples; the classes stand along axis {true_axis}. Write "
    "{right}.",
)
LABELS_SWAPPED = Mistake(
    "labels-swapped",
    "the targets are turned round: 1 - Y for Y, or the classes in reverse order",
    "{claim} is the gradient for other targets: {how}.",
)
ONLY_ERROR = Mistake(
    "target-missing",
    "the target is left out of the error",
    "{claim} has {a} where ({a} - {y}) belongs: the target is left out. Write {right}.",
)


_OF_SIGMOID = "binary cross-entropy, with a sigmoid of each output by itself"


def losses(body: Anatomy) -> Iterator[Change]:
    """Other deltas at the last z."""
    last, head = body.last, body.head_known
    yield from _log_sigmoids(body)
    if last is None or head is None:
        yield from _squares(body)
    if last is None or not body.target_arrays():
        return
    assert head is None or isinstance(head, Head)
    words = {
        "a": ("output",),
        "y": ("target",),
        "loss": head.loss if head else "another",
        "f": last.z,
        "right": ("formula", last.z),
    }

    def starting(mistake: Mistake, rule: StepRule, cost: float, **more: str) -> Change:
        return Change(mistake, steps={last.z: rule}, words={**words, **more}, cost=cost)

    if head is not None:
        yield from _lost_brackets(body, head, starting)
    squared = head is None or head.loss == "squares"
    own = body.output_functions()[0]
    for scale, far in ((1.0, 0.0), (0.5 if squared else 2.0, 0.1)):  # the 2 of the square goes with it, or stays
        for loss, function in ((loss, function) for loss in LOSSES for function in dict.fromkeys((own, ""))):
            if (function == own or loss == "squares") and (
                head is None or (loss, function) != (head.loss, head.function)
            ):
                mistake, cost = (
                    (SQUARES_DELTA, 1.0) if own and (loss, function) == ("squares", own) else (OTHER_LOSS, 1.2)
                )
                yield starting(mistake, _delta(loss, function, scale), cost + far, other=loss)
        if own == "softmax":
            yield starting(OTHER_LOSS, _delta("binary cross-entropy", "sigmoid", scale), 1.25 + far, other=_OF_SIGMOID)
        yield starting(CROSS_ENTROPY_DELTA, _difference(scale), 1.02 + far)
    if not squared and own in ("softmax", "log_softmax"):
        yield starting(SQUARES_DELTA, _elementwise, 1.05)
    if squared:
        yield starting(ERROR_MISSING, _without_error, 1.0)
    yield starting(ONLY_ERROR, _without_target, 1.2)
    if head is not None and (head.loss, head.function) == ("cross-entropy", "softmax") and body.axis is not None:
        yield starting(SOFTMAX_AXIS, _other_softmax, 1.1, axis=str(body.axis), true_axis=str(1 - body.axis))
    for how, turn in _TURNS:
        yield Change(LABELS_SWAPPED, reads=_turned(turn), words={**words, "how": how}, cost=1.1)
        if callable(turn) and head is not None and (head.loss, head.function) == ("cross-entropy", "softmax"):
            yield starting(LABELS_SWAPPED, _difference(1.0, turn), 1.1, how=how)


_TURNS: tuple[tuple[str, Callable[[Array], Array] | str], ...] = (
    ("1 - {y} for {y}", lambda y: 1 - y),
    ("-{y} for {y}, as if {a} + {y} were the error and not {a} - {y}", lambda y: -y),
    ("the classes in reverse order", "classes"),
    ("the targets of the examples in reverse order", "examples"),
)


def _squares(body: Anatomy) -> Iterator[Change]:
    """The error left out at every square of a difference, where no layer and no loss are known."""
    for step in body.steps:
        if step.kind == "square" or (step.kind == "raise_to" and step.params.get("exponent") == 2):
            difference: Step = body.steps[step.args[0]]
            if difference.tracked and difference.kind == "sub":
                words = {"a": difference.args[0], "y": difference.args[1], "right": ("formula", difference.index)}
                yield Change(ERROR_MISSING, {(step.index, 0): lambda r, s, i: 2 * r.handed(s)}, words=words)


def _log_sigmoids(body: Anatomy) -> Iterator[Change]:
    """The 1 left out of a - 1, the delta of -log(a): what is wanted to be 1 is treated as what is wanted to be 0."""
    for step in body.steps:
        a = step.args[0] if step.kind == "log" else None
        if a is not None and body.steps[a].kind == "sigmoid" and len(body.steps.uses[a]) == 1:
            words = {"a": a, "y": "1", "right": ("formula", body.steps[a].args[0])}
            yield Change(ONLY_ERROR, {(a, 0): _as_for_zero(step.index)}, words=words)


def _as_for_zero(log: int) -> EdgeRule:
    return lambda replay, s, i: -replay.handed(log) * replay.primal(s)


def _delta(loss: str, function: str, scale: float) -> StepRule:
    return lambda replay, index, value: _finite(scale * other_delta(replay, loss, function), value)


def _lost_brackets(body: Anatomy, head: Head, starting: Callable[..., Change]) -> Iterator[Change]:
    """The error without its brackets: 2 * a - y / m for 2 * (a - y) / m, the derivative before or after it."""
    last = body.last
    assert last is not None
    through = (head.loss, last.activation is not None) == ("squares", True)
    if not through and head.loss == "absolute":
        return

    def rule(split: Callable[[float], tuple[float, float]], slope_first: bool) -> StepRule:
        def delta(replay: Replay, index: int, value: Array) -> Array:
            _, factor, a, y = _head(replay)
            before, after = split(factor)
            slope = _through(replay, np.ones_like(a)) if through else np.ones_like(a)
            return _finite(
                before * (slope * a if slope_first else a) - after * (y if slope_first else y * slope), value
            )

        return delta

    for split in (lambda c: (1.0, c)), (lambda c: (c, 1.0)), (lambda c: (2.0, c / 2)):
        for slope_first in (False, True) if through else (False,):
            yield starting(activations.LOST_BRACKETS, rule(split, slope_first), 1.25, total="{a} - {y}")


def _finite(delta: Array, value: Array) -> Array:
    if delta.shape != value.shape or not np.isfinite(delta).all():
        raise Inapplicable("no such delta here")
    return delta


def _head(replay: Replay) -> tuple[str, float, Array, Array]:
    """The name of the loss, its factor, the output and the target."""
    body = replay.body
    head: Head | None = body.head_known
    if head is None:
        return "", 1.0, body.activated(body.output_functions()[0]), body.target_arrays()[0]
    return head.loss, head.factor, body.activated(head.function), body.target_arrays()[head.target]


def _difference(scale: float, turn: Callable[[Array], Array] = np.asarray) -> StepRule:
    def rule(replay: Replay, index: int, value: Array) -> Array:
        _, factor, a, y = _head(replay)
        return _finite(scale * factor * (a - turn(y)), value)

    return rule


def _elementwise(replay: Replay, index: int, value: Array) -> Array:
    """The error times the derivative of a softmax, as if it worked on each entry by itself."""
    _, factor, a, y = _head(replay)
    return _finite(factor * (a - y) * a * (1 - a), value)


def _other_softmax(replay: Replay, index: int, value: Array) -> Array:
    _, factor, _, y = _head(replay)
    return _finite(factor * (np.asarray(autograd.softmax(replay.primal(index), axis=replay.body.axis)) - y), value)


def _through(replay: Replay, error: Array) -> Array:
    """An error at the output, taken back through the last activation."""
    last = replay.body.last
    assert last is not None
    return error if last.activation is None else replay.part(last.activation, 0, g=error)


def _without_error(replay: Replay, index: int, value: Array) -> Array:
    _, factor, a, _ = _head(replay)
    last = replay.body.last
    if last is not None and last.activation is not None and "softmax" in replay.steps[last.activation].kind:
        raise Inapplicable("a softmax of equal errors gives nothing")
    return _finite(factor * _through(replay, np.ones_like(a)), value)


def _without_target(replay: Replay, index: int, value: Array) -> Array:
    loss, factor, a, _ = _head(replay)
    return _finite(factor * (_through(replay, a) if loss in ("", "squares") else a), value)


def _turned(turn: Callable[[Array], Array] | str) -> Callable[[Anatomy], Mapping[int, Array]]:
    def reads(body: Anatomy) -> Mapping[int, Array]:
        """The forward values that other targets would give, but for the network's output."""
        steps, output = body.steps, body.output
        if output is None:
            raise Inapplicable("no output")
        new: dict[int, Array] = {}
        shape = steps[output].shape
        for index in body.targets:
            y = steps[index].primal
            if callable(turn):
                new[index] = -turn(-y) if np.all(y <= 0) else turn(y)  # -Y may be what was recorded
                continue
            straight = y if y.shape == shape else y.T
            axis = body.axis if turn == "examples" else (None if body.axis is None else 1 - body.axis)
            if axis is None or straight.ndim != 2:
                raise Inapplicable("no axis to turn")
            turned = np.flip(straight, axis)
            new[index] = turned if y.shape == shape else turned.T
        for index in sorted(body.head):
            step = steps[index]
            if any(arg in new for arg in step.args):
                primals = [new.get(arg, steps[arg].primal) for arg in step.args]
                new[index] = np.asarray(step.primitive.function(*primals, **step.params))
        return new

    return reads
