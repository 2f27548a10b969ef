"""Zooming into a Tensor: the same values and gradients from the scalar engine, entry by entry."""

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, read, zoom

RNG = np.random.default_rng(0)


def networks():
    x = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1]])
    y = np.array([[1], [1], [0], [0]])
    state = np.random.RandomState(1)
    w1, w2 = Tensor(state.randn(3, 4), "W1"), Tensor(state.randn(4, 1), "W2")
    b1, b2 = Tensor(state.randn(4), "b1"), Tensor(state.randn(1), "b2")
    out = autograd.sigmoid(autograd.sigmoid(x @ w1 + b1) @ w2 + b2)
    return np.mean((out - y) ** 2), [w1, w2, b1, b2]


def agree(zoomed, nodes):
    for node in nodes:
        numbers = np.asarray(zoomed[node], dtype=object)
        np.testing.assert_allclose(read(numbers), node.primal, rtol=1e-12, atol=1e-300)
        if node.requires_grad:
            tracked = np.vectorize(lambda value: value.requires_grad, otypes=[bool])(numbers)
            assert tracked.any()
            found = read(numbers, "grad")[tracked]
            np.testing.assert_allclose(found, np.asarray(node.grad)[tracked], rtol=1e-12, atol=1e-15)


def test_every_value_and_gradient_of_a_network():
    loss, parameters = networks()
    loss.backward()
    zoomed = zoom(loss)
    agree(zoomed, [node for node in autograd.tape(loss) if node.primitive is not None or np.size(node.primal) > 1])
    agree(zoomed, parameters)


def test_every_multiply_and_add_is_a_node():
    loss, _ = networks()
    counts = {}
    for node in autograd.tape(zoom(loss).out):
        if node.primitive is not None:
            counts[node.primitive.symbol] = counts.get(node.primitive.symbol, 0) + 1
    # Four examples: 3 * 4 + 4 * 1 products, 2 * 4 + 3 * 1 sums of them and 4 + 1 biases, each four times.
    assert counts == {"*": 4 * 16, "+": 4 * 16 + 3, "σ": 4 * 5, "-": 4, "**": 4, "/": 1}


def test_numbers_are_linked_by_index():
    loss, (w1, _, _, b2) = networks()
    zoomed = zoom(loss)
    assert zoomed[w1][0, 2].label == "W1[0,2]" and zoomed[w1][0, 2].data == w1.data[0, 2]
    assert zoomed[b2][0].label == "b2[0]"
    used = {node.serial for node in autograd.tape(zoomed.out)}
    assert all(value.serial in used for value in zoomed[w1].ravel())


def test_a_transpose_keeps_the_names_of_the_original():
    w = Tensor(RNG.normal(size=(2, 3)), "W")
    turned = w.T
    turned.label = "turned"
    out = (turned * 2.0).sum()
    zoomed = zoom(out)
    assert zoomed[turned][2, 0] is zoomed[w][0, 2] and zoomed[w][0, 2].label == "W[0,2]"


def test_variables_name_what_has_no_label():
    weights = Tensor([1.0, 2.0])
    hidden = weights * weights
    zoomed = zoom(hidden.sum())
    assert [value.label for value in zoomed[weights]] == ["weights[0]", "weights[1]"]
    assert [value.label for value in zoomed[hidden]] == ["hidden[0]", "hidden[1]"]


def test_each_operation_is_a_frame_within_its_scope():
    model = nn.Linear(2, 3)
    zoomed = zoom(model(np.ones((1, 2))).sum())
    frames = zoomed.draw(limit=None).diagram.frames
    assert [(frame.title, frame.parent) for frame in frames] == [("Linear", -1), ("@", 0), ("+", 0), ("Σ", -1)]


def test_a_gradient_already_there_is_computed_again_in_scalars():
    loss, (w1, *_) = networks()
    assert all(value.grad is None for value in zoom(loss)[w1].ravel())
    loss.backward()
    loss.backward()
    agree(zoom(loss), [w1])


def test_an_array_is_swept_with_a_seed():
    w = Tensor(RNG.normal(size=(2, 3)), "W")
    out = np.exp(w)
    seed = RNG.normal(size=(2, 3))
    zoomed = zoom(out)
    assert zoomed.out.shape == (2, 3)
    with pytest.raises(ValueError, match=r"backward needs a seed of shape \(2, 3\)"):
        zoomed.backward()
    zoomed.backward(seed)
    out.backward(seed)
    agree(zoomed, [w])


EXPRESSIONS = {
    "sums": lambda x: np.sum(x, axis=0, keepdims=True) * np.sum(x, axis=(0, 1)) + x.sum(),
    "means": lambda x: np.mean(x, axis=1) * np.mean(x),
    "extremes": lambda x: np.max(x, axis=0) * np.min(x),
    "ties": lambda x: (
        np.max(np.maximum(x, 0.0) * 0.0 + x[0, 0], axis=1) + np.min(autograd.relu(x), axis=0, keepdims=True).sum()
    ),
    "products": lambda x: np.prod(x, axis=1),
    "running sums": lambda x: np.cumsum(x, axis=1) + np.cumsum(x, axis=0),
    "softmax": lambda x: autograd.softmax(x) * autograd.softmax(x, axis=0),
    "log-softmax": lambda x: autograd.log_softmax(x, axis=0) + autograd.logsumexp(x, axis=1, keepdims=True),
    "large": lambda x: autograd.logsumexp(x * 1000.0),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, x),
    "indexing": lambda x: x[1:, ::2] * x[[0, 1], [2, 2]].sum() + x[x.data > 0].sum(),
    "movement": lambda x: np.concatenate([x.T, x.reshape(4, 3)], axis=0).ravel() * np.broadcast_to(x[0, 0], (24,)),
    "choice": lambda x: np.where(x > 0, np.log(np.abs(x)), x * 3.0),
    "norms": lambda x: autograd.norm(x) + autograd.norm(x[0] * 0.0) + autograd.norm(x, axis=0),
    "clipped": lambda x: np.clip(x, -0.5, 0.5) * autograd.leaky_relu(x, negative_slope=0.1),
    "products of matrices": lambda x: (x @ x.T) @ (x @ x[0]),
    "batches": lambda x: np.matmul(np.stack([x, x * 2.0]), np.stack([x.T, x.T])),
    "a constant among them": lambda x: np.concatenate([x, np.ones((1, 4))]) / 2.0 - 1.0,
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_kind_of_operation(name):
    x = Tensor(RNG.normal(size=(3, 4)), "x")
    out = EXPRESSIONS[name](x)
    seed = RNG.normal(size=out.shape)
    zoomed = zoom(out)
    out.backward(seed)
    zoomed.backward(seed)
    agree(zoomed, [out, x])


def test_what_is_equally_large_shares_the_gradient():
    x = Tensor([2.0, 1.0, 2.0, 2.0], "x")
    out = np.max(x)
    out.backward()
    zoomed = zoom(out)
    agree(zoomed, [x])
    assert zoomed[x][0].grad == pytest.approx(1 / 3)


def test_plain_numbers_among_the_scalars_need_no_label():
    y = Tensor([1.0, -1.0], "y")
    w = np.where(y.data > 0, y, 0.0)
    total = (w * 2.0).sum()
    assert zoom(total)[y][0].label == "y[0]" and zoom(total).out.data == 2.0


def test_every_scalar_is_drawn_unless_there_are_too_many():
    x = Tensor(np.ones((8, 8)), "x")
    zoomed = zoom((x * x).sum())
    assert len(zoomed.draw().diagram.boxes) == 191
    assert len(zoomed.draw(fold=True).diagram.boxes) < 10 > len(zoomed.draw(limit=100).diagram.boxes)


def test_the_networks_of_nn():
    nn.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.LayerNorm(2), nn.Linear(2, 3))
    x = np.abs(RNG.normal(size=(2, 1, 4, 4)))
    loss = nn.CrossEntropyLoss()(model(x), np.array([0, 2]))
    loss.backward()
    agree(zoom(loss), list(model.parameters()))


def test_a_gradients_own_graph():
    x = Tensor([1.0, 2.0], "x")
    y = (x[:1] * x**3).sum()
    slope = autograd.grad(y, x, create_graph=True)
    zoomed = zoom((slope * slope).sum())
    (slope * slope).sum().backward()
    zoomed.backward()
    agree(zoomed, [x])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Value(1.0), "must be a Tensor, got Value; it is scalars already"),
        (lambda: np.ones(3), "must be a Tensor, got ndarray"),
        (lambda: np.linalg.inv(Tensor(np.eye(2))), "inv has no form in single numbers"),
    ],
)
def test_what_cannot_be_zoomed_into(make, message):
    with pytest.raises(TypeError, match=message):
        zoom(make())


def test_too_much_is_refused_before_it_begins():
    w = Tensor(np.ones((200, 200)))
    with pytest.raises(ValueError, match=r"zoom: there would be about 16,120,001 scalars, more than 200,000"):
        zoom((w @ w).sum())


def test_a_node_of_another_graph_is_refused():
    loss, _ = networks()
    with pytest.raises(KeyError, match="no part of the graph that was zoomed into"):
        zoom(loss)[Tensor([1.0])]


def test_it_is_saved_as_any_picture(tmp_path):
    W = Tensor([[1.0, 2.0]], label="W")
    zoomed = zoom((W @ np.array([[3.0], [4.0]])).sum())
    assert zoomed.save(tmp_path / "zoomed.svg") == str(tmp_path / "zoomed.svg")
    assert zoomed.draw().svg() in (tmp_path / "zoomed.svg").read_text()
