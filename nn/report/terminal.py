"""Shows a report in a terminal: with rich's tables where that is installed, otherwise as plain text."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from nn.report.document import Block, Cell, Document, Line, Paragraph, Table

if TYPE_CHECKING:
    import rich.console
    import rich.text

__all__ = ["coloured", "plain", "text"]

PLAIN_WIDTH = 100
NARROWEST = 24
WIDEST = 16
GAP = "  "
STYLES = {"strong": "bold", "faint": "dim", "code": "cyan", "good": "bold green", "bad": "bold red"}


def text(document: Document, *, terminal: bool) -> str:
    """The report as text, coloured if it goes to a terminal and rich is there to colour it.

    Parameters
    ----------
    document : Document
    terminal : bool
        Whether it will be read in a terminal.

    Returns
    -------
    str
    """
    if terminal and find_spec("rich") is not None:
        return coloured(document)
    width = shutil.get_terminal_size((PLAIN_WIDTH, 0)).columns
    return "\n".join(plain(document, width if terminal else PLAIN_WIDTH)) + "\n"


def plain(document: Document, width: int = PLAIN_WIDTH) -> Iterator[str]:
    """Yield the lines of the report, none of them wider than `width` if words allow it."""
    for section in document.sections:
        title = f"{section.title} ({section.byline})" if section.byline else section.title
        wrapped = _wrapped(title, width)
        yield from ("", *wrapped, "=" * max(map(len, wrapped)))
        for block in section.blocks:
            yield from _plain_block(block, width)
    yield ""
    for fact in document.facts:
        yield from textwrap.wrap(f"{fact.value} {fact.about}", width, subsequent_indent=GAP)


def _plain_block(block: Block, width: int) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield from ("", *([block.title] if block.title else []), *_wrapped(block.text, width))
    elif isinstance(block, Table):
        yield ""
        if block.title:
            yield from (*_wrapped(block.title, width), "")
        yield from _plain_table(block, width)
        if block.caption:
            yield from ("", *_wrapped(block.caption, width))


def _plain_table(table: Table, width: int) -> Iterator[str]:
    widths = _widths(table, width)
    if any(column.heading for column in table.columns):
        headings: list[Cell] = [(Line(column.heading),) for column in table.columns]
        yield from _plain_row(headings, table, widths)
        yield GAP.join("-" * size for size in widths)
    for row in table.rows:
        yield from _plain_row(row, table, widths)
        if table.tall:
            yield ""


def _plain_row(row: Sequence[Cell], table: Table, widths: Sequence[int]) -> Iterator[str]:
    columns = []
    for cell, column, size in zip(row, table.columns, widths, strict=True):
        lines = [part for line in _said_once(cell) for part in _labelled(line, cell, size)]
        columns.append([line.rjust(size) if column.number else line.ljust(size) for line in lines])
    for i in range(max(map(len, columns))):
        parts = [lines[i] if i < len(lines) else " " * size for lines, size in zip(columns, widths, strict=True)]
        yield GAP.join(parts).rstrip()


def _labelled(line: Line, cell: Cell, width: int) -> list[str]:
    """A line wrapped beside its label; the labels of a cell are as wide as each other."""
    indent = _indent(cell) if line.label else 0
    wrapped = _wrapped(line.text, max(width - indent, 1))
    return [(line.label if i == 0 else "").ljust(indent) + part for i, part in enumerate(wrapped)]


def _indent(cell: Cell) -> int:
    return max((len(line.label) + 1 for line in cell if line.label), default=0)


def _said_once(cell: Cell) -> list[Line]:
    """The lines of a cell without code that stands there already: formulas can differ where their code does not."""
    code = [line.text if line.tone == "code" else "" for line in cell]
    return [line for i, line in enumerate(cell) if not code[i] or code[i] not in code[:i]]


def _widths(table: Table, width: int) -> list[int]:
    """As wide as the contents; the last column takes what the others leave, but can always be read."""
    widths = []
    for place, column in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        natural = max([(_indent(cell) if line.label else 0) + len(line.text) for cell in cells for line in cell])
        natural = min(natural, WIDEST) if table.tall and place < len(table.columns) - 1 else natural
        widths.append(max(natural, min(len(column.heading), WIDEST), 1))
    room = width - sum(widths[:-1]) - len(GAP) * (len(widths) - 1)
    return [*widths[:-1], min(widths[-1], max(room, NARROWEST))]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def coloured(document: Document, console: rich.console.Console | None = None) -> str:
    """The report for a terminal, with rich."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = console or Console(file=sys.stdout)  # rich looks at its encoding
    with console.capture() as captured:
        for section in document.sections:
            console.print()
            console.rule(Text.assemble((section.title, "bold"), f"  {section.byline}" if section.byline else ""))
            for block in section.blocks:
                if isinstance(block, Paragraph):
                    title = (f"{block.title}\n" if block.title else "", "bold")
                    console.print(Padding(Text.assemble(title, block.text), (1, 1, 0, 1)))
                elif isinstance(block, Table):
                    _print_table(block, console)
        console.print()
        console.rule()
        for fact in document.facts:
            console.print(Text.assemble((fact.value, STYLES.get(fact.tone, "")), f" {fact.about}"))
    return captured.get()


def _print_table(table: Table, console: rich.console.Console) -> None:
    import rich.box
    import rich.table
    from rich.padding import Padding
    from rich.text import Text

    headed = any(column.heading for column in table.columns)
    shown = rich.table.Table(
        title=Text(table.title, "bold") if table.title else None,
        title_justify="left",
        box=rich.box.SIMPLE_HEAD if headed else rich.box.SIMPLE,
        show_header=headed,
        show_lines=False,
        pad_edge=False,
        leading=1 if table.tall else 0,
    )
    for place, column in enumerate(table.columns):
        widest = WIDEST if table.tall and place < len(table.columns) - 1 else None
        justify: Literal["left", "right"] = "right" if column.number else "left"
        shown.add_column(Text(column.heading), justify=justify, overflow="fold", max_width=widest)
    for row in table.rows:
        shown.add_row(*(_rich_cell(cell) for cell in row))
    console.print(Padding(shown, (1, 1, 0, 1)))
    if table.caption:
        console.print(Padding(Text(table.caption, "dim"), (0, 1)))


def _rich_cell(cell: Cell) -> rich.console.RenderableType:
    """The lines of a cell; labels stand in a column of their own beside theirs."""
    from rich.console import Group
    from rich.table import Table as Grid
    from rich.text import Text

    parts: list[rich.console.RenderableType] = []
    for labelled, lines in groupby(_said_once(cell), key=lambda line: bool(line.label)):
        if not labelled:
            parts += [Text(line.text, STYLES.get(line.tone, "")) for line in lines]
            continue
        grid = Grid.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=_indent(cell) - 1)
        grid.add_column(overflow="fold")
        for line in lines:
            grid.add_row(Text(line.label, "dim"), Text(line.text, STYLES.get(line.tone, "")))
        parts.append(grid)
    return parts[0] if len(parts) == 1 else Group(*parts)
