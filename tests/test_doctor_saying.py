"""How the doctor says it: sentences, formulas that give the engine's gradient, text, HTML and JSON."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from doctor_trials.by_hand import CLASSES, SQUARES, everything_that_fits, names, normal, rng, sigmoid

import autograd
from autograd import Tensor, Value, diagnose


def test_the_report():
    diagnosis = SQUARES.diagnosed("d1 = d2 @ W2.T * sigmoid_prime(a1)")
    text = str(diagnosis)
    assert text.splitlines()[0] == "2 of 4 gradients are wrong; 1 mistake explains both"
    assert "1. dW1 uses sigma'(a1): a1 is already sigma(z1). Write a1 * (1 - a1), or sigma'(z1)." in text
    assert "✓ dW2  right" in text and "X.T @ dz1" in text
    assert "where dz2 = (a2 - Y) * a2 * (1 - a2)\n        dz1 = dz2 @ W2.T * a1 * (1 - a1)" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("lines", [("d2 = p - Y",), ("dW1 = X.T @ d1", "dW2 = a1.T @ d2"), ("d1 = d2 @ W2.T",)])
def test_the_right_formula_gives_the_engines_gradient(lines):
    diagnosis = CLASSES.diagnosed(*lines)
    scope = CLASSES.scope(CLASSES.params, CLASSES.X, CLASSES.Y)
    exec(CLASSES.forward, scope)
    scope["sum"] = np.sum
    nodes = {name: Tensor(array, label=name) for name, array in CLASSES.params.items()}
    loss = CLASSES.loss(nodes, CLASSES.X, CLASSES.Y)["loss"]
    for name, formula in diagnosis.deltas.items():
        scope[name] = eval(formula, scope)
    wrong = [finding for finding in diagnosis if finding.status != "right"]
    assert wrong
    for finding in wrong:
        true = autograd.grad(loss, nodes[finding.label])
        assert np.allclose(eval(finding.formula, scope), true, rtol=1e-12), finding.formula


def shown(diagnosis, key):
    return diagnosis[key].formula, diagnosis.deltas


def test_formulas_keep_their_brackets_and_names():
    def loss(params, X, Y):
        return np.mean((Y - (params["m"] * X + params["c"])) ** 2)

    def claimed(params, X, Y):
        e = Y - (params["m"] * X + params["c"])
        return {"m": 2 * np.mean(X * e), "c": 2 * np.mean(e)}

    diagnosis = diagnose(claimed, loss, {"m": 0.5, "c": 0.1}, normal(9), normal(9))
    assert diagnosis["c"].formula == "-2 * sum(Y - (m * X + c)) / N"  # m is a parameter here


def test_formulas_of_weights_that_are_transposed_first():
    def loss(params, X, Y):
        A = sigmoid(params["w"].T @ X + params["b"])
        return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    def claimed(params, X, Y):
        A = sigmoid(params["w"].T @ X + params["b"])
        return {"w": X @ (A - Y).T, "b": np.mean(A - Y)}

    Y = (normal(1, 11) > 0) * 1.0
    diagnosis = diagnose(claimed, loss, {"w": normal(4, 1), "b": 0.3}, normal(4, 11), Y)
    assert shown(diagnosis, "w") == ("X @ dz.T", {"dz": "(A - Y) / m"})


def test_a_strength_is_no_count_by_chance():
    X, Y = normal(10, 4), np.eye(3)[rng.integers(3, size=10)]  # 2 * 0.05 = 1 / 10
    claimed = CLASSES.claims("d1 = d2 @ W2.T")
    assert diagnose(claimed, CLASSES.loss, CLASSES.params, X, Y)["dW1"].formula == "X.T @ dz1 + 0.1 * W1"


def test_a_mean_over_outputs_says_so_even_where_it_cancels():
    def loss(params, X, Y):
        return np.mean((X @ params["W"] - Y) ** 2)

    diagnosis = diagnose({"W": normal(3, 2)}, loss, {"W": normal(3, 2)}, normal(5, 3), normal(5, 2))
    assert shown(diagnosis, "W") == ("X.T @ dz1", {"dz1": "2 * (z1 - Y) / (m * n)"})


def test_quotients_cancel():
    x = Tensor(normal(5), label="x")
    diagnosis = diagnose({"x": normal(5)}, -np.sum(np.log(sigmoid(x))))
    assert diagnosis["x"].formula in ("a - 1", "-(1 - a)")


def test_the_pieces_of_log_softmax_keep_their_names():
    diagnosis = CLASSES.diagnosed("d2 = p - Y")
    assert diagnosis.deltas["dz2"] == "(p - Y) / m"


def test_a_target_of_zero_makes_no_softplus_of_a_loss():
    def loss(params, X, Y):
        a = sigmoid(params["W"] @ X)
        return -np.sum(Y * np.log(a) + (1 - Y) * np.log(1 - a))

    def claimed(params, X, Y):
        a = sigmoid(params["W"] @ X)
        return {"W": ((a - Y) * a * (1 - a)) @ X.T}

    diagnosis = diagnose(claimed, loss, {"W": normal(1, 4)}, normal(4, 1), np.zeros((1, 1)))
    assert "squares-delta" in everything_that_fits(diagnosis)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)


def test_html_escapes_what_is_the_users():
    hostile = "<script>alert('W')</script>"
    W = Tensor(normal(3, 2), label=hostile)
    X, Y = normal(5, 3), normal(5, 2)
    loss = np.sum((np.tanh(X @ W) - Y) ** 2)
    a = np.tanh(X @ W.data)
    diagnosis = diagnose({hostile: X.T @ (2 * (a - Y) * (1 - np.tanh(a) ** 2))}, loss)
    assert not diagnosis.ok
    page = diagnosis._repr_html_()
    assert hostile not in page and "script" not in Tags(page).found
    assert {"table", "ol", "code"} <= set(Tags(page).found)
    assert diagnosis.mistakes[0].name in page


@pytest.mark.parametrize("line", ["db1 = d1.mean(axis=1)", "dW1 = X.T @ d1", "d1 = d1 = np.cumsum(d2 @ W2.T, axis=0)"])
def test_json(line):
    diagnosis = SQUARES.diagnosed(line)
    plain = json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False))
    assert plain["ok"] == diagnosis.ok
    assert [each["key"] for each in plain["findings"]] == [finding.key for finding in diagnosis]
    assert [each["name"] for each in plain["mistakes"]] == names(diagnosis)


def test_a_diagnosis_is_asked_by_key_or_label():
    diagnosis = SQUARES.diagnosed()
    assert diagnosis["dW1"] is diagnosis["W1"]
    with pytest.raises(KeyError, match="nothing is claimed for 'V'"):
        diagnosis["V"]


@pytest.mark.parametrize("x", [2.0, -1.0, 3.7, 0.5])
@pytest.mark.parametrize("tracked", [True, False])
def test_the_input_forgotten_in_a_neuron_of_single_numbers(x, tracked):
    w, b, given = Value(-0.5, label="w"), Value(0.25, label="b"), Value(x, label="x", requires_grad=tracked)
    loss = (1 / (1 + np.exp(-(w * given + b))) - 1) ** 2
    a = sigmoid(-0.5 * x + 0.25)
    delta = 2 * (a - 1) * a * (1 - a)
    (mistake,) = diagnose({"w": delta, "b": delta}, loss).mistakes
    assert mistake.sentence.startswith("w lacks the factor x: the derivative of a product")


@pytest.mark.parametrize("x", [2.0, 3.7])
def test_the_input_forgotten_in_functions_of_single_numbers(x):
    def loss(params, X, Y):
        return (sigmoid(params["w"] * X + params["b"]) - Y) ** 2

    def backward(params, X, Y):
        a = sigmoid(params["w"] * X + params["b"])
        delta = 2 * (a - Y) * a * (1 - a)
        return {"w": delta, "b": delta}

    params = {"w": np.array(-0.5), "b": np.array(0.25)}
    (mistake,) = diagnose(backward, loss, params, np.array(x), np.array(1.0)).mistakes
    assert mistake.sentence.startswith("w lacks the factor X")


def test_nan_is_not_right_anywhere():
    def loss(params, X, Y):
        return -np.mean(np.sum(Y * np.log(autograd.softmax(X @ params["W"])), axis=1))

    def backward(params, X, Y):
        e = np.exp(X @ params["W"])
        gradient = X.T @ (e / e.sum(axis=1, keepdims=True) - Y) / len(X)
        gradient[0, 0] = np.nan
        return {"W": gradient}

    X, W = np.random.default_rng(0).normal(size=(6, 3)), np.random.default_rng(1).normal(size=(3, 2))
    Y = np.eye(2)[[0, 1, 0, 1, 1, 0]]
    said = str(diagnose(backward, loss, {"W": W}, X, Y))
    assert "It holds nan" in said and "right here" not in said
