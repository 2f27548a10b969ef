"""What find_fault says is so: the reason is the reason, and what it tells to write cures."""

import functools

import numpy as np
import pytest

import autograd
from autograd import FaultError, Tensor, Value, detect_faults, find_fault, tape

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

KINDS = pytest.mark.parametrize("kind", [Value, Tensor], ids=["Value", "Tensor"])


def single(kind, x, label="x"):
    return kind(x if kind is Value else [x], label=label)


def finite(loss):
    """Whether a computation and its gradient are finite."""
    leaves = [node for node in tape(loss) if node.is_leaf and node.requires_grad]
    return all(np.isfinite(np.asarray(g)).all() for g in [loss.primal, *autograd.grad(loss, leaves)])


# --- a cotangent of 0 that meets an infinite slope ------------------------------------------------------------------

MASK = np.array([0.0, 1.0])
SILENT = {
    "picked over": (lambda x: np.sqrt(x)[1], "nothing uses this entry", lambda x: np.sqrt(x[1])),
    "not the largest": (lambda x: np.max(np.sqrt(x)), "nothing uses this entry", lambda x: np.sqrt(np.max(x))),
    "behind what is smaller": (lambda x: np.sum(np.minimum(1 / (x + 0.0), 0.5)), "nothing uses this entry",
                               lambda x: np.sum(np.minimum(1 / np.maximum(x, 1e-9), 0.5))),
    "times itself": (lambda x: np.sum(np.sqrt(x) * x), "for it is multiplied by x, which is 0 there",
                     lambda x: np.sum(autograd.where(x != 0, x * np.sqrt(x), 0.0))),
    "times a mask": (lambda x: np.sum(MASK * np.sqrt(x)), "for it is multiplied by array(2,), which is 0 there",
                     lambda x: np.sum(autograd.where(MASK != 0, MASK * np.sqrt(x), 0.0))),
    "picked, times 0": (lambda x: np.sqrt(x)[0] * 0.0 + x[1], "the slope of sqrt(x) at 0 is infinite",
                        lambda x: autograd.where(x > 0, np.sqrt(x), 0.0)[0] * 0.0 + x[1]),
    "squared": (lambda x: np.sum(np.sqrt(x) ** 2), "the slope of sqrt(x) at 0 is infinite",
                lambda x: np.sum(autograd.where(x > 0, np.sqrt(x), 0.0) ** 2)),
    "at the target": (lambda x: np.sum((np.sqrt(x) - np.sqrt(x.data)) ** 2), "the slope of sqrt(x) at 0 is infinite",
                      lambda x: np.sum((autograd.where(x > 0, np.sqrt(x), 0.0) - np.sqrt(x.data)) ** 2)),
    "another root": (lambda x: np.sum((x**0.25) ** 8), "the slope of x ** 0.25 at 0 is infinite",
                     lambda x: np.sum(autograd.where(x > 0, x**0.25, 0.0) ** 8)),
    "a relu that is off": (lambda x: np.sum(autograd.relu(np.sqrt(x) - 0.5)), "the slope of sqrt(x) at 0 is infinite",
                           lambda x: np.sum(autograd.relu(autograd.where(x > 0, np.sqrt(x), 0.0) - 0.5))),
    "swallowed": (lambda x: 2 / np.sum(1 / x), "1 / x is infinite here; what follows makes a finite number of it",
                  lambda x: 2 / np.sum(1 / (x + 1e-12))),
    "an angle": (lambda x: np.sum((np.arccos(x + 1.0)[0] + 0 * x[1]) ** 2), "its slope is infinite at both ends",
                 lambda x: np.sum(np.arccos(np.clip(x[0] + 1.0, -1 + 1e-7, 1 - 1e-7)) ** 2) + 0 * x[1]),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "why", "right"), SILENT.values(), ids=SILENT)
def test_why_a_cotangent_of_0_became_nan(wrong, why, right):
    fault = find_fault(wrong(Tensor([0.0, 2.0], label="x")))
    assert (fault.kind, fault.phase, fault.inputs["the cotangent g"]) == (
        "nan",
        "backward",
        fault.inputs["the cotangent g"],
    )
    assert fault.inputs["the cotangent g"] in ("0", "-0")
    assert why in fault.why
    assert ("nothing uses" in fault.why) == ("nothing uses" in why)
    assert "nan" in fault.why
    assert finite(right(Tensor([0.0, 2.0], label="x")))


def test_the_same_on_values():
    fault = find_fault((lambda x: np.sqrt(x) * x)(Value(0.0, label="x")))
    assert "for it is multiplied by x, which is 0 there" in fault.why
    assert "multiplied by 0;" in find_fault(np.sqrt(Value(0.0, label="x")) * 0.0).why
    assert "nothing uses" not in find_fault((lambda x: np.sqrt(x) ** 2)(Value(0.0))).why
    assert "multiplied" not in find_fault((lambda x: (3 * np.sqrt(x)) ** 2)(Value(0.0))).why


def test_an_entry_that_one_use_takes_and_another_does_not():
    x = Tensor([0.0, 2.0], label="x")
    root = np.sqrt(x)
    assert "nothing uses" not in find_fault(root[1] + (root * MASK)[0]).why


def test_under_detect_faults_nothing_is_known_of_the_uses():
    y = np.sqrt(Tensor([0.0, 2.0], label="x"))[1]
    with pytest.raises(FaultError) as caught, detect_faults():
        y.backward()
    assert "the slope of sqrt(x) at 0 is infinite" in caught.value.fault.why
    assert "times the cotangent 0 that is nan" in caught.value.fault.why


def test_a_cotangent_of_0_that_meets_inf_without_any_where():
    fault = find_fault(np.sum(np.exp(-(Tensor(np.ones((2, 2)), "A") @ np.array([np.inf, 1.0])))))
    assert (fault.operation, fault.kind) == ("matmul", "nan")
    assert fault.why == "the cotangent is 0, and in the rule of matmul it meets inf: 0 · inf is nan"


def test_a_rule_that_meets_inf_under_detect_faults():
    for build in (
        lambda W: np.sum(W**2),
        lambda W: np.sum(np.logaddexp(-W, -W)),
        lambda W: np.sum(W @ np.ones(2)) ** 2,
    ):
        loss = build(Tensor([np.inf, 1.0], "W"))
        with pytest.raises(FaultError, match="is infinite, and so is what its rule makes") as caught, detect_faults():
            loss.backward()
        assert "check_grads" not in caught.value.fault.instead


def test_a_product_with_inf_has_not_grown():
    factors = [Value(1.0, f"x{i}") for i in range(9)]
    fault = find_fault(np.exp(-functools.reduce(lambda a, b: a * b, factors, np.inf)))
    assert fault.kind == "nan"
    assert "grown" not in fault.why


def test_a_product_with_0_was_not_rounded():
    assert "too small" not in find_fault(np.log(Value(0.0) * 2.0)).why
    assert "too small" not in find_fault(np.log(np.prod(Tensor([0.0, 0.5])))).why
    assert "too small" not in find_fault(np.sum(np.log(Tensor([0.0, 1.0]) * Tensor([3.0, 2.0])))).why


# --- reasons --------------------------------------------------------------------------------------------------------


def f32(*numbers):
    return Tensor(np.array(numbers, np.float32), label="x")


def values(*numbers):
    return [Value(number, label=f"x[{i}]") for i, number in enumerate(numbers)]


TOLD = {
    "a square of a negative number, exponent trained": (
        lambda: Value(-2.0, "x") ** Value(2.0, "p"), "the negative number -2 has no logarithm", "x ** 2",
        lambda: Value(-2.0, "x") ** Value(2.0, "p", requires_grad=False)),
    "the same of a Tensor": (
        lambda: np.sum(Tensor([-2.0, 1.0], "x") ** Tensor([2.0, 2.0], "p")), "the negative number -2 has no logarithm",
        "a plain number", lambda: np.sum(Tensor([-2.0, 1.0], "x") ** 2)),
    "a root mean square of 0": (
        lambda: (lambda x: np.sqrt(np.mean((x - x.data) ** 2)))(Tensor([1.0, 2.0])), "the root of a mean of squares",
        "np.sqrt(np.mean(d ** 2) + 1e-12)",
        lambda: (lambda x: np.sqrt(np.mean((x - x.data) ** 2) + 1e-12))(Tensor([1.0, 2.0]))),
    "the same of Values": (
        lambda: (lambda x, y: ((x - 1) ** 2 + (y - 2) ** 2) / 2)(*values(1.0, 2.0)) ** 0.5,
        "the root of a mean of squares", "without the root", None),
    "a standard deviation by hand": (
        lambda: (lambda x: np.sqrt(np.mean((x - np.mean(x)) ** 2)))(Tensor([1.0, 1.0])), "numbers that are all equal",
        "np.sqrt(np.var(x) + 1e-5)", None),
    "a standard deviation with a sum": (
        lambda: (lambda x: np.sqrt(np.sum((x - np.sum(x) / 2) ** 2) / 2))(Tensor([1.0, 1.0])),
        "numbers that are all equal", "np.sqrt(np.var(x) + 1e-5)", None),
    "a row over its root mean square": (
        lambda: (lambda x: np.sum(x / np.sqrt(np.mean(x**2))))(Tensor([0.0, 0.0])), "a vector of length 0",
        "autograd.where(n > 0, x / n, 0.0)", None),
    "an angle of nothing": (
        lambda: np.arctan2(Value(0.0, "y"), Value(0.0, "x")), "the angle of a vector of length 0",
        "autograd.where((x != 0) | (y != 0), np.arctan2(y, x), 0.0)",
        lambda: (lambda x, y: autograd.where((x != 0) | (y != 0), np.arctan2(y, x), 0.0))(*values(0.0, 0.0))),
    "silu by hand": (
        lambda: (lambda z: np.sum(z / (1 + np.exp(-z))))(Tensor([-800.0])), "c times a sigmoid by hand, at z = -800",
        "autograd.silu(z)", lambda: np.sum(autograd.silu(Tensor([-800.0])))),
    "log cosh": (
        lambda: np.log(np.cosh(Value(800.0))), "although its logarithm is about 800", "np.logaddexp(z, -z) - np.log(2)",
        lambda: (lambda z: np.logaddexp(z, -z) - np.log(2))(Value(800.0))),
    "a likelihood": (
        lambda: -np.log(np.prod(Tensor(np.full(2000, 0.5), "p"))), "prod(p) is too small for float64 and rounds to 0",
        "np.sum(np.log(p))", lambda: -np.sum(np.log(Tensor(np.full(2000, 0.5))))),
    "a likelihood of Values": (
        lambda: -np.log(functools.reduce(lambda a, b: a * b, values(*[1e-200] * 2))), "too small for float64",
        "add logarithms", None),
    "the log of a small exponential": (
        lambda: np.log(np.exp(Value(-800.0, "x"))), "exp(x) is too small for float64 and rounds to 0", "z itself",
        lambda: Value(-800.0, "x") + 0),
    "one over a small square": (
        lambda: 1 / Value(1e-200, "x") ** 2, "x ** 2 is too small for float64 and rounds to 0",
        "divide by y + 1e-12", lambda: 1 / (Value(1e-200) ** 2 + 1e-12) - Value(1e-200)),
    "a singular matrix": (
        lambda: np.log(np.linalg.det(Tensor([[1.0, 1.0], [1.0, 1.0]], "A"))), "the matrix is singular",
        "A + 1e-6 * np.eye(n)", lambda: np.linalg.slogdet(Tensor([[1.0, 1.0], [1.0, 1.0]]) + 1e-6 * np.eye(2))[1]),
    "a square too small for float32": (
        lambda: np.sum(np.log(f32(1e-30) ** 2)), "too small for float32", "logarithms", None),
    "one over x, steep in float32": (
        lambda: np.sum(1 / f32(1e-25)), "larger than the largest float32", "model.to(np.float64)",
        lambda: np.sum(1 / Tensor([1e-25]))),
    "one over x, too steep": (
        lambda: 1 / Value(1e-200, "x"), "so steep next to 0", "x + 1e-12",
        lambda: 1 / (Value(1e-200) + 1e-12)),
    "log, too steep": (
        lambda: np.log(Value(1e-320, "x")), "so steep next to 0", "x + 1e-12",
        lambda: np.log(Value(1e-320) + 1e-12)),
    "a product in the backward pass": (
        lambda: (Value(1e-200, "x") * 1e200 - 1) * 1e200 * 1e100, "in the rule of mul the cotangent 1e+300 becomes",
        "autograd.check_grads", None),
    "softmax of inf": (
        lambda: np.sum(autograd.softmax(Tensor([np.inf, 1.0], "x"))), "a row that holds +inf",
        "where that inf comes", None),
    "softmax of -inf": (
        lambda: np.sum(autograd.softmax(Tensor([-np.inf, -np.inf], "x"))), "a row that is -inf throughout",
        "-1e9", None),
    "a score of -inf": (
        lambda: np.sum(Tensor([-np.inf, 1.0], "x")), "x holds -inf before anything", "if it is trained", None),
    "a target of nan": (
        lambda: (Value(1.0) - np.nan) ** 2, "a number that was given holds nan", "X[np.isfinite(X).all(axis=1)]", None),
    "a percentage of 0": (
        lambda: np.mean((Tensor([1.0, 2.0], "p") - 1) / np.array([0.0, 1.0])), "the divisor is a given 0",
        "if it counts; else autograd.where(y != 0, x / y, 0.0)", None),
    "numbers picked from a Tensor, added": (
        lambda: (lambda z: np.log(np.exp(z[0]) + np.exp(z[1])))(Tensor([-800.0, -800.0], "z")),
        "every exp in the sum rounds to 0", "autograd.logsumexp(z)", None),
    "an infinite number in a layer": (
        lambda: np.sum(np.tanh(np.array([[np.inf, 1.0]]) @ Tensor([[1.0], [1.0]], "W")) ** 2), "z = inf",
        "look for it in the data", None),
    "large data": (
        lambda: np.var(Tensor([1e200, 1.0], "x")), "x is as large as 1e+200", "lower learning rate", None),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "why", "instead", "right"), TOLD.values(), ids=TOLD)
def test_the_reason_and_the_cure(wrong, why, instead, right):
    fault = find_fault(wrong())
    assert why in fault.why
    assert instead in fault.instead
    if right is not None:
        loss = right()
        assert finite(loss)
        assert find_fault(loss) is None


@pytest.mark.parametrize("build", [lambda x: np.var(x), lambda x: np.sum((x - 3.0) ** 2) / 0.0])
def test_a_division_by_0_is_of_one_number_only_where_it_is_a_variance(build):
    why = find_fault(build(Tensor([3.0])) / 0).why
    assert "ddof" not in why
    assert "ddof=1" in find_fault(np.var(Tensor([3.0]), ddof=1)).why


def test_a_range_whose_ends_look_alike():
    assert find_fault(np.sum(autograd.softmax(Tensor([np.inf, 4.0], "x")))).inputs["x"] == "4, 1 inf"
