"""Two mistakes at once, in different lines of the same backward pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .hand import Hand
from .mistakes import MISTAKES, Planted
from .network import Array, Params, drawn
from .trial import CHANGED, Trial, distance, made

ON_THE_WAY = ("AtOutput", "DerivativeMissing", "DerivativeSlip", "OtherFunction", "ErrorMissing", "LabelsSwapped")
"""Mistakes that are in the deltas."""

AT_THE_END = ("MeanForSum", "WrongAxis", "Constant", "WrongActivation", "BeforeActivation", "NotSummed")
"""Mistakes in the gradients of some parameters: the others show what is wrong on the way."""

EVERYWHERE = ("Accumulated",)
"""Mistakes in all gradients, so that with another one on the way no gradient shows either of them alone."""


def pair_trials(seed: int, at_the_end: tuple[str, ...] = AT_THE_END) -> Iterator[Trial]:
    """Yield trials with one mistake on the way, and one at the end."""
    rng = np.random.default_rng([seed, 2])
    while True:
        one, two = MISTAKES[str(rng.choice(ON_THE_WAY))], MISTAKES[str(rng.choice(at_the_end))]
        network = drawn(rng, **{**one.wanted, **two.wanted})
        places = one.places(network), two.places(network)
        if not all(places):
            continue
        first, second = (
            kind(network, place[int(rng.integers(len(place)))], kind.choices[int(rng.integers(len(kind.choices)))])
            for kind, place in zip((one, two), places, strict=True)
        )
        trial = made(rng, network, Both(first, second))
        if trial is not None and _matters(trial, first) and _matters(trial, second):
            yield trial


def _matters(trial: Trial, left_out: Hand) -> bool:
    """Whether the numbers are others than with one of the mistakes alone."""
    alone = trial.claims(trial.params, trial.X, trial.Y, left_out)
    return any(distance(claim, alone[key]) > CHANGED for key, claim in trial.claimed.items())


class Both(Hand):
    """The deltas of one backward pass, and the gradients of parameters that another makes of them."""

    def __init__(self, first: Planted, second: Planted) -> None:
        super().__init__(first.network, first.layers | second.layers, (first.choice, second.choice))
        self.parts = first.parts + second.parts
        self.whole = first.whole
        self.first, self.second = first, second

    def _at_work(self, hand: Hand) -> Hand:
        """One of the two, with what has been computed so far."""
        for name in ("W", "b", "z", "a", "y", "m", "c", "dz", "da"):
            if name in vars(self):
                setattr(hand, name, getattr(self, name))
        return hand

    def targets(self, y: Array) -> Array:
        return self._at_work(self.first).targets(y)

    def error(self) -> Array:
        return self._at_work(self.first).error()

    def output_delta(self) -> Array:
        return self._at_work(self.first).output_delta()

    def delta(self, k: int, da: Array) -> Array:
        return self._at_work(self.first).delta(k, da)

    def weight(self, k: int) -> Array:
        return self._at_work(self.second).weight(k)

    def bias(self, k: int) -> Array:
        return self._at_work(self.second).bias(k)

    def finished(self, grads: Params) -> Params:
        return self._at_work(self.second).finished(grads)
