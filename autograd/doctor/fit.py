"""Changes that reproduce some claims, and whether two such explanations can be told apart at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.case import Case, Target
from autograd.doctor.head import head_of
from autograd.doctor.measure import residual
from autograd.doctor.replay import Change, Replay
from autograd.doctor.steps import Array, Step

FAILURES = (ValueError, IndexError, ZeroDivisionError, TypeError, AssertionError)
"""What making a mistake raises where it cannot be made: shapes that do not fit."""

ALIKE = 1e-7
"""The largest relative difference of two predictions that are the same formula."""

MOST_ALTERNATIVES = 6


@dataclass
class Fit:
    """Changes that reproduce some claims.

    Attributes
    ----------
    changes : tuple of Change
    explains : frozenset of str
        The keys of the claims.
    equals : list of Fit
        The same mistake in other words: they give the same numbers on any data.
    alternatives : list of Fit
        Other mistakes that this data cannot tell from it.
    """

    changes: tuple[Change, ...]
    explains: frozenset[str]
    equals: list[Fit] = field(default_factory=list)
    alternatives: list[Fit] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Of all its changes together."""
        return sum(change.cost for change in self.changes) + 0.02 * any(change.everywhere for change in self.changes)

    @property
    def constants(self) -> tuple[str | None, ...]:
        """The constants in it, by name."""
        return tuple(change.words.get("constant") for change in self.changes)


def made(base: Replay, changes: Iterable[Change]) -> Replay:
    """A replay with further mistakes, one after the other."""
    for change in changes:
        base = base.made(change)
    return base


class Elsewhere:
    """The same computation at other numbers and, where its shapes allow that, with more examples.

    What agrees here too is one mistake in two wordings; what does not is two mistakes, between which only other data
    can decide.
    """

    def __init__(self, case: Case) -> None:
        self.case = case

    @cached_property
    def settings(self) -> list[Replay]:
        """As `Case.settings`, with claims at random."""
        body = self.case.body
        more = 0
        if body.axis is not None:
            lengths = {n for step in body.steps for n in step.shape}
            more = next(k for k in range(1, 1000) if body.examples + k not in lengths)
        for extra in dict.fromkeys((more, 0)):
            try:
                other = body.on(body.steps.at(self._leaves(extra)))
                other.head_known = head_of(other) or body.head_known
                return [self._setting(other, base) for base in self.case.settings]
            except FAILURES:
                continue
        return list(self.case.settings)

    @staticmethod
    def _setting(body: Anatomy, base: Replay) -> Replay:
        rng, steps = np.random.default_rng(2), body.steps
        return Replay(body, {i: rng.normal(size=steps[i].shape) for i in base.given})

    def _leaves(self, extra: int) -> Mapping[int, Array]:
        """Other parameters; inputs and targets in another order, with some examples twice."""
        body, rng = self.case.body, np.random.default_rng(1)
        leaves: dict[int, Array] = {}
        for step in body.steps:
            if step.primitive is None and step.primal.size:
                if step.index in body.targets or step.index in body.inputs:
                    leaves[step.index] = self._more(step, extra)
                if step.tracked or step.index in body.inputs:
                    array = leaves.get(step.index, step.primal)
                    leaves[step.index] = array * (1 + 0.2 * rng.normal(size=array.shape)) + 0.1 * rng.normal(
                        size=array.shape
                    )
        return leaves

    def _more(self, data: Step, extra: int) -> Array:
        """Data with its examples in another order, and some of them twice."""
        body, count = self.case.body, self.case.body.examples
        axes = [axis for axis, length in enumerate(data.shape) if length == count]
        if not axes or body.axis is None:
            return data.primal
        axis = axes[0] if body.rows else axes[-1]
        return np.take(data.primal, (np.arange(count + extra) + 1) % count, axis=axis)

    def same(self, one: Fit, two: Fit, before: Sequence[Change], setting: int, targets: Mapping[str, Target]) -> bool:
        """Whether two explanations are the same mistake in other words."""
        if one.constants != two.constants and all(one.constants) and all(two.constants):
            return False
        try:
            base = made(self.settings[setting], before)
            replays = made(base, one.changes), made(base, two.changes)
            return all(residual(*(targets[key].read(replay) for replay in replays)) <= ALIKE for key in one.explains)
        except FAILURES:
            return False
