"""The words of the steps: formulas say what the rules compute, reasons fit the shapes, names are all different."""

import math
import re

import numpy as np
import pytest
from test_steps import GRAPHS, broadcast, neuron, shared

import autograd
from autograd import Tensor, Value
from autograd.readers.rule import local_cotangents, read, written
from autograd.readers.steps.story import story


def edge_between(told, tail, head):
    names = [node["name"] for node in told["nodes"]]
    (found,) = (e for e in told["edges"] if (names[e["tail"]], names[e["head"]]) == (tail, head))
    return found


def test_reasons_for_each_transpose_and_sum():
    told = autograd.steps(GRAPHS["xor"]()).told
    assert edge_between(told, "b1", "z1")["reasons"] == [
        "Summed over axis 0: b1 was broadcast over 4 rows, and each use has its share."
    ]
    assert edge_between(told, "W1", "v1")["reasons"] == [
        "X transposed: W1 took part in all 4 rows of v1, and the product adds up their shares. "
        "(3, 4) @ (4, 4) → (3, 4), the shape of W1."
    ]
    assert edge_between(told, "a1", "v5")["reasons"] == [
        "W2 transposed: a1 took part in the one column of v5. (4, 1) @ (1, 4) → (4, 4), the shape of a1."
    ]
    columns = autograd.steps(GRAPHS["layers"]()).told
    assert edge_between(columns, "b1", "Z1")["reasons"] == [
        "Summed over axis 1: b1 was broadcast over 4 columns, and each use has its share."
    ]


def test_a_number_that_met_an_array_is_summed_over_all_of_it():
    told = autograd.steps(broadcast()).told
    names = [node["name"] for node in told["nodes"]]
    (edge,) = (e for e in told["edges"] if names[e["tail"]] == "scale")
    assert edge["reasons"] == ["Summed over all 8 entries: scale is one number that met each of them."]


def test_formulas_have_the_names_put_in():
    told = autograd.steps(GRAPHS["xor"]()).told
    assert edge_between(told, "W2", "v5")["rule"] == "a1ᵀ @ \ue000∂loss\ue001∂v5\ue002"
    assert edge_between(told, "b2", "z2")["rule"] == "sum(\ue000∂loss\ue001∂z2\ue002, axis 0)"
    told = autograd.steps(neuron()).told
    names = [node["name"] for node in told["nodes"]]
    sigma = next(i for i, node in enumerate(told["nodes"]) if node["symbol"] == "σ")
    (edge,) = (e for e in told["edges"] if e["head"] == sigma)
    assert edge["localRule"] == f"{names[sigma]} · (1 − {names[sigma]})"
    s = told["nodes"][sigma]["data"]
    assert edge["localNumbers"] == f"\ue003{s!r}\ue004 · (1 − \ue003{s!r}\ue004)"
    assert edge["local"] == pytest.approx(s * (1 - s))


READABLE = [
    "exp",
    "log",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "sqrt",
    "square",
    "reciprocal",
    "neg",
    "abs",
    "softplus",
    "silu",
    "log1p",
    "log2",
    "expm1",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "asinh",
    "atanh",
    "cbrt",
    "erf",
    "erfc",
    "gelu",
]
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻·", "0123456789-.")


def evaluated(formula, **names):
    """A formula of the page, read as Python."""
    text = re.sub(r"([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+(?:·[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)", lambda m: f"**({m[1].translate(RAISED)})", formula)
    text = re.sub(r"√\(", "math.sqrt(", text).replace("·", "*").replace("−", "-").replace("^", "**")
    known = {
        name: getattr(math, name)
        for name in ("exp", "sin", "cos", "sinh", "cosh", "log", "hypot", "erf", "erfc", "sqrt")
    }
    known |= {"σ": autograd.sigmoid, "sign": lambda x: math.copysign(1.0, x), "math": math}
    return eval(text, known | names)


@pytest.mark.parametrize("name", READABLE)
def test_a_formula_says_what_the_rule_computes(name):
    x = Value(0.37)
    out = getattr(autograd, name)(x)
    (reading,) = read(out)
    names = {reading.g.serial: "1", reading.args[0].serial: "x", reading.out.serial: "out"}
    value = evaluated(written(reading.result, names), x=x.data, out=out.data)
    assert value == pytest.approx(local_cotangents(out)[0], rel=1e-5)
    names[reading.g.serial] = "g"
    value = evaluated(written(reading.result, names), x=x.data, out=out.data, g=-1.7)
    assert value == pytest.approx(local_cotangents(out, -1.7)[0], rel=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x**y,
        lambda x, y: x**3, lambda x, y: x**-1.5, autograd.hypot, autograd.atan2, autograd.logaddexp,
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [(0.6, 1.4), (1.3, -0.7)])
def test_a_formula_of_two_says_what_the_rules_compute(function, at):
    x, y = Value(at[0]), Value(at[1])
    out = function(x, y)
    for i, reading in enumerate(read(out)):
        names = dict(zip((arg.serial for arg in reading.args), "xy", strict=False))
        names |= {reading.g.serial: "1", reading.out.serial: "out"}
        value = evaluated(written(reading.result, names), x=x.data, y=y.data, out=out.data)
        assert value == pytest.approx(local_cotangents(out)[i], rel=1e-5)
        with_numbers = {reading.args[0].serial: f"{at[0]}", reading.g.serial: "1", reading.out.serial: f"{out.data}"}
        with_numbers |= {
            arg.serial: f"{number}".replace("-", "−") for arg, number in zip(reading.args, at, strict=False)
        }
        assert evaluated(written(reading.result, with_numbers)) == pytest.approx(local_cotangents(out)[i], rel=1e-5)


def test_a_negative_number_is_put_into_brackets_where_it_must_be():
    x, y = Value(-0.5), Value(2.0)
    names = {x.serial: "−0.5", y.serial: "y"}
    lines = [written(z, names) for z in (x + y, y + x, y - x, x - y, y * x, x * y, y / x, x**2, -x)]
    assert lines == [
        "−0.5 + y", "y + (−0.5)", "y − (−0.5)", "−0.5 − y",
        "y · (−0.5)", "−0.5 · y", "y / (−0.5)", "(−0.5)²", "−(−0.5)",
    ]  # fmt: skip


def test_products_of_matrices_among_other_products_have_brackets():
    A, B = Tensor(np.eye(2)), Tensor(np.ones((2, 2)))
    names = {A.serial: "A", B.serial: "B"}
    lines = [
        written(z, names) for z in (A @ B @ A, A @ (B @ A), (A * B) @ A, (A @ B) * A, A * (A @ B), A - A @ B, -A @ B)
    ]
    assert lines == ["A @ B @ A", "A @ (B @ A)", "(A ⊙ B) @ A", "(A @ B) ⊙ A", "A ⊙ (A @ B)", "A − A @ B", "(−A) @ B"]


def test_names_are_all_different_and_nobody_elses():
    x, also = Value(1.0, label="v1"), Value(2.0, label="v1")
    told = story((x * also + 3.0) * 3.0, None, {})
    assert [node["name"] for node in told["nodes"]] == ["v1", "v1 (2)", "v2", "3", "v3", "3", "v4"]


def test_what_has_no_label_goes_by_the_variable_that_holds_it():
    X = np.ones((2, 3))
    W = Tensor(np.ones((3, 1)))
    z = X @ W
    told = autograd.steps(np.sum(np.tanh(z))).told
    assert [node["name"] for node in told["nodes"]] == ["W", "X", "z", "v1", "v2"]


def test_the_scopes_and_the_line_are_told():
    x = Value(2.0, label="x")
    with autograd.scope("layer 1"), autograd.scope("neuron <3>"):
        y = x * x
    with autograd.trace_lines():
        z = y + 1.0
    told = story(z, None, {})
    where = {node["name"]: node["where"] for node in told["nodes"]}
    assert where["v1"] == "layer 1, neuron <3>"
    assert where["v2"].startswith("test_steps_words.py:")
    assert where["x"] == ""


def test_the_steps_in_words():
    assert repr(autograd.steps(shared())).splitlines() == [
        "y = b · v1: 1 comes in; b += ∂y/∂y · v1 = 7; v1 += ∂y/∂y · b = 6",
        "v1 = b + 1: 6 comes in; b += ∂y/∂v1 = 6",
        "b = 3 · a: 13 comes in; a += ∂y/∂b · 3 = 39",
        "a: 39 comes in; a leaf: this is its gradient",
    ]
