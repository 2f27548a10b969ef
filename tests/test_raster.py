"""PNG without Graphviz: what covers a pixel, which letters stand where, and that every box has its colour."""

import os
import struct
import sys
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, draw
from autograd.readers import png, raster
from autograd.readers.glyphs import UNITS, glyph
from autograd.readers.outlines import segments
from autograd.readers.raster import as_png

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "a]]>b & \"q\" 's'",
    "|{}\\n %()",
    "שלום",
    "日本語 e\u0301 😀",
    "\u202eevil",
    "a\nb",
]


@pytest.fixture(autouse=True)
def no_graphviz(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def chunks(content):
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    found, at = {}, 8
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", content, at + 8 + size)[0] == zlib.crc32(kind + body)
        found[kind] = body
        at += 12 + size
    return found


def pixels(content):
    """(height, width, 4) from a PNG with a palette."""
    parts = chunks(content)
    width, height, *form = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert form == [8, 3, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + width)
    assert not lines[:, 0].any()
    palette = np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3)
    opacity = np.frombuffer(parts[b"tRNS"], np.uint8)
    return np.concatenate([palette[lines[:, 1:]], opacity[lines[:, 1:], None]], axis=2).astype(int)


def sheet(inside, width=8, height=8):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{inside}</svg>'


def rgb(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def network():
    rng = np.random.default_rng(0)
    w, b = Tensor(rng.normal(size=(3, 4)), "W"), Tensor(rng.normal(size=4), "b")
    with autograd.scope("hidden"):
        hidden = autograd.sigmoid(rng.normal(size=(4, 3)) @ w + b)
    loss = np.mean(hidden**2)
    loss.backward()
    return loss


# --- what covers a pixel ----------------------------------------------------------------------------------------------


def test_a_pixel_is_as_opaque_as_it_is_covered():
    image = pixels(as_png(sheet('<rect x="1.5" y="2.5" width="2" height="2" fill="#102030"/>'), 72))
    opacity = image[:, :, 3] / 255
    expected = np.zeros((8, 8))
    expected[2:5, 1:4] = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    assert np.allclose(opacity, expected, atol=1 / 255)
    assert (image[opacity > 0, :3] == (0x10, 0x20, 0x30)).all()


def test_resolution_is_in_the_size_and_in_the_file():
    square = sheet('<rect width="8" height="8" fill="#ffffff"/>')
    for dpi, size in ((72, 8), (144, 16), (36, 4)):
        parts = chunks(as_png(square, dpi))
        assert struct.unpack(">II", parts[b"IHDR"][:8]) == (size, size)
        assert struct.unpack(">IIB", parts[b"pHYs"]) == (round(dpi / 0.0254), round(dpi / 0.0254), 1)


def test_a_huge_picture_becomes_a_smaller_image(monkeypatch):
    monkeypatch.setattr(raster, "MOST_PIXELS", 400)
    assert pixels(as_png(sheet('<rect width="9" height="9"/>', 100, 100), 144)).shape == (20, 20, 4)


def test_a_line_lies_on_both_sides_of_its_path_and_leaves_the_inside_free():
    for rounding in ("", ' rx="0.5"'):
        box = f'<rect x="2" y="2" width="4" height="4"{rounding} fill="none" stroke="#ff0000"/>'
        opacity = pixels(as_png(sheet(box), 144))[:, :, 3]
        assert (opacity[8, :] == [0] * 3 + [255] * 2 + [0] * 6 + [255] * 2 + [0] * 3).all()
        assert (opacity[:, 8] == opacity[8, :]).all()


@pytest.mark.parametrize("commands", ["M1,4H7", "M1,4L7,4", "M7,4h-6", "M1,4C3,4 5,4 7,4", "M1,4H4H4H7"])
def test_every_way_to_write_a_line(commands):
    opacity = pixels(as_png(sheet(f'<path d="{commands}" fill="none" stroke="#000000"/>'), 144))[:, :, 3]
    expected = np.zeros((16, 16))
    expected[7:9, 2:14] = 255
    assert (opacity == expected).all()


def test_a_long_curve_has_no_corners():
    path = '<path d="M10,10C60,10 60,590 110,590" fill="none" stroke="#000000"/>'
    opacity = pixels(as_png(sheet(path, 120, 600), 144))[:, :, 3]
    t = np.linspace(0, 0.99, 2000)
    x = 10 * (1 - t) ** 3 + 180 * t * (1 - t) + 110 * t**3
    y = 10 * (1 - t) ** 2 * (1 + 2 * t) + 590 * t**2 * (3 - 2 * t)
    assert opacity[(2 * y).astype(int), (2 * x).astype(int)].min() > 100


def test_corners_are_round_and_bends_go_through_their_points():
    opacity = pixels(as_png(sheet('<rect width="8" height="8" rx="4"/>'), 720))[:, :, 3] / 255
    assert opacity.mean() == pytest.approx(np.pi / 4, abs=0.003) and opacity[10, 10] < 0.5 < opacity[13, 13]
    bend = pixels(as_png(sheet('<path d="M0,0Q4,8 8,0z"/>'), 720))[:, :, 3] / 255
    assert bend.mean() == pytest.approx(8 * 8 / 2 * 2 / 3 / 64, abs=0.005)


def test_an_open_line_may_return_to_its_start():
    opacity = pixels(as_png(sheet('<path d="M2,2H6V6H2V2" fill="none" stroke="#000000"/>'), 144))[:, :, 3]
    assert (opacity[3:5, 6:10] == 255).all() and (opacity[6:10, 3:5] == 255).all()


def test_colours_mix_with_what_is_below():
    below = '<rect width="8" height="8" fill="#0000ff"/>'
    above = '<rect width="4" height="8" fill="#ff0000" fill-opacity="0.25"/>'
    image = pixels(as_png(sheet(below + above), 72))
    assert (image[:, :4] == (64, 0, 191, 255)).all() and (image[:, 4:] == (0, 0, 255, 255)).all()
    alone = pixels(as_png(sheet(above), 72))
    assert (alone[:, :4] == (255, 0, 0, 64)).all() and not alone[:, 4:].any()


def test_groups_move_what_is_in_them_and_hand_on_their_colours():
    inner = '<g transform="translate(2,3)"><rect width="1" height="1"/></g>'
    image = pixels(as_png(sheet(f'<g transform="translate(1.0,-1.0)" fill="#00ff00">{inner}</g>'), 72))
    assert np.argwhere(image[:, :, 3]).tolist() == [[2, 3]] and image[2, 3].tolist() == [0, 255, 0, 255]


@given(st.lists(st.floats(-4, 12), min_size=6, max_size=6))
@settings(max_examples=80, deadline=None)
def test_a_triangle_covers_its_area_also_beyond_the_rim(corners):
    points = np.array(corners).reshape(3, 2)
    edges = np.hstack([points, np.roll(points, -1, axis=0)])
    covered = np.zeros(64)
    starts, lengths, parts = raster._runs(edges, 8, 8)
    covered[raster._each(starts, lengths)] = np.repeat(parts, lengths)
    many = (np.arange(8 * 16) + 0.5) / 16
    x, y = np.meshgrid(many, many)
    sides = [(x - a) * (d - b) - (y - b) * (c - a) for a, b, c, d in edges]
    inside = np.all(np.array(sides) > 0, axis=0) | np.all(np.array(sides) < 0, axis=0)
    sampled = inside.reshape(8, 16, 8, 16).mean(axis=(1, 3))
    assert np.abs(covered.reshape(8, 8) - sampled).max() <= 0.5 / raster.LEVELS + 0.1


def test_painting_in_batches_changes_nothing(monkeypatch):
    svg = draw(network()).svg()
    at_once = as_png(svg)
    monkeypatch.setattr(raster, "PIXELS_AT_ONCE", 1000)
    assert as_png(svg) == at_once


# --- letters ----------------------------------------------------------------------------------------------------------


def text(content, **attributes):
    given = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return sheet(f'<text {given} fill="#000000">{content}</text>', 60, 20)


def extent(svg):
    """The first and last column, the first and last row, of the ink, in the picture's own measure."""
    rows, columns = np.nonzero(pixels(as_png(svg, 720))[:, :, 3] > 127)
    return columns.min() / 10, (columns.max() + 1) / 10, rows.min() / 10, (rows.max() + 1) / 10


def test_text_stands_where_it_should():
    left, right, top, foot = extent(text("HH", x=10, y=15))
    assert 10 < left < 11.5 and 10 + 2 * 12 * 0.722 - 1.5 < right < 10 + 2 * 12 * 0.722
    assert foot == 15 and top == pytest.approx(15 - 12 * 0.69, abs=0.3)


def test_text_ends_where_it_should_and_keeps_to_its_width():
    _, right, _, _ = extent(text("HH", x=40, y=15, text_anchor="end"))
    assert 38.5 < right < 40
    left, right, _, _ = extent(text("HHHH", x=10, y=15, textLength=20))
    assert 10 < left < 11 and 29 < right < 30
    assert extent(text("H", x=10, y=15, textLength=50)) == extent(text("H", x=10, y=15))


def test_letters_have_their_shape():
    ring = pixels(as_png(text("O", x=2, y=15), 720))[:, :, 3]
    left, right, top, foot = (round(10 * side) for side in extent(text("O", x=2, y=15)))
    middle = (top + foot) // 2, (left + right) // 2
    assert ring[middle] == 0 and ring[middle[0], left + 3] == 255 and ring[top, left] == 0
    for upper, lower in ("TL", "∇∆"):  # heavy above, heavy below: the letters stand on their feet
        halves = []
        for letter in (upper, lower):
            ink = pixels(as_png(text(letter, x=2, y=15), 720))[:, :, 3]
            rows = ink[ink.any(axis=1)].sum(axis=1)
            halves.append(rows[: len(rows) // 2].sum() > rows[len(rows) // 2 :].sum())
        assert halves == [True, False]
    bold = pixels(as_png(text("O", x=2, y=15, font_weight="bold"), 720))[:, :, 3]
    assert bold.sum() > 1.2 * ring.sum()


def test_every_character_the_pictures_use_is_known():
    box = glyph("\N{HIRAGANA LETTER A}").path
    used = "σΣ∂⊙ᵀ×·−√∞≤≥…⋯→←∥‖′″²³⁻¹₀₁₂½π∇Δ≈≠±÷∈∑∏∫⟨⟩éÄßñ" + "".join(map(chr, range(33, 127)))
    for bold in (False, True):
        paths = [glyph(c, bold).path for c in used]
        assert box not in paths and all(paths) and len(set(paths)) == len(used)
        assert all(segments(path)[-1][0] == "Z" for path in paths)
    assert glyph("H").width / UNITS == pytest.approx(0.722, abs=1e-3)
    assert (glyph("\u0301").width, glyph("\u0301").path) == (0, "")


# --- whole pictures ---------------------------------------------------------------------------------------------------


def test_every_box_and_cell_has_its_colour(tmp_path):
    picture = draw(network(), heat=True, derivatives=True, depth=1)
    picture.save(tmp_path / "net.png")
    image = pixels((tmp_path / "net.png").read_bytes())
    root = ET.fromstring(picture.svg())
    left, top, width, height = map(float, root.get("viewBox").split())
    assert image.shape == (round(2 * height), round(2 * width), 4)
    checked = set()
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "box":
            x, y = map(float, group.get("transform")[10:-1].split(","))
            box = group.find(f"{SVG}rect")
            inside = image[round(2 * (y + 14 - top)), round(2 * (x + 4 - left))]
            outside = image[round(2 * (y + 14 - top)), round(2 * (x - 2.5 - left))]
            assert inside.tolist() == [*rgb(box.get("fill")), 255] != outside.tolist()
            edge = image[round(2 * (y + float(box.get("height")) / 2 - top)), round(2 * (x - left)) + np.arange(-1, 2)]
            assert np.abs(edge[:, :3] - rgb(box.get("stroke"))).max(axis=1).min() <= 60
            checked.add("box")
            for heat in group.iter(f"{SVG}g"):
                if heat.get("class") == "heat":
                    dx, dy = map(float, heat.get("transform")[10:-1].split(","))
                    for path in heat.iter(f"{SVG}path"):
                        px, py = map(float, path.get("d")[1:].split("h")[0].split(","))
                        cell = image[round(2 * (y + dy + py + 4 - top)), round(2 * (x + dx + px + 4 - left))]
                        assert cell.tolist() == [*rgb(path.get("fill")), 255]
                        checked.add("cell")
    assert checked == {"box", "cell"}
    assert image[0, 0, 3] == 0


def test_labels_are_written_in_their_boxes():
    x = Value(3.0, "WWWW")
    picture = draw(x, data=False)
    image = pixels(picture.pipe("png"))
    ink = np.abs(image[:, :, :3] - rgb("#1f2933")).max(axis=2) < 8
    rows, columns = np.nonzero(ink & (image[:, :, 3] == 255))
    label = next(ET.fromstring(picture.svg()).iter(f"{SVG}text"))
    width = float(label.get("textLength"))
    assert columns.min() >= 2 * 12 and columns.max() <= 2 * (12 + width) + 1
    assert columns.max() - columns.min() > 1.6 * width and rows.min() > 4 and rows.max() < 2 * 19


@pytest.mark.parametrize("label", [*HOSTILE, "x" * 10_000, " ", "\0"])
def test_hostile_labels(label):
    x = Value(3.0, label)
    picture = draw(x * x, derivatives=True)
    image = pixels(picture.pipe("png"))
    *_, width, height = map(float, ET.fromstring(picture.svg()).get("viewBox").split())
    assert image.shape == (round(2 * height), round(2 * width), 4) and (image[:, :, 3] == 255).mean() > 0.3


@given(st.text())
@settings(max_examples=30, deadline=None)
def test_any_label_gives_an_image(label):
    assert pixels(draw(Value(1.0, label)).pipe("png")).any()


@pytest.mark.parametrize(("name", "begins"), [("net.png", b"\x89PNG"), ("net.pdf", b"%PDF-")])
def test_a_file_is_written_as_a_whole_or_not_at_all(name, begins, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_bytes(b"before")

    def full(*args):
        raise OSError("no space left")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space left"):
        patched.setattr(os, "replace", full)
        draw(network()).save(path)
    assert path.read_bytes() == b"before" and os.listdir(tmp_path) == [name]
    draw(network()).save(path)
    assert path.read_bytes().startswith(begins) and os.listdir(tmp_path) == [name]


# --- the palette ------------------------------------------------------------------------------------------------------


def test_up_to_256_colours_are_kept():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (256, 4), np.uint8)
    image = colours[rng.integers(0, 256, (40, 50))]
    assert (pixels(png.encoded(image, 72)) == image).all()


def test_of_more_colours_the_rare_ones_give_way_to_the_nearest():
    ramp = np.zeros((2, 256, 4), np.uint8)
    ramp[0, :, 0] = ramp[1, :, 1] = np.arange(256)
    ramp[:, :, 3] = 255
    often = np.concatenate([np.repeat(ramp, 2, axis=0)[:, ::2], ramp[:, ::2], np.roll(ramp, 1, axis=1)[:, ::2]])
    image = pixels(png.encoded(often, 72))
    assert (image[:6] == often[:6]).all()
    assert np.abs(image - often).max() == 1
