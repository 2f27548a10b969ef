"""Our own drawing in Graphviz's language with every position given, so that its PNG and PDF are the same picture.

Graphviz only draws here (its layout ``nop2`` keeps positions): each rectangle, text and wire of the SVG becomes a node
or an edge where it stands.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import escape

__all__ = ["pinned"]

SVG = "{http://www.w3.org/2000/svg}"
FONT = "Helvetica,Arial,sans-serif"
SIZE = 12.0
BASELINE = 0.3  # of the font size, from the middle of a line down to the foot of its letters

Style = dict[str, str]


def pinned(svg: str, dpi: int) -> str:
    """The source to render with the engine ``nop2``.

    Parameters
    ----------
    svg
        As `svg.as_svg` writes it.
    dpi
        The pixels of an image for 72 of the SVG.
    """
    root = ET.fromstring(svg.encode())
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    drawing = _Drawing(top + height)
    drawing.walk(root, 0.0, 0.0, {"fill": "#000000", "stroke": "none"})
    corners = ((left, top), (left + width, top + height))
    ends = [
        f'c{i} [shape=point style=invis width=0.01 pos="{drawing.at(*corner)}"]' for i, corner in enumerate(corners)
    ]
    return "\n".join(
        [
            "digraph {",
            f'graph [outputorder=edgesfirst bgcolor=transparent pad="0" dpi={dpi} fontname="{FONT}"]',
            f'node [label="" shape=box fixedsize=shape fontname="{FONT}" fontsize={SIZE:g} margin="0"]',
            "edge [arrowsize=0.7]",
            *ends,
            *drawing.lines,
            "}",
        ]
    )


class _Drawing:
    """The lines of the source; Graphviz measures upwards, and sizes in inches."""

    def __init__(self, bottom: float) -> None:
        self.bottom = bottom
        self.lines: list[str] = []

    def at(self, x: float, y: float) -> str:
        return f"{x:.2f},{self.bottom - y:.2f}"

    def walk(self, element: ET.Element, x: float, y: float, style: Style) -> None:
        """Draw an element and what is in it, from (x, y)."""
        style = {**style, **element.attrib}
        for name in ("transform", "x", "y", "width", "height"):
            if name not in element.attrib:
                style.pop(name, None)
        moved = re.fullmatch(r"translate\(([-\d.]+),([-\d.]+)\)", element.attrib.get("transform", ""))
        if moved:
            x, y = x + float(moved[1]), y + float(moved[2])
        tag = element.tag.removeprefix(SVG)
        if tag == "rect":
            self.rect(x, y, style)
        elif tag == "text":
            self.text(element.text or "", x, y, style)
        elif tag == "path":
            self.path(element.attrib["d"], x, y, style)
        for child in element:
            self.walk(child, x, y, style)

    def node(self, **attributes: object) -> None:
        given = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        self.lines.append(f"n{len(self.lines)} [{given}]")

    def rect(self, x: float, y: float, style: Style) -> None:
        x, y = x + float(style.get("x", 0)), y + float(style.get("y", 0))
        width, height = float(style["width"]), float(style["height"])
        fill, line = style["fill"], style["stroke"]
        opacity = f"{round(255 * float(style.get('fill-opacity', 1))):02x}"
        self.node(
            pos=self.at(x + width / 2, y + height / 2),
            width=f"{width / 72:.4f}",
            height=f"{height / 72:.4f}",
            style="rounded,filled" if "rx" in style else "filled",
            fillcolor="transparent" if fill == "none" else fill + opacity,
            color="transparent" if line == "none" else line,
            penwidth=style.get("stroke-width", "1"),
        )

    def text(self, text: str, x: float, y: float, style: Style) -> None:
        width = float(style["textLength"])
        x, y = x + float(style.get("x", 0)), y + float(style.get("y", 0))
        middle = x - width / 2 if style.get("text-anchor") == "end" else x + width / 2
        shown = escape(text).replace("\\", "\\\\")
        bold = f"<B>{shown}</B>" if style.get("font-weight") == "bold" else shown
        place = f'pos="{self.at(middle, y - BASELINE * SIZE)}" width="{width / 72:.4f}" height="0.2"'
        self.lines.append(f'n{len(self.lines)} [shape=none {place} fontcolor="{style["fill"]}" label=<{bold}>]')

    def path(self, commands: str, x: float, y: float, style: Style) -> None:
        """A wire, a rule in a box, or cells of a heat picture; an arrowhead comes with its wire."""
        if style["stroke"] == "none":
            if "data-edge" in style and "h" not in commands:
                self.arrowhead(commands, x, y, style["fill"])
            else:
                for cell in _cells(commands):
                    self.rect(x, y, {**style, **cell, "stroke": "none"})
            return
        points = [(x + px, y + py) for px, py in _curve(commands)]
        spline = " ".join(self.at(*point) for point in points)
        if style["fill"] == "none":
            self.lines.append(f'c0 -> c1 [pos="{spline}" color="{style["stroke"]}" arrowhead=none]')
        else:  # the rule below a title stands on its box, so it is a box without height
            (x0, y0), (x1, _) = points[0], points[-1]
            self.rect(x0, y0, {"width": str(x1 - x0), "height": "0", "fill": "none", "stroke": style["stroke"]})

    def arrowhead(self, commands: str, x: float, y: float, colour: str) -> None:
        tip_x, tip_y, length, half = map(float, re.findall(r"-?[\d.]+", commands)[:4])
        self.node(
            pos=self.at(x + tip_x + length / 2, y + tip_y),
            shape="triangle",
            orientation="-90",
            width=f"{2 * abs(half) / 72:.4f}",
            height=f"{abs(length) / 72:.4f}",
            style="filled",
            fillcolor=colour,
            color="transparent",
        )


def _curve(commands: str) -> Iterator[tuple[float, float]]:
    """The handles of an SVG path of M, H and C commands as one spline."""
    x = y = 0.0
    for command, given in re.findall(r"([MHC])([-\d., ]+)", commands):
        numbers = list(map(float, re.findall(r"-?[\d.]+", given)))
        if command == "M":
            x, y = numbers
            yield x, y
        elif command == "H":
            yield from ((x + (numbers[0] - x) * part, y) for part in (1 / 3, 2 / 3, 1))
            x = numbers[0]
        else:
            yield from zip(numbers[::2], numbers[1::2], strict=True)
            x, y = numbers[-2:]


def _cells(commands: str) -> Iterator[Style]:
    """The rectangles of a path such as M0,0h7v7h-7z, one after the other."""
    for x, y, width, height in re.findall(r"M([-\d.]+),([-\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", commands):
        yield {"x": x, "y": y, "width": width, "height": height}
