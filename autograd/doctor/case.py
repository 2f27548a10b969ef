"""One computation and what is claimed about it, with the distance at which a claim counts as reproduced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.head import head_of
from autograd.doctor.measure import EXACT, FLOAT32, LOOSEST, MARGIN, aligned, is_float32, norm, rounding
from autograd.doctor.replay import Replay
from autograd.doctor.steps import Array, Step, Steps

SAMPLE = 1000
"""How many numbers of a claim are compared first; of most predictions they are enough to see that it is another."""


@dataclass(frozen=True)
class Target:
    """Something whose gradient is claimed: one step, or an array of scalar ones."""

    key: str
    steps: Array

    def read(self, replay: Replay) -> Array:
        """Its gradient in a replay."""
        if not self.steps.ndim:
            return replay.value(int(self.steps))
        return np.array([float(replay.value(int(i))) for i in self.steps.flat]).reshape(self.steps.shape)

    @property
    def step(self) -> int | None:
        """The step, where it is one."""
        return None if self.steps.ndim else int(self.steps)

    def age(self, steps: Steps) -> int:
        """When the sweep has its gradient: the step after which nothing is added to it any more."""

        def complete(index: int) -> int:
            step: Step = steps[index]
            return min((user for user, _ in steps.uses[index]), default=index) if step.primitive is None else index

        return min(complete(int(i)) for i in self.steps.flat)


class Case:
    """One computation, and what is claimed about it.

    Attributes
    ----------
    true : Replay
        The sweep without a mistake.
    settings : list of Replay
        What claims are compared with: a formula may build on the deltas that are claimed, or on others that whoever
        wrote it did not show.
    tolerance : dict of str to (float, float)
        By key, up to which distance a claim counts as reproduced: as a part of its length, and beyond that, because of
        what rounding does to the gradient.
    """

    def __init__(self, body: Anatomy, targets: Sequence[Target], claims: Mapping[str, Array]) -> None:
        with np.errstate(all="ignore"):
            self._measure(body, targets, claims)

    def _measure(self, body: Anatomy, targets: Sequence[Target], claims: Mapping[str, Array]) -> None:
        self.body = body
        body.head_known = head_of(body)
        self.claims = claims
        self.true = Replay(body)
        given = {t.step: claims[t.key] for t in targets if t.step is not None and t.key in claims}
        leaves = {i: claim for i, claim in given.items() if body.steps[i].primitive is None}
        inner = {i: claim for i, claim in given.items() if i not in leaves and claim.shape == body.steps[i].shape}
        self.settings = [Replay(body, {**leaves, **inner})]
        if inner:
            self.settings.append(Replay(body, leaves))
        self.lengths = {key: norm(claim) for key, claim in claims.items()}
        noise = rounding(body, {int(i) for t in targets for i in t.steps.flat})
        self.tolerance: dict[str, tuple[float, float]] = {}
        for target in targets:
            claim = claims[target.key]
            moved = float(np.sqrt(sum(noise[int(i)] ** 2 for i in target.steps.flat)))
            level, ulps = (FLOAT32, 2.0**29) if is_float32(claim) else (EXACT, 1.0)
            largest = LOOSEST * max(self.lengths[target.key], norm(target.read(self.true)))
            self.tolerance[target.key] = level, min(MARGIN * ulps * moved, largest)

    @property
    def finite(self) -> bool:
        """Whether all gradients are numbers: on other data an output may be saturated, and its logarithm inf."""
        true = (self.true.value(index) for index in self.body.params)
        return all(np.isfinite(gradient).all() for gradient in (*true, *self.claims.values()))

    def fits(self, target: Target, prediction: Array) -> bool:
        """Whether a prediction is what is claimed."""
        claim = self.claims[target.key]
        fitted = aligned(prediction, claim)
        if fitted is None:
            return False
        part, beyond = self.tolerance[target.key]
        few = slice(0, None, 1 + claim.size // SAMPLE)
        if norm(fitted.ravel()[few] - claim.ravel()[few]) > 2 * part * self.lengths[target.key] + beyond:
            return False
        distance, scale = norm(fitted - claim), max(norm(fitted), self.lengths[target.key])
        return bool(np.isfinite(scale)) and distance <= part * scale + beyond
