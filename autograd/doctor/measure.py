"""How near two gradients are, and how near they can be expected to be: what rounding alone does to this computation."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.replay import Replay
from autograd.doctor.steps import Array, Step, Steps

EXACT = 1e-9
"""The largest relative residual of a claim that is right, or explained."""

FLOAT32 = 2e-5
"""The same for a claim whose numbers are all float32."""

DIFFERENCES = 5e-4
"""The largest relative error of a gradient that may have been computed by finite differences."""

MARGIN = 64.0
"""How many times the deviation that rounding was seen to make is tolerated."""

LOOSEST = 1e-2
"""The largest residual that is tolerated in any case."""


def norm(array: Array) -> float:
    """The length of an array, without overflow."""
    flat = array.ravel()
    square = float(flat @ flat)
    if 1e-200 < square < 1e200:
        return math.sqrt(square)
    largest = float(np.max(np.abs(flat), initial=0.0))
    if not largest or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(flat / largest))


def aligned(prediction: Array, claim: Array) -> Array | None:
    """A prediction in the shape of a claim, if they differ in axes of length 1 only, or one is flat, or one number."""
    if prediction.shape == claim.shape:
        return prediction
    if not claim.size:
        return None
    if claim.ndim == 1 and claim.size == prediction.size:
        return prediction.ravel()
    if [n for n in prediction.shape if n != 1] == [n for n in claim.shape if n != 1]:
        return prediction.reshape(claim.shape)
    if prediction.size == 1:
        return np.broadcast_to(prediction.reshape(()), claim.shape)
    return None


def has_shape(prediction: Array, claim: Array) -> bool:
    """Whether a prediction has the shape of a claim, but for axes kept or lost: not its transpose, nor one number."""
    if prediction.ndim == claim.ndim:
        return bool(prediction.shape == claim.shape)
    return bool(prediction.size == claim.size)


def residual(prediction: Array, claim: Array) -> float:
    """The relative distance of a claim from what is predicted; inf where the shapes do not fit."""
    prediction_ = aligned(prediction, claim)
    if prediction_ is None:
        return float("inf")
    distance = norm(prediction_ - claim)
    if not distance:
        return 0.0
    scale = max(norm(prediction_), norm(claim))
    return distance / scale if np.isfinite(distance) and np.isfinite(scale) else float("inf")


def keeps_shape(claim: Array, true: Array) -> bool:
    """Whether a step along a claim leaves a parameter its shape: (4,) may be added to (1, 4), but not the other way."""
    try:
        return bool(np.broadcast_shapes(claim.shape, true.shape) == true.shape)
    except ValueError:
        return False


def difference(prediction: Array, claim: Array) -> float:
    """The distance of a claim from what is predicted; inf where the shapes do not fit."""
    fitted = aligned(prediction, claim)
    with np.errstate(all="ignore"):
        return float("inf") if fitted is None else norm(fitted - claim)


def relative_error(claim: Array, true: Array) -> float:
    """The distance of a claim from the gradient, relative to the gradient; inf where the shapes do not fit."""
    fitted = aligned(true, claim)
    if fitted is None or claim.size != true.size:
        return float("inf")
    with np.errstate(all="ignore"):
        distance, size = norm(fitted - claim), norm(true)
    return distance / size if size else (float("inf") if distance else 0.0)


def cosine(a: Array, b: Array) -> float:
    """Of the angle between two gradients; nan where there is none."""
    b_ = aligned(b, a)
    with np.errstate(all="ignore"):
        if b_ is None or not norm(a) or not norm(b_):
            return float("nan")
        return float(np.clip(np.vdot(a / norm(a), b_ / norm(b_)), -1.0, 1.0))


def is_float32(claim: Array) -> bool:
    """Whether all numbers of a claim are float32: somebody computed in it."""
    with np.errstate(over="ignore"):
        return bool(claim.size) and bool(np.array_equal(claim, claim.astype(np.float32).astype(np.float64)))


def rounding(body: Anatomy, wanted: Iterable[int], runs: int = 2) -> dict[int, float]:
    """How far the gradients of some steps move when every operation, forward and back, rounds in another way.

    This is what makes a threshold fair: where a gradient is a small difference of large numbers, or an output is
    saturated, two right formulas differ by more than the last digits.
    """
    true = Replay(body)
    moved = dict.fromkeys(wanted, 0.0)
    for run in range(runs):
        jitter = _Jitter(run)
        steps = _rounded(body.steps, jitter)
        other = body.on(steps)
        replay = Replay(other, jitter=jitter)
        for index in moved:
            moved[index] = max(moved[index], norm(replay.value(index) - true.value(index)))
    return moved


class _Jitter:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def __call__(self, array: Array) -> Array:
        return np.asarray(array * (1 + 2.0**-52 * self.rng.uniform(-1, 1, size=np.shape(array))))


def _rounded(steps: Steps, jitter: _Jitter) -> Steps:
    new: list[Step] = []
    for step in steps:
        primal = step.primal
        if step.primitive is not None:
            primal = jitter(np.asarray(step.primitive.function(*(new[arg].primal for arg in step.args), **step.params)))
        new.append(Step(step.index, primal, step.primitive, step.args, step.params, step.tracked, step.label))
    return Steps(new, steps.place)
