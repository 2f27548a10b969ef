"""Central differences of a function along a line, at steps of many sizes, and how far off each may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Rung:
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
        self.rungs: list[Rung] = []
        self._least = np.full(origin.shape, np.inf)

    def climb(self, exponent: int) -> Rung:
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
            rung = Rung(h, estimate, rough, ahead / h, -behind / h, far / h, wobble / 5, straight)
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

    def chaotic(self) -> Array:
        """The outputs that jump about at the smallest step as much as anywhere: no step tells their slope."""
        finite = sorted((rung for rung in self.rungs if rung.finite), key=lambda rung: rung.step)
        moved = np.max([np.maximum(np.abs(rung.rise), np.abs(rung.fall)) * rung.step for rung in finite], axis=0)
        return np.asarray(finite[0].wobble > 1e-3 * np.maximum(np.abs(self.origin), moved))

    def error(self, rung: Rung, noise: float) -> float:
        """How far the estimate of a rung may be off."""
        return self.size(rung.rough) + 4 * noise / rung.step
