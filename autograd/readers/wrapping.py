"""A layout too wide for its page, broken into lines like a text.

The columns of a line end at the right, and the wires that go on turn back through the gap to the next line, each in a
lane of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autograd.readers.settling import settle

if TYPE_CHECKING:
    from autograd.readers.layout import Item, Link

__all__ = ["LEAST_COLUMN_GAP", "WIRE_GAP", "Lines", "lines_of"]

WIRE_GAP = 10.0
LEAST_COLUMN_GAP = 36.0
LANE = 7.0
TURN = 16.0  # the radius, about, of the innermost turn into the gap between two lines


def lines_of(widths: Sequence[float], gaps: Sequence[float], widest: float) -> list[int]:
    """The line that each column stands in: as few lines as can be, about equally long."""

    def broken(limit: float) -> list[int]:
        lines, x, line = [], 0.0, 0
        for width, gap in zip(widths, gaps, strict=True):
            if x and width and x + gap + width > limit:
                line, x = line + 1, 0.0
            x += width + (gap if x else 0.0)
            lines.append(line)
        return lines

    lines = broken(widest)
    if not lines or not lines[-1]:
        return lines
    low, high = max(widths), widest
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if broken(middle)[-1] == lines[-1] else (middle, high)
    return broken(high)


@dataclass(slots=True)
class Passing:
    """Where a wire from the line before passes the leaves that have moved into this one."""

    heads: list[Link] = field(default_factory=list)
    y: float = 0.0
    height: float = 0.0
    gap: float = WIRE_GAP


class Lines:
    """Lines of columns below each other, and what goes on from one to the next.

    Attributes
    ----------
    moved
        Leaves in the last column of a line. They stand at the beginning of the next, near their users.
    lanes
        For each line the wires that go on from it, by where they come from, and the height at which they turn back.
    passing
        For each line where those wires pass the leaves at the beginning of the next.
    """

    def __init__(
        self, columns: list[list[Item]], line_of: list[int], routes: Sequence[Sequence[Link]], starts: Sequence[int]
    ) -> None:
        count = line_of[-1] + 1 if line_of else 0
        self.items: list[list[Item]] = [[] for _ in range(count)]
        self.moved: set[Item] = set()
        self.indents = [0.0] * (count + 1)
        for i, column in enumerate(columns):
            ends = line_of[i + 1 : i + 2] == [line_of[i] + 1]
            leaves = [item for item in column if ends and item.width and not item.left]
            if len(leaves) == len(column):  # it is no line without them
                leaves = []
            self.moved.update(leaves)
            self.items[line_of[i]] += [item for item in column if item not in self.moved]
            if leaves:
                self.items[line_of[i] + 1] += leaves
                self.indents[line_of[i] + 1] = max(item.width for item in leaves) + LEAST_COLUMN_GAP
        self.ends = [column for column, at, after in zip(columns, line_of, line_of[1:], strict=False) if at != after]
        self.passing: list[dict[tuple[Item, float], Passing]] = [{} for _ in range(count - 1)]
        self.lanes: list[dict[tuple[Item, float], float]] = [{} for _ in range(count - 1)]
        for route, start in zip(routes, starts, strict=True):
            for at, link in enumerate(route, start + 1):
                if line_of[at] != line_of[at - 1] and link.tail not in self.moved:
                    self.lanes[line_of[at - 1]][link.tail, link.out] = link.tail_y
                    self.passing[line_of[at - 1]].setdefault((link.tail, link.out), Passing()).heads.append(link)

    @property
    def margin(self) -> float:
        """The room for turns, on either side."""
        return TURN + LANE * max(map(len, self.lanes)) if self.lanes else 0.0

    def indent(self, line: int) -> float:
        """The room for leaves at the beginning of a line."""
        return self.indents[line]

    def stack(self) -> float:
        """Move each line below the one before, and give the wires between them their heights; return the total."""
        y = 0.0
        for line, items in enumerate(self.items):
            passing: list[Passing] = []
            if self.indents[line]:
                passing = list(self.passing[line - 1].values())
                self._level(line)
            shift = y - min([*(item.y - item.height / 2 for item in items), *(wire.y - WIRE_GAP for wire in passing)])
            if line:
                self._turn_back(line - 1, y)
            standing: list[Item | Passing] = [*items, *passing]
            for item in standing:
                item.y += shift
            y = max(item.y + item.height / 2 for item in standing)
            if line < len(self.lanes):
                y += 2 * TURN + LANE * len(self.lanes[line])
        return y

    def _level(self, line: int) -> None:
        """Bring the leaves that have moved into a line, and the wires that pass them, level with where they go."""
        column: list[Item | Passing] = []
        wishes = []
        for item in self.ends[line - 1]:
            if item in self.moved:
                column.append(item)
                wishes.append(sum(link.head_y - link.tail_y + item.y for link in item.right) / len(item.right))
            else:
                for (tail, _), wire in self.passing[line - 1].items():
                    if tail is item:
                        column.append(wire)
                        wishes.append(sum(link.head_y for link in wire.heads) / len(wire.heads))
        settle(column, wishes)

    def _turn_back(self, line: int, bottom: float) -> None:
        """The heights of the wires between two lines; that from the top turns widest and comes out below the others."""
        lanes = self.lanes[line]
        for i, key in enumerate(sorted(lanes, key=lanes.__getitem__)):
            lanes[key] = bottom - TURN - LANE * i
