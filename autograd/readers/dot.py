"""A diagram in Graphviz's language: HTML-like labels, and edges that enter a box in argument order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from autograd.readers.diagram import EDGE_COLOUR, INK, PALETTE, Box, Diagram

__all__ = ["STYLE", "edges", "label"]

STYLE = {
    "graph_attr": {"rankdir": "LR", "bgcolor": "transparent", "nodesep": "0.25", "ranksep": "0.45"},
    "node_attr": {"shape": "plain", "fontname": "Helvetica,Arial,sans-serif", "fontsize": "12", "fontcolor": INK},
    "edge_attr": {"color": EDGE_COLOUR, "arrowsize": "0.7"},
}


def edges(diagram: Diagram) -> Iterator[tuple[str, str]]:
    """Tail and head of every edge, with their ports.

    An edge enters beside a line of its box (ports r0, r1, ...): of several arguments, the first at the top.
    """
    arguments = Counter(edge.head for edge in diagram.edges)
    entered: Counter[int] = Counter()
    for edge in diagram.edges:
        lines = 1 + len(diagram.boxes[edge.head].rows)
        line = (2 * entered[edge.head] + 1) * lines // (2 * arguments[edge.head])
        entered[edge.head] += 1
        yield f"n{edge.tail}:e", f"n{edge.head}:r{line}:w"


def label(box: Box) -> str:
    """An HTML-like label (never a record: those break on braces and bars, and newer Graphviz loses their edges)."""
    colours = PALETTE[box.kind]
    title = " ".join(
        [f"<B>{_text(text)}</B>" for text in (box.symbol, box.label) if text]
        + [_coloured(text, colours.faint) for text in (box.note,) if text]
    )
    span = 1 + len(box.rows[0].cells)
    lines = [
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" STYLE="ROUNDED"'
        f' COLOR="{colours.line}" BGCOLOR="{colours.fill}">',
        # The space at the end is for viewers whose font is a little wider than the one Graphviz measured.
        f'<TR><TD PORT="r0" COLSPAN="{span}" ALIGN="LEFT">{title}&#160;</TD></TR><HR/>',
    ]
    for i, row in enumerate(box.rows, 1):
        name = _coloured(row.name, colours.faint) if row.name else ""
        cells = "".join(f'<TD ALIGN="RIGHT">{_coloured(cell, row.colour)}</TD>' for cell in row.cells)
        lines.append(f'<TR><TD PORT="r{i}" ALIGN="LEFT">{name}</TD>{cells}</TR>')
    return "\n\t\t".join([*lines, "</TABLE>>"])


def _coloured(text: str, colour: str) -> str:
    return _text(text) if colour == INK else f'<FONT COLOR="{colour}">{_text(text)}</FONT>'


def _text(text: str) -> str:
    r"""Escaped for an HTML-like label, where Graphviz would read \N as the node's name, even from an entity."""
    return escape(text).replace("\\", "\\\\")
