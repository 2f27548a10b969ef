"""The search: which mistakes, made in a replay, give the numbers that are claimed.

The fewest and plainest mistakes are believed, and one that explains several claims rather than several that explain one
each. A claim that no mistake reproduces stays unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import product

import numpy as np

from autograd.doctor.case import Case, Target
from autograd.doctor.catalogue import changes
from autograd.doctor.catalogue.shapes import SHAPES, misshapen
from autograd.doctor.fit import FAILURES, MOST_ALTERNATIVES, Elsewhere, Fit, made
from autograd.doctor.measure import aligned, has_shape, keeps_shape, residual
from autograd.doctor.replay import Change, Replay
from autograd.doctor.steps import Array

PLAIN = 1.2
"""Up to which cost mistakes are tried in pairs."""

SEVERAL = 4
"""From how many entries of a claim on a common factor is no chance, whatever number it is."""

FAR_FETCHED = 0.5
"""By how much more an explanation may cost and still be worth a word beside the best."""

MOST_PAIRS = 30_000
"""How many pairs are tried at a time; fewer where arrays are large."""

LARGE, LONG = 8_000, 40
"""From how many numbers, and from how many steps, in a computation on they are fewer."""

Stage = tuple[Replay, ...]
"""The sweep with the mistakes that were found so far, by case."""


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
    right : set of str
        The keys of the claims that need no mistake.
    made : list of Fit
        The mistakes that were found, in order.
    stages : list of Stage
        By setting (see `Case.settings`), the sweep with these mistakes.
    settled : dict
        By key, the number of the setting in which the claim is reproduced by `made`.
    """

    def __init__(self, targets: Sequence[Target], cases: Sequence[Case]) -> None:
        self.targets = {target.key: target for target in targets}
        self.cases = [cases[0], *(case for case in cases[1:] if case.finite)]
        self.made: list[Fit] = []
        self.stages: list[Stage] = list(zip(*(case.settings for case in self.cases), strict=True))
        self._no_single = False
        self.settled: dict[str, int] = {}
        true = tuple(case.true for case in self.cases)
        with np.errstate(all="ignore"):
            self.right = {key for key in self.targets if self.holds(key, true)}

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
                fit = None if self._no_single else self._best(self._singles)
                self._no_single = fit is None
                if fit is None and pairs:
                    fit = self._best(self._pairs)
                if fit is None:
                    break
                self._accept(fit)
            self._reshape()

    # --- what is known so far ------------------------------------------------------------------------------------

    def _accept(self, fit: Fit) -> None:
        self.made.append(fit)
        self._no_single = False
        self.stages = [tuple(made(replay, fit.changes) for replay in stage) for stage in self.stages]
        self._settle()

    def _settle(self) -> None:
        """Settle what the mistakes so far reproduce."""
        for setting, stage in enumerate(self.stages):
            self.settled |= {key: setting for key in self.open if self.holds(key, stage)}

    def _reshape(self) -> None:
        """Whatever else was found: a claim of right numbers may have a shape that would spoil the parameter's."""
        shapes: dict[int, tuple[int, ...]] = {}
        keys: dict[int, str] = {}
        known = {key for fit in self.made for key in fit.explains if fit.changes[0].mistake in SHAPES}
        for key in (self.right | self.settled.keys()) - known:
            target, claim = self.targets[key], self.cases[0].claims[key]
            true = target.read(self.cases[0].true)
            predicted = true if key in self.right else target.read(self.stages[self.settled[key]][0])
            if target.step is not None and predicted.shape == true.shape and not keeps_shape(claim, true):
                shapes[target.step], keys[target.step] = claim.shape, key
        self.right -= set(keys.values())
        self.settled = {**dict.fromkeys(keys.values(), 0), **self.settled}
        for change in misshapen(self.cases[0].body, shapes):
            self.made.append(Fit((change,), frozenset(keys[index] for index in change.steps)))

    def _reads(self, key: str, replay: Replay) -> Array | None:
        """The gradient in a replay; None where a mistake in it cannot be made."""
        try:
            return self.targets[key].read(replay)
        except FAILURES:
            return None

    def holds(self, key: str, stage: Stage) -> bool:
        """Whether a claim is reproduced in all cases."""
        for case, replay in zip(self.cases, stage, strict=True):
            prediction = self._reads(key, replay)
            if prediction is None or not case.fits(self.targets[key], prediction):
                return False
        return True

    # --- one step of the search ----------------------------------------------------------------------------------

    def _best(self, proposed: Callable[[int], Iterator[Fit]]) -> Fit | None:
        """The proposal that explains most, the plainest of those, with all that it cannot be told from.

        What gives a claim its shape too is believed before what gives its numbers only.
        """
        for setting in range(len(self.stages)):
            fits = list(proposed(setting))
            if not fits:
                continue
            most = max(len(fit.explains) for fit in fits)
            fits = [fit for fit in fits if len(fit.explains) == most]
            shaped = [fit for fit in fits if self._has_shapes(fit, setting)]
            best, *others = sorted(shaped or fits, key=lambda fit: fit.cost)
            for other in others:
                if other.explains == best.explains and other.cost <= best.cost + FAR_FETCHED:
                    self._compare(best, other, setting)
            return best
        return None

    def _has_shapes(self, fit: Fit, setting: int) -> bool:
        """Whether a fit gives what it explains in the shape that is claimed."""
        replay, claims = made(self.stages[setting][0], fit.changes), self.cases[0].claims
        return all(has_shape(self.targets[key].read(replay), claims[key]) for key in fit.explains)

    def _singles(self, setting: int) -> Iterator[Fit]:
        """Every mistake of the catalogue that explains something."""
        base = self.stages[setting][0]
        for change in self.catalogue:
            yield from self._fits((), change, base, setting, self.open)

    def _pairs(self, setting: int) -> Iterator[Fit]:
        """Two mistakes at once, for the first claim that any two explain.

        Mistakes that do the same to the claim are tried once; where two fit, so are all that do the same.
        """
        base, budget = self.stages[setting][0], self._most_pairs
        for key in self.open:
            plain, numbered = self._effects(key, base)
            fits: list[Fit] = []
            for with_number in (True, False):
                for count, firsts in enumerate(plain, start=1):
                    after_first = base.made(firsts[0])
                    for seconds in numbered if with_number else plain[count:]:
                        budget -= 1
                        if budget >= 0 and any(self._fits((firsts[0],), seconds[0], after_first, setting, [key])):
                            for first, second in product(firsts[:9], seconds[:9]):
                                fits += self._fits((first,), second, made(base, (first,)), setting, [key])
            if fits:
                yield from fits
                return

    @property
    def _most_pairs(self) -> int:
        steps = self.cases[0].body.steps
        size = sum(step.primal.size for step in steps)
        return max(1000, int(MOST_PAIRS / max(1, size / LARGE) / max(1, len(steps) / LONG) ** 2))

    def _effects(self, key: str, base: Replay) -> tuple[list[list[Change]], list[list[Change]]]:
        """The plain mistakes that a claim would notice, those together that do the same to it.

        First those without, then those with a number to be found.
        """
        before = self.targets[key].read(base)
        weights = np.random.default_rng(0).normal(size=4096)
        classes: dict[bool, dict[str, list[Change]]] = {False: {}, True: {}}
        for change in sorted(self.catalogue, key=lambda change: change.cost):
            if change.cost > PLAIN:
                break
            try:
                after = self.targets[key].read(base.made(change))
            except FAILURES:
                continue
            if after is before or not np.isfinite(after).all() or np.array_equal(after, before):
                continue
            probe = after.ravel()[:: max(1, after.size // 4096)][:4096]
            mark = f"{after.shape} {float(probe @ weights[: probe.size]):.8e}"
            classes[change.solve is not None].setdefault(mark, []).append(change)
        return list(classes[False].values()), list(classes[True].values())

    # --- does it fit? --------------------------------------------------------------------------------------------

    def _fits(
        self, before: tuple[Change, ...], change: Change, base: Replay, setting: int, keys: Sequence[str]
    ) -> Iterator[Fit]:
        """What a mistake explains among some claims, when those ``before`` it are made in ``base`` already."""
        if any(change.edges.keys() & other.edges.keys() for other in before):
            return
        try:
            replay = base.made(change)
        except FAILURES:
            return
        if change.solve is not None:
            candidates = self._solved(change, base, replay, keys, alone=not before)
        else:
            candidates = [change] if any(self._fitted(key, base, replay) for key in keys) else []
        for candidate in candidates:
            fit = self._verified((*before, candidate), setting)
            if fit is not None:
                yield fit

    def _fitted(self, key: str, base: Replay, replay: Replay) -> bool:
        """Whether a replay has come to reproduce a claim in the first case."""
        prediction = self._reads(key, replay)
        if prediction is None or prediction is self._reads(key, base):
            return False
        return self.cases[0].fits(self.targets[key], prediction)

    def _solved(self, change: Change, base: Replay, replay: Replay, keys: Sequence[str], alone: bool) -> list[Change]:
        """A mistake with a number in it, with every number that makes a claim fit."""
        assert change.solve is not None
        case = self.cases[0]
        found: list[Change] = []
        for key in keys:
            if case.claims[key].size < change.entries:
                continue
            start = self._reads(key, base if change.zero is None else base.made(change.zero))
            end = self._reads(key, replay)
            if start is None or end is None or end is start or start.shape != end.shape:
                continue
            wanted, direction = aligned(case.claims[key], start), end - start
            length = float(np.vdot(direction, direction))
            if wanted is None or not length or not np.isfinite(length):
                continue
            t = float(np.vdot(wanted - start, direction)) / length
            if np.isfinite(t) and case.fits(self.targets[key], start + t * direction):
                known = [other.words for other in found]
                solved = change.solve(case.body, t)
                if not solved and alone and change.free is not None and case.claims[key].size >= SEVERAL:
                    solved = change.free(t)
                found += [one for one in solved if one.words not in known]
        return found

    def _verified(self, mistakes: tuple[Change, ...], setting: int) -> Fit | None:
        """What some mistakes explain, in all cases, if they leave alone what is explained without them."""
        stage = self.stages[setting]
        try:
            after = tuple(made(replay, mistakes) for replay in stage)
        except FAILURES:
            return None
        explains = frozenset(key for key in self.open if self.holds(key, after))
        held = [key for key in self.targets if key not in self.open and self.holds(key, stage)]
        if not explains or not all(self.holds(key, after) for key in held):
            return None
        return Fit(mistakes, explains)

    def closest(self, key: str) -> tuple[float, Change | None]:
        """The smallest residual that any single mistake leaves, and that mistake."""
        base, claim = self.stages[0][0], self.cases[0].claims[key]
        nearest: tuple[float, Change | None] = np.inf, None
        with np.errstate(all="ignore"):
            for change in self.catalogue:
                if change.solve is None:
                    with suppress(*FAILURES):
                        distance = residual(self.targets[key].read(base.made(change)), claim)
                        if distance < nearest[0]:
                            nearest = distance, change
        return nearest

    # --- can they be told apart? ---------------------------------------------------------------------------------

    @cached_property
    def _elsewhere(self) -> Elsewhere:
        return Elsewhere(self.cases[0])

    def _compare(self, best: Fit, other: Fit, setting: int) -> None:
        """Sort another fit: the same mistake in other words, or one that this data cannot tell from the best."""
        before = [change for fit in self.made for change in fit.changes]

        def same(known: Fit) -> bool:
            return self._elsewhere.same(known, other, before, setting, self.targets)

        if same(best):
            best.equals.append(other)
        elif len(best.alternatives) < MOST_ALTERNATIVES and not any(map(same, best.alternatives)):
            best.alternatives.append(other)
