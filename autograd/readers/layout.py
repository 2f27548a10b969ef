"""A layered layout of our own, for places without Graphviz: boxes in columns, edges as curves between the columns.

The classic recipe in four steps. (1) A box stands one column left of the nearest box that uses it. (2) An edge across
several columns passes through a *waypoint* in each column between; all edges out of one box share theirs, so a weight
used a thousand times needs one wire. (3) Each column, from the right, is sorted by where its wires end on average; then
neighbours in a column change places as long as that removes crossings. (4) Each item wants to be level with the items
it is wired to; the heights closest to that which order and spacing allow are an isotonic regression.

What gets too wide is broken into lines, like a text: the columns of a line end at the right, and the wires that go on
turn back through the gap to the next line, each in a lane of its own.

No step recurses, and nothing is drawn here: sizes go in, places come out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, inf

from autograd.readers.settling import bring_level
from autograd.readers.wrapping import LEAST_COLUMN_GAP, WIRE_GAP, Lines, lines_of

__all__ = ["LEAST_COLUMN_GAP", "MIDDLE", "Item", "Layout", "Link", "Port", "place"]

ROW_GAP = 18.0
MOST_COLUMN_GAP = 110.0
COLUMN_GAPS = (LEAST_COLUMN_GAP, MOST_COLUMN_GAP)
ORDER_ROUNDS = 20
STIFFNESS = 30.0  # of a wire between two waypoints, against 1 between two boxes

Port = tuple[float, float | None]
MIDDLE: Port = (0.5, None)


@dataclass(frozen=True, slots=True)
class Layout:
    """The place of every box (its top left corner), and per edge the points its curve passes through.

    A curve's points come in pairs: level from the first to the second of a pair (beside a box, or across a column),
    then bending to the first of the next pair. Between two lines a pair is level from right to left.
    """

    corners: list[tuple[float, float]]
    curves: list[list[tuple[float, float]]]
    width: float
    height: float


@dataclass(slots=True, eq=False)
class Item:
    """A box, or a waypoint (of no size) of the edges that pass its column."""

    width: float = 0.0
    height: float = 0.0
    gap: float = WIRE_GAP
    place: int = 0  # within its column, from the top
    y: float = 0.0  # of its middle
    left: list[Link] = field(default_factory=list)
    right: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch of wire between neighbouring columns. It leaves `tail` at `out` and enters `head` at `port`, both
    fractions of the height from the top: this is how argument order becomes visible."""

    tail: Item
    head: Item
    out: float
    port: float
    weight: float

    @property
    def drop(self) -> float:
        """How much lower its head's middle is than its tail's where it is level."""
        return (self.out - 0.5) * self.tail.height - (self.port - 0.5) * self.head.height

    @property
    def tail_y(self) -> float:
        return self.tail.y + (self.out - 0.5) * self.tail.height

    @property
    def head_y(self) -> float:
        return self.head.y + (self.port - 0.5) * self.head.height


def place(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    *,
    ports: Sequence[Port] = (),
    rooms: Sequence[float] = (),
    first: Collection[int] = (),
    last: Collection[int] = (),
    widest: float = inf,
    tallest: float = inf,
    gaps: tuple[float, float] = COLUMN_GAPS,
) -> Layout:
    """Places for boxes of the given (width, height), connected left to right.

    Parameters
    ----------
    sizes
        Width and height of each box.
    edges
        (tail, head) box indices, tail < head; the edges into one head enter it from top to bottom in the order given.
    ports
        For each edge where it leaves its tail and enters its head, as fractions of the height from the top; None for
        a head that its edges enter evenly spaced. By default out of the middle, and evenly spaced.
    rooms
        For each edge how much level wire to keep free before its head, for a text.
    first, last
        Boxes that stand alone in the first column, or in the last; wires run from the left border to those and from
        these to the right one.
    widest
        Break what is wider into lines; the room for their turns comes on top.
    tallest
        Put what is too much for one column into several, one after the other.
    gaps
        The least and the most room between two columns; more of it where wires rise steeply.

    Examples
    --------
    >>> layout = place([(50, 20), (50, 20), (50, 20)], [(0, 2), (1, 2)])
    >>> layout.corners
    [(0.0, 0.0), (0.0, 38.0), (86.0, 19.0)]
    """
    boxes = [Item(width, height, ROW_GAP if width else WIRE_GAP) for width, height in sizes]
    column_of = _columns(len(boxes), edges, first, last)
    if tallest < inf:
        column_of = _spread(column_of, [box.height + ROW_GAP if box.width else 0.0 for box in boxes], tallest)
    columns: list[list[Item]] = [[] for _ in range(max(column_of, default=-1) + 1)]
    routes = _route(boxes, edges, column_of, columns, ports or [MIDDLE] * len(edges))
    _order(columns)
    bring_level(columns)

    free = [0.0] * len(columns)
    for (_, head), room in zip(edges, rooms, strict=False):
        free[column_of[head]] = max(free[column_of[head]], room)
    between = [_gap(column, *gaps) for column in columns]
    widths = [max((item.width for item in column), default=0.0) for column in columns]
    line_of = lines_of(widths, [gap + room for gap, room in zip([0.0, *between], free, strict=False)], widest)
    lines = Lines(columns, line_of, routes, [column_of[tail] for tail, _ in edges])
    height = lines.stack()
    margin = lines.margin

    lefts, rights, x = [], [], 0.0
    for i, width in enumerate(widths):
        x = x + between[i - 1] if i and line_of[i] == line_of[i - 1] else margin + lines.indent(line_of[i])
        lefts.append(x + free[i])
        rights.append(lefts[-1] + width)
        x = rights[-1]
    ends = [max(rights[i] for i, at in enumerate(line_of) if at == line) for line in range(len(lines.items))]
    whole = max(ends, default=0.0) + margin
    corners = []
    for i, (box, at) in enumerate(zip(boxes, column_of, strict=True)):
        left, right = lefts[at], rights[at]
        if box in lines.moved:
            left, right = margin, margin + lines.indent(line_of[at] + 1) - LEAST_COLUMN_GAP
        # A result stands in the middle of its column, a leaf near its user.
        x = left + (right - left - box.width) * (0.5 if box.left else 1.0 if box.right else 0.0)
        corners.append((0.0 if i in first else whole if i in last else x, box.y - box.height / 2))
    curves = []
    for (tail, head), route in zip(edges, routes, strict=True):
        start, end = column_of[tail], column_of[head]
        points = [(corners[tail][0] + boxes[tail].width, route[0].tail_y), (rights[start], route[0].tail_y)]
        for at, link in enumerate(route, start + 1):
            line = line_of[at]
            if line != line_of[at - 1]:
                indent = margin + max(lines.indent(line) - LEAST_COLUMN_GAP, 0.0)
                if link.tail in lines.moved:
                    points[-1] = (indent, link.tail_y)
                else:
                    lane = lines.lanes[line - 1][link.tail, link.out]
                    points[-1] = (ends[line - 1], points[-1][1])
                    points += [(ends[line - 1], lane), (margin, lane)]
                    if lines.indent(line):
                        y = lines.passing[line - 1][link.tail, link.out].y
                        points += [(margin, y), (indent, y)]
            y = link.head_y
            if at == end:
                points += [(lefts[end] - free[end], y), (corners[head][0], y)]
            else:
                points += [(lefts[at], y), (rights[at], y)]
        curves.append(points)
    return Layout(corners, curves, whole, height)


def _gap(column: list[Item], least: float, most: float) -> float:
    """The room to the next column: more of it where wires rise steeply."""
    rise = max((abs(link.head_y - link.tail_y) for item in column for link in item.right), default=0.0)
    return min(max(least, rise / 4), most)


def _columns(count: int, edges: Sequence[tuple[int, int]], first: Collection[int], last: Collection[int]) -> list[int]:
    """Column of each box: as far right as its users allow, or, where that saves wire, as far left as its arguments."""
    arguments: list[list[int]] = [[] for _ in range(count)]
    uses = [0] * count
    to_end = [1 if last and box not in last else 0 for box in range(count)]
    for tail, head in sorted(edges, key=lambda edge: -edge[1]):
        arguments[head].append(tail)
        uses[tail] += 1
        to_end[tail] = max(to_end[tail], to_end[head] + 1)
    most = max((distance for box, distance in enumerate(to_end) if box not in first), default=0) + bool(first)
    column_of = [0 if box in first else most - distance for box, distance in enumerate(to_end)]
    for box in range(count):
        if len(arguments[box]) > uses[box] and box not in last:
            column_of[box] = 1 + max(column_of[tail] for tail in arguments[box])
    return column_of


def _spread(column_of: Sequence[int], heights: Sequence[float], tallest: float) -> list[int]:
    """The columns where none is too tall: what stands in one is not connected, so it may as well stand in several."""
    totals = [0.0] * (max(column_of, default=-1) + 1)
    for column, height in zip(column_of, heights, strict=True):
        totals[column] += height
    counts = [max(1, ceil(total / tallest)) for total in totals]
    begins = list(accumulate(counts, initial=0))
    reached = [0.0] * len(totals)
    spread = []
    for column, height in zip(column_of, heights, strict=True):
        part = (reached[column] + height / 2) / (totals[column] or 1.0)
        reached[column] += height
        spread.append(begins[column] + int(part * counts[column]))
    taken = {column: i for i, column in enumerate(sorted(set(spread)))}
    return [taken[column] for column in spread]


def _route(
    boxes: list[Item],
    edges: Sequence[tuple[int, int]],
    column_of: list[int],
    columns: list[list[Item]],
    ports: Sequence[Port],
) -> list[list[Link]]:
    """Put the boxes into their columns, link them through waypoints, and return each edge's stretches of wire."""
    for box, column in zip(boxes, column_of, strict=True):
        _stand(box, columns[column])
    arguments = Counter(head for _, head in edges)
    entered: Counter[int] = Counter()
    trunks: dict[tuple[int, float], list[Link]] = {}
    routes = []
    for (tail, head), (out, port) in zip(edges, ports, strict=True):
        trunk, between = trunks.setdefault((tail, out), []), range(column_of[tail] + 1, column_of[head])
        for column in between[len(trunk) :]:
            waypoint = Item()
            _stand(waypoint, columns[column])
            trunk.append(_link(trunk[-1].head, waypoint, STIFFNESS) if trunk else _link(boxes[tail], waypoint, 2, out))
        passed = trunk[: len(between)]
        if port is None:
            port = (entered[head] + 0.5) / arguments[head]
        entered[head] += 1
        if passed:
            routes.append([*passed, _link(passed[-1].head, boxes[head], 2, 0.5, port)])
        else:
            routes.append([_link(boxes[tail], boxes[head], 1, out, port)])
    return routes


def _stand(item: Item, column: list[Item]) -> None:
    item.place = len(column)
    column.append(item)


def _link(tail: Item, head: Item, weight: float, out: float = 0.5, port: float = 0.5) -> Link:
    link = Link(tail, head, out, port, weight)
    tail.right.append(link)
    head.left.append(link)
    return link


def _order(columns: list[list[Item]]) -> None:
    """Sort each column by where its wires end; then exchange neighbours as long as that removes crossings."""
    for column in reversed(columns):
        column.sort(key=_end)
        for i, item in enumerate(column):
            item.place = i
    unsettled = set(range(len(columns)))
    for _ in range(ORDER_ROUNDS):
        for at, column in enumerate(columns):
            if at in unsettled:
                unsettled.remove(at)
                if _exchange(column):
                    unsettled.update(range(max(at - 1, 0), min(at + 2, len(columns))))
        if not unsettled:
            return


def _end(item: Item) -> float:
    """Where the wires of `item` end in the next column, on average."""
    return sum(link.head.place + link.port for link in item.right) / len(item.right) if item.right else item.place


def _exchange(column: list[Item]) -> bool:
    """Exchange neighbours in a column, from the top down, where that removes crossings; whether there were any."""
    lefts = [sorted([link.tail.place + link.out for link in item.left]) for item in column]
    rights = [sorted([link.head.place + link.port for link in item.right]) for item in column]
    exchanged = False
    for i in range(len(column) - 1):
        crossings = _crossings(lefts[i], lefts[i + 1]) + _crossings(rights[i], rights[i + 1])
        if crossings and crossings > _crossings(lefts[i + 1], lefts[i]) + _crossings(rights[i + 1], rights[i]):
            column[i : i + 2] = column[i + 1], column[i]
            lefts[i : i + 2] = lefts[i + 1], lefts[i]
            rights[i : i + 2] = rights[i + 1], rights[i]
            exchanged = True
    if exchanged:
        for i, item in enumerate(column):
            item.place = i
    return exchanged


def _crossings(above: Sequence[float], below: Sequence[float]) -> int:
    """How often the wires of two neighbours cross whose ends, in order, these are."""
    if not above or not below or above[-1] <= below[0]:
        return 0
    return sum([bisect_left(below, end) for end in above])
