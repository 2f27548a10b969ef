"""Derivatives by numbers alone: what the engine's gradients are compared with, knowing nothing of any rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Arrays = Sequence[np.ndarray[Any, Any]]

STEP = 1e-3
"""A five-point difference is wrong by about STEP**4 (truncation) and 1e-16 / STEP (rounding): 1e-12 of the function."""

EXHAUSTIVE = 6
"""Up to so many entries every partial derivative is compared; beyond it, derivatives in random directions."""


def central_difference(f: Callable[[Arrays], float], xs: Arrays, vs: Arrays) -> float:
    """The derivative of f at xs in the direction vs, from f at four points around xs.

    Examples
    --------
    >>> import numpy as np
    >>> slope = central_difference(lambda xs: float(xs[0] ** 3), [np.array(2.0)], [np.array(1.0)])
    >>> abs(slope - 12) < 1e-10
    True
    """

    def at(steps: int) -> float:
        return f([x + steps * STEP * v for x, v in zip(xs, vs, strict=True)])

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * STEP)


def complex_step(f: Callable[[Arrays], complex], xs: Arrays, vs: Arrays) -> float:
    """The derivative of f at xs in the direction vs, by one step along the imaginary axis: exact to rounding.

    f must be analytic and take complex arrays.

    Examples
    --------
    >>> import numpy as np
    >>> complex_step(lambda xs: xs[0] ** 3, [np.array(2.0)], [np.array(1.0)])
    12.0
    """
    tiny = 1e-30
    return float(np.imag(f([x + 1j * tiny * v for x, v in zip(xs, vs, strict=True)])) / tiny)


def directions(xs: Arrays, rng: np.random.Generator, *, symmetric: bool = False) -> list[list[np.ndarray[Any, Any]]]:
    """Where to walk from xs: two random ways, and along every single entry if these are few.

    No entry moves by more than 1, so a function need only be smooth within 2 * STEP of xs. With ``symmetric`` the ways
    are symmetric matrices, for functions that read a matrix as symmetric.
    """
    ways = [[rng.uniform(-1, 1, x.shape) for x in xs] for _ in range(2)]
    if symmetric:
        return [[(v + np.swapaxes(v, -1, -2)) / 2 if v.ndim > 1 else v for v in way] for way in ways]
    size = sum(x.size for x in xs)
    if 0 < size <= EXHAUSTIVE:
        ends = np.cumsum([x.size for x in xs])[:-1]
        ways += [
            [part.reshape(x.shape) for part, x in zip(np.split(unit, ends), xs, strict=True)] for unit in np.eye(size)
        ]
    return ways


def assert_gradients(
    f: Callable[[Arrays], Any],
    xs: Arrays,
    gradients: Arrays,
    rng: np.random.Generator,
    *,
    slope: Callable[..., float] = central_difference,
    rtol: float = 1e-6,
    symmetric: bool = False,
) -> None:
    """Assert that ``gradients`` are those of the number f(xs), by its slope in several directions.

    The tolerance is relative to the sum of the sizes of all products of a gradient with a direction, which
    cancellation cannot make small: a factor of 1.001 on any part that matters is a hundred times too much.
    """
    for vs in directions(xs, rng, symmetric=symmetric):
        products = np.concatenate([np.ravel(d * v) for d, v in zip(gradients, vs, strict=True)])
        claimed, measured = math.fsum(products), slope(f, xs, vs)
        allowed = rtol * (math.fsum(np.abs(products)) + 1e-3)
        assert abs(claimed - measured) <= allowed, (
            f"the gradient says {claimed!r}, the numbers say {measured!r}; {allowed:.1e} apart is allowed"
        )
