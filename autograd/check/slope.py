"""The slope of a function along a line, by differences, with an honest account of how well it is known.

A claimed slope is confirmed by any step size at which differences agree with it and with each other; it is refuted only
where two step sizes agree with each other and not with it, by ten times what could be wrong with them. Everything else
is a limit of differences, and gets a name. So a right slope is not refuted for want of a good step size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
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

EPS = float(np.finfo(float).eps)


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


@dataclass(frozen=True)
class _Rung:
    """Central differences of every output with one step and with its half.

    ``rise`` and ``fall`` are the one-sided slopes, ``bend`` is their difference, ``wobble`` is what is left of it when
    all that is smooth is taken away, ``rough`` is how far the estimate may be off, rounding apart, and ``straight`` is
    whether half the step moves half as far.
    """

    step: float
    estimate: Array
    rough: Array
    rise: Array
    fall: Array
    bend: Array
    wobble: Array
    straight: Array

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.estimate).all() and np.isfinite(self.bend).all())


class Line:
    """A vector function along a line, and weights that make one number of its outputs.

    Outputs are subtracted before they are weighted and added up, so that a large one does not drown a small one.

    Parameters
    ----------
    y : callable
        ``y(t)``, the outputs in one row at the distance t; nan where there are none.
    origin : array
        ``y(0)``.
    weights : array
        One for each output.
    length : float
        How far the arguments move for t = 1.
    """

    def __init__(self, y: Callable[[float], Array], origin: Array, weights: Array, length: float = 1.0) -> None:
        self.y, self.origin, self.weights, self.length = y, origin, weights, length
        self.rungs: list[_Rung] = []
        self._least = np.full(origin.shape, np.inf)

    def climb(self, exponent: int) -> _Rung:
        """Measure with one more step, a power of two."""
        h = 2.0**exponent
        with np.errstate(all="ignore"):
            (ahead, behind), (near_ahead, near_behind) = self._moves(h), self._moves(h / 2)
            coarse, fine = (ahead - behind) / (2 * h), (near_ahead - near_behind) / h
            estimate = (4 * fine - coarse) / 3
            # Over half the step a smooth function bends a quarter as far, a kink half as far, a jump as far.
            far, near = ahead + behind, near_ahead + near_behind
            wobble = np.abs(far - 4 * near)
            rough = np.abs(estimate - fine) + wobble / h
            straight = self._straight(ahead, near_ahead) & self._straight(behind, near_behind)
            rung = _Rung(h, estimate, rough, ahead / h, -behind / h, far / h, wobble / 5, straight)
        self.rungs.append(rung)
        return rung

    def _moves(self, h: float) -> tuple[Array, Array]:
        ahead, behind = self.y(h) - self.origin, self.y(-h) - self.origin
        smaller = np.minimum(np.abs(ahead), np.abs(behind))
        np.minimum(self._least, smaller, out=self._least, where=smaller > 0)
        return ahead, behind

    @staticmethod
    def _straight(whole: Array, half: Array) -> Array:
        """Whether half a step moves half as far, and not by none or all of a stair."""
        return np.asarray((whole != 0) & (np.abs(whole - 2 * half) < 0.1 * np.abs(whole)))

    def total(self, parts: Array) -> float:
        """The weighted sum over the outputs."""
        return float(self.weights @ parts)

    def size(self, parts: Array) -> float:
        """The weighted sum of sizes, in which nothing cancels."""
        return float(np.abs(self.weights) @ np.abs(parts))

    def rounding(self) -> float:
        """What rounding does to the outputs at the least."""
        return EPS * self.size(self.origin)

    def noise(self, h: float) -> float:
        """What rounding does to the outputs, as seen at steps so small that a smooth function is straight."""
        finite = sorted((rung for rung in self.rungs if rung.finite), key=lambda rung: rung.step)
        small = max(h / 256, *(rung.step for rung in finite[:2]))
        # Where rounding makes stairs of a slope, steps within one stair show nothing; their height is the least move
        # to both sides.
        stairs = np.where(np.isfinite(self._least) & ~finite[0].straight, self._least, 0.0)
        seen = [rung.wobble for rung in finite if rung.step <= small]
        return self.size(np.max([EPS * np.abs(self.origin), stairs, *seen], axis=0))

    def same_bend(self, scale: float) -> bool:
        """Whether the first and the last step show the same difference between one-sided slopes: a kink."""
        first, last = self.rungs[0], self.rungs[-1]
        bend = self.size(first.bend)
        return bend > max(0.01 * scale, 2 * self.size(first.bend - last.bend))

    def error(self, rung: _Rung, noise: float) -> float:
        """How far the estimate of a rung may be off."""
        return self.size(rung.rough) + 4 * noise / rung.step


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
    >>> from autograd.check.slope import Line, measure
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
    return _weighed(line, claimed, scale, tolerance)


def _weighed(line: Line, claimed: float, scale: float, tolerance: float) -> Slope:
    """The verdict when all steps have been tried and none confirmed the claim outright."""
    ladder = sorted((rung for rung in line.rungs if rung.finite), key=lambda rung: rung.step)
    if not ladder:
        return _at_edge(line, claimed)
    noises = [line.noise(rung.step) for rung in ladder]
    errors = [SAFETY * line.error(rung, noise) for rung, noise in zip(ladder, noises, strict=True)]
    estimates = [line.total(rung.estimate) for rung in ladder]
    for rung, estimate, error in zip(ladder, estimates, errors, strict=True):
        resolved = max(RESOLUTION * max(scale, abs(estimate)), tolerance)
        if error <= min(resolved, 4 * min(errors)) and claimed and abs(estimate - claimed) <= tolerance + error:
            return Slope("right", claimed, estimate, error, scale, rung.step)
    # A large step can miss all that happens within it: it counts only if no smaller step contradicts it.
    steady = [
        i
        for i in range(len(ladder))
        if all(abs(estimates[i] - estimates[j]) <= errors[i] + errors[j] for j in range(i))
    ]
    best = min(steady, key=lambda i: (errors[i], -ladder[i].step))
    rung, measured, uncertainty = ladder[best], estimates[best], errors[best]
    gap = abs(measured - claimed)
    usual = min(ladder, key=lambda r: abs(r.step - 2.0 ** EXPONENTS[0]))
    typical = max(scale, abs(measured), *(line.size(side) for r in (rung, usual) for side in (r.rise, r.fall)))
    resolved = max(RESOLUTION * typical, tolerance)
    reaches = ladder[-1].step >= 2.0 ** EXPONENTS[0]
    found = Slope("noise", claimed, measured, uncertainty, typical, rung.step)
    if not np.isfinite(measured):
        return replace(found, verdict="edge")
    if gap <= tolerance + uncertainty:
        if uncertainty <= resolved and typical:
            return replace(found, verdict="right")
        if reaches and scale <= uncertainty <= 1e-6 * line.size(line.origin):
            return replace(found, verdict="flat")
    bend = _bend(line, ladder, noises, typical)
    if bend is not None:
        return replace(found, verdict="kink", left=line.total(bend.fall), right=line.total(bend.rise))
    # Where f does not move at all, not even its size says what rounding does inside it.
    moved = max(max(line.size(r.rise), line.size(r.fall)) * r.step for r in ladder)
    nothing = reaches and moved == 0 and scale <= ROUNDINGS * EPS * line.length
    if not nothing and uncertainty < gap - tolerance and uncertainty <= 0.05 * typical:
        able = [i for i in range(len(ladder)) if i != best and errors[i] <= gap / 2]
        seconded = any(abs(estimates[i] - measured) <= gap / 2 for i in able)
        opposed = any(abs(estimates[i] - claimed) <= errors[i] + tolerance for i in able)
        roughs = [line.size(r.rough) for r in ladder]
        rougher = any(roughs[i] > max(roughs[best], 20 * noises[i] / ladder[i].step) for i in range(best))
        # That f seems flat refutes a claim only where small steps would show it, and nothing refutes one about chaos.
        near = [i for i in range(best + 1) if ladder[i].step <= max(ladder[0].step, rung.step / 256)]
        seen = abs(measured) > uncertainty or any(abs(estimates[i] - claimed) > errors[i] for i in near)
        chaos = noises[0] > 1e-5 * max(moved, line.size(line.origin))
        if seconded and seen and not (opposed or rougher or chaos):
            return replace(found, verdict="wrong", scale=max(scale, abs(measured)))
    noise = SAFETY * max(noises)
    if nothing or (reaches and moved <= noise and scale * ladder[-1].step <= noise):
        return replace(found, verdict="flat")
    return found


def _bend(line: Line, ladder: list[_Rung], noises: list[float], typical: float) -> _Rung | None:
    """The smallest step that shows a kink, where one-sided slopes differ at any step, or a jump; None without one."""
    for side in ("rise", "fall"):
        jumps = [getattr(rung, side) * rung.step for rung in ladder[:2]]
        height = line.size(jumps[0])
        if len(jumps) == 2 and height > 0.01 * line.size(line.origin) and line.size(jumps[1] - jumps[0]) < height / 10:
            return ladder[0]
    last = 0.0
    for rung, noise in zip(ladder, noises, strict=True):
        bend = line.size(rung.bend)
        sharp = bend * rung.step > 100 * noise and 5 * line.size(rung.wobble) > bend * rung.step / 10
        if sharp and bend > 0.01 * typical and 0.2 < last / bend < 5 and rung.step <= 2.0**-7:
            return rung
        last = bend if sharp else 0.0
    return None


def _at_edge(line: Line, claimed: float) -> Slope:
    """No step has an answer on both sides; the smallest with one on either side shows the slope there."""
    left = right = np.nan
    for rung in sorted(line.rungs, key=lambda rung: -rung.step):
        fall, rise = line.total(rung.fall), line.total(rung.rise)
        left, right = fall if np.isfinite(fall) else left, rise if np.isfinite(rise) else right
    return Slope("edge", claimed, left=left, right=right)
