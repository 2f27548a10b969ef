"""What a check says: what is wrong, and what could not be checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd.check.report import Comparison

MOST_NAMES = 4
"""How many entries a message names."""


def complaint(row: Comparison, *, cut_off: bool) -> str:
    """What is wrong; ``cut_off`` where no path in the graph leads to what the gradient is wanted for."""
    what = {1: "gradient", 2: "second derivative"}.get(row.order, f"derivative of order {row.order}")
    along = " along a random direction" if row.index is None else ""
    text = f"the {what} for {row.entry} is wrong{along}: the engine says {row.engine:.9g}, "
    text += f"differences say {row.numeric:.9g}"
    if row.numeric and np.isfinite(row.engine):
        text += f" (ratio {row.engine / row.numeric:.6g})"
    if cut_off:
        text += (
            f". The output depends on {row.argument}, but no path in the graph leads there: f takes it off the graph "
            "(.data, .numpy(), detach(), no_grad)"
        )
    return text


def independent(name: str, rows: Sequence[Comparison]) -> str:
    """What to say of an argument that does not change f."""
    largest = max(abs(row.engine) for row in rows)
    if largest == 0:
        return f"f does not change with {name}: the gradient is 0, by the engine and by differences"
    return f"f changes with {name} by no more than rounding, and the engine's slope is as small ({largest:.1g})"


def reason(kind: str, entries: Sequence[str], row: Comparison) -> str:
    """Why these entries, of which the row is the first, could not be checked."""
    more = len(entries) - MOST_NAMES
    where = ", ".join(entries[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
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
