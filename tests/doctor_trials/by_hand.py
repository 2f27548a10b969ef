"""Networks with a backward pass as somebody would write it down, line by line; a mistake is another line."""

import textwrap
from itertools import pairwise

import numpy as np

from autograd import Tensor, diagnose

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

KERNEL = Network(
    """
    z = 0
    for i in range(3):
        for j in range(3):
            z = z + X[:, i : i + 4, j : j + 4] * K[i, j]
    loss = np.sum((z - Y) ** 2) / 2
    """,
    """
    dz = z - Y
    dK = np.array([[np.sum(X[:, i : i + 4, j : j + 4] * dz) for j in range(3)] for i in range(3)])
    """,
    {"K": normal(3, 3)},
    normal(5, 6, 6),
    normal(5, 4, 4),
)

EMBEDDING = Network(
    """
    h = E[X]
    o = h @ W
    loss = np.sum((o - Y) ** 2) / 2
    """,
    """
    d = o - Y
    dW = h.T @ d
    dE = np.eye(len(E))[X].T @ (d @ W.T)
    """,
    {"E": normal(5, 3), "W": normal(3, 2)},
    np.array([0, 3, 3, 1, 0, 3]),
    normal(6, 2),
)

NETWORKS = {
    "squares": SQUARES,
    "columns": COLUMNS,
    "classes": CLASSES,
    "softmax": SOFTMAX,
    "deep": DEEP,
    "recurrent": RECURRENT,
    "gate": GATE,
    "kernel": KERNEL,
    "embedding": EMBEDDING,
}


def names(diagnosis):
    return [mistake.name for mistake in diagnosis.mistakes]


def everything_that_fits(diagnosis):
    found = {mistake.name for mistake in diagnosis.mistakes}
    return found | {other.name for finding in diagnosis for other in finding.alternatives}
