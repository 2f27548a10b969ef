"""Boxes coloured by the size of their gradients, on a logarithmic scale, with a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from autograd.readers.elements import INFINITE, INK, NOT_A_NUMBER, PALETTE, Box

__all__ = ["shaded"]

SHADES = ("#fff3c4", "#ffe08a", "#ffc765", "#ffa94d", "#ff8a4c", "#f56a50")
ZERO = "#74c0fc"
UNKNOWN = PALETTE["constant"].fill


def shaded(
    boxes: Sequence[Box], magnitudes: Sequence[float | None]
) -> tuple[tuple[Box, ...], tuple[tuple[str, str], ...]]:
    """The boxes painted by their gradients, and the legend.

    Parameters
    ----------
    boxes
        The boxes.
    magnitudes
        The largest absolute gradient in each; None where there is no gradient.

    Examples
    --------
    >>> boxes, legend = shaded([Box("leaf", "", name, "", ()) for name in "abc"], [1e-6, 1.0, float("nan")])
    >>> [box.fill for box in boxes]
    ['#fff3c4', '#f56a50', '#9775fa']
    >>> [text for _, text in legend if text]
    ['largest |grad|: 1e-06', '1', 'nan']
    """
    sizes = [size for size in magnitudes if size and math.isfinite(size)]
    low, high = (min(min(sizes), max(sizes) / 10), max(sizes)) if sizes else (0.1, 1.0)
    width = (math.log10(high) - math.log10(low)) / len(SHADES)

    def fill(size: float | None) -> str:
        if size is None:
            return UNKNOWN
        if size != size or size == math.inf:
            return NOT_A_NUMBER if size != size else INFINITE
        if not size:
            return ZERO
        step = int((math.log10(size) - math.log10(low)) / width) if width else 0
        return SHADES[max(0, min(step, len(SHADES) - 1))]

    fills = [fill(size) for size in magnitudes]
    legend = [("", "largest |grad|:")]
    if sizes:
        legend = [("", f"largest |grad|: {low:.1g}"), *((colour, "") for colour in SHADES), ("", f"{high:.1g}")]
    named = ((ZERO, "zero"), (NOT_A_NUMBER, "nan"), (INFINITE, "inf"), (UNKNOWN, "no gradient"))
    legend += [(colour, text) for colour, text in named if colour in fills]
    painted = (
        box
        if box.kind == "reference"
        else replace(box, fill=colour, rows=tuple(replace(row, colour=INK) for row in box.rows))
        for box, colour in zip(boxes, fills, strict=True)
    )
    return tuple(painted), tuple(legend)
