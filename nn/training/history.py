"""History: what was measured after each epoch, as lists by name, which draw themselves in a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["History"]


class History(dict[str, list[float]]):
    """Lists by name, all as long as there were epochs; nan where nothing was measured.

    Attributes
    ----------
    stopped : str
        Why the training ended before its time; empty if it did not.
    best : int
        The epoch with the lowest validation loss, or, without validation, the lowest loss; from 1, 0 if there is none.

    Examples
    --------
    >>> history = History()
    >>> history.record(1, {"loss": 0.7})
    >>> history.record(2, {"loss": 0.5, "accuracy": 0.9})
    >>> history
    {'loss': [0.7, 0.5], 'accuracy': [nan, 0.9]}
    """

    def __init__(self, lists: Mapping[str, list[float]] | None = None) -> None:
        super().__init__(lists or {})
        self.stopped = ""
        self.best = 0

    def record(self, epoch: int, row: Mapping[str, Any]) -> None:
        """Note what was measured after an epoch; they are counted from 1."""
        for name, value in row.items():
            number = float(value)
            self.setdefault(name, [])
            self.level(epoch)
            self[name][epoch - 1] = number

    def level(self, epochs: int) -> None:
        """Make every list as long as there were epochs."""
        for values in self.values():
            del values[epochs:]
            values += [math.nan] * (epochs - len(values))

    def _charts(self) -> Iterator[str]:
        """A chart for each thing that was measured, in training and in validation together."""
        from nn.dashboard.drawing import drawing
        from nn.dashboard.panels import panels
        from nn.report.notebook import PAPER

        for panel in panels(self):
            svg = drawing(panel)
            if svg is not None:
                yield svg.replace("<svg ", PAPER, 1)

    def _repr_svg_(self) -> str | None:
        """The first chart, that of the loss; None before the first epoch."""
        return next(self._charts(), None)

    def _repr_html_(self) -> str | None:
        """All charts."""
        return "\n".join(f"<div>{svg}</div>" for svg in self._charts()) or None
