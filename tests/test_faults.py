"""find_fault names the operation, the reason and the replacement, and the replacement cures."""

import functools
import re
from typing import NamedTuple

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, tape
from autograd.faults import find_fault
from nn.articles import layers
from nn.articles.layers_network import X as X_XOR
from nn.articles.layers_network import Y as Y_XOR
from nn.articles.layers_network import forward, init_params

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

KINDS = pytest.mark.parametrize("kind", [Value, Tensor], ids=["Value", "Tensor"])


def by_hand(z):
    return 1 / (1 + np.exp(-z))


SIGMOIDS = {
    "primitive": autograd.sigmoid,
    "composed": by_hand,
    "article": lambda z: 1 / (1 + np.exp(np.dot(-1, z))),
    "reciprocal": lambda z: np.reciprocal(np.exp(-z) + 1),
    "power": lambda z: (1 + np.exp(-z)) ** -1,
}


class Case(NamedTuple):
    """A computation of one leaf x, what is to be found in it, and a cure."""

    x: float
    wrong: object
    kind: str
    phase: str
    operation: str
    why: str
    instead: str
    right: object = None


CASES = {
    # What the issue names.
    "log(0)": Case(0.0, np.log, "inf", "forward", "log", "log of 0", "autograd.where(x > 0, np.log(x), 0.0)",
                   lambda x: autograd.where(x > 0, np.log(x), 0.0)),
    "0/0": Case(0.0, lambda x: x / (x * 2), "nan", "forward", "div", "0/0", "autograd.where(y != 0, x / y, 0.0)",
                lambda x: autograd.where(x * 2 != 0, x / (x * 2), 0.0)),
    "exp overflow": Case(800.0, np.exp, "inf", "forward", "exp", "exp(800) is beyond", "np.exp(np.minimum(x, 80))",
                         lambda x: np.exp(np.minimum(x, 80)) * 0 + x),
    "sqrt'(0)": Case(0.0, np.sqrt, "inf", "backward", "sqrt", "1/(2·0)", "autograd.where(x > 0, np.sqrt(x), 0.0)",
                     lambda x: autograd.where(x > 0, np.sqrt(x), 0.0)),
    "x**0.5 at 0": Case(0.0, lambda x: x**0.5, "inf", "backward", "power", "1/(2·0)", "np.sqrt(x + 1e-12)",
                        lambda x: np.sqrt(x + 1e-12)),
    "norm(0) by hand": Case(0.0, lambda x: np.sqrt(x**2 + x**2), "inf", "backward", "sqrt", "a vector of zeros",
                            "autograd.where(s > 0, np.sqrt(s), 0.0)",
                            lambda x: (lambda s: autograd.where(s > 0, np.sqrt(s), 0.0))(x**2 + x**2)),
    "log(1 - p), p = 1": Case(1.0, lambda p: np.log(1 - p), "inf", "forward", "log", "log(1 - p) of p = 1", "log"),
    "log(-1)": Case(-1.0, np.log, "nan", "forward", "log", "the logarithm of a negative number, -1", "softplus(t)",
                    lambda t: np.log(autograd.softplus(t))),
    "log1p(-2)": Case(-2.0, np.log1p, "nan", "forward", "log1p", "1 + -2", "np.log1p(np.exp(t))",
                      lambda t: np.log1p(np.exp(t))),
    "a mask times log": Case(0.0, lambda x: 0.0 * np.log(x), "inf", "forward", "log", "makes nan of it, not 0",
                             "autograd.where(m != 0", lambda x: autograd.where(False, 0.0 * np.log(x), 0.0)),
    "x log x": Case(0.0, lambda x: x * np.log(x), "inf", "forward", "log", "makes nan of it, not 0",
                    "autograd.where(m != 0", lambda x: autograd.where(x != 0, x * np.log(x), 0.0)),
    "1/0": Case(0.0, lambda x: 1 / x, "inf", "forward", "div", "1/0", "autograd.where(y != 0, x / y, 0.0)",
                lambda x: autograd.where(x != 0, 1 / x, 0.0)),
    "x / 0 examples": Case(3.0, lambda x: x / 0, "inf", "forward", "div", "a count of nothing", "count",
                           lambda x: x / max(0, 1)),
    "reciprocal": Case(0.0, np.reciprocal, "inf", "forward", "reciprocal", "1/0", "autograd.where(x != 0, 1 / x, 0.0)",
                       lambda x: autograd.where(x != 0, 1 / x, 0.0)),
    "0 ** -1": Case(0.0, lambda x: x**-1, "inf", "forward", "power", "0 to a negative power",
                    "autograd.where(x != 0",
                    lambda x: autograd.where(x != 0, x**-1, 0.0)),
    "negative base": Case(-8.0, lambda x: x ** (1 / 3), "nan", "forward", "power", "-8, to a power",
                          "np.cbrt(x)", np.cbrt),
    "sqrt(-1)": Case(-1.0, np.sqrt, "nan", "forward", "sqrt", "the root of a negative number, -1",
                     "autograd.where(x > 0, np.sqrt(x), 0.0)", lambda x: autograd.where(x > 0, np.sqrt(x), 0.0)),
    "cbrt'(0)": Case(0.0, np.cbrt, "inf", "backward", "cbrt", "1/0", "autograd.where(x != 0, np.cbrt(x), 0.0)",
                     lambda x: autograd.where(x != 0, np.cbrt(x), 0.0)),
    "root of a square": Case(0.0, lambda x: np.sqrt(x**2), "inf", "backward", "sqrt", "the root of a square",
                             "np.abs(z)", np.abs),
    "hypot(0, 0)": Case(0.0, lambda x: np.hypot(x, x), "nan", "backward", "hypot", "0/0",
                        "autograd.where((x != 0) | (y != 0), np.hypot(x, y), 0.0)",
                        lambda x: autograd.where((x != 0) | (x != 0), np.hypot(x, x), 0.0)),
    "acos(1)": Case(1.0, np.arccos, "inf", "backward", "acos", "infinite at both ends",
                    "np.clip(x, -1 + 1e-7, 1 - 1e-7)",
                    lambda x: np.arccos(np.clip(x, -1 + 1e-7, 1 - 1e-7)) + x),
    "asin(1.1)": Case(1.1, np.arcsin, "nan", "forward", "asin", "asin(1.1): outside of -1 … 1",
                      "np.clip(x, -1 + 1e-7, 1 - 1e-7)",
                      lambda x: np.arcsin(np.clip(x, -1 + 1e-7, 1 - 1e-7)) + x),
    "atanh(1)": Case(1.0, np.arctanh, "inf", "forward", "atanh", "infinite at -1 and 1", "np.arctanh(np.clip("),
    "acosh(1)": Case(1.0, np.arccosh, "inf", "backward", "acosh", "slope at 1 is infinite", "np.arccosh(np.maximum("),
    "inf - inf": Case(np.inf, lambda x: x - np.inf, "nan", "forward", "sub", "inf - inf is nan", "inf"),
    "0 * inf": Case(0.0, lambda x: x * np.inf, "nan", "forward", "mul", "0 · inf is nan", "autograd.where(m != 0"),
    "inf / inf": Case(np.inf, lambda x: x / np.inf, "nan", "forward", "div", "inf/inf is nan", "subtract logarithms"),
    "sinh overflow": Case(800.0, np.sinh, "inf", "forward", "sinh", "sinh(800) is beyond", "logarithm"),
    "square overflow": Case(1e7, lambda x: ((x * 1e100) * 1e60) ** 2, "inf", "forward", "power", "beyond",
                            "X.std(axis=0)"),
    "tanh by hand": Case(800.0, lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)), "inf", "forward", "exp",
                         "tanh by hand, at z = 800", "np.tanh(z)", lambda z: np.tanh(z) + z),
    "softplus by hand": Case(800.0, lambda z: np.log(1 + np.exp(z)), "inf", "forward", "exp",
                             "softplus by hand, at z = 800", "autograd.softplus(z)", autograd.softplus),
    "a parameter that ran away": Case(1e200, lambda w: w * w, "inf", "forward", "mul", "x is as large as 1e+200",
                                      "a lower learning rate"),
    "a parameter that is nan": Case(np.nan, lambda w: w * 2, "nan", "forward", "", "x holds nan before anything",
                                    "autograd.detect_faults()"),
    # A gradient that does not arrive.
    "dead relu": Case(-3.0, lambda x: (autograd.relu(x * 2.0) - 1) ** 2, "zero", "backward", "relu", "dead relu",
                      "no relu at the end", lambda x: (x * 2.0 - 1) ** 2),
    "dead relu by maximum": Case(-3.0, lambda x: (np.maximum(0, x * 2.0) - 1) ** 2, "zero", "backward", "relu",
                                 "dead relu", "no relu at the end"),
    "dead relu by where": Case(-3.0, lambda x: (autograd.where(x > 0, x, 0.0) - 1) ** 2, "zero", "backward", "relu",
                               "dead relu", "no relu at the end"),
    "clipped": Case(-30.0, lambda x: -np.log(np.clip(autograd.sigmoid(x * 1.0), 1e-7, 1)), "zero", "backward", "clip",
                    "lies below the bound", "nn.BCEWithLogitsLoss()(z, y)", lambda x: autograd.softplus(-(x * 1.0))),
    "sign": Case(-3.0, lambda x: (np.sign(x * 1.0) - 1) ** 2, "zero", "backward", "sign", "slope 0", "np.tanh(z)",
                 lambda x: (np.tanh(x * 1.0) - 1) ** 2),
    "tanh on the wrong side": Case(-40.0, lambda x: (np.tanh(x * 1.0) - 1) ** 2, "zero", "backward", "tanh",
                                   "saturated tanh: z = -40", "no tanh at the end"),
}  # fmt: skip


def single(kind, x):
    """A leaf of one number, as a Value or as a Tensor with one entry."""
    return Value(x, label="x") if kind is Value else Tensor([x], label="x")


def total(out):
    return out if isinstance(out, Value) else np.sum(out)


def finite(loss):
    """Whether a computation and its gradient are finite."""
    leaves = [node for node in tape(loss) if node.is_leaf and node.requires_grad]
    return all(np.isfinite(np.asarray(g)).all() for g in [loss.primal, *autograd.grad(loss, leaves)])


@KINDS
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_names_the_operation_the_reason_and_the_replacement(case, kind):
    fault = find_fault(total(case.wrong(single(kind, case.x))))
    assert (fault.kind, fault.phase, fault.operation) == (case.kind, case.phase, case.operation)
    assert case.why in fault.why
    assert case.instead in fault.instead


@KINDS
@pytest.mark.parametrize("case", [c for c in CASES.values() if c.right], ids=[n for n, c in CASES.items() if c.right])
def test_the_replacement_cures(case, kind):
    loss = total(case.right(single(kind, case.x)))
    assert finite(loss)
    assert find_fault(loss) is None


@KINDS
@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
@pytest.mark.parametrize(("z", "target"), [(-812.0, 1.0), (812.0, 0.0), (40.0, 0.0)])
def test_a_saturated_sigmoid_with_cross_entropy(kind, sigmoid, z, target):
    x = single(kind, z)
    p = sigmoid(x)
    fault = find_fault(total(-np.log(p) if target else -np.log(1 - p)))
    assert fault.operation == "log"
    assert f"the sigmoid is saturated at z = {z:g}" in fault.why
    cure = "autograd.softplus(z) - y * z" if kind is Value else "nn.BCEWithLogitsLoss()(z, y)"
    assert cure in fault.instead
    right = total(autograd.softplus(x) - target * x)
    if kind is Tensor:
        right = nn.BCEWithLogitsLoss()(x, np.array([target]))
    assert finite(right)
    assert find_fault(right) is None


@KINDS
@pytest.mark.parametrize("name", [name for name in SIGMOIDS if name != "primitive"])
def test_a_sigmoid_by_hand_whose_gradient_is_nan_although_its_value_is_right(kind, name):
    x = single(kind, -800.0)
    p = total(SIGMOIDS[name](x))
    assert p.item() == 0
    fault = find_fault(p)
    assert (fault.kind, fault.phase, fault.operation) == ("nan", "backward", "exp")
    assert "sigmoid by hand, at z = -800" in fault.why
    assert fault.instead == "autograd.sigmoid(z)"
    assert finite(total(autograd.sigmoid(x)))


@KINDS
@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
def test_a_sigmoid_that_is_flat_on_the_wrong_side(kind, sigmoid):
    x = single(kind, 40.0)
    fault = find_fault(total((sigmoid(x * 1.0) - 0.0) ** 2))
    assert fault.kind in ("zero", "vanishing")
    assert fault.operation == "sigmoid"
    assert "nn.BCEWithLogitsLoss()(z, y)" in fault.instead
    assert find_fault(total((sigmoid(x * 1.0) - 1.0) ** 2)) is None  # the right side: this is what one wants


def values(*numbers):
    return [Value(number, label=f"z[{i}]") for i, number in enumerate(numbers)]


def softmax_of_values(z):
    exponentials = [np.exp(part) for part in z]
    return [e / sum(exponentials) for e in exponentials]


ARRAYS = {
    "softmax by hand": (
        lambda: (lambda e: np.sum((e / np.sum(e, axis=1, keepdims=True)) ** 2))(np.exp(Tensor([[800.0, 1.0]]))),
        "exp", "softmax by hand", "autograd.softmax(z)",
        lambda: np.sum(autograd.softmax(Tensor([[800.0, 1.0]])) ** 2)),
    "softmax by hand, underflow": (
        lambda: (lambda e: np.sum((e / np.sum(e, axis=1, keepdims=True)) ** 2))(np.exp(Tensor([[-800.0, -900.0]]))),
        "div", "every exp in the softmax rounds to 0", "autograd.softmax(z)",
        lambda: np.sum(autograd.softmax(Tensor([[-800.0, -900.0]])) ** 2)),
    "softmax by hand, Values": (
        lambda: softmax_of_values(values(800.0, 1.0, 2.0))[1],
        "exp", "softmax by hand", "m the largest z",
        lambda: softmax_of_values([z - 800.0 for z in values(800.0, 799.0, 790.0)])[1]),
    "log of a softmax": (
        lambda: -np.log(autograd.softmax(Tensor([[0.0, 1000.0]])))[0, 0],
        "log", "softmax gives a class the probability 0", "nn.CrossEntropyLoss()(z, classes)",
        lambda: nn.CrossEntropyLoss()(Tensor([[0.0, 1000.0]]), np.array([0]))),
    "logsumexp by hand": (
        lambda: np.log(np.sum(np.exp(Tensor([800.0, 1.0])))),
        "exp", "the logarithm of a sum of exponentials", "autograd.logsumexp(z)",
        lambda: autograd.logsumexp(Tensor([800.0, 1.0]))),
    "logsumexp by hand, Values": (
        lambda: np.log(sum(map(np.exp, values(800.0, 1.0)))),
        "exp", "the logarithm of a sum of exponentials", "np.logaddexp(z[0], z[1])",
        lambda: np.logaddexp(*values(800.0, 1.0))),
    "logsumexp by hand, underflow": (
        lambda: np.log(np.sum(np.exp(Tensor([-800.0, -900.0])))),
        "log", "every exp in the sum rounds to 0", "autograd.logsumexp(z)",
        lambda: autograd.logsumexp(Tensor([-800.0, -900.0]))),
    "x / norm(x)": (
        lambda: (lambda x: np.sum(x / np.linalg.norm(x)))(Tensor(np.zeros(3))),
        "div", "a vector of length 0 has no direction", "autograd.where(n > 0, x / n, 0.0)",
        lambda: (lambda x, n: np.sum(autograd.where(n > 0, x / n, 0.0)))(
            *(lambda x: (x, autograd.norm(x)))(Tensor(np.zeros(3))))),
    "x / norm(x) by hand": (
        lambda: (lambda x: np.sum(x / np.sqrt(np.sum(x * x))))(Tensor(np.zeros(3))),
        "div", "a vector of length 0 has no direction", "autograd.where(n > 0, x / n, 0.0)", None),
    "x / norm(x), Values": (
        lambda: (lambda x, y: x / np.sqrt(x**2 + y**2))(*values(0.0, 0.0)),
        "div", "a vector of length 0 has no direction", "autograd.where(n > 0, x / n, 0.0)", None),
    "the angle to a vector of zeros": (
        lambda: (lambda a, b: a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))(Tensor([0.0, 0.0]), Tensor([1.0, 0.0])),
        "div", "a vector of length 0 has no direction", "autograd.where(n > 0, x / n, 0.0)", None),
    "prod": (
        lambda: np.prod(Tensor(np.full(50, 1e10))), "prod", "a product of 50 factors has grown beyond",
        "add logarithms", lambda: np.sum(np.log(Tensor(np.full(50, 1e10))))),
    "cumsum": (
        lambda: np.cumsum(Tensor([1e308, 1e308], label="w"))[1], "cumsum", "cumsum is beyond",
        "smaller steps", None),
    "norm(0) by hand": (
        lambda: np.sqrt(np.sum(Tensor(np.zeros(3)) ** 2)),
        "sqrt", "the length of a vector of zeros", "np.sqrt(np.sum(z * z) + 1e-12)",
        lambda: np.sqrt(np.sum(Tensor(np.zeros(3)) ** 2) + 1e-12)),
    "norm 3 of 0": (
        lambda: np.linalg.norm(Tensor(np.zeros(3)), 3),
        "power", "at 0 is infinite", "1e-12", None),
    "std of equal numbers": (
        lambda: np.std(Tensor([3.0, 3.0])),
        "sqrt", "the standard deviation of numbers that are all equal", "np.sqrt(np.var(x) + 1e-5)",
        lambda: np.sqrt(np.var(Tensor([3.0, 3.0])) + 1e-5)),
    "standardised equal numbers": (
        lambda: (lambda x: np.sum((x - np.mean(x)) / np.std(x)))(Tensor([3.0, 3.0])),
        "div", "a standard deviation of 0", "nn.LayerNorm",
        lambda: (lambda x: np.sum((x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5)))(Tensor([3.0, 3.0]))),
    "the variance of one number": (
        lambda: np.var(Tensor([3.0]), ddof=1),
        "div", "n - 1 = 0", "np.var(x), which divides by n", lambda: np.var(Tensor([3.0]))),
    "a variance that is negative by rounding": (
        lambda: (lambda x: np.sqrt(np.mean(x**2) - np.mean(x) ** 2))(Tensor([0.8, 0.8, 0.8])),
        "sqrt", "has lost all its digits", "np.var(z)", None),
    "the mean of nothing": (
        lambda: np.mean(Tensor(np.zeros(0))), "mean", "the mean of nothing", "leave out what is empty", None),
    "a mask times log": (
        lambda: np.sum(np.array([1.0, 0.0]) * np.log(Tensor([2.0, 0.0]))),
        "log", "makes nan of it, not 0", "autograd.where(m != 0, m * np.log(x), 0.0)",
        lambda: (lambda m, x: np.sum(autograd.where(m != 0, m * np.log(x), 0.0)))(
            np.array([1.0, 0.0]), Tensor([2.0, 0.0]))),
    "softmax of a row that is masked throughout": (
        lambda: np.sum(autograd.softmax(Tensor([[1.0, 2.0]]) + np.array([[-np.inf, -np.inf]])) ** 2),
        "softmax", "a row that is -inf throughout", "-1e9, in place of -inf",
        lambda: np.sum(autograd.softmax(Tensor([[1.0, 2.0]]) + np.array([[-1e9, -1e9]])) ** 2)),
    "the where trap, of a matrix product": (
        lambda: (lambda x, A: np.sum(autograd.where(False, A @ np.log(x), 0.0) + x))(
            Tensor([2.0, 0.0]), Tensor(np.eye(2))),
        "matmul", "a where took the other branch", "f(autograd.where(ok, x, 1.0))",
        lambda: (lambda x, A: np.sum(autograd.where(False, A @ np.log(autograd.where(x > 0, x, 1.0)), 0.0) + x))(
            Tensor([2.0, 0.0]), Tensor(np.eye(2)))),
    "float32": (
        lambda: np.sum(Tensor(np.array([1e30], np.float32)) ** 2),
        "power", "beyond the largest float32", "float64", lambda: np.sum(Tensor(np.array([1e30])) ** 2)),
    "float32 exp": (
        lambda: np.sum(np.exp(Tensor(np.array([100.0], np.float32)))),
        "exp", "beyond the largest float32", "np.minimum(x, 80)",
        lambda: np.sum(np.exp(np.minimum(Tensor(np.array([100.0, 0.0], np.float32)), 80)))),
    "nan in the data": (
        lambda: np.sum(Tensor([1.0, 1.0]) @ np.array([1.0, np.nan])),
        "", "holds nan from the start", "np.isfinite(X).all(axis=1)", None),
    "too large a learning rate": (
        lambda: diverged(lr=1e3), "power", "W is as large as", "a lower learning rate", lambda: diverged(lr=0.05)),
}  # fmt: skip


def diverged(lr):
    """A linear regression after 60 steps of gradient descent."""
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(8, 3)), Tensor(np.zeros((3, 1)), label="W")
    y = X @ np.ones((3, 1)) + rng.normal(size=(8, 1))
    for _ in range(60):
        loss = np.mean((X @ W - y) ** 2)
        if not np.isfinite(loss.item()):
            break
        W.data = W.data - lr * autograd.grad(loss, W)
    return np.mean((X @ W - y) ** 2)


@pytest.mark.parametrize(("wrong", "operation", "why", "instead", "right"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_and_several_values(wrong, operation, why, instead, right):
    fault = find_fault(wrong())
    assert fault.operation == operation
    assert why in fault.why
    assert instead in fault.instead
    if right is not None:
        loss = right()
        assert finite(loss)
        assert find_fault(loss) is None


@KINDS
@pytest.mark.parametrize(
    "build",
    [
        lambda x: autograd.where(x > 0, np.log(x), 0.0),
        lambda x: autograd.where(x != 0, 1 / x, 0.0),
        lambda x: autograd.where(x != 0, x / x, 0.0),
        lambda x: autograd.where(x > 0, np.log(np.sqrt(x)), 0.0),
    ],
)
def test_the_where_trap_is_none_here(kind, build):
    """The sweep shields the branch that was not taken, and an infinity that nobody takes is no fault."""
    loss = total(build(single(kind, 0.0)))
    assert any(not np.isfinite(np.asarray(node.primal)).all() for node in tape(loss))
    assert finite(loss)
    assert find_fault(loss) is None


@pytest.mark.parametrize("build", [lambda x: np.log(x)[1], lambda x: np.max(np.log(x)), lambda x: np.sqrt(x)[1]])
def test_an_entry_that_nothing_uses_and_whose_gradient_is_nan_all_the_same(build):
    loss = build(Tensor([0.0, 2.0]))
    assert not finite(loss)
    fault = find_fault(loss)
    assert (fault.kind, fault.phase, fault.entry) == ("nan", "backward", (0,))
    assert "nothing uses this entry" in fault.why
    assert find_fault(np.log(Tensor([0.0, 2.0])[1])) is None


# --- deep products and networks -------------------------------------------------------------------------------------


def product(kind, factor, count=50):
    leaves = [Value(factor, f"w{i}") if kind is Value else Tensor([factor, factor], f"w{i}") for i in range(count)]
    return total(functools.reduce(lambda a, b: a * b, leaves))


@KINDS
def test_a_product_of_50_factors(kind):
    overflow, explode, vanish = (find_fault(product(kind, factor)) for factor in (1e10, 3.0, 0.3))
    assert (overflow.kind, overflow.operation) == ("inf", "mul")
    assert "a product of 49 factors" in overflow.why
    assert (explode.kind, explode.operation) == ("exploding", "mul")
    assert "each factor makes it 3 times as large" in explode.why
    assert (vanish.kind, vanish.operation) == ("vanishing", "mul")
    assert "each passes on 0.3 of it" in vanish.why
    assert all("nn.init.xavier_normal_(W)" in fault.instead for fault in (overflow, explode, vanish))
    assert find_fault(product(kind, 1.0)) is None
    assert find_fault(product(kind, 0.9)) is None


@KINDS
def test_the_same_factor_50_times(kind):
    w, x = single(kind, 3.0), single(kind, 1.0)
    fault = find_fault(total(functools.reduce(lambda a, _: a * w, range(50), x)))
    assert fault.kind == "exploding"


def deep(depth, activation, gain, *, width=16, bias=0.0, at=0):
    """A network on 32 random examples, with a bias of its own in one layer."""
    rng = np.random.default_rng(7)
    A = rng.normal(size=(32, width))
    for i in range(depth):
        W = Tensor(gain * rng.normal(size=(width, width)) / np.sqrt(width), f"W{i + 1}")
        A = activation(A @ W + Tensor(np.full(width, bias if i == at else 0.0), f"b{i + 1}"))
    W = Tensor(rng.normal(size=(width, 1)) / np.sqrt(width), "W")
    return np.mean((A @ W - 1.0) ** 2)


TANHS = {"primitive": np.tanh, "composed": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))}
RELUS = {
    "primitive": autograd.relu,
    "maximum": lambda z: np.maximum(z, 0),
    "maximum, turned": lambda z: np.maximum(0.0, z),
    "where": lambda z: autograd.where(z > 0, z, 0.0),
}


@pytest.mark.parametrize("relu", RELUS.values(), ids=RELUS)
def test_a_dead_relu_layer(relu):
    fault = find_fault(deep(3, relu, 1.0, bias=-100.0, at=1))
    assert (fault.kind, fault.operation) == ("zero", "relu")
    assert "dead relu" in fault.why
    assert "nn.LeakyReLU()" in fault.instead
    assert "hardly any gradient for W1, b1, W2, b2" in fault.then[0]
    assert find_fault(deep(3, relu, 1.4)) is None


def test_a_dead_relu_layer_of_values():
    nn.manual_seed(0)
    model = nn.MLP(3, [4, 4, 1])
    examples = [([2.0, 3.0, -1.0], 1.0), ([3.0, -1.0, 0.5], -1.0)]
    assert find_fault(sum((model(x) - y) ** 2 for x, y in examples)) is None
    for neuron in model.layers[1].neurons[:3]:
        neuron.b.data = -100.0
    assert find_fault(sum((model(x) - y) ** 2 for x, y in examples)) is None  # one of four is alive
    model.layers[1].neurons[3].b.data = -100.0
    fault = find_fault(sum((model(x) - y) ** 2 for x, y in examples))
    assert (fault.kind, fault.operation) == ("zero", "relu")
    assert "all 8 units" in fault.why


@pytest.mark.parametrize("tanh", TANHS.values(), ids=TANHS)
def test_a_saturated_tanh_layer(tanh):
    fault = find_fault(deep(3, tanh, 1.0, bias=25.0, at=1))
    assert (fault.operation, fault.kind in ("zero", "vanishing")) == ("tanh", True)
    assert "saturated tanh" in fault.why
    assert "nn.init.xavier_normal_(W)" in fault.instead


@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
def test_sigmoid_layers_let_the_gradient_vanish(sigmoid):
    fault = find_fault(deep(14, sigmoid, 1.0))
    assert fault.kind == "vanishing"
    assert "layers of sigmoid" in fault.why
    assert "nn.ReLU() in place of it" in fault.instead
    assert find_fault(deep(3, sigmoid, 1.0)) is None


@KINDS
def test_tanh_saturated_in_30_layers(kind):
    A = single(kind, 0.5)
    for i in range(30):
        w, b = ((Value if kind is Value else Tensor)(x, f"w{i}") for x in (1.0, 2.0))
        A = np.tanh(A * w + b)
    fault = find_fault(total((A - 1) ** 2))
    assert fault.kind == "vanishing"
    assert re.search(r"\d layers of tanh are saturated, 100% of their units", fault.why)
    assert "smaller weights" in fault.instead


def test_two_tanh_layers_that_are_saturated_together():
    x, A = Tensor([[0.5, -0.5]], label="x"), None
    for i in range(2):
        A = np.tanh((x if A is None else A) * Tensor([[1.0, -1.0]], label=f"w{i}") + np.array([[5.0, 5.0]]))
    fault = find_fault(np.sum((A * Tensor([[1.0, 1.0]], label="w2") - 2) ** 2))
    assert fault.kind == "vanishing"
    assert "2 layers of tanh are saturated" in fault.why


def test_weights_too_small_and_too_large():
    small, large = find_fault(deep(50, autograd.relu, 0.5)), find_fault(deep(50, autograd.relu, 4.0))
    assert small.kind == "vanishing"
    assert "the weights are too small" in small.why
    assert "nn.init.kaiming_normal_(W)" in small.instead
    assert large.kind == "exploding"
    assert "nn.optim.clip_grad_norm_" in large.instead
    assert find_fault(deep(50, autograd.relu, 2**0.5)) is None


def test_weights_that_are_stored_transposed_count_as_one_layer():
    def deep(linear):
        A = rng.normal(size=(32, 8))
        for _ in range(40):
            A = linear(A, Tensor(0.3 * weights))
        return np.mean((A - 1) ** 2)

    rng = np.random.default_rng(0)
    weights = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    weights = (weights + weights.T) / 2
    plain, transposed = (find_fault(deep(linear)) for linear in (lambda A, W: A @ W, lambda A, W: A @ W.T))
    assert "the last of 40 layers" in plain.why
    assert re.search(r"each passes on [\d.]+ of it", plain.why).group() in transposed.why
    assert "the last of 40 layers" in transposed.why


def zeros(hidden):
    rng = np.random.default_rng(0)
    W1, W2 = Tensor(hidden(rng), "W1"), Tensor(np.zeros((4, 1)), "W2")
    return np.mean((np.tanh(rng.normal(size=(8, 3)) @ W1) @ W2 - 1) ** 2)


def test_weights_that_are_all_zero():
    fault = find_fault(zeros(lambda rng: np.zeros((3, 4))))
    assert fault.kind == "zero"
    assert "W2 is 0 throughout" in fault.why
    assert "nn.init.xavier_normal_(W)" in fault.instead
    assert find_fault(zeros(lambda rng: rng.normal(size=(3, 4)))) is None  # the next step parts the units


def article_b(params, kind):
    """The cost of the article's network, on Tensors or one number at a time."""
    if kind is Value:
        cost = forward(X_XOR, Y_XOR, **{name: autograd.scalars(array, name) for name, array in params.items()})["loss"]
        return cost if isinstance(cost, Value) else cost.item()
    return forward(X_XOR, Y_XOR, **{name: Tensor(array, name) for name, array in params.items()})["loss"]


@KINDS
@pytest.mark.parametrize("steps", [0, 1000])
def test_article_b_stuck_at_ln_2(kind, steps):
    params, history = layers.train(X_XOR, Y_XOR, (2, 4, 1), steps, 1.0)
    assert history[-1] == pytest.approx(0.693147, abs=5e-6)
    fault = find_fault(article_b(params, kind))
    assert (fault.kind, fault.phase, fault.operation) == ("vanishing", "backward", "sigmoid")
    assert "hidden units that are all alike" in fault.why
    assert "= ln 2" in fault.why
    assert "nn.init.xavier_normal_(W)" in fault.instead
    assert "W1, b1" in fault.then[0] or "W1" in fault.then[0]


@KINDS
@pytest.mark.parametrize(("lr", "scale", "steps"), [(1.0, None, 0), (1.0, 1.0, 0), (1.0, None, 200), (5.0, 0.01, 1000)])
def test_article_b_where_it_learns(kind, lr, scale, steps):
    params, _ = layers.train(X_XOR, Y_XOR, (2, 4, 1), steps, lr, scale=scale)
    assert find_fault(article_b(params, kind)) is None


def test_a_fault_in_a_deeper_article_b():
    fault = find_fault(article_b(init_params((2, 4, 4, 4, 1)), Tensor))
    assert fault.kind == "vanishing"
