"""The slope of a function of one number, by central differences, with an account of how well it is known.

A claimed slope is confirmed by any step size at which differences agree with it and with each other; it is refuted only
where two step sizes agree with each other and not with it, by ten times what could be wrong with them. Everything else
is a limit of differences, and gets a name. So a right slope is not refuted for want of a good step size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

Verdict = Literal["right", "wrong", "kink", "edge", "flat", "noise"]

EXPONENTS = (-11, -15, -7, -19, -3, -23, -27, -31, -35, -39, -43, -1, *range(-41, -4, 4))
"""Step sizes as powers of two, the most promising first: near 1 for functions that hardly change, tiny for those that
change at once; the first is right for a function whose third derivative is like its first."""

SAFETY = 10.0
"""By how many times the estimated error a difference must be off before it counts as evidence."""

ROUNDINGS = 4
"""How many values of f, each off by its rounding, make a slope."""

RESOLUTION = 3e-4
"""A slope known only to a larger part of itself is not called right: an error of 0.1 % could hide in it."""

CHAOS = 1e-5
"""Rounding that is a larger part of f makes waves of it that no step resolves: they refute nothing."""


@dataclass(frozen=True)
class Comparison:
    """One slope that the engine claims, against differences.

    Attributes
    ----------
    verdict : str
        "right"; "wrong"; "flat", if claim and slope are no more than rounding; or which limit was met: a "kink" (or
        jump), the "edge" of the domain, or "noise", when rounding or roughness hides the slope.
    engine, numeric : float
        What the engine says, and what differences say.
    uncertainty : float
        How far off the differences may be.
    scale : float
        What an error is to be compared with: the sum of the sizes of all that the engine's number is added up from.
    sides : (float, float)
        At a kink, the slopes on both sides.
    order : int
        1 for the gradient, 2 for the gradient of the gradient.
    argument : str
        Which argument moved.
    entry : str
        Which entries of it.
    index : tuple of int or None
        Of a single entry; None for a random direction of many.
    weighted : bool
        Whether both numbers belong to the sum of several outputs, each times a random cotangent.
    shows : float
        The smallest relative error in one entry of usual size that shows in them.
    """

    verdict: Verdict
    engine: float
    numeric: float = np.nan
    uncertainty: float = np.inf
    scale: float = 0.0
    sides: tuple[float, float] = (np.nan, np.nan)
    order: int = 1
    argument: str = ""
    entry: str = ""
    index: tuple[int, ...] | None = None
    weighted: bool = False
    shows: float = np.nan

    @property
    def difference(self) -> float:
        """How far apart the two are."""
        return abs(self.engine - self.numeric)

    @property
    def error(self) -> float:
        """The relative error."""
        if self.difference == 0 or self.verdict == "flat":
            return 0.0
        if not np.isfinite(self.difference):
            return np.nan
        return self.difference / max(self.scale, abs(self.engine), abs(self.numeric))

    def per(self, length: float) -> Comparison:
        """The same for a step of length 1, where the step was this long."""
        engine, numeric, fall, rise = (x / length + 0.0 for x in (self.engine, self.numeric, *self.sides))  # never -0.0
        return replace(
            self,
            engine=engine,
            numeric=numeric,
            sides=(fall, rise),
            uncertainty=self.uncertainty / abs(length),
            scale=self.scale / abs(length),
        )


@dataclass(frozen=True)
class Rung:
    """A central difference with one step and with its half, together more precise than either.

    ``error`` is how far the slope may be off, ``noise`` the part of it that is rounding, ``rise`` and ``fall`` are the
    one-sided slopes.
    """

    step: float
    slope: float
    error: float
    noise: float
    rise: float
    fall: float


def _rung(f: Callable[[float], float], step: float, noise: float) -> Rung:
    with np.errstate(all="ignore"):
        ahead, behind, near_ahead, near_behind = f(step), f(-step), f(step / 2), f(-step / 2)
        coarse, fine = (ahead - behind) / (2 * step), (near_ahead - near_behind) / step
        slope = (4 * fine - coarse) / 3
        # Over half the step a smooth function bends a quarter as far, a kink half as far, a jump as far.
        rough = abs(slope - fine) + abs(ahead + behind - 4 * (near_ahead + near_behind)) / step
        noise = ROUNDINGS * noise / step
    return Rung(step, slope, SAFETY * rough + noise, noise, ahead / step, -behind / step)


def measure(
    f: Callable[[float], float], claimed: float, *, scale: float, size: float, noise: float, tolerance: float
) -> Comparison:
    """Compare a claimed slope at 0 with differences.

    Parameters
    ----------
    f : callable
        Of one number; 0 at 0, and nan where it has no value.
    claimed : float
    scale : float
        The sum of the sizes of all that the claim was added up from.
    size, noise : float
        The same for f, and what rounding may do to it.
    tolerance : float
        How large an error is allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.check.slope import measure
    >>> known = {"scale": 1.0, "size": 1.0, "noise": 1e-16, "tolerance": 1e-6}
    >>> measure(np.sin, 1.0, **known).verdict, measure(np.sin, 1.001, **known).verdict
    ('right', 'wrong')
    >>> measure(abs, 0.0, **known).verdict
    'kink'
    """
    rungs: list[Rung] = []
    still = 0
    for exponent in EXPONENTS:
        rung = _rung(f, 2.0**exponent, noise)
        if not np.isfinite(rung.slope + rung.error):
            continue
        rungs.append(rung)
        if (claimed or rung.slope) and rung.error <= tolerance and abs(rung.slope - claimed) <= tolerance:
            return Comparison("right", claimed, rung.slope, rung.error, scale)
        still += exponent >= EXPONENTS[0] and claimed == rung.rise == rung.fall == 0
        if still == 2:
            return Comparison("flat", claimed, 0.0, rung.error)
    if not rungs:
        return Comparison("edge", claimed)
    rungs.sort(key=lambda rung: rung.step)
    moved = max(max(abs(rung.rise), abs(rung.fall)) * rung.step for rung in rungs)
    return _judged(rungs, claimed, scale, tolerance, chaotic=noise > CHAOS * max(size, moved) > 0)


def _judged(rungs: list[Rung], claimed: float, scale: float, tolerance: float, *, chaotic: bool) -> Comparison:
    """What all steps together say about a claim that none of them has confirmed outright; the smallest comes first."""
    # A large step may step over much, so it counts only if no smaller one contradicts it.
    steady = [
        rung
        for i, rung in enumerate(rungs)
        if all(abs(rung.slope - smaller.slope) <= rung.error + smaller.error for smaller in rungs[:i])
    ]
    best = min(steady, key=lambda rung: (rung.error, -rung.step))
    usual = min(rungs, key=lambda rung: abs(rung.step - 2.0 ** EXPONENTS[0]))
    typical = max(scale, abs(best.slope), abs(usual.rise), abs(usual.fall))

    def verdict(name: Verdict, by: Rung = best) -> Comparison:
        return Comparison(name, claimed, by.slope, by.error, max(scale, abs(by.slope)), (by.fall, by.rise))

    within = [rung for rung in rungs if rung.step <= best.step]
    still = all(max(scale, abs(rung.rise), abs(rung.fall)) <= rung.noise for rung in within)
    if still and np.isfinite(claimed) and best.step >= 2.0 ** EXPONENTS[0]:
        return verdict("flat")
    # Where nothing is claimed, what f does nearby has to say how small is small.
    known = [
        rung
        for rung in rungs
        if rung.error <= max(RESOLUTION * (max(scale, abs(rung.slope)) if claimed else typical), tolerance)
    ]
    for rung in known:
        agrees = rung.error <= 4 * best.error and abs(rung.slope - claimed) <= rung.error + tolerance
        if agrees and all(abs(other.slope - rung.slope) <= other.error + rung.error for other in known):
            return verdict("right", rung)
    sharp = _sharpest(rungs, typical)
    if sharp is not None:
        return verdict("kink" if np.isfinite(claimed) else "edge", sharp)
    gap = abs(claimed - best.slope) if np.isfinite(claimed) else np.inf
    able = [rung for rung in rungs if rung is not best and rung.error <= gap / 2]
    seconded = any(abs(rung.slope - best.slope) <= gap / 2 for rung in able)
    opposed = any(abs(rung.slope - claimed) <= rung.error + tolerance for rung in able)
    refuted = gap > best.error + tolerance and seconded and not (opposed or chaotic)
    return verdict("wrong" if refuted else "noise")


def _sharpest(rungs: list[Rung], typical: float) -> Rung | None:
    """The smallest step that tells slopes from rounding, if it shows a kink, a jump or a pole.

    There one-sided slopes differ, or grow, as much as with a larger step.
    """
    seen = [rung for rung in rungs if 10 * rung.noise <= 0.01 * typical][:3]
    corners = [
        max(abs(small.rise - small.fall), abs(small.rise - large.rise), abs(small.fall - large.fall))
        for small, large in pairwise(seen)
    ]
    return seen[0] if len(corners) == 2 and corners[0] > max(0.01 * typical, corners[1] / 2) else None
