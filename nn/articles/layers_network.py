"""The network of any depth: XOR in columns, initial parameters, forward pass, predictions, and all of it recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor
from nn.articles.specimen import label
from nn.articles.training import Params

__all__ = ["X", "Y", "cost_function", "forward", "init_params", "predict", "record", "sigmoid"]

Array = NDArray[np.float64]

X = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
Y = np.array([[0.0, 1.0, 1.0, 0.0]])


def init_params(layer_dims: Sequence[int], *, seed: int = 3, scale: float | None = 0.01) -> Params:
    """The article's initial parameters: small normal weights, biases 0.

    Parameters
    ----------
    layer_dims : sequence of int
        Features, then the units of each layer.
    seed : int, optional
        Of a generator of our own; NumPy's global state stays as it is.
    scale : float or None, optional
        The factor on the weights. None takes ``1 / sqrt(inputs)`` in each layer: with the article's 0.01 all units of a
        deep network are so much alike that nothing reaches its first layers.

    Returns
    -------
    dict of str to ndarray
        W1 of shape (layer_dims[1], layer_dims[0]), b1 of shape (layer_dims[1], 1), and so on.

    Raises
    ------
    ValueError
        If `layer_dims` names fewer than two layers, or one without units.

    Examples
    --------
    >>> {name: value.shape for name, value in init_params((2, 4, 1)).items()}
    {'W1': (4, 2), 'b1': (4, 1), 'W2': (1, 4), 'b2': (1, 1)}
    """
    if len(layer_dims) < 2 or not all(isinstance(units, int | np.integer) and units > 0 for units in layer_dims):
        raise ValueError(
            f"layer_dims={tuple(layer_dims)}: expected the number of features, then the units of one layer or more, "
            "each at least 1, such as (2, 4, 1)"
        )
    draw = np.random.RandomState(seed).randn
    params = {}
    for layer, (inputs, units) in enumerate(pairwise(layer_dims), start=1):
        params[f"W{layer}"] = draw(units, inputs) * (1 / math.sqrt(inputs) if scale is None else scale)
        params[f"b{layer}"] = np.zeros((units, 1))
    return params


def sigmoid(Z: Any) -> Any:
    """The article's activation, without the cache that it returns along with it."""
    return 1 / (1 + np.exp(np.dot(-1, Z)))


def cost_function(A: Any, Y: Any) -> Any:
    """The article's binary cross-entropy; the trace makes a number of it, and the right one for several outputs."""
    m = Y.shape[1]
    return np.trace((-1 / m) * (np.dot(np.log(A), Y.T) + np.dot(np.log(1 - A), (1 - Y).T)))


def forward(X: Any, Y: Any, **params: Any) -> dict[str, Any]:
    """The article's forward pass, on arrays, on Tensors or on object arrays of Values.

    Returns
    -------
    dict
        Z1, A1, Z2, ... of shape (units, examples), and "loss", the cost.
    """
    values: dict[str, Any] = {}
    A = X
    for layer in range(1, len(params) // 2 + 1):
        Z = np.dot(params[f"W{layer}"], A) + params[f"b{layer}"]
        A = sigmoid(Z)
        values |= {f"Z{layer}": Z, f"A{layer}": A}
    return {**values, "loss": cost_function(A, Y)}


def predict(X: Array, params: Mapping[str, Array]) -> Array:
    """The network's outputs.

    Parameters
    ----------
    X : ndarray, shape (features, examples)
    params : dict of str to ndarray
        As `init_params` or `train` return them.

    Returns
    -------
    ndarray, shape (outputs, examples)
    """
    A = X
    with np.errstate(over="ignore"):  # exp(-Z) is inf where sigmoid is 0
        for layer in range(1, len(params) // 2 + 1):
            A = sigmoid(np.dot(params[f"W{layer}"], A) + params[f"b{layer}"])
    return A


def record(params: Params, X: Array = X, Y: Array = Y) -> dict[str, Any]:
    """Record the forward pass and label it.

    Parameters
    ----------
    params : dict of str to ndarray
        As `init_params` makes them.
    X : ndarray, shape (features, examples)
        It has a gradient too: the article's backward pass ends with it, as dA0.
    Y : ndarray, shape (outputs, examples)

    Returns
    -------
    dict of str to Tensor
        Every node of `forward` and every leaf by its label; "summed", the cost summed over the examples; and m, their
        number.
    """
    leaves = {name: Tensor(value) for name, value in params.items()}
    leaves |= {"X": Tensor(X), "Y": Tensor(Y, requires_grad=False)}
    nodes = {**leaves, **forward(**leaves)}
    m = Y.shape[1]
    return label({**nodes, "summed": m * nodes["loss"], "m": m})
