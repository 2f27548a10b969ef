"""SGD: gradient descent, on whatever part of the data the gradient comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.checks import number
from nn.optim.optimizer import Optimizer


class SGD(Optimizer):
    """A step against the gradient, or against a running sum of gradients (momentum).

    Parameters
    ----------
    params : iterable of Parameter, or of groups
    lr : float
        The length of a step, per unit of gradient.
    momentum : float
        The share of the last velocity that is kept; 0 for none.
    dampening : float
        The share of the gradient that does not enter the velocity.
    weight_decay : float
        Adds this much of the parameter to its gradient.
    nesterov : bool
        Whether the gradient is added once more to the velocity; needs momentum, and no dampening.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter([1.0, 2.0])
    >>> optimizer = nn.optim.SGD([w], lr=0.5)
    >>> (w * w).sum().backward()  # the gradient is 2 w
    >>> optimizer.step()
    >>> w.data
    array([0., 0.])
    """

    remembers = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
            },
        )

    def check(self, options: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            number(name, options[name], 0)
        number("dampening", options["dampening"])
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise ValueError("nesterov needs a momentum above 0 and no dampening")

    def update(
        self,
        x: Any,
        g: Any,
        state: dict[str, Any],
        *,
        lr: float,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
    ) -> Any:
        if weight_decay:
            g = g + weight_decay * x
        if momentum:
            if "momentum_buffer" in state:
                velocity = momentum * state["momentum_buffer"] + (1 - dampening) * g
            else:
                velocity = np.array(g)
            state["momentum_buffer"] = velocity
            g = g + momentum * velocity if nesterov else velocity
        return x - lr * g
