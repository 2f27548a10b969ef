"""Which claims a mistake reaches, and in whose own formula it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import Any

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.case import Target
from autograd.doctor.replay import Change
from autograd.doctor.steps import Step


class Reach:
    """Where mistakes are in the sweep over a computation, and how far they go."""

    def __init__(self, body: Anatomy) -> None:
        self.body = body
        self._below = cache(self._all_below)

    def station(self, index: int) -> int:
        """The step whose gradient something is read off: for a parameter the pre-activation that it makes."""
        step: Step = self.body.steps[index]
        if step.primitive is not None:
            return index
        for layer in self.body.layers:
            if index in (layer.weight, layer.bias):
                return layer.z
        return min((user for user, _ in self.body.steps.uses[index]), default=index)

    def first(self, change: Change) -> int:
        """The newest step at which a change is made."""
        places = [self.station(index) for index in change.steps]
        for s, i in change.edges:
            arg: Step = self.body.steps[self.body.steps[s].args[i]]
            places.append(self.station(arg.index) if arg.primitive is None else s)
        return max(places, default=self.body.steps.root)

    def touches(self, change: Change, target: Target) -> bool:
        """Whether a change can have an effect on a gradient."""
        if change.reads is not None:
            return True
        starts = {*change.steps, *(self.body.steps[s].args[i] for s, i in change.edges)}
        return any(int(i) in self._below(start) for start in starts for i in target.steps.flat)

    def own(self, change: Change, touched: Sequence[Target]) -> dict[str, Change]:
        """Of the claims that a change touches, those whose own formula it is in, with the change at that place.

        At each of its places these are the first of the sweep that it touches: a delta, if it is among the claims, or
        else all that are read off that delta. Weights come first.
        """
        if change.edges and all(self._of_regulariser(*edge) for edge in change.edges):
            return dict.fromkeys((target.key for target in touched), change)
        found: dict[str, Change] = {}
        weights = {layer.weight for layer in self.body.layers}
        for part in sorted(places(change), key=lambda part: -self.first(part)):
            reached = [target for target in touched if self.touches(part, target)]
            stations = {target.key: self.station(int(target.steps.flat[0])) for target in reached}
            below = {station: self._below(station) for station in stations.values()}
            first = [
                target
                for target in reached
                if not any(stations[target.key] in below[s] for s in stations.values() if s != stations[target.key])
            ]
            deltas = [target for target in first if self.body.steps[int(target.steps.flat[0])].primitive is not None]
            for target in sorted(deltas or first, key=lambda t: t.step not in weights):
                found[target.key] = _both(found[target.key], part) if target.key in found else part
        return found

    def _of_regulariser(self, s: int, i: int) -> bool:
        """Whether an edge leads to parameters past the network."""
        return s in self.body.penalties or self.body.steps[s].args[i] in self.body.penalties

    def _all_below(self, index: int) -> frozenset[int]:
        """A step and all it depends on: what its gradient flows to."""
        seen, stack = {index}, [index]
        while stack:
            for arg in self.body.steps[stack.pop()].args:
                if arg not in seen and self.body.steps[arg].tracked:
                    seen.add(arg)
                    stack.append(arg)
        return frozenset(seen)


def places(change: Change) -> Sequence[Change]:
    """A change at several places as one change at each of them."""
    if change.members:
        return change.members
    if len(change.edges) + len(change.steps) < 2:
        return (change,)
    return [
        *(replace(change, edges={edge: rule}, steps={}) for edge, rule in change.edges.items()),
        *(replace(change, edges={}, steps={i: rule}, words=_at(change, i)) for i, rule in change.steps.items()),
    ]


def _both(one: Change, two: Change) -> Change:
    """The first of two places of a change; where both are steps that it says the same of, it speaks of both."""
    if not (one.words.get("at") and two.words.get("at")) or {**one.words, "at": 0} != {**two.words, "at": 0}:
        return one
    both = (at if isinstance(at, tuple) else (at,) for at in (one.words["at"], two.words["at"]))
    return replace(one, words={**one.words, "at": tuple(dict.fromkeys(chain(*both)))})


def _at(change: Change, index: int) -> Mapping[str, Any]:
    """The words of a change, about one of its places."""
    return {**change.words, "at": index} if isinstance(change.words.get("at"), int) else change.words
