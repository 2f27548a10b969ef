"""By hand: the deltas of backpropagation derived on paper and written in NumPy, what every ratio is taken to."""

import numpy as np

from tests.benchmarks.contestants import HAND, Array


class Hand:
    """Keeps the activations of the forward pass, and uses that the sigmoid's derivative is a (1 - a)."""

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        self.X, self.Y, self.rate = X, Y, rate
        self.layers = [(W.copy(), b.copy()) for W, b in zip(parameters[::2], parameters[1::2], strict=True)]

    def step(self) -> float:
        activations = [self.X]
        for W, b in self.layers:
            activations.append(1 / (1 + np.exp(-(activations[-1] @ W + b))))
        difference = activations[-1] - self.Y
        loss = (difference * difference).mean()
        g = difference * (2 / difference.size)
        for layer in reversed(range(len(self.layers))):
            W, b = self.layers[layer]
            a = activations[layer + 1]
            delta = g * a * (1 - a)
            gradient = activations[layer].T @ delta
            if layer:
                g = delta @ W.T
            W -= self.rate * gradient
            b -= self.rate * delta.sum(axis=0)
        return loss

    def parameters(self) -> list[Array]:
        return [parameter for layer in self.layers for parameter in layer]


TRAINERS = {HAND: Hand}
