"""The outlines of characters, so that text can be drawn where no font can be asked.

The data, glyphs.json.gz, is drawn from free fonts with Helvetica's widths (their licence stands in
glyphs.license.txt): Latin, Greek, Cyrillic and mathematics, regular and bold. ``python -m tests.glyphs`` makes it.
"""

from __future__ import annotations

import gzip
import json
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

__all__ = ["UNITS", "Glyph", "glyph"]

UNITS = 2048  # of an em


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character: its width and its outline, the path of an SVG with y upwards, in `UNITS` of an em."""

    width: float
    path: str


@lru_cache(maxsize=4096)
def glyph(character: str, bold: bool = False) -> Glyph:
    """How a character is drawn; one that is not known is an empty box, one without a width of its own nothing.

    Examples
    --------
    >>> glyph("i").width < glyph("m").width < glyph("m", bold=True).width + 1
    True
    >>> glyph("\\N{HIRAGANA LETTER A}").path == glyph("\\N{HIRAGANA LETTER I}").path
    True
    """
    found = _outlines()["bold" if bold else "regular"].get(character)
    if found is not None:
        return Glyph(*found)
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return Glyph(0, "")
    return _box(UNITS if unicodedata.east_asian_width(character) in "WF" else 0.6 * UNITS)


def _box(width: float) -> Glyph:
    left, right, foot, top, line = 130, width - 130, 0, 1400, 120
    outer = f"M{left},{foot}V{top}H{right}V{foot}Z"
    inner = f"M{left + line},{foot + line}H{right - line}V{top - line}H{left + line}Z"
    return Glyph(width, outer + inner)


@lru_cache(maxsize=1)
def _outlines() -> dict[str, dict[str, tuple[float, str]]]:
    data = files("autograd.readers").joinpath("glyphs.json.gz").read_bytes()
    outlines: dict[str, dict[str, tuple[float, str]]] = json.loads(gzip.decompress(data))
    return outlines
