"""Why nobody can reproduce the XOR article's printed losses: its update is chaotic, and the true gradient is not.

The culprit is sigma' taken at the activation: it never falls below 0.19, so the steps do not shrink as the outputs
saturate. With sigma' in its place the training is calm, whatever happens to the biases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from nn.articles.specimen import Chaos
from nn.articles.xor_network import X, Y, init_params, sigmoid, sigmoid_prime

__all__ = ["chaos"]

Array = NDArray[np.float64]


def chaos(nudges: int = 50, steps: Iterable[int] = range(0, 8000, 1000)) -> list[Chaos]:
    """Train copies of the network that differ by a nudge of one weight, with the article's update and the right one.

    Copy k starts with W1[0, 0] moved by k units in the last place, from ``-nudges // 2`` up. All copies are trained at
    once, stacked along a first axis. That may round differently from one training alone: it is one nudge more.

    Parameters
    ----------
    nudges : int, optional
        The number of copies.
    steps : iterable of int, optional
        After how many updates to look; by default where the article prints its loss.

    Returns
    -------
    list of Chaos
        For the article's update and for the true gradient.
    """
    looks = sorted(set(steps))
    return [
        Chaos("the article's update", _stacked(_steps_written, nudges, looks)),
        Chaos("the true gradient", _stacked(_steps_corrected, nudges, looks)),
    ]


def _steps_written(o: Array, h: Array, W2: Array) -> tuple[Array, Array, Array, Array]:
    """d_out, d_hid and what the biases lose, as the article has them, for stacked copies."""
    d_out = (o - Y) * sigmoid_prime(o)
    d_hid = d_out @ W2.swapaxes(1, 2) * sigmoid_prime(h)
    return d_out, d_hid, d_out.mean(axis=(1, 2), keepdims=True), d_hid.mean(axis=2)[:, None, :]


def _steps_corrected(o: Array, h: Array, W2: Array) -> tuple[Array, Array, Array, Array]:
    """The same as they should be."""
    d_out = (o - Y) * o * (1 - o)
    d_hid = d_out @ W2.swapaxes(1, 2) * h * (1 - h)
    return d_out, d_hid, d_out.sum(axis=1, keepdims=True), d_hid.sum(axis=1, keepdims=True)


def _stacked(
    backward_pass: Callable[[Array, Array, Array], tuple[Array, Array, Array, Array]], nudges: int, looks: list[int]
) -> dict[int, Array]:
    """The losses of nudged copies; weights have shape (copies, in, out), biases (copies, 1, units)."""
    W1, W2, b1, b2 = (np.stack([value] * nudges) for value in init_params().values())
    b1, b2 = b1[:, None, :], b2[:, None, :]
    W1[:, 0, 0] += (np.arange(nudges) - nudges // 2) * np.spacing(W1[0, 0, 0])
    losses: dict[int, Array] = {}
    for step in range(looks[-1] + 1):
        h = sigmoid(X @ W1 + b1)
        o = sigmoid(h @ W2 + b2)
        if step in looks:
            losses[step] = np.mean(np.abs(o - Y), axis=(1, 2))
        d_out, d_hid, db2, db1 = backward_pass(o, h, W2)
        W2, W1 = W2 - h.swapaxes(1, 2) @ d_out, W1 - X.T @ d_hid
        b2, b1 = b2 - db2, b1 - db1
    return losses
