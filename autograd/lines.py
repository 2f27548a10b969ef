"""Lines: which line of the user's code recorded each node, for messages and the fault view."""

from __future__ import annotations

import linecache
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from autograd.scope import Scope, Watched, current

if TYPE_CHECKING:
    from autograd.graph import Node

__all__ = ["Line", "trace_lines"]


class Line(Scope):
    """The innermost scope of a node: the line of code that recorded it.

    Attributes
    ----------
    file : str
    lineno : int
    function : str
        The function whose body the line is in; "<module>" outside of functions.
    """

    __slots__ = ("file", "function", "lineno")

    def __init__(self, parent: Scope, file: str, lineno: int, function: str) -> None:
        super().__init__("", parent)
        self.file = file
        self.lineno = lineno
        self.function = function

    @property
    def place(self) -> str:
        """The line as messages name it: ``train.py:12 in forward``."""
        inside = "" if self.function == "<module>" else f" in {self.function}"
        return f"{Path(self.file).name}:{self.lineno}{inside}"

    @property
    def text(self) -> str:
        """The source of the line; empty where it cannot be read."""
        return linecache.getline(self.file, self.lineno).strip()

    def __reduce__(self) -> tuple[object, ...]:
        return Line, (self.parent, self.file, self.lineno, self.function)


class trace_lines:
    """Remember of every node the line that recorded it, from now on, or for a block: ``with trace_lines():``.

    Messages and `find_fault` then name it. Looking up the line costs about as much as recording a scalar.

    Parameters
    ----------
    on : bool
        False switches it off.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(2.0)
    >>> with autograd.trace_lines():
    ...     y = x * x
    >>> y.origin.function
    '<module>'
    """

    def __init__(self, on: bool = True) -> None:
        before = current.get()
        now: Scope | Watched | None = before
        if isinstance(before, Watched):
            others = tuple(watcher for watcher in before.watchers if watcher is not _note_line)
            now = (
                Watched(before.scope, others, before.rule_watchers) if others or before.rule_watchers else before.scope
            )
        if on and now is not None:
            plain = now if isinstance(now, Watched) else Watched(now)
            now = Watched(plain.scope, (_note_line, *plain.watchers), plain.rule_watchers)
        self._token = current.set(now)

    def __enter__(self) -> None:
        """The lines have been traced since this object was made."""

    def __exit__(self, *error: object) -> None:
        current.reset(self._token)


_HERE = Path(__file__).parent
_NOT_THE_USERS = tuple(str(folder) + os.sep for folder in (_HERE, _HERE.parent / "nn", Path(np.__file__).parent))
"""Frames in these folders are ours, or NumPy's, which calls the operators of an array of Values."""


def _note_line(node: Node) -> None:
    """Let the origin of a node be the line of the user's code that recorded it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        frame = frame.f_back
    assert node.origin is not None
    node.origin = Line(node.origin, frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
