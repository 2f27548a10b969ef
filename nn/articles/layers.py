"""The network of any depth of "How to build a Neural Network from scratch", as a specimen.

Columns are examples: ``Z = W @ A_prev + b``, ``A = sigmoid(Z)``, and the cost is the binary cross-entropy. The article
has no data and never trains; here it learns XOR, and in `nn.articles.classify` any table of two classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nn.articles.formula import Expression, Formula, Recorder, backward
from nn.articles.layers_code import faults
from nn.articles.layers_network import X, Y, forward, init_params, predict, record, sigmoid
from nn.articles.specimen import Article, Result, examine
from nn.articles.training import OnStep, Params, Progress, Run, descend, differentiate

__all__ = [
    "TRIALS",
    "Trial",
    "X",
    "Y",
    "article",
    "faults",
    "formulas",
    "forward",
    "gradient",
    "init_params",
    "predict",
    "record",
    "run",
    "train",
]

Array = NDArray[np.float64]


class Trial(NamedTuple):
    """A way to train: the learning rate, the factor on the initial weights, and who computes the gradient."""

    lr: float
    scale: float | None = 0.01
    by: str = "engine"

    def __str__(self) -> str:
        if self.scale == 0.01:
            return f"rate {self.lr:g}"
        return f"rate {self.lr:g}, weights " + (
            "scaled to their inputs" if self.scale is None else f"times {self.scale:g}"
        )


# The two that go nowhere are trained with the article's formulas: that is four times as fast.
TRIALS = (Trial(0.1, by="written"), Trial(1.0, by="written"), Trial(5.0), Trial(1.0, scale=1.0))
"""On XOR. The article's factor is 0.01; it leaves the hidden units so much alike that low rates never part them."""


def formulas(layers: int = 2) -> list[Formula]:
    """The article's backward pass for a network of so many layers, from the last layer to the first.

    The 1/m of the cost stands in dW and db only. So dZ and dA are the gradients of the cost *summed* over the examples,
    "summed", and that is what they are compared with; dW and db are the gradients of the cost, "loss".
    """
    backward_pass = [_output(layers)]
    for layer in range(layers, 0, -1):
        backward_pass += _layer(layer)
    return backward_pass


_backward_pass = cache(formulas)

_FUNCTIONS = {"np": np, "sigmoid": sigmoid}
_SUMMED = "It is the gradient of the cost summed over the m examples: the 1/m comes in with dW and db."


def _formula(name: str, of: str, loss: str, latex: str, code: str, names: dict[str, str]) -> Formula:
    expression = Expression(latex, code, names, _FUNCTIONS)
    return Formula(
        name=name,
        of=of,
        loss=loss,
        written=expression,
        corrected=expression,
        remark=_SUMMED if loss == "summed" else "",
    )


def _output(layers: int) -> Formula:
    A = f"A^{{[{layers}]}}"
    return _formula(
        f"dA{layers}",
        f"A{layers}",
        "summed",
        rf"dA^{{[{layers}]}} = -\left(\frac{{Y}}{{{A}}} - \frac{{1-Y}}{{1-{A}}}\right)",
        "-(np.divide(Y, AL) - np.divide(1-Y, 1-AL))",
        {"AL": f"A{layers}"},
    )


def _layer(layer: int) -> list[Formula]:
    this, before = f"^{{[{layer}]}}", f"^{{[{layer - 1}]}}"
    A_prev = f"A{layer - 1}" if layer > 1 else "X"
    dZ = f"dZ{layer}"
    return [
        _formula(
            dZ,
            f"Z{layer}",
            "summed",
            rf"dZ{this} = dA{this}\,\sigma(Z{this})\,(1-\sigma(Z{this}))",
            "dA*sigmoid(Z)*(1-sigmoid(Z))",
            {"dA": f"dA{layer}", "Z": f"Z{layer}"},
        ),
        _formula(
            f"dW{layer}",
            f"W{layer}",
            "loss",
            rf"dW{this} = \frac{{1}}{{m}}\,dZ{this} A{before}{{}}^T",
            "(1/m)*np.dot(dZ, A_prev.T)",
            {"dZ": dZ, "A_prev": A_prev},
        ),
        _formula(
            f"db{layer}",
            f"b{layer}",
            "loss",
            rf"db{this} = \frac{{1}}{{m}}\sum_{{i=1}}^m dZ{this}_i",
            "(1/m)*np.sum(dZ, axis=1, keepdims=True)",
            {"dZ": dZ},
        ),
        _formula(
            f"dA{layer - 1}",
            A_prev,
            "summed",
            rf"dA{before} = W{this}{{}}^T dZ{this}",
            "np.dot(W.T, dZ)",
            {"W": f"W{layer}", "dZ": dZ},
        ),
    ]


def article(params: Params | None = None, X: Array = X, Y: Array = Y) -> Article:
    """The article with its network recorded at given parameters, by default (2, 4, 1) as it initialises it, on XOR."""
    if params is None:
        params = init_params((2, 4, 1))
    return Article(
        name="layers",
        title="How to build a Neural Network from scratch",
        author="",
        year="",
        nodes=record(params, X, Y),
        formulas=tuple(formulas(len(params) // 2)),
        remarks=("It never calls its train: it has no data, no learning rate and no number of epochs.",),
        again=Recorder(record, params, X, Y),
    )


def gradient(params: Params, X: Array = X, Y: Array = Y, *, by: str = "engine") -> tuple[float, Params]:
    """The cost and its gradient.

    Parameters
    ----------
    params : dict of str to ndarray
        As `init_params` makes them.
    X : ndarray, shape (features, examples)
    Y : ndarray, shape (outputs, examples)
    by : {"engine", "written"}, optional
        Who computes the gradient: the engine, or the article's formulas.

    Returns
    -------
    cost : float
    slopes : dict of str to ndarray
        By the label of the parameter.

    Raises
    ------
    ValueError
        If `by` is neither.
    """
    if by == "engine":
        nodes, slopes = differentiate(forward, params, X, Y)
        return float(nodes["loss"].data), slopes
    if by != "written":
        raise ValueError(f"by={by!r}: expected 'engine' or 'written'")
    values = {"X": X, "Y": Y, "m": Y.shape[1], **params, **forward(X, Y, **params)}
    results = backward(_backward_pass(len(params) // 2), values)
    return float(values["loss"]), {name: results[f"d{name}"] for name in params}


def train(
    X: Array,
    Y: Array,
    layer_dims: Sequence[int],
    epochs: int,
    lr: float,
    *,
    seed: int = 3,
    scale: float | None = 0.01,
    by: str = "engine",
    on_step: OnStep | None = None,
) -> tuple[Params, list[float]]:
    """Train a network, as the article's function of this name would.

    Parameters
    ----------
    X : array_like, shape (features, examples)
        Examples in columns.
    Y : array_like, shape (outputs, examples)
        Targets from 0 to 1.
    layer_dims : sequence of int
        Features, then the units of each layer.
    epochs : int
        The number of updates.
    lr : float
        The learning rate.
    seed, scale
        Of the initial parameters, see `init_params`.
    by : {"engine", "written"}, optional
        Who computes the gradient, see `gradient`.
    on_step : callable, optional
        Called ``epochs + 1`` times with the number of updates made and the cost.

    Returns
    -------
    params : dict of str to ndarray
        The trained parameters.
    cost_history : list of float
        ``cost_history[k]`` is the cost after k updates: one more than the article's, for the parameters returned.

    Raises
    ------
    ValueError
        If shapes, targets, `epochs` or `lr` do not fit, or the cost becomes infinite or nan.

    Examples
    --------
    >>> params, cost_history = train(X, Y, layer_dims=(2, 4, 1), epochs=1000, lr=5.0)
    >>> round(cost_history[1000], 6)
    0.001834
    """
    X, Y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    params = init_params(layer_dims, seed=seed, scale=scale)
    _check_data(X, Y, layer_dims)
    if not isinstance(epochs, int | np.integer) or epochs < 0:
        raise ValueError(f"epochs={epochs}: expected a whole number from 0 up")
    if not (math.isfinite(lr) and lr > 0):
        raise ValueError(f"lr={lr}: expected a number above 0")
    return descend(params, lambda params: gradient(params, X, Y, by=by), epochs, lr, on_step)


def _check_data(X: Array, Y: Array, layer_dims: Sequence[int]) -> None:
    for name, array, what, units in (
        ("X", X, "one row per feature", layer_dims[0]),
        ("Y", Y, "one row per output", layer_dims[-1]),
    ):
        if array.ndim != 2 or array.shape[0] != units or array.shape[1] == 0:
            raise ValueError(
                f"{name} has shape {array.shape}: layer_dims={tuple(layer_dims)} expects ({units}, examples), {what}"
            )
    if X.shape[1] != Y.shape[1]:
        raise ValueError(f"X has {X.shape[1]} examples and Y has {Y.shape[1]}: expected one column of each per example")
    if not np.isfinite(X).all():
        raise ValueError("X holds nan or inf: expected finite numbers")
    if not ((Y >= 0) & (Y <= 1)).all():
        raise ValueError("Y holds something outside 0 to 1: expected the probability of class 1")


def run(
    progress: Progress | None = None,
    *,
    layer_dims: Sequence[int] = (2, 4, 1),
    epochs: int = 20_000,
    seed: int = 3,
    trials: Sequence[Trial] = TRIALS,
) -> Result:
    """Examine the article on XOR: check every formula, run its code as it stands, train at several rates.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(name, total)`` before each training; what it returns is called `total` times.
    layer_dims : sequence of int, optional
        2 features, then the units of each layer, 1 output.
    epochs : int, optional
        The number of updates of each training.
    seed : int, optional
        Of the initial parameters.
    trials : sequence of Trial, optional
        The trainings.

    Returns
    -------
    Result
    """
    params = init_params(layer_dims, seed=seed)
    _check_data(X, Y, layer_dims)
    specimen = article(params)
    specimen.loss.backward()
    runs = []
    for trial in trials:
        on_step = progress(str(trial), epochs + 1) if progress else None
        params, history = train(
            X, Y, layer_dims, epochs, trial.lr, seed=seed, scale=trial.scale, by=trial.by, on_step=on_step
        )
        runs.append(Run(str(trial), trial.lr, trial.by, "cost", history, params))
    return Result(specimen, examine(specimen), runs, faults(X, Y, tuple(layer_dims)))
