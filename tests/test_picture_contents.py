"""What stands in the boxes and beside the wires: names, heat, colours, local derivatives, marks."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import autograd
import nn
from autograd import Tensor, Value, draw
from autograd.readers.elements import INFINITE, NOT_A_NUMBER
from autograd.readers.heat import COLD_TO_HOT, heat_picture
from autograd.readers.shading import shaded

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def neuron():
    w, b = Value(-0.5, "w"), Value(0.25, "b")
    x, y = Value(2.0, "x", requires_grad=False), Value(1.0, "y", requires_grad=False)
    loss = (autograd.sigmoid(w * x + b) - y) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def article_a():
    """The 3-4-1 network of the XOR article, examples in rows."""
    state = np.random.RandomState(1)
    w1, w2 = Tensor(state.randn(3, 4), "W1"), Tensor(state.randn(4, 1), "W2")
    b1, b2 = Tensor(state.randn(4), "b1"), Tensor(state.randn(1), "b2")
    x = Tensor([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1]], "X", requires_grad=False)
    y = Tensor([[1], [1], [0], [0]], "Y", requires_grad=False)
    with autograd.scope("hidden"):
        h = autograd.sigmoid(x @ w1 + b1)
    with autograd.scope("output"):
        out = autograd.sigmoid(h @ w2 + b2)
    loss = np.mean((out - y) ** 2)
    loss.label = "loss"
    loss.backward()
    return loss


def article_b():
    """The 2-4-1 network of the layers article, examples in columns, with its cross-entropy."""
    state = np.random.RandomState(3)
    w1, w2 = Tensor(state.randn(4, 2) * 0.01, "W1"), Tensor(state.randn(1, 4) * 0.01, "W2")
    b1, b2 = Tensor(np.zeros((4, 1)), "b1"), Tensor(np.zeros((1, 1)), "b2")
    x = Tensor([[0, 0, 1, 1], [0, 1, 0, 1]], "X", requires_grad=False)
    y = Tensor([[0, 1, 1, 0]], "Y", requires_grad=False)
    with autograd.scope("layer 1"):
        a1 = autograd.sigmoid(w1 @ x + b1)
    with autograd.scope("layer 2"):
        a2 = autograd.sigmoid(w2 @ a1 + b2)
    with autograd.scope("cost"):
        cost = -np.sum(np.log(a2) * y + np.log(1 - a2) * (1 - y)) / 4
    cost.label = "cost"
    cost.backward()
    return cost


@pytest.mark.parametrize(
    ("name", "options"),
    [("article_a", {}), ("article_b", {}), ("neuron", {"derivatives": True}), ("article_a", {"heat": True})],
)
def test_golden_source(name, options):
    file = "_".join([name, *options]) + ".dot"
    assert draw(globals()[name](), **options).source == (GOLDEN / file).read_text(encoding="utf-8")


def boxes(picture):
    return {box.label or box.symbol: box for box in picture.diagram.boxes}


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_node_is_called_as_the_variable_that_holds_it():
    a, b = Value(1.0), Value(2.0, "given")
    product = a * b
    picture = draw(product + 1)
    assert [(box.symbol, box.label) for box in picture.diagram.boxes] == [
        ("", "a"),
        ("", "given"),
        ("*", "product"),
        ("", ""),
        ("+", ""),
    ]
    assert product.label is None


def test_variables_of_the_module_count_where_the_function_has_none():
    def inner():
        return [box.label for box in draw(GLOBAL * 2.0).diagram.boxes]

    assert inner() == ["GLOBAL", "", ""]


GLOBAL = Value(1.0)


def test_nodes_in_containers_are_called_by_their_place():
    weights = [Value(1.0), Value(2.0)]
    named = {"bias": Value(3.0)}
    grid = autograd.scalars(np.ones((1, 2)))
    _hidden = Value(4.0)
    total = weights[0] + weights[1] + named["bias"] + grid[0, 1] + _hidden
    labels = {box.label for box in draw(total).diagram.boxes if box.kind == "leaf"}
    assert labels == {"weights[0]", "weights[1]", "named['bias']", "grid[0,1]", ""}


def test_an_array_is_called_as_the_variable_it_came_from():
    X = np.array([[1.0, 2.0]])
    w = Tensor([[1.0], [2.0]], "w")
    assert [box.label for box in draw(X @ w).diagram.boxes] == ["w", "X", ""]


def test_label_gives_nodes_the_names_of_variables():
    def build():
        w, b = Value(0.5), Value(1.0, "bias")
        parts = [w * 2.0, w * b]
        out = parts[0] + parts[1]
        autograd.label(locals())
        return out

    nodes = autograd.tape(build())
    assert [node.label for node in nodes] == ["w", "bias", None, "parts[0]", "parts[1]", "out"]
    with pytest.raises(TypeError, match="label takes a dict of names, such as locals"):
        autograd.label([Value(1.0)])
    with pytest.raises(TypeError, match="label takes a dict of names"):
        autograd.label({1: Value(1.0)})


def test_parameters_are_called_by_their_path():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 1)))
    leaves = [box.label for box in draw(model(np.ones((1, 2)))).diagram.boxes if box.kind == "leaf"]
    assert leaves == ["0.weight", "0.bias", "1.0.weight", "1.0.bias"]


# --- what a box shows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "titles", "rows"),
    [
        ({}, [("W", "(1, 2)"), ("* y", "(1, 2)")], ["data", "grad"]),
        ({"data": False}, [("W", "(1, 2)"), ("* y", "(1, 2)")], ["grad"]),
        ({"grad": False}, [("W", "(1, 2)"), ("* y", "(1, 2)")], ["data"]),
        ({"label": False}, [("", "leaf (1, 2)"), ("*", "(1, 2)")], ["data", "grad"]),
        ({"symbol": False}, [("W", "(1, 2)"), ("y", "(1, 2)")], ["data", "grad"]),
        ({"shape": False}, [("W", ""), ("* y", "")], ["data", "grad"]),
        ({"data": False, "grad": False, "shape": False}, [("W", ""), ("* y", "")], []),
    ],
)
def test_what_a_box_shows_is_chosen(options, titles, rows):
    w = Tensor([[1.0, 2.0]], "W")
    y = w * w
    y.label = "y"
    y.backward(np.ones((1, 2)))
    picture = draw(y, **options)
    assert [(f"{b.symbol} {b.label}".strip(), b.note) for b in picture.diagram.boxes] == titles
    assert all([row.name for row in box.rows] == rows for box in picture.diagram.boxes)
    ET.fromstring(picture.svg())


def test_minus_zero_is_zero():
    assert draw(Value(-0.0)).diagram.boxes[0].rows[0].cells == ("0",)


# --- heat -------------------------------------------------------------------------------------------------------------


def test_heat_replaces_the_numbers_by_a_picture_and_their_range():
    w = Tensor([[1.0, -2.0], [0.0, 1.0]], "W")
    y = (w * w).sum()
    y.backward()
    data, grad = draw(y, heat=True).diagram.boxes[0].rows
    assert data.cells == ("-2 … 1",) and grad.cells == ("-4 … 2",)
    assert data.heat == ((COLD_TO_HOT[6], COLD_TO_HOT[0]), (COLD_TO_HOT[4], COLD_TO_HOT[6]))
    data, *_, grad = draw(y, heat="grad").diagram.boxes[0].rows
    assert data.cells == ("1", "-2") and not data.heat and grad.heat
    svg = draw(y, heat="data").svg()
    assert svg.count('class="heat"') == 2 and "each array on its own scale" in svg
    assert draw(y).svg().count('class="heat"') == 0


def test_a_single_number_has_no_heat():
    x = Value(2.0)
    assert all(not row.heat for box in draw(x * x, heat=True).diagram.boxes for row in box.rows)


@given(arrays(float, array_shapes(min_dims=0, max_dims=4, max_side=40), elements=st.floats(-1e300, 1e300)))
def test_heat_is_small_and_keeps_the_extremes(array):
    grid = heat_picture(array)
    assert len(grid) <= 16 and all(len(line) == len(grid[0]) <= 16 for line in grid)
    colours = {colour for line in grid for colour in line}
    if np.abs(array).max():
        assert colours & {COLD_TO_HOT[0], COLD_TO_HOT[-1]}
        if array.ndim <= 2 and max(array.shape, default=1) <= 16:
            assert (COLD_TO_HOT[-1] in colours) == (array.max() > 0.875 * np.abs(array).max())
    else:
        assert colours == {"#ffffff"}


def test_one_nan_among_a_million_shows():
    array = np.zeros((1000, 1000))
    array[567, 890] = np.nan
    array[3, 4] = -np.inf
    cells = [colour for line in heat_picture(array) for colour in line]
    assert (cells.count(NOT_A_NUMBER), cells.count(INFINITE)) == (1, 1)


# --- colours ----------------------------------------------------------------------------------------------------------


def test_boxes_are_painted_by_the_size_of_their_gradients():
    x = Value(1.0, "x")
    small, large = x * 1e-8, x * 1.0
    total = small * 1.0 + large * 100.0
    total.backward()
    fills = {box.label: box.fill for box in draw(total, colour="grad").diagram.boxes if box.label}
    assert fills["large"] == fills["x"] != fills["small"]
    legend = draw(total, colour="grad").diagram.legend
    assert legend[0][1] == "largest |grad|: 1" and legend[7] == ("", "1e+02")
    assert not draw(total).diagram.legend


def test_the_sign_of_a_gradient_does_not_matter():
    x, y = Value(1.0, "x"), Value(1.0, "y")
    total = x * 100.0 + y * -100.0 + x * y * 0.001
    total.backward()
    found = boxes(draw(total, colour="grad"))
    assert found["x"].fill == found["y"].fill != found["total"].fill


def test_shades_are_logarithmic():
    line = [10.0**-i for i in range(6)]
    made, legend = shaded([draw(Value(1.0)).diagram.boxes[0]] * 6, line)
    assert [box.fill for box in made] == [colour for colour, _ in legend[6:0:-1]]


@pytest.mark.parametrize("odd", [0.0, math.nan, math.inf])
def test_zero_nan_and_inf_stand_out(odd):
    x, y, z = Value(1.0, "x"), Value(1.0, "y"), Value(1.0, "z", requires_grad=False)
    total = x * 3.0 + y * odd + z
    total.backward()
    picture = draw(total, colour="grad")
    found = boxes(picture)
    name = {0.0: "zero"}.get(odd, str(odd))
    assert (found["y"].fill, name) in picture.diagram.legend
    assert (found["z"].fill, "no gradient") in picture.diagram.legend
    assert len({found["x"].fill, found["y"].fill, found["z"].fill}) == 3
    assert [text for _, text in draw(x * 3.0, colour="grad").diagram.legend][-2:] != [name, "no gradient"]


def test_text_on_colours_is_dark():
    loss = neuron()
    assert all(row.colour == "#1f2933" for box in draw(loss, colour="grad").diagram.boxes for row in box.rows)


def test_before_backward_nothing_has_a_gradient():
    x = Value(1.0)
    assert draw(x * x, colour="grad").diagram.legend == (("", "largest |grad|:"), ("#eef0f2", "no gradient"))


# --- local derivatives ------------------------------------------------------------------------------------------------


def beside(picture):
    names = [box.label or box.symbol or box.kind for box in picture.diagram.boxes]
    return {(names[edge.tail], names[edge.head]): edge.text for edge in picture.diagram.edges}


def test_beside_each_wire_stands_the_local_derivative_of_a_scalar():
    x, y = Value(3.0), Value(4.0)
    product = x * y
    root = autograd.sqrt(product)
    shifted = root - 1.0
    assert beside(draw(shifted, derivatives=True)) == {
        ("x", "product"): "4",
        ("y", "product"): "3",
        ("product", "root"): f"{1 / (2 * math.sqrt(12)):.4g}",
        ("root", "shifted"): "1",
        ("constant", "shifted"): "",
    }
    assert set(beside(draw(shifted)).values()) == {""}


def test_an_argument_used_twice_has_a_derivative_for_each_use():
    x = Value(3.0)
    y = x * x
    assert [edge.text for edge in draw(y, derivatives=True).diagram.edges] == ["3", "3"]


def test_beside_each_wire_stands_the_rule_of_an_array():
    X = np.ones((2, 3))
    W, b = Tensor(np.ones((3, 2))), Tensor(np.ones(2))
    z = X @ W
    shifted = z + b
    h = autograd.tanh(shifted)
    assert beside(draw(h, derivatives=True)) == {
        ("X", "z"): "",
        ("W", "z"): "Xᵀ @ g",
        ("z", "shifted"): "g",
        ("b", "shifted"): "sum(g, axis 0)",
        ("shifted", "h"): "g ⊙ (1 − h ⊙ h)",
    }


def test_an_argument_without_a_name_is_called_by_its_place():
    y = Tensor([1.0, 2.0], "y")
    quotient = 1.0 / (y + 1.0)
    assert beside(draw(quotient, derivatives=True))["+", "quotient"] == "−g ⊙ quotient / right"


def test_derivatives_are_read_on_no_graph_of_the_users():
    loss = neuron()
    before = [(node.serial, node.grad) for node in autograd.tape(loss)]
    draw(loss, derivatives=True)
    assert [(node.serial, node.grad) for node in autograd.tape(loss)] == before


def test_texts_beside_wires_stand_apart_and_over_no_box():
    root = ET.fromstring(draw(article_a(), derivatives=True).svg())
    pills, drawn = [], []
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        if rect is None or (group.get("data-edge") is None and group.get("class") != "box"):
            continue
        x, y, width, height = (float(rect.get(key, 0)) for key in ("x", "y", "width", "height"))
        if group.get("class") == "box":
            left, top = map(float, group.get("transform")[10:-1].split(","))
            drawn.append((left, top, left + width, top + height))
        else:
            pills.append((x, y, x + width, y + height))
    assert len(pills) == 12 and len(drawn) == 15

    def apart(a, b):
        return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]

    assert all(apart(pill, box) for pill in pills for box in drawn)
    assert all(apart(pill, other) for i, pill in enumerate(pills) for other in pills[:i])


# --- marks ------------------------------------------------------------------------------------------------------------


def test_a_marked_box_is_red_and_says_why():
    x = Value(0.0)
    y = autograd.exp(x + 0.0)
    picture = draw(y, mark={y: "inf: log of 0"})
    assert [box.mark for box in picture.diagram.boxes] == ["", "", "", "inf: log of 0"]
    svg, source = picture.svg(), picture.source
    assert svg.count('stroke="#c92a2a" stroke-width="3"') == 1 and ">inf: log of 0<" in svg
    assert source.count('BORDER="3"') == 1 and "inf: log of 0" in source
    assert repr(picture).endswith("! inf: log of 0")


def test_a_mark_shows_on_the_box_that_stands_for_its_node():
    x = Value(1.0)
    with autograd.scope("layer"):
        hidden = autograd.exp(x)
        y = hidden * 2.0
    (box,) = [box for box in draw(y, depth=0, mark={hidden: "here", x: "and here"}).diagram.boxes if box.mark]
    assert (box.label, box.mark) == ("layer", "here; and here")


def test_a_mark_on_another_graph_is_refused():
    with pytest.raises(ValueError, match=r"mark names 'other' .*, which is no part of what is drawn"):
        draw(Value(1.0) * 2.0, mark={Value(1.0, "other"): "here"})


@pytest.mark.parametrize("mark", [{"x": "text"}, {Value(1.0): 3}, [Value(1.0)]])
def test_a_mark_is_a_text_for_a_node(mark):
    with pytest.raises(TypeError, match="mark must be a dict of nodes to texts"):
        draw(Value(1.0), mark=mark)
