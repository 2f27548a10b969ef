"""What a check found: a table of comparisons, the limits it met, and what is wrong, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from autograd.check.slope import Comparison

MOST_LINES = 20
MOST_ROWS = 200
MOST_NAMES = 4
"""How many lines a text has, how many rows a notebook, and how many entries a sentence names."""


SMALL = 1e-3
"""From which relative error of a single entry on it is worth a word that smaller ones do not show."""

WEIGHTED = (
    "these numbers belong to the sum of all outputs, each times a random number (at higher orders, of all entries of "
    "the gradient), so that no error cancels"
)


@dataclass(frozen=True)
class Limit:
    """Something that was not checked, or not quite, and why.

    Attributes
    ----------
    kind : str
        "kink", "edge", "noise", "independent", "constant", "float32", "nan", "empty" or "nudge".
    text : str
        One sentence.
    argument : str
        Which argument it concerns, if one.
    """

    kind: str
    text: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True)
class Report:
    """The result of a check.

    Attributes
    ----------
    comparisons : tuple of Comparison
        What is wrong first, then the largest error.
    full : bool
        Whether this is a table of all entries.
    limits : tuple of Limit
        What could not be checked, and why. A limit is no failure.
    failures : tuple of str
        What is wrong, each in a sentence or two.
    """

    comparisons: tuple[Comparison, ...]
    full: bool = False
    limits: tuple[Limit, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.failures

    def headline(self) -> str:
        """The result in one line."""
        if any(c.verdict == "wrong" for c in self.comparisons):
            return "the gradient is wrong"
        if not self.ok:
            return "the gradient could not be checked"
        found = []
        for order in sorted({c.order for c in self.comparisons}):
            errors = [c.error for c in self.comparisons if c.order == order and c.verdict in ("right", "flat")]
            if errors:
                how_many = f"{len(errors)} comparison{'s' * (len(errors) > 1)}"
                found.append(f"order {order} in {how_many}, to {max(errors):.1e}")
        return "gradients right: " + "; ".join(found) if found else "nothing could be compared"

    def footnotes(self) -> list[str]:
        """What one must know to read the numbers, each in a sentence."""
        found = []
        along = [c.shows for c in self.comparisons if c.index is None and c.verdict == "right" and c.shows >= SMALL]
        if self.ok and along:
            found.append(
                f"along random directions an error in a single entry shows from {100 * max(along):.2g} % of it on, or "
                "more where its part is smaller than usual: mode='full' compares each entry"
            )
        if any(c.weighted for c in self.comparisons) and (self.full or not self.ok):
            found.append(WEIGHTED)
        return found

    def table(self, most: int = MOST_LINES) -> str:
        """The comparisons as aligned text, the largest errors first."""
        rows = [HEADINGS, *map(_cells, self.comparisons[:most])]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        left_out = len(self.comparisons) - most
        return "\n".join([*lines, *([f"... and {left_out} more with smaller errors"] if left_out > 0 else [])])

    def __str__(self) -> str:
        parts = [self.headline(), *self.failures]
        if self.comparisons and (self.full or not self.ok):
            parts.append(self.table())
        return "\n".join([*parts, *self.footnotes(), *map(str, self.limits)])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
        body = "".join(
            f'<tr style="color:{"#c00000" if c.verdict == "wrong" else "inherit"}">'
            + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(c))
            + "</tr>"
            for c in self.comparisons[:MOST_ROWS]
        )
        left_out = len(self.comparisons) - MOST_ROWS
        more = f"<p>{left_out} more with smaller errors</p>" if left_out > 0 else ""
        said = (*self.failures, *self.footnotes(), *self.limits)
        items = "".join(f"<li>{escape(str(item))}</li>" for item in said)
        return (
            f"<p><b>{escape(self.headline())}</b></p>"
            + (f"<ul>{items}</ul>" if items else "")
            + f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
        )


HEADINGS = ("order", "entry", "engine", "numeric", "error", "")


def _cells(c: Comparison) -> tuple[str, ...]:
    verdict = "right" if c.verdict == "flat" else c.verdict
    return str(c.order), c.entry, f"{c.engine:.9g}", f"{c.numeric:.9g}", f"{c.error:.1e}", verdict


class GradientError(AssertionError):
    """A gradient is wrong, or cannot be checked at all.

    Attributes
    ----------
    report : Report, Diagnosis or None
        What the check, or the doctor, found.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


# --- sentences --------------------------------------------------------------------------------------------------------


def complaint(row: Comparison, *, cut_off: bool) -> str:
    """What is wrong; ``cut_off`` where no path in the graph leads to what the gradient is wanted for."""
    what = {1: "gradient", 2: "second derivative"}.get(row.order, f"derivative of order {row.order}")
    along = " along a random direction" if row.index is None else ""
    text = f"the {what} for {row.entry} is wrong{along}: the engine says {row.engine:.9g}, "
    text += f"differences say {row.numeric:.9g}"
    if row.numeric and np.isfinite(row.engine):
        text += f" (ratio {row.engine / row.numeric:.6g})"
    if row.weighted:
        text += ", of the outputs' sum with random weights" if row.order == 1 else ", of a sum with random weights"
    if cut_off:
        text += (
            f". The output depends on {row.argument}, but no path in the graph leads there: f takes it off the graph "
            "(.data, .numpy(), detach(), no_grad)"
        )
    return text


def independent(rows: Sequence[Comparison]) -> str:
    """What to say of an argument that does not change f."""
    name, largest = listed([row.entry for row in rows]), max(abs(row.engine) for row in rows)
    if largest == 0:
        return f"f does not change with {name}: the gradient is 0, by the engine and by differences"
    return f"f changes with {name} by no more than rounding, and the engine's slope is as small ({largest:.1g})"


def listed(names: Sequence[str]) -> str:
    """The first few of some names."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def reason(kind: str, entries: Sequence[str], row: Comparison) -> str:
    """Why these entries, of which the row is the first, could not be checked."""
    where = listed(entries)
    left, right = row.sides
    if kind == "kink" and np.isnan(left):
        return (
            f"at {where} the engine says {row.engine:.6g} and differences say {row.numeric:.6g}, but beside it they "
            "agree: a primitive stands at its kink there (abs at 0, max at a tie), or a rule forgets a special case "
            "(nudge= checks beside it)"
        )
    if kind == "kink" and row.order > 1:
        return f"at {where} a derivative jumps: the next one was not checked there (nudge= checks beside it)"
    if kind == "kink":
        return (
            f"at {where} the slope is {left:.6g} on one side and {right:.6g} on the other, and the engine says "
            f"{row.engine:.6g}: not checked there (nudge= checks beside it)"
        )
    if kind == "edge":
        return (
            f"at {where} f has no finite slope, or no value on one side, and the engine says {row.engine:.6g}: not "
            "checked there"
        )
    return (
        f"for {where} rounding hides the slope: the engine says {row.engine:.6g}, differences say {row.numeric:.6g}, "
        f"give or take {row.uncertainty:.1g}: not checked there"
    )
