"""Mistakes of book-keeping: a right gradient under another name, layers shifted by one, a parameter itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.constants import rates
from autograd.doctor.replay import Change, Inapplicable, Mistake, Replay, StepRule
from autograd.doctor.steps import Array

OTHER_NAME = Mistake(
    "other-name",
    "a right gradient under the name of another parameter",
    "{claim} holds the gradient of {other}{turned}: a right gradient under another name.",
)
SHIFTED = Mistake(
    "shifted",
    "the gradients are shifted by one layer: that of W2 is stored as dW1",
    "{claim} holds the gradient of {other}: the gradients are stored {by} layer off.",
)
THE_PARAMETER = Mistake(
    "parameter-itself",
    "the parameter is returned instead of its gradient, or the parameter after its step",
    "{claim} holds {at} itself{after}, not its gradient.",
)
DECAY = Mistake(
    "decay",
    "weight decay is added to the gradient, but the loss has no such term",
    "{claim} has {rate} * {at} {too}in it, as weight decay would add; the loss that was recorded has {instead}.",
)
KEY_CLASH = Mistake(
    "key-clash",
    "two layers are stored under one key, so that the later one overwrites the other",
    "Nothing is left for {lost}: in a loop over the layers the gradient of the last one was stored as {claim}, and "
    "that of the layer below over it. Store each layer under its own number.",
)


def bookkeeping(body: Anatomy) -> Iterator[Change]:
    """Right gradients at the wrong place."""
    spoken = [i for i in (*body.params, *body.stations) if i != body.steps.root]
    for index in (*body.params, *body.claimed):
        for other in spoken:
            if other == index:
                continue
            yield Change(OTHER_NAME, steps={index: _of(other)}, words={"other": other, "turned": ""}, cost=1.0)
            shape = body.steps[other].shape
            if len(shape) == 2 and 1 not in shape and index in body.params:
                words = {"other": other, "turned": ", transposed"}
                yield Change(OTHER_NAME, steps={index: _of(other, True)}, words=words, cost=1.3)
    for by in (1, -1):
        shifted = []
        for of in ("weight", "bias"):
            ladder = [getattr(layer, of) for layer in body.layers if getattr(layer, of) is not None]
            for k, index in enumerate(ladder):
                if 0 <= k + by < len(ladder):
                    words = {"other": ladder[k + by], "by": "one"}
                    shifted.append(Change(SHIFTED, steps={index: _of(ladder[k + by])}, words=words, cost=0.95))
        if len(shifted) > 1:
            yield Change.together(shifted, "parameter")
    for index in body.params:
        yield Change(
            THE_PARAMETER, steps={index: _itself}, words={"at": index, "after": ""}, kinds=("parameter",), cost=1.0
        )
        yield _stepped((index,), "")
        yield _decayed(body, (index,), "")
    yield _stepped(tuple(body.params), "parameter")
    weights = tuple(dict.fromkeys(layer.weight for layer in body.layers))
    if len(weights) > 1:
        yield _decayed(body, weights, "weight")
    yield _decayed(body, tuple(body.params), "parameter")


def _of(other: int, turned: bool = False) -> StepRule:
    def rule(replay: Replay, index: int, value: Array) -> Array:
        if index in replay.given and index in replay.body.above(other):
            raise Inapplicable("the other gradient is made of this one")
        gradient = replay.plain(other)
        return gradient.T if turned else gradient

    return rule


def _itself(replay: Replay, index: int, value: Array) -> Array:
    return replay.primal(index)


def _stepped(indices: tuple[int, ...], everywhere: str) -> Change:
    """Parameters after a step at a rate to be found."""

    def at(rate: float) -> Change:
        after = f" after its step, {rate:.3g} times the gradient taken off"
        members = [
            Change(
                THE_PARAMETER,
                steps={index: lambda r, s, v: r.primal(s) - rate * v},
                words={"at": index, "after": after},
                cost=1.1,
            )
            for index in indices
        ]
        return Change.together(members, everywhere)

    zero = Change(THE_PARAMETER, steps=dict.fromkeys(indices, _itself))
    return replace(at(1.0), zero=zero, entries=2, solve=lambda body, t: [at(rate) for rate in rates(t, body.lr)])


def _decayed(body: Anatomy, indices: tuple[int, ...], everywhere: str) -> Change:
    """A rate times the parameters, or such a rate divided by the number of examples, to be found."""

    known = all(body.penalties.intersection(user for user, _ in body.steps.uses[index]) for index in indices)
    too, instead = ("too much ", "less of it") if known else ("", "no such term")

    def at(rate: float, of_all: bool) -> Change:
        def rule(replay: Replay, index: int, value: Array) -> Array:
            return value + rate / (replay.body.examples if of_all else 1) * replay.primal(index)

        text = f"{rate:.3g} / m" if of_all else f"{rate:.3g}"
        words = {"rate": text, "too": too, "instead": instead}
        cost = (1.25 if of_all else 1.2) + 0.5 * known
        members = [Change(DECAY, steps={i: rule}, words={"at": i, **words}, cost=cost) for i in indices]
        return Change.together(members, everywhere)

    def solve(body: Anatomy, t: float) -> list[Change]:
        return [at(rate, False) for rate in rates(t)] + [at(rate, True) for rate in rates(t * body.examples)]

    return replace(at(1.0, False), entries=2, solve=solve)
