"""Makes autograd/readers/glyphs.json.gz, the outlines of the characters in our own PNG and PDF pictures.

Run once with fonttools installed, and again only for other characters::

    python -m tests.glyphs LiberationSans-Regular.ttf LiberationSans-Bold.ttf DejaVuSans.ttf DejaVuSans-Bold.ttf

The first two fonts have the widths of Helvetica, for which the pictures are laid out; the last two give what the first
lack. All have 2048 units to an em.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

DATA = Path(__file__).parents[1] / "autograd" / "readers" / "glyphs.json.gz"
UNITS = 2048
BLOCKS = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0x17F),  # Latin
    (0x391, 0x3D6),  # Greek
    (0x401, 0x45F),  # Cyrillic
    (0x1D40, 0x1D40),  # transposed
    (0x2010, 0x2027),  # dashes, quotes, dots
    (0x2030, 0x203A),  # primes
    (0x2070, 0x209C),  # superscripts, subscripts
    (0x20AC, 0x20AC),  # euro
    (0x2102, 0x2115),  # letters of sets
    (0x2190, 0x21D4),  # arrows
    (0x2200, 0x22A5),  # mathematical operators
    (0x22C0, 0x22F1),
    (0x2308, 0x230B),  # ceiling, floor
    (0x25A0, 0x25CF),  # shapes
    (0x2713, 0x2717),  # right, wrong
    (0x27E8, 0x27E9),  # angle brackets
)


def outlines(first: str, second: str) -> dict[str, list[object]]:
    """Each character's width and its outline, as the path of an SVG with y upwards."""
    from fontTools.pens.svgPathPen import SVGPathPen
    from fontTools.ttLib import TTFont

    fonts = [TTFont(first), TTFont(second)]
    assert all(font["head"].unitsPerEm == UNITS for font in fonts)
    found: dict[str, list[object]] = {}
    for start, end in BLOCKS:
        for code in range(start, end + 1):
            for font in fonts:
                name = font.getBestCmap().get(code)
                if name is not None:
                    glyphs = font.getGlyphSet()
                    pen = SVGPathPen(glyphs)
                    glyphs[name].draw(pen)
                    found[chr(code)] = [glyphs[name].width, pen.getCommands()]
                    break
    return found


def main(regular: str, bold: str, more: str, more_bold: str) -> None:
    """Write the file; the same fonts give the same bytes."""
    content = {"regular": outlines(regular, more), "bold": outlines(bold, more_bold)}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    DATA.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(content['regular'])} + {len(content['bold'])} characters, {DATA.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
