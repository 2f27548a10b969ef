"""The network of the XOR article: its data, its initial parameters, its forward pass, and all of it recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor
from nn.articles.specimen import label
from nn.articles.training import Params

__all__ = ["X", "Y", "forward", "init_params", "record", "sigmoid", "sigmoid_prime"]

Array = NDArray[np.float64]

X = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
Y = np.array([[1.0], [1.0], [0.0], [0.0]])


def sigmoid(x: Any) -> Any:
    """The article's activation."""
    return 1.0 / (1.0 + np.exp(-x))


def sigmoid_prime(x: Any) -> Any:
    """The article's derivative of `sigmoid`, right where x is what went into `sigmoid`."""
    return sigmoid(x) * (1 - sigmoid(x))


def init_params(seed: int = 1, layer_dims: tuple[int, int, int] = (3, 4, 1)) -> Params:
    """The article's initial parameters: normal, drawn in its order (both weights, then both biases).

    Parameters
    ----------
    seed : int, optional
        Of a generator of our own; NumPy's global state stays as it is.
    layer_dims : tuple of int, optional
        Features, hidden units, outputs.

    Returns
    -------
    dict of str to ndarray
        W1, W2, b1, b2.

    Examples
    --------
    >>> {name: value.shape for name, value in init_params().items()}
    {'W1': (3, 4), 'W2': (4, 1), 'b1': (4,), 'b2': (1,)}
    """
    features, hidden, outputs = layer_dims
    draw = np.random.RandomState(seed).randn
    return {"W1": draw(features, hidden), "W2": draw(hidden, outputs), "b1": draw(hidden), "b2": draw(outputs)}


def forward(X: Any, Y: Any, W1: Any, W2: Any, b1: Any, b2: Any) -> dict[str, Any]:
    """The article's forward pass, on arrays, on Tensors or on object arrays of Values.

    Returns
    -------
    dict
        z1, a1, z2, a2 of shape (examples, units); "loss", half the sum of squares.
    """
    z1 = np.dot(X, W1) + b1
    a1 = sigmoid(z1)
    z2 = np.dot(a1, W2) + b2
    a2 = sigmoid(z2)
    return {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "loss": 0.5 * np.sum((a2 - Y) ** 2)}


def record(params: Params, X: Array = X, Y: Array = Y) -> dict[str, Any]:
    """Record everything that the article differentiates, and label it.

    Besides the network and its "loss" that is the mean squared error "mse" of the text; its single example "J", where x
    is the hidden activation of the first row, y its target, w and b the output neuron's parameters; and "s", the sum of
    sigmoid(u), whose gradient is the sigmoid's derivative at u, the hidden layer's z1.

    Parameters
    ----------
    params : dict of str to ndarray
        As `init_params` makes them.
    X : ndarray, shape (examples, features)
    Y : ndarray, shape (examples, outputs)

    Returns
    -------
    dict of str to Tensor
        Every node that a formula speaks of by its label, and n, the number of examples.
    """
    leaves = {name: Tensor(value) for name, value in params.items()}
    leaves |= {"X": Tensor(X, requires_grad=False), "Y": Tensor(Y, requires_grad=False)}
    nodes = {**leaves, **forward(**leaves)}
    nodes["mse"] = np.mean((nodes["Y"] - nodes["a2"]) ** 2)
    nodes["n"] = len(X)

    x, y = Tensor(nodes["a1"].data[0], requires_grad=False), Tensor(Y[0, 0], requires_grad=False)
    w, b = Tensor(params["W2"][:, 0]), Tensor(params["b2"][0])
    nodes |= {"x": x, "y": y, "w": w, "b": b, "J": (sigmoid(np.dot(x, w) + b) - y) ** 2}

    u = Tensor(nodes["z1"].data)
    nodes |= {"u": u, "s": np.sum(sigmoid(u))}
    return label(nodes)
