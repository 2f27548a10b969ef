"""What the command says: results to the standard output, and complaints, one line each, to the standard error."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["Complaint", "complain", "emit", "unwritable"]


class Complaint(Exception):
    """Ends the command with one line and an exit code."""

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code


def complain(text: str, code: int) -> int:
    """Print a complaint, and return the exit code."""
    if sys.stderr is not None:
        print(f"chainrule: {' '.join(text.splitlines())}", file=sys.stderr)
    return code


def unwritable(place: Path, error: OSError | ValueError) -> Complaint:
    """The complaint about a place that cannot be written to."""
    return Complaint(f"cannot write to {str(place)!r}: {getattr(error, 'strerror', None) or error}")


def emit(text: str) -> None:
    """Write to the standard output at once. Whoever reads it may go away at any time."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python would try again to write what is left when it ends, and complain then.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise Complaint(f"cannot write to the standard output: {error.strerror}") from None
