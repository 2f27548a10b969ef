"""Trains the network of the second article on a table of two classes, and counts what it gets right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.articles.layers import train
from nn.articles.layers_network import predict
from nn.articles.specimen import Accuracy
from nn.articles.training import OnStep, Params, Run

__all__ = ["classify"]

Array = NDArray[np.float64]


def classify(
    X_train: Array,
    X_test: Array,
    y_train: NDArray[Any],
    y_test: NDArray[Any],
    *,
    layer_dims: Sequence[int] | None = None,
    epochs: int = 500,
    lr: float = 1.0,
    seed: int = 3,
    scale: float | None = None,
    name: str = "two classes",
    on_step: OnStep | None = None,
) -> Accuracy:
    """Train the network on a table of two classes, with the engine's gradient, and count what it gets right.

    Parameters
    ----------
    X_train, X_test : ndarray, shape (examples, features)
        Standardised, examples in rows, as tables have them.
    y_train, y_test : ndarray, shape (examples,)
        0 or 1.
    layer_dims : sequence of int, optional
        By default the features, 16 hidden units, 1 output.
    epochs, lr, seed, scale, on_step
        See `train`; `scale` is by default fit for any depth, see `init_params`.
    name : str, optional
        Of the run.

    Returns
    -------
    Accuracy

    Raises
    ------
    ValueError
        If the network does not have one output, or anything does not fit, see `train`.
    """
    layer_dims = (X_train.shape[1], 16, 1) if layer_dims is None else tuple(layer_dims)
    if layer_dims[-1:] != (1,):
        raise ValueError(f"layer_dims={layer_dims}: expected one output, which tells two classes apart")
    if X_test.shape[1:] != X_train.shape[1:]:
        raise ValueError(
            f"X_test has shape {X_test.shape}: expected the columns of X_train, whose shape is {X_train.shape}"
        )
    if len(X_test) != len(y_test) or not len(y_test):
        raise ValueError(f"X_test has {len(X_test)} examples and y_test {len(y_test)}: expected as many, at least one")
    Y_train = np.asarray(y_train, dtype=np.float64)[None, :]
    params, history = train(X_train.T, Y_train, layer_dims, epochs, lr, seed=seed, scale=scale, on_step=on_step)
    return Accuracy(
        train=_share(params, X_train, y_train),
        test=_share(params, X_test, y_test),
        train_examples=len(y_train),
        test_examples=len(y_test),
        layer_dims=layer_dims,
        run=Run(name, lr, "engine", "cost", history, params),
    )


def _share(params: Params, X: Array, y: NDArray[Any]) -> float:
    return float(np.mean((predict(X.T, params)[0] > 0.5) == y))
