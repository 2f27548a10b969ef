"""The slope of a function along a line, by differences, with an honest account of how well it is known.

A claimed slope is confirmed by any step size at which differences agree with it and with each other; it is refuted only
where two step sizes agree with each other and not with it, by ten times what could be wrong with them. Everything else
is a limit of differences, and gets a name. So a right slope is not refuted for want of a good step size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from autograd.check.line import EPS, Line, Rung

Verdict = Literal["right", "wrong", "kink", "edge", "flat", "noise"]

EXPONENTS = (-11, -15, -7, -19, -3, -23, -27, -31, -35, -39, -43, -1)
"""Step sizes as powers of two, the most promising first: near 1 for functions that hardly change, tiny for those that
change at once; the first is right for a function whose third derivative is like its first."""

NEAR = -33
"""A step that shows a kink at x if the first two have shown one somewhere near."""

SAFETY = 10.0
"""By how many times the estimated error a difference must be off before it counts as evidence."""

RESOLUTION = 3e-4
"""A slope known only to a larger part of itself is not called right: an error of 0.1 % could hide in it."""

ROUNDINGS = 64
"""What rounding may add up to, in units of what one operation adds."""

FINEST_STAIRS = 2.0**-19
"""Smaller steps may leave f as it is only because it computes in float32."""


@dataclass(frozen=True)
class Slope:
    """What differences say about a claimed slope.

    Attributes
    ----------
    verdict : str
        "right"; "wrong"; or which limit was met: a "kink" (or jump), the "edge" of the domain, a "flat" function, or
        "noise", when rounding or roughness hides the slope.
    claimed, measured : float
        The slope to be checked, and the best estimate of it.
    uncertainty : float
        How far the estimate may be from the truth.
    scale : float
        What an error is to be compared with.
    step : float
        The step of the best estimate.
    left, right : float
        At a kink, the one-sided slopes.
    """

    verdict: Verdict
    claimed: float
    measured: float = np.nan
    uncertainty: float = np.inf
    scale: float = 0.0
    step: float = np.nan
    left: float = np.nan
    right: float = np.nan

    @property
    def difference(self) -> float:
        """How far apart the claim and the measurement are."""
        return abs(self.claimed - self.measured)


def measure(line: Line, claimed: float, scale: float, *, rtol: float, atol: float) -> Slope:
    """Compare a claimed slope with the differences of a line.

    Parameters
    ----------
    line : Line
    claimed : float
    scale : float
        The sum of the sizes of all that the claim was added up from; ``rtol`` is relative to it.
    rtol, atol : float

    Returns
    -------
    Slope

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.check.line import Line
    >>> from autograd.check.slope import measure
    >>> line = Line(lambda t: np.sin([1 + t]), np.sin([1.0]), np.ones(1))
    >>> measure(line, np.cos(1), 1.0, rtol=1e-6, atol=0.0).verdict
    'right'
    >>> measure(line, 1.001 * np.cos(1), 1.0, rtol=1e-6, atol=0.0).verdict
    'wrong'
    >>> bent = Line(lambda t: np.abs([t]), np.zeros(1), np.ones(1))
    >>> measure(bent, 0.0, 1.0, rtol=1e-6, atol=0.0).verdict
    'kink'
    """
    tolerance = atol + rtol * scale
    still = 0
    exponents = list(EXPONENTS)
    while exponents:
        exponent = exponents.pop(0)
        rung = line.climb(exponent)
        if not rung.finite:
            continue
        estimate, error = line.total(rung.estimate), line.error(rung, line.rounding())
        moves = rung.rise.any() or rung.fall.any()
        if error <= tolerance and abs(estimate - claimed) <= tolerance and (moves or claimed):
            return Slope("right", claimed, estimate, error, scale, rung.step)
        still += rung.step >= FINEST_STAIRS and not moves
        if claimed == 0 and still == 2:
            return Slope("flat", 0.0, 0.0, error, 0.0, rung.step)
        if exponent == EXPONENTS[1] and line.same_bend(scale):
            exponents.insert(0, NEAR)
        elif exponent == NEAR and line.same_bend(scale):
            sides = {"left": line.total(rung.fall), "right": line.total(rung.rise)}
            return Slope("kink", claimed, estimate, error, scale, rung.step, **sides)
    return _Evidence(line, claimed, scale, tolerance).slope()


class _Evidence:
    """What all steps together say about a claim that none of them has confirmed outright.

    Parameters
    ----------
    line : Line
        With its rungs.
    claimed, scale, tolerance : float
    """

    def __init__(self, line: Line, claimed: float, scale: float, tolerance: float) -> None:
        self.line, self.claimed, self.scale, self.tolerance = line, claimed, scale, tolerance
        self.ladder = ladder = sorted((rung for rung in line.rungs if rung.finite), key=lambda rung: rung.step)
        self.noises = [line.noise(rung.step) for rung in ladder]
        self.errors = [SAFETY * line.error(rung, noise) for rung, noise in zip(ladder, self.noises, strict=True)]
        self.estimates = [line.total(rung.estimate) for rung in ladder]

    def slope(self) -> Slope:
        """The verdict."""
        if not self.ladder:
            return self._at_edge()
        i = self._precise()
        if i is not None:
            return Slope("right", self.claimed, self.estimates[i], self.errors[i], self.scale, self.ladder[i].step)
        best = self._best()
        measured, error, rung = self.estimates[best], self.errors[best], self.ladder[best]
        sides = [self.line.size(side) for r in (rung, self._usual()) for side in (r.rise, r.fall)]
        typical = max(self.scale, abs(measured), *sides)
        found = Slope("noise", self.claimed, measured, error, typical, rung.step)
        if not np.isfinite(measured):
            return replace(found, verdict="edge")
        agrees = found.difference <= self.tolerance + error
        if agrees and typical and error <= max(RESOLUTION * typical, self.tolerance):
            return replace(found, verdict="right")
        if agrees and self._reaches() and self.scale <= error <= 1e-6 * self.line.size(self.line.origin):
            return replace(found, verdict="flat")
        bend = self._bend(typical)
        if bend is not None:
            return replace(found, verdict="kink", left=self.line.total(bend.fall), right=self.line.total(bend.rise))
        if self._is_flat():
            return replace(found, verdict="flat")
        if not agrees and error <= 0.05 * typical and self._refutes(best):
            return replace(found, verdict="wrong", scale=max(self.scale, abs(measured)))
        return found

    def _precise(self) -> int | None:
        """The first of the most precise steps that agrees with the claim."""
        for i, (estimate, error) in enumerate(zip(self.estimates, self.errors, strict=True)):
            resolved = max(RESOLUTION * max(self.scale, abs(estimate)), self.tolerance)
            agrees = abs(estimate - self.claimed) <= self.tolerance + error
            if self.claimed and agrees and error <= min(resolved, 4 * min(self.errors)):
                return i
        return None

    def _best(self) -> int:
        """The most precise step; a large one may step over much, so it counts only if no smaller one contradicts it."""
        steady = [
            i
            for i in range(len(self.ladder))
            if all(abs(self.estimates[i] - self.estimates[j]) <= self.errors[i] + self.errors[j] for j in range(i))
        ]
        return min(steady, key=lambda i: (self.errors[i], -self.ladder[i].step))

    def _refutes(self, best: int) -> bool:
        """Whether the best step and another agree against the claim, and nothing speaks for it or against them."""
        gap = abs(self.estimates[best] - self.claimed)
        if gap <= 1e-4 * self.line.size(self._usual().bend):
            return False  # f is level near here, and rounding moves that point by more than this
        able = [i for i in range(len(self.ladder)) if i != best and self.errors[i] <= gap / 2]
        seconded = any(abs(self.estimates[i] - self.estimates[best]) <= gap / 2 for i in able)
        opposed = any(abs(self.estimates[i] - self.claimed) <= self.errors[i] + self.tolerance for i in able)
        # A smooth function is not rougher at smaller steps, rounding apart.
        roughs = [self.line.size(rung.rough) for rung in self.ladder]
        rougher = any(roughs[i] > max(roughs[best], 20 * self.noises[i] / self.ladder[i].step) for i in range(best))
        # That f seems flat refutes a claim only where small steps would show it, and nothing refutes one about chaos.
        finest = max(self.ladder[0].step, self.ladder[best].step / 256)
        near = [i for i in range(best + 1) if self.ladder[i].step <= finest]
        seen = abs(self.estimates[best]) > self.errors[best] or any(
            abs(self.estimates[i] - self.claimed) > self.errors[i] for i in near
        )
        chaos = self.noises[0] > 1e-5 * max(self._moved(), self.line.size(self.line.origin))
        return seconded and seen and not (opposed or rougher or chaos)

    def _usual(self) -> Rung:
        """The step that shows what slopes are usual here."""
        return min(self.ladder, key=lambda rung: abs(rung.step - 2.0 ** EXPONENTS[0]))

    def _moved(self) -> float:
        """How far f moves at most."""
        return max(max(self.line.size(rung.rise), self.line.size(rung.fall)) * rung.step for rung in self.ladder)

    def _reaches(self) -> bool:
        """Whether f has values so far away that its standing still says something."""
        return self.ladder[-1].step >= 2.0 ** EXPONENTS[0]

    def _is_flat(self) -> bool:
        """Whether neither f nor the claim is more than rounding.

        Where f does not move at all, not even its size says what rounding does inside it, but that of x may.
        """
        if not self._reaches():
            return False
        moved, noise = self._moved(), SAFETY * max(self.noises)
        if moved == 0:
            return self.scale <= ROUNDINGS * EPS * self.line.length
        return moved <= noise and self.scale * self.ladder[-1].step <= noise

    def _bend(self, typical: float) -> Rung | None:
        """The smallest step that shows a kink, where one-sided slopes differ at any step, or a jump; or None."""
        size, small = self.line.size, self.ladder[:2]
        for side in ("rise", "fall"):
            jumps = [getattr(rung, side) * rung.step for rung in small]
            height = size(jumps[0])
            if len(small) == 2 and height > max(0.01 * size(self.line.origin), 10 * size(jumps[1] - jumps[0])):
                return small[0]
        last = 0.0
        for rung, noise in zip(self.ladder, self.noises, strict=True):
            bend = size(rung.bend)
            sharp = bend * rung.step > 100 * noise and 5 * size(rung.wobble) > bend * rung.step / 10
            if sharp and bend > 0.01 * typical and 0.2 < last / bend < 5 and rung.step <= 2.0**-7:
                return rung
            last = bend if sharp else 0.0
        return None

    def _at_edge(self) -> Slope:
        """No step has an answer on both sides; the smallest with one on either side shows the slope there."""
        left = right = np.nan
        for rung in sorted(self.line.rungs, key=lambda rung: -rung.step):
            fall, rise = self.line.total(rung.fall), self.line.total(rung.rise)
            left, right = fall if np.isfinite(fall) else left, rise if np.isfinite(rise) else right
        return Slope("edge", self.claimed, left=left, right=right)
