"""Adam and AdamW: steps of even length, whatever the scale of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.checks import number
from nn.optim.optimizer import Optimizer


class Adam(Optimizer):
    """A running mean of the gradient, over the root of a running mean of its square.

    Both start at 0; dividing by 1 - beta^step corrects for that.

    Parameters
    ----------
    params : iterable of Parameter, or of groups
    lr : float
        About the length of a step.
    betas : (float, float)
        How much of each running mean is kept.
    eps : float
        Added to the root.
    weight_decay : float
        Adds this much of the parameter to its gradient.
    amsgrad : bool
        Whether the largest running mean of the square so far is used.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter([1.0, 2.0])
    >>> optimizer = nn.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([0.9, 1.9])
    """

    remembers = ("step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    decoupled_weight_decay = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        )

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay"):
            number(name, options[name], 0)
        if not isinstance(options["betas"], (tuple, list)) or len(options["betas"]) != 2:
            raise ValueError(f"betas must be two numbers, got {options['betas']!r}")
        for beta in options["betas"]:
            number("betas", beta, 0, 1, below=True)

    def update(
        self,
        x: Any,
        g: Any,
        state: dict[str, Any],
        *,
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
        amsgrad: bool,
    ) -> Any:
        if weight_decay:
            if self.decoupled_weight_decay:
                x = x * (1 - lr * weight_decay)
            else:
                g = g + weight_decay * x
        beta1, beta2 = betas
        step = state["step"] = state.get("step", 0) + 1
        mean = state["exp_avg"] = beta1 * state.get("exp_avg", 0.0) + (1 - beta1) * g
        square = state["exp_avg_sq"] = beta2 * state.get("exp_avg_sq", 0.0) + (1 - beta2) * (g * g)
        if amsgrad:
            square = state["max_exp_avg_sq"] = np.maximum(state.get("max_exp_avg_sq", 0.0), square)
        root = np.sqrt(square) / math.sqrt(1 - beta2**step) + eps
        return x - lr / (1 - beta1**step) * (mean / root)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself by ``lr * weight_decay`` instead of entering the gradient.

    Parameters
    ----------
    params : iterable of Parameter, or of groups
    lr, betas, eps, amsgrad
        As for `Adam`.
    weight_decay : float
    """

    decoupled_weight_decay = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)
