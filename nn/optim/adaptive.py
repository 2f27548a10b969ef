"""RMSprop and Adagrad: each entry's step is divided by the size its gradient has had."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.checks import number
from nn.optim.optimizer import Optimizer


class RMSprop(Optimizer):
    """The gradient, over the root of a running mean of its square.

    Parameters
    ----------
    params : iterable of Parameter, or of groups
    lr : float
    alpha : float
        How much of the running mean is kept.
    eps : float
        Added to the root.
    weight_decay : float
        Adds this much of the parameter to its gradient.
    momentum : float
        The share of the last velocity that is kept; 0 for none.
    centered : bool
        Whether the running mean of the gradient is taken out, so that the root is of a variance.
    """

    remembers = ("step", "square_avg", "grad_avg", "momentum_buffer")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        defaults = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, {**defaults, "centered": centered})

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay", "momentum"):
            number(name, options[name], 0)
        number("alpha", options["alpha"], 0, 1)

    def update(
        self,
        x: Any,
        g: Any,
        state: dict[str, Any],
        *,
        lr: float,
        alpha: float,
        eps: float,
        weight_decay: float,
        momentum: float,
        centered: bool,
    ) -> Any:
        if weight_decay:
            g = g + weight_decay * x
        state["step"] = state.get("step", 0) + 1
        square = state["square_avg"] = alpha * state.get("square_avg", 0.0) + (1 - alpha) * (g * g)
        if centered:
            mean = state["grad_avg"] = alpha * state.get("grad_avg", 0.0) + (1 - alpha) * g
            square = square - mean * mean
        g = g / (np.sqrt(square) + eps)
        if momentum:
            g = state["momentum_buffer"] = momentum * state.get("momentum_buffer", 0.0) + g
        return x - lr * g


class Adagrad(Optimizer):
    """The gradient, over the root of the sum of all its squares so far.

    Parameters
    ----------
    params : iterable of Parameter, or of groups
    lr : float
    lr_decay : float
        The rate is divided by 1 + (step - 1) * lr_decay.
    weight_decay : float
        Adds this much of the parameter to its gradient.
    initial_accumulator_value : float
        Where the sum starts.
    eps : float
        Added to the root.
    """

    remembers = ("step", "sum")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        defaults = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "initial_accumulator_value": initial_accumulator_value})

    def check(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            number(name, value, 0)

    def update(
        self,
        x: Any,
        g: Any,
        state: dict[str, Any],
        *,
        lr: float,
        lr_decay: float,
        eps: float,
        weight_decay: float,
        initial_accumulator_value: float,
    ) -> Any:
        if weight_decay:
            g = g + weight_decay * x
        step = state["step"] = state.get("step", 0) + 1
        total = state["sum"] = state.get("sum", initial_accumulator_value) + g * g
        return x - lr / (1 + (step - 1) * lr_decay) * (g / (np.sqrt(total) + eps))
