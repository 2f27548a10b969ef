"""Writes a page to a file."""

from __future__ import annotations

import os
from pathlib import Path

from autograd.readers.render import write_whole

__all__ = ["save"]


def save(path: os.PathLike[str] | str, html: str) -> str:
    """Write a page, whole or not at all."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"save: {os.fspath(path)!r} must end in .html: the steps are a page.")
    write_whole(Path(path), html.encode())
    return os.fspath(path)
