"""The doctor names each mistake of its catalogue where it was made, and calls right what is right."""

import json
import textwrap
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, diagnose, scalars
from autograd.doctor import CATALOGUE
from nn.articles import backward, examine, layers, why, xor
from nn.cli import main

rng = np.random.default_rng(0)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def softmax(z):
    e = np.exp(z)
    return e / np.sum(e, axis=1, keepdims=True)


def one_by_one(array):
    """The examples that are rows of an array, each as a matrix of one row."""
    return [row[None] for row in array]


# --- networks: forward and backward as one would write them down ------------------------------------------------------


class Network:
    """A forward pass and a right backward pass, as lines of NumPy; a mistake is another line."""

    def __init__(self, forward, backward, params, X, Y, **numbers):
        self.forward, self.backward = textwrap.dedent(forward), textwrap.dedent(backward)
        self.params, self.X, self.Y = params, X, Y
        self.numbers = numbers

    def scope(self, params, X, Y):
        helpers = {"np": np, "sigmoid": sigmoid, "sigmoid_prime": sigmoid_prime, "softmax": softmax}
        return {**helpers, "one_by_one": one_by_one, **self.numbers, **params, "X": X, "Y": Y, "m": len(X)}

    def loss(self, params, X, Y):
        scope = self.scope(params, X, Y)
        exec(self.forward, scope)
        return {name: node for name, node in scope.items() if isinstance(node, Tensor)}

    def claims(self, *instead):
        """The function that computes the gradients, with some of its lines replaced, or others after them."""
        text = self.backward
        for line in instead:
            name = line.split("=")[0]
            lines = [old for old in text.splitlines() if old.split("=")[0] == name]
            text = text.replace(lines[0], line) if lines else f"{text}\n{line}"

        def claimed(params, X, Y):
            scope = self.scope(params, X, Y)
            exec(self.forward + text, scope)
            return {f"d{name}": scope[f"d{name}"] for name in params}

        return claimed

    def diagnosed(self, *instead, arrays=False, **how):
        claimed, loss = self.claims(*instead), self.loss
        if arrays:
            nodes = {name: Tensor(array, label=name) for name, array in self.params.items()}
            claimed, loss = claimed(self.params, self.X, self.Y), self.loss(nodes, self.X, self.Y)["loss"]
            return diagnose(claimed, loss, **how)
        return diagnose(claimed, loss, self.params, self.X, self.Y, **how)


def normal(*shape):
    return rng.normal(size=shape)


def weights(*widths, bias=True):
    found = {}
    for k, (before, after) in enumerate(pairwise(widths), start=1):
        found[f"W{k}"] = normal(before, after)
        if bias:
            found[f"b{k}"] = normal(after)
    return found


SQUARES = Network(
    """
    z1 = X @ W1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2 + b2
    a2 = sigmoid(z2)
    loss = np.sum((a2 - Y) ** 2) / 2
    """,
    """
    d2 = (a2 - Y) * a2 * (1 - a2)
    dW2 = a1.T @ d2
    db2 = d2.sum(axis=0)
    d1 = d2 @ W2.T * a1 * (1 - a1)
    dW1 = X.T @ d1
    db1 = d1.sum(axis=0)
    """,
    weights(3, 4, 2),
    normal(7, 3),
    rng.uniform(size=(7, 2)),
)

COLUMNS = Network(
    """
    z1 = W1 @ X + b1
    a1 = np.tanh(z1)
    z2 = W2 @ a1 + b2
    a2 = sigmoid(z2)
    loss = -np.mean(Y * np.log(a2) + (1 - Y) * np.log(1 - a2))
    """,
    """
    d2 = (a2 - Y) / X.shape[1]
    dW2 = d2 @ a1.T
    db2 = d2.sum(axis=1, keepdims=True)
    d1 = W2.T @ d2 * (1 - a1**2)
    dW1 = d1 @ X.T
    db1 = d1.sum(axis=1, keepdims=True)
    """,
    {"W1": normal(4, 3), "b1": normal(4, 1), "W2": normal(1, 4), "b2": normal(1, 1)},
    normal(3, 6),
    (rng.uniform(size=(1, 6)) > 0.5) * 1.0,
)

CLASSES = Network(
    """
    z1 = X @ W1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2 + b2
    p = softmax(z2)
    penalty = 0.05 * (np.sum(W1**2) + np.sum(W2**2))
    loss = -np.sum(Y * np.log(p)) / len(X) + penalty
    """,
    """
    d2 = (p - Y) / m
    dW2 = a1.T @ d2 + 0.1 * W2
    db2 = d2.sum(axis=0)
    d1 = d2 @ W2.T * (z1 > 0)
    dW1 = X.T @ d1 + 0.1 * W1
    db1 = d1.sum(axis=0)
    """,
    weights(4, 5, 3),
    normal(8, 4),
    np.eye(3)[rng.integers(3, size=8)],
)

SOFTMAX = Network(
    """
    z = X @ W + b
    p = softmax(z)
    loss = np.sum((p - Y) ** 2)
    """,
    """
    e = 2 * (p - Y)
    dz = p * (e - np.sum(e * p, axis=1, keepdims=True))
    dW = X.T @ dz
    db = dz.sum(axis=0)
    """,
    {"W": normal(4, 3), "b": normal(3)},
    normal(8, 4),
    np.eye(3)[rng.integers(3, size=8)],
)

DEEP = Network(
    """
    z1 = X @ W1
    a1 = np.tanh(z1)
    z2 = a1 @ W2
    a2 = np.tanh(z2)
    z3 = a2 @ W3
    loss = np.mean((z3 - Y) ** 2)
    """,
    """
    d3 = 2 * (z3 - Y) / Y.size
    dW3 = a2.T @ d3
    d2 = d3 @ W3.T * (1 - a2**2)
    dW2 = a1.T @ d2
    d1 = d2 @ W2.T * (1 - a1**2)
    dW1 = X.T @ d1
    """,
    weights(4, 4, 4, 4, bias=False),
    normal(9, 4),
    normal(9, 4),
)

RECURRENT = Network(
    """
    h1 = np.tanh(X @ U)
    h2 = np.tanh(X @ U + h1 @ W)
    h3 = np.tanh(X @ U + h2 @ W)
    loss = np.sum((h3 - Y) ** 2) / 2
    """,
    """
    e3 = (h3 - Y) * (1 - h3**2)
    e2 = e3 @ W.T * (1 - h2**2)
    e1 = e2 @ W.T * (1 - h1**2)
    dW = h2.T @ e3 + h1.T @ e2
    dU = X.T @ (e3 + e2 + e1)
    """,
    {"U": normal(3, 4), "W": normal(4, 4)},
    normal(6, 3),
    normal(6, 4),
)

GATE = Network(
    """
    u = np.tanh(X @ U)
    g = sigmoid(X @ G)
    h = u * g
    loss = np.sum((h - Y) ** 2) / 2
    """,
    """
    dh = h - Y
    dU = X.T @ (dh * g * (1 - u**2))
    dG = X.T @ (dh * u * g * (1 - g))
    """,
    {"U": normal(3, 4), "G": normal(3, 4)},
    normal(6, 3),
    normal(6, 4),
)

NETWORKS = {
    "squares": SQUARES,
    "columns": COLUMNS,
    "classes": CLASSES,
    "softmax": SOFTMAX,
    "deep": DEEP,
    "recurrent": RECURRENT,
    "gate": GATE,
}

MISTAKES = [
    # the derivative
    ("at-output", SQUARES, "d2 = (a2 - Y) * sigmoid_prime(a2)", "dW2"),
    ("at-output", COLUMNS, "d1 = W2.T @ d2 * (1 - np.tanh(a1) ** 2)", "dW1"),
    ("at-input", SQUARES, "d1 = d2 @ W2.T * z1 * (1 - z1)", "dW1"),
    ("other-function", COLUMNS, "d1 = W2.T @ d2 * a1 * (1 - a1)", "db1"),
    ("softmax-elementwise", SOFTMAX, "dz = e * p * (1 - p)", "dW"),
    ("derivative-missing", CLASSES, "d1 = d2 @ W2.T", "dW1"),
    ("derivative-missing", COLUMNS, "d1 = W2.T @ d2", "db1"),
    ("derivative-twice", SQUARES, "d1 = d2 @ W2.T * (a1 * (1 - a1)) ** 2", "dW1"),
    ("derivative-slip", COLUMNS, "d1 = W2.T @ d2 * (1 - a1)", "dW1"),
    ("derivative-slip", SQUARES, "d1 = d2 @ W2.T * a1", "dW1"),
    ("wrong-place", DEEP, "d1 = d2 @ W2.T * (1 - a2**2)", "dW1"),
    ("mask-of-gradient", CLASSES, "d1 = d2 @ W2.T * (d2 @ W2.T > 0)", "dW1"),
    # factors
    ("constant", SQUARES, "d2 = -(a2 - Y) * a2 * (1 - a2)", "dW2"),
    ("constant", CLASSES, "d2 = p - Y", "db2"),
    ("constant", COLUMNS, "db1 = 2 * d1.sum(axis=1, keepdims=True)", "db1"),
    ("constant-per-layer", DEEP, ("d2 = d3 @ W3.T * (1 - a2**2) / m", "d1 = d2 @ W2.T * (1 - a1**2) / m"), "dW2"),
    ("extra-factor", SQUARES, "d1 = d2 @ W2.T * a1 * (1 - a1) * a1", "dW1"),
    ("factor-missing", GATE, "dU = X.T @ (dh * (1 - u**2))", "dU"),
    # reductions
    ("mean-for-sum", SQUARES, "db1 = d1.mean(axis=0)", "db1"),
    ("wrong-axis", SQUARES, "db1 = d1.sum(axis=1)", "db1"),
    ("summed-over-everything", SQUARES, "db2 = d2.sum()", "db2"),
    ("not-summed", SQUARES, "db2 = d2", "db2"),
    ("kept-axis", SQUARES, "db1 = d1.sum(axis=0, keepdims=True)", "db1"),
    ("summed-early", SQUARES, "d1 = np.broadcast_to((d2 @ W2.T * a1 * (1 - a1)).mean(axis=0), a1.shape)", "dW1"),
    ("one-example", SQUARES, "d2 = np.vstack([np.zeros_like(Y[1:]), ((a2 - Y) * a2 * (1 - a2))[-1:]])", "dW2"),
    # products
    ("result-transposed", DEEP, "dW2 = d2.T @ a1", "dW2"),
    ("operand-transposed", DEEP, "d1 = d2 @ W2 * (1 - a1**2)", "dW1"),
    ("wrong-layer", DEEP, "d1 = d2 @ W3.T * (1 - a1**2)", "dW1"),
    ("wrong-layer", DEEP, "dW2 = X.T @ d2", "dW2"),
    ("before-activation", DEEP, "dW3 = z2.T @ d3", "dW3"),
    ("updated-weight", SQUARES, "d1 = d2 @ (W2 - 0.3 * dW2).T * a1 * (1 - a1)", "dW1"),
    ("wrong-delta", DEEP, "dW2 = a1.T @ (d3 @ W3.T)", "dW2"),
    ("sums-multiplied", SQUARES, "dW1 = np.outer(X.sum(axis=0), d1.sum(axis=0))", "dW1"),
    # paths
    ("branch-forgotten", RECURRENT, "dW = h2.T @ e3", "dW"),
    ("overwritten", RECURRENT, "dU = X.T @ e1", "dU"),
    ("regulariser-missing", CLASSES, ("dW1 = X.T @ d1", "dW2 = a1.T @ d2"), "dW1"),
    ("term-missing", COLUMNS, "d2 = -Y * (1 - a2) / X.shape[1]", "dW2"),
    ("detached", RECURRENT, "e2 = 0 * h2", "dU"),
    # the loss
    ("cross-entropy-delta derivative-missing", SQUARES, "d2 = a2 - Y", "dW2"),
    ("squares-delta", COLUMNS, "d2 = (a2 - Y) * a2 * (1 - a2) / X.shape[1]", "dW2"),
    ("other-loss", DEEP, "d3 = np.sign(z3 - Y) / Y.size", "dW3"),
    ("error-missing", SQUARES, "d2 = a2 * (1 - a2)", "dW2"),
    ("softmax-axis", CLASSES, "d2 = (np.exp(z2) / np.exp(z2).sum(axis=0) - Y) / m", "dW2"),
    ("labels-swapped", COLUMNS, "d2 = (a2 - (1 - Y)) / X.shape[1]", "dW2"),
    ("target-missing", SQUARES, "d2 = a2 * a2 * (1 - a2)", "dW2"),
    # book-keeping
    ("other-name", DEEP, "dW1 = dW3", "dW1"),
    ("shifted", DEEP, "dW1, dW2 = dW2, dW3", "dW1"),
    ("parameter-itself", SQUARES, "dW1 = W1 - 0.1 * (X.T @ d1)", "dW1"),
    ("decay", SQUARES, ("dW1 = X.T @ d1 + 0.01 * W1", "dW2 = a1.T @ d2 + 0.01 * W2"), "dW1"),
]
"""The catalogue's name (or both, where two are one), the network, the wrong lines, and a claim that it makes wrong."""


def names(diagnosis):
    return [mistake.name for mistake in diagnosis.mistakes]


def everything_that_fits(diagnosis):
    found = {mistake.name for mistake in diagnosis.mistakes}
    return found | {other.name for finding in diagnosis for other in finding.alternatives}


def identifier(case):
    return case if isinstance(case, str) else None


@pytest.mark.parametrize(("name", "network", "lines", "key"), MISTAKES, ids=identifier)
def test_a_mistake_is_named(name, network, lines, key):
    lines = (lines,) if isinstance(lines, str) else lines
    diagnosis = network.diagnosed(*lines)
    assert len(diagnosis.mistakes) == 1 and diagnosis.mistakes[0].name in name.split()
    assert all(finding.status != "unexplained" for finding in diagnosis)
    finding = diagnosis[key]
    assert finding.status == "explained" and finding.residual < 1e-9
    assert finding.relative_error > 1e-9 or finding.shape != finding.true_shape
    assert key in diagnosis.mistakes[0].claims
    assert finding.sentence and "{" not in str(diagnosis)
    in_arrays = network.diagnosed(*lines, arrays=True)
    assert everything_that_fits(in_arrays) & set(name.split())
    assert len(in_arrays.mistakes) == 1


def test_every_mistake_of_the_catalogue_is_planted():
    known = [mistake.name for mistake in CATALOGUE]
    assert len(set(known)) == len(known)
    assert {part for name, *_ in MISTAKES for part in name.split()} | {"key-clash"} == set(known)
    assert all(mistake.description and "\n" not in mistake.description for mistake in CATALOGUE)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("arrays", [True, False], ids=["arrays", "functions"])
def test_right_gradients_are_right(network, arrays):
    diagnosis = network.diagnosed(arrays=arrays)
    assert diagnosis.ok and not diagnosis.mistakes
    assert {finding.precision for finding in diagnosis} == {"exact"}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_random_numbers_are_not_explained(network):
    draw = np.random.default_rng(1)
    right = network.claims()(network.params, network.X, network.Y)
    for key in right:
        claims = {**right, key: draw.normal(size=right[key].shape)}
        diagnosis = diagnose(claims, network.loss, network.params, network.X, network.Y)
        assert diagnosis[key].status == "unexplained"
        assert not diagnosis.mistakes


# --- right, but not to the last digit ---------------------------------------------------------------------------------


def test_float32_is_right_and_said_to_be():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    claims = {key: array.astype(np.float32) for key, array in right.items()}
    diagnosis = diagnose(claims, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnosis.ok and {finding.precision for finding in diagnosis} == {"float32"}
    assert "float32" in str(diagnosis)


def test_finite_differences_are_right_and_said_to_be():
    def numeric(params, X, Y, h):
        found = {}
        for name, array in params.items():
            g = np.zeros_like(array)
            for index in np.ndindex(array.shape):
                up = {**params, name: array.copy()}
                up[name][index] += h
                g[index] = (value(up, X, Y) - value(params, X, Y)) / h
            found[f"d{name}"] = g
        return found

    def value(params, X, Y):
        scope = SQUARES.scope(params, X, Y)
        exec(SQUARES.forward, scope)
        return scope["loss"]

    for h in (1e-7, 1e-6, 1e-4):
        claims = numeric(SQUARES.params, SQUARES.X, SQUARES.Y, h)
        diagnosis = diagnose(claims, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
        assert diagnosis.ok and {finding.precision for finding in diagnosis} == {"finite differences"}


def test_a_small_mistake_is_no_rounding():
    diagnosis = CLASSES.diagnosed("dW1 = X.T @ d1 + 0.1000001 * W1")
    assert diagnosis["dW1"].precision == "finite differences"  # it could be
    diagnosis = CLASSES.diagnosed("dW1 = X.T @ d1 + 0.11 * W1")
    assert not diagnosis.ok


# --- several mistakes, several explanations ---------------------------------------------------------------------------


def test_two_mistakes_in_one_gradient():
    diagnosis = DEEP.diagnosed("dW1 = 2 * X.T @ (d2 @ W2.T)")
    assert sorted(names(diagnosis)) == ["constant", "derivative-missing"]
    assert diagnosis["dW1"].residual < 1e-9


def test_a_mistake_made_everywhere_is_one_mistake_and_each_place_is_named():
    diagnosis = SQUARES.diagnosed("d2 = (a2 - Y) * sigmoid_prime(a2)", "d1 = d2 @ W2.T * sigmoid_prime(a1)")
    assert names(diagnosis) == ["at-output"]
    mistake = diagnosis.mistakes[0]
    assert mistake.everywhere and mistake.kind == "sigmoid"
    assert "sigma'(a2)" in diagnosis["dW2"].sentence
    assert (
        diagnosis["dW1"].sentence == "dW1 uses sigma'(a1): a1 is already sigma(z1). Write a1 * (1 - a1), or sigma'(z1)."
    )


def test_what_builds_on_a_wrong_delta_is_right_in_itself():
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    recorded = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)
    scope = SQUARES.scope(SQUARES.params, SQUARES.X, SQUARES.Y)
    exec(SQUARES.forward + SQUARES.backward.replace("a2 * (1 - a2)", "sigmoid_prime(a2)"), scope)
    claims = {key: scope[key] for key in ("d2", "dW2", "db2", "d1", "dW1", "db1")}
    diagnosis = diagnose(claims, recorded["loss"], of={"d2": recorded["z2"], "d1": recorded["z1"]})
    assert not diagnosis["d2"].inherited
    assert all(diagnosis[key].inherited for key in ("dW2", "db2", "d1", "dW1", "db1"))
    assert names(diagnosis) == ["at-output"] and diagnosis.mistakes[0].own == ("d2",)
    assert diagnosis["dW2"].formula == "a1.T @ d2"


def test_other_explanations_are_listed_and_another_batch_size_decides():
    params = {"W": normal(4, 4), "b": normal(4)}
    X, Y = normal(4, 4), normal(4, 4)

    def loss(params, X, Y):
        return np.sum((X @ params["W"] + params["b"] - Y) ** 2) / 2

    def claimed(params, X, Y):
        d = X @ params["W"] + params["b"] - Y
        return {"W": X.T @ d, "b": d.sum(axis=0) / 4}

    nodes = {name: Tensor(array, label=name) for name, array in params.items()}
    from_arrays = diagnose(claimed(params, X, Y), loss(nodes, X, Y))
    assert len(everything_that_fits(from_arrays)) > 1  # 4 examples, 4 outputs: a mean over either
    assert "for all that this data can tell" in str(from_arrays)
    from_functions = diagnose(claimed, loss, params, X, Y)
    assert from_functions["b"].explanations[0].name == "constant"


def test_wrong_numbers_without_a_reason_name_where_it_begins_and_what_is_closest():
    diagnosis = SQUARES.diagnosed("d1 = np.cumsum(d2 @ W2.T * a1 * (1 - a1), axis=1)")
    assert not diagnosis.ok and not diagnosis.mistakes
    for key in ("dW1", "db1"):
        finding = diagnosis[key]
        assert finding.status == "unexplained" and not finding.explanations
        assert finding.residual == finding.relative_error
        assert "dz1 is the first to go wrong" in finding.sentence and "The closest still leaves" in finding.sentence
    assert diagnosis["dW2"].status == "right"


def test_of_two_formulas_that_contradict_each_other_each_is_explained_alone():
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    loss = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)["loss"]
    arguments = SQUARES.params, SQUARES.X, SQUARES.Y
    one = SQUARES.claims("d2 = (a2 - Y) * sigmoid_prime(a2)")(*arguments)
    two = SQUARES.claims("d2 = a2 * (1 - a2)")(*arguments)
    diagnosis = diagnose({"dW2": one["dW2"], "db2": two["db2"]}, loss)
    assert diagnosis["dW2"].explanations[0].name == "at-output"
    assert diagnosis["db2"].explanations[0].name == "error-missing"


def test_deltas_of_a_summed_loss_are_a_convention():
    def claimed(params, X, Y, slope=lambda a: 1 - a**2):
        scope = COLUMNS.scope(params, X, Y)
        exec(COLUMNS.forward, scope)
        a1, a2, m = scope["a1"], scope["a2"], X.shape[1]
        dz2 = a2 - Y
        dz1 = params["W2"].T @ dz2 * slope(a1)
        deltas = {"dz2": dz2, "dz1": dz1}
        return {**deltas, "dW2": dz2 @ a1.T / m, "dW1": dz1 @ X.T / m, "db1": dz1.sum(axis=1, keepdims=True) / m}

    arguments = COLUMNS.loss, COLUMNS.params, COLUMNS.X, COLUMNS.Y
    diagnosis = diagnose(claimed, *arguments)
    assert diagnosis.ok and "convention" in diagnosis.notes[0]
    diagnosis = diagnose(lambda *data: claimed(*data, slope=lambda a: 1 - a), *arguments)
    assert names(diagnosis) == ["derivative-slip"] and diagnosis.mistakes[0].own == ("dz1",)
    assert diagnosis["dz2"].status == "right"
    assert diagnosis["dW1"].formula == "dz1 @ X.T / m"


# --- what may be asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelled",
    ["W1", "dW1", "grad_W1", "W1_grad", "dL_dW1", "dJ/dW1", "d_W1", "gW1", "delta_W1", "dw1", "W1.grad", "∂W1"],
)
def test_keys_are_read_as_people_write_them(spelled):
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    loss = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)["loss"]
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    diagnosis = diagnose({spelled: right["dW1"]}, loss)
    assert diagnosis[spelled].label == "W1" and diagnosis.ok
    assert diagnosis.missing == ("b1", "W2", "b2")


def test_keys_may_be_nodes_and_claims_lists():
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    loss = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)["loss"]
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnose({nodes["W1"]: right["dW1"]}, loss).ok
    assert diagnose({nodes["W1"]: right["dW1"].tolist()}, loss).ok
    listed = [right[f"d{name}"] for name in SQUARES.params]
    assert diagnose(listed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y).ok


def test_what_a_function_returns_beside_gradients_is_left_out():
    def claimed(params, X, Y):
        return {**SQUARES.claims()(params, X, Y), "loss": 1.0, "accuracy": 0.5}

    diagnosis = diagnose(claimed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnosis.ok and len(diagnosis.findings) == 4
    assert "'loss' is the loss itself" in diagnosis.notes[0] and "'accuracy' names nothing" in diagnosis.notes[1]


@pytest.mark.parametrize(
    ("key", "label"), [("d_out", "z2"), ("delta2", "z2"), ("output_delta", "z2"), ("d_hidden", "z1"), ("dA0", "X")]
)
def test_deltas_without_a_label_are_found_by_their_part(key, label):
    params, X, Y = SQUARES.params, SQUARES.X, SQUARES.Y
    nodes = {name: Tensor(array, label=name) for name, array in params.items()}
    a1 = sigmoid(X @ nodes["W1"] + nodes["b1"])
    loss = np.sum((sigmoid(a1 @ nodes["W2"] + nodes["b2"]) - Y) ** 2) / 2
    scope = SQUARES.scope(params, X, Y)
    exec(SQUARES.forward + SQUARES.backward + "\nd0 = d1 @ W1.T", scope)
    delta = scope[{"z2": "d2", "z1": "d1", "X": "d0"}[label]]
    assert diagnose({key: delta}, loss)[key].label == label
    assert diagnose({key: delta}, loss).ok
    assert names(diagnose({key: -delta}, loss)) == ["constant"]


def test_nested_parameters():
    params = {"hidden": {"W": normal(3, 4)}, "out": [normal(4, 2), normal(2)]}

    def loss(params, X, Y):
        return np.sum((np.tanh(X @ params["hidden"]["W"]) @ params["out"][0] + params["out"][1] - Y) ** 2) / 2

    def claimed(params, X, Y):
        a = np.tanh(X @ params["hidden"]["W"])
        d = a @ params["out"][0] + params["out"][1] - Y
        return {"hidden": {"W": X.T @ (d @ params["out"][0].T)}, "out": [a.T @ d, d.sum(axis=0)]}

    diagnosis = diagnose(claimed, loss, params, normal(6, 3), normal(6, 2))
    assert names(diagnosis) == ["derivative-missing"]
    assert diagnosis.mistakes[0].claims == ("hidden['W']",)


def test_networks_of_values():
    W, b = scalars(normal(3, 2), label="W"), scalars(normal(2), label="b")
    X, Y = normal(4, 3), normal(4, 2)
    loss = np.sum((np.tanh(X @ W + b) - Y) ** 2) / 2
    a = np.tanh(X @ autograd.read(W) + autograd.read(b))
    d = (a - Y) * (1 - np.tanh(a) ** 2)
    diagnosis = diagnose({"dW": X.T @ d, "db": d.sum(axis=0)}, loss)
    assert names(diagnosis) == ["at-output"]
    w, c = Value(0.5, label="w"), Value(0.1, label="c")
    assert diagnose({w: 4.0, "c": 2.0}, (w * 2 + c) ** 2 - (w * 2 + c) * 0.2).ok


def test_the_function_may_step_its_parameters_in_place():
    params = {name: array.copy() for name, array in SQUARES.params.items()}

    def claimed(params, X, Y):
        found = SQUARES.claims()(params, X, Y)
        for name in params:
            params[name] -= 0.1 * found[f"d{name}"]
        return found

    assert diagnose(claimed, SQUARES.loss, params, SQUARES.X, SQUARES.Y).ok
    assert all(np.array_equal(params[name], SQUARES.params[name]) for name in params)


def test_a_function_that_takes_one_batch_size_only_is_said_to():
    def claimed(params, X, Y):
        if len(X) != 7:
            raise ValueError("made for 7 examples")
        return SQUARES.claims("db1 = d1.mean(axis=0)")(params, X, Y)

    diagnosis = diagnose(claimed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert names(diagnosis) == ["mean-for-sum"]
    assert "made for 7 examples" in diagnosis.notes[0]


def test_a_number_of_examples_that_is_written_out_is_no_mistake_in_a_formula():
    diagnosis = CLASSES.diagnosed("d2 = (p - Y) / 8", "dW1 = X.T @ d1")
    assert diagnosis["dW2"].status == diagnosis["db1"].status == "right"
    assert names(diagnosis) == ["regulariser-missing"]
    assert "right for 8 examples, but not for 6" in diagnosis.notes[0]


def test_the_source_line_of_a_wrong_claim():
    def claimed(params, X, Y):
        right = SQUARES.claims()(params, X, Y)
        dW1 = 2 * right["dW1"]
        return {"dW1": dW1, "dW2": right["dW2"]}

    diagnosis = diagnose(claimed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnosis["dW1"].line == claimed.__code__.co_firstlineno + 2
    assert f"line {diagnosis['dW1'].line}" in str(diagnosis)


LEAF = Tensor([[1.0, 2.0]], label="W")
LOSS = np.sum(LEAF**2)
RIGHT = 2 * LEAF.data


@pytest.mark.parametrize(
    ("arguments", "how", "error", "said"),
    [
        (({"V": RIGHT}, LOSS), {}, ValueError, "names nothing that was recorded; there are W"),
        (({}, LOSS), {}, ValueError, "holds no gradients"),
        ((3.0, LOSS), {}, TypeError, "must be a dict"),
        (({"W": "x"}, LOSS), {}, TypeError, "real numbers"),
        (({"W": RIGHT * 1j}, LOSS), {}, TypeError, "real numbers"),
        (({"W": RIGHT}, LEAF), {}, ValueError, "one number"),
        (({"W": RIGHT}, 3.0), {}, TypeError, "loss must be the recorded loss"),
        (({"W": RIGHT}, np.sum), {}, TypeError, "needs its arguments"),
        ((lambda *_: {}, LOSS), {}, TypeError, "needs its arguments"),
        (({"W": RIGHT}, lambda *_: 3.0, {"W": LEAF.data}), {}, TypeError, "must return the loss as a Tensor"),
        (({"W": RIGHT}, LOSS), {"lr": -1}, ValueError, "lr must be a number above 0"),
        (({"W": RIGHT}, LOSS), {"of": 3}, TypeError, "of must be a dict"),
        (({"W": RIGHT}, LOSS), {"seed": "x"}, TypeError, "seed must be a whole number"),
        ((np.ones((9, 9)), LOSS), {}, TypeError, "must be a dict .* got ndarray"),
        (({"W": RIGHT}, lambda p, *_: p["W"] * 1, {"W": LEAF.data}), {}, ValueError, "must return one number"),
        (
            ({"W": RIGHT}, lambda p, *_: np.sum(p["W"] * rng.normal()), {"W": LEAF.data}),
            {},
            ValueError,
            "different results",
        ),
        (
            (lambda *_: {"W": rng.normal(size=(1, 2))}, lambda p, *_: np.sum(p["W"]), {"W": LEAF.data}),
            {},
            ValueError,
            "claimed function gives different results",
        ),
        (({"W": RIGHT}, LOSS), {"of": {"W": "V"}}, ValueError, "names nothing"),
        (({Tensor([1.0]): [1.0]}, LOSS), {}, ValueError, "does not depend on"),
        (
            ([RIGHT, RIGHT], lambda p, *_: np.sum(p["W"]), {"W": LEAF.data}),
            {},
            ValueError,
            "2 gradients, but there are 1",
        ),
        (({"W": RIGHT}, Tensor(1.0, requires_grad=False) * 1), {}, ValueError, "requires a gradient"),
    ],
)
def test_bad_arguments_get_one_sentence(arguments, how, error, said):
    with pytest.raises(error, match=said) as caught:
        diagnose(*arguments, **how)
    assert "\n" not in str(caught.value)


def test_an_ambiguous_label_is_refused():
    one, two = Tensor([1.0], label="W"), Tensor([2.0], label="W")
    loss = np.sum(one * two)
    with pytest.raises(ValueError, match="several nodes are labelled 'W'"):
        diagnose({"W": [2.0]}, loss)
    assert diagnose({one: [2.0]}, loss).ok


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 1e308])
@pytest.mark.filterwarnings("error")
def test_numbers_beyond_all_bounds_are_never_right(number):
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    claims = {**right, "dW1": np.full_like(right["dW1"], number)}
    diagnosis = diagnose(claims, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert not diagnosis.ok and diagnosis["dW1"].status == "unexplained"
    assert diagnosis["dW2"].status == "right"


def test_a_sum_forgotten_among_deltas_of_a_summed_loss_is_where_it_is():
    def claimed(params, X, Y):
        scope = COLUMNS.scope(params, X, Y)
        exec(COLUMNS.forward, scope)
        a1, a2, m = scope["a1"], scope["a2"], X.shape[1]
        dz2 = a2 - Y
        dz1 = params["W2"].T @ dz2 * (1 - a1**2)
        biases = {"db2": dz2.sum(axis=1, keepdims=True) / m, "db1": dz1.sum(axis=1, keepdims=True)}
        return {"dz2": dz2, "dz1": dz1, "dW2": dz2 @ a1.T / m, "dW1": dz1 @ X.T / m, **biases}

    diagnosis = diagnose(claimed, COLUMNS.loss, COLUMNS.params, COLUMNS.X, COLUMNS.Y)
    assert [finding.key for finding in diagnosis if finding.status != "right"] == ["db1"]
    assert names(diagnosis) == ["constant"]


def test_claims_that_are_all_zero():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    zeros = {key: np.zeros_like(array) for key, array in right.items()}
    diagnosis = diagnose(zeros, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert not diagnosis.ok and "Every claim is zero" in diagnosis.notes[0]


def test_nested_lists_are_arrays():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    lists = {key: array.tolist() for key, array in right.items()}
    assert diagnose(lists, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y).ok
    assert diagnose(list(lists.values()), SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y).ok


def test_a_step_after_the_recording_is_refused():
    w = Tensor([1.0, 2.0], label="w")
    loss = np.sum(w**2)
    w.data -= 0.1
    with pytest.raises(RuntimeError, match=r"the data of 'w' .* was changed after it was used"):
        diagnose({"w": [2.0, 4.0]}, loss)


def test_no_examples_at_all():
    with pytest.raises(ValueError, match="at least one example"):
        diagnose(SQUARES.claims(), SQUARES.loss, SQUARES.params, SQUARES.X[:0], SQUARES.Y[:0])


def test_masks_and_classes_stay_what_they_are_on_other_data():
    mask, R = (normal(6, 5) > 0) * 1.0, normal(6, 5)

    def loss(params, X, Y):
        return np.sum((X * (Y - params["U"] @ params["V"].T)) ** 2)

    def claimed(params, X, Y):
        e = -2 * X * (Y - params["U"] @ params["V"].T)
        return {"U": e @ params["V"], "V": e.T @ params["U"]}

    diagnosis = diagnose(claimed, loss, {"U": normal(6, 3), "V": normal(5, 3)}, mask, R)
    assert diagnosis.ok and not diagnosis.notes


def test_code_for_one_example_is_not_run_on_several():
    def claimed(params, X, Y):
        a = sigmoid(params["W"] @ X + params["b"])
        d = (a - Y) * a * (1 - a)
        return {"W": d @ X.T, "b": d}

    def loss(params, X, Y):
        return np.sum((sigmoid(params["W"] @ X + params["b"]) - Y) ** 2) / 2

    diagnosis = diagnose(claimed, loss, {"W": normal(3, 4), "b": normal(3, 1)}, normal(4, 1), rng.uniform(size=(3, 1)))
    assert diagnosis.ok and not diagnosis.notes


def test_the_parameters_after_their_step_each_by_its_name():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    stepped = {name: array - 0.3 * right[f"d{name}"] for name, array in SQUARES.params.items()}
    diagnosis = diagnose(stepped, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y, lr=0.3)
    assert names(diagnosis) == ["parameter-itself"]
    assert all(diagnosis[name].sentence.startswith(f"{name} holds {name} itself") for name in stepped)


def test_claims_of_nan_zeros_and_odd_shapes():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    odd = {**right, "dW1": right["dW1"] * np.nan, "dW2": 0 * right["dW2"], "db1": np.zeros((2, 9))}
    diagnosis = diagnose(odd, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnosis["dW1"].sentence == "It holds nan, inf, or numbers beyond all bounds."
    assert diagnosis["dW2"].explanations[0].name == "detached"
    assert diagnosis["db1"].status == "unexplained" and diagnosis["db1"].relative_error == np.inf
    assert "shape (2, 9) for (4,)" in str(diagnosis)
    json.dumps(diagnosis.to_dict(), allow_nan=False)


# --- how it is said ---------------------------------------------------------------------------------------------------


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


# --- the two articles -------------------------------------------------------------------------------------------------


def written_backward_pass(params, X, Y):
    """Article A's, as it is written."""
    values = {"X": X, "Y": Y, **params, **xor.forward(X, Y, **params)}
    results = backward([formula for formula in xor.formulas() if formula.loss == "loss"], values)
    return {key: results[key] for key in ("d_out", "d_hid", "dW2", "dW1", "db2", "db1")}


def test_article_a_every_wrong_formula_is_explained():
    diagnosis = diagnose(
        written_backward_pass,
        lambda params, X, Y: xor.forward(X, Y, **params),
        xor.init_params(),
        xor.X,
        xor.Y,
        of={"d_out": "z2", "d_hid": "z1"},
        lr=1.0,
    )
    assert sorted(names(diagnosis)) == ["at-output", "mean-for-sum", "wrong-axis"]
    own = {mistake.name: mistake.own for mistake in diagnosis.mistakes}
    assert own["at-output"] == ("d_out", "d_hid")
    assert (
        diagnosis["d_hid"].sentence
        == "d_hid uses sigma'(a1): a1 is already sigma(z1). Write a1 * (1 - a1), or sigma'(z1)."
    )
    assert own["wrong-axis"] == ("db1",) and "axis 1" in diagnosis["db1"].sentence
    assert own["mean-for-sum"] == ("db2",)
    assert diagnosis["dW1"].inherited and diagnosis["dW2"].inherited
    assert not diagnosis["db1"].alternatives
    figures = {
        key: (round(diagnosis[key].relative_error, 3), round(diagnosis[key].cosine, 3)) for key in ("dW1", "db1")
    }
    assert figures == {"dW1": (0.886, 0.806), "db1": (0.878, 0.485)}


def test_article_b_the_key_clash():
    article = layers.article()
    right = {f"d{label}": autograd.grad(article.loss, article.nodes[label]) for label in ("W1", "b1", "W2", "b2")}
    assert not diagnose(right, article.loss).mistakes
    overwritten = {"dW1": right["dW1"], "db1": right["db1"]}
    diagnosis = diagnose(overwritten, article.loss)
    assert names(diagnosis) == ["key-clash"] and diagnosis.missing == ("W2", "b2")
    assert diagnosis["dW1"].status == "right"
    kept = {"dW1": right["dW2"], "db1": right["db2"]}  # the output layer's, under the hidden layer's name
    diagnosis = diagnose(kept, article.loss)
    assert {"other-name", "shifted"} & set(names(diagnosis)) and "key-clash" not in names(diagnosis)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("dJ/dw", "lacks the factor (a1 - y), which the square leaves behind: without it the target plays no part"),
        ("dJ/db", "lacks the factor (a1 - y), which the square leaves behind: without it the target plays no part"),
        ("d_out", "uses sigma'(a2): a2 is already sigma(z2)"),
        ("d_hid", "uses sigma'(a1): a1 is already sigma(z1)"),
        ("db2", "takes the mean over the examples, where every example adds its part"),
        ("db1", "takes the mean over axis 1, the units, where the sum over axis 0, the examples, is due"),
        ("w - (1/n) sum dJ/dw", "is m / 2 times what it should be"),
    ],
)
def test_article_a_why(formula, said):
    (verdict,) = [verdict for verdict in examine(xor.article()) if verdict.formula.name == formula]
    assert not verdict.right
    assert f"{formula} {said}" in why(verdict)


def test_the_catalogue_on_the_command_line(capsys):
    assert main(["diagnose", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [mistake.name for mistake in CATALOGUE]
    assert all(line.endswith(mistake.description) for line, mistake in zip(lines, CATALOGUE, strict=True))
    assert main(["diagnose", "--list", "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == [mistake.name for mistake in CATALOGUE]
    assert main(["diagnose"]) == 2 and "--list" in capsys.readouterr().err
    assert main(["--out", "here", "diagnose", "--list"]) == 2


def test_a_gradient_that_is_exact_for_a_delta_by_finite_differences_is_right_too():
    X, Y = np.random.default_rng(0).normal(size=(3, 3)), np.array([[1.0], [0.0], [1.0]])
    for seed in range(5):
        rng = np.random.default_rng(seed)
        W, b = Tensor(rng.normal(size=(3, 1)), label="W1"), Tensor(np.zeros((1, 1)), label="b1")
        z = X @ W + b
        z.label = "z1"
        a = autograd.sigmoid(z)
        loss = -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))
        loss.backward()
        dz = z.grad + 1e-7 * np.abs(z.grad).max() * rng.normal(size=z.shape)
        claims = {"dz1": dz, "dW1": X.T @ dz, "db1": dz.sum(axis=0, keepdims=True)}
        assert autograd.diagnose(claims, loss).ok
