"""The check of the engine's gradients of a function against differences, of any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from autograd.check.arguments import Arguments, Array
from autograd.check.program import Program, program_of
from autograd.check.report import Comparison, GradientError, Limit, Report
from autograd.check.slope import EPS, Line, Slope, measure
from autograd.graph import describe

MOST_GROUPS = 16
"""Each argument is moved by itself, so that a large gradient does not hide a small one: up to so many groups of them."""

MOST_SPLITS = 24
"""How often a group is cut in two to find out which of its entries stand at a kink."""

MOST_NAMES = 4


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    rtol: float = 1e-6,
    atol: float = 0.0,
    mode: Literal["directional", "full"] = "directional",
    seed: int = 0,
    nudge: float = 0.0,
) -> Report:
    """Check the engine's gradients of a function against differences of its values.

    The outputs are weighted by random cotangents and every argument is moved in random directions, at step sizes that
    are chosen until differences agree with each other. The second order checks the derivative of the gradient, for the
    arguments and for the cotangents.

    Parameters
    ----------
    f : callable
        Of Values, Tensors, floats, arrays, or nested lists, tuples and dicts of them; it returns the same. Floats and
        arrays reach it as Tensors, as in `autograd.grad` (floats beside Values as Values).
    *args
        Where to check. What is not made of real numbers is handed on as it is.
    order : int
        The highest order of derivative to check.
    rtol, atol : float
        The error that is allowed, relative to the sum of the sizes of all that was added up, and absolute.
    mode : {"directional", "full"}
        Random directions, at the cost of a few calls of f, or the first derivative entry by entry.
    seed : int
        Of the random cotangents and directions.
    nudge : float
        Where a kink is met, check again with the arguments moved by this part of their size, off the kink.

    Returns
    -------
    Report
        Its ``limits`` say what could not be checked and why; none of these is a failure.

    Raises
    ------
    GradientError
        Where a derivative is wrong, f is nan or inf, or f gives different results on two calls. An AssertionError,
        with the report in its ``report``.
    TypeError, ValueError
        Where there is nothing to check: no argument that can vary, an f that returns no numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import check_grads, primitive
    >>> check_grads(np.tanh, np.array([0.5, -1.0])).ok
    True
    >>> @primitive(lambda g, out, x: 2 * g * x * x)
    ... def cube(x):
    ...     return x**3
    >>> check_grads(cube, 2.0)
    Traceback (most recent call last):
        ...
    autograd.check.report.GradientError: the gradient is wrong
    ...
    """
    for name, given in (("rtol", rtol), ("atol", atol), ("nudge", nudge)):
        if not (isinstance(given, (int, float)) and given >= 0):
            raise ValueError(f"check_grads: {name} must be a number of at least 0, got {given!r}")
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"check_grads: order must be a whole number of at least 1, got {order!r}")
    if mode not in ("directional", "full"):
        raise ValueError(f"check_grads: mode must be 'directional' or 'full', got {mode!r}")
    arguments = Arguments(f, args)
    rng = np.random.default_rng(seed)
    report = _checked(arguments, order, mode, rtol, atol, rng)
    if nudge and report.ok and any(limit.kind == "kink" for limit in report.limits):
        moved = [replace(s, data=s.data + nudge * _ways(s.data, rng)[1]) for s in arguments.slots]
        arguments.slots = moved
        report = _checked(arguments, order, mode, rtol, atol, rng)
        note = Limit("nudge", f"a kink was met, so all this was checked {nudge:g} of the arguments' size away from it")
        report = replace(report, limits=(note, *report.limits))
    if not report.ok:
        raise GradientError(str(report), report)
    return report


def _checked(arguments: Arguments, order: int, mode: str, rtol: float, atol: float, rng: Any) -> Report:
    program = program_of(arguments)
    failure = _unusable(program)
    if failure:
        return Report((), failures=(failure,))
    limits = _known_limits(arguments, program)
    comparisons: list[Comparison] = []
    failures: list[str] = []
    while True:
        level = _Level(program, arguments, rtol, atol, rng)
        level.check(by_entry=mode == "full" and program.order == 1)
        if program.order == 1:
            limits += level.float32()
        comparisons += level.comparisons
        limits += [limit for limit in level.limits() if limit not in limits]
        failures += level.failures
        if failures or program.order == order:
            break
        try:
            program = program.pullback(level.weights)
        except Exception as error:
            error.add_note(f"check_grads met this while recording derivative {program.order + 1}; see order=")
            raise
    comparisons.sort(key=lambda c: (c.verdict != "wrong", -c.error if np.isfinite(c.error) else -np.inf))
    return Report(tuple(comparisons), tuple(limits), tuple(failures))


def _unusable(program: Program) -> str | None:
    """Why there is nothing to check: f is nan, or is not one function."""
    again = program.at(program.x)
    same = np.isclose(program.y, again, rtol=1e-9, atol=0, equal_nan=True)
    if not same.all():
        i = int(np.argmin(same))
        return (
            f"f gives different results on two calls with the same arguments ({program.y[i]!r}, then {again[i]!r}): "
            "let it draw its random numbers from a generator seeded inside it, and keep no state"
        )
    finite = np.isfinite(program.y)
    if not finite.all():
        i = int(np.argmin(finite))
        out = next(out for out in program.outputs if out.place.start <= i < out.place.stop)
        index = tuple(map(int, np.unravel_index(i - out.place.start, out.shape)))
        return f"f is {program.y[i]!r} here (in {out.name}, index {index}), so it has no slope: check at another place"
    return None


def _known_limits(arguments: Arguments, program: Program) -> list[Limit]:
    """What can be said before anything is measured."""
    limits = [Limit("constant", f"{name} {why}: kept constant") for name, why in arguments.constants]
    for slot in program.slots:
        odd = int(np.sum(~np.isfinite(slot.data)))
        if odd:
            limits.append(Limit("nan", f"{slot.name} holds nan or inf in {odd} entries: they were kept constant"))
        if not slot.data.size:
            limits.append(Limit("empty", f"{slot.name} has no entries: nothing to check"))
    reached, others = program.reached()
    for node in others[:MOST_NAMES]:
        limits.append(Limit("closure", f"{describe(node)} wants a gradient but is no argument of f: not checked"))
    return limits


def _ways(data: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Two random directions: entries that move by parts of their own size, and entries that move alike, by 1 or more.

    The first stays where the numbers are (the logarithm of 1e-8), the second sees what happens around them (the cosine
    of 1e-8).
    """
    finite = np.isfinite(data)
    sizes = np.abs(np.where(finite, data, 0.0))
    usual = float(sizes[sizes > 0].mean()) if sizes.any() else 1.0
    by_size = np.where(sizes > 0, sizes, usual)
    both = [rng.uniform(0.5, 1, data.shape) * rng.choice([-1.0, 1.0], data.shape) for _ in range(2)]
    return np.asarray(np.where(finite, both[0] * by_size, 0.0)), np.asarray(
        np.where(finite, both[1] * max(1.0, usual), 0.0)
    )


class _Level:
    """The check of one program: one order of derivative."""

    def __init__(self, program: Program, arguments: Arguments, rtol: float, atol: float, rng: Any) -> None:
        self.program, self.arguments, self.rtol, self.atol = program, arguments, rtol, atol
        ways = [_ways(slot.data, rng) for slot in program.slots]
        self.ways = [np.concatenate([np.ravel(pair[i]) for pair in ways]) for i in range(2)]
        self.weights = self._weights(rng)
        self.engine = program.gradient(self.weights)
        self.comparisons: list[Comparison] = []
        self.failures: list[str] = []
        self.met: dict[tuple[str, str], list[tuple[Array, Slope]]] = {}
        self.splits = 0

    def _weights(self, rng: np.random.Generator) -> Array:
        """A random cotangent for each output number, so scaled that all outputs count alike.

        A single number keeps the weight 1, so that the numbers in the report are its gradient.
        """
        program = self.program
        if program.order == 1 and program.y.size == 1:
            return np.ones(1)
        weights = rng.uniform(0.5, 2, program.y.shape) * rng.choice([-1.0, 1.0], program.y.shape)
        if len(program.outputs) == 1:
            return np.asarray(weights)
        h = 2.0**-11
        change = np.abs(program.at(program.x + h * self.ways[0]) - program.at(program.x - h * self.ways[0])) / (2 * h)
        for out in program.outputs:
            moved = np.where(np.isfinite(change[out.place]), change[out.place], 0.0)
            size = max(float(moved.mean()), 1e-3 * float(np.abs(program.y[out.place]).mean())) if moved.size else 0.0
            if size > 0:
                weights[out.place] /= size
        return np.asarray(weights)

    # --- what is compared ---------------------------------------------------------------------------------------------

    def check(self, *, by_entry: bool) -> None:
        """Compare everything, by entry or along random directions of each argument."""
        self._check_recording()
        movable = self.ways[0] != 0
        finite = np.isfinite(self.engine)
        for i in np.flatnonzero(movable & ~finite)[: 2 * MOST_NAMES]:
            self._odd(int(i))
        places = [np.arange(place.start, place.stop) for place in self.program.places]
        if len(places) > MOST_GROUPS:
            chunks = np.array_split(np.arange(len(places)), MOST_GROUPS)
            places = [np.concatenate([places[i] for i in chunk]) for chunk in chunks]
        for place in places:
            block = place[(movable & finite)[place]]
            self.splits = 0
            for part in block.reshape(-1, 1) if by_entry else [block] if block.size else []:
                self.settle(part)

    def _check_recording(self) -> None:
        """A gradient must have the same value when it is recorded."""
        if self.program.order == 1:
            return
        recorded, plain = self.program.y, self.program.at(self.program.x)
        scale = float(np.abs(plain[np.isfinite(plain)]).max(initial=0.0))
        same = np.isclose(recorded, plain, rtol=1e-8, atol=1e-12 * scale, equal_nan=True)
        if not same.all():
            i = int(np.argmin(same))
            out = next(out for out in self.program.outputs if out.place.start <= i < out.place.stop)
            self.failures.append(
                f"{out.name} has another value when it is recorded: {recorded[i]!r}, but {plain[i]!r} on plain "
                "numbers. A rule must say the same on nodes and on arrays"
            )

    def probe(self, block: Array, way: Array) -> Slope:
        """Compare along one direction in which only the entries of a block move."""
        v = np.zeros_like(way)
        v[block] = way[block]
        products = self.engine[block] * way[block]
        x = self.program.x
        blur = EPS * float(np.abs(self.engine[block] * x[block]).sum())
        line = Line(lambda t: self.program.at(x + t * v), self.program.y, self.weights, blur)
        return measure(
            line, float(products.sum()), float(np.abs(products).sum()), rtol=self.rtol, atol=self.atol
        )

    def settle(self, block: Array) -> None:
        """Find the verdict on a block of entries; where a limit is met, on its halves, to check all that can be."""
        slopes = []
        for way in self.ways:
            slope = self.probe(block, way)
            slopes.append(slope)
            if slope.verdict == "right" and len(block) == 1:
                return self._compare(block, way, slope)
        for slope, way in zip(slopes, self.ways, strict=True):
            if slope.verdict == "wrong":
                return self._blame(block, way, slope)
        for verdict in ("right", "flat"):
            for slope, way in zip(slopes, self.ways, strict=True):
                if slope.verdict == verdict:
                    return self._compare(block, way, slope)
        slope = min(slopes, key=lambda slope: ("kink", "edge", "noise").index(slope.verdict))
        if self._by_complex_step(block):
            return None
        if len(block) > 1 and slope.verdict != "noise" and self.splits < MOST_SPLITS:
            self.splits += 1
            for half in np.array_split(block, 2):
                self.settle(half)
            return None
        self._compare(block, self.ways[slopes.index(slope)], slope)
        self._meet(slope.verdict, block, slope)
        return None

    def _blame(self, block: Array, way: Array, slope: Slope) -> None:
        """Follow a wrong slope down to an entry that is wrong."""
        while len(block) > 1:
            halves = np.array_split(block, 2)
            found = [self.probe(half, way) for half in halves]
            wrong = [(s, half) for s, half in zip(found, halves, strict=True) if s.verdict == "wrong"]
            if not wrong:
                if any(s.verdict in ("kink", "edge") for s in found):
                    for half in halves:
                        self.settle(half)
                    return
                break
            slope, block = max(wrong, key=lambda pair: pair[0].difference)
        if len(block) == 1 and self.probe(block, self.ways[1] if way is self.ways[0] else self.ways[0]).verdict == "right":
            self._meet("noise", block, slope)
            return
        self._compare(block, way, slope)
        self.failures.append(self._complaint(self.comparisons[-1], block))

    def _odd(self, i: int) -> None:
        """An entry for which the engine's gradient is nan or inf: wrong where differences find a slope."""
        line = Line(lambda t: self.program.at(self._moved(i, t)), self.program.y, self.weights)
        slope = measure(line, 0.0, 0.0, rtol=self.rtol, atol=self.atol)
        block = np.array([i])
        if slope.verdict in ("right", "wrong", "flat"):
            slope = replace(slope, verdict="wrong", claimed=float(self.engine[i]))
            self._compare(block, self.ways[0], slope)
            self.failures.append(self._complaint(self.comparisons[-1], block))
        else:
            self._meet("edge", block, replace(slope, claimed=float(self.engine[i])))

    def _moved(self, i: int, t: float) -> Array:
        x = self.program.x.copy()
        x[i] += t * self.ways[0][i]
        return x

    def _by_complex_step(self, block: Array) -> bool:
        """Whether a step along the imaginary axis, which no rounding disturbs, confirms the engine.

        It can only confirm: of a function that is not analytic it says something else than the slope.
        """
        if self.program.order > 1:
            return False
        tiny = 1e-30
        v = np.zeros_like(self.program.x)
        v[block] = self.ways[0][block]
        parts: list[Any] = []
        for slot, place in zip(self.program.slots, self.program.places, strict=True):
            z = (self.program.x[place] + 1j * tiny * v[place]).reshape(slot.data.shape)
            parts.append(z if z.ndim else complex(z))
        try:
            with np.errstate(all="ignore"):
                outs = self.arguments.plain_row(parts)
        except Exception:
            return False
        products = self.engine[block] * v[block]
        claimed, scale = float(products.sum()), float(np.abs(products).sum())
        if outs.shape != self.weights.shape or claimed == 0:
            return False
        measured = float(self.weights @ outs.imag) / tiny
        if not abs(measured - claimed) <= self.atol + self.rtol * scale:
            return False
        self._compare(block, v, Slope("right", claimed, measured, EPS * scale))
        return True

    # --- what is said -------------------------------------------------------------------------------------------------

    def _compare(self, block: Array, way: Array, slope: Slope) -> None:
        """Add a row to the table: for a single entry its derivative, else the slope along the direction."""
        slot, place = self.program.slot_of(int(block[0]))
        index: tuple[int, ...] | None = None
        length, entry = 1.0, f"{slot.name}, all in a random direction"
        if len(block) == 1:
            length = float(way[block[0]])
            index = tuple(map(int, np.unravel_index(int(block[0]) - place.start, slot.data.shape)))
            entry = self.program.entry(int(block[0]))
        elif len(block) < place.stop - place.start:
            entry = f"{slot.name}, {len(block)} entries from {self.program.entry(int(block[0]))}"
        size = float(np.abs(self.engine[block] * way[block]).sum()) / abs(length)
        self.comparisons.append(
            Comparison(
                self.program.order,
                slot.name,
                entry,
                index,
                slope.claimed / length if np.isfinite(slope.claimed) else slope.claimed,
                slope.measured / length,
                slope.uncertainty / abs(length),
                size if np.isfinite(size) else 0.0,
                slope.verdict,
            )
        )

    def _complaint(self, comparison: Comparison, block: Array) -> str:
        c = comparison
        what = {1: "the gradient", 2: "the second derivative"}.get(c.order, f"derivative {c.order}")
        text = f"{what} is wrong at {c.entry}: the engine says {c.engine:.9g}, differences say {c.numeric:.9g}"
        return text + _hint(c)

    def _meet(self, kind: str, block: Array, slope: Slope) -> None:
        slot, _ = self.program.slot_of(int(block[0]))
        self.met.setdefault((kind, slot.name), []).append((block, slope))
