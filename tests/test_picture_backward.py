"""The backward picture: the gradient's own graph below that of the result."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, draw
from tests.test_picture_contents import article_a, neuron


def outermost(diagram, home):
    while diagram.frames[home].parent >= 0:
        home = diagram.frames[home].parent
    return diagram.frames[home].title


def numbers(diagram):
    return {
        box.label: [cell for row in box.rows if row.name in ("data", "") for cell in row.cells] for box in diagram.boxes
    }


def test_the_gradient_is_drawn_below_the_result():
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
    assert diagram.legend[-1] == ("#ffffff", "stands for the box of that name above")
    assert draw(article_a()).diagram.legend == ()
    ET.fromstring(picture.svg())
    assert "subgraph cluster_1" in picture.source


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


def test_what_has_no_gradient_is_refused():
    x = Tensor([1.0, 2.0], "x")
    with pytest.raises(ValueError, match="seed"):
        draw(x * 2.0, backward=True)
    with pytest.raises(ValueError, match="backward shows the whole gradient; leave only_path out"):
        draw(x.sum(), backward=True, only_path=(x, x))
    with pytest.raises(RuntimeError, match="depends on nothing that requires a gradient"):
        draw(Value(1.0, requires_grad=False), backward=True)
