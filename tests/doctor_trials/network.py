"""A network drawn at random, and its loss as somebody would write it for the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd

Array = np.ndarray[Any, Any]
Params = dict[str, Any]

CURVED = ("sigmoid", "tanh", "relu", "softplus")
"""Activations that work on each entry by itself."""


def sigmoid(z: Any) -> Any:
    """Of arrays, or of Tensors."""
    return 1 / (1 + np.exp(-z))


FUNCTIONS: dict[str, Any] = {
    "": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "exp": np.exp,
}


@dataclass(frozen=True)
class Network:
    """Fully connected layers and a loss.

    Attributes
    ----------
    sizes : tuple of int
        The width of the input and of each layer.
    activations : tuple of str
        Of each layer; "" for none.
    loss : {"squares", "binary", "classes"}
        Squared error, binary cross-entropy, cross-entropy of classes.
    scale : {"sum", "half", "mean", "examples"}
        What its sum over all entries is multiplied by.
    rows : bool
        Whether examples are rows.
    flat_bias : bool
        Whether a bias has one axis only (with rows).
    penalty : float
        Of an L2 regulariser, over all weights.
    skips : frozenset of int
        The layers to whose result their input is added.
    spelled : bool
        Whether the loss calls the engine's functions rather than writing them out.
    """

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    scale: str
    rows: bool
    flat_bias: bool
    penalty: float
    skips: frozenset[int]
    spelled: bool

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.activations)

    def width(self, k: int) -> int:
        """Of layer k; of the input for k = 0."""
        return self.sizes[k]

    def function(self, k: int) -> str:
        """The activation of layer k, from 1."""
        return self.activations[k - 1]

    def factor(self, examples: int) -> float:
        """What the sum of the loss over all entries is multiplied by."""
        return {"sum": 1.0, "half": 0.5, "mean": 1 / (examples * self.sizes[-1]), "examples": 1 / examples}[self.scale]

    def turned(self, array: Any) -> Any:
        """From the convention of rows to that of the network, or back."""
        return array if self.rows or np.ndim(array) != 2 else array.T

    def params(self, rng: np.random.Generator) -> Params:
        """Weights and biases at random."""
        found: Params = {}
        for k in range(1, self.depth + 1):
            fan_in, fan_out = self.sizes[k - 1], self.sizes[k]
            found[f"W{k}"] = self.turned(rng.normal(size=(fan_in, fan_out)))
            shape = (fan_out,) if self.flat_bias else (1, fan_out)
            found[f"b{k}"] = self.turned(0.5 * rng.normal(size=shape))
        return found

    def data(self, rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
        """Inputs and targets."""
        X, n = rng.normal(size=(examples, self.sizes[0])), self.sizes[-1]
        if self.loss == "classes" or (self.activations[-1] == "softmax"):
            Y = np.eye(n)[rng.integers(n, size=examples)]
        elif self.loss == "binary" or rng.random() < 0.5:
            Y = rng.integers(2, size=(examples, n)).astype(float)
        else:
            Y = rng.uniform(0.1, 0.9, size=(examples, n))
        return self.turned(X), self.turned(Y)

    def record(self, params: Any, X: Any, Y: Any) -> dict[str, Any]:
        """The forward pass on Tensors; "loss" among the named results."""
        named: dict[str, Any] = {}
        a, axis = X, (1 if self.rows else 0)
        for k in range(1, self.depth + 1):
            W, b = params[f"W{k}"], params[f"b{k}"]
            z = (a @ W if self.rows else W @ a) + b
            before, a = a, self._activated(self.function(k), z, axis)
            if k in self.skips:
                a = a + before
            named[f"z{k}"], named[f"a{k}"] = z, a
        if self.loss == "squares":
            entries = (a - Y) ** 2
        elif self.loss == "binary":
            entries = -(Y * np.log(a) + (1 - Y) * np.log(1 - a))
        else:
            entries = -Y * np.log(a)
        examples = np.shape(X)[0 if self.rows else 1]
        total = np.mean(entries) if self.scale == "mean" else np.sum(entries)
        if self.scale == "half":
            total = total / 2 if self.spelled else 0.5 * total
        elif self.scale == "examples":
            total = total / examples
        for k in range(1, self.depth + 1):
            if self.penalty:
                total = total + self.penalty / 2 * np.sum(params[f"W{k}"] ** 2)
        return {**named, "loss": total}

    def _activated(self, function: str, z: Any, axis: int) -> Any:
        if function == "softmax":
            if self.spelled:
                return autograd.softmax(z, axis=axis)
            e = np.exp(z - np.max(z, axis=axis, keepdims=True))
            return e / np.sum(e, axis=axis, keepdims=True)
        return getattr(autograd, function)(z) if self.spelled and function else FUNCTIONS[function](z)


def drawn(rng: np.random.Generator, **wanted: Any) -> Network:
    """A network at random; ``wanted`` are attributes that are given: depth, loss, function, skips, penalty, equal."""
    depth = wanted.get("depth") or int(rng.integers(1, 5))
    loss = wanted.get("loss") or str(rng.choice(["squares", "binary", "classes"]))
    hidden = [wanted.get("function") or str(rng.choice(CURVED, p=(0.4, 0.3, 0.25, 0.05))) for _ in range(depth - 1)]
    if rng.random() < 0.5 and hidden:
        hidden = [hidden[0]] * (depth - 1)
    if wanted.get("output") == "softmax" and loss == "binary":
        loss = "classes"
    last = {"binary": ["sigmoid"], "classes": ["softmax"], "squares": ["sigmoid", "tanh", "", "softmax"]}[loss]
    output = wanted.get("output") or str(rng.choice(last))
    if rng.random() < 0.3 or wanted.get("equal"):
        sizes = [int(rng.integers(2, 5))] * (depth + 1)
    else:
        sizes = [int(n) for n in rng.integers(2, 6, size=depth + 1)]
    least = 2 if output == "softmax" else 1
    if not wanted.get("equal"):
        sizes[-1] = max(least, int(rng.integers(1, 4)))
    skips: frozenset[int] = frozenset()
    if wanted.get("skips"):
        chosen = [k for k in range(2, depth) if rng.random() < 0.7] or [depth - 1]
        for k in chosen:
            sizes[k] = sizes[k - 1]
        skips = frozenset(chosen)
    scales = {"squares": ["sum", "half", "mean", "examples"], "binary": ["sum", "mean", "examples"]}
    rows = bool(rng.random() < 0.5)
    return Network(
        sizes=tuple(sizes),
        activations=(*hidden, output),
        loss=loss,
        scale=str(rng.choice(scales.get(loss, ["sum", "examples"]))),
        rows=rows,
        flat_bias=bool(rows and rng.random() < 0.6),
        penalty=0.1 if wanted.get("penalty") or rng.random() < 0.1 else 0.0,
        skips=skips,
        spelled=bool(rng.random() < 0.5),
    )


def number_of_examples(rng: np.random.Generator, network: Network) -> int:
    """A batch size; often one that coincides with the width of a layer."""
    if rng.random() < 0.25:
        return int(rng.choice(network.sizes))
    return int(rng.integers(2, 10))
