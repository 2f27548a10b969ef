"""A layered layout of our own, for places without Graphviz: boxes in columns, edges as curves between the columns.

The classic recipe in four steps. (1) A box stands one column left of the nearest box that uses it. (2) An edge across
several columns passes through a *waypoint* in each column between; all edges out of one box share theirs, so a weight
used a thousand times needs one wire. (3) Each column, from the right, is sorted by where its wires end on average; then
neighbours in a column change places as long as that removes crossings. (4) Each item wants to be level with the items
it is wired to; the heights closest to that which order and spacing allow are an isotonic regression.

No step recurses, and nothing is drawn here: sizes go in, places come out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["Layout", "place"]

ROW_GAP = 18.0
WIRE_GAP = 10.0
LEAST_COLUMN_GAP = 36.0
MOST_COLUMN_GAP = 110.0
ORDER_ROUNDS = 20
HEIGHT_SWEEPS = 16
STIFFNESS = 30.0  # of a wire between two waypoints, against 1 between two boxes


@dataclass(frozen=True, slots=True)
class Layout:
    """The place of every box (its top left corner), and per edge the points its curve passes through.

    A curve's points come in pairs: level from the first to the second of a pair (beside a box, or across a column),
    then bending to the first of the next pair.
    """

    corners: list[tuple[float, float]]
    curves: list[list[tuple[float, float]]]
    width: float
    height: float


@dataclass(slots=True, eq=False)
class _Item:
    """A box, or a waypoint (of no size) of the edges that pass its column."""

    width: float = 0.0
    height: float = 0.0
    gap: float = WIRE_GAP
    place: int = 0  # within its column, from the top
    y: float = 0.0  # of its middle
    left: list[_Link] = field(default_factory=list)
    right: list[_Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Link:
    """A stretch of wire between neighbouring columns. It leaves `tail` at its middle and enters `head` at `port`, a
    fraction of the height from the top: this is how argument order becomes visible."""

    tail: _Item
    head: _Item
    port: float
    weight: float

    @property
    def head_y(self) -> float:
        return self.head.y + (self.port - 0.5) * self.head.height


def place(sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]]) -> Layout:
    """Places for boxes of the given (width, height), connected left to right.

    Parameters
    ----------
    sizes
        Width and height of each box.
    edges
        (tail, head) box indices, tail < head; the edges into one head enter it from top to bottom in the order given.

    Examples
    --------
    >>> layout = place([(50, 20), (50, 20), (50, 20)], [(0, 2), (1, 2)])
    >>> layout.corners
    [(0.0, 0.0), (0.0, 38.0), (86.0, 19.0)]
    """
    boxes = [_Item(width, height, ROW_GAP) for width, height in sizes]
    column_of = _columns(len(boxes), edges)
    columns: list[list[_Item]] = [[] for _ in range(max(column_of, default=-1) + 1)]
    routes = _route(boxes, edges, column_of, columns)
    _order(columns)
    height = _heights(columns)

    x, lefts, rights = 0.0, [], []
    for column in columns:
        lefts.append(x)
        rights.append(x + max(item.width for item in column))
        rise = max((abs(link.head_y - link.tail.y) for item in column for link in item.right), default=0.0)
        x = rights[-1] + min(max(LEAST_COLUMN_GAP, rise / 4), MOST_COLUMN_GAP)
    corners = []
    for box, at in zip(boxes, column_of, strict=True):
        room = rights[at] - lefts[at] - box.width  # a result stands in the middle of it, a leaf near its user
        corners.append((lefts[at] + (room / 2 if box.left else room), box.y - box.height / 2))
    curves = []
    for (tail, head), route in zip(edges, routes, strict=True):
        first, last = column_of[tail], column_of[head]
        points = [(corners[tail][0] + boxes[tail].width, boxes[tail].y), (rights[first], boxes[tail].y)]
        for at, link in enumerate(route[1:], first + 1):
            points += [(lefts[at], link.tail.y), (rights[at], link.tail.y)]
        points += [(lefts[last], route[-1].head_y), (corners[head][0], route[-1].head_y)]
        curves.append(points)
    return Layout(corners, curves, rights[-1] if rights else 0.0, height)


def _columns(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Column of each box: as far right as its users allow, or, where that saves wire, as far left as its arguments."""
    arguments: list[list[int]] = [[] for _ in range(count)]
    uses, to_end = [0] * count, [0] * count
    for tail, head in sorted(edges, key=lambda edge: -edge[1]):
        arguments[head].append(tail)
        uses[tail] += 1
        to_end[tail] = max(to_end[tail], to_end[head] + 1)
    last = max(to_end, default=0)
    column_of = [last - distance for distance in to_end]
    for box in range(count):
        if len(arguments[box]) > uses[box]:
            column_of[box] = 1 + max(column_of[tail] for tail in arguments[box])
    return column_of


def _route(
    boxes: list[_Item], edges: Sequence[tuple[int, int]], column_of: list[int], columns: list[list[_Item]]
) -> list[list[_Link]]:
    """Put the boxes into their columns, link them through waypoints, and return each edge's stretches of wire."""
    for box, column in zip(boxes, column_of, strict=True):
        _stand(box, columns[column])
    arguments = Counter(head for _, head in edges)
    entered: Counter[int] = Counter()
    trunks: list[list[_Link]] = [[] for _ in boxes]
    routes = []
    for tail, head in edges:
        trunk, between = trunks[tail], range(column_of[tail] + 1, column_of[head])
        for column in between[len(trunk) :]:
            waypoint = _Item()
            _stand(waypoint, columns[column])
            trunk.append(_link(trunk[-1].head, waypoint, STIFFNESS) if trunk else _link(boxes[tail], waypoint, 2))
        passed = trunk[: len(between)]
        port = (entered[head] + 0.5) / arguments[head]
        entered[head] += 1
        last = _link(passed[-1].head, boxes[head], 2, port) if passed else _link(boxes[tail], boxes[head], 1, port)
        routes.append([*passed, last])
    return routes


def _stand(item: _Item, column: list[_Item]) -> None:
    item.place = len(column)
    column.append(item)


def _link(tail: _Item, head: _Item, weight: float, port: float = 0.5) -> _Link:
    link = _Link(tail, head, port, weight)
    tail.right.append(link)
    head.left.append(link)
    return link


def _order(columns: list[list[_Item]]) -> None:
    """Sort each column by where its wires end; then exchange neighbours as long as that removes crossings."""
    for column in reversed(columns):
        column.sort(key=_end)
        for i, item in enumerate(column):
            item.place = i
    for _ in range(ORDER_ROUNDS):
        exchanged = False
        for column in columns:
            for i in range(len(column) - 1):
                upper, lower = column[i : i + 2]
                if _crossings(lower, upper) < _crossings(upper, lower):
                    column[i : i + 2] = lower, upper
                    lower.place, upper.place = i, i + 1
                    exchanged = True
        if not exchanged:
            return


def _end(item: _Item) -> float:
    """Where the wires of `item` end in the next column, on average."""
    return sum(link.head.place + link.port for link in item.right) / len(item.right) if item.right else item.place


def _crossings(upper: _Item, lower: _Item) -> int:
    """How often the wires of two neighbours in a column cross, with `upper` above."""
    before = _inversions([link.tail.place for link in upper.left], [link.tail.place for link in lower.left])
    after = _inversions(
        [link.head.place + link.port for link in upper.right], [link.head.place + link.port for link in lower.right]
    )
    return before + after


def _inversions(above: Sequence[float], below: Sequence[float]) -> int:
    below = sorted(below)
    return sum(bisect_left(below, end) for end in above)


def _heights(columns: list[list[_Item]]) -> float:
    """Bring every item as level with its neighbours as order and spacing allow; return the total height."""
    for column in columns:
        _settle(column, [0.0] * len(column))
    for sweep in range(HEIGHT_SWEEPS):
        for column in columns if sweep % 2 else reversed(columns):
            _settle(column, [_wish(item) for item in column])
    items = [item for column in columns for item in column]
    top = min((item.y - item.height / 2 for item in items), default=0.0)
    for item in items:
        item.y -= top
    return max((item.y + item.height / 2 for item in items), default=0.0)


def _wish(item: _Item) -> float:
    """Where the middle of `item` would be level with its neighbours: their mean, weighted."""
    total = sum(link.weight for link in item.left) + sum(link.weight for link in item.right)
    if not total:
        return item.y
    pull = sum(link.weight * (link.tail.y - link.head_y + item.y) for link in item.left)
    pull += sum(link.weight * (link.head_y) for link in item.right)
    return pull / total


def _settle(column: list[_Item], wishes: list[float]) -> None:
    """Give the items of a column the heights nearest to their wishes (least squares) that keep order and distance.

    Measured from where a tightly packed column would put each item, the heights may not decrease: an isotonic
    regression, solved by pooling neighbours that violate it into blocks that move together.
    """
    packed = [0.0]
    for upper, lower in pairwise(column):
        packed.append(packed[-1] + (upper.height + lower.height) / 2 + max(upper.gap, lower.gap))
    blocks: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, packed, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            above, many = blocks.pop()
            mean, count = (mean * count + above * many) / (count + many), count + many
        blocks.append((mean, count))
    shifts = [mean for mean, count in blocks for _ in range(count)]
    for item, offset, shift in zip(column, packed, shifts, strict=True):
        item.y = offset + shift
