"""Evaluation: how good a model is on some data, by a loss or by any other measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import no_grad
from nn.data import batches, examples
from nn.module import Module, raw

__all__ = ["accuracy", "evaluate", "evaluating"]


def accuracy(output: Any, target: Any) -> float:
    """The share of rows in which the right class has the highest score.

    Parameters
    ----------
    output : ndarray or Tensor, shape (N, C) or (N,) or (N, 1)
        Scores of C classes; or one logit, which says class 1 where it is above 0.
    target : ndarray of int, shape (N,) or that of a single logit
        The classes.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> accuracy(np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]))
    0.5
    >>> accuracy(np.array([-0.3, 0.2]), np.array([0, 1]))
    1.0
    """
    scores, classes = np.asarray(raw(output)), np.asarray(raw(target))
    single = scores.ndim == 1 or (scores.ndim == 2 and scores.shape[1] == 1)
    if scores.ndim not in (1, 2) or classes.size != len(scores) or not classes.size:
        raise ValueError(
            f"accuracy takes output of shape (N, C) or (N,) and N classes, got {scores.shape} and {classes.shape}"
        )
    if np.isnan(scores).any():
        raise ValueError("output must hold numbers to compare; it holds nan")
    said = scores.reshape(-1) > 0 if single else scores.argmax(axis=1)
    return float(np.mean(said == classes.reshape(-1)))


def evaluate(
    model: Callable[[Any], Any], measure: Callable[[Any, Any], Any], data: Any, *, batch_size: int = 256
) -> float:
    """The mean of a measure over some data, with dropout off and without recording a graph.

    Parameters
    ----------
    model : Module
        It is in its former mode again afterwards.
    measure : callable
        A loss, `accuracy`, or any function ``measure(output, target)`` that takes a mean over its rows.
    data : (ndarray, ndarray)
        Inputs and targets; a `Dataset` is such a pair.
    batch_size : int
        How many examples to compute at once.

    Returns
    -------
    float

    Examples
    --------
    >>> import nn
    >>> model = nn.Linear(2, 2)
    >>> nn.evaluate(model, nn.accuracy, nn.datasets.xor()) in (0, 0.25, 0.5, 0.75, 1)
    True
    """
    X, y = examples("data", data)
    total, count = 0.0, 0
    with evaluating(model), no_grad():
        for inputs, targets in batches(X, y, batch_size, shuffle=False):
            total += float(raw(measure(model(inputs), targets))) * len(inputs)
            count += len(inputs)
    return total / count


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Set a model to evaluation for a ``with`` block; each part is in its former mode again afterwards."""
    modes = [(module, module.training) for module in model.modules()] if isinstance(model, Module) else []
    for module, _ in modes:
        module.training = False
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
