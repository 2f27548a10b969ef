"""The slope of a function along a line, by differences, with an honest account of how well it is known.

A claimed slope is confirmed by any step size at which differences agree with it and with each other; it is refuted only
where two step sizes agree with each other and not with it, by ten times what could be wrong with them. Everything else
is a limit of differences, and gets a name. So a right slope is not refuted for want of a good step size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
Verdict = Literal["right", "wrong", "kink", "edge", "flat", "noise"]

EXPONENTS = (-11, -15, -7, -19, -3, -23, -27, -31, -35, -39, -43, -1)
"""Step sizes as powers of two, the most promising first. Near 1 for functions that hardly change, tiny for those that
change at once; the first is right for a function whose third derivative is like its first."""

SAFETY = 10.0
"""By how many times the estimated error a difference must be off before it counts as evidence."""

RESOLUTION = 3e-4
"""A slope known only to a larger part of itself is not called right: an error of 0.1 % could hide in it."""

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
    left, right : float
        The one-sided slopes at the smallest step that shows them.
    """

    verdict: Verdict
    claimed: float
    measured: float = np.nan
    uncertainty: float = np.inf
    left: float = np.nan
    right: float = np.nan

    @property
    def difference(self) -> float:
        """How far apart the claim and the measurement are."""
        return abs(self.claimed - self.measured)


@dataclass
class _Rung:
    """Central differences with one step and its half, for each output."""

    step: float
    estimate: Array
    rough: Array
    bend: Array
    second: Array
    rise: Array
    fall: Array

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.estimate).all() and np.isfinite(self.bend).all())


class Line:
    """A vector function along a line, ``y(t)``, and the weights that make one number of its outputs.

    Outputs are subtracted before they are weighted and added up, so that a large one does not drown a small one.

    Parameters
    ----------
    y : callable
        The outputs, as a flat array, at the distance t; nan where there are none.
    origin : array
        ``y(0)``.
    weights : array
        One for each output.
    blur : float
        The rounding error of the arguments, as far as it changes the result.
    """

    def __init__(self, y: Callable[[float], Array], origin: Array, weights: Array, blur: float = 0.0) -> None:
        self.y, self.origin, self.weights, self.blur = y, origin, np.abs(weights), blur
        self.signed = weights
        self.rungs: list[_Rung] = []
        self.quantum = np.full(origin.shape, np.inf)

    def climb(self, exponent: int) -> _Rung:
        """Measure with one more step size."""
        h = 2.0**exponent
        far, near = self._pair(h), self._pair(h / 2)
        coarse, fine = (far[0] - far[1]) / (2 * h), (near[0] - near[1]) / h
        estimate = (4 * fine - coarse) / 3
        second = far[0] + far[1]
        # A smooth function bends half as much over half the step, a kink just as much.
        bend, half_bend = second / h, 2 * (near[0] + near[1]) / h
        rough = np.abs(estimate - fine) + np.abs(bend - 2 * half_bend)
        rung = _Rung(h, estimate, rough, bend, np.abs(second), far[0] / h, -far[1] / h)
        self.rungs.append(rung)
        return rung

    def _pair(self, h: float) -> tuple[Array, Array]:
        steps = self.y(h) - self.origin, self.y(-h) - self.origin
        for step in steps:
            moved = np.abs(step)
            np.minimum(self.quantum, moved, out=self.quantum, where=moved > 0)
        return steps

    def total(self, parts: Array) -> float:
        """The weighted sum over outputs."""
        return float(self.signed @ parts)

    def size(self, parts: Array) -> float:
        """The weighted sum of absolute values, in which nothing cancels."""
        return float(self.weights @ np.abs(parts))

    def rounding(self) -> float:
        """What rounding must be expected to do to the outputs, before anything was measured."""
        return EPS * self.size(self.origin) + self.blur

    def noise(self, h: float) -> float:
        """What rounding does to the outputs, as seen in steps so small that a smooth function is straight."""
        steps = sorted(rung.step for rung in self.rungs if rung.finite)
        if not steps:
            return self.rounding()
        small = max(h / 256, steps[min(1, len(steps) - 1)])
        seen = [rung.second for rung in self.rungs if rung.finite and rung.step <= small]
        # Where rounding has made stairs of a slope, steps within one stair show nothing, and its height shows the rest.
        stairs = np.where(np.isfinite(self.quantum), self.quantum, 0.0)
        floor = np.maximum(EPS * np.abs(self.origin), stairs)
        return self.size(np.max([floor, *seen], axis=0)) + self.blur

    def error(self, rung: _Rung, noise: float) -> float:
        """How far a rung's estimate may be off."""
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
    for exponent in EXPONENTS:
        rung = line.climb(exponent)
        if not rung.finite:
            continue
        estimate, error = line.total(rung.estimate), line.error(rung, line.rounding())
        if error <= tolerance and abs(estimate - claimed) <= tolerance:
            return Slope("right", claimed, estimate, error)
        still += not (rung.rise.any() or rung.fall.any())
        if claimed == 0 and still >= 3:  # the first three steps span five decades
            return Slope("flat", 0.0, 0.0, error)
    return _weighed(line, claimed, scale, tolerance)


def _weighed(line: Line, claimed: float, scale: float, tolerance: float) -> Slope:
    """The verdict when all step sizes have been tried and none confirmed the claim outright."""
    finite = [rung for rung in line.rungs if rung.finite]
    if not finite:
        return _at_edge(line, claimed)
    noises = {rung.step: line.noise(rung.step) for rung in finite}
    errors = {rung.step: line.error(rung, noises[rung.step]) for rung in finite}
    best = min(finite, key=lambda rung: errors[rung.step])
    measured, error = line.total(best.estimate), errors[best.step]
    uncertainty, gap = SAFETY * error, abs(measured - claimed)
    typical = max(scale, abs(measured), line.size(best.rise), line.size(best.fall))
    if gap <= tolerance + uncertainty:
        if uncertainty <= RESOLUTION * typical:
            return Slope("right", claimed, measured, error)
    elif uncertainty <= 0.05 * typical and any(
        errors[rung.step] <= gap / 3 and abs(line.total(rung.estimate) - measured) <= gap / 3
        for rung in finite
        if rung is not best
    ):
        return Slope("wrong", claimed, measured, error)
    bend = _bend(line, finite, noises, typical)
    if bend is not None:
        return Slope("kink", claimed, measured, error, line.total(bend.fall), line.total(bend.rise))
    moved = max(max(line.size(rung.rise), line.size(rung.fall)) * rung.step for rung in finite)
    flat = moved <= SAFETY * max(noises.values()) and gap <= tolerance + uncertainty
    return Slope("flat" if flat else "noise", claimed, measured, error)


def _bend(line: Line, finite: list[_Rung], noises: dict[float, float], typical: float) -> _Rung | None:
    """The smallest step that shows a kink, where one-sided slopes differ at any step, or a jump; None without one."""
    smallest = sorted(finite, key=lambda rung: rung.step)[:2]
    for side in ("rise", "fall"):
        jumps = [getattr(rung, side) * rung.step for rung in smallest]
        height = line.size(jumps[0])
        if len(jumps) == 2 and height > 1e3 * line.rounding() and line.size(jumps[-1] - jumps[0]) < height / 10:
            return smallest[0]
    bent = [rung for rung in finite if line.size(rung.bend) * rung.step > 100 * noises[rung.step]]
    closest = min(bent, key=lambda rung: rung.step, default=None)
    if closest is None:
        return None
    bend = line.size(closest.bend)
    return closest if bend > 0.01 * typical and line.size(closest.rough) > bend / 10 else None


def _at_edge(line: Line, claimed: float) -> Slope:
    """No step has an answer on both sides; the smallest step with one on one side shows the slope there."""
    left = right = np.nan
    for rung in sorted(line.rungs, key=lambda rung: -rung.step):
        rise, fall = line.total(rung.rise), line.total(rung.fall)
        left = fall if np.isfinite(fall) else left
        right = rise if np.isfinite(rise) else right
    return Slope("edge", claimed, left=left, right=right)
