"""The check of one order of derivative: which numbers to compare, and where to look closer when they disagree."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from autograd.check.program import Function, Gradient, Program
from autograd.check.report import Limit, complaint, independent, listed, reason
from autograd.check.slope import SAFETY, Comparison, Verdict, measure
from autograd.check.slots import Array, Slot

MOST_GROUPS = 16
"""Each argument moves by itself, so that a large gradient does not hide a small one; many arguments move in groups."""

MOST_SPLITS = 24
"""How often a group is cut in two to find out which of its entries stand at a kink."""

BESIDE = 2.0**-20
"""How far away a point is that is not at the same kink, but where a smooth gradient is nearly the same."""


def directions(data: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Two random directions: entries that move by parts of their own size, and entries that move alike, by 1 or more.

    The first stays where the numbers are (the logarithm of 1e-8), the second sees what happens around them (the cosine
    of 1e-8). What is nan or inf does not move.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.check.level import directions
    >>> by_size, alike = directions(np.array([1e-8, 100.0]), np.random.default_rng(0))
    >>> bool(abs(by_size[0]) <= 1e-8), bool(abs(alike[0]) >= 1)
    (True, True)
    """
    finite = np.isfinite(data)
    sizes = np.where(finite, np.abs(data), 0.0)
    usual = float(sizes[sizes > 0].mean()) if sizes.any() else 1.0
    own = np.where(sizes > 0, sizes, usual)
    # The smallest step must stay small beside the entry: there may be a pole at 0.
    by_size, alike = (
        np.where(finite, length * rng.uniform(0.5, 1, data.shape) * rng.choice([-1.0, 1.0], data.shape), 0.0)
        for length in (own, np.minimum(max(1.0, usual) / 2.0**30, own) * 2.0**31)
    )
    return by_size, alike


class Level:
    """The comparisons for one program, and what came of them.

    Attributes
    ----------
    weights : array
        The cotangents of the outputs, in one row.
    comparisons : list of Comparison
    failures : list of str
    settled : array of bool
        The entries of the arguments whose gradient was met.
    """

    def __init__(self, program: Program, *, rtol: float, atol: float, rng: np.random.Generator) -> None:
        self.program, self.rtol, self.atol = program, rtol, atol
        pairs = [directions(slot.data, rng) for slot in program.inputs.slots]
        self.ways = [np.concatenate([np.ravel(pair[i]) for pair in pairs]) for i in range(2)]
        self.origin = np.where(program.known, program.y, 0.0)
        self.weights = np.where(program.known, self._weights(rng), 0.0)
        self.engine, self.noise = program.gradient(self.weights)
        self.comparisons: list[Comparison] = []
        self.failures: list[str] = []
        self.settled = program.settled.copy()
        self._met: dict[tuple[Verdict, Slot], list[tuple[Array, Comparison]]] = {}
        self._splits = 0

    def _weights(self, rng: np.random.Generator) -> Array:
        """A random cotangent for each output number, so scaled that all outputs count alike.

        A single number keeps the weight 1, so that the numbers in the report are its gradient.
        """
        program = self.program
        if program.order == 1 and program.y.size == 1:
            return np.ones(1)
        weights = np.asarray(rng.uniform(0.5, 2, program.y.shape) * rng.choice([-1.0, 1.0], program.y.shape))
        places = program.outputs.places
        if len(places) > 1:
            h = 2.0**-11
            ahead, behind = (program.at(program.x + t * self.ways[0]) for t in (h, -h))
            change = np.nan_to_num(np.abs(ahead - behind) / (2 * h), nan=0.0, posinf=0.0)
            change = np.maximum(change, 1e-3 * np.abs(self.origin))
            sizes = [float(change[place].mean()) if change[place].size else 0.0 for place in places]
            for place, size in zip(places, sizes, strict=True):
                weights[place] /= size or max(sizes) or 1.0
        return weights

    def check(self, *, by_entry: bool) -> None:
        """Compare everything, entry by entry or along random directions of each argument."""
        if self.program.order > 1:
            self._check_recording()
        moves, finite = (self.ways[0] != 0) & self.program.settled, np.isfinite(self.engine)
        given = np.concatenate([np.full(s.data.size, self.program.is_argument(s)) for s in self.program.inputs.slots])
        for entries in [*self._groups(), np.flatnonzero(~given)]:
            self._splits = 0
            block, odd = entries[(moves & finite)[entries]], entries[(moves & given & ~finite)[entries]]
            together = [] if by_entry or not block.size else [block]
            singly = np.concatenate([block, odd] if by_entry else [odd[:MOST_SPLITS]])
            for part in [*together, *singly.reshape(-1, 1)]:
                self._settle(part)

    def _groups(self) -> list[Array]:
        """The entries of arguments that move together."""
        places = zip(self.program.inputs.slots, self.program.inputs.places, strict=True)
        groups = [np.arange(place.start, place.stop) for slot, place in places if self.program.is_argument(slot)]
        return groups if len(groups) <= MOST_GROUPS else np.array_split(np.concatenate(groups), MOST_GROUPS)

    def _check_recording(self) -> None:
        """A gradient must have the same value when it is recorded as on plain numbers."""
        recorded, plain = self.program.y, self.program.at(self.program.x)
        scale = np.abs(plain[np.isfinite(plain)]).max(initial=0.0)
        same = np.isclose(recorded, plain, rtol=1e-8, atol=1e-12 * float(scale), equal_nan=True)
        if not same.all():
            i = int(np.argmin(same))
            self.failures.append(
                f"{self.program.outputs.entry(i)} is {recorded[i]:.9g} when it is recorded, and {plain[i]:.9g} on "
                "plain numbers: a rule must say the same on nodes and on arrays"
            )

    # --- verdicts -----------------------------------------------------------------------------------------------------

    def _settle(self, block: Array) -> bool:
        """Find the verdict on a block of entries, or on its halves where one is needed; whether something is wrong."""
        slope, way = self._verdict(block)
        halves = np.array_split(block, 2) if len(block) > 1 else []
        if slope.verdict == "wrong":
            parts = [self._probe(half, way) for half in halves]
            wrong = [(part.difference, i) for i, part in enumerate(parts) if part.verdict == "wrong"]
            if wrong and self._settle(halves[max(wrong)[1]]):
                return True
        elif slope.verdict in ("kink", "edge") and halves and self._splits < MOST_SPLITS:
            self._splits += 1
            return any([self._settle(half) for half in halves])
        elif slope.verdict in ("edge", "noise"):
            slope = self._by_complex_step(block) or slope
        return self._note(block, slope, way)

    def _verdict(self, block: Array) -> tuple[Comparison, Array]:
        """What the worse of the two directions says of a block; right is better than any limit."""
        found = [(self._probe(block, way), way) for way in self.ways]
        order = ["wrong", "right", "kink", "edge", "noise", "flat"]
        return min(found, key=lambda pair: order.index(pair[0].verdict))

    def _probe(self, block: Array, way: Array) -> Comparison:
        """Compare along one direction, in which only the entries of a block move."""
        x, v = self.program.x, _only(block, way)
        products = self.engine[block] * way[block]
        scale = float(np.nan_to_num(np.abs(products), posinf=0.0).sum())

        def moved(t: float) -> float:
            y = self.program.at(x + t * v)
            return float(self.weights @ np.where(self.program.known, y - self.origin, 0.0))

        size = float(np.abs(self.weights) @ np.abs(self.origin))
        claimed = float(products.sum())
        allowed = self._allowed(products)
        slope = measure(moved, claimed, scale=scale, size=size, noise=self.noise, tolerance=allowed)
        usual = float(np.hypot.reduce(products)) / np.sqrt(len(products))
        if usual and np.isfinite(usual):
            slope = replace(slope, shows=(allowed + slope.uncertainty) / usual)
        if slope.verdict == "wrong":
            if slope.difference <= SAFETY * self._noise_of_slope(v):
                return replace(slope, verdict="noise")
            if self._right_beside(v, slope):
                return replace(slope, verdict="kink", sides=(np.nan, np.nan))
        return slope

    def _allowed(self, products: Array) -> float:
        """How large an error of a slope is allowed that is the sum of these products.

        Their signs are random, so what is wrong with single ones does not grow with their number, but with its root.
        """
        finite = np.where(np.isfinite(products), products, 0.0)
        return self.atol + self.rtol * float(max(np.hypot.reduce(finite), abs(finite.sum())))

    def _noise_of_slope(self, v: Array) -> float:
        """What rounding may do to the engine's slope along v: the noise of the gradient, seen as a program itself."""
        if self._next is None:
            return 0.0
        return self._next.gradient(np.where(self._next.known, v, 0.0))[1]

    @cached_property
    def _next(self) -> Program | None:
        try:
            return Gradient(self.program, self.weights, self.settled)
        except Exception:  # a rule that cannot be differentiated
            return None

    def _right_beside(self, v: Array, slope: Comparison) -> bool:
        """Whether the engine's slopes just before and behind have the differences as their mean: there is a kink.

        It may be hidden (the square of abs is smooth at 0, but made of abs'(0), which is a convention), or so near that
        rounding hides it.
        """
        try:
            beside = [self.program.gradient(self.weights, at=self.program.x + t * v)[0] @ v for t in (BESIDE, -BESIDE)]
        except (ArithmeticError, ValueError):
            return False
        return abs(float(np.mean(beside)) - slope.numeric) <= slope.difference / 100

    def _by_complex_step(self, block: Array) -> Comparison | None:
        """What a complex step says, if it confirms the engine. It can only confirm: f need not be analytic."""
        way = _only(block, self.ways[0])
        derivative = self.program.complex_step(way) if isinstance(self.program, Function) else None
        if derivative is None:
            return None
        products = self.engine[block] * way[block]
        claimed, scale = float(products.sum()), float(np.abs(products).sum())
        measured = float(self.weights @ derivative)
        agrees = claimed and np.isfinite(scale) and abs(measured - claimed) <= self._allowed(products)
        return Comparison("right", claimed, measured, np.finfo(float).eps * scale, scale) if agrees else None

    # --- what is said of them -----------------------------------------------------------------------------------------

    def _note(self, block: Array, slope: Comparison, way: Array) -> bool:
        """Add a row to the table, of a single entry its derivative, else the slope along the direction."""
        inputs, first = self.program.inputs, int(block[0])
        slot, own = inputs.at(first)
        entry, index = slot.entry(own), None
        if len(block) == 1:
            index, slope = slot.index(own), slope.per(float(way[first]))
        else:
            entry = slot.name if len(block) == slot.data.size else f"{entry} to {inputs.entry(int(block[-1]))}"
        weighted = self.program.order > 1 or self.program.y.size > 1
        row = replace(slope, order=self.program.order, argument=slot.name, entry=entry, index=index, weighted=weighted)
        self.comparisons.append(row)
        if slope.verdict == "wrong":
            self.failures.append(complaint(row, cut_off=slope.engine == 0 and not self.program.leads_to(slot)))
        elif slope.verdict not in ("right", "flat"):
            self._met.setdefault((slope.verdict, slot), []).append((block, row))
        if slope.verdict != "right" and (slope.engine or slope.verdict != "flat"):
            self.settled[block] = False
        return slope.verdict == "wrong"

    def limits(self) -> list[Limit]:
        """What could not be checked at this order."""
        limits = []
        for (kind, slot), met in self._met.items():
            if self.program.is_argument(slot):  # a gradient is linear in its cotangents
                entries = [self.program.inputs.entry(int(i)) for block, _ in met for i in block]
                limits.append(Limit(kind, reason(kind, entries, met[0][1]), slot.name))
        if self.program.order == 1:
            verdicts: dict[str, set[Verdict]] = {}
            for row in self.comparisons:
                verdicts.setdefault(row.argument, set()).add(row.verdict)
            still = [name for name, found in verdicts.items() if found == {"flat"}]
            if still:
                rows = [row for row in self.comparisons if row.argument in still]
                limits.append(Limit("independent", independent(rows), listed(still)))
        return limits


def _only(block: Array, way: Array) -> Array:
    """A direction in which only the entries of a block move."""
    v = np.zeros_like(way)
    v[block] = way[block]
    return v
