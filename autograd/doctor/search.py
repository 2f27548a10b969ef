"""The search: which mistakes, made in a replay, give the numbers that are claimed.

The fewest and plainest mistakes are believed, and one that explains several claims rather than several that explain one
each. A claim that no mistake reproduces stays unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.catalogue import changes
from autograd.doctor.head import head_of
from autograd.doctor.measure import EXACT, FLOAT32, MARGIN, aligned, is_float32, norm, residual, rounding
from autograd.doctor.replay import Change, Replay
from autograd.doctor.steps import Array, Step, Steps

FAILURES = (ValueError, IndexError, ZeroDivisionError, TypeError, AssertionError)
"""What making a mistake raises where it cannot be made: shapes that do not fit."""

PLAIN = 1.2
"""Up to which cost mistakes are tried in pairs."""

MOST_PAIRS = 30_000
"""How many pairs are tried for a claim; fewer where arrays are large."""


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
    """One computation, and what is claimed about it."""

    def __init__(self, body: Anatomy, targets: Sequence[Target], claims: Mapping[str, Array]) -> None:
        self.body = body
        body.head_known = head_of(body)
        self.claims = claims
        single = {t.step: claims[t.key] for t in targets if t.step is not None and t.key in claims}
        inner = {
            index: claim
            for index, claim in single.items()
            if index is not None and (body.steps[index].primitive is None or claim.shape == body.steps[index].shape)
        }
        self.true = Replay(body)
        given = Replay(body, inner)  # type: ignore[arg-type]
        self.settings: list[Replay] = [given]
        if any(body.steps[index].primitive is not None for index in inner):
            self.settings.append(Replay(body, {i: c for i, c in inner.items() if body.steps[i].primitive is None}))  # type: ignore[misc]
        noise = rounding(body, {int(i) for t in targets for i in t.steps.flat})
        self.tolerance: dict[str, float] = {}
        self.noise: dict[str, float] = {}
        for target in targets:
            claim = claims[target.key]
            moved = float(np.sqrt(sum(noise[int(i)] ** 2 for i in target.steps.flat)))
            scale = max(norm(claim), norm(target.read(self.true)))
            self.noise[target.key] = MARGIN * moved / scale if scale else 0.0
            level = FLOAT32 if is_float32(claim) else EXACT
            self.tolerance[target.key] = level + self.noise[target.key] * (2.0**29 if level == FLOAT32 else 1.0)

    def fits(self, target: Target, prediction: Array) -> bool:
        """Whether a prediction is what is claimed."""
        return residual(prediction, self.claims[target.key]) <= min(self.tolerance[target.key], 1e-2)


@dataclass
class Fit:
    """Changes that reproduce some claims.

    Attributes
    ----------
    changes : tuple of Change
    explains : frozenset of str
        The keys of the claims.
    equals : list of Change
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


class Search:
    """Look for the mistakes behind some claims.

    Parameters
    ----------
    targets : sequence of Target
        In the order of the sweep, newest first.
    cases : sequence of Case
        The computation; the same on other data, where that can be had. A mistake must explain a claim in all of them.

    Attributes
    ----------
    made : list of Fit
        The mistakes that were found, in order.
    settled : dict
        By key, the number of the setting in which the claim is reproduced by `made`.
    closest : dict
        By key, the smallest residual of any single mistake, and that mistake.
    """

    def __init__(self, targets: Sequence[Target], cases: Sequence[Case]) -> None:
        self.targets = {target.key: target for target in targets}
        self.cases = cases
        self.made: list[Fit] = []
        self.settled: dict[str, int] = {}
        self.closest: dict[str, tuple[float, Change]] = {}
        self.right = frozenset(
            key for key, t in self.targets.items() if all(case.fits(t, t.read(case.true)) for case in cases)
        )
        self.bases = [list(case.settings) for case in cases]

    @property
    def open(self) -> list[str]:
        """The claims that nothing explains yet, newest in the sweep first."""
        return [key for key in self.targets if key not in self.right and key not in self.settled]

    @cached_property
    def catalogue(self) -> list[Change]:
        """Every mistake that can be made in the first case."""
        return changes(self.cases[0].body)

    def run(self, pairs: bool = True) -> None:
        """Explain as many claims as can be explained."""
        with np.errstate(all="ignore"):
            self._settle()
            while self.open:
                fit = self._best(self._singles)
                if fit is None and pairs:
                    fit = self._best(self._pairs)
                if fit is None:
                    return
                self.made.append(fit)
                self.bases = [[_made(base, fit.changes) for base in bases] for bases in self.bases]
                self._settle()

    def _settle(self) -> None:
        for setting in range(len(self.bases[0])):
            for key in self.open:
                if self._holds(key, setting, [bases[setting] for bases in self.bases]):
                    self.settled[key] = setting

    def _holds(self, key: str, setting: int, replays: Sequence[Replay]) -> bool:
        target = self.targets[key]
        return all(case.fits(target, target.read(replay)) for case, replay in zip(self.cases, replays, strict=True))

    # --- one step of the search ----------------------------------------------------------------------------------

    def _best(self, propose: object) -> Fit | None:
        """The proposal that explains most, the plainest of those, with all that it cannot be told from."""
        assert callable(propose)
        for setting in range(len(self.bases[0])):
            fits: list[Fit] = list(propose(setting))
            if not fits:
                continue
            most = max(len(fit.explains) for fit in fits)
            fits = sorted((fit for fit in fits if len(fit.explains) == most), key=lambda fit: fit.cost)
            best = fits[0]
            for other in fits[1:]:
                if other.explains == best.explains:
                    self._compare(best, other, setting)
            return best
        return None

    def _singles(self, setting: int) -> Iterator[Fit]:
        held = self._held(setting)
        for change in self.catalogue:
            yield from self._tried((change,), setting, held, self.bases[0][setting])

    def _pairs(self, setting: int) -> Iterator[Fit]:
        """Two mistakes at once, for the first claim that any two explain."""
        held = self._held(setting)
        base = self.bases[0][setting]
        for key in self.open:
            classes = self._effects(key, base)
            budget = self._budget()
            found = False
            for (first, *like_first), (second, *like_second) in combinations(classes, 2):
                budget -= 1
                if budget < 0:
                    break
                if first.solve is not None or first.edges.keys() & second.edges.keys():
                    continue
                try:
                    replay = base.made(first)
                except FAILURES:
                    continue
                if not any(True for _ in self._tried((first, second), setting, held, replay, [key])):
                    continue
                found = True
                for one, two in product((first, *like_first[:8]), (second, *like_second[:8])):
                    with suppress(*FAILURES):
                        yield from self._tried((one, two), setting, held, base.made(one), [key])
            if found:
                return

    def _effects(self, key: str, base: Replay) -> list[list[Change]]:
        """The plain mistakes that a claim would notice, those together that do the same to it."""
        target = self.targets[key]
        before = target.read(base)
        classes: dict[tuple[bool, str], list[Change]] = {}
        weights = np.random.default_rng(0).normal(size=4096)
        for change in sorted(self.catalogue, key=lambda change: change.cost):
            if change.cost > PLAIN:
                break
            try:
                after = target.read(base.made(change))
            except FAILURES:
                continue
            if after is before or not np.isfinite(after).all() or np.array_equal(after, before):
                continue
            probe = after.ravel()[:: max(1, after.size // 4096)][:4096]
            mark = f"{after.shape} {float(probe @ weights[: probe.size]):.8e}"
            classes.setdefault((change.solve is not None, mark), []).append(change)
        return [classes[mark] for mark in sorted(classes, key=lambda mark: mark[0])]

    def _budget(self) -> int:
        size = sum(step.primal.size for step in self.cases[0].body.steps)
        return MOST_PAIRS if size < 20_000 else max(1000, int(MOST_PAIRS * 20_000 / size))

    def _held(self, setting: int) -> list[str]:
        """The claims that the present mistakes reproduce, and that further ones must leave alone."""
        replays = [bases[setting] for bases in self.bases]
        return [key for key in self.targets if key not in self.open and self._holds(key, setting, replays)]

    def _tried(
        self,
        changes: tuple[Change, ...],
        setting: int,
        held: Sequence[str],
        base: Replay,
        keys: Sequence[str] | None = None,
    ) -> Iterator[Fit]:
        """The fits of some changes, of which the last is made on top of ``base``, which has the others."""
        change = changes[-1]
        case = self.cases[0]
        try:
            replay = base.made(change)
        except FAILURES:
            return
        wanted = keys or self.open
        found: dict[int, Change] = {}
        if change.solve is None:
            for key in wanted:
                target = self.targets[key]
                try:
                    prediction = target.read(replay)
                except FAILURES:
                    continue
                self._note(key, prediction, change, case)
                if case.fits(target, prediction):
                    found[id(change)] = change
        else:
            for key in wanted:
                for solved in self._solved(change, base, replay, key):
                    if not any(solved.words == other.words and solved.steps.keys() == other.steps.keys() for other in found.values()):
                        found[id(solved)] = solved
        for candidate in found.values():
            fit = self._verified((*changes[:-1], candidate), setting, held)
            if fit is not None:
                yield fit

    def _note(self, key: str, prediction: Array, change: Change, case: Case) -> None:
        """Remember the mistake that comes nearest."""
        distance = residual(prediction, case.claims[key])
        if key not in self.closest or distance < self.closest[key][0]:
            self.closest[key] = distance, change

    def _solved(self, change: Change, base: Replay, replay: Replay, key: str) -> list[Change]:
        """A mistake with a number in it, with the number that fits a claim best."""
        assert change.solve is not None
        target, case = self.targets[key], self.cases[0]
        try:
            start = target.read(base if change.zero is None else base.made(change.zero))
            direction = target.read(replay)
        except FAILURES:
            return []
        if direction is start or start.shape != direction.shape:
            return []
        direction = direction - start
        wanted = aligned(case.claims[key], start)
        length = float(np.vdot(direction, direction))
        if wanted is None or not length or not np.isfinite(length):
            return []
        t = float(np.vdot(wanted - start, direction)) / length
        if not np.isfinite(t) or not case.fits(target, start + t * direction):
            return []
        return change.solve(case.body, t)

    def _verified(self, changes: tuple[Change, ...], setting: int, held: Sequence[str]) -> Fit | None:
        """What some changes explain, in all cases, if they leave alone what is explained already."""
        replays = []
        try:
            for bases in self.bases:
                replays.append(_made(bases[setting], changes))
            explains = frozenset(key for key in self.open if self._safe(key, setting, replays))
            if not explains or not all(self._safe(key, setting, replays) for key in held):
                return None
        except FAILURES:
            return None
        return Fit(changes, explains)

    def _safe(self, key: str, setting: int, replays: Sequence[Replay]) -> bool:
        try:
            return self._holds(key, setting, replays)
        except FAILURES:
            return False

    # --- can they be told apart? ---------------------------------------------------------------------------------

    def _compare(self, best: Fit, other: Fit, setting: int) -> None:
        """Sort another fit: the same mistake in other words, or one that this data cannot tell from the best."""
        if self._same(best, other, setting):
            best.equals.append(other)
        elif len(best.alternatives) < 6 and not any(self._same(known, other, setting) for known in best.alternatives):
            best.alternatives.append(other)

    def _same(self, one: Fit, two: Fit, setting: int) -> bool:
        readings = [tuple(change.words.get("constant") for change in fit.changes) for fit in (one, two)]
        if readings[0] != readings[1] and len(one.changes) == len(two.changes) == 1 and all(r[0] for r in readings):
            return False
        base = self._elsewhere[setting]
        try:
            replays = [_made(base, fit.changes) for fit in (one, two)]
            for key in one.explains:
                a, b = (self.targets[key].read(replay) for replay in replays)
                if residual(a, b) > 1e-7:
                    return False
        except FAILURES:
            return False
        return True

    @property
    def _elsewhere(self) -> list[Replay]:
        """The same computation at other numbers, with the mistakes found so far."""
        body = self.cases[0].body
        rng = np.random.default_rng(1)
        leaves = {
            step.index: step.primal * (1 + 0.2 * rng.normal(size=step.shape)) + 0.1 * rng.normal(size=step.shape)
            for step in body.steps
            if step.primitive is None and step.primal.size and (step.tracked or step.index in body.inputs)
        }
        other = Anatomy(body.steps.at(leaves), body.lr, body.claimed)
        other.head_known = head_of(other) or body.head_known
        made = tuple(change for fit in self.made for change in fit.changes)
        replays = []
        for bases in self.bases[0]:
            rng = np.random.default_rng(2)
            given = {i: rng.normal(size=g.shape) for i, g in bases.given.items()}
            replays.append(_made(Replay(other, given), made))
        return replays


def _made(base: Replay, changes: Sequence[Change]) -> Replay:
    for change in changes:
        base = base.made(change)
    return base
