"""Activations: functions without parameters, entry by entry or along one axis."""

from __future__ import annotations

import math
from typing import Any

import autograd
from nn.checks import number, one_of
from nn.module import Module


class Sigmoid(Module):
    """1 / (1 + exp(-x)): from 0 to 1."""

    def forward(self, x: Any) -> Any:
        """Entry by entry."""
        return autograd.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent: from -1 to 1."""

    def forward(self, x: Any) -> Any:
        """Entry by entry."""
        return autograd.tanh(x)


class ReLU(Module):
    """max(x, 0); its slope at 0 is 0.

    Examples
    --------
    >>> import nn, autograd
    >>> nn.ReLU()(autograd.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        """Entry by entry."""
        return autograd.relu(x)


class LeakyReLU(Module):
    """x above 0, ``negative_slope * x`` at and below it."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("negative_slope", negative_slope)

    def forward(self, x: Any) -> Any:
        """Entry by entry."""
        return autograd.leaky_relu(x, negative_slope=self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class GELU(Module):
    """x times the standard normal distribution function of x.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        "tanh" is close to it, and faster.
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = one_of("approximate", approximate, ("none", "tanh"))

    def forward(self, x: Any) -> Any:
        """Entry by entry."""
        if self.approximate == "none":
            return autograd.gelu(x)
        return 0.5 * x * (1 + autograd.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x * sigmoid(x), also called swish."""

    def forward(self, x: Any) -> Any:
        """Entry by entry."""
        return autograd.silu(x)


class Softmax(Module):
    """exp(x) / sum(exp(x)) along the axis ``dim``: positive numbers that sum to 1.

    Examples
    --------
    >>> import nn, autograd
    >>> nn.Softmax(dim=-1)(autograd.Tensor([[1.0, 1.0]]))
    Tensor([[0.5, 0.5]])
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        """Along ``dim``."""
        return autograd.softmax(x, axis=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """log(softmax(x)) along the axis ``dim``, without underflow."""

    def forward(self, x: Any) -> Any:
        """Along ``dim``."""
        return autograd.log_softmax(x, axis=self.dim)
