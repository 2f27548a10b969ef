"""chainrule's own training step."""

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from tests.benchmarks.contestants import CHAINRULE, Array

SIGMOIDS = {"sigmoid": autograd.sigmoid, "composed": lambda z: 1 / (1 + np.exp(-z))}


class Chainrule:
    """The forward pass as the articles write it, on Tensors: X and Y too, as PyTorch has them."""

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        self.X: Any = Tensor(X, requires_grad=False)
        self.Y: Any = Tensor(Y, requires_grad=False)
        self.rate, self.sigmoid = rate, SIGMOIDS[sigmoid]
        self.tensors = [Tensor(parameter) for parameter in parameters]
        self.layers = list(zip(self.tensors[::2], self.tensors[1::2], strict=True))

    def step(self) -> Tensor:
        a = self.X
        for W, b in self.layers:
            a = self.sigmoid(a @ W + b)
        loss = ((a - self.Y) ** 2).mean()
        for tensor in self.tensors:
            tensor.grad = None
        loss.backward()
        for tensor in self.tensors:
            tensor.data -= self.rate * tensor.grad
        return loss

    def parameters(self) -> list[Array]:
        return [tensor.numpy() for tensor in self.tensors]


class Plain(Chainrule):
    """The same with X and Y as plain arrays, whose contents are compared before they are used again."""

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        super().__init__(X, Y, parameters, rate, sigmoid)
        self.X, self.Y = X, Y


TRAINERS = {CHAINRULE: Chainrule, f"{CHAINRULE}, X and Y plain": Plain}
