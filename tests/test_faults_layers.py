"""find_fault tells where a finite gradient is lost or explodes, what made it so, and nothing that is not so."""

import functools

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, find_fault, tape

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

KINDS = pytest.mark.parametrize("kind", [Value, Tensor], ids=["Value", "Tensor"])


def single(kind, x, label="x"):
    return kind(x if kind is Value else [x], label=label)


def values(*numbers):
    return [Value(number, label=f"x[{i}]") for i, number in enumerate(numbers)]


# --- layers ---------------------------------------------------------------------------------------------------------


def network(depth, activation, gain, *, width=16, dead=None):
    rng = np.random.default_rng(7)
    A = rng.normal(size=(32, width))
    for i in range(depth):
        W = Tensor(gain * rng.normal(size=(width, width)) / np.sqrt(width), f"W{i + 1}")
        A = activation(A @ W + Tensor(np.full(width, -100.0 if i == dead else 0.0), f"b{i + 1}"))
    return np.mean((A @ Tensor(rng.normal(size=(width, 1)) / np.sqrt(width), "W") - 1.0) ** 2)


@pytest.mark.parametrize("dead", [0, 1, 2])
def test_the_layer_that_is_dead_is_named_not_those_above_it(dead):
    fault = find_fault(network(3, autograd.relu, 1.4, dead=dead))
    assert f"b{dead + 1})" in fault.formula
    assert f"b{dead + 2}" not in fault.formula
    assert "z is at most -9" in fault.why
    assert "W1, b1, W2, b2, W3, b3" in fault.then[0]


def repeated(activation, times, x=0.5):
    for _ in range(times):
        x = activation(x)
    return x


BY_HAND = {"primitive": autograd.sigmoid, "by hand": lambda z: 1 / (1 + np.exp(-z))}


@KINDS
@pytest.mark.parametrize("sigmoid", BY_HAND.values(), ids=BY_HAND)
def test_sigmoids_one_after_the_other_without_any_weights(kind, sigmoid):
    x = single(kind, 0.5)
    loss = np.sum(repeated(sigmoid, 40, x))
    assert 0 < np.abs(autograd.grad(loss, x)).sum() < 1e-25
    fault = find_fault(loss)
    assert fault.kind == "vanishing"
    assert "layers of sigmoid have a typical slope of 0.225, and each passes on 0.22" in fault.why
    assert fault.then == ("hardly any gradient for x",)
    assert find_fault((np.sum(repeated(sigmoid, 40, x) * single(kind, 2.0, "w")) - 1) ** 2).kind == "vanishing"
    assert find_fault(np.sum(repeated(sigmoid, 5, x))) is None
    assert find_fault(np.sum(repeated(np.tanh, 100, x))) is None


def test_what_gets_to_the_first_layer():
    loss = network(20, autograd.sigmoid, 1.0)
    leaves = {node.label: node for node in tape(loss) if node.label}
    first, last = (np.abs(g).sum() for g in autograd.grad(loss, [leaves["b1"], leaves["b20"]]))
    fault = find_fault(loss)
    told = float(fault.why.partition("and ")[2].partition(" to the first")[0])
    assert 0.2 < told / (first / last) < 5


@pytest.mark.parametrize("unit", [1e8, 1.0, 1e-8])
def test_the_unit_of_the_loss_does_not_matter(unit):
    assert find_fault(unit * network(20, autograd.sigmoid, 1.0)).kind == "vanishing"
    assert find_fault(unit * network(3, autograd.sigmoid, 1.0)) is None


def test_weights_too_small_for_tanh_are_not_its_fault():
    fault = find_fault(network(20, np.tanh, 0.3))
    assert "the weights are too small" in fault.why
    assert "nn.init.xavier_normal_(W)" in fault.instead
    assert "ReLU" not in fault.instead


@pytest.mark.parametrize("activation", [autograd.relu, lambda z: z, np.tanh], ids=["relu", "linear", "tanh"])
@pytest.mark.parametrize(("depth", "gain"), [(2, 1e20), (3, 1e10), (4, 1e7)])
def test_a_few_layers_of_very_large_weights(depth, gain, activation):
    loss = network(depth, activation, gain)
    fault = find_fault(loss)
    if activation is np.tanh:
        assert fault is None or fault.kind in ("zero", "vanishing")
        return
    assert np.isfinite(loss.item())
    assert fault.kind == "exploding"
    assert "nn.init.xavier_normal_(W)" in fault.instead


def test_large_numbers_that_are_no_explosion():
    """A target in another unit, and a law of physics."""
    X = np.random.default_rng(0).normal(size=(16, 3))
    W1, W2 = Tensor(np.ones((3, 4)), "W1"), Tensor(np.full((4, 1), 1e9), "W2")
    assert find_fault(np.mean((np.tanh(X @ W1) @ W2 - 1e10) ** 2)) is None
    m, M, r = Value(6e24, "m"), Value(2e30, "M"), Value(1.5e11, "r")
    assert find_fault(6.67e-11 * m * M / r) is None


def product_of_50(kind, factor):
    leaves = [single(kind, factor, f"w{i}") for i in range(50)]
    return leaves, np.sum(functools.reduce(lambda a, b: a * b, leaves))


@KINDS
@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_a_product_whose_logarithm_is_taken(kind, factor):
    """What flows through the product spans 26 powers of ten; what each of its factors receives is 1/w."""
    leaves, product = product_of_50(kind, factor)
    assert [np.asarray(g).item() for g in autograd.grad(np.log(product), leaves)] == pytest.approx([1 / factor] * 50)
    assert find_fault(-np.log(product)) is None
    assert find_fault(product).kind == ("vanishing" if factor < 1 else "exploding")


@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_layers_whose_scale_is_normalised_away(size):
    rng = np.random.default_rng(0)
    h = rng.normal(size=(16, 4))
    for i in range(20):
        h = h @ Tensor(size * rng.normal(size=(4, 4)), f"W{i}")
    assert find_fault(np.mean((h / np.linalg.norm(h, axis=1, keepdims=True) - 1) ** 2)) is None
    assert find_fault(np.mean((h - 1) ** 2)).kind == ("vanishing" if size < 1 else "exploding")


@pytest.mark.parametrize(("gain", "kind"), [(8.0, None), (40.0, "exploding")])
def test_growth_in_many_layers(gain, kind):
    """Nothing is said of what a deep network comes up to that learns large targets with Adam: 3e7."""
    fault = find_fault(network(8, lambda z: z, gain))
    assert (fault and fault.kind) == kind


def test_steps_of_a_recurrent_network_are_counted_once():
    rng = np.random.default_rng(0)
    Wx, Wh, Wo = Tensor(rng.normal(size=(3, 8)), "Wx"), Tensor(3.0 * np.eye(8), "Wh"), Tensor(np.ones((8, 1)), "Wo")
    h = np.zeros((4, 8))
    for _ in range(30):
        h = rng.normal(size=(4, 3)) @ Wx + h @ Wh
    fault = find_fault(np.mean((h @ Wo - 1) ** 2))
    assert fault.kind == "exploding"
    assert "the last of 31 layers" in fault.why  # 29 products with Wh, the first input, and Wo


def test_a_gradient_of_float32_whose_sum_overflows():
    w = Tensor(np.ones(1000, np.float32), "w")
    dead = autograd.relu(w * np.float32(-1.0) - np.float32(1.0))
    fault = find_fault((np.sum(dead * np.float32(1e36)) - np.float32(1.0)) ** 2)
    assert (fault.kind, fault.operation) == ("zero", "relu")


# --- softmax and a logarithm with an epsilon ------------------------------------------------------------------------


def softmax_by_hand(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


rng = np.random.default_rng(1)
SCORES = rng.normal(size=(32, 5))
SCORES[7] = [0, 0, 800, 0, 0]
RIGHT = SCORES.argmax(axis=1)
WRONG = np.where(np.arange(32) == 7, 0, RIGHT)
LOSSES = {
    "index": lambda p, y: -np.mean(np.log(p[np.arange(len(y)), y] + 1e-12)),
    "one-hot": lambda p, y: -np.mean(np.sum(np.eye(5)[y] * np.log(p + 1e-12), axis=1)),
    "clipped": lambda p, y: -np.mean(np.log(np.clip(p[np.arange(len(y)), y], 1e-9, 1))),
    "clipped one-hot": lambda p, y: -np.mean(np.sum(np.eye(5)[y] * np.log(np.clip(p, 1e-9, 1)), axis=1)),
}


@pytest.mark.parametrize("softmax", [autograd.softmax, softmax_by_hand], ids=["softmax", "by hand"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_class_that_softmax_gave_up(loss, softmax):
    z = Tensor(SCORES, label="z")
    wrong = loss(softmax(z), WRONG)
    assert not autograd.grad(wrong, z)[7].any()
    fault = find_fault(wrong)
    assert fault.entry in ((7, 0), (7,))
    assert fault.kind == "zero"
    assert "nn.CrossEntropyLoss()(z, classes)" in fault.instead
    assert "saturated softmax" in fault.why or "the softmax in it is saturated" in fault.why
    assert fault.then == ("these examples stay as wrong as they are",)
    assert find_fault(loss(softmax(z), RIGHT)) is None
    assert find_fault(nn.CrossEntropyLoss()(z, WRONG)) is None


@pytest.mark.parametrize("score", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_class_that_comes_back(loss, score):
    scores = np.where(np.arange(32)[:, None] == 7, score * np.eye(5)[2], SCORES)
    assert find_fault(loss(autograd.softmax(Tensor(scores, label="z")), WRONG)) is None


def test_a_class_that_softmax_gave_up_among_values():
    z = values(800.0, 0.0, 0.0)
    e = [np.exp(score - 800.0) for score in z]
    assert find_fault(-np.log(e[1] / sum(e[1:], e[0]) + 1e-12)).operation == "softmax"
    assert find_fault(-np.log(e[0] / sum(e[1:], e[0]) + 1e-12)) is None


def test_a_bound_on_what_no_probability_is():
    fault = find_fault((np.clip(Value(4.0, label="x") * 0.2 + 0.5, 0, 1) - 0.2) ** 2)
    assert fault.operation == "clip"
    assert "nn.BCEWithLogitsLoss" not in fault.instead


# --- no gradient at all, although the loss could fall ---------------------------------------------------------------

STANDSTILLS = {
    "a product of zeros": (lambda: (Value(0.0, "w") * Value(0.0, "v") - 1) ** 2, "mul",
                           "w * v has the slope 0 at w = 0 and v = 0", "start away from 0"),
    "a square of zeros": (lambda: np.sum((Tensor([0.0, 0.0], "w") ** 2 - 1) ** 2), "power", "w ** 2 has the slope 0",
                          "start away from 0"),
    "x * x": (lambda: (lambda w: (w * w - 1) ** 2)(Value(0.0, "w")), "mul", "were larger", "start away from 0"),
    "a matrix product of zeros": (
        lambda: np.sum((Tensor(np.zeros((2, 2)), "A") @ Tensor(np.zeros((2, 2)), "B") - np.eye(2)) ** 2), "matmul",
        "A = 0 throughout and B = 0 throughout", "nn.init.xavier_normal_(W)"),
    "factors of a matrix, of zeros": (
        lambda: np.mean((Tensor(np.zeros((4, 2)), "U") @ Tensor(np.zeros((5, 2)), "V").T - 1) ** 2), "matmul",
        "U = 0 throughout and V.T = 0 throughout", "nn.init.xavier_normal_(W)"),
    "two zeros among the factors": (lambda: (np.prod(Tensor([0.0, 0.0, 3.0], "p")) - 1) ** 2, "prod", "prod(p)",
                                    "start away from 0"),
    "a likelihood": (lambda: -np.prod(Tensor(np.full(200, 0.01), "p")), "prod",
                     "prod(p), which rounds to 0, has the slope 0 at p = 0.01 throughout", "np.sum(np.log(p))"),
    "the top of a hill": (lambda: np.cos(Value(0.0, "w")), "cos", "would fall if it were smaller", "cos has a slope"),
    "softmax and squares": (lambda: np.sum((autograd.softmax(Tensor([800.0, 0.0], "z")) - [0, 1]) ** 2), "softmax",
                            "softmax(z) has the slope 0", "nn.CrossEntropyLoss()(z, classes)"),
    "softmax and squares, nearly": (
        lambda: np.sum((autograd.softmax(Tensor([40.0, 0.0], "z")) - [0, 1]) ** 2), "softmax",
        "lets 4.248e-18 of its cotangent through", "nn.CrossEntropyLoss()(z, classes)"),
    "softmax and squares, one of two rows right": (
        lambda: np.sum((autograd.softmax(Tensor([[800.0, 0.0], [0.1, 0.2]], "z"))
                        - autograd.softmax(np.array([[0.0, 800.0], [0.1, 0.2]]))) ** 2), "softmax",
        "softmax(z) has the slope 0", "nn.CrossEntropyLoss()(z, classes)"),
    "softmax by hand": (lambda: np.sum((softmax_by_hand(Tensor([800.0, 0.0], "z")) - [0, 1]) ** 2), "softmax",
                        "has the slope 0", "nn.CrossEntropyLoss()(z, classes)"),
    "a bell too far away": (
        lambda: np.sum((np.exp(-((Tensor([100.0, 200.0], "x") - Tensor([0.0], "c")) ** 2)) - 1) ** 2), "exp",
        "would fall if it were larger", "an argument nearer to where exp has a slope"),
    "gelu": (lambda: np.sum((autograd.gelu(Tensor([-100.0, -90.0], "x")) - 1) ** 2), "gelu",
             "dead gelu: z = -100 … -90", "no gelu at the end"),
    "silu": (lambda: np.sum((autograd.silu(Tensor([-1000.0], "x")) - 1) ** 2), "silu", "dead silu", "no silu"),
    "softplus": (lambda: (autograd.softplus(Value(-800.0, "x")) - 1) ** 2, "softplus", "dead softplus", "no softplus"),
}  # fmt: skip


@pytest.mark.parametrize(("build", "operation", "why", "instead"), STANDSTILLS.values(), ids=STANDSTILLS)
def test_a_standstill(build, operation, why, instead):
    loss = build()
    leaves = [node for node in tape(loss) if node.is_leaf and node.requires_grad]
    assert max(np.abs(g).max() for g in map(np.asarray, autograd.grad(loss, leaves))) < 1e-15
    fault = find_fault(loss)
    assert fault.kind in ("zero", "vanishing")
    assert fault.operation == operation
    assert why in fault.why
    assert instead in fault.instead


@pytest.mark.parametrize(
    "build",
    [
        lambda: Value(0.0, "w") * Value(1e-3, "v") - 1,
        lambda: -np.cos(Value(0.0, "w")),
        lambda: np.sum(Tensor([0.0, 0.0], "w") ** 2),
        lambda: np.sum(autograd.softmax(Tensor([800.0, 0.0], "z")) ** 2),  # in one class, and it may be after that
        lambda: np.sum(softmax_by_hand(Tensor([800.0, 0.0], "z")) ** 2),
        lambda: np.sum((autograd.softmax(Tensor([800.0, 0.0], "z")) - [1, 0]) ** 2),
        lambda: np.sum(np.exp(Tensor([-800.0, -900.0], "x"))),
        lambda: np.sum(autograd.softmax(Tensor([[3.0]], "z"))),  # of one class
        lambda: np.sum(np.array([0.0, 0.0]) * (Tensor([1.0, 4.0], "x") - 3) ** 2),  # a mask of zeros
        lambda: np.sum(np.zeros(2) * Tensor([1.0, 4.0], "x")),
        lambda: np.sum(np.exp(autograd.log_softmax(Tensor([3.0, 1.0, -1.0], "z")))),  # 1, whatever z is
        lambda: np.maximum(Value(0.0, "x") ** 3, 0.0),  # a kink: half of the cotangent gets through, but nothing falls
        lambda: np.abs(np.sum(Tensor([0.0, 0.0], "x") ** 3) + 0.0),
        lambda: (lambda x: np.cos(x) + 5 * x**2)(Value(0.0, "x")),  # on top of one hill, but at the foot of another
        lambda: 1e-200 * Value(3.0, "x"),
        lambda: 1e-13 * Value(1e12, "x"),
        lambda: np.sum(autograd.relu(1 - Tensor([2.0, 3.0], "x")) ** 2),  # every margin kept
        lambda: np.sum(np.abs(Tensor([0.0, 0.0], "x")) * np.abs(Tensor([0.0, 0.0], "y"))),
    ],
)
def test_no_gradient_and_nothing_to_gain(build):
    assert find_fault(build()) is None


@KINDS
@pytest.mark.parametrize("activation", [autograd.gelu, autograd.silu])
@pytest.mark.parametrize("x", [-2.0, -1.0, -0.5])
def test_a_slope_downwards_is_a_slope(kind, activation, x):
    assert find_fault(np.sum((activation(single(kind, x)) - 1) ** 2)) is None
    rng = np.random.default_rng(0)
    W1, W2 = Tensor(rng.normal(size=(3, 4)), "W1"), Tensor(rng.normal(size=(4, 1)), "W2")
    A = activation(activation(rng.normal(size=(8, 3)) @ W1 * 0.01 + x * 2) @ W2 * 0.01 + x)
    assert find_fault(np.mean((A - 1) ** 2)) is None


def test_only_the_units_that_count_are_told_of():
    x = Tensor([-1.0, -2.0, 0.5], "x")
    fault = find_fault(np.sum((autograd.relu(x) - 1) ** 2 * np.array([1.0, 1.0, 1e-15])))
    assert "z is at most -1 in all 2 units that the loss depends on" in fault.why
    assert fault.then == ()


def test_a_quotient_is_no_product_of_large_weights():
    x = Value(-30.0, "x")
    assert find_fault(Value(3.0, "y") / autograd.softplus(x)) is None


def test_a_dead_gelu_layer_inside_a_network():
    fault = find_fault(network(3, autograd.gelu, 1.4, dead=1))
    assert (fault.operation, "dead gelu" in fault.why) == ("gelu", True)
    assert "nn.LayerNorm" in fault.instead
    assert find_fault(network(3, autograd.gelu, 1.4)) is None


def test_an_operation_that_cannot_be_computed_elsewhere():
    """The inverse of a matrix of zeros is none, and that is no error of find_fault."""
    A = Tensor(1e8 * np.eye(2), "A")
    assert find_fault(np.sum(np.linalg.inv(A))) is None
