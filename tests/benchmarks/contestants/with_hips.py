"""HIPS autograd; its name is our engine's, so its folder is first on the path and its process holds nothing of ours."""

import autograd.numpy as anp
from autograd.extend import defvjp, primitive

import autograd
from tests.benchmarks.contestants import Array


@primitive
def sigmoid_operation(z: Array) -> Array:
    return 1 / (1 + anp.exp(-z))


defvjp(sigmoid_operation, lambda out, z: lambda g: g * out * (1 - out))

SIGMOIDS = {"sigmoid": sigmoid_operation, "composed": lambda z: 1 / (1 + anp.exp(-z))}


class Hips:
    """value_and_grad of the loss, and the update in place."""

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        self.rate = rate
        self.arrays = [parameter.copy() for parameter in parameters]
        activation = SIGMOIDS[sigmoid]

        def loss_of(arrays: list[Array]) -> Array:
            a = X
            for W, b in zip(arrays[::2], arrays[1::2], strict=True):
                a = activation(anp.dot(a, W) + b)
            return anp.mean((a - Y) ** 2)

        self.loss_and_gradients = autograd.value_and_grad(loss_of)

    def step(self) -> float:
        loss, gradients = self.loss_and_gradients(self.arrays)
        for array, gradient in zip(self.arrays, gradients, strict=True):
            array -= self.rate * gradient
        return loss

    def parameters(self) -> list[Array]:
        return self.arrays


TRAINERS = {"HIPS autograd": Hips}
