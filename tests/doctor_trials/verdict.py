"""What counts as named right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .trial import Trial

NAMED, LISTED, OTHER, UNEXPLAINED, ACCUSED = "named", "listed", "other", "unexplained", "accused"
VERDICTS = (NAMED, LISTED, OTHER, UNEXPLAINED, ACCUSED)


def verdict(trial: Trial, diagnosis: Any) -> str:
    """Compare a diagnosis with the mistake that was planted.

    ``named``: every gradient that the mistake changes is explained, every other one is called right, and all that
    is found is the planted mistake, by its name (or by another of `Planted.names`, which are the same formula in
    other words); of two, both. ``listed``: one mistake is found, by another name; the planted name stands among the
    alternatives. ``other``: all is explained, by other mistakes or by several. ``unexplained``: some wrong gradient
    is not explained. ``accused``: some right one is not called right; but one that is right by chance, and wrong on
    other data, may be called either.
    """
    parts, wrong = trial.hand.parts, trial.wrong
    names = {name for part in parts for name in part}
    status: Mapping[str, str] = {finding.key: finding.status for finding in diagnosis.findings}
    if any(status[key] != "right" for key in status.keys() - wrong - trial.wrong_elsewhere):
        return ACCUSED
    if any(status[key] != "explained" for key in wrong):
        return UNEXPLAINED
    found = {mistake.name for mistake in diagnosis.mistakes}
    if found <= names and all(found & set(part) for part in parts):
        return NAMED
    alternatives = {other.name for finding in diagnosis.findings for other in finding.alternatives}
    return LISTED if len(found) == 1 and alternatives & names else OTHER
