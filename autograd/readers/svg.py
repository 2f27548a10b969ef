"""A diagram as a standalone SVG, laid out without any program but this one.

No ids, no styles, no scripts: any number of these pictures can stand in one page. All text stands on an opaque ground,
so a picture reads on a light page and on a dark one. Boxes and wires carry their number in the diagram (``data-box``,
``data-edge``) for whoever wants to point at them; of wires that part, each has what is its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from xml.sax.saxutils import escape

from autograd.readers.elements import (
    EDGE_COLOUR,
    FAINT,
    FRAME_COLOUR,
    INK,
    MARK_COLOUR,
    PALETTE,
    PAPER,
    Box,
    Diagram,
    Grid,
    Row,
)
from autograd.readers.halves import place_halves
from autograd.readers.nested import Flow, Frame, place_nested
from autograd.readers.wires import ARROW, arrowhead, curve, drawn_before, flow_of

__all__ = ["as_svg", "text_width"]

FONT_SIZE = 12.0
LINE = 19.0
PADDING = 8.0
COLUMN_GAP = 12.0
WORD_GAP = 5.0
MARGIN = 4.0
BOLD = 1.07
LARGEST_CELL = 14.0
HEAT_SIZE = 88.0
PILL = 15.0
SWATCH = 12.0
WIDEST = 1800.0
WIDEST_HALF = 1200.0

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
    texts: list[list[str]] = [[] for _ in diagram.boxes]
    for edge in diagram.edges:
        texts[edge.head] += [edge.text] if edge.text else []
    drawn = [_DrawnBox(box, entering, diagram.halves) for box, entering in zip(diagram.boxes, texts, strict=True)]
    sizes = [(box.width, box.height) for box in drawn]
    edges = [(edge.tail, edge.head) for edge in diagram.edges]
    homes = [box.home for box in diagram.boxes]
    frames = [Frame(frame.parent, text_width(frame.text) * BOLD) for frame in diagram.frames]
    rooms = [_room(edge.text, diagram.halves) for edge in diagram.edges]
    if diagram.halves:
        layout = place_halves(sizes, edges, homes, frames, [box.through for box in diagram.boxes], rooms, WIDEST_HALF)
    else:
        layout = place_nested(sizes, edges, homes, frames, rooms, WIDEST)
    flows = [flow_of(points) if diagram.halves else "right" for points in layout.curves]
    before = drawn_before([edge.tail for edge in diagram.edges], layout.curves)
    numbers = range(len(edges))
    caption = _Caption(diagram)
    width = max(layout.width, caption.width) + 2 * MARGIN
    height = layout.height + caption.height + 2 * MARGIN
    count = sum(max(1, len(box.serials)) for box in diagram.boxes)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="{-MARGIN:g} {-MARGIN:g} {width:.1f} {height:.1f}" role="img"'
            f' font-family="Helvetica,Arial,sans-serif" font-size="{FONT_SIZE:g}">',
            f"<title>A computation of {count:,} node{'' if count == 1 else 's'}</title>",
            *(_frame(*rectangle) for rectangle in layout.frames),
            f'<g fill="none" stroke="{EDGE_COLOUR}">',
            *map(curve, numbers, layout.curves, flows, before),
            "</g>",
            f'<g fill="{EDGE_COLOUR}">',
            *(arrowhead(i, *points[-1], flow) for i, points, flow in zip(numbers, layout.curves, flows, strict=True)),
            "</g>",
            *(_tab(frame.text, *corner) for frame, corner in zip(diagram.frames, layout.frames, strict=True)),
            *(box.at(i, x, y) for i, (box, (x, y)) in enumerate(zip(drawn, layout.corners, strict=True))),
            *(
                _beside(i, edge.text, *points[-1], flow)
                for i, (edge, points, flow) in enumerate(zip(diagram.edges, layout.curves, flows, strict=True))
                if edge.text
            ),
            *caption.at(layout.height),
            "</svg>\n",
        ]
    )


class _DrawnBox:
    """A box with its size: a title line, a rule, then names on the left and numbers right-aligned in columns."""

    def __init__(self, box: Box, entering: Sequence[str], upright: bool) -> None:
        self.box = box
        self.title = [(text, style, text_width(text) * (BOLD if style == "bold" else 1)) for text, style in box.title]
        most = max((len(row.cells) for row in box.rows), default=0)
        full = [row.cells for row in box.rows if len(row.cells) == most]
        self.names = max((text_width(row.name) for row in box.rows), default=0.0)
        self.columns = [max(map(text_width, column)) for column in zip(*full, strict=True)]
        self.width = 2 * PADDING + max(
            sum(width for _, _, width in self.title) + WORD_GAP * (len(self.title) - 1),
            text_width(box.mark) * BOLD,
            *(self.names + COLUMN_GAP + self.cells_width(row) for row in box.rows),
            *(_cell(row.heat) * len(row.heat[0]) for row in box.rows if row.heat),
            1.0,
        )
        lines = 1 + len(box.rows) + bool(box.mark)
        heat = sum(_cell(row.heat) * len(row.heat) + 6 for row in box.rows if row.heat)
        self.height = LINE * lines + heat + (4 if lines > 1 else 0)
        if upright and entering:
            self.width = max(self.width, (max(map(text_width, entering)) + 2 * PADDING) * len(entering))
        elif entering:
            self.height = max(self.height, (PILL + 2) * len(entering))

    def cells_width(self, row: Row) -> float:
        if len(row.cells) == len(self.columns):
            return sum(self.columns) + COLUMN_GAP * (len(self.columns) - 1)
        return sum(map(text_width, row.cells)) + COLUMN_GAP * (len(row.cells) - 1)

    def at(self, number: int, x: float, y: float) -> str:
        """The box with its top left corner at (x, y)."""
        colours = self.box.colours
        frame = ' stroke-width="3"' if self.box.mark else ""
        parts = [
            f'<g class="box" data-box="{number}" transform="translate({x:.1f},{y:.1f})" fill="{INK}">',
            f'<rect width="{self.width:.1f}" height="{self.height:.1f}" rx="6"'
            f' fill="{colours.fill}" stroke="{colours.line}"{frame}/>',
        ]
        if self.box.rows or self.box.mark:
            parts.append(f'<path d="M0,{LINE:g}H{self.width:.1f}" stroke="{colours.line}"/>')
        left = PADDING
        for text, style, width in self.title:
            attributes = ' font-weight="bold"' if style == "bold" else f' fill="{colours.faint}"'
            parts.append(_text(text, left, LINE - 5, width, attributes))
            left += width + WORD_GAP
        base = LINE - 3
        if self.box.mark:
            base += LINE
            attributes = f' font-weight="bold" fill="{MARK_COLOUR}"'
            parts.append(_text(self.box.mark, PADDING, base, text_width(self.box.mark) * BOLD, attributes))
        for row in self.box.rows:
            base += LINE
            if row.name:
                parts.append(_text(row.name, PADDING, base, text_width(row.name), f' fill="{colours.faint}"'))
            widths = self.columns if len(row.cells) == len(self.columns) else list(map(text_width, row.cells))
            right = self.width - PADDING - self.cells_width(row)
            for text, width in zip(row.cells, widths, strict=True):
                right += width
                parts.append(_text(text, right, base, text_width(text), f' fill="{row.colour}" text-anchor="end"'))
                right += COLUMN_GAP
            if row.heat:
                cell = _cell(row.heat)
                parts.append(_heat(row.heat, cell, self.width - PADDING - cell * len(row.heat[0]), base + 5))
                base += cell * len(row.heat) + 6
        return "".join([*parts, "</g>"])


class _Caption:
    """Below the picture: the legend in one line, then the notes."""

    def __init__(self, diagram: Diagram) -> None:
        self.legend = diagram.legend
        self.notes = diagram.notes
        lines = bool(self.legend) + len(self.notes)
        self.height = LINE * lines + 2 * PADDING if lines else 0.0
        legend = sum(self.entry_width(*entry) for entry in self.legend)
        self.width = 2 * PADDING + max([legend, *map(text_width, self.notes)]) if lines else 0.0

    def entry_width(self, colour: str, text: str) -> float:
        return (SWATCH if colour else 0) + (text_width(text) + 2 * WORD_GAP if text else 0)

    def at(self, y: float) -> list[str]:
        """The caption below height `y`."""
        if not self.height:
            return []
        top = y + PADDING
        height = self.height - PADDING
        parts = [
            f'<g transform="translate(0,{top:.1f})" fill="{INK}">',
            f'<rect width="{self.width:.1f}" height="{height:.1f}" rx="6" fill="{PAPER}"/>',
        ]
        left, base = PADDING, LINE - 2
        for colour, text in self.legend:
            if colour:
                parts.append(
                    f'<rect x="{left:.1f}" y="{base - SWATCH + 2:g}" width="{SWATCH:g}" height="{SWATCH:g}"'
                    f' fill="{colour}" stroke="{FAINT}" stroke-width="0.5"/>'
                )
            if text:
                at = left + (SWATCH if colour else 0) + WORD_GAP
                parts.append(_text(text, at, base, text_width(text), ""))
            left += self.entry_width(colour, text)
        base += LINE if self.legend else 0
        for note in self.notes:
            parts.append(_text(note, PADDING, base, text_width(note), ""))
            base += LINE
        return [*parts, "</g>"]


def _frame(x: float, y: float, width: float, height: float) -> str:
    """A tinted rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="8" fill="{FRAME_COLOUR}"'
        f' fill-opacity="0.1" stroke="{FRAME_COLOUR}"/>'
    )


def _tab(text: str, x: float, y: float, *_: float) -> str:
    """The title of a frame, on a tab in its corner; a wire passes behind it."""
    tab = text_width(text) * BOLD
    return (
        f'<g transform="translate({x:.1f},{y:.1f})">'
        f'<rect x="6" y="5" width="{tab + 12:.1f}" height="{LINE - 2:g}" rx="4" fill="{PALETTE["group"].fill}"/>'
        + _text(text, 12, LINE - 1.5, tab, f' font-weight="bold" fill="{INK}"')
        + "</g>"
    )


def _room(text: str, upright: bool) -> float:
    """The length of a wire that a local derivative takes."""
    if not text:
        return 0.0
    return ARROW + (PILL + 4 if upright else text_width(text) + 2 * PADDING)


def _beside(number: int, text: str, x: float, y: float, flow: Flow) -> str:
    """A local derivative, on its wire before the arrowhead."""
    width = text_width(text)
    right = x - ARROW - 2
    if flow != "right":
        right = x + width / 2 + 4
        y += (ARROW + 2 + PILL / 2) * (1 if flow == "up" else -1)
    return (
        f'<g data-edge="{number}"><rect x="{right - width - 8:.1f}" y="{y - PILL / 2:.1f}" width="{width + 8:.1f}"'
        f' height="{PILL:g}" rx="5" fill="{PAPER}" stroke="{EDGE_COLOUR}" stroke-width="0.5"/>'
        + _text(text, right - 4, round(y + 4, 1), width, f' fill="{INK}" text-anchor="end"')
        + "</g>"
    )


def _heat(grid: Grid, cell: float, x: float, y: float) -> str:
    """Cells side by side; one path for each colour, neighbours of one colour in one stroke."""
    paths: dict[str, list[str]] = {}
    for i, line in enumerate(grid):
        start = 0
        for j in range(1, len(line) + 1):
            if j == len(line) or line[j] != line[start]:
                run = f"M{start * cell:g},{i * cell:g}h{(j - start) * cell:g}v{cell:g}h{(start - j) * cell:g}z"
                paths.setdefault(line[start], []).append(run)
                start = j
    width, height = cell * len(grid[0]), cell * len(grid)
    return (
        f'<g class="heat" transform="translate({x:.1f},{y:.1f})" stroke="none">'
        + "".join(f'<path fill="{colour}" d="{"".join(runs)}"/>' for colour, runs in paths.items())
        + f'<rect width="{width:g}" height="{height:g}" fill="none" stroke="{EDGE_COLOUR}" stroke-width="0.5"/></g>'
    )


def _cell(grid: Grid) -> float:
    """How large the cells of a heat picture are."""
    return min(LARGEST_CELL, HEAT_SIZE / max(len(grid), len(grid[0])))


def _text(text: str, x: float, y: float, width: float, attributes: str) -> str:
    """One piece of text, held to the width it was given: other fonts than the expected one must fit too."""
    return (
        f'<text x="{x:.1f}" y="{y:g}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"{attributes}>'
        f"{escape(text)}</text>"
    )


def text_width(text: str) -> float:
    """About how wide a text is in Helvetica, in pixels."""
    return FONT_SIZE * sum(map(_character_width, text))


def _character_width(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else _WIDTHS.get(character, 0.556)
