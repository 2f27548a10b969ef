"""The doctor names each mistake of its catalogue where it was made, and calls right what is right."""

import numpy as np
import pytest
from doctor_trials.by_hand import (
    CLASSES,
    COLUMNS,
    DEEP,
    EMBEDDING,
    GATE,
    KERNEL,
    NETWORKS,
    RECURRENT,
    SOFTMAX,
    SQUARES,
    everything_that_fits,
)

import autograd
from autograd import Tensor, diagnose
from autograd.doctor import CATALOGUE

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
    ("derivative-slip", SOFTMAX, "dz = p * (e - np.sum(e * p, axis=0, keepdims=True))", "dW"),
    ("lost-brackets", SQUARES, "d1 = d2 @ W2.T * a1 * 1 - a1", "dW1"),
    ("lost-brackets", COLUMNS, "d1 = 1 - a1**2 * (W2.T @ d2)", "db1"),
    ("lost-brackets", SOFTMAX, "dz = p * e - np.sum(e * p, axis=1, keepdims=True)", "dW"),
    ("lost-brackets", DEEP, "d3 = 2 * z3 - Y / Y.size", "dW3"),
    ("lost-brackets", SQUARES, "d2 = a2 - Y * a2 * (1 - a2)", "dW2"),
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
    (
        "result-transposed",
        KERNEL,
        "dK = np.array([[np.sum(X[:, j : j + 4, i : i + 4] * dz) for j in range(3)] for i in range(3)])",
        "dK",
    ),
    (
        "kernel-flipped",
        KERNEL,
        "dK = np.array([[np.sum(X[:, 2 - i : 6 - i, 2 - j : 6 - j] * dz) for j in range(3)] for i in range(3)])",
        "dK",
    ),
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
    ("repeated-index", EMBEDDING, "dE = np.zeros_like(E); dE[X] += d @ W.T", "dE"),
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
