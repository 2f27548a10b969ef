"""The backward picture: the gradient's own graph beside that of the result."""

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, draw
from autograd.readers.outlines import segments
from tests.test_picture_contents import article_a, article_b, neuron

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def outermost(diagram, home):
    while diagram.frames[home].parent >= 0:
        home = diagram.frames[home].parent
    return diagram.frames[home].title


def numbers(diagram):
    return {
        box.label: [cell for row in box.rows if row.name in ("data", "") for cell in row.cells] for box in diagram.boxes
    }


def test_the_gradient_has_a_frame_of_its_own():
    diagram = draw(neuron(), backward=True, grad=False).diagram
    assert [frame.title for frame in diagram.frames] == [
        "forward",
        "backward",
        "back through loss = …²",
        "back through σ(…)",
        "back through w · x",
    ]
    assert [frame.parent for frame in diagram.frames] == [-1, -1, 1, 1, 1]
    assert all(box.home >= 0 for box in diagram.boxes)


def test_its_numbers_are_the_gradients():
    loss = article_a()
    found = numbers(draw(loss, backward=True, grad=False).diagram)
    for node in autograd.tape(loss):
        if node.is_leaf and node.requires_grad:
            assert found[f"∂loss/∂{node.label}"] == [f"{entry:.4g}" for entry in node.grad.ravel()]


def test_no_wire_runs_from_one_part_to_the_other():
    for make in (neuron, article_a):
        diagram = draw(make(), backward=True).diagram
        for edge in diagram.edges:
            tail, head = diagram.boxes[edge.tail], diagram.boxes[edge.head]
            assert outermost(diagram, tail.home) == outermost(diagram, head.home)
            assert edge.tail < edge.head


def test_white_boxes_name_what_the_gradient_takes_from_the_forward_part():
    picture = draw(article_a(), backward=True)
    diagram = picture.diagram
    references = [(box.label, box.note, box.serials) for box in diagram.boxes if box.kind == "reference"]
    assert references == [
        ("… − Y", "(4, 1)", ()),
        ("σ(…)", "(4, 1)", ()),
        ("W2", "(4, 1)", ()),
        ("σ(…)", "(4, 4)", ()),
        ("σ(…)", "(4, 4)", ()),
    ]
    names = [box.label or box.symbol for box in diagram.boxes]
    assert ("W2", "T") in [(names[edge.tail], names[edge.head]) for edge in diagram.edges]
    assert diagram.legend[-1] == ("#ffffff", "stands for the box of that name on the left")
    assert draw(article_a()).diagram.legend == ()
    ET.fromstring(picture.svg())
    assert "subgraph cluster_1" in picture.source


def drawn(picture):
    """From a picture's SVG: the rectangles of the boxes and of the frames, and where each wire begins and ends.

    It ends where the tip of its arrowhead is, and begins on the side of the arrowhead's foot.
    """
    boxes, frames, wires = {}, [], {}
    for element in ET.fromstring(picture.svg()).iter():
        given = element.attrib
        if given.get("class") == "box":
            rectangle = element.find(f"{SVG}rect").attrib
            x, y = map(float, given["transform"][10:-1].split(","))
            boxes[int(given["data-box"])] = (x, y, float(rectangle["width"]), float(rectangle["height"]))
        elif given.get("fill-opacity") == "0.1":
            frames.append(tuple(float(given[name]) for name in ("x", "y", "width", "height")))
        elif "data-edge" in given and "C" in given.get("d", ""):
            path = segments(given["d"])
            wires[int(given["data-edge"])] = (path[0][1][0], path[-1][1][-1])
        elif given.get("d", "").endswith("z") and "data-edge" in given:
            start, end = wires[int(given["data-edge"])]
            ((_, (tip,)), (_, (foot,)), *_) = segments(given["d"])
            assert tip == end and (foot[1] < tip[1]) == (start[1] < end[1])
    return boxes, frames, wires


@pytest.mark.parametrize("make", [neuron, article_a, article_b])
def test_forward_and_backward_stand_side_by_side(make):
    picture = draw(make(), backward=True)
    boxes, frames, wires = drawn(picture)
    (x1, y1, width1, height1), (x2, y2, _, height2) = (
        place for place, frame in zip(frames, picture.diagram.frames, strict=True) if frame.parent < 0
    )
    assert (y1, height1) == (y2, height2) and x1 + width1 < x2
    second = [frame.parent for frame in picture.diagram.frames].index(-1, 1)
    assert len(wires) == len(picture.diagram.edges)
    for number, edge in enumerate(picture.diagram.edges):
        backward = picture.diagram.boxes[edge.head].home >= second
        assert all((x > x2) == backward for x, _ in wires[number])
        (_, top, _, tall), (_, head, _, height) = boxes[edge.tail], boxes[edge.head]
        (_, start), (_, end) = wires[number]
        if any(other.tail == edge.tail for other in picture.diagram.edges[:number]):  # it parts from another
            start = top if backward else top + tall
        near = pytest.approx((top, head + height) if backward else (top + tall, head), abs=0.2)
        assert (start, end) == near and (start > end) == backward, "down the one, up the other"


@pytest.mark.parametrize("make, least", [(neuron, 1.0), (article_a, 1.0), (article_b, 0.8)])
def test_an_operation_is_level_with_the_way_back_through_it(make, least):
    picture = draw(make(), backward=True)
    boxes, frames, _ = drawn(picture)
    ways = [box for box in picture.diagram.boxes if box.through >= 0]
    assert {picture.diagram.frames[box.home].title for box in ways} == {
        frame.title for frame in picture.diagram.frames if frame.title.startswith("back through")
    }
    level = []
    for box in ways:
        (_, top, _, height), (_, begin, _, length) = boxes[box.through], frames[box.home]
        level.append(max(top, begin) < min(top + height, begin + length))  # a line across the page meets both
    assert sum(level) >= least * len(level) > 0


def test_what_each_way_back_goes_through():
    diagram = draw(neuron(), backward=True).diagram
    found = {(diagram.boxes[box.through].symbol, box.symbol) for box in diagram.boxes if box.through >= 0}
    assert found == {("x²", "+"), ("x²", "*"), ("σ", "*"), ("σ", "-"), ("*", "*")}
    assert all(box.through < 0 for box in draw(neuron()).diagram.boxes)


@pytest.mark.parametrize("name", ["neuron", "article_a", "article_b"])
def test_golden_source(name):
    source = draw(globals()[name](), backward=True).source
    assert source == (GOLDEN / f"{name}_backward.dot").read_text(encoding="utf-8")


def test_what_needs_no_gradient_keeps_its_name():
    diagram = draw(neuron(), backward=True).diagram
    assert [box.label for box in diagram.boxes].count("x") == 2  # in the forward half, and where w's gradient uses it
    y = Value(2.0, "y") * 3.0
    y.args[1].label = "three"  # a Constant is no operand, named or not
    assert autograd.grad(y * y, y.args[0], create_graph=True).data == 36.0


def test_graphviz_is_told_to_draw_it_alike():
    picture = draw(neuron(), backward=True)
    lines = [line.strip() for line in picture.source.splitlines()]
    assert "rankdir=TB" in picture.source and "rankdir=TB" not in draw(neuron()).source
    level = {tuple(re.findall(r"n(\d+)", line)) for line in lines if line.startswith("{rank=same")}
    places = {box.label or box.symbol: str(i) for i, box in enumerate(picture.diagram.boxes)}
    assert (places["loss"], str(len(places))) not in level and len(level) == 3
    assert level <= {(str(box.through), str(i)) for i, box in enumerate(picture.diagram.boxes)}
    if shutil.which("dot"):
        svg = ET.fromstring(graphviz.pipe("dot", "svg", picture.source.encode()))
        assert len([g for g in svg.iter(f"{SVG}g") if g.get("class") == "edge"]) == len(picture.diagram.edges)


@pytest.mark.parametrize("make", [lambda: Value(2.0, "x"), lambda: Value(2.0, "x") + Value(1.0, "y")])
def test_a_gradient_without_operations_has_its_frame_too(make):
    picture = draw(make(), backward=True)
    _, frames, _ = drawn(picture)
    assert [frame.title for frame in picture.diagram.frames] == ["forward", "backward"] and len(frames) == 2
    assert all(box.home >= 0 for box in picture.diagram.boxes)


def test_what_a_folded_gradient_takes_from_the_forward_part_is_wired():
    rng = np.random.default_rng(0)
    w, v = Tensor(rng.normal(size=(2, 3)), "w"), Tensor(rng.normal(size=(3, 3)), "v")
    h = Tensor(np.zeros((1, 3)), "h", requires_grad=False)
    for _ in range(10):
        h = np.tanh(rng.normal(size=(1, 2)) @ w + h @ v)
    diagram = draw(np.sum(h**2), backward=True).diagram
    tails = {edge.tail for edge in diagram.edges}
    references = [i for i, box in enumerate(diagram.boxes) if box.kind == "reference"]
    assert references and set(references) <= tails
    assert any("×" in frame.text for frame in diagram.frames)


def test_white_boxes_stay_white():
    diagram = draw(article_a(), backward=True, colour="grad").diagram
    assert {box.colours.fill for box in diagram.boxes if box.kind == "reference"} == {"#ffffff"}


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "html"])
def test_it_is_saved_like_any_picture(suffix, tmp_path):
    path = draw(neuron(), backward=True, derivatives=True).save(tmp_path / f"picture.{suffix}")
    assert Path(path).stat().st_size > 1000


def test_local_derivatives_stand_before_the_arrowheads():
    picture = draw(neuron(), backward=True, derivatives=True)
    _, _, wires = drawn(picture)
    texts = [edge.text for edge in picture.diagram.edges]
    rectangles = {
        int(group.get("data-edge")): group.find(f"{SVG}rect").attrib
        for group in ET.fromstring(picture.svg()).iter(f"{SVG}g")
        if "data-edge" in group.attrib
    }
    assert sorted(rectangles) == [i for i, text in enumerate(texts) if text] and any(texts)
    for number, rectangle in rectangles.items():
        (_, start), (x, end) = wires[number]
        left, top = float(rectangle["x"]), float(rectangle["y"])
        right, bottom = left + float(rectangle["width"]), top + float(rectangle["height"])
        assert left < x < right and min(start, end) < top and bottom < max(start, end)
    places = [tuple(float(given[name]) for name in ("x", "y", "width", "height")) for given in rectangles.values()]
    for i, (x, y, width, height) in enumerate(places):
        for left, top, across, tall in places[:i]:
            assert x + width <= left or left + across <= x or y + height <= top or top + tall <= y


def test_with_scopes_closed_each_operation_is_gone_through_in_one_box():
    diagram = draw(neuron(), backward=True, depth=0).diagram
    groups = [box.label for box in diagram.boxes if box.kind == "group"]
    assert groups == ["back through loss = …²", "back through σ(…)", "back through w · x"]
    assert not [box for box in diagram.boxes if box.kind == "reference"]


def test_nodes_with_the_same_cotangent_share_its_box():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    total = a + b
    labels = [box.label for box in draw(total * 3.0, backward=True).diagram.boxes]
    assert "∂out/∂total = ∂out/∂b = ∂out/∂a" in labels


def test_what_adds_up_adds_up():
    x = Value(3.0, "x")
    y = x * x
    y.label = "y"
    boxes = {box.label: box for box in draw(y, backward=True).diagram.boxes}
    assert boxes["∂y/∂x"].symbol == "+" and boxes["∂y/∂x"].rows[0].cells == ("6",)


def test_what_adds_up_belongs_to_no_operation():
    w = Value(3.0, "w")
    z = autograd.sin(w)
    y = z * z
    diagram = draw(y, backward=True).diagram
    (box,) = [box for box in diagram.boxes if box.label == "∂y/∂z"]
    assert (box.symbol, diagram.frames[box.home].title) == ("+", "backward")


def test_drawing_the_gradient_changes_nothing():
    x = Tensor([1.0, 2.0], "x")
    y = np.sum(x * x)
    before = [(node.serial, node.label, node.origin) for node in autograd.tape(y)]
    draw(y, backward=True)
    assert [(node.serial, node.label, node.origin) for node in autograd.tape(y)] == before
    assert x.grad is None
    with autograd.no_grad():
        assert "backward" in [frame.title for frame in draw(y, backward=True).diagram.frames]


def test_the_transpose_of_the_data_keeps_its_name():
    X = np.arange(6.0).reshape(2, 3)
    w = Tensor(np.ones((3, 1)), "w")
    labels = [box.label for box in draw(np.sum((X @ w) ** 2), backward=True).diagram.boxes]
    assert "X" in labels and "Xᵀ" in labels


@pytest.mark.parametrize("limit", [300, 30])
def test_a_huge_gradient_keeps_to_the_limit(limit):
    x = Value(0.5, "x")
    y = x
    for _ in range(3000):
        y = autograd.sin(y * 1.01) + x
    diagram = draw(y, backward=True, limit=limit).diagram
    assert len(diagram.boxes) <= limit and diagram.notes
    assert [frame.title for frame in diagram.frames][:1] == ["forward"]


def test_a_gradient_without_operations_keeps_to_the_limit():
    state = np.random.default_rng(0)
    pool = [Value(1.0, f"x{i}") for i in range(4)]
    for _ in range(500):
        i, j = state.integers(max(0, len(pool) - 6), len(pool), 2)
        pool.append(pool[-1] + pool[i] if i % 3 else pool[-1] + pool[i] + pool[j])
    diagram = draw(pool[-1], backward=True, limit=20).diagram
    assert len(diagram.boxes) <= 20 and "each box stands for" in diagram.notes[0]


def test_what_has_no_gradient_is_refused():
    x = Tensor([1.0, 2.0], "x")
    with pytest.raises(ValueError, match="seed"):
        draw(x * 2.0, backward=True)
    with pytest.raises(ValueError, match="backward shows the whole gradient; leave only_path out"):
        draw(x.sum(), backward=True, only_path=(x, x))
    with pytest.raises(RuntimeError, match="depends on nothing that requires a gradient"):
        draw(Value(1.0, requires_grad=False), backward=True)
