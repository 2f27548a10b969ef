"""The command `diagnose`: lists the mistakes that ``autograd.diagnose`` knows."""

from __future__ import annotations

import argparse
import json

from autograd.doctor import CATALOGUE
from nn.cli.console import Complaint, emit
from nn.cli.training import refuse_out

__all__ = ["diagnose"]


def diagnose(options: argparse.Namespace) -> int:
    """Print the catalogue, one mistake on each line."""
    refuse_out(options)
    if not options.list:
        raise Complaint("diagnose needs gradients, so call autograd.diagnose in Python; here only --list is to be had")
    known = [{"name": mistake.name, "description": mistake.description} for mistake in CATALOGUE]
    width = max(len(mistake["name"]) for mistake in known)
    lines = [f"{mistake['name']:{width}}  {mistake['description']}" for mistake in known]
    if not options.quiet:
        emit((json.dumps(known, indent=2) if options.json else "\n".join(lines)) + "\n")
    return 0
