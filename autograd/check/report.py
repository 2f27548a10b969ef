"""What a check found: a table of comparisons, the limits it met, and what is wrong, as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from autograd.check.slope import Verdict

MOST_LINES = 20
MOST_ROWS = 200


@dataclass(frozen=True)
class Comparison:
    """One number of the engine's against differences.

    Attributes
    ----------
    order : int
        1 for the gradient, 2 for the gradient of the gradient.
    argument : str
        Which argument.
    entry : str
        Which entry of it, or along which of its random directions.
    index : tuple of int or None
        The entry's index; None for a direction.
    engine, numeric : float
        What the engine says and what differences say.
    uncertainty : float
        How far off the differences may be.
    scale : float
        What their difference is to be compared with: the sum of the sizes of all that makes up the number.
    verdict : str
        "right", "wrong", "flat" (both are 0), or the limit that kept it from being checked.
    sides : (float, float)
        At a kink, the slopes on both sides.
    """

    order: int
    argument: str
    entry: str
    index: tuple[int, ...] | None
    engine: float
    numeric: float
    uncertainty: float
    scale: float
    verdict: Verdict
    sides: tuple[float, float] = (np.nan, np.nan)

    @property
    def error(self) -> float:
        """The relative error."""
        difference = abs(self.engine - self.numeric)
        if difference == 0 or self.verdict == "flat":
            return 0.0
        if not np.isfinite(difference):
            return np.nan
        return difference / max(self.scale, abs(self.engine), abs(self.numeric))

    @property
    def cells(self) -> tuple[str, ...]:
        """As a row of a table."""
        verdict = "right" if self.verdict == "flat" else self.verdict
        return (
            str(self.order),
            self.entry,
            f"{self.engine:.9g}",
            f"{self.numeric:.9g}",
            f"{self.error:.1e}",
            verdict,
        )


@dataclass(frozen=True)
class Limit:
    """Something that was not checked, or not quite, and why.

    Attributes
    ----------
    kind : str
        "kink", "edge", "noise", "independent", "constant", "float32", "closure", "nan", "empty" or "nudge".
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
        if not self.ok:
            return "the gradient is wrong" if any(c.verdict == "wrong" for c in self.comparisons) else "not checkable"
        found = []
        for order in sorted({c.order for c in self.comparisons}):
            errors = [c.error for c in self.comparisons if c.order == order and c.verdict in ("right", "flat")]
            if errors:
                how_many = f"{len(errors)} comparison{'s' * (len(errors) > 1)}"
                found.append(f"order {order} in {how_many}, to {max(errors):.1e}")
        return "gradients right: " + "; ".join(found) if found else "nothing could be compared"

    def table(self, most: int = MOST_LINES) -> str:
        """The comparisons as aligned text, the largest errors first."""
        rows = [HEADINGS, *[c.cells for c in self.comparisons[:most]]]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        left_out = len(self.comparisons) - most
        return "\n".join([*lines, *([f"... and {left_out} more with smaller errors"] if left_out > 0 else [])])

    def __str__(self) -> str:
        parts = [self.headline(), *self.failures]
        if self.comparisons and (self.full or not self.ok):
            parts.append(self.table())
        return "\n".join([*parts, *map(str, self.limits)])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
        body = "".join(
            f'<tr style="color:{"#c00000" if c.verdict == "wrong" else "inherit"}">'
            + "".join(f"<td>{escape(cell)}</td>" for cell in c.cells)
            + "</tr>"
            for c in self.comparisons[:MOST_ROWS]
        )
        left_out = len(self.comparisons) - MOST_ROWS
        more = f"<p>{left_out} more with smaller errors</p>" if left_out > 0 else ""
        items = "".join(f"<li>{escape(str(item))}</li>" for item in (*self.failures, *self.limits))
        return (
            f"<p><b>{escape(self.headline())}</b></p>"
            + (f"<ul>{items}</ul>" if items else "")
            + f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
        )


HEADINGS = ("order", "entry", "engine", "numeric", "error", "")


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
