"""The gradients of a training, step by step, as a page: a forgotten `zero_grad` shows itself as bars that grow."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import reduce
from html import escape
from typing import Any

import numpy as np

from autograd.graph import Node, describe, tape
from autograd.readers.names import names_of, variables
from autograd.readers.steps.naming import named
from autograd.readers.steps.numbers import as_json, short
from autograd.readers.steps.page import frame, page, table
from autograd.readers.steps.saving import save
from autograd.transforms import grad

__all__ = ["TrainingSteps"]

MOST_STEPS = 200

FRESH, ADDED, OTHER = "fresh", "added", "other"
SAYS = {
    FRESH: "its own gradient alone",
    ADDED: "added to what was left of the steps before",
    OTHER: "neither its own gradient nor that and what was there before",
}


class TrainingSteps:
    """A record of a training's gradients, to look at what each step really uses.

    Call it with the loss after ``loss.backward()`` and before the parameters change. It notes the loss, what each
    parameter's `grad` holds, and, by a sweep of its own, what this loss alone would give. Where both agree, `zero_grad`
    was called; where `zero_grad` was forgotten, `grad` is the sum of all steps so far, and its bar grows.

    Parameters
    ----------
    parameters : mapping from names to leaves, optional
        What to watch; by default the leaves of the first loss, by their labels or the caller's variables.
    limit : int
        How many steps are kept; the page says how many came after them.

    Attributes
    ----------
    steps : list of dict
        What was noted, one entry for each step.

    Examples
    --------
    >>> import autograd
    >>> w = autograd.Value(1.0)
    >>> record = autograd.TrainingSteps()
    >>> for _ in range(3):
    ...     loss = (w - 3) ** 2
    ...     loss.backward()
    ...     record(loss)
    ...     w.data -= 0.1 * w.grad  # and no w.zero_grad()
    >>> record
    step 1, loss 4: w.grad −4, its own gradient alone
    step 2, loss 2.56: w.grad −7.2, added to what was left of the steps before
    step 3, loss 0.7744: w.grad −8.96, added to what was left of the steps before
    """

    def __init__(self, parameters: Mapping[str, Node] | None = None, *, limit: int = MOST_STEPS) -> None:
        for name, leaf in (parameters or {}).items():
            if not isinstance(leaf, Node) or not leaf.is_leaf or not leaf.requires_grad:
                raise TypeError(
                    f"TrainingSteps: {name!r:.60} must be a leaf that requires a gradient, not {leaf!r:.60}"
                )
        self.parameters = _by_name(dict(parameters or {}))
        self.limit = limit
        self.steps: list[dict[str, Any]] = []
        self.dropped = 0
        self._last: dict[str, Any] = {}

    def __call__(self, loss: Node) -> None:
        """Note one step: after ``loss.backward()``, before the parameters change.

        Raises
        ------
        TypeError
            If `loss` is no Value and no Tensor.
        ValueError
            If `loss` is several numbers, or backward() has not been called.
        RuntimeError
            If the parameters have been changed already.
        """
        if not isinstance(loss, Node):
            raise TypeError(f"TrainingSteps: the loss must be a Value or a Tensor, not {type(loss).__name__}")
        if np.size(loss.primal) != 1:
            raise ValueError(f"TrainingSteps: the loss must be one number, not {describe(loss)}")
        if not self.parameters:
            leaves = [node for node in tape(loss) if node.is_leaf and node.requires_grad]
            names = named(leaves, names_of(leaves, variables(sys._getframe(1))))
            self.parameters = {names[leaf.serial]: leaf for leaf in leaves}
        own = dict(zip(self.parameters, grad(loss, list(self.parameters.values())), strict=True))
        for name, leaf in self.parameters.items():
            if leaf.grad is None or (np.any(own[name]) and not np.any(leaf.grad)):
                held = "None" if leaf.grad is None else "0"
                raise ValueError(
                    f"TrainingSteps: {name}.grad is {held}: call loss.backward() first, then record(loss), then change "
                    "the parameters and call zero_grad()."
                )
        found = {name: self._watched(name, leaf.grad, own[name]) for name, leaf in self.parameters.items()}
        self._last = {name: np.array(leaf.grad) for name, leaf in self.parameters.items()}
        if len(self.steps) < self.limit:
            self.steps.append({"loss": as_json(np.ravel(loss.primal)[0]), "parameters": found})
        else:
            self.dropped += 1

    def _watched(self, name: str, used: Any, own: Any) -> dict[str, Any]:
        """One parameter at one step: its own gradient, what was there before it, and what `grad` holds."""
        before = self._last.get(name)
        if np.array_equal(used, own, equal_nan=True):
            state, before = FRESH, None
        elif before is not None and np.array_equal(used, before + own, equal_nan=True):
            state = ADDED
        else:
            state, before = OTHER, None
        return {
            "state": state,
            "own": as_json(own),
            "before": as_json(before),
            "used": as_json(used),
            "lengths": [as_json(_length(own)), as_json(_length(used))],
        }

    @property
    def html(self) -> str:
        """The page, complete: no network, no server, no other file.

        Raises
        ------
        ValueError
            If no step has been recorded.
        """
        if not self.steps:
            raise ValueError("TrainingSteps: nothing recorded yet; call it with the loss after each loss.backward()")
        body = (
            f'<header><h1>{escape(self._title)}</h1><div class="tools"></div></header>\n<div class="stage"></div>\n'
            f"<details><summary>All steps as a table</summary>\n{self._table()}\n</details>"
        )
        told = {"names": list(self.parameters), "steps": self.steps, "dropped": self.dropped}
        return page("training", self._title, told, body)

    def save(self, path: os.PathLike[str] | str) -> str:
        """Write the page, and return its path, which must end in .html."""
        return save(path, self.html)

    @property
    def _title(self) -> str:
        return "What each step of the training used"

    def _table(self) -> str:
        headings = ["step", "loss", *(f"{name}.grad" for name in self.parameters)]
        return table("What .grad held in each step", headings, self._rows())

    def _rows(self) -> list[list[str]]:
        rows = []
        for number, step in enumerate(self.steps, 1):
            cells = (step["parameters"][name] for name in self.parameters)
            texts = [f"{_size(cell)}, {SAYS[cell['state']]}" for cell in cells]
            rows.append([str(number), short(np.float64(step["loss"])), *texts])
        return rows

    def _repr_html_(self) -> str | None:
        return frame(self.html, self._title, 640, self._table()) if self.steps else None

    def __repr__(self) -> str:
        if not self.steps:
            return "TrainingSteps: nothing recorded yet"
        lines = []
        for number, loss, *cells in self._rows():
            used = "; ".join(f"{name}.grad {cell}" for name, cell in zip(self.parameters, cells, strict=True))
            lines.append(f"step {number}, loss {loss}: {used}")
        return "\n".join([*lines, f"... and {self.dropped:,} more steps"] if self.dropped else lines)


def _by_name(given: Mapping[str, Node]) -> dict[str, Node]:
    """The same leaves by names that a page can show."""
    names = named(list(given.values()), {leaf.serial: name for name, leaf in given.items()})
    return {names[leaf.serial]: leaf for leaf in given.values()}


def _size(cell: Mapping[str, Any]) -> str:
    used = cell["used"]
    return f"of length {short(np.float64(cell['lengths'][1]))}" if isinstance(used, dict) else short(np.float64(used))


def _length(value: Any) -> Any:
    """The root of the sum of squares, without the overflow of squaring."""
    return reduce(np.hypot, np.ravel(value), 0.0)
