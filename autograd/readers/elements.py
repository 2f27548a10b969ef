"""What a picture consists of: boxes, edges, frames and a legend, in words, numbers and colours.

Every way of drawing starts from the same `Diagram`, so they show the same thing. Every text in it is safe to lay out:
printable characters only, on one line, of bounded length. Escaping for a language is the business of whoever writes
that language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "EDGE_COLOUR",
    "FAINT",
    "FRAME_COLOUR",
    "GRAD_COLOUR",
    "INFINITE",
    "INK",
    "MARK_COLOUR",
    "NOT_A_NUMBER",
    "PALETTE",
    "PAPER",
    "Box",
    "Colours",
    "Diagram",
    "Edge",
    "Frame",
    "Grid",
    "Row",
    "one_line",
]

Kind = Literal["leaf", "constant", "result", "group", "reference"]
Grid = tuple[tuple[str, ...], ...]

LONGEST_TEXT = 40


@dataclass(frozen=True, slots=True)
class Colours:
    """How one kind of box is painted: always opaque, so that its text reads on a light page and on a dark one."""

    fill: str
    line: str
    faint: str


# Six digits each: older Graphviz knows no other spelling.
PALETTE: dict[Kind, Colours] = {
    "leaf": Colours(fill="#dcebfb", line="#2f6fb3", faint="#4b5b6c"),
    "constant": Colours(fill="#eef0f2", line="#8a94a0", faint="#59636e"),
    "result": Colours(fill="#fff3d6", line="#c98a1b", faint="#6b5c3f"),
    "group": Colours(fill="#e4f2e7", line="#4c9a63", faint="#4a5f50"),
    "reference": Colours(fill="#ffffff", line="#8a94a0", faint="#59636e"),
}
INK = "#1f2933"
FAINT = "#59636e"
PAPER = "#f6f7f9"
GRAD_COLOUR = "#a61e4d"
EDGE_COLOUR = "#7b8794"
FRAME_COLOUR = "#4c9a63"
MARK_COLOUR = "#c92a2a"
NOT_A_NUMBER = "#9775fa"
INFINITE = "#38d9a9"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a box: a name (empty where a matrix goes on), its numbers, and maybe a heat picture below them."""

    name: str
    cells: tuple[str, ...]
    colour: str = INK
    heat: Grid = ()


WRITTEN = {"*": "×", "-": "−", "/": "÷"}
"""Operations of Python as mathematics writes them."""


@dataclass(frozen=True, slots=True)
class Box:
    """One node: the operation and label in its title, a note (shape, parameters) beside them, rows of numbers below.

    Attributes
    ----------
    kind : str
        "leaf", "constant", "result"; "group" for a scope that is drawn as one box; "reference" for one that only names
        another box.
    symbol, label, note : str
        The title.
    rows : tuple of Row
    serials : tuple of int
        The nodes the box stands for: one, unless something was folded or closed.
    home : int
        The frame it stands in; -1 for none.
    times : int
        How many copies it stands for, in each copy of its frame.
    fill : str
        The colour of a box that is not painted by its kind.
    mark : str
        What is wrong here: the box is framed red, and says so.
    through : int
        In the backward part, the index of the box of the operation that it goes back through; -1 for none.
    """

    kind: Kind
    symbol: str
    label: str
    note: str
    rows: tuple[Row, ...]
    serials: tuple[int, ...] = field(default=(), compare=False)
    home: int = -1
    times: int = 1
    fill: str = ""
    mark: str = ""
    through: int = -1

    @property
    def colours(self) -> Colours:
        """How it is painted."""
        kind = PALETTE[self.kind]
        line = MARK_COLOUR if self.mark else kind.line
        return Colours(self.fill or kind.fill, line, INK if self.fill else kind.faint)

    @property
    def title(self) -> tuple[tuple[str, str], ...]:
        """The pieces of the title, each with its style: "bold" or "faint"."""
        pieces = (
            (WRITTEN.get(self.symbol, self.symbol), "bold"),
            (self.label, "bold"),
            (f"×{self.times:,}" if self.times > 1 else "", "bold"),
            (self.note, "faint"),
        )
        return tuple((text, style) for text, style in pieces if text)


@dataclass(frozen=True, slots=True)
class Edge:
    """One argument: the box at index `tail` feeds the box at index `head`; beside it may stand a local derivative."""

    tail: int
    head: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A scope around boxes, or a stretch that repeats, drawn once; `how` its copies stand to each other."""

    title: str
    parent: int = -1
    times: int = 1
    how: str = ""

    @property
    def text(self) -> str:
        """What is written on it."""
        copies = f"×{self.times:,} {self.how}" if self.times > 1 else ""
        return "  ".join(filter(None, (self.title, copies.strip())))


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes oldest first, so that every edge points forward; the edges into a box stand in argument order.

    Attributes
    ----------
    boxes : tuple of Box
    edges : tuple of Edge
    frames : tuple of Frame
        A frame's parent stands before it.
    legend : tuple of (str, str)
        Colours and what they mean.
    notes : tuple of str
        What the reader must know besides, such as what was folded.
    halves : bool
        Whether the two outermost frames are a computation and its gradient: one flows down, the other up beside it.
    """

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    frames: tuple[Frame, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    halves: bool = False

    @property
    def box_of(self) -> dict[int, int]:
        """The index of the box that stands for each node, by the node's serial."""
        return {serial: i for i, box in enumerate(self.boxes) for serial in box.serials}


def one_line(text: str, longest: int = LONGEST_TEXT) -> str:
    """`text` with every invisible or direction-changing character written out, cut to a length that fits a box."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: longest + 1])
    if len(shown) <= longest:
        return shown
    return f"{shown[: longest - 8]}… ({len(text):,} characters)"
