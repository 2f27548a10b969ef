"""One trial: a network, a backward pass with a mistake in it, and what somebody would hand to the doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Tensor

from .hand import Hand
from .mistakes import Planted
from .network import Array, Network, Params, drawn, number_of_examples

CHANGED = 1e-4
"""How large the relative change of some gradient must be, for a mistake to count as planted."""


@dataclass(frozen=True)
class Trial:
    """A backward pass, and the data it is tried on.

    Attributes
    ----------
    deltas : bool
        Whether the gradients at the pre-activations are claimed too.
    """

    network: Network
    hand: Hand
    params: Params
    X: Array
    Y: Array
    deltas: bool

    def claims(self, params: Params, X: Array, Y: Array, hand: Hand | None = None) -> Params:
        """What the backward pass says, by keys such as dW1."""
        with np.errstate(all="ignore"):
            grads = (hand or self.hand).gradients(params, X, Y)
        return {f"d{key}": g for key, g in grads.items() if key[0] in "Wb" or (self.deltas and key[0] == "z")}

    @property
    def claimed(self) -> Params:
        """What the backward pass says here."""
        return self.claims(self.params, self.X, self.Y)

    @property
    def right(self) -> Params:
        """What a right backward pass says here."""
        return self.claims(self.params, self.X, self.Y, Hand(self.network, frozenset()))

    @property
    def changes_something(self) -> bool:
        """Whether the mistake changes the numbers."""
        right = self.right
        return any(distance(claim, right[key]) > CHANGED for key, claim in self.claimed.items())

    @property
    def wrong(self) -> frozenset[str]:
        """The keys under which something else is claimed than what is right."""
        return self._wrong(self.X, self.Y)

    @property
    def wrong_elsewhere(self) -> frozenset[str]:
        """The same for other data: a gradient may be right by chance."""
        rng = np.random.default_rng(0)
        return frozenset().union(*(self._wrong(*self.network.data(rng, examples)) for examples in (5, 6, 7, 8)))

    def _wrong(self, X: Array, Y: Array) -> frozenset[str]:
        right = self.claims(self.params, X, Y, Hand(self.network, frozenset()))
        return frozenset(
            key for key, claim in self.claims(self.params, X, Y).items() if distance(claim, right[key]) > 1e-8
        )

    def recorded(self) -> Any:
        """The loss, recorded with labels."""
        tensors = {key: Tensor(value, label=key) for key, value in self.params.items()}
        named = self.network.record(tensors, self.X, self.Y)
        if self.deltas:
            for key, node in named.items():
                if key[0] == "z":
                    node.label = key
        return named["loss"]

    def loss_function(self) -> Callable[[Any, Any, Any], Any]:
        """The loss as a function of params, X and Y."""

        def loss_fn(params: Any, X: Any, Y: Any) -> Any:
            named = self.network.record(params, X, Y)
            return named if self.deltas else named["loss"]

        return loss_fn


def distance(claim: Any, right: Any) -> float:
    """The relative distance of two arrays; inf where a step along the first would not keep the shape of the other."""
    a, b = np.asarray(claim), np.asarray(right)
    if a.size != b.size or not _keeps_shape(a, b):
        return float("inf")
    a = a.reshape(b.shape)
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / scale) if scale else 0.0


def _keeps_shape(step: Array, parameter: Array) -> bool:
    try:
        return np.broadcast_shapes(step.shape, parameter.shape) == parameter.shape
    except ValueError:
        return False


def healthy(network: Network, params: Params, X: Array, Y: Array) -> bool:
    """Whether no output is saturated and no gradient is zero, so that every formula has something to say."""
    hand = Hand(network, frozenset())
    with np.errstate(all="ignore"):
        grads = hand.gradients(params, X, Y)
    output = hand.a[network.depth]
    if network.loss != "squares" and not np.all((output > 1e-6) & (output < 1 - 1e-6)):
        return False
    sizes = [np.linalg.norm(g) for g in grads.values()]
    return all(np.isfinite(size) for size in sizes) and min(sizes) > 1e-6 * max(sizes)


def trials(planted: type[Planted], seed: int) -> Iterator[Trial]:
    """Yield trials of one mistake without end, each with another network."""
    rng = np.random.default_rng([seed, *planted.__name__.encode()])
    while True:
        network = drawn(rng, **planted.wanted)
        places = planted.places(network)
        if not places:
            continue
        choice = planted.choices[int(rng.integers(len(planted.choices)))]
        hand = planted(network, places[int(rng.integers(len(places)))], choice)
        trial = made(rng, network, hand)
        if trial is not None and trial.changes_something and hand.shows():
            yield trial


def right_trials(seed: int) -> Iterator[Trial]:
    """Yield trials of right backward passes."""
    rng = np.random.default_rng([seed, 1])
    while True:
        network = drawn(rng, skips=bool(rng.random() < 0.2))
        trial = made(rng, network, Hand(network, frozenset()))
        if trial is not None:
            yield trial


def made(rng: np.random.Generator, network: Network, hand: Hand) -> Trial | None:
    """A trial of a backward pass, at random; None where the numbers would say nothing."""
    params = network.params(rng)
    X, Y = network.data(rng, number_of_examples(rng, network))
    deltas = bool(rng.random() < 0.3)
    if not healthy(network, params, X, Y):
        return None
    return Trial(network, hand, params, X, Y, deltas)
