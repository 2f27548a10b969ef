"""A diagram in Graphviz's language: HTML-like labels, clusters, and edges that enter a box in argument order."""

from __future__ import annotations

from collections import Counter
from html import escape

import graphviz

from autograd.readers.elements import (
    EDGE_COLOUR,
    FRAME_COLOUR,
    INK,
    MARK_COLOUR,
    PALETTE,
    PAPER,
    Box,
    Diagram,
    Frame,
    Grid,
    Row,
)

__all__ = ["STYLE", "write"]

STYLE = {
    "graph_attr": {"rankdir": "LR", "bgcolor": "transparent", "nodesep": "0.25", "ranksep": "0.45"},
    "node_attr": {"shape": "plain", "fontname": "Helvetica,Arial,sans-serif", "fontsize": "12", "fontcolor": INK},
    "edge_attr": {"color": EDGE_COLOUR, "arrowsize": "0.7"},
}
FONT = {"fontname": "Helvetica,Arial,sans-serif", "fontsize": "12", "fontcolor": INK}


def write(diagram: Diagram, into: graphviz.Digraph) -> None:
    """Write a diagram into an empty `graphviz.Digraph` that has `STYLE`. The boxes are called n0, n1, ...

    An edge enters beside a line of its box (ports r0, r1, ...): of several arguments, the first at the top. Beside a
    computation, which then flows down, its gradient flows up: as edges that point backwards.
    """
    homes = [graphviz.Digraph(f"cluster_{i}", graph_attr=_frame(frame)) for i, frame in enumerate(diagram.frames)]
    for i, box in enumerate(diagram.boxes):
        sides = {"ordering": "out" if _is_backward(box, diagram) else "in"} if diagram.halves else {}
        (into if box.home < 0 else homes[box.home]).node(f"n{i}", _label(box), **sides)
    for home, frame in reversed(list(zip(homes, diagram.frames, strict=True))):
        if frame.parent >= 0:
            homes[frame.parent].subgraph(home)
    for home, frame in zip(homes, diagram.frames, strict=True):
        if frame.parent < 0:
            into.subgraph(home)
    arguments = Counter(edge.head for edge in diagram.edges)
    entered: Counter[int] = Counter()
    for edge in diagram.edges:
        lines = _lines(diagram.boxes[edge.head])
        line = (2 * entered[edge.head] + 1) * lines // (2 * arguments[edge.head])
        entered[edge.head] += 1
        text = {"label": f"<{_pill(edge.text)}>", **FONT} if edge.text else {}
        if not diagram.halves:
            into.edge(f"n{edge.tail}:e", f"n{edge.head}:r{line}:w", **text)
        elif _is_backward(diagram.boxes[edge.head], diagram):
            into.edge(f"n{edge.head}:s", f"n{edge.tail}:n", dir="back", **text)
        else:
            into.edge(f"n{edge.tail}:s", f"n{edge.head}:n", **text)
    if diagram.halves:
        into.graph_attr.update(rankdir="TB", newrank="true")
        level = {box.through: i for i, box in reversed(list(enumerate(diagram.boxes))) if box.through >= 0}
        for forward, backward in sorted(level.items()):
            into.body.append(f"\t{{rank=same; n{forward}; n{backward}}}\n")
    if diagram.legend or diagram.notes:
        into.graph_attr.update(label=_caption(diagram), labelloc="b", labeljust="l", **FONT)


def _is_backward(box: Box, diagram: Diagram) -> bool:
    """Whether a box stands in the second of the outermost frames."""
    return any(frame.parent < 0 for frame in diagram.frames[1 : box.home + 1])


def _lines(box: Box) -> int:
    return 1 + bool(box.mark) + len(box.rows)


def _label(box: Box) -> str:
    """An HTML-like label (never a record: those break on braces and bars, and newer Graphviz loses their edges)."""
    colours = box.colours
    title = " ".join(
        f"<B>{_text(text)}</B>" if style == "bold" else _coloured(text, colours.faint) for text, style in box.title
    )
    most = max((len(row.cells) for row in box.rows), default=0)
    border = 3 if box.mark else 1
    lines = [
        f'<<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" STYLE="ROUNDED"'
        f' COLOR="{colours.line}" BGCOLOR="{colours.fill}">',
        # The space at the end is for viewers whose font is a little wider than the one Graphviz measured.
        f'<TR><TD PORT="r0" COLSPAN="{1 + most}" ALIGN="LEFT">{title}&#160;</TD></TR>'
        + ("<HR/>" if _lines(box) > 1 else ""),
    ]
    if box.mark:
        text = f"<B>{_coloured(box.mark, MARK_COLOUR)}</B>"
        lines.append(f'<TR><TD PORT="r1" COLSPAN="{1 + most}" ALIGN="LEFT">{text}&#160;</TD></TR>')
    for i, row in enumerate(box.rows, 1 + bool(box.mark)):
        lines.append(_row(row, i, most, colours.faint))
        if row.heat:
            picture = f'<TD COLSPAN="{1 + most}" ALIGN="RIGHT">{_heat(row.heat)}</TD>'
            lines.append(f"<TR>{picture}</TR>")
    return "\n\t\t".join([*lines, "</TABLE>>"])


def _row(row: Row, line: int, most: int, faint: str) -> str:
    name = _coloured(row.name, faint) if row.name else ""
    span = "" if len(row.cells) == most else f' COLSPAN="{1 + most - len(row.cells)}"'
    cells = "".join(
        f'<TD{"" if i else span} ALIGN="RIGHT">{_coloured(cell, row.colour)}</TD>' for i, cell in enumerate(row.cells)
    )
    return f'<TR><TD PORT="r{line}" ALIGN="LEFT">{name}</TD>{cells}</TR>'


def _heat(grid: Grid) -> str:
    size = max(4, min(14, 88 // max(len(grid), len(grid[0]))))
    rows = (
        "".join(f'<TD BGCOLOR="{colour}" FIXEDSIZE="TRUE" WIDTH="{size}" HEIGHT="{size}"></TD>' for colour in line)
        for line in grid
    )
    cells = "".join(f"<TR>{row}</TR>" for row in rows)
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE"'
        f' WIDTH="{size * len(grid[0])}" HEIGHT="{size * len(grid)}">{cells}</TABLE>'
    )


def _frame(frame: Frame) -> dict[str, str]:
    return {
        "label": f"<<B>{_text(frame.text)}</B>>",
        "labeljust": "l",
        "labelloc": "t",
        "style": "rounded,filled",
        "color": FRAME_COLOUR,
        "fillcolor": f"{FRAME_COLOUR}1a",
        **FONT,
        "fontcolor": PALETTE["group"].line,
    }


def _pill(text: str) -> str:
    table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1" BGCOLOR="{PAPER}">'
    return f"{table}<TR><TD>{_text(text)}</TD></TR></TABLE>"


def _caption(diagram: Diagram) -> str:
    """Legend and notes as one table, below the picture."""
    swatch = '<TD BORDER="1" WIDTH="14" HEIGHT="14" FIXEDSIZE="TRUE" BGCOLOR="{}"></TD>'
    legend = "".join(
        (swatch.format(colour) if colour else "") + (f"<TD>{_text(text)}</TD>" if text else "")
        for colour, text in diagram.legend
    )
    lines = [f'<TABLE BORDER="0" CELLSPACING="0"><TR>{legend}</TR></TABLE>'] if legend else []
    rows = "".join(f'<TR><TD ALIGN="LEFT">{line}</TD></TR>' for line in [*lines, *map(_text, diagram.notes)])
    table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" BGCOLOR="{PAPER}">'
    return f"<{table}{rows}</TABLE>>"


def _coloured(text: str, colour: str) -> str:
    return _text(text) if colour == INK else f'<FONT COLOR="{colour}">{_text(text)}</FONT>'


def _text(text: str) -> str:
    r"""Escaped for an HTML-like label, where Graphviz would read \N as the node's name, even from an entity."""
    return escape(text).replace("\\", "\\\\")
