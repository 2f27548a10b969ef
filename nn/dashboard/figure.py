"""Draws a dashboard's panels with matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.dashboard.drawing import SHARES, as_map
from nn.dashboard.heat import NOT_FINITE, ZERO, short
from nn.dashboard.panels import Panel, not_finite
from nn.dashboard.statistics import SATURATION

__all__ = ["figure"]

MOST_LABELS = 40


def figure(panels: Sequence[Panel], title: str) -> Any:
    """A figure with two panels beside each other.

    It belongs to no window and no notebook: whoever wants to see it shows or saves it.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "a figure needs matplotlib, which is not installed: pip install matplotlib, or save the dashboard as .html"
        ) from error
    rows = max(1, -(-len(panels) // 2))
    drawn = Figure(figsize=(12, 4 * rows), layout="constrained")
    drawn.suptitle(title)
    for i, panel in enumerate(panels, start=1):
        axes = drawn.add_subplot(rows, 2, i)
        (_map if as_map(panel) else _curves)(axes, panel)
        axes.set_title(panel.subject)
        axes.set_xlabel("epochs")
    return drawn


def _curves(axes: Any, panel: Panel) -> None:
    values = [value for curve in panel.curves.values() for value in curve if math.isfinite(value)]
    for name, curve in panel.curves.items():
        if not any(map(math.isfinite, curve)):
            continue
        points = [(epoch, value) for epoch, value in enumerate(curve, start=1) if math.isfinite(value)]
        axes.plot(*zip(*points, strict=True), label=name, marker="o" if len(points) == 1 else None)
        for first, last in not_finite(name, curve):
            axes.axvspan(first - 0.5, last + 0.5, color=NOT_FINITE, alpha=0.25)
    if panel.subject == SATURATION:
        axes.set_ylim(*SHARES)
    elif values and min(values) > 0 and max(values) > 10 * min(values):
        axes.set_yscale("log")
    if axes.lines:
        axes.legend()


def _map(axes: Any, panel: Panel) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    table = np.full((len(panel.curves), panel.epochs), np.nan)
    for row, curve in zip(table, panel.curves.values(), strict=True):
        row[: len(curve)] = curve
    positive = table[np.isfinite(table) & (table > 0)]
    colours, scale = colormaps["viridis"].with_extremes(bad=NOT_FINITE), Normalize(0, 1)
    if panel.subject != SATURATION and positive.size:
        colours = colours.with_extremes(under=ZERO)
        scale = LogNorm(positive.min(), max(positive.max(), positive.min() * 1.001))
        table[table == 0] = positive.min() / 10  # below the scale, where a logarithm of 0 would be nan
    table[np.isinf(table)] = np.nan
    extent = (0.5, panel.epochs + 0.5, len(table) - 0.5, -0.5)
    image = axes.imshow(table, aspect="auto", cmap=colours, norm=scale, extent=extent, interpolation="nearest")
    every = -(-len(table) // MOST_LABELS)
    axes.set_yticks(range(0, len(table), every), [short(name) for name in panel.curves][::every], fontsize=8)
    axes.figure.colorbar(image, ax=axes)
