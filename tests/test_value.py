"""Value: a Python float in the graph, and everything that micrograd's users know how to do with one.

The expected numbers are derived by hand in the comments, or come from a closed form; none come from the engine.
"""

import builtins
import math
import random
from fractions import Fraction

import numpy as np
import pytest

import autograd
from autograd import Value, grad, tape

# --- the tour of micrograd's README -----------------------------------------------------------------------------------


def test_the_expression_of_micrograds_readme():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    # c = 3a + 4b + 3; relu(b + a) is off and relu(b - a) is on, so d = 12(ab + b³) + b - a, which are -1 and 6.
    # e = c - d = -7, de/da = 4 - 12b = -20, de/db = 3 - 12a - 36b² = -93.
    # g = e²/2 + 10/e², so dg/de = e - 20/e³ = -7 + 20/343.
    slope = -7 + 20 / 343
    assert (c.data, d.data, e.data, f.data) == (-1.0, 6.0, -7.0, 49.0)
    assert math.isclose(g.data, 24.5 + 10 / 49, rel_tol=1e-15)
    assert f"{g.data:.4f}" == "24.7041"
    assert math.isclose(a.grad, -20 * slope, rel_tol=1e-14) and f"{a.grad:.4f}" == "138.8338"
    assert math.isclose(b.grad, -93 * slope, rel_tol=1e-14) and f"{b.grad:.4f}" == "645.5773"


@pytest.mark.parametrize(("at", "value", "slope"), [(-4.0, -20.0, 46.0), (3.0, 297.0, 202.0)])
def test_an_expression_whose_relus_are_off_at_one_place_and_on_at_another(at, value, slope):
    x = Value(at)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    # z = 3x + 2, y = z² + q·(1 + x), y' = 6z + q'·(1 + x) + q, with q' = 3·[z > 0] + 3x + z:
    # at -4: z = -10, q =  0 + 40 = 40, q' = -22, y = 100 + 40·(-3), y' = -60 + 66 + 40;
    # at  3: z =  11, q = 11 + 33 = 44, q' =  23, y = 121 + 44·4,    y' =  66 + 92 + 44.
    assert (y.data, x.grad) == (value, slope)


def test_every_operator_of_micrograd_once_more_with_intermediate_gradients():
    a, b = Value(3.0), Value(-2.0)
    s = a + b  # 1
    p = a * b  # -6
    r = s - p  # 7
    u = r / b  # -3.5
    t = u**2  # 12.25
    o = -t + (p + 10).relu()  # -12.25 + 4
    o.backward()
    assert o.data == -8.25
    assert (t.grad, u.grad) == (-1.0, 7.0)  # -2u
    assert r.grad == 7.0 / -2.0  # u.grad / b
    assert (s.grad, p.grad) == (-3.5, 3.5 + 1.0)
    assert a.grad == s.grad * 1 + p.grad * -2
    assert b.grad == s.grad * 1 + p.grad * 3 + u.grad * (-7.0 / 4.0)  # d(r/b)/db = -r/b²


# --- numbers on either side -------------------------------------------------------------------------------------------

NUMBERS = {
    "int": 2,
    "float": 2.0,
    "Fraction": Fraction(2),
    "np.float64": np.float64(2),
    "np.float32": np.float32(2),
    "np.int64": np.int64(2),
    "np.uint8": np.uint8(2),
    "0-d array": np.array(2.0),
}


@pytest.mark.parametrize("two", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_may_stand_on_either_side(two):
    x = 8.0
    cases = [
        (lambda v: v + two, 10.0, 1.0),
        (lambda v: two + v, 10.0, 1.0),
        (lambda v: v - two, 6.0, 1.0),
        (lambda v: two - v, -6.0, -1.0),
        (lambda v: v * two, 16.0, 2.0),
        (lambda v: two * v, 16.0, 2.0),
        (lambda v: v / two, 4.0, 0.5),
        (lambda v: two / v, 0.25, -2 / 64),
        (lambda v: v**two, 64.0, 16.0),
        (lambda v: two**v, 256.0, 256.0 * math.log(2)),
    ]
    for f, value, slope in cases:
        v = Value(x)
        y = f(v)
        assert type(y) is Value and y.data == value and type(y.data) is float
        y.backward()
        assert math.isclose(v.grad, slope, rel_tol=1e-15) and type(v.grad) is float
        assert all(type(node.primal) is float for node in tape(y))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_data_and_gradients_are_python_floats_all_the_way():
    v = Value(np.float64(0.7), label="v")
    y = np.exp(v) * np.float64(3) + autograd.sigmoid(v) ** np.float64(2) + np.maximum(v, np.float32(0.5)) + v.relu()
    y.backward(np.float64(2))
    for node in tape(y):
        assert type(node.primal) is float
        assert node.grad is None or type(node.grad) is float
    v.data -= np.float64(0.1) * v.grad
    assert type(v.data) is float
    assert type(grad(v * v, v)) is float
    assert type(grad(v / 0.0, v)) is float and type((v / 0.0).data) is float


def test_bools_and_ints_become_floats():
    assert [type(Value(n).data) for n in (3, True, np.int32(3), np.bool_(True), Fraction(1, 2))] == [float] * 5


def test_in_place_operators_make_new_nodes():
    x = Value(2.0)
    y = x
    y += 1
    y -= 4
    y *= x
    y /= 8
    y **= 2
    assert x.data == 2.0 and y is not x
    y.backward()
    # y = ((x - 3)·x/8)², so dy = 2·(x² - 3x)/8·(2x - 3)/8 = 2·(-1/4)·(1/8)
    assert (y.data, x.grad) == (1 / 16, -1 / 16)


def test_powers():
    for exponent, value, slope in [(3, -8.0, 12.0), (2, 4.0, -4.0), (1, -2.0, 1.0), (0, 1.0, 0.0), (-1, -0.5, -0.25)]:
        x = Value(-2.0)
        y = x**exponent
        y.backward()
        assert (y.data, x.grad) == (value, slope)
    x, n = Value(3.0), Value(2.0)
    (x**n).backward()
    assert x.grad == 6.0 and math.isclose(n.grad, 9 * math.log(3), rel_tol=1e-15)


# --- comparing, reading -----------------------------------------------------------------------------------------------


def test_comparisons_are_plain_bools():
    a, b = Value(1.0), Value(2.0)
    for result in (a < b, a <= 1, 0.5 < a, b >= a, a == 1.0, a != b, np.float64(2) > a, bool(a)):  # noqa: SIM300
        assert isinstance(result, (bool, np.bool_)) and result
    assert not Value(0.0) and (a == "1") is False and (a != None) is True  # noqa: E711
    assert builtins.max([a, b]) is b and sorted([b, a])[0] is a


def test_a_value_shows_its_data_and_if_there_its_gradient_and_label():
    x = Value(3, label='x "quoted" <b>')
    assert repr(x) == "Value(data=3.0, label='x \"quoted\" <b>')"
    (x * 2).backward()
    assert "grad=2.0" in repr(x) and "label" not in repr(Value(1.0))
    assert f"{x:.2f}" == "3.00" and str(x) == repr(x) == f"{x}"


def test_reading_the_number():
    x = Value(3.0)
    assert (x.item(), x.data) == (3.0, 3.0)
    detached = (x * 2).detach()
    assert detached.data == 6.0 and not detached.requires_grad and float(detached) == 6.0 and int(detached) == 6


def test_a_misspelled_attribute_is_refused():
    with pytest.raises(AttributeError, match="gard"):
        Value(1.0).gard = 0.0


# --- IEEE arithmetic where Python's floats would raise ----------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_division_by_zero_and_overflow_go_on_as_in_ieee_arithmetic():
    assert (Value(1.0) / 0).data == math.inf and math.isnan((Value(0.0) / 0).data)
    assert Value(1000.0).exp().data == math.inf and Value(0.0).log().data == -math.inf
    assert math.isnan((Value(-8.0) ** (1 / 3)).data) and (Value(10.0) ** 400).data == math.inf


# --- loops ------------------------------------------------------------------------------------------------------------


def test_a_loop_of_thousands_of_in_place_additions():
    x = Value(0.5)
    total = Value(0.0)
    for k in range(1, 3001):
        total += k * x
    total.backward()
    assert x.grad == 3000 * 3001 / 2 and total.data == x.grad / 2


def test_a_thousand_steps_of_gradient_descent_follow_the_closed_form():
    x = Value(5.0, label="x")
    for _ in range(1_000):
        loss = (x - 2) ** 2 / 2
        x.zero_grad()
        loss.backward()
        x.data -= 0.01 * x.grad
    # Each step multiplies the distance to 2 by 0.99.
    assert math.isclose(x.data - 2, 3 * 0.99**1000, rel_tol=1e-10)


# --- a network written for micrograd ----------------------------------------------------------------------------------


class Module:
    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0  # as micrograd does it


class Neuron(Module):
    def __init__(self, nin, nonlin=True):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act.relu() if self.nonlin else act

    def parameters(self):
        return [*self.w, self.b]


class Layer(Module):
    def __init__(self, nin, nout, **options):
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP(Module):
    def __init__(self, nin, nouts):
        sizes = [nin, *nouts]
        self.layers = [Layer(a, b, nonlin=b is not nouts[-1]) for a, b in zip(sizes, nouts, strict=False)]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


def test_a_network_written_for_micrograd_trains():
    random.seed(2)
    model = MLP(2, [8, 1])
    inputs = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
    targets = [-1.0, 1.0, 1.0, -1.0]  # XOR: nothing linear separates it
    assert len(model.parameters()) == 8 * 3 + 9

    for _ in range(200):
        scores = [model(x) for x in inputs]
        losses = [(1 + -y * score).relu() for y, score in zip(targets, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
    assert all(score.data * y > 0.5 for score, y in zip(map(model, inputs), targets, strict=True))
    assert loss.data < 0.1


def test_a_networks_gradient_agrees_with_the_same_network_on_arrays():
    random.seed(5)
    layer = Layer(3, 4)
    x = [0.5, -1.5, 2.0]
    sum(out * out for out in layer(x)).backward()
    W = np.array([[w.data for w in neuron.w] for neuron in layer.neurons])
    z = W @ x
    delta = 2 * np.maximum(z, 0)  # d relu(z)² / dz
    np.testing.assert_allclose([[w.grad for w in n.w] for n in layer.neurons], np.outer(delta, x), rtol=1e-15)
    np.testing.assert_allclose([n.b.grad for n in layer.neurons], delta, rtol=1e-15)
