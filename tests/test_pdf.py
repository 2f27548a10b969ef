"""PDF without Graphviz: a well-formed file of the picture's size, with its text, its colours and its lines."""

import re
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_raster import HOSTILE, SVG, no_graphviz  # noqa: F401 - the fixture is used by being here

import autograd
from autograd import Tensor, Value, draw
from autograd.readers.glyphs import UNITS, glyph
from autograd.readers.pdf import as_pdf


class File:
    """A PDF, read by its own table of places."""

    def __init__(self, content):
        assert content.startswith(b"%PDF-1.4\n") and content.endswith(b"%%EOF\n")
        start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", content)[1])
        table = re.match(
            rb"xref\n0 (\d+)\n0000000000 65535 f \n((?:\d{10} 00000 n \n)+)trailer\n(.+)\n", content[start:]
        )
        places = [int(line[:10]) for line in table[2].splitlines()]
        assert len(places) + 1 == int(table[1]) == int(re.search(rb"/Size (\d+)", table[3])[1])
        self.objects = {}
        for number, place in enumerate(places, 1):
            body = re.match(rb"(\d+) 0 obj\n(.*?)\nendobj\n", content[place:], re.DOTALL)
            assert int(body[1]) == number
            self.objects[number] = body[2]
        self.root = self.objects[int(re.search(rb"/Root (\d+) 0 R", table[3])[1])]
        pages = self.objects[self.reference(self.root, "Pages")]
        self.page = self.objects[int(re.search(rb"/Kids\[(\d+) 0 R\]", pages)[1])]
        self.content = self.stream(self.reference(self.page, "Contents"))

    def reference(self, body, name):
        return int(re.search(rf"/{name} (\d+) 0 R".encode(), body)[1])

    def stream(self, number):
        head, data = re.match(rb"<<(.*?)>>\nstream\n(.*)\nendstream$", self.objects[number], re.DOTALL).groups()
        assert int(re.search(rb"/Length (\d+)", head)[1]) == len(data)
        return zlib.decompress(data).decode("ascii")

    def font(self, name):
        return self.objects[self.reference(self.page, name)]

    def meanings(self, name):
        table = self.stream(self.reference(self.font(name), "ToUnicode"))
        pairs = re.findall(r"<(\w\w)> <(\w+)>", table.split("endcodespacerange")[1])
        return {code: bytes.fromhex(text).decode("utf-16-be") for code, text in pairs}

    def texts(self):
        """Every line of text as (x, y, text)."""
        found = []
        for line in re.findall(r"BT (.*?)\nET", self.content, re.DOTALL):
            runs = re.findall(r"/(F\d+) [\d.]+ Tf 1 0 0 -1 ([-\d.]+) ([-\d.]+) Tm <(\w*)> Tj", line)
            text = "".join(
                self.meanings(font)[code[i : i + 2]] for font, _, _, code in runs for i in range(0, len(code), 2)
            )
            found.append((*map(float, runs[0][1:3]), text))
        return found


def sheet(inside, width=8, height=8):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -2 {width} {height}">{inside}</svg>'


def network():
    rng = np.random.default_rng(0)
    w, b = Tensor(rng.normal(size=(3, 4)), "W"), Tensor(rng.normal(size=4), "b")
    with autograd.scope("hidden"):
        hidden = autograd.sigmoid(rng.normal(size=(4, 3)) @ w + b)
    loss = np.mean(hidden**2)
    loss.backward()
    return loss


def test_a_saved_picture_has_its_size_its_text_and_its_colours(tmp_path):
    picture = draw(network(), heat=True, derivatives=True, depth=1)
    picture.save(tmp_path / "net.pdf")
    file = File((tmp_path / "net.pdf").read_bytes())
    root = ET.fromstring(picture.svg())
    *_, width, height = map(float, root.get("viewBox").split())
    box = [float(n) for n in re.search(rb"/MediaBox\[([^]]*)\]", file.page)[1].split()]
    assert box == pytest.approx([0, 0, width, height])
    assert [text for *_, text in file.texts()] == [element.text for element in root.iter(f"{SVG}text")]
    colours = {c for element in root.iter() for c in (element.get("fill"), element.get("stroke")) if c}
    for colour in colours - {"none"}:
        number = " ".join(f"{int(colour[i : i + 2], 16) / 255:.3f}".rstrip("0").rstrip(".") for i in (1, 3, 5))
        assert f"{number} rg" in file.content or f"{number} RG" in file.content, colour
    assert b"/ca 0.1>>" in b"".join(file.objects.values())


def test_shapes_stand_where_they_should():
    file = File(as_pdf(sheet('<g transform="translate(1,1)"><rect x="2" width="3" height="4" fill="#ff0000"/></g>')))
    assert file.content.splitlines()[0] == "1 0 0 -1 0 8 cm"
    assert file.content.splitlines()[1:] == ["/G0 gs 1 0 0 rg", "4 3 m 7 3 l 7 7 l 4 7 l h f"]


@pytest.mark.parametrize(
    ("attributes", "painted"),
    [
        ('fill="#ffffff" stroke="#000000" stroke-width="0.5"', "B"),
        ('fill="none" stroke="#000000" stroke-width="0.5"', "S"),
        ('fill="#ffffff"', "f"),
    ],
)
def test_areas_and_lines_are_painted_as_such(attributes, painted):
    file = File(as_pdf(sheet(f'<path d="M0,0C1,1 2,1 3,0z" {attributes}/>')))
    assert file.content.endswith(f"1 2 m 2 3 3 3 4 2 c h {painted}")
    assert ("0 0 0 RG 0.5 w" in file.content) == (painted != "f")
    assert ("1 1 1 rg" in file.content) == (painted != "S")


def test_every_area_is_as_opaque_as_it_should():
    opaque, pale = '<rect width="1" height="1"/>', '<rect width="2" height="2" fill-opacity="0.25"/>'
    file = File(as_pdf(sheet(opaque + pale)))
    states = [file.objects[file.reference(file.page, name)] for name in re.findall(r"/(G\d) gs", file.content)]
    assert states == [b"<</ca 1>>", b"<</ca 0.25>>"]


def test_text_stands_where_it_should():
    line = '<text x="1" y="5" fill="#000000">no</text><text x="7" y="5" fill="#000000" text-anchor="end">no</text>'
    (left, top, text), (right, *_) = File(as_pdf(sheet(line, 40))).texts()
    width = 12 * (glyph("n").width + glyph("o").width) / UNITS
    assert (left, top, text) == (2, 7, "no") and right == pytest.approx(8 - width, abs=1e-3)
    narrow = File(as_pdf(sheet(f'<text textLength="{width / 2}" fill="#000000">no</text>', 40)))
    assert " 50 Tz" in narrow.content


def test_a_font_holds_what_it_says():
    file = File(as_pdf(sheet('<text fill="#000000">ab</text><text fill="#000000" font-weight="bold">a</text>', 40)))
    font = file.font("F0").decode()
    names = re.search(r"/Differences\[1 (.*?)\]", font)[1].split("/")[1:]
    widths = [float(n) for n in re.search(r"/Widths\[(.*?)\]", font)[1].split()]
    assert list(file.meanings("F0").values()) == ["a", "a", "b"]
    assert widths == [glyph("a").width, glyph("a", bold=True).width, glyph("b").width]
    drawings = [file.stream(int(re.search(rf"/{name} (\d+) 0 R", font)[1])) for name in names]
    assert all(drawing.startswith(f"{width:g} 0 d0 ") for drawing, width in zip(drawings, widths, strict=True))
    assert len(set(drawings)) == 3 and all(drawing.endswith(" h f") for drawing in drawings)


def test_more_characters_than_one_font_holds():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 300))) + "end"
    file = File(as_pdf(sheet(f'<text fill="#000000">{text}</text>', 40)))
    assert file.texts()[0][2] == text and len(file.meanings("F0")) == 255 and len(file.meanings("F1")) == 48


@pytest.mark.parametrize("label", [*HOSTILE, "x" * 10_000, " ", "\0"])
def test_hostile_labels(label):
    x = Value(3.0, label)
    picture = draw(x * x, derivatives=True)
    shown = [element.text for element in ET.fromstring(picture.svg()).iter(f"{SVG}text") if element.text]
    assert [text for *_, text in File(picture.pipe("pdf")).texts()] == shown


@given(st.text())
@settings(max_examples=30, deadline=None)
def test_any_label_gives_a_page(label):
    assert File(draw(Value(1.0, label)).pipe("pdf")).texts()


@given(st.floats(-1e7, 1e7), st.floats(1e-9, 1e-3))
def test_no_number_is_written_with_an_exponent(x, width):
    file = File(as_pdf(sheet(f'<path d="M{x:.9f},0H2" fill="none" stroke="#000000" stroke-width="{width:.12f}"/>')))
    assert not re.search(r"\de", file.content)
