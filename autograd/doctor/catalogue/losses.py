"""Mistakes about the loss: the delta of another loss, the error left out, the targets turned round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.head import Head, other_delta
from autograd.doctor.replay import Change, Inapplicable, Mistake, Replay, StepRule
from autograd.doctor.steps import Array

CROSS_ENTROPY_DELTA = Mistake(
    "cross-entropy-delta",
    "the delta of cross-entropy (output - target) in a network with another loss",
    "{claim} starts from {a} - {y}, which is the delta of cross-entropy; the loss here is {loss}. Write {right}.",
)
SQUARES_DELTA = Mistake(
    "squares-delta",
    "the delta of the squared error, (output - target) * sigma'(z), in a network with cross-entropy",
    "{claim} starts from the delta of the squared error, ({a} - {y}) times the derivative of {f}; the loss here is {loss}, "
    "whose delta is {right}.",
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


def losses(body: Anatomy) -> Iterator[Change]:
    """Other deltas at the last z."""
    last, head = body.last, body.head_known
    if last is None or not body.target_arrays():
        return
    words = {"a": ("output",), "y": ("target",), "loss": head.loss if head else "another", "f": last.z, "right": ("formula", last.z)}
    assert head is None or isinstance(head, Head)
    functions = list(dict.fromkeys((*body.output_functions(), "sigmoid", "softmax", "")))
    own = body.output_functions()[0]
    for loss in ("squares", "cross-entropy", "binary cross-entropy", "absolute"):
        for function in functions:
            if function != own and not (loss == "squares" and function == ""):
                continue
            if head is not None and (loss, function) == (head.loss, head.function):
                continue
            mistake, cost = OTHER_LOSS, 1.2
            if loss == "squares" and function == own and own:
                mistake, cost = SQUARES_DELTA, 1.0
            yield Change(mistake, steps={last.z: _delta(loss, function)}, words={**words, "other": loss}, cost=cost)
    yield Change(CROSS_ENTROPY_DELTA, steps={last.z: _difference}, words=words, cost=1.02)
    if head is None or head.loss == "squares":
        yield Change(ERROR_MISSING, steps={last.z: _without_error}, words=words, cost=1.0)
    yield Change(ONLY_ERROR, steps={last.z: _without_target}, words=words, cost=1.2)
    for how, turn in (
        ("1 - {y} for {y}", lambda y: 1 - y),
        ("-{y} for {y}", lambda y: -y),
        ("the classes in reverse order", None),
        ("the targets of the examples in reverse order", "examples"),
    ):
        yield Change(LABELS_SWAPPED, reads=_turned(turn), words={**words, "how": how}, cost=1.1)


def _delta(loss: str, function: str) -> StepRule:
    return lambda replay, index, value: _finite(other_delta(replay, loss, function), value)


def _finite(delta: Array, value: Array) -> Array:
    if delta.shape != value.shape or not np.isfinite(delta).all():
        raise Inapplicable("no such delta here")
    return delta


def _head(replay: Replay) -> tuple[Head | None, Array, Array]:
    """The loss, the output and the target."""
    body = replay.body
    head: Head | None = body.head_known
    function = body.output_functions()[0] if head is None else head.function
    return head, body.activated(function), body.target_arrays()[0 if head is None else head.target]


def _difference(replay: Replay, index: int, value: Array) -> Array:
    head, a, y = _head(replay)
    return _finite((1.0 if head is None else head.factor) * (a - y), value)


def _slope(replay: Replay, index: int) -> Array:
    """The derivative of the last activation."""
    last = replay.body.last
    assert last is not None
    if last.activation is None:
        return np.ones_like(replay.primal(index))
    return replay.part(last.activation, 0, g=np.ones_like(replay.primal(last.activation)))


def _without_error(replay: Replay, index: int, value: Array) -> Array:
    head, _, _ = _head(replay)
    return _finite((1.0 if head is None else head.factor) * _slope(replay, index), value)


def _without_target(replay: Replay, index: int, value: Array) -> Array:
    head, a, _ = _head(replay)
    slope = _slope(replay, index) if head is None or head.loss == "squares" else 1.0
    return _finite((1.0 if head is None else head.factor) * a * slope, value)


def _turned(turn):  # type: ignore[no-untyped-def]
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
                new[index] = turn(y)
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
