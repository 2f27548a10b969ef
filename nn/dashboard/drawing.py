"""Draws a panel as SVG: curves, or, of more layers than curves can tell apart, a map of colours."""

from __future__ import annotations

import math

from nn.dashboard.heat import heat_map
from nn.dashboard.panels import Panel, not_finite
from nn.dashboard.statistics import SATURATION
from nn.report.chart import Series, chart

__all__ = ["SHARES", "as_map", "drawing"]

MOST_CURVES = 6
SHARES = (-0.03, 1.03)
"""An axis for shares, from 0 to 1 with a margin."""


def drawing(panel: Panel) -> str | None:
    """The panel as an ``<svg>`` element; None where there is no number to draw."""
    if as_map(panel):
        return heat_map(panel.curves, x="epochs", y=panel.subject, share=panel.subject == SATURATION)
    series: list[Series] = []
    gaps: list[tuple[float, float]] = []
    for name, values in panel.curves.items():
        if any(map(math.isfinite, values)):
            series.append(Series(name, list(enumerate(values, start=1)), colour=len(series)))
            gaps += [(epoch, math.nan) for stretch in not_finite(name, values) for epoch in stretch]
    if not series:
        return None
    if gaps:
        series.append(Series("not finite", gaps, "gaps"))
    return chart(series, x="epochs", y=panel.subject, span=SHARES if panel.subject == SATURATION else None)


def as_map(panel: Panel) -> bool:
    """Whether a panel is drawn as a map: where there are many layers, or a gradient is 0 or not finite."""
    values = [value for curve in panel.curves.values() for value in curve]
    odd = not all(map(math.isfinite, values)) or (panel.subject != SATURATION and 0 in values)
    return panel.of_layers and (len(panel.curves) > MOST_CURVES or odd)
