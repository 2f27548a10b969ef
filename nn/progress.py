"""Shows how far a training is: with tqdm where that is installed, else in a plain line, without a terminal not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self, TextIO

__all__ = ["Bars"]

OnStep = Callable[[int, float], object]

REDRAWN_AFTER = 0.1
"""Seconds; nobody reads faster."""


class Bars:
    """A progress bar for each training, one after the other; used in a ``with`` statement, which clears the last.

    Parameters
    ----------
    quiet : bool, optional
        Show nothing.
    stream : text stream, optional
        Where to show it, by default the standard error. On what is not a terminal nothing is shown.

    Examples
    --------
    >>> with Bars(quiet=True) as bars:
    ...     on_step = bars("rate 1", 3)
    ...     for step, loss in enumerate([0.7, 0.5, 0.4]):
    ...         on_step(step, loss)
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._silent = quiet or self._stream is None or not self._stream.isatty()
        self._bar: _Line | None = None

    def __call__(self, name: str, total: int) -> OnStep:
        """Start a bar; what is returned is to be called `total` times, with the number of updates made and the loss."""
        self.close()
        if self._silent:
            return _nothing
        self._bar = (_Tqdm if find_spec("tqdm") is not None else _Line)(name, total, self._stream)
        return self._bar.step

    def close(self) -> None:
        """Take the present bar off the screen."""
        if self._bar is not None:
            self._bar.clear()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _nothing(step: int, loss: float) -> None:
    pass


class _Line:
    """One line that is written over again and again."""

    def __init__(self, name: str, total: int, stream: TextIO) -> None:
        self.name, self.total, self.stream = name, total, stream
        self.due = 0.0
        self.start()

    def start(self) -> None:
        self.width = 0

    def step(self, step: int, loss: float) -> None:
        now = time.monotonic()
        if now >= self.due:
            self.due = now + REDRAWN_AFTER
            self.show(step + 1, loss)

    def show(self, done: int, loss: float) -> None:
        text = f"{self.name}: {100 * done // self.total:3d} %, loss {loss:.4g}"
        self.stream.write("\r" + text.ljust(self.width))
        self.stream.flush()
        self.width = len(text)

    def clear(self) -> None:
        self.stream.write("\r" + " " * self.width + "\r")
        self.stream.flush()


class _Tqdm(_Line):
    """The same, as tqdm shows it."""

    def start(self) -> None:
        from tqdm import tqdm

        self.bar: Any = tqdm(total=self.total, desc=self.name, file=self.stream, leave=False, dynamic_ncols=True)

    def show(self, done: int, loss: float) -> None:
        self.bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        self.bar.update(done - self.bar.n)

    def clear(self) -> None:
        self.bar.close()
