"""Gradient descent as both articles do it, and the record that a run leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd
from autograd import Tensor

__all__ = ["OnStep", "Params", "Progress", "Run", "descend", "differentiate"]

Params = dict[str, NDArray[np.float64]]
"""Weights and biases by label."""

OnStep = Callable[[int, float], object]
"""Called with the number of updates made and the loss, ``steps + 1`` times, for a progress bar."""

Progress = Callable[[str, int], OnStep]
"""Called with the name of a run and how often it will report; returns what it reports to."""


@dataclass(frozen=True)
class Run:
    """What a training left behind.

    Attributes
    ----------
    name : str
        Which run this was, for the caption of a curve.
    rate : float
        The learning rate.
    by : str
        Who computed the gradient: "engine", "written" (the article's formulas) or "corrected".
    measure : str
        What `history` measures.
    history : list of float
        ``history[k]`` is the loss after k updates; the last is that of `params`.
    params : dict of str to ndarray
        The trained parameters by label.
    published : mapping of int to float
        The numbers that the article prints, by the number of updates; empty if it prints none.
    """

    name: str
    rate: float
    by: str
    measure: str
    history: list[float]
    params: Params
    published: Mapping[int, float] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.history) - 1

    def at(self, every: int = 1000) -> dict[int, float]:
        """The loss after every so many updates, and after the last.

        Examples
        --------
        >>> Run("a", rate=1.0, by="engine", measure="cost", history=[0.5, 0.4, 0.3, 0.2], params={}).at(2)
        {0: 0.5, 2: 0.3, 3: 0.2}
        """
        return {step: self.history[step] for step in sorted({*range(0, self.steps + 1, every), self.steps})}

    def to_dict(self) -> dict[str, Any]:
        """The run for JSON; of the history, what `at` gives."""
        return {
            "name": self.name,
            "rate": self.rate,
            "by": self.by,
            "measure": self.measure,
            "steps": self.steps,
            "losses": {str(step): loss for step, loss in self.at().items()},
            "published": {str(step): loss for step, loss in self.published.items()},
        }


def descend(
    params: Params,
    gradient: Callable[[Params], tuple[float, Params]],
    steps: int,
    rate: float,
    on_step: OnStep | None = None,
) -> tuple[Params, list[float]]:
    """Walk down a gradient: subtract `rate` times the gradient from every parameter, `steps` times.

    Parameters
    ----------
    params : dict of str to ndarray
        Where to start; left as it is.
    gradient : callable
        Takes parameters, returns the loss there and the gradient of each parameter under its label.
    steps : int
        The number of updates.
    rate : float
        The learning rate.
    on_step : callable, optional
        Called with the number of updates made and the loss, before each update and after the last.

    Returns
    -------
    params : dict of str to ndarray
        After the last update.
    history : list of float
        The losses, ``steps + 1`` of them.

    Raises
    ------
    ValueError
        If the loss becomes infinite or nan.

    Examples
    --------
    >>> _, history = descend({"x": np.array(1.0)}, lambda p: (float(p["x"] ** 2), {"x": 2 * p["x"]}), 3, 0.25)
    >>> history
    [1.0, 0.25, 0.0625, 0.015625]
    """
    history: list[float] = []
    # What overflows on the way to a loss that is not finite is reported below, once, in words.
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        for step in range(steps + 1):
            loss, slopes = gradient(params)
            if not math.isfinite(loss):
                raise ValueError(
                    f"the loss is {loss} after {step} updates with the learning rate {rate:g}: an output has reached "
                    "exactly 0 or 1, or a parameter is not finite; use a smaller learning rate or fewer updates"
                )
            history.append(loss)
            if on_step is not None:
                on_step(step, loss)
            if step < steps:
                params = {label: value - rate * slopes[label] for label, value in params.items()}
    return params, history


def differentiate(
    forward: Callable[..., dict[str, Any]], params: Params, X: NDArray[np.float64], Y: NDArray[np.float64]
) -> tuple[dict[str, Any], Params]:
    """Record a forward pass and have the engine differentiate it.

    Parameters
    ----------
    forward : callable
        ``forward(X, Y, **params)`` returns nodes by label, one of them "loss".
    params : dict of str to ndarray
        What to differentiate with respect to.
    X, Y : ndarray
        The data: constants.

    Returns
    -------
    nodes : dict of str to Tensor
        What `forward` returned.
    slopes : dict of str to ndarray
        The gradient of "loss" by the label of the parameter.
    """
    leaves = {name: Tensor(value) for name, value in params.items()}
    nodes = forward(X, Y, **leaves)
    return nodes, dict(zip(leaves, autograd.grad(nodes["loss"], list(leaves.values())), strict=True))
