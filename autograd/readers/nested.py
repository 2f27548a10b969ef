"""A layout for boxes that stand in frames: what is in a frame is laid out by itself, then the frame is one large box.

So frames never overlap, nothing foreign stands in one, and a frame looks alike wherever it stands. A wire that crosses
a frame's border does so at a point (a box without size inside, a port outside) that all wires from the same box share.

A layout that flows down or up is one that flows to the right, turned once its columns are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import inf
from typing import Literal, NamedTuple

from autograd.readers.layout import LEAST_COLUMN_GAP, Layout, Port, place

__all__ = ["Flow", "Frame", "Nested", "Point", "place_nested"]

PADDING = 12.0
TITLE = 24.0
ROW_GAPS = (24.0, 64.0)
"""Between the rows of what flows down or up."""

Flow = Literal["right", "down", "up"]
Point = tuple[float, float]
ROOT = -1
SHARED = -1


class Frame(NamedTuple):
    """What a frame needs: the frame around it (-1: none), and the width of its title."""

    parent: int
    title: float


@dataclass(frozen=True, slots=True)
class Nested:
    """As `Layout`, and for every frame its corner and its size."""

    corners: list[Point]
    curves: list[list[Point]]
    frames: list[tuple[float, float, float, float]]
    width: float
    height: float


class _Thing(NamedTuple):
    """What stands in a frame: a box, a frame, or the point where the wires of a box enter ("in") or leave ("out")."""

    kind: str
    number: int


class _Wire(NamedTuple):
    """A stretch of wire in one frame, of the edges that start from one box; `edge` if it reaches the head of that."""

    tail: _Thing
    head: _Thing
    start: int
    edge: int


@dataclass(slots=True)
class _Level:
    """One frame's inside while it is laid out."""

    things: list[_Thing] = field(default_factory=list)
    wires: dict[_Wire, None] = field(default_factory=dict)
    corners: dict[_Thing, Point] = field(default_factory=dict)
    curves: dict[_Wire, list[Point]] = field(default_factory=dict)
    size: Point = (0.0, 0.0)
    inner: Point = (0.0, 0.0)  # where the inside begins


def place_nested(
    sizes: Sequence[Point],
    edges: Sequence[tuple[int, int]],
    homes: Sequence[int],
    frames: Sequence[Frame],
    rooms: Sequence[float] = (),
    widest: float = inf,
    flow: Flow = "right",
) -> Nested:
    """Places for boxes in frames, connected left to right, or from the top down, or from the bottom up.

    Parameters
    ----------
    sizes, edges, rooms, widest
        As for `layout.place`. What flows down or up is not broken into lines: it has more rows instead.
    homes
        The frame that each box stands in; -1 for none.
    frames
        The frames, a parent before what is in it.
    flow
        Where the wires run.

    Examples
    --------
    >>> nested = place_nested([(50, 20), (50, 20)], [(0, 1)], [-1, 0], [Frame(-1, 30.0)])
    >>> nested.frames
    [(86.0, 0.0, 98.0, 62.0)]
    """
    paths = [_path(home, frames) for home in homes]
    levels = {frame: _Level() for frame in range(ROOT, len(frames))}
    for frame, (parent, _) in enumerate(frames):
        levels[parent].things.append(_Thing("frame", frame))
    for box, home in enumerate(homes):
        levels[home].things.append(_Thing("box", box))
    routes = [_route(number, tail, head, paths[tail], paths[head], levels) for number, (tail, head) in enumerate(edges)]
    rooms = list(rooms) or [0.0] * len(edges)
    for frame in range(len(frames) - 1, ROOT - 1, -1):
        room = widest - 2 * LEAST_COLUMN_GAP * len(_path(frame, frames))
        _arrange(frame, levels, sizes, frames, rooms, room, flow)

    origins = {ROOT: (0.0, 0.0)}
    for frame, (parent, _) in enumerate(frames):
        origins[frame] = _shifted(levels[parent].corners[_Thing("frame", frame)], _inside(parent, origins, levels))
    corners = [
        _shifted(levels[home].corners[_Thing("box", box)], _inside(home, origins, levels))
        for box, home in enumerate(homes)
    ]
    curves = []
    for route in routes:
        points: list[Point] = []
        for frame, wire in route:
            inside = _inside(frame, origins, levels)
            piece = [_shifted(point, inside) for point in levels[frame].curves[wire]]
            points = [*points[:-1], *piece[1:]] if points else piece
        curves.append(points)
    rectangles = [(*origins[frame], *levels[frame].size) for frame in range(len(frames))]
    return Nested(corners, curves, rectangles, *levels[ROOT].size)


def _path(frame: int, frames: Sequence[Frame]) -> list[int]:
    """The frames around something, from the outside in, beginning with the whole picture."""
    path = []
    while frame != ROOT:
        path.append(frame)
        frame = frames[frame].parent
    return [ROOT, *reversed(path)]


def _route(
    number: int, tail: int, head: int, tail_path: list[int], head_path: list[int], levels: dict[int, _Level]
) -> list[tuple[int, _Wire]]:
    """The stretches of one edge, frame by frame: out of its tail's frames, across, into its head's."""
    shared = 0
    while shared < min(len(tail_path), len(head_path)) and tail_path[shared] == head_path[shared]:
        shared += 1
    stretches: list[tuple[int, _Wire]] = []
    thing = _Thing("box", tail)
    for frame in reversed(tail_path[shared:]):
        stretches.append((frame, _Wire(thing, _Thing("out", tail), tail, SHARED)))
        thing = _Thing("frame", frame)
    for frame, below in zip(head_path[shared - 1 :], head_path[shared:], strict=False):
        stretches.append((frame, _Wire(thing, _Thing("frame", below), tail, SHARED)))
        thing = _Thing("in", tail)
    stretches.append((head_path[-1], _Wire(thing, _Thing("box", head), tail, number)))
    for frame, wire in stretches:
        levels[frame].wires.setdefault(wire)
    return stretches


def _arrange(
    frame: int,
    levels: dict[int, _Level],
    sizes: Sequence[Point],
    frames: Sequence[Frame],
    rooms: Sequence[float],
    widest: float,
    flow: Flow,
) -> None:
    """Lay out the inside of one frame, when those in it are done."""
    level = levels[frame]
    borders = {thing: None for wire in level.wires for thing in wire[:2] if thing.kind in ("in", "out")}
    things = _in_order([*level.things, *borders], [wire[:2] for wire in level.wires])
    index = {thing: i for i, thing in enumerate(things)}
    arguments = Counter(wire.head for wire in level.wires if wire.edge != SHARED)
    entered: Counter[_Thing] = Counter()
    ports: list[Port] = []
    wires = sorted(level.wires, key=lambda wire: wire.edge)
    for wire in wires:
        out = _port(levels[wire.tail.number], _Thing("out", wire.start), flow) if wire.tail.kind == "frame" else 0.5
        if wire.head.kind == "frame":
            ports.append((out, _port(levels[wire.head.number], _Thing("in", wire.start), flow)))
        elif wire.edge == SHARED:
            ports.append((out, 0.5))
        else:
            ports.append((out, (entered[wire.head] + 0.5) / arguments[wire.head]))
            entered[wire.head] += 1
    known = {"box": sizes, "frame": [levels[inner].size for inner in range(len(frames))]}
    extents = [known[thing.kind][thing.number] if thing.kind in known else (0.0, 0.0) for thing in things]
    layout = place(
        extents if flow == "right" else [(height, width) for width, height in extents],
        [(index[wire.tail], index[wire.head]) for wire in wires],
        ports=ports,
        rooms=[0.0 if wire.edge == SHARED else rooms[wire.edge] for wire in wires],
        first={index[thing] for thing in borders if thing.kind == "in"},
        last={index[thing] for thing in borders if thing.kind == "out"},
        **({"widest": widest} if flow == "right" else {"tallest": widest, "gaps": ROW_GAPS}),
    )
    if flow != "right":
        layout = _turned(layout, extents, flow)
    level.corners = dict(zip(things, layout.corners, strict=True))
    level.curves = dict(zip(wires, layout.curves, strict=True))
    level.size = (layout.width, layout.height)
    if frame != ROOT:
        _surround(level, {thing.kind for thing in borders}, frames[frame].title, flow)


def _turned(layout: Layout, sizes: Sequence[Point], flow: Flow) -> Layout:
    """What flows to the right as it is when it flows down or up."""

    def turned(point: Point) -> Point:
        return point[1], point[0] if flow == "down" else layout.width - point[0]

    corners = [turned(corner) for corner in layout.corners]
    if flow == "up":
        corners = [(x, y - height) for (x, y), (_, height) in zip(corners, sizes, strict=True)]
    curves = [[turned(point) for point in points] for points in layout.curves]
    return Layout(corners, curves, layout.height, layout.width)


def _surround(level: _Level, crossed: set[str], title: float, flow: Flow) -> None:
    """Put room for the title and padding around what is in a frame; `crossed` are the borders that wires cross."""
    width, height = level.size
    before, after = (0.0 if border in crossed else PADDING for border in ("in", "out"))
    left = right = PADDING
    top, bottom = TITLE + PADDING / 2, PADDING
    if flow == "right":
        left, right = before, after
    else:
        above, below = (before, after) if flow == "down" else (after, before)
        top -= 0.0 if above else ROW_GAPS[0]  # what wires cross has room for the title already
        bottom = below
    whole = max(left + width + right, title + 2 * PADDING)
    if flow != "right" or not crossed:
        left = (whole - width) / 2
    level.inner = (left, top)
    level.size = (whole, top + height + bottom)


def _in_order(things: list[_Thing], wires: Sequence[tuple[_Thing, _Thing]]) -> list[_Thing]:
    """The things with every wire pointing forward, otherwise as they are."""
    rank = {thing: i for i, thing in enumerate(things)}
    heads: dict[_Thing, list[_Thing]] = {thing: [] for thing in things}
    waiting = dict.fromkeys(things, 0)
    for tail, head in wires:
        heads[tail].append(head)
        waiting[head] += 1
    ready = [(rank[thing], thing) for thing in things if not waiting[thing]]
    heapify(ready)
    order = []
    while ready:
        _, thing = heappop(ready)
        order.append(thing)
        for head in heads[thing]:
            waiting[head] -= 1
            if not waiting[head]:
                heappush(ready, (rank[head], head))
    if len(order) < len(things):
        raise ValueError("place_nested: wires run in a circle through a frame, out of it and into it again")
    return order


def _port(level: _Level, border: _Thing, flow: Flow) -> float:
    """How far along the border of a frame a wire crosses it, as a fraction."""
    across = 1 if flow == "right" else 0
    return (level.corners[border][across] + level.inner[across]) / level.size[across]


def _inside(frame: int, origins: dict[int, Point], levels: dict[int, _Level]) -> Point:
    return _shifted(origins[frame], levels[frame].inner)


def _shifted(point: Point, by: Point) -> Point:
    return point[0] + by[0], point[1] + by[1]
