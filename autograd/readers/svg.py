"""A diagram as a standalone SVG, laid out without any program but this one.

No ids, no styles, no scripts: any number of these pictures can stand in one page.
"""

from __future__ import annotations

import unicodedata
from xml.sax.saxutils import escape

from autograd.readers.diagram import EDGE_COLOUR, INK, PALETTE, Box, Diagram
from autograd.readers.layout import place

__all__ = ["as_svg"]

FONT_SIZE = 12.0
LINE = 19.0
PADDING = 8.0
COLUMN_GAP = 12.0
WORD_GAP = 5.0
MARGIN = 4.0
ARROW = 7.0
BOLD = 1.07

# Helvetica's widths, in ems; whatever is not listed is about as wide as a small letter.
_WIDTHS = {
    character: width
    for characters, width in {
        "ijl'": 0.21,
        " !,./:;I[]\\ft|": 0.28,
        'r-()`{}"': 0.34,
        "cksvxyz^*J": 0.5,
        "+<=>~FTZ": 0.6,
        "ABEKPSVXYRCDHNUw&": 0.69,
        "GOQ…": 0.78,
        "mMW%": 0.89,
        "@": 1.02,
    }.items()
    for character in characters
}


def as_svg(diagram: Diagram) -> str:
    """The whole picture, as the text of an SVG file.

    Examples
    --------
    >>> import autograd
    >>> from autograd.readers.diagram import as_diagram
    >>> as_svg(as_diagram(autograd.Value(2.0, label="x"))).count("<rect ")
    1
    """
    drawn = [_DrawnBox(box) for box in diagram.boxes]
    layout = place(
        [(box.width, box.height) for box in drawn],
        [(edge.tail, edge.head) for edge in diagram.edges],
    )
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    count = len(diagram.boxes)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="{-MARGIN:g} {-MARGIN:g} {width:.1f} {height:.1f}" role="img"'
            f' font-family="Helvetica,Arial,sans-serif" font-size="{FONT_SIZE:g}">',
            f"<title>A computation of {count} node{'' if count == 1 else 's'}</title>",
            f'<g fill="none" stroke="{EDGE_COLOUR}">',
            *(_curve(points) for points in layout.curves),
            "</g>",
            f'<g fill="{EDGE_COLOUR}">',
            *(_arrowhead(*points[-1]) for points in layout.curves),
            "</g>",
            *(box.at(x, y) for box, (x, y) in zip(drawn, layout.corners, strict=True)),
            "</svg>\n",
        ]
    )


class _DrawnBox:
    """A box with its size: a title line, a rule, then names on the left and numbers right-aligned in columns."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.title = [
            (text, attributes, _text_width(text) * (BOLD if "bold" in attributes else 1))
            for text, attributes in (
                (box.symbol, ' font-weight="bold"'),
                (box.label, ' font-weight="bold"'),
                (box.note, f' fill="{PALETTE[box.kind].faint}"'),
            )
            if text
        ]
        table = [(row.name, *row.cells) for row in box.rows]
        self.columns = [max(map(_text_width, column)) for column in zip(*table, strict=True)]
        self.width = 2 * PADDING + max(
            sum(width for _, _, width in self.title) + WORD_GAP * (len(self.title) - 1),
            sum(self.columns) + COLUMN_GAP * (len(self.columns) - 1),
        )
        self.height = LINE * (1 + len(box.rows)) + 4

    def at(self, x: float, y: float) -> str:
        """The box with its top left corner at (x, y)."""
        colours = PALETTE[self.box.kind]
        parts = [
            f'<g transform="translate({x:.1f},{y:.1f})" fill="{INK}">',
            f'<rect width="{self.width:.1f}" height="{self.height:.1f}" rx="6"'
            f' fill="{colours.fill}" stroke="{colours.line}"/>',
            f'<path d="M0,{LINE:g}H{self.width:.1f}" stroke="{colours.line}"/>',
        ]
        left = PADDING
        for text, attributes, width in self.title:
            parts.append(_text(text, left, LINE - 5, width, attributes))
            left += width + WORD_GAP
        cells = self.columns[1:]
        first = self.width - PADDING - sum(cells) - COLUMN_GAP * (len(cells) - 1)
        for line, row in enumerate(self.box.rows, 2):
            base = LINE * line - 3
            if row.name:
                parts.append(_text(row.name, PADDING, base, _text_width(row.name), f' fill="{colours.faint}"'))
            right = first
            for text, width in zip(row.cells, cells, strict=True):
                right += width
                parts.append(_text(text, right, base, _text_width(text), f' fill="{row.colour}" text-anchor="end"'))
                right += COLUMN_GAP
        return "".join([*parts, "</g>"])


def _text(text: str, x: float, y: float, width: float, attributes: str) -> str:
    """One piece of text, held to the width it was given: other fonts than the expected one must fit too."""
    return (
        f'<text x="{x:.1f}" y="{y:g}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"{attributes}>'
        f"{escape(text)}</text>"
    )


def _text_width(text: str) -> float:
    return FONT_SIZE * sum(map(_character_width, text))


def _character_width(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else _WIDTHS.get(character, 0.556)


def _curve(points: list[tuple[float, float]]) -> str:
    """Level pieces joined by bends; the last stops short for the arrowhead."""
    path = [f"M{points[0][0]:.1f},{points[0][1]:.1f}H{points[1][0]:.1f}"]
    for (x0, y0), (x1, y1), (x2, _) in zip(points[1::2], points[2::2], points[3::2], strict=False):
        middle = (x0 + x1) / 2
        path.append(f"C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}H{x2:.1f}")
    return f'<path d="{"".join(path)}"/>'


def _arrowhead(x: float, y: float) -> str:
    return f'<path d="M{x:.1f},{y:.1f}l{-ARROW:g},{-ARROW / 2:g}v{ARROW:g}z"/>'
