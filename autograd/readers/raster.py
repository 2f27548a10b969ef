"""Our own SVG as a PNG: every shape covers a part of each pixel, computed exactly, and is laid over what is below.

What a shape covers is a sum over its edges. An edge that is cut where it crosses the lines between pixels leaves pieces
in one pixel each; a piece covers what lies to the right of it, in its own pixel in part and in all the following ones
by its height. So the coverage of a row is a running sum, signed by the way the edges run: holes run the other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from autograd.readers.glyphs import UNITS, glyph
from autograd.readers.outlines import Path, Text, drawing, segments
from autograd.readers.png import encoded

__all__ = ["as_png"]

LEVELS = 16  # of coverage: as many as the eye tells apart, few enough for a palette
MOST_PIXELS = 40_000_000
PIXELS_AT_ONCE = 1_000_000
STEPS = 4  # straight pieces of a curve, at least; a longer one has more
MITRE = 0.25  # the least of 1 + cos of the angle at a corner: how far a sharp one stands out

Array = np.ndarray[Any, np.dtype[np.float64]]
Indices = np.ndarray[Any, np.dtype[np.intp]]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
_NONE: Array = np.empty((0, 4))


def as_png(svg: str, dpi: int = 144) -> bytes:
    """The picture as a PNG on a transparent ground.

    Parameters
    ----------
    svg
        As `svg.as_svg` writes it.
    dpi
        The pixels for 72 of the SVG; fewer where the image would have more than 40 million.

    Examples
    --------
    >>> sheet = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><rect width="1" height="1"/></svg>'
    >>> as_png(sheet)[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    sheet = drawing(svg)
    scale = min(dpi / 72, (MOST_PIXELS / (sheet.width * sheet.height)) ** 0.5)
    canvas = np.zeros((round(sheet.height * scale) or 1, round(sheet.width * scale) or 1, 4), np.uint8)
    for shape in sheet.shapes:
        if isinstance(shape, Text):
            _paint(canvas, _letters(shape) * scale, shape.fill)
            continue
        loops = list(_loops(shape.path))
        if shape.fill:
            _paint(canvas, _edges(points for points, _ in loops) * scale, shape.fill, shape.opacity)
        if shape.stroke:
            _paint(canvas, _edges(_line(loops, shape.width / 2)) * scale, shape.stroke)
    return encoded(canvas, scale * 72)


def _paint(canvas: Pixels, edges: Array, colour: str, opacity: float = 1.0) -> None:
    """Lay the inside of some edges, (n, 4) with x, y, x, y in each row, over the canvas."""
    starts, lengths, covered = _runs(edges, *canvas.shape[:2])
    pixels = canvas.reshape(-1, 4)
    paint = np.array([*(int(colour[i : i + 2], 16) for i in (1, 3, 5)), 255], np.uint8)
    alpha = covered * opacity
    batches = np.cumsum(lengths) // PIXELS_AT_ONCE
    for some in np.split(np.arange(len(starts)), np.flatnonzero(np.diff(batches)) + 1):
        solid, soft = some[alpha[some] == 1], some[alpha[some] < 1]
        pixels.view(np.uint32)[_each(starts[solid], lengths[solid])] = paint.view(np.uint32)
        place = _each(starts[soft], lengths[soft])
        new = np.repeat(alpha[soft], lengths[soft])[:, None]
        old = pixels[place, 3:] * ((1 - new) / 255)
        both = new + old
        pixels[place] = np.rint(np.hstack([(paint[:3] * new + pixels[place, :3] * old) / both, 255 * both]))


def _runs(edges: Array, height: int, width: int) -> tuple[Indices, Indices, Array]:
    """The pixels inside, row after row: where a run of them begins, how long it is, which part of each is covered."""
    pieces = _cut(_cut(edges, 1), 0)
    row = np.floor((pieces[:, 1] + pieces[:, 3]) / 2).astype(np.intp)
    inside = (row >= 0) & (row < height)
    x0, y0, x1, y1 = pieces[inside].T
    middle = np.clip((x0 + x1) / 2, 0, width)
    column = np.floor(middle).astype(np.intp)
    rise, part = y1 - y0, middle - column
    # Loops are closed, so the sum is 0 at the end of a row and goes on in the next as if it began there.
    place = row[inside] * width + column
    starts, which = np.unique(np.concatenate([place, place + 1]), return_inverse=True)
    sums = np.cumsum(np.bincount(which, np.concatenate([rise * (1 - part), rise * part])))
    covered = np.rint(np.minimum(np.abs(sums), 1) * LEVELS) / LEVELS
    lengths = np.diff(starts, append=starts[-1:])
    painted = (covered > 0) & (lengths > 0)
    return starts[painted], lengths[painted], covered[painted]


def _each(starts: Indices, lengths: Indices) -> Indices:
    """Every index of runs of them."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - ends + lengths, lengths) + np.arange(lengths.sum())


def _cut(edges: Array, axis: int) -> Array:
    """The edges in pieces, cut where they cross a whole number of x (axis 0) or y (axis 1)."""
    start, end = edges[:, :2], edges[:, 2:]
    low, high = np.minimum(start[:, axis], end[:, axis]), np.maximum(start[:, axis], end[:, axis])
    first = np.floor(low)
    counts = np.maximum(np.ceil(high) - first, 1).astype(np.intp)
    edge = np.repeat(np.arange(len(edges)), counts)
    line = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin, way = start[edge], (end - start)[edge]
    along = way[:, axis]
    lines = np.clip(np.stack([line, line + 1]), low[edge], high[edge])
    level = along == 0
    parts = np.where(level, [[0.0], [1.0]], (lines - begin[:, axis]) / np.where(level, 1.0, along))
    parts.sort(axis=0)
    return np.hstack([begin + way * parts[0][:, None], begin + way * parts[1][:, None]])


def _edges(loops: Iterable[Array]) -> Array:
    """The edges of closed loops of points."""
    return np.concatenate([_NONE, *(np.hstack([loop, np.roll(loop, -1, axis=0)]) for loop in loops)])


def _letters(text: Text) -> Array:
    """The edges of a line of text."""
    scale = text.size / UNITS * np.array([text.stretch, -1.0] * 2)
    return np.concatenate(
        [_NONE, *(_glyph(c, text.bold) * scale + (x, text.y, x, text.y) for c, x in text.letters)],
    )


@lru_cache(maxsize=4096)
def _glyph(character: str, bold: bool) -> Array:
    return _edges(points for points, _ in _loops(segments(glyph(character, bold).path), 12 / UNITS))


def _loops(path: Path, unit: float = 1.0) -> Iterator[tuple[Array, bool]]:
    """Each part of a path as points, (n, 2), and whether it returns to its start; `unit` of the path is about 1/72."""
    points: list[tuple[float, float]] = []
    for command, given in path:
        if command in "MZ":
            if points:
                yield np.array(points), command == "Z"
            points = list(given)
        elif command == "L":
            points += given
        else:
            a, b, c, d = map(np.array, (points[-1], *given))
            length = sum(float(np.hypot(*way)) for way in (b - a, c - b, d - c))
            steps = STEPS + int(3 * (length * unit) ** 0.5)
            t = np.arange(1, steps + 1)[:, None] / steps
            points += map(tuple, (1 - t) ** 3 * a + 3 * t * (1 - t) * ((1 - t) * b + t * c) + t**3 * d)
    if points:
        yield np.array(points), False


def _line(loops: Iterable[tuple[Array, bool]], half: float) -> Iterator[Array]:
    """The outlines of lines that reach `half` to both sides: a loop around an open one, two around a closed one."""
    for points, closed in loops:
        new = np.any(points != np.roll(points, 1, axis=0), axis=1)
        new[0] |= not closed
        points = points[new]
        if len(points) < 2:
            continue
        ways = np.roll(points, -1, axis=0) - points
        lengths = np.hypot(ways[:, 0], ways[:, 1])
        ways /= np.where(lengths, lengths, 1)[:, None]
        after = np.stack([-ways[:, 1], ways[:, 0]], axis=1)
        before = np.roll(after, 1, axis=0)
        if not closed:
            before[0], after[-1] = after[0], before[-1]
        aside = (before + after) * (half / np.maximum(1 + np.sum(before * after, axis=1), MITRE))[:, None]
        if closed:
            yield points + aside
            yield (points - aside)[::-1]
        else:
            yield np.concatenate([points + aside, (points - aside)[::-1]])
