"""MyGrad as it ships, and with its memory guard off, as its manual advises for speed."""

import mygrad
from mygrad.nnet.activations import sigmoid as mygrad_sigmoid

from tests.benchmarks.contestants import Array

SIGMOIDS = {"sigmoid": mygrad_sigmoid, "composed": lambda z: 1 / (1 + mygrad.exp(-z))}


class MyGrad:
    """The forward pass on tensors, backward, and the update of their data."""

    guard = staticmethod(mygrad.turn_memory_guarding_on)

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        self.X, self.Y, self.rate, self.sigmoid = X, Y, rate, SIGMOIDS[sigmoid]
        self.tensors = [mygrad.tensor(parameter) for parameter in parameters]

    def step(self) -> mygrad.Tensor:
        self.guard()
        a = self.X
        for W, b in zip(self.tensors[::2], self.tensors[1::2], strict=True):
            a = self.sigmoid(mygrad.matmul(a, W) + b)
        loss = ((a - self.Y) ** 2).mean()
        loss.backward()
        for tensor in self.tensors:
            tensor.data -= self.rate * tensor.grad
            tensor.null_grad()
        return loss

    def parameters(self) -> list[Array]:
        return [tensor.data.copy() for tensor in self.tensors]


class Unguarded(MyGrad):
    guard = staticmethod(mygrad.turn_memory_guarding_off)


TRAINERS = {"MyGrad": MyGrad, "MyGrad, guard off": Unguarded}
