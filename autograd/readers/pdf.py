"""Our own SVG as a PDF of one page: lines and areas stay lines and areas, and text can be selected and searched.

The letters are fonts of "type 3", whose every character is a small drawing: those that occur, up to 255 to a font.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from autograd.readers.glyphs import UNITS, glyph
from autograd.readers.outlines import Drawing, Path, Shape, Text, drawing, segments

__all__ = ["as_pdf"]

CODES = 255  # characters to a font; a code is one byte, and 0 stays free
MOST_IN_A_BLOCK = 100  # of a table of meanings
OPERATORS = {"M": "m", "L": "l", "C": "c", "Z": "h"}

Letter = tuple[str, bool]


def as_pdf(svg: str) -> bytes:
    """The picture as a PDF, 72 of the SVG to an inch, on a page of its size.

    Parameters
    ----------
    svg
        As `svg.as_svg` writes it.

    Examples
    --------
    >>> sheet = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><rect width="1" height="1"/></svg>'
    >>> as_pdf(sheet)[:8]
    b'%PDF-1.4'
    """
    sheet = drawing(svg)
    letters = sorted({(c, text.bold) for text in sheet.shapes if isinstance(text, Text) for c, _ in text.letters})
    codes = {letter: divmod(i, CODES) for i, letter in enumerate(letters)}
    opacities = sorted({shape.opacity for shape in sheet.shapes if isinstance(shape, Shape)})
    file = _File()
    fonts = [_font(file, letters[i : i + CODES]) for i in range(0, len(letters), CODES)]
    states = [file.add(f"<</ca {opacity:g}>>") for opacity in opacities]
    resources = (
        f"<</Font<<{''.join(f'/F{i} {font} 0 R' for i, font in enumerate(fonts))}>>"
        f"/ExtGState<<{''.join(f'/G{i} {state} 0 R' for i, state in enumerate(states))}>>>>"
    )
    content = file.stream("\n".join(_content(sheet, codes, opacities)))
    pages = file.add(f"<</Type/Pages/Count 1/Kids[{len(file.objects) + 2} 0 R]>>")
    file.add(
        f"<</Type/Page/Parent {pages} 0 R/MediaBox[0 0 {_number(sheet.width)} {_number(sheet.height)}]"
        f"/Group<</S/Transparency/CS/DeviceRGB>>/Resources{resources}/Contents {content} 0 R>>"
    )
    return file.written(root=file.add(f"<</Type/Catalog/Pages {pages} 0 R>>"))


class _File:
    """Objects, numbered from 1."""

    def __init__(self) -> None:
        self.objects: list[bytes] = []

    def add(self, content: str | bytes) -> int:
        """Append an object and return its number."""
        self.objects.append(content.encode() if isinstance(content, str) else content)
        return len(self.objects)

    def stream(self, content: str) -> int:
        """Append a compressed stream and return its number."""
        data = zlib.compress(content.encode("ascii"), 9)
        return self.add(b"<</Length %d/Filter/FlateDecode>>\nstream\n%b\nendstream" % (len(data), data))

    def written(self, root: int) -> bytes:
        """The file: the objects, where each of them stands, and which is the first."""
        file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, content in enumerate(self.objects, 1):
            places.append(len(file))
            file += b"%d 0 obj\n%b\nendobj\n" % (number, content)
        table = "".join(f"{place:010} 00000 n \n" for place in places)
        size = len(places) + 1
        end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root {root} 0 R>>\n"
        return bytes(file) + f"{end}startxref\n{len(file)}\n%%EOF\n".encode()


def _content(sheet: Drawing, codes: dict[Letter, tuple[int, int]], opacities: Sequence[float]) -> Iterable[str]:
    """The painting of the page; a PDF measures upwards, so all is turned over, and text turned back."""
    yield f"1 0 0 -1 0 {_number(sheet.height)} cm"
    for shape in sheet.shapes:
        if isinstance(shape, Text):
            yield from _text(shape, codes)
            continue
        if shape.fill:
            yield f"/G{opacities.index(shape.opacity)} gs {_colour(shape.fill)} rg"
        if shape.stroke:
            yield f"{_colour(shape.stroke)} RG {_number(shape.width)} w"
        if shape.fill or shape.stroke:
            paint = "B" if shape.fill and shape.stroke else "f" if shape.fill else "S"
            yield f"{_path(shape.path)} {paint}"


def _text(text: Text, codes: dict[Letter, tuple[int, int]]) -> Iterable[str]:
    """A line of text, in runs of letters of one font."""
    yield f"BT {_colour(text.fill)} rg {_number(100 * text.stretch)} Tz"
    runs: list[tuple[int, float, str]] = []
    for character, x in text.letters:
        font, code = codes[character, text.bold]
        if not runs or runs[-1][0] != font:
            runs.append((font, x, ""))
        runs[-1] = (*runs[-1][:2], f"{runs[-1][2]}{code + 1:02x}")
    for font, x, string in runs:
        yield f"/F{font} {_number(text.size)} Tf 1 0 0 -1 {_number(x)} {_number(text.y)} Tm <{string}> Tj"
    yield "ET"


def _font(file: _File, letters: Sequence[Letter]) -> int:
    """A font of these characters, which also says what they mean."""
    glyphs = [glyph(*letter) for letter in letters]
    drawings = [file.stream(f"{g.width:g} 0 d0 {_path(segments(g.path))} f") for g in glyphs]
    meanings = [f"<{i:02x}> <{character.encode('utf-16-be').hex()}>" for i, (character, _) in enumerate(letters, 1)]
    blocks = (meanings[i : i + MOST_IN_A_BLOCK] for i in range(0, len(meanings), MOST_IN_A_BLOCK))
    meaning = file.stream(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def /CMapName /Meaning def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        + "".join("\n".join([f"{len(block)} beginbfchar", *block, "endbfchar\n"]) for block in blocks)
        + "endcmap CMapName currentdict /CMap defineresource pop end end"
    )
    return file.add(
        f"<</Type/Font/Subtype/Type3/FontBBox[0 0 0 0]/FontMatrix[{1 / UNITS} 0 0 {1 / UNITS} 0 0]/Resources<<>>"
        f"/FirstChar 1/LastChar {len(letters)}/Widths[{' '.join(f'{g.width:g}' for g in glyphs)}]"
        f"/Encoding<</Type/Encoding/Differences[1 {''.join(f'/g{i}' for i in range(len(letters)))}]>>"
        f"/CharProcs<<{''.join(f'/g{i} {number} 0 R' for i, number in enumerate(drawings))}>>"
        f"/ToUnicode {meaning} 0 R>>"
    )


def _path(path: Path) -> str:
    return " ".join(
        " ".join([*(f"{_number(x)} {_number(y)}" for x, y in points), OPERATORS[command]]) for command, points in path
    )


def _colour(colour: str) -> str:
    return " ".join(_number(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))


def _number(value: float) -> str:
    """Three digits after the point, and never an exponent, which PDF has none of."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
