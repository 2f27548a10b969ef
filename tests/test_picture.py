"""Pictures say what the graph holds, whatever is written in the labels, and whatever renderer there is."""

import html.parser
import io
import os
import re
import shutil
import struct
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, draw
from autograd.readers.outlines import segments
from autograd.readers.png import slimmed
from autograd.readers.render import RenderError, write_whole
from autograd.readers.svg import as_svg

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
RENDERERS = ["dot", "pygraphviz", "own"]


def scalar_expression():
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Value(-2.0, "f")
    e = a * b
    e.label = "e"
    out = (e + c) * f
    out.label = "L"
    out.backward()
    return out


def square():
    x = Value(3.0, "x")
    y = x * x
    y.backward()
    return y


def network():
    rng = np.random.default_rng(0)
    w1, b1 = Tensor(rng.normal(size=(3, 4)), "W1"), Tensor(rng.normal(size=4), "b1")
    w2, b2 = Tensor(rng.normal(size=(4, 1)), "W2"), Tensor(rng.normal(size=1), "b2")
    x, y = rng.normal(size=(4, 3)), np.array([[1.0], [1.0], [0.0], [0.0]])
    out = autograd.sigmoid(autograd.sigmoid(x @ w1 + b1) @ w2 + b2)
    loss = np.mean((out - y) ** 2)
    loss.backward()
    return loss


@pytest.fixture
def only(monkeypatch, tmp_path):
    """`only("own")` hides the other renderers, as on a machine where they are not installed."""

    def only(renderer):
        if renderer == "dot" and shutil.which("dot") is None:
            pytest.skip("no dot program here")
        if renderer == "pygraphviz":
            pytest.importorskip("pygraphviz", exc_type=ImportError)
        if renderer != "dot":
            monkeypatch.setenv("PATH", str(tmp_path))
        if renderer != "pygraphviz":
            monkeypatch.setitem(sys.modules, "pygraphviz", None)

    return only


def rendered(picture, renderer):
    """The picture as SVG: from our own layout, or its source from one of Graphviz's."""
    if renderer == "own":
        return picture.svg()
    if renderer == "dot":
        svg = graphviz.pipe("dot", "svg", picture.source.encode()).decode()
    else:
        svg = __import__("pygraphviz").AGraph(string=picture.source).draw(format="svg", prog="dot").decode()
    return svg[svg.index("<svg") :]


def texts(svg):
    """What a reader sees, without regard to how a renderer cuts it into pieces."""
    parts = [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]
    return "".join("".join(parts).split())


# --- what is drawn ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scalar_expression", "square"])
def test_golden_source(name):
    assert draw(globals()[name]()).source == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")


def test_it_is_a_graphviz_digraph():
    assert isinstance(draw(square()), graphviz.Digraph)


def test_edges_stand_in_argument_order_and_repeat():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    for result, expected in [(b - a, [(1, 2), (0, 2)]), (a - b, [(0, 2), (1, 2)]), (a * a, [(0, 1), (0, 1)])]:
        edges = draw(result).diagram.edges
        assert [(edge.tail, edge.head) for edge in edges] == expected


def test_arguments_enter_from_top_to_bottom_in_every_renderer():
    a, b, c = (Tensor([[float(i)]], label) for i, label in enumerate("abc"))
    source = draw(np.concatenate([c, a, b])).source
    heads = {line.split(":")[0].strip(): line.split(":r")[1][0] for line in source.splitlines() if "->" in line}
    assert heads["n2"] < heads["n0"] < heads["n1"]


def test_sixty_diamonds_are_sixty_one_boxes():
    x = Value(1.0)
    for _ in range(60):
        x = x + x
    diagram = draw(x, limit=None).diagram
    assert (len(diagram.boxes), len(diagram.edges)) == (61, 120)


def test_a_long_chain_needs_no_recursion(only):
    only("own")
    x = Value(1.0)
    for _ in range(10_000):
        x = autograd.sin(x)
    picture = draw(x, limit=None)
    assert len(picture.diagram.boxes) == 10_001
    assert picture.svg().count("<rect ") == 10_001


def test_the_same_graph_gives_the_same_picture():
    first = draw(network())
    unrelated = [Value(float(i)) * 2 for i in range(7)]
    second = draw(network())
    assert len(unrelated) == 7
    assert first.source == second.source
    assert repr(first) == repr(second)
    assert first.diagram == second.diagram


def test_drawing_changes_nothing():
    x = Tensor([1.0, 2.0], "x")
    y = (x * x).sum()
    serials = [node.serial for node in autograd.tape(y)]
    assert draw(y).source == draw(y).source
    assert [node.serial for node in autograd.tape(y)] == serials
    y.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_kinds_are_told_apart():
    w, x = Value(1.0, "w"), Value(2.0, "x", requires_grad=False)
    kinds = {box.label or box.symbol: box.kind for box in draw(w * x).diagram.boxes}
    assert kinds == {"w": "leaf", "x": "constant", "*": "result"}
    fills = set(draw(w * x).source.split('BGCOLOR="')[i][:7] for i in (1, 2, 3))
    assert len(fills) == 3 and all(len(fill) == 7 and fill[0] == "#" for fill in fills)


def rows(node, index=0):
    return [(row.name, row.cells) for row in draw(node).diagram.boxes[index].rows]


def test_small_arrays_are_written_out_and_large_ones_summed_up():
    assert rows(Tensor([[1.0, 2.0], [3.0, 4.23456]])) == [("data", ("1", "2")), ("", ("3", "4.235"))]
    assert rows(Tensor(np.arange(12.0).reshape(3, 4)))[-1] == ("", ("8", "9", "10", "11"))
    assert rows(Tensor(np.arange(6.0))) == [("data", ("0", "1", "2", "3", "4", "5"))]
    for shape in ((13,), (7,), (7, 1), (2, 7), (4, 4)):
        assert rows(Tensor(np.arange(np.prod(shape, dtype=float)).reshape(shape)))[0][1][0].startswith("0 … ")
    assert rows(Tensor(np.full(20, 0.5))) == [("data", ("all 0.5",))]
    assert rows(Tensor(0.5 + 1e-6 * np.arange(20))) == [("data", ("0.5 … 0.500019",))]
    assert rows(Tensor(0.5 + 1e-12 * np.arange(20))) == [("data", ("about 0.5",))]
    assert rows(Tensor(np.zeros((0, 3)))) == [("data", ("empty",))]
    assert rows(Tensor(7.0)) == [("data", ("7",))]
    assert "(0, 3)" in draw(Tensor(np.zeros((0, 3)))).source


def test_what_is_not_finite_stands_out():
    assert rows(Value(float("nan"))) == [("data", ("nan",))]
    assert rows(Tensor([np.inf, -np.inf, np.nan])) == [("data", ("inf", "-inf", "nan"))]
    large = np.arange(20.0)
    large[:6] = np.nan, np.nan, np.nan, np.inf, np.inf, -np.inf
    assert rows(Tensor(large)) == [("data", ("6 … 19, 3 nan, 2 inf, 1 -inf",))]
    assert rows(Tensor(np.full(20, np.nan))) == [("data", ("20 nan",))]
    assert rows(Tensor([0.5] * 19 + [np.nan])) == [("data", ("0.5, 1 nan",))]


def test_a_gradient_appears_once_there_is_one():
    x = Tensor([1.0, 2.0])
    y = (x * 3.0).sum()
    assert [name for name, _ in rows(y)] == ["data"]
    y.backward()
    assert rows(y) == [("data", ("1", "2")), ("grad", ("3", "3"))]


def test_parameters_of_an_operation_are_shown_as_code():
    x = Tensor(np.ones((3, 4)))
    notes = [draw(result).diagram.boxes[-1].note for result in (np.sum(x, axis=0), x[0, 1:], x[::2], x.reshape(4, 3))]
    assert notes == ["(4,), axis=0", "(3,), index=[0, 1:]", "(2, 4), index=::2", "(4, 3)"]
    choice = draw(np.where(x.data > 0, x, 0.0)).diagram.boxes[-1]
    assert (choice.symbol, choice.note) == ("where", "(3, 4)")
    chosen = [draw(x[index]).diagram.boxes[-1].note for index in ((..., np.array([0, 1])), np.arange(3)[:, None] * 0)]
    assert chosen == ["(3, 2), index=[..., [0, 1]]", "(3, 1, 4), index=[[0], [0], [0]]"]
    assert draw(x[np.zeros(9, dtype=int)]).diagram.boxes[-1].note == "(9, 4), index=…"


def test_operations_are_written_as_mathematics_writes_them():
    x, y = Value(2.0), Value(3.0)
    made = (x * y, x - y, x / y, x**2, x**3, x**0.5, x**y, np.square(x), 1 / x)
    titles = [draw(result).diagram.boxes[-1].title[0][0] for result in made]
    assert titles == ["×", "−", "÷", "x²", "x³", "x^0.5", "xʸ", "x²", "÷"]


@pytest.mark.parametrize("change", ["assign", "write"])
def test_a_leaf_changed_after_its_use_says_so_and_still_points_forward(change):
    x = Tensor([1.0], "x")
    y = np.sin(x) * 2
    assert "changed" not in draw(y).source
    if change == "assign":
        x.data = [5.0]
    else:
        x.data[0] = 5.0
    boxes, edges = draw(y).diagram.boxes, draw(y).diagram.edges
    assert [box.label for box in boxes if "changed since" in box.note] == ["x"]
    assert all(edge.tail < edge.head for edge in edges)


def test_only_nodes_are_drawn():
    with pytest.raises(TypeError, match="draw: `node` must be a Value or a Tensor, such as a loss, not ndarray"):
        draw(np.ones(3))


# --- hostile labels ---------------------------------------------------------------------------------------------------

HOSTILE = {
    "quotes": "\"double\" 'single' `back`",
    "script": "<script>alert(1)</script>",
    "end of script": "</text></svg><script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "end of label": "</TABLE>> ]; n0 [label=<x>",
    "record": "{a|b} <f0> | \\{",
    "cdata": "]]> <![CDATA[ x ]]>",
    "comment": "--> <!-- // /* */ #",
    "entities": "&amp; &lt; &#60; & &nbsp;",
    "backslashes": "\\N \\G \\L \\n \\",
    "newlines": "one\ntwo\r\nthree\ttab",
    "control characters": "nul\x00 bell\x07 escape\x1b[31m delete\x7f",
    "right to left": "שלום \u202egnp.exe",
    "surrogate": "\ud800 alone",
    "noncharacters": "\ufffe\uffff",
    "emoji": "🦆 e\u0301",
    "long": "x" * 10_000,
    "long hostile": "<\x00" * 5_000,
    "space": " ",
    "brackets": "W1[0,0] %s %n $x ${y} @import;",
}


def visible(label):
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in label)
    return "".join((shown if len(shown) <= 40 else shown[:32] + f"… ({len(label):,} characters)").split())


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_label_is_only_text(only, renderer, label):
    only(renderer)
    x = Value(3.0, label)
    y = x * 2
    y.label = label
    svg = rendered(draw(y), renderer)
    root = ET.fromstring(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "title", "rect", "path", "text", "polygon", "polyline"}
    assert not [name for element in root.iter() for name in element.attrib if name.lower().startswith("on")]
    assert texts(svg).count(visible(label) + "data") >= 2

    started = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda tag, attributes: started.append(tag)
    parser.feed(svg)
    assert set(started) <= tags


@pytest.mark.parametrize("renderer", ["dot", "pygraphviz"])
def test_hostile_labels_leave_the_source_with_the_right_nodes_and_edges(only, renderer):
    only(renderer)
    total = Value(0.0)
    for label in HOSTILE.values():
        total = total + Value(1.0, label)
    root = ET.fromstring(rendered(draw(total), renderer))
    drawn = [element.get("class") for element in root.iter(f"{SVG}g")]
    assert (drawn.count("node"), drawn.count("edge")) == (1 + 2 * len(HOSTILE), 2 * len(HOSTILE))


@given(st.text())
@settings(max_examples=60, deadline=None)
def test_any_label_gives_well_formed_svg(label):
    svg = as_svg(draw(Value(1.0, label)).diagram)
    assert visible(label) in texts(svg)


# --- renderers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("make", [scalar_expression, square, network])
def test_every_renderer_shows_the_same_words_and_colours(only, renderer, make):
    only(renderer)
    picture = draw(make())
    svg = rendered(picture, renderer)
    pieces = texts(svg)
    for box in picture.diagram.boxes:
        assert "".join("".join(text for text, _ in box.title).split()) in pieces
        for row in box.rows:
            assert "".join("".join((row.name, *row.cells)).split()) in pieces
    for colour in ("#dcebfb", "#fff3d6", "#a61e4d", "#7b8794"):
        assert colour in svg


@pytest.mark.parametrize("renderer", RENDERERS)
def test_svg_comes_out_of_every_renderer(only, renderer):
    only(renderer)
    content = draw(square()).pipe("svg")
    assert isinstance(content, bytes)
    assert ET.fromstring(content).tag == f"{SVG}svg"
    text = draw(square()).pipe("svg", encoding="utf-8")
    assert text.startswith("<?xml")
    assert draw(square()).svg().startswith("<svg ")


@pytest.mark.parametrize("renderer", ["dot", "pygraphviz"])
def test_graphviz_makes_images_and_documents_of_what_was_changed(only, renderer):
    only(renderer)
    picture = draw(square())
    picture.node("mine", "a note")
    assert picture.pipe("png").startswith(b"\x89PNG")
    assert picture.pipe("pdf").startswith(b"%PDF")


def png_pixels(content):
    """Width, height, and the four bytes of every pixel, by another program's reading."""
    image = pytest.importorskip("matplotlib.image", exc_type=ImportError)
    return np.rint(255 * image.imread(io.BytesIO(content))).astype(int)


def test_an_image_is_the_same_picture(only):
    only("own")
    picture = draw(network(), heat="data", colour="grad", derivatives=True)
    root = ET.fromstring(picture.svg())
    left, top, width, height = map(float, root.get("viewBox").split())
    pixels = png_pixels(picture.pipe("png", dpi=144))
    assert abs(pixels.shape[1] - 2 * width) <= 3 and abs(pixels.shape[0] - 2 * height) <= 3
    seen = 0
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "box":
            x, y = map(float, group.get("transform")[10:-1].split(","))
            fill = group.find(f"{SVG}rect").get("fill")
            inside = pixels[round(2 * (y + 14 - top)), round(2 * (x + 4 - left))]
            outside = pixels[round(2 * (y + 14 - top)), round(2 * (x - 2.5 - left))]
            colour = [int(fill[i : i + 2], 16) for i in (1, 3, 5)]
            assert np.abs(inside[:3] - colour).max() <= 8 and inside[3] == 255
            seen += np.abs(outside[:3] - colour).max() > 8 or outside[3] < 255
    assert seen == len(picture.diagram.boxes)
    assert sum(picture.pipe("pdf").startswith(start) for start in (b"%PDF", b"%!PS")) == 1


def test_a_png_is_small_and_loses_nothing_to_see():
    if shutil.which("dot") is None:
        pytest.skip("no dot program here")
    before = graphviz.pipe("dot", "png", draw(network()).source.encode())
    after = slimmed(before)
    assert len(after) < 0.5 * len(before)
    difference = np.abs(png_pixels(after) - png_pixels(before))
    assert np.mean(difference.max(axis=-1) > 64) < 0.002 and difference.mean() < 0.5


def test_what_was_changed_by_hand_is_in_the_image(only):
    only("pygraphviz")
    picture = draw(square())
    before = picture.pipe("png")
    picture.node("mine", "a note")
    assert png_pixels(picture.pipe("png")).shape != png_pixels(before).shape


def test_a_png_of_another_kind_is_left_alone():
    header = struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0) + b"\0\0\0\0"
    for content in (b"no png", b"\x89PNG\r\n\x1a\n" + header):
        assert slimmed(content) == content


@pytest.mark.parametrize("format", ["gif", "ps"])
def test_without_graphviz_another_image_says_what_to_install(only, format):
    only("own")
    with pytest.raises(
        RenderError, match=r"Cannot draw '.*' here: install Graphviz, .*pip install \"chainrule\[demo\]"
    ):
        draw(square()).pipe(format)


def test_unknown_names_are_refused_not_guessed():
    with pytest.raises(ValueError, match="format 'svgg' is not one that Graphviz knows"):
        draw(square()).pipe("svgg")
    with pytest.raises(ValueError, match="engine 'dots' is not one that Graphviz knows"):
        draw(square()).pipe("svg", engine="dots")


@pytest.mark.parametrize("failure", ["crash", "not executable", "OSError"])
def test_a_rung_that_fails_passes_on(only, monkeypatch, tmp_path, failure):
    only("own")
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\nexit 139\n")
    program.chmod(0o755 if failure == "crash" else 0o600)
    if failure == "OSError":

        def popen(*args, **kwargs):
            raise OSError(138, "Function not implemented")

        monkeypatch.setattr("subprocess.Popen", popen)
    assert "<rect " in draw(square()).svg()


def test_changes_by_hand_are_never_dropped_silently(only):
    only("own")
    for change in (lambda p: p.node("mine", "a note"), lambda p: p.graph_attr.update(rankdir="TB")):
        picture = draw(square())
        change(picture)
        with pytest.raises(RenderError, match="cannot draw what was changed after draw"):
            picture.svg()


def test_changes_by_hand_are_drawn_by_graphviz(only):
    only("pygraphviz")
    picture = draw(square())
    picture.node("mine", "a note")
    assert "anote" in texts(picture.svg())


def test_a_copy_is_independent(only):
    only("own")
    picture = draw(square())
    copied = picture.copy()
    copied.node("mine")
    assert picture.source == draw(square()).source != copied.source
    assert "<rect " in picture.svg()


# --- our own drawing --------------------------------------------------------------------------------------------------


def test_wide_characters_get_room(only):
    only("own")
    root = ET.fromstring(draw(Value(1.0, "漢字仮名交じり文")).svg())
    assert float(root.find(f".//{SVG}rect").get("width")) >= 8 * 12


def test_text_stays_in_its_box_and_out_of_its_neighbours(only):
    only("own")
    root = ET.fromstring(draw(network()).svg())
    boxes = [group for group in root.iter(f"{SVG}g") if group.find(f"{SVG}rect") is not None]
    assert len(boxes) == 15
    for box in boxes:
        rect = box.find(f"{SVG}rect")
        lines = {}
        for text in box.findall(f"{SVG}text"):
            x, y, length = float(text.get("x")), float(text.get("y")), float(text.get("textLength"))
            left = x - length if text.get("text-anchor") == "end" else x
            assert 12 <= y <= float(rect.get("height")) - 3
            lines.setdefault(y, []).append((left, left + length))
        for spans in lines.values():
            edges = [end for span in spans for end in span]
            assert edges == sorted(edges)
            assert edges[0] >= 7 and edges[-1] <= float(rect.get("width")) - 7


def test_a_wire_runs_from_left_to_right():
    for i in range(40):
        x = Value(3.0**i / 7, "x" * (1 + i % 7))
        y = x * x + 1
        y.backward()
        for path in ET.fromstring(draw(y).svg()).iter(f"{SVG}path"):
            d = path.get("d")
            if path.get("data-edge") and "C" in d:
                xs = [float(pair.split(",")[0]) for pair in re.findall(r"[-\d.]+,[-\d.]+|(?<=H)[-\d.]+", d)]
                assert xs == sorted(xs)


def test_wires_that_run_together_are_drawn_once():
    x = Value(0.5, "x")
    y = x
    for _ in range(30):
        y = autograd.sin(y) + x
    picture = draw(y, fold=False)
    edges = picture.diagram.edges
    passed, drawn_twice, lengths = {}, 0, []
    for path in ET.fromstring(picture.svg()).iter(f"{SVG}path"):
        if path.get("data-edge") and "C" in path.get("d"):
            tail = edges[int(path.get("data-edge"))].tail
            begin, *pieces = [points[-1] for _, points in segments(path.get("d"))]
            assert segments(path.get("d"))[1][1][0][1] == begin[1], "a wire leaves level"
            assert tail not in passed or begin in passed[tail], "a wire begins at its box, or where it parts"
            drawn_twice += sum(point in passed.get(tail, ()) for point in pieces)
            passed.setdefault(tail, set()).update([begin, *pieces])
            lengths.append(len(pieces))
    assert len(lengths) == len(edges) == 90 and drawn_twice == 0
    assert sum(lengths) < 6 * len(edges)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("renderer", RENDERERS)
def test_render_and_save_write_where_graphviz_would(only, renderer, tmp_path):
    only(renderer)
    folder = tmp_path / "out"
    picture = draw(square())
    assert picture.render("net", folder) == str(folder / "net.svg")
    assert (folder / "net").read_text(encoding="utf-8") == picture.source
    assert "<svg" in (folder / "net.svg").read_text(encoding="utf-8")
    picture.render(outfile=folder / "other.svg", cleanup=True)
    assert picture.save(folder / "net.dot") == str(folder / "net.dot")
    assert (folder / "net.dot").read_text(encoding="utf-8") == picture.source
    picture.directory = str(folder)
    assert picture.render(outfile="in_folder.svg", cleanup=True) == str(folder / "in_folder.svg")
    os.remove(folder / "in_folder.svg")
    picture.save("saved.svg")
    assert ET.parse(folder / "saved.svg").getroot().tag == f"{SVG}svg"
    assert sorted(os.listdir(folder)) == ["net", "net.dot", "net.svg", "other.svg", "saved.svg"]


@pytest.mark.parametrize("name", ["net.gif", "net", "net.svg.txt", "net.jpg"])
def test_an_unknown_suffix_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"save: '.*' does not end in .svg, .html, .png, .pdf, .dot, .gv"):
        draw(square()).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_page_stands_alone_in_light_and_dark(tmp_path):
    x = Value(3.0, HOSTILE["end of script"])
    draw(x * x).save(tmp_path / "net.html")
    page = (tmp_path / "net.html").read_text(encoding="utf-8")
    started = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda tag, attributes: started.append(tag)
    parser.feed(page)
    assert started.count("svg") == 1 and not {"script", "img", "link", "iframe"} & set(started)
    assert "color-scheme:light dark" in page and "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "&lt;script&gt;" in page


def test_a_failed_rendering_touches_no_file(only, tmp_path):
    only("own")
    changed = draw(square())
    changed.node("mine")
    for write in (
        lambda: draw(square()).render("net", tmp_path, format="gif"),
        lambda: changed.save(tmp_path / "net.png"),
        lambda: changed.save(tmp_path / "net.pdf"),
    ):
        with pytest.raises(RenderError):
            write()
    assert os.listdir(tmp_path) == []


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "net.svg"
    path.write_text("before")

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, b"after")
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["net.svg"]


# --- notebooks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("renderer", "kinds"),
    [
        ("dot", {"text/plain", "image/svg+xml", "image/png"}),
        ("pygraphviz", {"text/plain", "image/svg+xml", "image/png"}),
        ("own", {"text/plain", "image/svg+xml", "image/png"}),
    ],
)
def test_a_notebook_gets_the_best_there_is(only, renderer, kinds):
    only(renderer)
    bundle = draw(square())._repr_mimebundle_()
    assert bundle.keys() == kinds
    assert bundle["text/plain"] == "n0 = leaf x  data 3  grad 6\nn1 = *(n0, n0)  data 9  grad 1"


def test_a_notebook_may_choose():
    picture = draw(square())
    assert picture._repr_mimebundle_(include=["image/svg+xml"]).keys() == {"image/svg+xml"}
    assert picture._repr_mimebundle_(exclude=["image/svg+xml", "image/png"]).keys() == {"text/plain"}


def test_a_notebook_never_sees_an_exception(monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("everything is broken")

    monkeypatch.setattr("autograd.readers.picture.render", broken)
    assert draw(square())._repr_mimebundle_().keys() == {"text/plain"}


def test_a_huge_picture_is_not_shown_unasked():
    x = Value(1.0)
    for _ in range(600):
        x = autograd.sin(x)
    bundle = draw(x, limit=None)._repr_mimebundle_()
    assert bundle.keys() == {"text/plain"}
    assert bundle["text/plain"].splitlines()[-2:] == [
        "... and 541 more",
        '601 boxes are too many to show unasked; .save("picture.svg") draws them all',
    ]


def test_a_large_picture_is_not_shown_in_pixels():
    x = Value(1.0)
    for _ in range(100):
        x = autograd.sin(x)
    assert draw(x, limit=None)._repr_mimebundle_().keys() == {"text/plain", "image/svg+xml"}


def test_a_node_shows_itself():
    x = Value(3.0, "x")
    assert x._repr_mimebundle_() == {"text/plain": "Value(data=3.0, label='x')"}
    y = x * x
    bundle = y._repr_mimebundle_(exclude=["image/png"])
    assert bundle.keys() == {"text/plain", "image/svg+xml"} and bundle["text/plain"] == repr(y)
    assert ET.fromstring(bundle["image/svg+xml"]).tag == f"{SVG}svg"
    assert y._repr_mimebundle_(include=["text/plain"]).keys() == {"text/plain"}


def test_a_node_never_fails_to_show_itself(monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("everything is broken")

    monkeypatch.setattr("autograd.readers.picture.as_diagram", broken)
    y = Value(3.0) * 2.0
    assert y._repr_mimebundle_() == {"text/plain": repr(y)}
