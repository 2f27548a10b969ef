"""A computation and its gradient beside each other: one flows down, the other up, about level with each other.

Both are laid out by themselves. Then room is let into one or the other, from the top down, until what belongs together
is level. That harms nothing: where everything below some height moves down, only the room between boxes grows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate
from math import inf

from autograd.readers.nested import Flow, Frame, Nested, Point, place_nested

__all__ = ["place_halves"]

BETWEEN = 28.0
BESIDE = 0.5  # as much of the lower of two things as is level with the other where they stand in one row

Extent = tuple[float, float]


def place_halves(
    sizes: Sequence[Point],
    edges: Sequence[tuple[int, int]],
    homes: Sequence[int],
    frames: Sequence[Frame],
    through: Sequence[int],
    rooms: Sequence[float],
    widest: float = inf,
) -> Nested:
    """Places for the boxes of two frames, each with what is in it: the first flows down, the second beside it up.

    Parameters
    ----------
    sizes, edges, homes, frames, rooms
        As for `nested.place_nested`. Every box has a home, and no edge runs from one half to the other.
    through
        For each box of the second half the one of the first that it wants to be level with; -1 for none.
    widest
        Of one half, about.

    Examples
    --------
    >>> frames = [Frame(-1, 10.0), Frame(-1, 10.0)]
    >>> placed = place_halves([(50, 20)] * 4, [(0, 1), (2, 3)], [0, 0, 1, 1], frames, [-1, -1, -1, 1], [0, 0])
    >>> [y for _, y in placed.corners]
    [30.0, 74.0, 118.0, 74.0]
    """
    second = next(number for number, frame in enumerate(frames) if number and frame.parent < 0)
    down = _Half("down", range(second), sizes, edges, homes, frames, rooms, widest)
    up = _Half("up", range(second, len(frames)), sizes, edges, homes, frames, rooms, widest)
    _bring_level(down, up, through)
    return _beside(down, up, len(sizes), len(edges))


class _Half:
    """The layout of one half; its boxes, wires and frames go by their numbers in the whole."""

    def __init__(
        self,
        flow: Flow,
        inside: range,
        sizes: Sequence[Point],
        edges: Sequence[tuple[int, int]],
        homes: Sequence[int],
        frames: Sequence[Frame],
        rooms: Sequence[float],
        widest: float,
    ) -> None:
        self.flow = flow
        self.frames = inside
        self.homes = {box: home for box, home in enumerate(homes) if home in inside}
        self.wires = {number: edge for number, edge in enumerate(edges) if edge[0] in self.homes}
        index = {box: i for i, box in enumerate(self.homes)}
        nested = place_nested(
            [sizes[box] for box in self.homes],
            [(index[tail], index[head]) for tail, head in self.wires.values()],
            [home - inside.start for home in self.homes.values()],
            [frames[frame]._replace(parent=max(frames[frame].parent - inside.start, -1)) for frame in inside],
            [rooms[number] for number in self.wires],
            widest,
            flow,
        )
        self.heights = {box: sizes[box][1] for box in self.homes}
        self.corners = dict(zip(self.homes, nested.corners, strict=True))
        self.curves = dict(zip(self.wires, nested.curves, strict=True))
        self.rectangles = dict(zip(inside, nested.frames, strict=True))
        self.width, self.height = nested.width, nested.height

    def extent(self, box: int) -> Extent:
        """From where to where a box reaches, or the frame that it stands in with others of its operation."""
        home = self.homes[box]
        if self.flow == "up" and home != self.frames.start:
            _, y, _, height = self.rectangles[home]
        else:
            y, height = self.corners[box][1], self.heights[box]
        return y, y + height

    def open(self, cuts: Sequence[tuple[float, float]]) -> None:
        """Let in room: below each height so much. What is cut by one stays where its top is."""
        heights = [height for height, _ in cuts]
        rooms = list(accumulate((room for _, room in cuts), initial=0.0))

        def moved(point: Point) -> Point:
            return point[0], point[1] + rooms[bisect_right(heights, point[1])]

        self.corners = {box: moved(corner) for box, corner in self.corners.items()}
        for frame, (x, y, width, height) in self.rectangles.items():
            (_, top), (_, bottom) = moved((x, y)), moved((x, y + height))
            self.rectangles[frame] = (x, top, width, bottom - top)
        for number, (tail, head) in self.wires.items():
            first, *between, last = self.curves[number]
            out, into = (self.heights[tail], 0.0) if self.flow == "down" else (0.0, self.heights[head])
            start, end = (first[0], self.corners[tail][1] + out), (last[0], self.corners[head][1] + into)
            self.curves[number] = [start, *map(moved, between), end]
        self.height += rooms[-1]


def _bring_level(down: _Half, up: _Half, through: Sequence[int]) -> None:
    """Let room into one half or the other until boxes and their ways back are level, as many as keep their order."""
    pairs = {(down.extent(through[box]), up.extent(box)): None for box in up.homes if through[box] in down.homes}
    rows = sorted({down.extent(box) for box in down.homes}), sorted({up.extent(box) for box in up.homes})
    cuts: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    opened, reached = [0.0, 0.0], [0.0, 0.0]
    for pair in _in_order(pairs):
        middles = [(top + bottom) / 2 for top, bottom in pair]
        slack = abs(pair[0][1] - pair[0][0] - pair[1][1] + pair[1][0]) / 2
        late = middles[0] + opened[0] - middles[1] - opened[1]
        half = int(late > 0)
        top = _top_of_row(pair[half], rows[half])
        if abs(late) > slack and top > reached[half]:
            cuts[half].append((top, abs(late) - slack))
            opened[half] += abs(late) - slack
        reached = middles
    for side, wanted in zip((down, up), cuts, strict=True):
        side.open(wanted)


def _in_order(pairs: Collection[tuple[Extent, Extent]]) -> list[tuple[Extent, Extent]]:
    """The most pairs of which both parts lie lower from each to the next: a longest increasing subsequence."""
    ends: list[float] = []
    chains: list[list[tuple[Extent, Extent]]] = []
    for pair in sorted(pairs, key=lambda pair: (sum(pair[0]), -sum(pair[1]))):
        at = bisect_left(ends, sum(pair[1]))
        ends[at:] = [sum(pair[1]), *ends[at + 1 :]]
        chains[at:] = [[*(chains[at - 1] if at else []), pair], *chains[at + 1 :]]
    return chains[-1] if chains else []


def _top_of_row(thing: Extent, others: Collection[Extent]) -> float:
    """Where the highest of what stands in one row with something begins."""
    tops = [thing[0]]
    for top, bottom in others:
        level = min(bottom, thing[1]) - max(top, thing[0])
        if level >= BESIDE * min(bottom - top, thing[1] - thing[0]):
            tops.append(top)
    return min(tops)


def _beside(down: _Half, up: _Half, boxes: int, edges: int) -> Nested:
    """Both halves as one layout, their frames of one height."""
    height = max(down.height, up.height)
    corners: list[Point] = [(0.0, 0.0)] * boxes
    curves: list[list[Point]] = [[]] * edges
    rectangles = []
    for half, by in ((down, 0.0), (up, down.width + BETWEEN)):
        for box, (x, y) in half.corners.items():
            corners[box] = (x + by, y)
        for number, points in half.curves.items():
            curves[number] = [(x + by, y) for x, y in points]
        for frame, (x, y, width, tall) in half.rectangles.items():
            rectangles.append((x + by, y, width, height if frame == half.frames.start else tall))
    return Nested(corners, curves, rectangles, down.width + BETWEEN + up.width, height)
