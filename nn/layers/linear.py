"""Linear: every output is a weighted sum of all inputs, plus a bias."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn import init
from nn.checks import integer, shape_of
from nn.module import Module, Parameter


class Linear(Module):
    """``x @ weight.T + bias``, on the last axis of x.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
        Whether there is a bias.
    generator : numpy.random.Generator, optional
        Draws the starting weights: evenly within ±1/√in_features, as PyTorch.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
    bias : Parameter of shape (out_features,), or None

    Examples
    --------
    >>> import nn
    >>> layer = nn.Linear(3, 2)
    >>> layer(np.ones((5, 3))).shape
    (5, 2)
    """

    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.in_features = integer("in_features", in_features)
        self.out_features = integer("out_features", out_features)
        self.weight = Parameter(np.zeros((out_features, in_features)))
        self.bias = Parameter(np.zeros(out_features)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the starting weights anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5), generator=generator)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound, generator)

    def forward(self, x: Any) -> Any:
        """Inputs of shape (..., in_features) to outputs of shape (..., out_features)."""
        shape_of(self, x, self.in_features, more=True)
        out = x @ self.weight.T
        return out if self.bias is None else out + self.bias

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Identity(Module):
    """Its input, unchanged: a place holder."""

    def forward(self, x: Any) -> Any:
        """x."""
        return x
