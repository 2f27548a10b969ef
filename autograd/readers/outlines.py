"""Our own SVG as a list of painted shapes, from which an image or a page is made without any other program.

It reads what `svg.as_svg` writes: rectangles, paths, pieces of text, groups that are moved.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from autograd.readers.glyphs import UNITS, glyph

__all__ = ["Drawing", "Path", "Segment", "Shape", "Text", "drawing", "segments"]

SVG = "{http://www.w3.org/2000/svg}"
CIRCLE = 0.5523  # where the handles of a quarter of a circle stand
INHERITED = ("fill", "stroke", "stroke-width", "fill-opacity", "font-weight", "font-size")

Point = tuple[float, float]
Segment = tuple[str, tuple[Point, ...]]
"""A command (M, L, C or Z) and the points it goes through or by, all from the same origin."""
Path = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A path, its colours as #rrggbb (empty for none), how opaque its inside is, and how broad its line."""

    path: Path
    fill: str
    stroke: str
    opacity: float = 1.0
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text: letters, each with its left end; they stand on `y`, in `size`, narrowed by `stretch`."""

    letters: tuple[tuple[str, float], ...]
    y: float
    size: float
    stretch: float
    bold: bool
    fill: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to paint, the first at the bottom, on a sheet whose corner is (0, 0)."""

    width: float
    height: float
    shapes: tuple[Shape | Text, ...]


def drawing(svg: str) -> Drawing:
    """Read a picture.

    Examples
    --------
    >>> square = '<rect width="4" height="3" fill="#ff0000"/>'
    >>> sheet = drawing(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 10 10">{square}</svg>')
    >>> sheet.width, sheet.shapes[0].fill, sheet.shapes[0].path[0]
    (10.0, '#ff0000', ('M', ((4.0, 4.0),)))
    """
    root = ET.fromstring(svg.encode())
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    return Drawing(width, height, tuple(_shapes(root, -left, -top, {"fill": "#000000", "stroke": "none"})))


def _shapes(element: ET.Element, x: float, y: float, outside: dict[str, str]) -> Iterator[Shape | Text]:
    given = element.attrib
    style = outside | {name: given[name] for name in INHERITED if name in given}
    moved = re.fullmatch(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)", given.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    tag = element.tag.removeprefix(SVG)
    if tag == "text":
        yield _text(element.text or "", given, x, y, style)
    elif tag in ("rect", "path"):
        path = _rectangle(given) if tag == "rect" else segments(given["d"])
        yield Shape(
            tuple((command, tuple((x + px, y + py) for px, py in points)) for command, points in path),
            style["fill"].replace("none", ""),
            style["stroke"].replace("none", ""),
            float(style.get("fill-opacity", 1)),
            float(style.get("stroke-width", 1)),
        )
    for child in element:
        yield from _shapes(child, x, y, style)


def _rectangle(given: dict[str, str]) -> Path:
    left, top = float(given.get("x", 0)), float(given.get("y", 0))
    right, bottom = left + float(given["width"]), top + float(given["height"])
    r = min(float(given.get("rx", 0)), (right - left) / 2, (bottom - top) / 2)
    if not r:
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        return (("M", corners[:1]), *(("L", (corner,)) for corner in corners[1:]), ("Z", ()))
    a = r * (1 - CIRCLE)
    return (
        ("M", ((left + r, top),)),
        ("L", ((right - r, top),)),
        ("C", ((right - a, top), (right, top + a), (right, top + r))),
        ("L", ((right, bottom - r),)),
        ("C", ((right, bottom - a), (right - a, bottom), (right - r, bottom))),
        ("L", ((left + r, bottom),)),
        ("C", ((left + a, bottom), (left, bottom - a), (left, bottom - r))),
        ("L", ((left, top + r),)),
        ("C", ((left, top + a), (left + a, top), (left + r, top))),
        ("Z", ()),
    )


def _text(text: str, given: dict[str, str], x: float, y: float, style: dict[str, str]) -> Text:
    """Letters side by side; narrowed to the width the text may have, never widened."""
    size = float(style.get("font-size", 12))
    bold = style.get("font-weight") == "bold"
    widths = [glyph(character, bold).width * size / UNITS for character in text]
    natural = sum(widths)
    room = float(given.get("textLength", natural))
    stretch = min(1.0, room / natural) if natural else 1.0
    x += float(given.get("x", 0)) - (natural * stretch if given.get("text-anchor") == "end" else 0)
    letters = []
    for character, width in zip(text, widths, strict=True):
        letters.append((character, x))
        x += width * stretch
    return Text(tuple(letters), y + float(given.get("y", 0)), size, stretch, bold, style["fill"])


def segments(commands: str) -> Path:
    """The path of an SVG in few commands, from one origin.

    Examples
    --------
    >>> segments("M1,2h3v4z")
    (('M', ((1.0, 2.0),)), ('L', ((4.0, 2.0),)), ('L', ((4.0, 6.0),)), ('Z', ()))
    """
    path: list[Segment] = []
    x = y = 0.0
    start = (x, y)
    for letter, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", commands):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        command = letter.upper()
        if command == "Z":
            path.append(("Z", ()))
            x, y = start
            continue
        if command not in _TAKES:
            raise ValueError(f"segments: {letter!r} is not a command of our own pictures; they have MLHVQCZ.")
        taken = _TAKES[command]
        for at in range(0, len(numbers), taken):
            ox, oy = (x, y) if letter.islower() else (0.0, 0.0)
            part = numbers[at : at + taken]
            if command in "HV":
                points = [(ox + part[0], y) if command == "H" else (x, oy + part[0])]
            else:
                points = [(ox + px, oy + py) for px, py in zip(part[::2], part[1::2], strict=True)]
            if command == "Q":
                (qx, qy), end = points
                points = [_between((x, y), (qx, qy), 2 / 3), _between(end, (qx, qy), 2 / 3), end]
            if command == "M" and at == 0:
                start = points[0]
                path.append(("M", (start,)))
            else:
                path.append(("C" if command in "QC" else "L", tuple(points)))
            x, y = points[-1]
    return tuple(path)


_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6}


def _between(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
