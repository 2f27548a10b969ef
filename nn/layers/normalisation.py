"""Normalisation: give numbers mean 0 and variance 1, then a scale and a shift that are learnt.

BatchNorm does it for each channel over the examples of a batch, LayerNorm for each example over its own features.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from nn.checks import integer, number, shape_of
from nn.module import Module, Parameter, raw


class BatchNorm1d(Module):
    """Each channel of a batch with mean 0 and variance 1, times ``weight``, plus ``bias``.

    In training the mean and variance are the batch's own, and running averages of them are kept; in evaluation the
    running averages are used.

    Parameters
    ----------
    num_features : int
        How many channels: the length of axis 1.
    eps : float
        Added to the variance.
    momentum : float or None
        The share of the new batch in the running averages; None averages all batches equally.
    affine : bool
        Whether there are ``weight`` and ``bias``.
    track_running_stats : bool
        Whether there are running averages; without them each batch's own numbers are always used.

    Attributes
    ----------
    weight, bias : Parameter of shape (num_features,), or None
    running_mean, running_var : ndarray of shape (num_features,), or None
        The running averages; that of the variance is of the unbiased one (n - 1).
    num_batches_tracked : ndarray of shape (), or None

    Examples
    --------
    >>> import nn
    >>> layer = nn.BatchNorm1d(2)
    >>> out = layer(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> out.data.round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> layer.running_mean
    array([0.2, 2. ])
    """

    ndims: tuple[int, ...] = (2, 3)
    input_shapes = "(N, C) or (N, C, L)"

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Any = None
    running_var: Any = None
    num_batches_tracked: Any = None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        self.num_features = integer("num_features", num_features)
        self.eps = number("eps", eps, 0)
        self.momentum = None if momentum is None else number("momentum", momentum, 0, 1)
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine else None
        self.track_running_stats = track_running_stats
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features))
            self.register_buffer("running_var", np.ones(num_features))
            self.register_buffer("num_batches_tracked", np.array(0))

    def forward(self, x: Any) -> Any:
        """x of shape (N, num_features, ...)."""
        shape = shape_of(self, x, more=True)
        if len(shape) not in self.ndims or shape[1] != self.num_features:
            raise ValueError(f"{self} takes input of shape {self.input_shapes}, C = {self.num_features}, got {shape}")
        others = (0, *range(2, len(shape)))
        per_channel = (1, -1, *[1] * (len(shape) - 2))

        if self.training or not self.track_running_stats:
            count = math.prod(shape) // self.num_features
            if count < 2:
                raise ValueError(f"{self} needs more than one value per channel to measure a variance, got {shape}")
            mean = autograd.mean(x, axis=others, keepdims=True)
            centred = x - mean
            var = autograd.mean(centred * centred, axis=others, keepdims=True)
            if self.training and self.track_running_stats:
                self._track(raw(mean), raw(var) * count / (count - 1))
        else:
            centred = x - self.running_mean.reshape(per_channel)
            var = self.running_var.reshape(per_channel)

        x = centred / autograd.sqrt(var + self.eps)
        if self.weight is None or self.bias is None:
            return x
        return x * self.weight.reshape(per_channel) + self.bias.reshape(per_channel)

    def _track(self, mean: Any, var: Any) -> None:
        self.num_batches_tracked = self.num_batches_tracked + 1
        new = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        dtype = self.running_mean.dtype
        self.running_mean = ((1 - new) * self.running_mean + new * mean.reshape(-1)).astype(dtype)
        self.running_var = ((1 - new) * self.running_var + new * var.reshape(-1)).astype(dtype)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.weight is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm2d(BatchNorm1d):
    """`BatchNorm1d` for images of shape (N, C, H, W): each channel over all examples and places."""

    ndims = (4,)
    input_shapes = "(N, C, H, W)"


class LayerNorm(Module):
    """The last axes of each example with mean 0 and variance 1, times ``weight``, plus ``bias``.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The lengths of those axes.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether there are ``weight`` and ``bias``.
    bias : bool
        Whether there is a ``bias`` beside the ``weight``.

    Examples
    --------
    >>> import nn
    >>> nn.LayerNorm(2)(np.array([[1.0, 3.0], [10.0, 30.0]])).data.round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        lengths = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
        if not lengths:
            raise ValueError("normalized_shape must name at least one axis, got none")
        self.normalized_shape = tuple(integer("normalized_shape", n) for n in lengths)
        self.eps = number("eps", eps, 0)
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        """x of shape (..., *normalized_shape)."""
        shape_of(self, x, *self.normalized_shape, more=True)
        axes = tuple(range(-len(self.normalized_shape), 0))
        centred = x - autograd.mean(x, axis=axes, keepdims=True)
        var = autograd.mean(centred * centred, axis=axes, keepdims=True)
        x = centred / autograd.sqrt(var + self.eps)
        if self.weight is not None:
            x = x * self.weight
        return x if self.bias is None else x + self.bias

    def extra_repr(self) -> str:
        affine = f"elementwise_affine={self.weight is not None}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"
