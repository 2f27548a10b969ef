"""The check of one order of derivative: which numbers to compare, and where to look closer when they disagree."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from autograd.check.arguments import Array
from autograd.check.directions import ways
from autograd.check.line import EPS, Line
from autograd.check.program import Function, Program
from autograd.check.report import Comparison, Limit
from autograd.check.slope import ROUNDINGS, Slope, measure
from autograd.check.wording import MOST_NAMES, complaint, independent, reason

MOST_GROUPS = 16
"""Each argument moves by itself, so that a large gradient does not hide a small one; many arguments move in groups."""

MOST_SPLITS = 24
"""How often a group is cut in two to find out which of its entries stand at a kink."""

BESIDE = 2.0**-20
"""How far away a point is that is not at the same kink, but where a smooth gradient is nearly the same."""


class Level:
    """The comparisons for one program, and what came of them.

    Attributes
    ----------
    weights : array
        The cotangents of the outputs, in one row.
    comparisons : list of Comparison
    failures : list of str
    settled : array of bool
        The entries of the arguments whose gradient was met, and is more than rounding.
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
        self._met: dict[tuple[str, str], list[tuple[Array, Comparison]]] = {}
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
                max(np.mean(change[out.place]), 1e-3 * np.mean(np.abs(program.y[out.place])))
                if change[out.place].size
                else 0.0
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
        odd = np.flatnonzero(moves & ~finite)
        for i in odd if by_entry else odd[: 2 * MOST_NAMES]:
            self._settle_infinite(np.array([i]))
        for place in self._groups():
            block = place[(moves & finite)[place]]
            self._splits = 0
            for part in block.reshape(-1, 1) if by_entry else [block] if block.size else []:
                self._settle(part)

    def _groups(self) -> list[Array]:
        """The entries that move together: those of one argument, and those of all cotangents, in which f is linear."""
        given: list[Array] = []
        cotangents: list[Array] = []
        for slot, place in zip(self.program.slots, self.program.places, strict=True):
            group = given if self.program.is_argument(slot.name) else cotangents
            group.append(np.arange(place.start, place.stop))
        if len(given) > MOST_GROUPS:
            given = np.array_split(np.concatenate(given), MOST_GROUPS)
        return [*given, np.concatenate(cotangents)] if cotangents else given

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

    def _measured(self, v: Array, products: Array) -> tuple[Slope, Line]:
        """Measure along a direction, and compare with the sum of the products of gradient and direction."""
        x, known = self.program.x, self.known
        line = Line(
            lambda t: np.where(known, self.program.at(x + t * v), 0.0),
            self.origin,
            self.weights,
            float(np.abs(v).sum()),
        )
        slope = measure(line, float(products.sum()), float(np.abs(products).sum()), rtol=self.rtol, atol=self.atol)
        return slope, line

    def _probe(self, block: Array, way: Array) -> Slope:
        """Compare along one direction, in which only the entries of a block move."""
        v = _only(block, way)
        slope, line = self._measured(v, self.engine[block] * way[block])
        if slope.verdict == "wrong":
            if slope.difference <= slope.uncertainty + ROUNDINGS * EPS * self._cancelled(v, slope.step):
                return replace(slope, verdict="noise")
            chaotic = line.chaotic()
            if chaotic.any():
                part = float(self.program.gradient(np.where(chaotic, self.weights, 0.0)) @ v)
                if not abs(part) <= slope.difference / 100:
                    return replace(slope, verdict="noise")
            if self._right_beside(v, slope):
                return replace(slope, verdict="kink")
        return slope

    def _cancelled(self, v: Array, step: float) -> float:
        """The size of the terms that cancel in the engine's slope and in the outputs: their rounding is left behind."""
        sizes = self.program.output_size()
        hidden = np.maximum(sizes - 4 * np.abs(self.origin), 0)
        whole = np.abs(self.weights) @ sizes * np.max(np.abs(v) / np.maximum(np.abs(self.program.x), 1))
        return float(self._size @ np.abs(v) + np.abs(self.weights) @ hidden / step + whole)

    def _right_beside(self, v: Array, slope: Slope) -> bool:
        """Whether the engine agrees with the differences on both sides, although not here: f hides a primitive's kink.

        The square of abs is smooth at 0, but its gradient is made of abs'(0), which is a convention.
        """
        try:
            beside = [self.program.gradient(self.weights, at=self.program.x + t * v) @ v for t in (BESIDE, -BESIDE)]
        except (ArithmeticError, ValueError):
            return False
        return all(abs(float(there) - slope.measured) <= slope.difference / 100 for there in beside)

    @cached_property
    def _size(self) -> Array:
        return self.program.gradient_size(self.weights)

    def _settle(self, block: Array) -> None:
        """Find the verdict on a block of entries; where a limit is met, on its halves, to check all that can be."""
        single = len(block) == 1
        found: dict[str, tuple[Slope, Array]] = {}
        linear = not self.program.is_argument(self.program.slot_of(int(block[0]))[0].name)
        still = not self.engine[block].any()
        enough = {*(["right"] if single or linear else []), *([] if still else ["kink"])}
        # What should not move f at all is tried with the larger steps first.
        for way in self.ways[::-1] if still else self.ways:
            slope = self._probe(block, way)
            found.setdefault(slope.verdict, (slope, way))
            if slope.verdict in enough or (slope.verdict == "flat" and way is self.ways[1]):
                break
        if "wrong" in found and not (single and "right" in found):
            if self._blame(block, *found["wrong"]):
                return
            found.setdefault("noise", found.pop("wrong"))
        for verdict in ("right", "flat"):
            if verdict in found:
                self._compare(block, *found[verdict])
                return
        if "kink" not in found and self._by_complex_step(block):
            return
        verdict = next(verdict for verdict in ("kink", "edge", "noise") if verdict in found)
        if not single and verdict != "noise" and self._splits < MOST_SPLITS:
            self._splits += 1
            for half in np.array_split(block, 2):
                self._settle(half)
        else:
            self._meet(block, *found[verdict])

    def _blame(self, block: Array, slope: Slope, way: Array) -> bool:
        """Follow a wrong slope down to the entry that is most wrong; False if that turns out to be right.

        Kinks of many entries can cancel and look like a wrong slope; then its parts are not wrong, but kinks.
        """
        while len(block) > 1:
            parts = [(self._probe(half, way), half) for half in np.array_split(block, 2)]
            wrong = [(part, half) for part, half in parts if part.verdict == "wrong"]
            if not wrong:
                if any(part.verdict in ("kink", "edge") for part, _ in parts):
                    for _, half in parts:
                        self._settle(half)
                    return True
                break
            slope, block = max(wrong, key=lambda pair: pair[0].difference)
        else:
            other = self.ways[1] if way is self.ways[0] else self.ways[0]
            if self._probe(block, other).verdict == "right":
                return False
        self._fail(block, slope, way)
        return True

    def _settle_infinite(self, block: Array) -> None:
        """The verdict where the engine's gradient is nan or inf: wrong if differences find a slope."""
        if not self.known.all():
            return
        found = [(self._measured(_only(block, way), np.zeros(1))[0], way) for way in self.ways]
        odd = [(slope, way) for slope, way in found if slope.verdict in ("kink", "edge", "noise")]
        slope, way = (odd or found)[0]
        slope = replace(slope, claimed=float(self.engine[block[0]] * way[block[0]]))
        if odd:
            self._meet(block, replace(slope, verdict="edge"), way)
        else:
            self._fail(block, slope, way)

    def _by_complex_step(self, block: Array) -> bool:
        """Whether a complex step confirms the engine. It can only confirm: f need not be analytic."""
        way = _only(block, self.ways[0])
        derivative = self.program.complex_step(way) if isinstance(self.program, Function) else None
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

    def _compare(self, block: Array, slope: Slope, way: Array) -> Comparison:
        """Add a row to the table: of a single entry its derivative, else the slope along the direction."""
        first = int(block[0])
        slot, place = self.program.slot_of(first)
        index, length = None, 1.0
        if len(block) == 1:
            index = tuple(map(int, np.unravel_index(first - place.start, slot.data.shape)))
            length = float(way[first])
        sides = (slope.left, slope.right) if length > 0 else (slope.right, slope.left)
        row = Comparison(
            order=self.program.order,
            argument=slot.name,
            entry=self._name(block),
            index=index,
            engine=slope.claimed / length + 0.0,  # never -0.0
            numeric=slope.measured / length + 0.0,
            uncertainty=slope.uncertainty / abs(length),
            scale=slope.scale / abs(length),
            verdict=slope.verdict,
            sides=(sides[0] / length + 0.0, sides[1] / length + 0.0),
        )
        self.comparisons.append(row)
        if slope.verdict in ("kink", "edge", "noise") or (slope.verdict == "flat" and slope.claimed):
            self.settled[block] = False
        return row

    def _name(self, block: Array) -> str:
        first, last = self.program.entry(int(block[0])), self.program.entry(int(block[-1]))
        if len(block) == 1:
            return first
        slot, place = self.program.slot_of(int(block[0]))
        return slot.name if len(block) == place.stop - place.start else f"{first} to {last}"

    def _fail(self, block: Array, slope: Slope, way: Array) -> None:
        row = self._compare(block, replace(slope, verdict="wrong"), way)
        slot, _ = self.program.slot_of(int(block[0]))
        self.failures.append(complaint(row, cut_off=row.engine == 0 and not self.program.leads_to(slot)))

    def _meet(self, block: Array, slope: Slope, way: Array) -> None:
        """Note a limit that kept a block from being checked."""
        row = self._compare(block, slope, way)
        self._met.setdefault((row.verdict, row.argument), []).append((block, row))

    def limits(self) -> list[Limit]:
        """What could not be checked at this order."""
        limits = []
        for (kind, name), met in self._met.items():
            if not self.program.is_argument(name):
                continue  # a gradient is linear in its cotangents: what was met there is an argument's limit
            entries = [self.program.entry(int(i)) for block, _ in met for i in block]
            limits.append(Limit(kind, reason(kind, entries, met[0][1]), name))
        for slot in self.program.slots if self.program.order == 1 else []:
            rows = [row for row in self.comparisons if row.argument == slot.name]
            if {row.verdict for row in rows} == {"flat"}:
                limits.append(Limit("independent", independent(slot.name, rows), slot.name))
        return limits


def _only(block: Array, way: Array) -> Array:
    """A direction in which only the entries of a block move."""
    v = np.zeros_like(way)
    v[block] = way[block]
    return v
