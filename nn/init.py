"""Initialisation: fill a parameter with starting numbers, in place, under PyTorch's names.

Every random one draws from ``generator``, or from nn's own (`nn.manual_seed`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor
from nn.checks import number, one_of
from nn.seeding import chosen

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = [
    "calculate_gain", "constant_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_", "uniform_",
    "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def _fill(tensor: Tensor, numbers: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"an initialiser fills a Tensor or a Parameter in place, got {type(tensor).__name__}")
    tensor.data = np.broadcast_to(numbers, tensor.shape)
    return tensor


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    return _fill(tensor, number("val", val))


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw every entry evenly from a to b.

    Examples
    --------
    >>> import nn
    >>> weight = nn.init.uniform_(nn.Parameter([[0.0, 0.0]]), -1, 1, generator=np.random.default_rng(0))
    >>> weight.data.round(3)
    array([[ 0.274, -0.46 ]])
    """
    return _fill(tensor, chosen(generator).uniform(number("a", a), number("b", b, low=a), tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw every entry from the normal distribution."""
    return _fill(tensor, chosen(generator).normal(number("mean", mean), number("std", std, low=0), tensor.shape))


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output of a weight has, and how many outputs each input: (fan in, fan out)."""
    if tensor.ndim < 2:
        raise ValueError(f"fan in and fan out need a weight with two axes or more, got shape {tensor.shape}")
    outputs, inputs, *window = tensor.shape
    return inputs * math.prod(window), outputs * math.prod(window)


_GAINS = {
    "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
    "selu": 3 / 4,
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much a nonlinearity wants its weights scaled, so that the size of activations stays.

    Parameters
    ----------
    nonlinearity : str
        "linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu", ...
    param : float, optional
        The negative slope of leaky_relu, 0.01 by default.
    """
    one_of("nonlinearity", nonlinearity, (*_GAINS, "leaky_relu"))
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else number("param", param)
        return math.sqrt(2 / (1 + slope**2))
    return _GAINS[nonlinearity]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Glorot's: evenly within ±gain √(6 / (fan in + fan out))."""
    bound = gain * math.sqrt(6 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Glorot's: normally, with standard deviation gain √(2 / (fan in + fan out))."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan = _fans(tensor)[("fan_in", "fan_out").index(one_of("mode", mode, ("fan_in", "fan_out")))]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """He's: evenly within ±gain √(3 / fan), the gain being that of the nonlinearity (``a``: its negative slope)."""
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """He's: normally, with standard deviation gain / √fan."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """A random matrix with orthogonal rows or columns, whichever are fewer; further axes count as columns.

    Examples
    --------
    >>> import nn
    >>> W = nn.init.orthogonal_(nn.Parameter(np.zeros((2, 3)))).data
    >>> np.allclose(W @ W.T, np.eye(2))
    True
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_ needs a weight with two axes or more, got shape {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    q, r = np.linalg.qr(chosen(generator).normal(size=(max(rows, columns), min(rows, columns))))
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)  # which makes every orthogonal matrix equally likely
    return _fill(tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))
