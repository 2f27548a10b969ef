"""Wires as SVG paths: straight pieces joined by bends, and an arrowhead at the end.

A wire is given as the points that it passes through, in pairs: straight from the first to the second of a pair, then
bending to the first of the next (see `layout.Layout`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograd.readers.nested import Flow, Point

__all__ = ["ARROW", "arrowhead", "curve", "drawn_before", "flow_of"]

ARROW = 7.0
LEAST_RETURN = 1.0  # what is shorter is no way back but a rounding error


def drawn_before(tails: Sequence[int], curves: Sequence[list[Point]]) -> list[int]:
    """Of each curve, how many pieces belong to an earlier one too: wires from one box run together before they part."""
    drawn: set[tuple[int, Point, Point]] = set()
    counts = []
    for tail, points in zip(tails, curves, strict=True):
        pieces = [(tail, *piece) for piece in zip(points[::2], points[1::2], strict=True)]
        count = 0
        while count < len(pieces) - 1 and pieces[count] in drawn:
            count += 1
        drawn.update(pieces[count:])
        counts.append(count)
    return counts


def curve(number: int, points: list[Point], flow: Flow, before: int) -> str:
    """Straight pieces, each but the first with the bend that leads to it; without as many as there are before it."""
    pieces = _level_pieces(points, before) if flow == "right" else _upright_pieces(points, before)
    x, y = points[2 * before - 1] if before else points[0]
    return f'<path data-edge="{number}" d="M{x:.1f},{y:.1f}{"".join(pieces)}"/>'


def _level_pieces(points: list[Point], before: int) -> Iterator[str]:
    """Pieces that run to the right; one that runs back to the left is joined by turns."""
    if not before:
        yield f"H{points[1][0]:.1f}"
    for i in range(2 * max(before, 1), len(points), 2):
        (x0, y0), (x1, y1), (x2, _) = points[i - 1 : i + 2]
        came, goes = x0 < points[i - 2][0] - LEAST_RETURN, x2 < x1 - LEAST_RETURN
        handle = (x0 + x1) / 2
        if goes and not came:
            handle = max(x0, x1) + _turn(y0, y1)
        elif came and not goes:
            handle = min(x0, x1) - _turn(y0, y1)
        yield f"C{handle:.1f},{y0:.1f} {handle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}H{x2:.1f}"


def _upright_pieces(points: list[Point], before: int) -> Iterator[str]:
    if not before:
        yield f"V{points[1][1]:.1f}"
    for i in range(2 * max(before, 1), len(points), 2):
        (x0, y0), (x1, y1), (_, y2) = points[i - 1 : i + 2]
        handle = (y0 + y1) / 2
        yield f"C{x0:.1f},{handle:.1f} {x1:.1f},{handle:.1f} {x1:.1f},{y1:.1f}V{y2:.1f}"


def _turn(y0: float, y1: float) -> float:
    """How far the middle of a turn stands out, for its two handles."""
    return 6 + min(abs(y1 - y0) / 8, 14)


def arrowhead(number: int, x: float, y: float, flow: Flow) -> str:
    half = ARROW / 2
    back = {
        "right": f"l{-ARROW:g},{-half:g}v{ARROW:g}",
        "down": f"l{-half:g},{-ARROW:g}h{ARROW:g}",
        "up": f"l{-half:g},{ARROW:g}h{ARROW:g}",
    }
    return f'<path data-edge="{number}" d="M{x:.1f},{y:.1f}{back[flow]}z"/>'


def flow_of(points: list[Point]) -> Flow:
    return "down" if points[0][1] < points[-1][1] else "up"
