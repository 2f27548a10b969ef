"""The backward pass by hand, in raw NumPy, and right. A planted mistake is a subclass with one line of it wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from .network import FUNCTIONS, Array, Network, Params, sigmoid


def derivative(function: str, z: Array) -> Array:
    """Of an activation, in terms of its input."""
    if function == "sigmoid":
        return sigmoid(z) * (1 - sigmoid(z))
    if function == "tanh":
        return 1 - np.tanh(z) ** 2
    if function == "relu":
        return np.where(z > 0, 1.0, 0.0)
    if function == "softplus":
        return sigmoid(z)
    if function == "exp":
        return np.exp(z)
    return np.ones_like(z)


class Hand:
    """Gradients of a network's loss.

    All arrays within are in the convention of rows, and are turned when they are stored.

    Attributes
    ----------
    W, b : dict of int to ndarray
        Parameters, by layer.
    z, a : dict of int to ndarray
        Pre-activations and activations; ``a[0]`` is the input.
    dz, da : dict of int to ndarray
        Their gradients.
    m : int
        The number of examples.
    c : float
        The factor of the loss.
    lr : float
        The learning rate, where a step is made.
    """

    parts: tuple[tuple[str, ...], ...] = ()
    """For each planted mistake, the names that the catalogue may give it."""

    whole = False
    """Whether the delta of the output is found through the derivative of the activation, and never as a - y."""

    def __init__(self, network: Network, layers: frozenset[int], choice: Any = None) -> None:
        self.network = network
        self.layers = layers
        self.choice = choice
        self.lr = 0.1

    def gradients(self, params: Params, X: Array, Y: Array) -> Params:
        """Of every parameter ("W1") and every result on the way ("z1", "a1")."""
        net = self.network
        self.W = {k: net.turned(np.asarray(params[f"W{k}"])) for k in range(1, net.depth + 1)}
        self.b = {k: net.turned(np.asarray(params[f"b{k}"])) for k in range(1, net.depth + 1)}
        self.z: dict[int, Array] = {}
        self.a: dict[int, Array] = {0: net.turned(np.asarray(X))}
        self.y = self.targets(net.turned(np.asarray(Y)))
        for k in range(1, net.depth + 1):
            self.z[k] = self.a[k - 1] @ self.W[k] + self.b[k]
            self.a[k] = self.activated(k, self.z[k])
        self.m = len(self.a[0])
        self.c = net.factor(self.m)
        self.dz: dict[int, Array] = {}
        self.da: dict[int, Array] = {}
        grads: Params = {}
        self.da[net.depth] = self.error()
        for k in range(net.depth, 0, -1):
            self.dz[k] = self.output_delta() if k == net.depth else self.delta(k, self.da[k])
            grads[f"a{k}"], grads[f"z{k}"] = self.da[k], self.dz[k]
            grads[f"W{k}"] = self.weight(k) + self.decay(k)
            grads[f"b{k}"] = self.bias(k)
            self.da[k - 1] = self.below(k, grads[f"W{k}"])
        if net.loss != "squares" and not self.whole:
            del grads[f"a{net.depth}"]
        return self.stored({key: net.turned(g) for key, g in self.finished(grads).items()}, params)

    # --- the lines of it ----------------------------------------------------------------------------------------

    def activated(self, k: int, z: Array) -> Array:
        """The result of layer k."""
        if self.network.function(k) == "softmax":
            e = np.exp(z - z.max(axis=1, keepdims=True))
            return np.asarray(e / e.sum(axis=1, keepdims=True))
        a = FUNCTIONS[self.network.function(k)](z)
        return np.asarray(a + self.a[k - 1] if k in self.network.skips else a)

    def curve(self, k: int) -> Array:
        """What the activation itself gave, without a skip."""
        a = self.a[k]
        return a - self.a[k - 1] if k in self.network.skips else a

    def targets(self, y: Array) -> Array:
        """What the output should be."""
        return y

    def error(self) -> Array:
        """The gradient of the loss at the output."""
        a, y, loss = self.a[self.network.depth], self.y, self.network.loss
        if loss == "squares":
            return 2 * self.c * (a - y)
        if loss == "binary":
            return -self.c * (y / a - (1 - y) / (1 - a))
        return -self.c * y / a

    def output_delta(self) -> Array:
        """The gradient at the last pre-activation."""
        last = self.network.depth
        if self.network.loss == "squares" or self.whole:
            return self.delta(last, self.da[last])
        return self.c * (self.a[last] - self.y)

    def delta(self, k: int, da: Array) -> Array:
        """From the gradient at an activation to that at its pre-activation."""
        if self.network.function(k) == "softmax":
            a = self.a[k]
            return np.asarray(a * (da - np.sum(da * a, axis=1, keepdims=True)))
        return da * self.slope(k)

    def slope(self, k: int) -> Array:
        """The derivative of the activation of layer k."""
        return derivative(self.network.function(k), self.z[k])

    def weight(self, k: int) -> Array:
        """The gradient of the weights of layer k, without the regulariser."""
        return np.asarray(self.a[k - 1].T @ self.dz[k])

    def decay(self, k: int) -> Array | float:
        """The gradient of the regulariser."""
        return self.network.penalty * self.W[k] if self.network.penalty else 0.0

    def bias(self, k: int) -> Array:
        """The gradient of the bias of layer k."""
        return np.asarray(np.sum(self.dz[k], axis=0, keepdims=not self.network.flat_bias))

    def below(self, k: int, weight_gradient: Array) -> Array:
        """The gradient at the input of layer k."""
        through = self.dz[k] @ self.W[k].T
        return np.asarray(through + self.da[k] if k in self.network.skips else through)

    def finished(self, grads: Params) -> Params:
        """All gradients, in the convention of rows."""
        return grads

    def stored(self, grads: Params, params: Params) -> Params:
        """All gradients, as they are returned."""
        return grads
