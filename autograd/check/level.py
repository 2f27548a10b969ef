"""The check of one order of derivative: which numbers to compare, and where to look closer when they disagree."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from autograd.check.arguments import Array
from autograd.check.program import Program
from autograd.check.report import Comparison, Limit
from autograd.check.slope import EPS, Line, Slope, measure

MOST_GROUPS = 16
"""Each argument moves by itself, so that a large gradient does not hide a small one; many arguments move in groups."""

MOST_SPLITS = 24
"""How often a group is cut in two to find out which of its entries stand at a kink."""

ROUNDINGS = 64
"""Where large cotangents cancel, what is left is rounding: so many times what one operation adds."""

MOST_NAMES = 4
"""How many entries a message names."""


def ways(data: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Two random directions: entries that move by parts of their own size, and entries that move alike, by 1 or more.

    The first stays where the numbers are (the logarithm of 1e-8), the second sees what happens around them (the cosine
    of 1e-8). What is nan or inf does not move.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.check.level import ways
    >>> by_size, alike = ways(np.array([1e-8, 100.0]), np.random.default_rng(0))
    >>> np.abs(by_size) <= [1e-8, 100], np.abs(alike) >= [25, 25]
    (array([ True,  True]), array([ True,  True]))
    """
    finite = np.isfinite(data)
    sizes = np.where(finite, np.abs(data), 0.0)
    usual = float(sizes[sizes > 0].mean()) if sizes.any() else 1.0
    nonzero = np.where(sizes > 0, sizes, usual)
    # The smallest step must stay small beside the entry: there may be a pole at 0.
    by_size, alike = (
        np.where(finite, _short(length * rng.uniform(0.5, 1, data.shape)) * rng.choice([-1.0, 1.0], data.shape), 0.0)
        for length in (nonzero, np.minimum(max(1.0, usual), 2.0**30 * nonzero))
    )
    return by_size, alike


def _short(lengths: Array) -> Array:
    """Rounded to three bits: steps by a power of two of it are exact, so that no rounding of x disturbs f(x)."""
    mantissa, exponent = np.frexp(lengths)
    return np.asarray(np.ldexp(np.ceil(8 * mantissa) / 8, exponent))


class Level:
    """The comparisons for one program, and what came of them.

    Attributes
    ----------
    weights : array
        The cotangents of the outputs, in one row.
    comparisons : list of Comparison
    failures : list of str
    settled : array of bool
        The entries of the arguments whose gradient is more than rounding.
    """

    def __init__(self, program: Program, *, rtol: float, atol: float, rng: np.random.Generator) -> None:
        self.program, self.rtol, self.atol = program, rtol, atol
        pairs = [ways(slot.data, rng) for slot in program.slots]
        self.ways = [np.concatenate([np.ravel(pair[i]) for pair in pairs]) for i in range(2)]
        self.known = program.known
        self.origin = np.where(self.known, program.y, 0.0)
        self.weights = np.where(self.known, self._weights(rng), 0.0)
        self.engine = program.gradient(self.weights)
        self.comparisons: list[Comparison] = []
        self.failures: list[str] = []
        self._met: dict[tuple[str, str], list[tuple[Array, Slope, Array]]] = {}
        self.settled = program.settled.copy()
        self._splits = 0

    def _weights(self, rng: np.random.Generator) -> Array:
        """A random cotangent for each output number, so scaled that all outputs count alike.

        A single number keeps the weight 1, so that the numbers in the report are its gradient.
        """
        program = self.program
        if program.order == 1 and program.y.size == 1:
            return np.ones(1)
        weights = np.asarray(rng.uniform(0.5, 2, program.y.shape) * rng.choice([-1.0, 1.0], program.y.shape))
        if len(program.outputs) > 1:
            h = 2.0**-11
            ahead, behind = (program.at(program.x + t * self.ways[0]) for t in (h, -h))
            change = np.nan_to_num(np.abs(ahead - behind) / (2 * h), nan=0.0, posinf=0.0)
            sizes = [
                max(np.mean(change[out.place]), 1e-3 * np.mean(np.abs(program.y[out.place]))) if out.size else 0.0
                for out in program.outputs
            ]
            largest = max((size for size in sizes if np.isfinite(size)), default=0.0)
            if largest > 1e-100:
                for out, size in zip(program.outputs, sizes, strict=True):
                    # What hardly moves beside the others may be mere rounding.
                    weights[out.place] /= size if 1e-8 * largest < size < np.inf else largest
        return weights

    def check(self, *, by_entry: bool) -> None:
        """Compare everything, entry by entry or along random directions of each argument."""
        self._check_recording()
        moves, finite = (self.ways[0] != 0) & self.program.settled, np.isfinite(self.engine)
        for i in np.flatnonzero(moves & ~finite)[: 2 * MOST_NAMES]:
            self._settle_infinite(np.array([i]))
        places = [np.arange(place.start, place.stop) for place in self.program.places]
        if len(places) > MOST_GROUPS:
            places = np.array_split(np.concatenate(places), MOST_GROUPS)
        for place in places:
            block = place[(moves & finite)[place]]
            self._splits = 0
            for part in block.reshape(-1, 1) if by_entry else [block] if block.size else []:
                self._settle(part)

    def _check_recording(self) -> None:
        """A gradient must have the same value when it is recorded as on plain numbers."""
        if self.program.order == 1:
            return
        recorded, plain = self.program.y, self.program.at(self.program.x)
        scale = np.abs(plain[np.isfinite(plain)]).max(initial=0.0)
        same = np.isclose(recorded, plain, rtol=1e-8, atol=1e-12 * float(scale), equal_nan=True)
        if not same.all():
            i = int(np.argmin(same))
            self.failures.append(
                f"{self.program.output_at(i).name} is {recorded[i]:.9g} when it is recorded, and {plain[i]:.9g} on "
                "plain numbers: a rule must say the same on nodes and on arrays"
            )

    # --- verdicts -----------------------------------------------------------------------------------------------------

    def _probe(self, block: Array, way: Array, engine: Array | None = None) -> Slope:
        """Compare along one direction, in which only the entries of a block move."""
        v = np.zeros_like(way)
        v[block] = way[block]
        x, known = self.program.x, self.known
        products = (self.engine if engine is None else engine)[block] * way[block]
        line = Line(lambda t: np.where(known, self.program.at(x + t * v), 0.0), self.origin, self.weights)
        slope = measure(line, float(products.sum()), float(np.abs(products).sum()), rtol=self.rtol, atol=self.atol)
        if slope.verdict == "wrong":
            rounding = float(self._size[block] @ np.abs(way[block]))
            rounding += float(np.abs(self.weights) @ self.program.output_size()) / slope.step
            if slope.difference <= slope.uncertainty + ROUNDINGS * EPS * rounding:
                slope = replace(slope, verdict="noise")
        return slope

    @cached_property
    def _size(self) -> Array:
        return self.program.gradient_size(self.weights)

    def _settle(self, block: Array) -> None:
        """Find the verdict on a block of entries; where a limit is met, on its halves, to check all that can be."""
        found: dict[str, tuple[Slope, Array]] = {}
        for way in self.ways:
            slope = self._probe(block, way)
            found.setdefault(slope.verdict, (slope, way))
            if slope.verdict == "right" and len(block) == 1:
                break
        single = len(block) == 1
        for verdict in ("right", "wrong", "flat") if single else ("wrong", "right", "flat"):
            if verdict in found:
                slope, way = found[verdict]
                if verdict == "wrong":
                    self._blame(block, slope, way)
                else:
                    self._compare(block, slope, way)
                return
        if self._by_complex_step(block):
            return
        verdict = next(verdict for verdict in ("kink", "edge", "noise") if verdict in found)
        if not single and verdict != "noise" and self._splits < MOST_SPLITS:
            self._splits += 1
            for half in np.array_split(block, 2):
                self._settle(half)
        else:
            self._meet(block, *found[verdict])

    def _blame(self, block: Array, slope: Slope, way: Array) -> None:
        """Follow a wrong slope down to the entry that is most wrong.

        Kinks of many entries can cancel and look like a wrong slope; then its parts are not wrong, but kinks.
        """
        while len(block) > 1:
            parts = [(self._probe(half, way), half) for half in np.array_split(block, 2)]
            wrong = [(part, half) for part, half in parts if part.verdict == "wrong"]
            if not wrong:
                if any(part.verdict in ("kink", "edge") for part, _ in parts):
                    for _, half in parts:
                        self._settle(half)
                    return
                break
            slope, block = max(wrong, key=lambda pair: pair[0].difference)
        else:
            other = self.ways[1] if way is self.ways[0] else self.ways[0]
            if self._probe(block, other).verdict == "right":
                self._meet(block, replace(slope, verdict="noise"), way)
                return
        self._fail(block, slope, way)

    def _settle_infinite(self, block: Array) -> None:
        """The verdict where the engine's gradient is nan or inf: wrong if differences find a slope."""
        if not self.known.all():
            return
        slopes = [self._probe(block, way, np.zeros_like(self.engine)) for way in self.ways]
        says = float(self.engine[block[0]])
        odd = [(s, way) for s, way in zip(slopes, self.ways, strict=True) if s.verdict not in ("right", "wrong", "flat")]
        slope, way = odd[0] if odd else (slopes[0], self.ways[0])
        if odd:
            self._meet(block, replace(slope, verdict="edge", claimed=says), way)
        else:
            self._fail(block, replace(slope, claimed=says * abs(way[block[0]])), way)

    def _by_complex_step(self, block: Array) -> bool:
        """Whether a complex step confirms the engine. It can only confirm: f need not be analytic."""
        way = np.zeros_like(self.engine)
        way[block] = self.ways[0][block]
        derivative = self.program.complex_step(way)
        if derivative is None:
            return False
        products = self.engine[block] * way[block]
        claimed, scale = float(products.sum()), float(np.abs(products).sum())
        measured = float(self.weights @ derivative)
        if claimed == 0 or not abs(measured - claimed) <= self.atol + self.rtol * scale:
            return False
        self._compare(block, Slope("right", claimed, measured, EPS * scale, scale), way)
        return True

    # --- what is said of them -----------------------------------------------------------------------------------------

    def _compare(self, block: Array, slope: Slope, way: Array) -> None:
        """Add a row to the table: of a single entry its derivative, else the slope along the direction."""
        first = int(block[0])
        slot, place = self.program.slot_of(first)
        index, length = None, 1.0
        if len(block) == 1:
            index = tuple(map(int, np.unravel_index(first - place.start, slot.data.shape)))
            length = float(way[first])
        self.comparisons.append(
            Comparison(
                order=self.program.order,
                argument=slot.name,
                entry=self._name(block),
                index=index,
                engine=slope.claimed / length + 0.0,  # never -0.0
                numeric=slope.measured / length + 0.0,
                uncertainty=slope.uncertainty / abs(length),
                scale=slope.scale / abs(length),
                verdict=slope.verdict,
            )
        )
        if slope.verdict == "noise" or (slope.verdict == "flat" and slope.claimed):
            self.settled[block] = False

    def _name(self, block: Array) -> str:
        first, last = self.program.entry(int(block[0])), self.program.entry(int(block[-1]))
        if len(block) == 1:
            return first
        slot, place = self.program.slot_of(int(block[0]))
        return slot.name if len(block) == place.stop - place.start else f"{first} to {last}"

    def _fail(self, block: Array, slope: Slope, way: Array) -> None:
        self._compare(block, replace(slope, verdict="wrong"), way)
        row = self.comparisons[-1]
        what = {1: "gradient", 2: "second derivative"}.get(row.order, f"derivative of order {row.order}")
        along = "" if len(block) == 1 else " along a random direction"
        text = f"the {what} for {row.entry} is wrong{along}: the engine says {row.engine:.9g}, "
        text += f"differences say {row.numeric:.9g}"
        if row.numeric and np.isfinite(row.engine):
            text += f" (ratio {row.engine / row.numeric:.6g})"
        slot, _ = self.program.slot_of(int(block[0]))
        if row.engine == 0 and not self.program.leads_to(slot):
            text += (
                f". The output depends on {slot.name}, but no path in the graph leads there: f takes it off the graph "
                "(.data, .numpy(), detach(), no_grad)"
            )
        self.failures.append(text)

    def _meet(self, block: Array, slope: Slope, way: Array) -> None:
        """Note a limit that kept a block from being checked."""
        self._compare(block, slope, way)
        slot, _ = self.program.slot_of(int(block[0]))
        self._met.setdefault((slope.verdict, slot.name), []).append((block, slope, way))

    def limits(self) -> list[Limit]:
        """What could not be checked at this order."""
        limits = []
        for (kind, name), met in self._met.items():
            if name not in self.program.argument_names:
                continue  # a gradient is linear in its cotangents: what was met there is an argument's limit
            entries = [self.program.entry(int(i)) for block, *_ in met for i in block]
            more = len(entries) - MOST_NAMES
            where = ", ".join(entries[:MOST_NAMES]) + (f" and {more} more entries" if more > 0 else "")
            block, slope, way = met[0]
            length = abs(float(way[block[0]])) if len(block) == 1 else 1.0
            limits.append(Limit(kind, _reason(kind, where, slope, length), name))
        if self.program.order == 1:
            for slot in self.program.slots:
                verdicts = {c.verdict for c in self.comparisons if c.argument == slot.name}
                if verdicts == {"flat"}:
                    text = f"f does not change with {slot.name}: the gradient is 0, by the engine and by differences"
                    limits.append(Limit("independent", text, slot.name))
        return limits


def _reason(kind: str, where: str, slope: Slope, length: float) -> str:
    left, right, engine = slope.left / length, slope.right / length, slope.claimed
    if kind == "kink":
        return (
            f"at {where} the slope is {left:.6g} on one side and {right:.6g} on the other: not checked there; nudge= "
            "checks beside it"
        )
    if kind == "edge":
        return f"at {where} f has no finite slope, or no value on one side, and the engine says {engine:.6g}: not checked there"
    return (
        f"for {where} rounding hides the slope: the engine says {engine:.6g}, differences say {slope.measured:.6g}, "
        f"give or take {slope.uncertainty:.1g}: not checked there"
    )
