"""Dashboard: a history at a glance, as a page, in a notebook or as a figure of matplotlib."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from nn.dashboard.drawing import drawing
from nn.dashboard.panels import Panel, not_finite, panels
from nn.dashboard.statistics import GRADIENT, SATURATION
from nn.report.document import Document, Fact, Figure, Section, Tone
from nn.report.notebook import PAPER
from nn.report.page import page
from nn.storage import replacing

__all__ = ["Dashboard"]

VANISHED = 1e-6
"""Against the longest gradient; a layer with less does not learn."""

MOSTLY = 0.9
"""A layer with so many saturated units hardly learns."""


class Dashboard:
    """Loss, accuracy and whatever else was measured, and what `LayerStatistics` measured of each layer.

    A notebook shows it by itself. It shows the history as it is when it is shown.

    Parameters
    ----------
    history : History
        What `nn.fit` returned; any dict of lists will do.
    title : str

    Examples
    --------
    >>> import nn
    >>> history = nn.History({"loss": [0.7, 0.5], "validation_loss": [0.8, 0.6]})
    >>> dashboard = nn.Dashboard(history)
    >>> dashboard
    2 epochs; loss 0.5; validation loss 0.6
    >>> dashboard.html().count("<svg")
    1
    """

    def __init__(self, history: Mapping[str, Sequence[float]], title: str = "Training") -> None:
        if not isinstance(history, Mapping):
            raise TypeError(f"history must be a dict of lists, such as nn.fit returns, got {type(history).__name__}")
        self.history, self.title = history, title

    @property
    def panels(self) -> list[Panel]:
        """What there is to see, in the order in which it was measured first."""
        return panels(self.history)

    def html(self) -> str:
        """A whole page that needs nothing else, in light and in dark."""
        return page(self._document())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page (.html), or a figure of matplotlib (.png, .pdf, .svg); the file is there whole or not at all.

        Raises
        ------
        ValueError
            For another suffix.
        ImportError
            For a figure, if matplotlib is not installed.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in (".html", ".png", ".pdf", ".svg"):
            raise ValueError(f"path must end in .html, .png, .pdf or .svg, got {os.fspath(path)!r}")
        figure = None if suffix == ".html" else self.figure()
        with replacing(path) as file:
            if figure is None:
                file.write(self.html().encode())
            else:
                figure.savefig(file, format=suffix[1:])

    def figure(self) -> Any:
        """The same panels as a figure of matplotlib.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            If it is not installed.
        """
        from nn.dashboard.figure import figure

        return figure(self.panels, self.title)

    def _document(self) -> Document:
        shown = [(panel, drawing(panel)) for panel in self.panels]
        sections = [
            Section(key, title, "", tuple(_figure(panel, svg) for panel, svg in shown if svg and panel.of_layers == of))
            for key, title, of in (("course", "Course", False), ("layers", "Layers", True))
        ]
        introduction = "" if shown else "Nothing was measured yet."
        return Document(
            self.title, introduction, tuple(self._facts()), tuple(section for section in sections if section.blocks)
        )

    def _facts(self) -> Iterator[Fact]:
        """The figures to remember."""
        epochs = max(map(len, self.history.values()), default=0)
        stopped = getattr(self.history, "stopped", "")
        about = ("epoch" if epochs == 1 else "epochs") + (f", stopped: {stopped}" if stopped else "")
        yield Fact(f"{epochs:,}", about, "plain")
        for panel in self.panels:
            if not panel.of_layers:
                yield from self._facts_of(panel)
            elif panel.subject == GRADIENT:
                yield from _weakest(panel)
            elif panel.subject == SATURATION:
                yield from _flattest(panel)

    def _facts_of(self, panel: Panel) -> Iterator[Fact]:
        for name, values in panel.curves.items():
            wrong = not_finite(name, values)
            measured = [value for value in values if math.isfinite(value)]
            if wrong and wrong[-1][1] == len(values):
                yield Fact(f"{values[-1]}", f"{name}; not finite from epoch {wrong[-1][0]:,} on", "bad")
            elif measured:
                value = f"{measured[-1]:.1%}" if panel.subject == "accuracy" else f"{measured[-1]:.4g}"
                yield Fact(value, f"{name}{self._best(name, values)}", "plain")

    def _best(self, name: str, values: Sequence[float]) -> str:
        best = getattr(self.history, "best", 0)
        own = name.startswith("validation") or "validation_loss" not in self.history
        if not name.endswith("loss") or not own or not 0 < best < len(values):
            return ""
        return f"; at its lowest {values[best - 1]:.4g}, after epoch {best:,}"

    def __repr__(self) -> str:
        epochs = max(map(len, self.history.values()), default=0)
        curves = [curve for panel in self.panels if not panel.of_layers for curve in panel.curves.items()]
        ends = [f"{name} {values[-1]:.4g}" for name, values in curves if values]
        return "; ".join([f"{epochs:,} epoch{'s' * (epochs != 1)}", *ends])

    def _repr_html_(self) -> str:
        """The panels as images: a notebook that was not run here shows images, and nothing else of this kind."""
        cells = []
        for panel in self.panels:
            svg = drawing(panel)
            if svg is not None:
                data = base64.b64encode(svg.replace("<svg ", PAPER, 1).encode()).decode()
                image = f"<img alt='{escape(panel.subject)}' style='width:100%' src='data:image/svg+xml;base64,{data}'>"
                cells.append(f"<div style='max-width:48em'>{image}</div>")
        facts = ", ".join(f"<strong>{escape(fact.value)}</strong> {escape(fact.about)}" for fact in self._facts())
        grid = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(30em,100%),1fr));gap:8px"
        return f"<div><p>{facts}</p><div style='{grid}'>{''.join(cells)}</div></div>"


def _figure(panel: Panel, svg: str) -> Figure:
    return Figure("panel", panel.subject.capitalize(), panel.caption, svg)


def _weakest(panel: Panel) -> Iterator[Fact]:
    last = {name: values[-1] for name, values in panel.curves.items() if values and math.isfinite(values[-1])}
    if len(last) < 2:
        return
    weakest = min(last, key=last.__getitem__)
    share = last[weakest] / (max(last.values()) or 1.0)
    tone: Tone = "bad" if share < VANISHED else "good"
    ratio = math.inf if share == 0 else 1 / share
    value = "0" if share == 0 else f"1 : {ratio:,.0f}" if 10 < ratio < 1e6 else f"1 : {ratio:.2g}"
    yield Fact(value, f"the gradient of {weakest} against the longest", tone)


def _flattest(panel: Panel) -> Iterator[Fact]:
    last = {name: values[-1] for name, values in panel.curves.items() if values and math.isfinite(values[-1])}
    if last:
        flattest = max(last, key=last.__getitem__)
        yield Fact(
            f"{last[flattest]:.0%}",
            f"of the units of {flattest} have next to no slope",
            "bad" if last[flattest] > MOSTLY else "good",
        )
