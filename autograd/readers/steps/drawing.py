"""The graph of a page of steps as SVG: boxes with room for a gradient, wires that a script can light up.

Colours come from the page's style sheet, by class; there are no ids, so two pages can stand in one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from html import escape
from typing import Any

from autograd.readers.layout import place
from autograd.readers.steps.numbers import MOST_ROWS, short

__all__ = ["as_svg"]

TITLE_WIDTH, TEXT_WIDTH = 8.2, 6.7  # of a character in the two fixed-width sizes
LINE, PADDING, MARGIN = 17.0, 9.0, 10.0
CELL, HEAT_GAP = 8.0, 10.0
ARROW = 6.0
GUTTER = 20.0  # on either side of a box, so that a wire has room for its local derivative


def as_svg(told: Mapping[str, Any]) -> str:
    """The graph that a story is about.

    Examples
    --------
    >>> from autograd import Value
    >>> from autograd.readers.steps.story import story
    >>> as_svg(story(Value(2.0, label="x") + 1, None, {})).count('class="node')
    3
    """
    nodes, edges = told["nodes"], told["edges"]
    sizes = [_size(node) for node in nodes]
    roomy = [(width + 2 * GUTTER, height) for width, height in sizes]
    layout = place(roomy, [(edge["tail"], edge["head"]) for edge in edges])
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="{-MARGIN:g} {-MARGIN:g} {width:.1f} {height:.1f}" role="img"'
            f' aria-label="The graph of {escape(told["root"])}: {len(nodes)} nodes">',
            *(_wire(i, points) for i, points in enumerate(layout.curves)),
            *(
                _box(i, node, size, at)
                for i, (node, size, at) in enumerate(zip(nodes, sizes, layout.corners, strict=True))
            ),
            '<g class="pills"></g>',
            "</svg>",
        ]
    )


def _title(node: Mapping[str, Any]) -> tuple[str, str]:
    """The operation, and the name where it says more than the number below it."""
    itself = node["kind"] == "constant" and not node["shape"] and node["name"] == short(_plain(node["data"]))
    return node["symbol"], "" if itself else node["name"]


def _shape(node: Mapping[str, Any]) -> str:
    return f"({', '.join(map(str, node['shape']))}{',' if len(node['shape']) == 1 else ''})"


def _rows(node: Mapping[str, Any]) -> int:
    """How many lines of numbers stand below the title: data, and the gradient where there is one."""
    return 1 if node["kind"] == "constant" else 2


def _size(node: Mapping[str, Any]) -> tuple[float, float]:
    symbol, name = _title(node)
    title = (_columns(symbol) + _columns(name) + bool(symbol and name)) * TITLE_WIDTH
    if not node["shape"]:
        lines = _rows(node)
        width = max(title, TEXT_WIDTH * (_columns(short(_plain(node["data"]))) if lines == 1 else 15))
        return width + 2 * PADDING, LINE * ((1 if title else 0) + lines) + 11
    title += TEXT_WIDTH * (len(_shape(node)) + 1.5)
    across, down = _heat(node)
    heats = (2 * across + HEAT_GAP) if node["kind"] != "constant" else across
    return max(title, heats) + 2 * PADDING, LINE + down + 22


def _plain(data: Any) -> float:
    return float(data)


def _heat(node: Mapping[str, Any]) -> tuple[float, float]:
    rows = node["data"]["rows"]
    return CELL * max(1, min(MOST_ROWS, len(rows[0]) if rows else 1)), CELL * max(1, min(MOST_ROWS, len(rows)))


def _columns(text: str) -> int:
    """How many characters of a fixed-width font a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _box(i: int, node: Mapping[str, Any], size: tuple[float, float], at: tuple[float, float]) -> str:
    width, height = size
    symbol, name = _title(node)
    parts = [
        f'<g class="node {node["kind"]}" data-node="{i}" transform="translate({at[0] + GUTTER:.1f},{at[1]:.1f})">',
        f"<title>{escape(node['name'])}{escape(' = ' + node['made']) if node['made'] else ''}</title>",
        f'<rect class="box" width="{width:.1f}" height="{height:.1f}" rx="7"/>',
    ]
    base, left = LINE, PADDING
    for text, kind in ((symbol, "symbol"), (name, "name")):
        if text:
            parts.append(f'<text class="{kind}" x="{left:.1f}" y="{base:g}">{escape(text)}</text>')
            left += (_columns(text) + 1) * TITLE_WIDTH
    if node["shape"]:
        parts.append(f'<text class="shape" x="{width - PADDING:.1f}" y="{base:g}">{_shape(node)}</text>')
        across, down = _heat(node)
        for place_, kind in enumerate(("data", "grad")[: _rows(node)]):
            x = PADDING + place_ * (across + HEAT_GAP)
            parts.append(
                f'<g class="heat {kind}" transform="translate({x:.1f},{LINE + 7:g})">'
                f'<rect class="empty" width="{across:g}" height="{down:g}"/></g>'
            )
            parts.append(
                f'<text class="under" x="{x:.1f}" y="{LINE + down + 17:g}">{kind if across > 24 else kind[0]}</text>'
            )
    else:
        for line, kind in enumerate(("data", "grad")[: _rows(node)], 1 if symbol or name else 0):
            y = base + LINE * line + 2
            if _rows(node) == 2:
                parts.append(f'<text class="under" x="{PADDING:g}" y="{y:g}">{kind}</text>')
            text = short(_plain(node["data"])) if kind == "data" else "–"
            parts.append(f'<text class="number {kind}" x="{width - PADDING:.1f}" y="{y:g}">{escape(text)}</text>')
    return "".join([*parts, "</g>"])


def _wire(i: int, points: list[tuple[float, float]]) -> str:
    """Level pieces joined by bends, with an arrowhead, from box to box through their gutters.

    In whole pixels, and a bend by less than one is none: a wire across many columns stays short as a text.
    """
    (first, start), (last, end) = points[0], points[-1]
    x, y = round(first - GUTTER), round(start)
    path = f"M{x},{y}"
    for (x0, y0), (x1, y1) in zip(points[1:-1:2], points[2:-1:2], strict=True):
        if round(y1) != y:
            middle = round((x0 + x1) / 2)
            path += f"H{round(x0)}C{middle},{round(y0)} {middle},{round(y1)} {round(x1)},{round(y1)}"
            y = round(y1)
    path += f"H{round(last + GUTTER)}"
    head = f"M{round(last + GUTTER)},{round(end)}l{-ARROW:g},{-ARROW / 2:g}v{ARROW:g}z"
    return f'<g class="wire" data-edge="{i}"><path class="line" d="{path}"/><path class="head" d="{head}"/></g>'
