"""Where a naive formula overflows or cancels: values, first and second derivatives, without one warning."""

import math

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value

pytestmark = pytest.mark.filterwarnings("error")

POINTS = [-1000.0, -40.0, -1.0, -0.0, 0.0, 1.0, 40.0, 1000.0]
ROUNDING_OF_ONE = 2.0**-52


def e(x):
    """exp(-|x|): what all closed forms here are made of. It never overflows."""
    return math.exp(-abs(x))


def sigmoid(x):
    return (1.0 if x >= 0 else e(x)) / (1 + e(x))


def sigmoid_slope(x):
    return e(x) / (1 + e(x)) ** 2


def sigmoid_curvature(x):
    return math.copysign(e(x) * (1 - e(x)) / (1 + e(x)) ** 3, -x)


def bell(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


CLOSED_FORMS = {
    autograd.sigmoid: (sigmoid, sigmoid_slope, sigmoid_curvature),
    autograd.softplus: (lambda x: max(x, 0) + math.log1p(e(x)), sigmoid, sigmoid_slope),
    autograd.logsigmoid: (
        lambda x: min(x, 0) - math.log1p(e(x)), lambda x: sigmoid(-x), lambda x: -sigmoid_slope(x),
    ),
    autograd.silu: (
        lambda x: x * sigmoid(x), lambda x: sigmoid(x) + x * sigmoid_slope(x),
        lambda x: 2 * sigmoid_slope(x) + x * sigmoid_curvature(x),
    ),
    autograd.gelu: (
        lambda x: x * math.erfc(-x / math.sqrt(2)) / 2, lambda x: math.erfc(-x / math.sqrt(2)) / 2 + x * bell(x),
        lambda x: (2 - x * x) * bell(x),
    ),
    autograd.tanh: (math.tanh, lambda x: (2 * sigmoid_slope(2 * x)) * 2, lambda x: 8 * sigmoid_curvature(2 * x)),
}  # fmt: skip


@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize("f", CLOSED_FORMS, ids=lambda f: f.__name__)
def test_activations_far_from_zero(f, kind, x):
    value, slope, curvature = CLOSED_FORMS[f]
    node = kind(x)
    out = f(node)
    first = autograd.grad(out, node, create_graph=True)
    second = autograd.grad(first, node)
    assert float(out.data) == pytest.approx(value(x), rel=1e-14, abs=ROUNDING_OF_ONE)
    assert float(first.data) == pytest.approx(slope(x), rel=1e-14, abs=ROUNDING_OF_ONE)
    assert float(second) == pytest.approx(curvature(x), rel=1e-13, abs=ROUNDING_OF_ONE)
    assert f(x) == pytest.approx(value(x), rel=1e-14, abs=ROUNDING_OF_ONE)


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize("f", [autograd.softplus, autograd.logsigmoid], ids=lambda f: f.__name__)
def test_tails_keep_their_relative_accuracy(f, kind):
    """exp(-40) is not 0: a logarithm of 1 + exp(-40), formed as it is written, would say so."""
    node = kind(-40.0 if f is autograd.softplus else 40.0)
    out = f(node)
    sign = 1 if f is autograd.softplus else -1
    assert float(out.data) == pytest.approx(sign * math.exp(-40), rel=1e-14, abs=0)
    assert float(autograd.grad(out, node)) == pytest.approx(math.exp(-40), rel=1e-14, abs=0)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_elu_far_from_zero(kind):
    for x, value, slope in (
        (1000.0, 1000.0, 1.0),
        (40.0, 40.0, 1.0),
        (-40.0, -1.0, math.exp(-40)),
        (-1000.0, -1.0, 0.0),
    ):
        node = kind(x)
        out = autograd.elu(node)
        first = autograd.grad(out, node, create_graph=True)
        curvature = autograd.grad(first, node)
        assert float(out.data) == value
        assert float(first.data) == pytest.approx(slope, rel=1e-14, abs=0)
        assert float(curvature) == pytest.approx(slope if x < 0 else 0.0, rel=1e-14, abs=0)


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("y", POINTS)
def test_logaddexp_far_from_zero(kind, x, y):
    nodes = [kind(x), kind(y)]
    out = autograd.logaddexp(*nodes)
    slopes = autograd.grad(out, nodes, create_graph=True)
    of_x, of_y = autograd.grad(slopes[0], nodes)
    assert float(out.data) == pytest.approx(max(x, y) + math.log1p(e(x - y)), rel=1e-14, abs=ROUNDING_OF_ONE)
    assert [float(s.data) for s in slopes] == pytest.approx([sigmoid(x - y), sigmoid(y - x)], rel=1e-14)
    assert float(of_x) == pytest.approx(sigmoid_slope(x - y), rel=1e-13, abs=ROUNDING_OF_ONE)
    assert float(of_y) == pytest.approx(-sigmoid_slope(x - y), rel=1e-13, abs=ROUNDING_OF_ONE)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("kind", [Value, Tensor])
def test_hypot_neither_overflows_nor_underflows(kind, scale):
    x, y = kind(3 * scale), kind(4 * scale)
    out = autograd.hypot(x, y)
    assert float(out.data) == pytest.approx(5 * scale, rel=1e-15)
    assert [float(d) for d in autograd.grad(out, [x, y])] == pytest.approx([0.6, 0.8], rel=1e-15)


# --- exponential reductions -------------------------------------------------------------------------------------------


def slopes_and_curvatures(f, x, c, r):
    """The gradient of <f(x), c>, and of that gradient times r."""
    node = Tensor(x)
    out = f(node)
    first = autograd.grad(out, node, seed=c, create_graph=True)
    return out.data, first.data, autograd.grad(first, node, seed=r)


@pytest.mark.parametrize("offset", [-1000.0, -40.0, 0.0, 40.0, 1000.0])
def test_a_common_offset_changes_nothing_but_logsumexp(offset):
    x, r = np.array([0.5, -1.0, 2.0]), np.array([1.0, -2.0, 0.5])
    p = np.exp(x) / np.sum(np.exp(x))
    spread = np.diag(p) - np.outer(p, p)  # the derivative of p

    out, first, second = slopes_and_curvatures(autograd.logsumexp, x + offset, 1.0, r)
    np.testing.assert_allclose(out, math.log(np.sum(np.exp(x))) + offset, rtol=1e-14)
    np.testing.assert_allclose(first, p, rtol=1e-12)
    np.testing.assert_allclose(second, spread @ r, rtol=1e-12)

    c = np.array([0.3, -1.5, 0.7])
    out, first, second = slopes_and_curvatures(autograd.log_softmax, x + offset, c, r)
    np.testing.assert_allclose(out, np.log(p), rtol=1e-12)
    np.testing.assert_allclose(first, c - p * np.sum(c), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(second, -np.sum(c) * spread @ r, rtol=1e-12, atol=1e-14)

    out, first, second = slopes_and_curvatures(autograd.softmax, x + offset, c, r)
    np.testing.assert_allclose(out, p, rtol=1e-12)
    np.testing.assert_allclose(first, spread @ c, rtol=1e-12, atol=1e-14)
    expected = spread @ (r * (c - p @ c)) - (spread @ c) * (p @ r)
    np.testing.assert_allclose(second, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("f", [autograd.logsumexp, autograd.softmax, autograd.log_softmax], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("x", "p"),
    [
        ([1000.0, 0.0, -1000.0], [1.0, 0.0, 0.0]),
        ([-1000.0, -1000.0, -1000.0], [1 / 3, 1 / 3, 1 / 3]),
        ([1000.0, 1000.0, 0.0], [0.5, 0.5, 0.0]),
        ([40.0, 0.0, -40.0], [1.0, math.exp(-40), math.exp(-80)]),
        ([-np.inf, 2.0, 2.0], [0.0, 0.5, 0.5]),
    ],
)
def test_distances_beyond_the_range_of_exp(f, x, p):
    x, p, r = np.array(x), np.array(p), np.array([1.0, -2.0, 0.5])
    c = 1.0 if f is autograd.logsumexp else np.array([1.0, 0.0, 0.0])  # the slopes of the first probability
    out, first, second = slopes_and_curvatures(f, x, c, r)
    top = np.max(x)
    total = top + math.log(np.sum(np.exp(x - top)))
    spread = np.diag(p) - np.outer(p, p)
    if f is autograd.logsumexp:
        expected = (total, p, spread @ r)
    elif f is autograd.log_softmax:
        expected = (x - total, c - p, -spread @ r)
    else:
        expected = (p, spread @ c, spread @ (r * (c - p @ c)) - (spread @ c) * (p @ r))
    for got, wanted in zip((out, first, second), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-15)


def test_logsumexp_of_nothing_but_minus_infinity():
    assert autograd.logsumexp(Tensor([-np.inf, -np.inf])).item() == -np.inf


# --- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_where_lets_nothing_through_from_the_value_not_taken(kind, bad):
    good, not_taken, g = kind(2.0), kind(bad), kind(5.0)
    for out in (autograd.where(True, good, not_taken), autograd.where(False, not_taken, good)):
        assert out.data == 2.0
        slopes = autograd.grad(out * g, [good, not_taken], create_graph=True)
        assert [float(slope.data) for slope in slopes] == [5.0, 0.0]
        assert [float(autograd.grad(slope, g)) for slope in slopes] == [1.0, 0.0]


UNDEFINED = {
    "log": (autograd.log, [0.0, -0.0, -1.0, -1000.0]),
    "sqrt": (autograd.sqrt, [0.0, -1.0, -np.inf]),
    "reciprocal": (autograd.reciprocal, [0.0, -0.0]),
    "division": (lambda x: 2 / x, [0.0]),
    "power": (lambda x: x**-2, [0.0]),
    "node power": (lambda x: x**x, [0.0, -0.5]),
    "asin": (autograd.asin, [1.0, 2.0, np.inf]),
    "composition": (lambda x: autograd.sqrt(autograd.log(x * 2) + 1) / x, [0.0, -1.0]),
    "exp": (lambda x: autograd.exp(x) * autograd.exp(-x), [1000.0, np.inf]),
}


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize(("f", "at"), UNDEFINED.values(), ids=UNDEFINED)
def test_where_lets_nothing_through_from_a_function_not_taken(kind, f, at):
    """Neither a value nor a derivative that is nan or inf, to the second order."""
    for x in at:
        node, taken, g = kind(x), kind(0.25), kind(5.0)
        with np.errstate(all="ignore"):
            out = autograd.where(False, f(node), taken) * g
            first = autograd.grad(out, [node, taken], create_graph=True)
            of_first = autograd.grad(first[0], [node, taken, g])
            of_second = autograd.grad(first[1], [node, taken, g])
        assert float(out.data) == 1.25
        assert [float(slope.data) for slope in first] == [0.0, 5.0]
        assert [float(slope) for slope in of_first] == [0.0, 0.0, 0.0]
        assert [float(slope) for slope in of_second] == [0.0, 0.0, 1.0]


def test_where_lets_nothing_through_between_the_entries_of_an_array():
    x = Tensor([4.0, 0.0, -1.0, 0.25])
    with np.errstate(all="ignore"):
        out = autograd.where(x.data > 0, autograd.sqrt(x), 3 * x)
        first = autograd.grad(out, x, seed=np.ones(4), create_graph=True)
        second = autograd.grad(first, x, seed=np.ones(4))
    np.testing.assert_array_equal(out.data, [2.0, 0.0, -3.0, 0.5])
    np.testing.assert_array_equal(first.data, [0.25, 3.0, 3.0, 1.0])
    np.testing.assert_array_equal(second, [-1 / 32, 0.0, 0.0, -2.0])


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_cotangent_that_happens_to_be_0_is_not_a_branch_not_taken(kind):
    x = kind(0.0)
    loss = autograd.where(True, 3 * x, 1.0) ** 2
    slope = autograd.grad(loss, x, create_graph=True)
    assert float(slope.data) == 0.0
    assert float(autograd.grad(slope, x)) == 18.0


def test_a_direction_is_pushed_through_where():
    pushed = autograd.jvp(lambda x: autograd.where(x > 0, x * x, 5 * x))(np.array([2.0, -1.0]), np.array([1.0, 1.0]))
    np.testing.assert_array_equal(pushed, [4.0, 5.0])
