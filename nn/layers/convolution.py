"""Convolution and pooling of images of shape (N, C, H, W): all of them look at every window of the image.

A window's entries are gathered by `windows` with plain slices; what is done with them is then one line.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from nn import init
from nn.checks import integer, pair, shape_of
from nn.module import Module, Parameter, raw

Pair = int | tuple[int, int]


def windows(x: Any, size: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int] = (1, 1)) -> Any:
    """Every window of an image: (N, C, H, W) to (N, C, height * width of a window, rows, columns).

    Entry (i, j) of all windows together is one slice of the image, shifted by (i, j): stacking these slices gathers
    the windows.

    Examples
    --------
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> windows(image, size=(2, 2), stride=(1, 1))[0, 0, :, 1, 1]  # the last of the four windows
    array([4., 5., 7., 8.])
    """
    (height, width), (down, across) = size, stride
    lengths = zip(x.shape[-2:], size, stride, dilation, strict=True)
    rows, columns = ((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in lengths)
    starts = [(i * dilation[0], j * dilation[1]) for i in range(height) for j in range(width)]
    slices = [x[:, :, i : i + down * rows : down, j : j + across * columns : across] for i, j in starts]
    return autograd.stack(slices, axis=2)


def _padded(layer: Module, x: Any, padding: tuple[int, int], value: float, reach: tuple[int, ...]) -> Any:
    """The image with a border of so many rows and columns; an error where a window (its reach) would not fit in."""
    shape = shape_of(layer, x, None, None, None, None)
    if any(n + 2 * p < k for n, p, k in zip(shape[2:], padding, reach, strict=True)):
        raise ValueError(f"{layer}: a window that reaches {reach} does not fit in input of shape {shape}")
    if padding == (0, 0):
        return x
    down, across = padding
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    return autograd.pad(x, ((0, 0), (0, 0), (down, down), (across, across)), constant_values=value)


class Conv2d(Module):
    """Every output channel is a weighted sum over each window of the input channels, plus a bias.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation : int or (height, width)
        The window, its steps, how many zeros go around the image, and how far apart the entries of a window lie.
    groups : int
        Channels are cut into so many groups, each with its own convolution.
    bias : bool
    generator : numpy.random.Generator, optional
        Draws the starting weights: evenly within ±1/√(entries in a window), as PyTorch.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels // groups, height, width)
    bias : Parameter of shape (out_channels,), or None

    Examples
    --------
    >>> import nn
    >>> nn.Conv2d(3, 8, kernel_size=3, padding=1)(np.ones((2, 3, 10, 10))).shape
    (2, 8, 10, 10)
    """

    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.in_channels = integer("in_channels", in_channels)
        self.out_channels = integer("out_channels", out_channels)
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = pair("stride", stride)
        self.padding = pair("padding", padding, least=0)
        self.dilation = pair("dilation", dilation)
        self.groups = integer("groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups must divide in_channels {in_channels} and out_channels {out_channels}, got {groups}"
            )
        self.weight = Parameter(np.zeros((out_channels, in_channels // groups, *self.kernel_size)))
        self.bias = Parameter(np.zeros(out_channels)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the starting weights anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5), generator=generator)
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound, generator)

    def forward(self, x: Any) -> Any:
        """Images (N, in_channels, H, W) to images (N, out_channels, rows, columns)."""
        shape_of(self, x, self.in_channels, None, None, more=True)
        reach = tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel_size, strict=True))
        x = windows(_padded(self, x, self.padding, 0.0, reach), self.kernel_size, self.stride, self.dilation)
        count, _, _, rows, columns = x.shape
        per_window = math.prod(self.weight.shape[1:])
        x = x.reshape(count, self.groups, per_window, rows * columns)
        weight = self.weight.reshape(self.groups, self.out_channels // self.groups, per_window)
        out = (weight @ x).reshape(count, self.out_channels, rows, columns)
        return out if self.bias is None else out + self.bias.reshape(-1, 1, 1)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding}" if self.padding != (0, 0) else ""
        text += f", dilation={self.dilation}" if self.dilation != (1, 1) else ""
        text += f", groups={self.groups}" if self.groups != 1 else ""
        return text + (", bias=False" if self.bias is None else "")


class _Pool2d(Module):
    """What pooling layers share: windows, next to each other unless ``stride`` says otherwise."""

    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else pair("stride", stride)
        self.padding = pair("padding", padding, least=0)
        if any(2 * p > k for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(f"padding must be at most half of kernel_size {self.kernel_size}, got {self.padding}")

    def gathered(self, x: Any, border: float) -> Any:
        """The windows of an image with a border."""
        return windows(_padded(self, x, self.padding, border, self.kernel_size), self.kernel_size, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool2d):
    """The largest entry of each window; of equal ones the first gets the gradient, as in PyTorch.

    Parameters
    ----------
    kernel_size : int or (height, width)
    stride : int or (height, width), optional
        The window's steps, by default as large as it is.
    padding : int or (height, width)
        How much emptiness goes around the image.

    Examples
    --------
    >>> import nn
    >>> nn.MaxPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """

    def forward(self, x: Any) -> Any:
        """Images (N, C, H, W) to images (N, C, rows, columns)."""
        x = self.gathered(x, -math.inf)
        best = np.argmax(raw(x), axis=2, keepdims=True)
        is_best = best == np.arange(x.shape[2]).reshape(-1, 1, 1)
        return autograd.sum(autograd.where(is_best, x, 0.0), axis=2)


class AvgPool2d(_Pool2d):
    """The mean of each window, the zeros of the padding included.

    Parameters
    ----------
    kernel_size : int or (height, width)
    stride : int or (height, width), optional
        The window's steps, by default as large as it is.
    padding : int or (height, width)
        How many zeros go around the image.

    Examples
    --------
    >>> import nn
    >>> nn.AvgPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """

    def forward(self, x: Any) -> Any:
        """Images (N, C, H, W) to images (N, C, rows, columns)."""
        return autograd.mean(self.gathered(x, 0.0), axis=2)


class Flatten(Module):
    """The axes from ``start_dim`` to ``end_dim`` made one: (N, C, H, W) becomes (N, C * H * W).

    Examples
    --------
    >>> import nn
    >>> nn.Flatten()(np.ones((5, 2, 3, 3))).shape
    (5, 18)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = integer("start_dim", start_dim, -64)
        self.end_dim = integer("end_dim", end_dim, -64)

    def forward(self, x: Any) -> Any:
        """x of any shape that has those axes."""
        shape = shape_of(self, x, more=True)
        start, end = (dim + len(shape) if dim < 0 else dim for dim in (self.start_dim, self.end_dim))
        if not 0 <= start <= end < len(shape):
            raise ValueError(f"{self} has no such axes in input of shape {shape}")
        return x.reshape((*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
