"""Draws loss curves as SVG, with nothing but strings.

Text and axes take the colour of the page around them, and the curves' colours read on light and on dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, NamedTuple

__all__ = ["Axis", "Series", "chart"]

COLOURS = ("#2f7fd1", "#d97706", "#22946e", "#8a63d2", "#c2477f", "#7b8794")
DOT = "#d6246e"
DASHES = ("", "7 3", "2 3", "9 3 2 3")
LAYERS = ("line", "gaps", "ranges", "dots")
WIDTH, HEIGHT = 760.0, 380.0
LEFT, RIGHT, BOTTOM = 78.0, 28.0, 48.0
LEGEND_LINE = 22.0
FONT_SIZE = 13.0
MOST_BUCKETS = 500


@dataclass(frozen=True)
class Series:
    """Something to draw over the number of updates.

    Parameters
    ----------
    name : str
        For the legend.
    points : sequence of (float, float)
        Where, and how much; what is not finite is left out. For "ranges" each place twice, with the lowest value and
        with the highest; for "gaps" the first place and the last of each stretch without a value.
    style : {"line", "dots", "ranges", "gaps"}
        How to draw it.
    colour : int
        Which colour a line has.
    """

    name: str
    points: Sequence[tuple[float, float]]
    style: Literal["line", "dots", "ranges", "gaps"] = "line"
    colour: int = 0


def chart(series: Sequence[Series], *, x: str, y: str, span: tuple[float, float] | None = None) -> str:
    """Draw series over a common pair of axes.

    Values that reach over more than a power of ten, all of them positive, get a logarithmic axis.

    Parameters
    ----------
    series : sequence of Series
        At least one finite point in all.
    x, y : str
        What the axes measure.
    span : (float, float), optional
        From where to where the y axis reaches; by default as far as the values.

    Returns
    -------
    str
        An ``<svg>`` element, for a page or a file of its own.

    Examples
    --------
    >>> svg = chart([Series("cost", [(0, 0.7), (1, 0.5), (2, 0.4)])], x="updates", y="cost")
    >>> svg.count("<path class='line'")
    1
    """
    legend, legend_height = _legend(series)
    across, up = _axes(series, legend_height + 10.0, span)
    scale = ", logarithmic" if up.logarithmic else ""
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH:g}' height='{HEIGHT:g}'"
        f" viewBox='0 0 {WIDTH:g} {HEIGHT:g}' role='img' fill='currentColor'"
        f" font-family='system-ui,Helvetica,Arial,sans-serif' font-size='{FONT_SIZE:g}'>",
        f"<title>{escape(y)} over {escape(x)}: {escape(', '.join(item.name for item in series))}</title>",
        *_grid(across, up),
        f"<text x='{(LEFT + WIDTH - RIGHT) / 2:g}' y='{HEIGHT - 8:g}' text-anchor='middle'>{escape(x)}</text>",
        f"<text transform='translate(14 {(up.start + up.stop) / 2:.1f}) rotate(-90)' text-anchor='middle'>"
        f"{escape(y + scale)}</text>",
        *legend,
        *(_drawn(item, across, up) for item in sorted(series, key=lambda item: LAYERS.index(item.style))),
        "</svg>",
    ]
    return "\n".join(parts)


class Axis(NamedTuple):
    """Maps the values from `low` to `high` to the places from `start` to `stop`."""

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (math.log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return self.start + (self.stop - self.start) * (at - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round values on the axis, some six of them."""
        if self.logarithmic:
            decades = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            factors = (1, 2, 5) if len(decades) <= 2 else (1,)
            every = range(decades.start - 1, decades.stop, 1 + len(decades) // 8)
            values = [factor * 10.0**decade for decade in every for factor in factors]
            return [value for value in values if 0.999 * self.low <= value <= 1.001 * self.high]
        rough = (self.high - self.low) / 6
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [step * count for count in range(first, last + 1)]


def _axes(series: Iterable[Series], top: float, span: tuple[float, float] | None) -> tuple[Axis, Axis]:
    points = [point for item in series for point in item.points]
    xs, ys = [x for x, _ in points], [y for _, y in points if math.isfinite(y)]
    logarithmic = span is None and min(ys) > 0 and max(ys) > 10 * min(ys)
    if span is not None:
        low, high = span
    elif logarithmic:
        low, high = 10 ** math.floor(math.log10(min(ys))), 10 ** math.ceil(math.log10(max(ys)))
        # A whole decade for the last bit of a curve would be mostly empty.
        high = min(high, 1.3 * max(ys))
    else:
        margin = 0.06 * (max(ys) - min(ys)) or 0.1 * abs(max(ys)) or 1.0
        low, high = min(ys) - margin, max(ys) + margin
    start, end = (min(xs), max(xs)) if max(xs) > min(xs) else (min(xs) - 0.5, max(xs) + 0.5)
    across = Axis(start, end, LEFT, WIDTH - RIGHT)
    return across, Axis(low, high, HEIGHT - BOTTOM, top, logarithmic)


def _grid(across: Axis, up: Axis) -> list[str]:
    lines, texts = [], []
    for value in up.ticks():
        lines.append(f"M{across.start:g},{up(value):.1f}H{across.stop:g}")
        texts.append(f"<text x='{LEFT - 8:g}' y='{up(value) + 4:.1f}' text-anchor='end'>{value:.4g}</text>")
    for value in across.ticks():
        if value != round(value):  # there is no half an update
            continue
        lines.append(f"M{across(value):.1f},{up.start:g}v5")
        texts.append(f"<text x='{across(value):.1f}' y='{up.start + 20:.1f}' text-anchor='middle'>{value:,.6g}</text>")
    frame = f"<path d='M{across.start:g},{up.start:g}H{across.stop:g}' stroke='currentColor' fill='none'/>"
    return [f"<path d='{''.join(lines)}' stroke='currentColor' stroke-opacity='.2' fill='none'/>", frame, *texts]


def _legend(series: Iterable[Series]) -> tuple[list[str], float]:
    """The legend's parts and its height; its entries stand side by side as long as there is room."""
    parts, left, baseline = [], LEFT, 18.0
    for item in series:
        width = 40 + 0.56 * FONT_SIZE * len(item.name)
        if left > LEFT and left + width > WIDTH - RIGHT:
            left, baseline = LEFT, baseline + LEGEND_LINE
        middle = baseline - 4.5
        sample = {
            "line": f"<path d='M{left:.1f},{middle}h22' {_stroke(item)}/>",
            "dots": _dot(left + 11, middle),
            "ranges": _range(left + 11, middle - 6, middle + 6),
            "gaps": _gap(left, left + 22, middle),
        }
        parts.append(sample[item.style])
        parts.append(f"<text x='{left + 30:.1f}' y='{baseline:g}'>{escape(item.name)}</text>")
        left += width
    return parts, baseline + 6


def _drawn(item: Series, across: Axis, up: Axis) -> str:
    if item.style == "gaps":
        at = [across(x) for x, _ in item.points]
        return "".join(_gap(x, to, up.start) for x, to in zip(at[::2], at[1::2], strict=True))
    places = [(across(x), up(y)) for x, y in item.points if math.isfinite(y)]
    if not places:
        return ""
    if item.style == "dots":
        return "".join(_dot(x, y) for x, y in places)
    if item.style == "ranges":
        return "".join(_range(x, low, high) for (x, low), (_, high) in zip(places[::2], places[1::2], strict=True))
    # Of a single point, which is its own end, a path shows nothing but its round ends.
    path = "L".join(f"{x:.1f},{y:.1f}" for x, y in (_thinned(places) if len(places) > 1 else places * 2))
    ends = " style='stroke-linecap:round;stroke-width:7'" if len(places) == 1 else ""
    return f"<path class='line' d='M{path}' {_stroke(item)}{ends}/>"


def _thinned(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A curve with no more points than can be seen: of each stretch the first, the last and both extremes."""
    size = math.ceil(len(places) / MOST_BUCKETS)
    if size <= 4:
        return list(places)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(places), size):
        bucket = range(start, min(start + size, len(places)))
        lowest, highest = (extreme(bucket, key=lambda i: places[i][1]) for extreme in (min, max))
        kept += [places[i] for i in sorted({bucket[0], lowest, highest, bucket[-1]})]
    return kept


def _stroke(item: Series) -> str:
    dash = DASHES[item.colour % len(DASHES)]
    dashes = f" stroke-dasharray='{dash}'" if dash else ""
    colour = COLOURS[item.colour % len(COLOURS)]
    return f"fill='none' stroke='{colour}' stroke-width='1.8' stroke-linejoin='round'{dashes}"


def _dot(x: float, y: float) -> str:
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4.5' fill='{DOT}' stroke='#ffffff' stroke-width='1.2'/>"


def _gap(x: float, to: float, y: float) -> str:
    """A thick stretch of the axis."""
    return f"<path d='M{x - 1.5:.1f},{y:.1f}H{to + 1.5:.1f}' fill='none' stroke='{DOT}' stroke-width='6'/>"


def _range(x: float, low: float, high: float) -> str:
    """A bar with feet from one place to the other."""
    path = f"M{x - 5:.1f},{low:.1f}h10m-5,0V{high:.1f}m-5,0h10"
    return f"<path d='{path}' fill='none' stroke='currentColor' stroke-width='2'/>"
