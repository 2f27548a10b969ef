"""The numbers that go astray in a gradient: signs, twos, and counts of what was summed over.

A claim that is a multiple of the gradient is explained only by one of these. Any other factor would fit any claim of
one number, and so explain nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autograd.doctor.anatomy import Anatomy


class Constant(NamedTuple):
    """A factor by name."""

    text: str
    """How one writes it: "1 / m"."""
    value: Callable[[Anatomy], float]
    reading: str
    """What it means where something is so many times too large."""
    cost: float
    remark: str = ""
    """What else it may mean where that is a whole gradient."""


def _counts(power: int) -> list[Constant]:
    """The number of examples and of outputs, and the inverses of these."""
    named: tuple[tuple[str, str, Callable[[Anatomy], int]], ...] = (
        ("m", "examples", lambda body: body.examples),
        ("n", "outputs", lambda body: body.outputs),
        ("(m * n)", "entries of the output", lambda body: body.examples * body.outputs),
    )
    return [_count(text, what, count, power) for text, what, count in named]


def _count(text: str, what: str, count: Callable[[Anatomy], int], power: int) -> Constant:
    if power > 0:
        reading = f"the division by the number of {what} is missing (or is made twice elsewhere)"
        return Constant(text.strip("()"), lambda body: float(count(body)), reading, 1.0)
    reading = f"it is divided by the number of {what}, where the loss is a sum (or has that division already)"
    return Constant(f"1 / {text}", lambda body: 1 / count(body), reading, 1.0)


_TWO = Constant(
    "2",
    lambda body: 2.0,
    "a 2 too many: that of a square, which the 1/2 of the loss takes away",
    1.0,
    ", or two backward passes added up (no zero_grad)",
)
_HALF = Constant("1 / 2", lambda body: 0.5, "the 2 of the square is missing (or a 1/2 is too many)", 1.0)
_SIGN = Constant(
    "-1",
    lambda body: -1.0,
    "the sign is wrong",
    1.0,
    ", and a step against it climbs: (target - output) stands for (output - target), or a minus is lost (if the update "
    "adds it, it is the negative gradient, and right)",
)


def _product(a: Constant, b: Constant) -> Constant:
    text = f"-{b.text}" if a is _SIGN else _multiplied(a.text, b.text)
    reading = f"{a.reading}{a.remark}; and {b.reading}"
    return Constant(text, lambda body: a.value(body) * b.value(body), reading, a.cost + b.cost)


def _multiplied(a: str, b: str) -> str:
    """Two fractions as one.

    Examples
    --------
    >>> _multiplied("1 / 2", "m"), _multiplied("2", "1 / m"), _multiplied("1 / 2", "1 / (m * n)")
    ('m / 2', '2 / m', '1 / (2 * m * n)')
    """
    tops, bottoms = zip(*((*text.split(" / "), "1")[:2] for text in (a, b)), strict=True)
    top, bottom = (" * ".join(part.strip("()") for part in parts if part != "1") for parts in (tops, bottoms))
    if not bottom:
        return top
    return f"{top or 1} / {f'({bottom})' if ' ' in bottom else bottom}"


def _times(k: int) -> Constant:
    return Constant(str(k), lambda body: float(k), f"as if {k} backward passes were added up (no zero_grad)", 1.2)


_LR = Constant("lr", lambda body: body.lr or 1.0, "the learning rate is in it already", 1.0)

SIMPLE = (_SIGN, _TWO, _HALF, *_counts(1), *_counts(-1), _LR)
COMPOUND = (
    *(_product(two, count) for two in (_TWO, _HALF) for count in (*_counts(1), *_counts(-1))),
    *(_product(_SIGN, other) for other in SIMPLE[1:]),
    *(_product(_SIGN, _product(two, count)) for two in (_TWO, _HALF) for count in (*_counts(1), *_counts(-1))),
)
REPEATED = tuple(_times(k) for k in range(3, 11))


def sensible(constant: Constant, body: Anatomy) -> bool:
    """Whether a constant is a factor at all here: with one example there is no m to speak of."""
    counts = (body.outputs == 1 and "n" in constant.text) or (body.examples == 1 and "m" in constant.text)
    return not counts and constant.value(body) != 1


def readings(body: Anatomy, factor: float) -> list[Constant]:
    """The constants that a factor may be; many backward passes are far-fetched where it is a count as well."""
    simple, repeated, compound = (
        [
            constant
            for constant in constants
            if sensible(constant, body) and abs(factor - constant.value(body)) <= 1e-5 * abs(factor)
        ]
        for constants in (SIMPLE, REPEATED, COMPOUND)
    )
    if simple:
        repeated = [constant._replace(cost=constant.cost + 0.35) for constant in repeated]
    return [*simple, *repeated, *compound]


def written(factor: float) -> tuple[float, str] | None:
    """A number that somebody would write where nothing known stands for a factor: of two digits, or 1 / k.

    As with `rates`, it is the written number that must reproduce the claim.

    Examples
    --------
    >>> written(0.2), written(-1 / 12), written(0.31234)
    ((0.2, '0.2'), (-0.08333333333333333, '-1 / 12'), None)
    """
    size, sign = abs(factor), "-" if factor < 0 else ""
    if not 1e-6 <= size <= 1e6:
        return None
    digits, inverse = float(f"{size:.1e}"), round(1 / size)
    for number, text in ((digits, f"{digits:g}"), (1 / inverse if 0 < inverse <= 1000 else 0.0, f"1 / {inverse}")):
        if abs(size - number) <= 1e-5 * size:
            return float(np.copysign(number, factor)), f"{sign}{text}"
    return None


def rates(fitted: float, *known: float | None) -> list[float]:
    """The number of at most two digits that a fitted one stands for, or a known one; none if it is neither.

    It is the written number that must reproduce the claim: a fitted one reproduces any single number.

    Examples
    --------
    >>> rates(0.30000000000002), rates(0.31234), rates(0.31234, 0.31234)
    ([0.3], [], [0.31234])
    """
    near = (*known, float(f"{fitted:.1e}"))
    found = [rate for rate in near if rate is not None and abs(fitted - rate) <= 1e-3 * abs(rate)]
    return found[:1] if 1e-7 <= fitted <= 1e3 else []
