"""The doctor on what people derive by hand beside plain networks: normalisation, recurrence, attention, embeddings."""

import numpy as np
import pytest
from doctor_trials.by_hand import Network, names, normal, rng

BATCH_NORM = Network(
    """
    mu = np.mean(X @ W, axis=0)
    xc = X @ W - mu
    var = np.mean(xc**2, axis=0)
    xh = xc / np.sqrt(var + 1e-5)
    out = np.maximum(gamma * xh + beta, 0)
    loss = np.sum((out @ V - Y) ** 2) / 2
    """,
    """
    do = out @ V - Y
    dV = out.T @ do
    dy = do @ V.T * (out > 0)
    dbeta = dy.sum(axis=0)
    dgamma = (dy * xh).sum(axis=0)
    dxh = dy * gamma
    istd = 1 / np.sqrt(var + 1e-5)
    dx = istd / m * (m * dxh - dxh.sum(axis=0) - xh * (dxh * xh).sum(axis=0))
    dW = X.T @ dx
    """,
    {"W": normal(4, 5), "gamma": normal(5), "beta": normal(5), "V": normal(5, 2)},
    normal(9, 4),
    normal(9, 2),
)

LAYER_NORM = Network(
    """
    z = X @ W
    mu = np.mean(z, axis=1, keepdims=True)
    v = np.mean((z - mu) ** 2, axis=1, keepdims=True)
    zh = (z - mu) / np.sqrt(v + 1e-5)
    a = np.tanh(g * zh + b)
    loss = np.sum((a - Y) ** 2) / 2
    """,
    """
    dy = (a - Y) * (1 - a**2)
    dg = (dy * zh).sum(axis=0)
    db = dy.sum(axis=0)
    dzh = dy * g
    means = dzh.mean(axis=1, keepdims=True) + zh * (dzh * zh).mean(axis=1, keepdims=True)
    dW = X.T @ ((dzh - means) / np.sqrt(v + 1e-5))
    """,
    {"W": normal(4, 6), "g": normal(6), "b": normal(6)},
    normal(7, 4),
    normal(7, 6),
)

ATTENTION = Network(
    """
    Q = X @ Wq
    K = X @ Wk
    V = X @ Wv
    S = Q @ K.T / np.sqrt(3)
    A = softmax(S)
    O = A @ V
    loss = np.sum((O - Y) ** 2) / 2
    """,
    """
    dO = O - Y
    dV = A.T @ dO
    dA = dO @ V.T
    dS = A * (dA - (dA * A).sum(axis=1, keepdims=True)) / np.sqrt(3)
    dQ = dS @ K
    dK = dS.T @ Q
    dWq = X.T @ dQ
    dWk = X.T @ dK
    dWv = X.T @ dV
    """,
    {"Wq": normal(4, 3), "Wk": normal(4, 3), "Wv": normal(4, 3)},
    normal(6, 4),
    normal(6, 3),
)

HEADS = Network(
    """
    Q = X @ Wq
    K = X @ Wk
    A = np.exp(Q @ K.transpose(0, 2, 1))
    A = A / np.sum(A, axis=-1, keepdims=True)
    loss = np.sum((A @ X - Y) ** 2) / 2
    """,
    """
    dA = (A @ X - Y) @ X.transpose(0, 2, 1)
    dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True))
    dQ = dS @ K
    dK = dS.transpose(0, 2, 1) @ Q
    dWq = np.einsum("bnd,bnk->dk", X, dQ)
    dWk = np.einsum("bnd,bnk->dk", X, dK)
    """,
    {"Wq": normal(4, 3) / 4, "Wk": normal(4, 3) / 4},
    normal(2, 5, 4),
    normal(2, 5, 4),
)

UNROLLED = Network(
    """
    hs = [np.ones((len(Y), 1)) @ h0]
    for t in range(3):
        hs.append(np.tanh(X[:, t] @ U + hs[-1] @ W))
    loss = np.sum((hs[-1] - Y) ** 2) / 2
    """,
    """
    es = [None] * 4
    es[3] = (hs[3] - Y) * (1 - hs[3] ** 2)
    es[2] = es[3] @ W.T * (1 - hs[2] ** 2)
    es[1] = es[2] @ W.T * (1 - hs[1] ** 2)
    dU = sum(X[:, t].T @ es[t + 1] for t in range(3))
    dW = sum(hs[t].T @ es[t + 1] for t in range(3))
    dh0 = (es[1] @ W.T).sum(axis=0, keepdims=True)
    """,
    {"U": normal(2, 4), "W": normal(4, 4), "h0": normal(1, 4)},
    normal(6, 3, 2),
    normal(6, 4),
)

DROPOUT = Network(
    """
    a1 = np.tanh(X @ W1)
    d1 = a1 * M1
    a2 = np.tanh(d1 @ W2)
    d2 = a2 * M2
    loss = np.sum((d2 - Y) ** 2) / 2
    """,
    """
    e2 = (d2 - Y) * M2 * (1 - a2**2)
    dW2 = d1.T @ e2
    e1 = e2 @ W2.T * M1 * (1 - a1**2)
    dW1 = X.T @ e1
    """,
    {"W1": normal(3, 5), "W2": normal(5, 4)},
    normal(6, 3),
    normal(6, 4),
    M1=np.array([2.0, 0, 2, 2, 0]),
    M2=np.array([0, 2.0, 2, 2]),
)

PAIRS = Network(
    """
    v = E[X]
    u = C[Y]
    a = 1 / (1 + np.exp(-np.sum(v * u, axis=1)))
    loss = -np.sum(np.log(a))
    """,
    """
    d = (a - 1)[:, None]
    dE = np.eye(len(E))[X].T @ (d * u)
    dC = np.eye(len(C))[Y].T @ (d * v)
    """,
    {"E": normal(5, 3), "C": normal(5, 3)},
    rng.integers(5, size=8),
    rng.integers(5, size=8),
)

ARCHITECTURES = {
    "batch norm": BATCH_NORM,
    "layer norm": LAYER_NORM,
    "attention": ATTENTION,
    "heads": HEADS,
    "unrolled": UNROLLED,
    "dropout": DROPOUT,
    "pairs": PAIRS,
}

SUMS_FOR_MEANS = "means = dzh.sum(axis=1, keepdims=True) + zh * (dzh * zh).sum(axis=1, keepdims=True)"

MISTAKES = [
    ("branch-forgotten", BATCH_NORM, "dx = istd / m * (m * dxh - xh * (dxh * xh).sum(axis=0))", "dW", "through mu"),
    ("detached", BATCH_NORM, "dx = istd * dxh", "dW", "treats var and mu as constant"),
    ("factor-missing", BATCH_NORM, "dxh = dy", "dW", "lacks the factor gamma"),
    ("wrong-layer", BATCH_NORM, "dgamma = (dy * xc).sum(axis=0)", "dgamma", "uses xc where xh belongs"),
    ("before-activation", BATCH_NORM, "dV = (gamma * xh + beta).T @ do", "dV", "where out belongs"),
    ("wrong-layer", LAYER_NORM, "dg = (dy * z).sum(axis=0)", "dg", "uses z where zh belongs"),
    ("factor-missing", LAYER_NORM, SUMS_FOR_MEANS, "dW", "lacks the factor 1 / 6"),
    ("lost-brackets", LAYER_NORM, "dy = (a - Y) * 1 - a**2", "db", "brackets of (1 - a**2)"),
    ("operand-transposed", ATTENTION, "dK = dS @ Q", "dWk", "transpose"),
    ("operand-transposed", ATTENTION, "dQ = dS.T @ K", "dWq", "transpose"),
    ("operand-transposed", ATTENTION, "dV = A @ dO", "dWv", "transpose"),
    ("factor-missing", ATTENTION, "dS = A * (dA - (dA * A).sum(axis=1, keepdims=True))", "dWq", "1 / 1.73205"),
    ("derivative-slip", ATTENTION, "dS = A * (dA - (dA * A).sum(axis=0, keepdims=True)) / np.sqrt(3)", "dWk", "axis"),
    ("wrong-layer", ATTENTION, "dA = dO @ K.T", "dWq", "uses K where V belongs"),
    ("operand-transposed", HEADS, "dK = dS @ Q", "dWk", "transpose"),
    ("operand-transposed", HEADS, "dQ = dS.transpose(0, 2, 1) @ K", "dWq", "transpose"),
    ("derivative-slip", HEADS, "dS = A * (dA - (dA * A).sum(axis=-2, keepdims=True))", "dWk", "axis"),
    ("wrong-layer", UNROLLED, "dW = sum(hs[t - 1].T @ es[t + 1] for t in range(3))", "dW", "belongs"),
    ("wrong-layer", UNROLLED, "dU = sum(X[:, t - 1].T @ es[t + 1] for t in range(3))", "dU", "uses X[:, 2] where"),
    ("factor-missing", DROPOUT, ("e2 = (d2 - Y) * (1 - a2**2)", "e1 = e2 @ W2.T * (1 - a1**2)"), "dW2", "lacks"),
    ("wrong-place", DROPOUT, "e2 = (d2 - Y) * M2 * (1 - d2**2)", "dW2", "at d2"),
    ("target-missing", PAIRS, "d = a[:, None]", "dE", "(a - 1)"),
    ("wrong-layer", PAIRS, "dE = np.eye(len(E))[X].T @ (d * v)", "dE", "uses v where u belongs"),
    ("repeated-index", PAIRS, "dE = np.zeros_like(E); dE[X] += d * u", "dE", "np.add.at"),
]  # fmt: skip
"""The catalogue's name, the network, the wrong lines, a claim that they make wrong, and what must be said of it."""


@pytest.mark.parametrize("network", ARCHITECTURES.values(), ids=ARCHITECTURES)
@pytest.mark.parametrize("arrays", [True, False], ids=["arrays", "functions"])
def test_right_gradients_are_right(network, arrays):
    diagnosis = network.diagnosed(arrays=arrays)
    assert diagnosis.ok and not diagnosis.mistakes


@pytest.mark.parametrize(
    ("name", "network", "lines", "key", "said"), MISTAKES, ids=[f"{case[0]}-{i}" for i, case in enumerate(MISTAKES)]
)
def test_a_mistake_is_named(name, network, lines, key, said):
    diagnosis = network.diagnosed(*((lines,) if isinstance(lines, str) else lines))
    assert names(diagnosis) == [name]
    assert all(finding.status != "unexplained" for finding in diagnosis)
    assert diagnosis[key].residual < 1e-9 and not diagnosis[key].alternatives
    assert said in diagnosis[key].sentence


def test_what_a_network_computes_beside_its_last_product_is_no_regulariser():
    """Scores are made of parameters too, but of data as well."""
    diagnosis = ATTENTION.diagnosed("dS = 2 * A * (dA - (dA * A).sum(axis=1, keepdims=True)) / np.sqrt(3)")
    assert names(diagnosis) == ["constant"]
    assert "regulariser" not in str(diagnosis)
