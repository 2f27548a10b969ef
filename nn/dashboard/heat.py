"""Draws layers over epochs as a map of colours: for more layers than curves can tell apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import groupby

from nn.report.chart import Axis

__all__ = ["NOT_FINITE", "PALETTE", "ZERO", "heat_map", "short"]

PALETTE = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
"""From the least to the most: viridis, which reads the same without colours."""

ZERO, NOT_FINITE = "#9aa5b1", "#d6246e"

WIDTH, RIGHT, BOTTOM, TOP = 760.0, 28.0, 48.0, 44.0
FONT_SIZE = 13.0
LONGEST_NAME = 26
MOST_COLUMNS = 120
SHADES = 32


def heat_map(rows: Mapping[str, Sequence[float]], *, x: str, y: str, share: bool = False) -> str:
    """Draw a row of colours for each name, one above the other.

    Where there are more epochs than columns, a column is the median of its epochs; one that is not finite shows.

    Parameters
    ----------
    rows : dict of str to sequence of float
        The values after each epoch.
    x, y : str
        What the columns are, and what the colours measure.
    share : bool
        Whether the values are shares from 0 to 1; else they are lengths, on a logarithmic scale, on which 0 stands out.

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> svg = heat_map({"0 (Linear)": [1.0, 0.1], "2 (Linear)": [1.0, 1.0]}, x="epochs", y="gradient norm")
    >>> svg.count("<text")
    8
    """
    epochs = max(map(len, rows.values()))
    height = max(12.0, min(26.0, 420.0 / len(rows)))
    left = 24.0 + 0.56 * FONT_SIZE * max(len(short(name)) for name in rows)
    font = min(FONT_SIZE, 0.9 * height)
    bottom = TOP + height * len(rows)
    across = Axis(0.5, epochs + 0.5, left, WIDTH - RIGHT)
    shade, ends = _scale(rows, share)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH:g}' height='{bottom + BOTTOM:g}'"
        f" viewBox='0 0 {WIDTH:g} {bottom + BOTTOM:g}' role='img' fill='currentColor' shape-rendering='crispEdges'"
        f" font-family='system-ui,Helvetica,Arial,sans-serif' font-size='{FONT_SIZE:g}'>",
        f"<title>{escape(y)} of {len(rows)} layers over {escape(x)}</title>",
        *_legend(rows, ends, left, y),
    ]
    for i, (name, values) in enumerate(rows.items()):
        top = TOP + i * height
        label = f"<title>{escape(name)}</title>{escape(short(name))}"
        place = f"x='{left - 8:.1f}' y='{top + height / 2 + 0.35 * font:.1f}' font-size='{font:.1f}'"
        parts.append(f"<text {place} text-anchor='end'>{label}</text>")
        parts += _row(values, across, top, height, shade)
    for value in across.ticks():
        if 1 <= value <= epochs and value == int(value):
            parts.append(
                f"<text x='{across(value):.1f}' y='{bottom + 18:.1f}' text-anchor='middle'>{value:,.6g}</text>"
            )
    middle = (left + WIDTH - RIGHT) / 2
    parts.append(f"<text x='{middle:.1f}' y='{bottom + 40:.1f}' text-anchor='middle'>{escape(x)}</text>")
    return "\n".join([*parts, "</svg>"])


def short(name: str) -> str:
    """A name without its beginning, if it is long."""
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]


def _row(values: Sequence[float], across: Axis, top: float, height: float, shade: Callable[[float], str]) -> list[str]:
    """A row of rectangles, neighbours of one colour together."""
    size = math.ceil(len(values) / MOST_COLUMNS)
    columns = [(start, values[start : start + size]) for start in range(0, len(values), size)]
    shades = [(start, start + len(part), shade(_typical(part))) for start, part in columns]
    parts = []
    for colour, run in groupby(shades, key=lambda column: column[2]):
        cells = list(run)
        x, to = across(cells[0][0] + 0.5), across(cells[-1][1] + 0.5)
        box = f"x='{x:.1f}' y='{top:.1f}' width='{to - x + 0.3:.1f}' height='{height - 1:.1f}'"
        parts.append(f"<rect {box} fill='{colour}'/>")
    return parts


def _typical(values: Sequence[float]) -> float:
    return statistics.median(values) if all(map(math.isfinite, values)) else math.nan


def _scale(rows: Mapping[str, Sequence[float]], share: bool) -> tuple[Callable[[float], str], tuple[str, str]]:
    """What colour a value has, and the values at both ends of the scale."""
    found = [value for values in rows.values() for value in values if math.isfinite(value) and (share or value > 0)]
    if share or not found:
        low, high, ends = 0.0, 1.0, ("0 %", "100 %")
    else:
        low, high = math.log10(min(found)), math.log10(max(found))
        ends = (f"{min(found):.2g}", f"{max(found):.2g}")

    def shade(value: float) -> str:
        if not math.isfinite(value):
            return NOT_FINITE
        if not share and value <= 0:
            return ZERO
        at = ((value if share else math.log10(value)) - low) / (high - low or 1.0)
        return _colour(round(at * (SHADES - 1)) / (SHADES - 1))

    return shade, ends


def _colour(at: float) -> str:
    """The colour at a place from 0 to 1 of the palette."""
    place = min(max(at, 0.0), 1.0) * (len(PALETTE) - 1)
    i = min(int(place), len(PALETTE) - 2)
    ends = ([int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in PALETTE[i : i + 2])
    mixed = (round(a + (b - a) * (place - i)) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _legend(rows: Mapping[str, Sequence[float]], ends: tuple[str, str], left: float, y: str) -> list[str]:
    """The scale of colours, and what the two colours beside it mean, if they occur."""
    x, width = left, 5.0
    parts = [f"<text x='{x:.1f}' y='18'>{escape(y)}</text>"]
    x += 0.6 * FONT_SIZE * len(y) + 12
    parts.append(f"<text x='{x:.1f}' y='18'>{escape(ends[0])}</text>")
    x += 0.6 * FONT_SIZE * len(ends[0]) + 6
    for i in range(SHADES):
        colour = _colour(i / (SHADES - 1))
        parts.append(f"<rect x='{x + i * width:.1f}' y='7' width='{width + 0.3:.1f}' height='13' fill='{colour}'/>")
    x += SHADES * width + 6
    parts.append(f"<text x='{x:.1f}' y='18'>{escape(ends[1])}</text>")
    x += 0.6 * FONT_SIZE * len(ends[1]) + 22
    numbers = [value for values in rows.values() for value in values]
    others = {
        "0": (ZERO, ends[1] != "100 %" and any(value == 0 for value in numbers)),
        "not finite": (NOT_FINITE, not all(map(math.isfinite, numbers))),
    }
    for name, (colour, occurs) in others.items():
        if occurs:
            parts.append(f"<rect x='{x:.1f}' y='7' width='13' height='13' fill='{colour}'/>")
            parts.append(f"<text x='{x + 18:.1f}' y='18'>{name}</text>")
            x += 18 + 0.6 * FONT_SIZE * len(name) + 14
    return parts
