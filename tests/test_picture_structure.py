"""Pictures of large and nested graphs: frames, folding, limits, paths, what is hidden."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Tensor, Value, draw

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def layers(count, width=4):
    x = Tensor(np.linspace(-1, 1, 2 * width).reshape(2, width), "x", requires_grad=False)
    for i in range(count):
        w = Tensor(np.full((width, width), 0.5), f"W{i + 1}")
        with autograd.scope(f"layer {i + 1}"):
            x = np.tanh(x @ w)
    loss = np.mean(x**2)
    loss.label = "loss"
    loss.backward()
    return loss


def titles(picture):
    return [frame.text for frame in picture.diagram.frames]


def symbols(picture):
    return [box.symbol or box.label or box.kind for box in picture.diagram.boxes]


def wires(picture):
    """The wires by what their ends are called."""
    names = [box.label or box.symbol or box.kind for box in picture.diagram.boxes]
    return [(names[edge.tail], names[edge.head]) for edge in picture.diagram.edges]


# --- frames -----------------------------------------------------------------------------------------------------------


def test_a_scope_is_a_frame_around_what_it_recorded_and_its_parameters():
    diagram = draw(layers(2)).diagram
    assert [frame.title for frame in diagram.frames] == ["layer 1", "layer 2"]
    inside = [[box.symbol or box.label for box in diagram.boxes if box.home == i] for i in (-1, 0, 1)]
    assert inside == [["x", "x²", "mean"], ["W1", "@", "tanh"], ["W2", "@", "tanh"]]


def test_scopes_stand_in_one_another():
    x = Value(2.0, "x")
    with autograd.scope("outer"):
        y = x * x
        with autograd.scope("inner"):
            z = y + y
        w = z * 3
    diagram = draw(w).diagram
    assert [(frame.title, frame.parent) for frame in diagram.frames] == [("outer", -1), ("inner", 0)]
    assert [(box.symbol or box.label or box.kind, box.home) for box in diagram.boxes] == [
        ("x", 0),
        ("*", 0),
        ("+", 1),
        ("constant", 0),
        ("*", 0),
    ]


def test_a_module_call_is_a_scope_named_by_where_the_module_is():
    class Network(nn.Module):
        def __init__(self):
            self.hidden = nn.Linear(2, 3)
            self.out = nn.Linear(3, 1)

        def forward(self, x):
            return self.out(np.tanh(self.hidden(x)))

    out = Network()(np.ones((1, 2)))
    diagram = draw(out).diagram
    assert [frame.title for frame in diagram.frames] == ["Network", "hidden (Linear)", "out (Linear)"]
    assert [frame.parent for frame in diagram.frames] == [-1, 0, 0]
    homes = {box.label: box.home for box in diagram.boxes if box.kind == "leaf"}
    assert homes == {"hidden.weight": 1, "hidden.bias": 1, "out.weight": 2, "out.bias": 2}


def test_an_exception_leaves_no_module_open():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        Broken()(1.0)
    x = Value(1.0)
    assert draw(x * x).diagram.frames == ()


def test_a_scope_left_and_entered_again_stays_convex():
    def recorded(x):
        with autograd.scope("there"):
            yield x * 2
            yield x * 3

    x = Value(1.0, "x")
    parts = recorded(x)
    first = next(parts)
    between = first * 5
    picture = draw(between + next(parts), depth=0)
    assert all(edge.tail < edge.head for edge in picture.diagram.edges)
    ET.fromstring(picture.svg())


def test_scopes_deeper_than_depth_are_boxes():
    picture = draw(layers(3), depth=0)
    assert symbols(picture) == ["x", "layer 1", "layer 2", "layer 3", "x²", "mean"]
    assert wires(picture) == [
        ("x", "layer 1"),
        ("layer 1", "layer 2"),
        ("layer 2", "layer 3"),
        ("layer 3", "x²"),
        ("x²", "loss"),
    ]
    box = picture.diagram.boxes[1]
    assert (box.kind, box.note) == ("group", "(2, 4)")
    assert box.rows[0].cells == ("1 @, 1 tanh, 1 parameter",)


def test_a_closed_box_shows_what_leaves_it():
    x = Value(3.0, "x")
    with autograd.scope("square"):
        inner = x + 1
        y = inner * inner
    z = y * 2
    z.backward()
    (box,) = [box for box in draw(z, depth=0).diagram.boxes if box.kind == "group"]
    assert [(row.name, row.cells) for row in box.rows[1:]] == [("data", ("16",)), ("grad", ("2",))]


# --- folding ----------------------------------------------------------------------------------------------------------


def test_identical_layers_are_drawn_once():
    picture = draw(layers(12), fold=True)
    assert titles(picture) == ["layer 1…12  ×12 in a row"]
    assert symbols(picture) == ["x", "W1…12", "@", "tanh", "x²", "mean"]
    assert wires(picture) == [("x", "@"), ("W1…12", "@"), ("@", "tanh"), ("tanh", "x²"), ("x²", "loss")]


def test_a_fold_shows_the_range_over_all_copies():
    x = Value(1.0, "x")
    y = x
    for _ in range(20):
        y = y * 2
    y.backward()
    boxes = {box.symbol or box.label: box for box in draw(y, fold=True).diagram.boxes}
    assert boxes["*"].times == 20
    assert [row.cells for row in boxes["*"].rows] == [("2 … 1.049e+06",), ("1 … 5.243e+05",)]


def test_what_is_not_alike_is_not_folded():
    x = Tensor(np.ones((2, 4)), "x")
    for i, width in enumerate((4, 4, 5, 4, 4)):
        with autograd.scope(f"layer {i}"):
            x = np.tanh(x @ Tensor(np.ones((x.shape[1], width))))
    assert "×" not in "".join(titles(draw(x, fold=True)))
    assert len(draw(x, fold=True).diagram.boxes) == len(draw(x).diagram.boxes)


def test_what_is_wired_otherwise_is_not_folded():
    x = Value(0.1, "x")
    for i in range(6):
        s = autograd.sin(x)
        x = autograd.exp(s if i < 3 else x) + s
    assert titles(draw(x, fold=True)) == ["×3 in a row", "×3 in a row"]


def test_copies_that_do_not_feed_each_other_stand_side_by_side():
    x = [Value(float(i), f"x{i}", requires_grad=False) for i in range(3)]
    neurons = nn.Layer(3, 5)
    total = sum(neurons(x)[1:], neurons(x)[0])
    assert any(title.startswith("×5 side by side") for title in titles(draw(total, fold=True)))


def test_copies_that_skip_one_are_neither_in_a_row_nor_side_by_side():
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    for _ in range(9):
        a, b, c = b, c, autograd.sin(autograd.exp(a))
    assert titles(draw(a + b + c, fold=True)) == ["×3 side by side", "×6"]


def test_the_first_copy_may_take_its_arguments_from_elsewhere():
    h = Tensor(np.zeros((1, 3)), "h0", requires_grad=False)
    w = Tensor(np.eye(3), "W")
    for _ in range(10):
        h = np.tanh(h @ w + 1.0)
    picture = draw(h, fold=True)
    assert titles(picture) == ["×10 in a row"]
    assert wires(picture) == [("h0", "@"), ("W", "@"), ("@", "+"), ("constant", "+"), ("+", "tanh")]


def test_a_leaf_that_all_copies_share_stands_outside_of_them():
    h, w = Value(1.0, "h"), Value(0.5, "w")
    for _ in range(6):
        h = autograd.tanh(h * w)
    boxes = draw(h, fold=True).diagram.boxes
    assert [(box.label, box.home) for box in boxes if box.kind == "leaf"] == [("h", -1), ("w", -1)]


# --- limits -----------------------------------------------------------------------------------------------------------


def chain(count):
    x = Value(1.0, "x")
    for _ in range(count):
        x = autograd.sin(x)
    return x


def tangle(count):
    """A graph without any pattern."""
    rng = np.random.default_rng(0)
    operations = (lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b)
    values = [Value(float(i), f"v{i}") for i in range(50)]
    for _ in range(count):
        tail = values[-300:]
        first, second = rng.integers(len(tail), size=2)
        values.append(operations[rng.integers(3)](tail[first], tail[second]))
    total = values[-1]
    for value in values[-300:]:
        total = total + value
    return total


def network_of_scalars():
    loss = sum(out * out for out in nn.MLP(10, [90, 90, 60])([1.0] * 10))
    loss.backward()
    return loss


def shared_leaves():
    """Every leaf is used all over the graph."""
    rng = np.random.default_rng(0)
    leaves = [Value(float(i), f"w{i}") for i in range(2000)]
    total = Value(0.0)
    for i in rng.integers(2000, size=12_000).tolist():
        total = (total + leaves[i]) if i % 3 else (total * leaves[i])
    return total


@pytest.mark.parametrize(
    "make", [lambda: chain(50_000), lambda: tangle(50_000), network_of_scalars, shared_leaves, lambda: layers(2_000)]
)
@pytest.mark.parametrize("limit", [300, 40])
def test_a_huge_graph_is_drawn_within_the_limit_and_says_how(make, limit):
    root = make()
    picture = draw(root, limit=limit)
    count = len(autograd.tape(root))
    assert len(picture.diagram.boxes) <= limit
    assert all(edge.tail < edge.head for edge in picture.diagram.edges)
    assert sum(len(box.serials) for box in picture.diagram.boxes) == count
    (note,) = picture.diagram.notes
    assert note.startswith(f"{count:,} nodes in {len(picture.diagram.boxes)} boxes (limit={limit}): ")
    root = ET.fromstring(picture.svg())
    assert note in "".join(root.itertext()) and note in picture.source and repr(picture).endswith(note)


@pytest.mark.parametrize("count", [2, 5])
def test_leaves_that_closed_scopes_use_alike_are_one_box_if_they_are_many(count):
    weights = [Value(float(i), f"w{i}") for i in range(count)]
    total = Value(0.0, "start")
    for name in ("first", "second"):
        with autograd.scope(name):
            for i, weight in enumerate(weights):
                total = (total * weight) if i % 2 else (total + weight)
    diagram = draw(total, depth=0).diagram
    named = [(box.label, box.times) for box in diagram.boxes if box.kind == "leaf" and box.label != "start"]
    assert named == ([("w0", 1), ("w1", 1)] if count == 2 else [("w0…4", 5)])
    groups = [i for i, box in enumerate(diagram.boxes) if box.kind == "group"]
    for i, box in enumerate(diagram.boxes):
        if box.label.startswith("w"):
            assert [edge.head for edge in diagram.edges if edge.tail == i] == groups


def test_the_limit_folds_repeats_before_it_closes_scopes():
    assert titles(draw(layers(120))) == ["layer 1…120  ×120 in a row"]
    assert draw(layers(120)).diagram.notes[0].endswith("what repeats is drawn once")
    unlike = draw(layers(120), fold=False, limit=200)
    assert symbols(unlike)[:3] == ["x", "layer 1", "layer 2"]
    assert unlike.diagram.notes[0].endswith("every scope is one box (depth=0)")


def test_the_limit_keeps_as_many_scopes_open_as_it_can():
    x = Value(1.0, "x")
    for i in range(4):
        with autograd.scope(f"outer {i}"):
            for j in range(3 + i):
                with autograd.scope(f"inner {j}"):
                    for k in range(2 + (i + j) % 3):
                        x = autograd.sin(x) * (i + j + k) - x
    assert "depth=1" in draw(x, limit=60, fold=False).diagram.notes[0]
    assert "depth=0" in draw(x, limit=10, fold=False).diagram.notes[0]
    assert draw(x, limit=None).diagram.notes == ()


def test_a_graph_within_the_limit_is_left_alone():
    picture = draw(chain(299), fold=False)
    assert len(picture.diagram.boxes) == 300 and picture.diagram.notes == ()
    assert "limit=300" in draw(chain(300), fold=False).diagram.notes[0]


def test_what_saves_much_room_is_folded_unasked():
    assert len(draw(chain(49)).diagram.boxes) == 50
    picture = draw(chain(50))
    assert len(picture.diagram.boxes) == 2
    assert picture.diagram.notes == ("51 nodes: what repeats is drawn once (fold=False draws each)",)
    assert len(draw(chain(50), limit=None).diagram.boxes) == 51
    assert len(draw(chain(50), fold=False).diagram.boxes) == 51


@pytest.mark.parametrize("name", ["folded_network", "scopes"])
def test_golden_source(name):
    root, options = {"folded_network": (layers(12), {"fold": True}), "scopes": (layers(2), {"depth": 1})}[name]
    assert draw(root, **options).source == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")


# --- a part of the graph ----------------------------------------------------------------------------------------------


def test_only_the_paths_between_two_nodes():
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    p = a * b
    q = autograd.exp(a) + p
    loss = q * c
    assert symbols(draw(loss, only_path=(a, loss))) == ["a", "*", "exp", "+", "*"]
    assert wires(draw(loss, only_path=(a, loss))) == [("a", "p"), ("a", "exp"), ("exp", "q"), ("p", "q"), ("q", "loss")]
    assert symbols(draw(loss, only_path=(b, q))) == ["b", "*", "+"]
    assert symbols(draw(loss, only_path=(p, p))) == ["*"]


def test_a_path_that_does_not_exist_is_refused():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    with pytest.raises(ValueError, match=r"only_path: .* made by mul.* does not depend on 'b'"):
        draw(a * b, only_path=(b, a * 2))
    with pytest.raises(TypeError, match=r"only_path must be two nodes, \(start, end\)"):
        draw(a * b, only_path=a)
    with pytest.raises(TypeError, match="only_path must be two nodes"):
        draw(a * b, only_path=(a, 2.0))


def test_constants_can_be_hidden():
    x = Value(2.0, "x", requires_grad=False)
    w = Value(3.0, "w")
    y = (w * x + 1) ** 2
    assert symbols(draw(y)) == ["x", "w", "*", "constant", "+", "x²"]
    assert symbols(draw(y, hide="constants")) == ["w", "*", "+", "x²"]
    assert symbols(draw(x, hide="constants")) == ["x"]


def test_wires_run_past_hidden_broadcasts():
    b = Tensor([1.0, 2.0], "b")
    spread = np.broadcast_to(b, (3, 2))
    y = (np.broadcast_to(spread, (4, 3, 2)) * 2.0).sum()
    assert symbols(draw(y, hide=["broadcasts", "constants"])) == ["b", "*", "Σ"]
    assert wires(draw(y, hide=("broadcasts",))) == [("b", "*"), ("constant", "*"), ("*", "y")]
    assert symbols(draw(spread, hide="broadcasts")) == ["b", "broadcast"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"hide": "leaves"}, "hide must be 'broadcasts' or 'constants'; got 'leaves'"),
        ({"depth": -1}, "depth must be a whole number from 0 up, or None; got -1"),
        ({"depth": True}, "depth must be a whole number"),
        ({"limit": 0}, "limit must be a whole number from 1 up"),
        ({"limit": 2.5}, "limit must be a whole number"),
        ({"fold": 12}, "fold must be True or False or None; got 12"),
        ({"heat": "values"}, "heat must be True or False or 'data' or 'grad'"),
        ({"colour": "loss"}, "colour must be 'kind' or 'grad'"),
        ({"data": 1}, "data must be True or False; got 1"),
    ],
)
def test_an_unknown_option_is_refused(option, message):
    with pytest.raises(ValueError, match=f"draw: {message}"):
        draw(Value(1.0), **option)


# --- any graph --------------------------------------------------------------------------------------------------------


@st.composite
def programs(draw_from):
    """A computation of single numbers in nested scopes, as a list of steps."""
    return draw_from(
        st.lists(
            st.one_of(
                st.tuples(st.just("op"), st.integers(0, 2), st.integers(0, 9), st.integers(0, 9)),
                st.tuples(st.just("open"), st.integers(1, 3)),
                st.tuples(st.just("close")),
                st.tuples(st.just("again"), st.integers(1, 6), st.integers(2, 5)),
            ),
            min_size=1,
            max_size=25,
        )
    )


def run(program):
    values = [Value(1.0, "a"), Value(0.5, "b")]
    scopes = []
    operations = (lambda a, b: a * b, lambda a, b: a + b, lambda a, b: autograd.sin(a))
    done = []
    for step in program:
        if step[0] == "open":
            scopes.append(autograd.scope(f"scope {step[1]}"))
            scopes[-1].__enter__()
        elif step[0] == "close" and scopes:
            scopes.pop().__exit__(None, None, None)
        else:
            repeated = [step] if step[0] == "op" else done[-step[1] :] * step[2] if step[0] == "again" else []
            for _, which, first, second in repeated:
                tail = values[-10:]
                values.append(operations[which](tail[first % len(tail)], tail[second % len(tail)]))
            done += repeated
    while scopes:
        scopes.pop().__exit__(None, None, None)
    return values[-1]


@given(programs(), st.booleans(), st.sampled_from([None, 0, 1]), st.sampled_from([300, 12, 5, 1]))
@settings(max_examples=150, deadline=None)
def test_any_graph_is_drawn_whole(program, fold, depth, limit):
    root = run(program)
    diagram = draw(root, fold=fold, depth=depth, limit=limit).diagram
    serials = [serial for box in diagram.boxes for serial in box.serials]
    assert sorted(serials) == [node.serial for node in autograd.tape(root)]
    assert all(edge.tail < edge.head for edge in diagram.edges)
    reached = {len(diagram.boxes) - 1}
    for edge in reversed(diagram.edges):
        if edge.head in reached:
            reached.add(edge.tail)
    if not fold and limit == 300:
        assert reached == set(range(len(diagram.boxes)))
    ET.fromstring(draw(root, fold=fold, depth=depth, limit=limit).svg())
