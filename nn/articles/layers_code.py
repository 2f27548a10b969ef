"""The code of "How to build a Neural Network from scratch", run as it stands, repaired line by line until it works.

Its formulas are right, its code cannot run. Every repair below is preceded by an attempt to train without it; what that
attempt raises is the evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd
from autograd import Tensor
from nn.articles.formula import TOLERANCE, compare
from nn.articles.specimen import Fault, attempt

__all__ = ["LISTING", "REPAIRS", "Repair", "faults", "namespace", "stored"]

LISTING = """
def init_params(layer_dims):
    rng = np.random.RandomState(3)
    params = {}
    for l in range(1, len(layer_dims)):
        params['W' + str(l)] = rng.randn(layer_dims[l], layer_dims[l-1])*0.01
        params['b' + str(l)] = np.zeros((layer_dims[l], 1))
    return params

def sigmoid(Z):
    return 1/(1 + np.exp(np.dot(-1, Z))), Z

def forward_prop(X, params):
    A, caches = X, []
    for l in range(1, len(params)//2 + 1):
        A_prev, W, b = A, params['W' + str(l)], params['b' + str(l)]
        A, Z = sigmoid(np.dot(W, A_prev) + b)
        caches.append(((A_prev, W, b), Z))
    return A, caches

def cost_function(A, Y):
    m = Y.shape[1]
    return (-1/m)*(np.dot(np.log(A), Y.T) + np.dot(log(1-A), 1-Y.T))

def one_layer_backward(dA, cache):
    (A_prev, W, b), Z = cache
    m = A_prev.shape[1]
    dZ = dA*sigmoid(Z)*(1-sigmoid(Z))
    dW = (1/m)*np.dot(dZ, A_prev.T)
    db = (1/m)*np.sum(dZ, axis=1, keepdims=True)
    return np.dot(W.T, dZ), dW, db

def backprop(AL, Y, caches):
    grads, L = {}, len(caches)
    current_cache = caches[L-1]
    dA, dW, db = one_layer_backward(-(np.divide(Y, AL) - np.divide(1-Y, 1-AL)), current_cache)
    grads['dA' + str(L-1)], grads['dW' + str(L-1)], grads['db' + str(L-1)] = dA, dW, db
    for l in reversed(range(L-1)):
        current_cache = caches[l]
        dA, dW, db = one_layer_backward(grads['dA' + str(l+1)], current_cache)
        grads['dA' + str(l)], grads['dW' + str(l+1)], grads['db' + str(l+1)] = dA, dW, db
    return grads

def update_parameters(parameters, grads, learning_rate):
    for l in range(len(parameters)//2):
        for name in ('W' + str(l+1), 'b' + str(l+1)):
            parameters[name] = parameters[name] - learning_rate*grads[name]
    return parameters

def train(X, Y, layer_dims, epochs, lr):
    params, cost_history = init_params(layer_dims), []
    for i in range(epochs):
        Y_hat, caches = forward_prop(X, params)
        cost_history.append(cost_function(Y_hat, Y))
        params = update_parameters(params, backprop(Y_hat, Y, caches), lr)
    return params, cost_history
"""
"""The article's program, retold with the lines in question as they are."""


@dataclass(frozen=True)
class Repair:
    """A line that stands in the way, and the line to put in its place."""

    name: str
    written: str
    corrected: str


REPAIRS = (
    Repair(
        "log is not imported",
        "(np.dot(np.log(A), Y.T) + np.dot(log(1-A), 1-Y.T))",
        "(np.dot(np.log(A), Y.T) + np.dot(np.log(1-A), 1-Y.T))",
    ),
    Repair(
        "sigmoid returns two things",
        "dZ = dA*sigmoid(Z)*(1-sigmoid(Z))",
        "dZ = dA*sigmoid(Z)[0]*(1-sigmoid(Z)[0])",
    ),
    Repair(
        "the update reads other keys",
        "parameters[name] = parameters[name] - learning_rate*grads[name]",
        "parameters[name] = parameters[name] - learning_rate*grads['d' + name]",
    ),
    Repair(
        "the output layer is overwritten",
        "grads['dA' + str(L-1)], grads['dW' + str(L-1)], grads['db' + str(L-1)] = dA, dW, db",
        "grads['dA' + str(L-1)], grads['dW' + str(L)], grads['db' + str(L)] = dA, dW, db",
    ),
)
"""In the order in which a training meets them."""

LOOP = "current_cache = caches[l]"
"""The line that moves the backward pass on to the layer before."""


def namespace(repairs: int = len(REPAIRS)) -> dict[str, Any]:
    """The article's functions by name, after so many of the repairs.

    Examples
    --------
    >>> namespace(repairs=0)["cost_function"](np.array([[0.5]]), np.array([[1.0]]))
    Traceback (most recent call last):
        ...
    NameError: name 'log' is not defined
    >>> namespace()["cost_function"](np.array([[0.5]]), np.array([[1.0]]))
    array([[0.69314718]])
    """
    source = LISTING
    for repair in REPAIRS[:repairs]:
        source = source.replace(repair.written, repair.corrected)
    scope: dict[str, Any] = {"np": np}
    exec(compile(source, "<the article's code>", "exec"), scope)
    return scope


def faults(X: NDArray[np.float64], Y: NDArray[np.float64], layer_dims: tuple[int, ...] = (2, 4, 1)) -> list[Fault]:
    """Train with the article's code, repair what stops it, and try again until nothing does.

    Parameters
    ----------
    X : ndarray, shape (features, examples)
    Y : ndarray, shape (1, examples)
    layer_dims : tuple of int, optional
        Features, then the units of each layer, 1 output.

    Returns
    -------
    list of Fault
        One per repair, and one for the loop's line, which looks as if it belonged here.
    """
    found = []
    for done, repair in enumerate(REPAIRS):
        raised = _train(X, Y, layer_dims, done)
        happened = raised or "it ran"
        if raised.startswith("KeyError"):
            happened += f"; the backward pass has stored {_shapes(stored(X, Y, layer_dims, repairs=done))}"
        found.append(Fault(repair.name, repair.written, happened, bool(raised), repair.corrected))
    raised = _train(X, Y, layer_dims, len(REPAIRS))
    error = math.inf if raised else _error(X, Y, layer_dims)
    happened = raised or f"with the repairs above, no gradient is further from the engine's than {error:.1e}"
    return [*found, Fault("the loop's cache", LOOP, happened, error > TOLERANCE, LOOP)]


def _train(X: NDArray[np.float64], Y: NDArray[np.float64], layer_dims: tuple[int, ...], repairs: int) -> str:
    scope = {**namespace(repairs), "X": X, "Y": Y, "layer_dims": layer_dims}
    return attempt("train(X, Y, layer_dims, epochs=1, lr=1.0)", scope)


def stored(
    X: NDArray[np.float64], Y: NDArray[np.float64], layer_dims: tuple[int, ...], *, repairs: int = 2
) -> dict[str, NDArray[np.float64]]:
    """The dictionary that the article's backward pass leaves: with the two repairs that it needs to run, and no more.

    Examples
    --------
    >>> X, Y = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]]), np.array([[0.0, 1.0, 1.0, 0.0]])
    >>> {key: grad.shape for key, grad in stored(X, Y, (2, 4, 1)).items()}
    {'dA1': (4, 4), 'dW1': (4, 2), 'db1': (4, 1), 'dA0': (2, 4)}
    """
    code = namespace(repairs)
    Y_hat, caches = code["forward_prop"](X, code["init_params"](layer_dims))
    grads: dict[str, NDArray[np.float64]] = code["backprop"](Y_hat, Y, caches)
    return grads


def _shapes(arrays: dict[str, NDArray[np.float64]]) -> str:
    return ", ".join(f"{key} {array.shape}" for key, array in arrays.items())


def _error(X: NDArray[np.float64], Y: NDArray[np.float64], layer_dims: tuple[int, ...]) -> float:
    """How far the repaired backward pass is from the engine's, which differentiates the article's own forward pass."""
    code = namespace()
    params = {name: Tensor(value) for name, value in code["init_params"](layer_dims).items()}
    cost = np.sum(code["cost_function"](code["forward_prop"](X, params)[0], Y))
    truth = dict(zip(params, autograd.grad(cost, list(params.values())), strict=True))
    grads = stored(X, Y, layer_dims, repairs=len(REPAIRS))
    return max(compare(grads["d" + name], truth[name]).relative_error for name in params)
