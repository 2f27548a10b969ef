"""What a report says, before any medium has shown it: sections of text, tables and figures.

The terminal and the page are two renderers of the same `Document`, so they cannot tell different stories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Block", "Cell", "Column", "Document", "Fact", "Figure", "Line", "Paragraph", "Section", "Table", "Tone"]

Tone = Literal["plain", "strong", "faint", "code", "good", "bad"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cell: its text, a label for it, and the same as mathematics where a medium can show that."""

    text: str
    tone: Tone = "plain"
    label: str = ""
    latex: str = ""


Cell: TypeAlias = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and whether what stands below it is a number."""

    heading: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the last column takes the room that the others leave."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""

    @property
    def tall(self) -> bool:
        """Whether a row is more than a line high."""
        return any(len(cell) > 1 for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: the name of its file without the suffix, and its SVG element."""

    name: str
    title: str
    caption: str
    svg: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A piece of prose, which may have a heading."""

    text: str
    title: str = ""


Block: TypeAlias = Paragraph | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report, with a key that a link can point to."""

    key: str
    title: str
    byline: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure to remember, and what it is the figure of."""

    value: str
    about: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report."""

    title: str
    introduction: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all sections, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Figure))
