"""Networks of single numbers: Neuron, Layer and MLP on `Value`s, as micrograd has them.

Slow and completely visible: every weight is a node of its own, and every product can be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Value, scope
from nn.checks import integer
from nn.seeding import chosen

__all__ = ["MLP", "Layer", "Neuron"]


class _Scalar:
    """What neurons, layers and networks share."""

    def parameters(self) -> list[Value]:
        """Every weight and bias."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Forget every gradient."""
        for parameter in self.parameters():
            parameter.zero_grad()


class Neuron(_Scalar):
    """A weighted sum of its inputs plus a bias, through ReLU unless ``nonlin`` is False.

    Parameters
    ----------
    nin : int
        How many inputs it has.
    nonlin : bool
    generator : numpy.random.Generator, optional
        Draws the weights, evenly from -1 to 1; the bias starts at 0.

    Attributes
    ----------
    w : list of Value
    b : Value

    Examples
    --------
    >>> import nn
    >>> neuron = nn.Neuron(2)
    >>> for weight, number in zip(neuron.w, [0.5, -1.0]):
    ...     weight.data = number
    >>> neuron([4.0, 1.0]).data
    1.0
    """

    def __init__(self, nin: int, nonlin: bool = True, *, generator: np.random.Generator | None = None) -> None:
        numbers = chosen(generator).uniform(-1, 1, integer("nin", nin))
        self.w = [Value(number, label=f"w{i}") for i, number in enumerate(numbers)]
        self.b = Value(0.0, label="b")
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Any]) -> Any:
        if len(x) != len(self.w):
            raise ValueError(f"{self} takes {len(self.w)} inputs, got {len(x)}")
        act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act.relu() if self.nonlin else act

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(_Scalar):
    """Neurons that share their inputs.

    Parameters
    ----------
    nin, nout : int
        How many inputs, and how many neurons.
    nonlin : bool
    generator : numpy.random.Generator, optional
    """

    def __init__(
        self, nin: int, nout: int, nonlin: bool = True, *, generator: np.random.Generator | None = None
    ) -> None:
        self.neurons = [Neuron(nin, nonlin, generator=generator) for _ in range(integer("nout", nout))]

    def __call__(self, x: Sequence[Any]) -> Any:
        """A list of each neuron's output; of a single neuron the output itself."""
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(_Scalar):
    """Layers one after the other, all but the last with ReLU.

    Parameters
    ----------
    nin : int
        How many inputs.
    nouts : sequence of int
        How many neurons each layer has.
    generator : numpy.random.Generator, optional

    Examples
    --------
    >>> import nn
    >>> model = nn.MLP(3, [4, 4, 1])
    >>> loss = (model([2.0, 3.0, -1.0]) - 1.0) ** 2
    >>> loss.backward()
    >>> len(model.parameters())
    41
    """

    def __init__(self, nin: int, nouts: Sequence[int], *, generator: np.random.Generator | None = None) -> None:
        if not nouts:
            raise ValueError("nouts must name the size of at least one layer")
        sizes = [nin, *nouts]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], nonlin=i < len(nouts) - 1, generator=generator) for i in range(len(nouts))
        ]
        for number, layer in enumerate(self.layers, 1):
            for row, neuron in enumerate(layer.neurons):
                neuron.b.label = f"b{number}[{row}]"
                for column, weight in enumerate(neuron.w):
                    weight.label = f"W{number}[{row},{column}]"

    def __call__(self, x: Any) -> Any:
        for number, layer in enumerate(self.layers, 1):
            with scope(f"layer {number}"):
                x = layer([x] if isinstance(x, Value) else x)
        return x

    def parameters(self) -> list[Value]:
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
