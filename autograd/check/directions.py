"""The directions in which a check moves the arguments."""

from __future__ import annotations

import numpy as np

from autograd.check.arguments import Array


def ways(data: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Two random directions: entries that move by parts of their own size, and entries that move alike, by 1 or more.

    The first stays where the numbers are (the logarithm of 1e-8), the second sees what happens around them (the cosine
    of 1e-8). What is nan or inf does not move.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.check.directions import ways
    >>> by_size, alike = ways(np.array([1e-8, 100.0]), np.random.default_rng(0))
    >>> bool(abs(by_size[0]) <= 1e-8), bool(abs(alike[0]) >= 1)
    (True, True)
    """
    finite = np.isfinite(data)
    sizes = np.where(finite, np.abs(data), 0.0)
    usual = float(sizes[sizes > 0].mean()) if sizes.any() else 1.0
    nonzero = np.where(sizes > 0, sizes, usual)
    # The smallest step must stay small beside the entry: there may be a pole at 0.
    by_size, alike = (
        np.where(finite, _short(length * rng.uniform(0.5, 1, data.shape)) * rng.choice([-1.0, 1.0], data.shape), 0.0)
        for length in (nonzero, np.minimum(max(1.0, usual) / 2.0**30, nonzero) * 2.0**30)
    )
    return by_size, alike


def _short(lengths: Array) -> Array:
    """Rounded to three bits: steps by a power of two of it are exact, so that no rounding of x disturbs f(x)."""
    mantissa, exponent = np.frexp(lengths)
    return np.asarray(np.ldexp(np.ceil(8 * mantissa) / 8, exponent))
