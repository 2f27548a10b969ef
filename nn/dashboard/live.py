"""LiveDashboard: a dashboard that is drawn anew in a notebook while the training goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nn.dashboard.dashboard import Dashboard

if TYPE_CHECKING:
    from nn.training import Training

__all__ = ["LiveDashboard"]

SHARE = 0.1
"""How much of the time may go into drawing."""


class LiveDashboard:
    """A callback of `nn.fit` that shows the dashboard below the cell and draws it anew as the training goes on.

    It draws as often as costs a tenth of the time at most, and once at the end. Outside of a notebook it does nothing.
    Give it after `LayerStatistics`, whose numbers it shows too.

    Parameters
    ----------
    title : str

    Examples
    --------
    >>> import nn
    >>> model = nn.Linear(2, 2)
    >>> history = nn.fit(model, nn.CrossEntropyLoss(), nn.datasets.xor(), epochs=2, progress=False,
    ...                  optimizer=nn.optim.SGD(model.parameters(), lr=0.1), callbacks=[nn.LiveDashboard()])
    """

    def __init__(self, title: str = "Training") -> None:
        self.title = title
        self._handle: Any = None
        self._next = 0.0

    def __call__(self, training: Training) -> None:
        began = time.monotonic()
        over = training.epoch == training.epochs or bool(training.stop)
        if began < self._next and not over:
            return
        self._show(Dashboard(training.history, self.title))
        now = time.monotonic()
        self._next = now + (now - began) / SHARE

    def _show(self, dashboard: Dashboard) -> None:
        if self._handle is None:
            if not _in_notebook():
                return
            import IPython.display

            show: Any = IPython.display.display
            self._handle = show(dashboard, display_id=True)
        else:
            self._handle.update(dashboard)


def _in_notebook() -> bool:
    """Whether there is a front end that can show a picture: a kernel, not a terminal."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
