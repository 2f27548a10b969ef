"""Recurrent cells: one step in time, from the input and the state before to the state after."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from nn import init
from nn.checks import integer, one_of, shape_of
from nn.module import Module, Parameter


class _Cell(Module):
    """What the cells share: ``gates`` linear maps of the input and of the state, added."""

    gates = 1

    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.input_size = integer("input_size", input_size)
        self.hidden_size = integer("hidden_size", hidden_size)
        rows = self.gates * hidden_size
        self.weight_ih = Parameter(np.zeros((rows, input_size)))
        self.weight_hh = Parameter(np.zeros((rows, hidden_size)))
        self.bias_ih = Parameter(np.zeros(rows)) if bias else None
        self.bias_hh = Parameter(np.zeros(rows)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the starting weights anew: evenly within ±1/√hidden_size, as PyTorch."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, generator)

    def sums(self, x: Any, h: Any) -> Any:
        """The weighted sums before the nonlinearity, shape (..., gates * hidden_size)."""
        out = x @ self.weight_ih.T + h @ self.weight_hh.T
        return out if self.bias_ih is None or self.bias_hh is None else out + self.bias_ih + self.bias_hh

    def state(self, name: str, x: Any, given: Any) -> Any:
        """A state that fits the input x: the given one, or zeros."""
        shape = (*shape_of(self, x, self.input_size, more=True)[:-1], self.hidden_size)
        if len(shape) > 2:
            raise ValueError(
                f"{self} takes one step at a time, (N, {self.input_size}) or ({self.input_size},), got {x.shape}"
            )
        if given is None:
            return np.zeros(shape, x.dtype)
        if shape_of(name, given, more=True) != shape:
            raise ValueError(f"{self} takes {name} of shape {shape} with this input, got {given.shape}")
        return given

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias_ih is not None else ", bias=False")


class RNNCell(_Cell):
    """``h' = tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
    bias : bool
    nonlinearity : {"tanh", "relu"}
    generator : numpy.random.Generator, optional
        Draws the starting weights.

    Attributes
    ----------
    weight_ih : Parameter, shape (hidden_size, input_size)
    weight_hh : Parameter, shape (hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter of shape (hidden_size,), or None

    Examples
    --------
    >>> import nn
    >>> cell, h = nn.RNNCell(3, 4), None
    >>> for x in np.ones((6, 2, 3)):  # 6 steps of 2 sequences
    ...     h = cell(x, h)
    >>> h.shape
    (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.nonlinearity = one_of("nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(input_size, hidden_size, bias, generator=generator)

    def forward(self, x: Any, h: Any = None) -> Any:
        """The next state: x of shape (N, input_size) or (input_size,), h of (N, hidden_size), zeros by default."""
        sums = self.sums(x, self.state("h", x, h))
        return autograd.tanh(sums) if self.nonlinearity == "tanh" else autograd.relu(sums)


class LSTMCell(_Cell):
    """Long short-term memory: gates decide what is written into the cell c, kept there, and shown as the state h.

    Parameters
    ----------
    input_size, hidden_size : int
    bias : bool
    generator : numpy.random.Generator, optional
        Draws the starting weights.

    Attributes
    ----------
    weight_ih : Parameter, shape (4 * hidden_size, input_size)
        The gates one below the other: input, forget, cell, output.
    weight_hh : Parameter, shape (4 * hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter of shape (4 * hidden_size,), or None

    Examples
    --------
    >>> import nn
    >>> cell, state = nn.LSTMCell(3, 4), None
    >>> for x in np.ones((6, 2, 3)):
    ...     h, c = state = cell(x, state)
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    gates = 4

    def forward(self, x: Any, state: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
        """The next (h, c): x of shape (N, input_size) or (input_size,), h and c (N, hidden_size), zeros by default."""
        h, c = (None, None) if state is None else state
        h, c = self.state("h", x, h), self.state("c", x, c)
        write, keep, new, show = autograd.split(self.sums(x, h), 4, axis=-1)
        c = autograd.sigmoid(keep) * c + autograd.sigmoid(write) * autograd.tanh(new)
        return autograd.sigmoid(show) * autograd.tanh(c), c
