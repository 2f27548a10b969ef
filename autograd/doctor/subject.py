"""The computation that claims are about: recorded, retold, its parts found, and what every key means in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.case import Target
from autograd.doctor.claims import find
from autograd.doctor.merge import merged
from autograd.doctor.names import Names
from autograd.doctor.recording import Recording
from autograd.doctor.retell import retold
from autograd.doctor.steps import Array, Steps, steps_of
from autograd.graph import Node, describe, tape

_ENTRY = re.compile(r"(.+)\[(\d+(?:, ?\d+)*)\]$")
"""The label of one entry of an array of scalars: W1[0,2]."""

_D = "(?:d|dz|delta|error|err|grad)"
_NUMBERED = re.compile(rf"{_D}_?(\d+)$")
_OUTPUT = re.compile(rf"{_D}_?(?:out|output|o)$|(?:out|output)_?{_D}$")
_HIDDEN = re.compile(rf"{_D}_?(?:hidden|hid|h)_?(\d*)$|(?:hidden|hid)_?(\d*)_?{_D}$")
"""What people call the delta of a layer whose pre-activation has another name or none."""


class Subject:
    """A recorded loss, and what the keys of claims mean in it.

    Parameters
    ----------
    recording : Recording
    keys : iterable
        Of the claims: labels or usual spellings of them, or nodes.
    of : mapping
        What those keys mean that are no spelling of a label: labels or nodes.
    lr : float, optional

    Attributes
    ----------
    body : Anatomy
    targets : list of Target
        Of the keys that mean something, newest in the sweep first.
    unknown : list of str
        The other keys.
    names : Names

    Raises
    ------
    ValueError
        Where a key is ambiguous, or means something that the loss does not depend on.
    """

    def __init__(self, recording: Recording, keys: Iterable[Any], of: Mapping[Any, Any], lr: float | None) -> None:
        self._lr = lr
        self._recorded = steps_of(recording.root)
        self._inputs: frozenset[int] = frozenset()
        self._places: dict[Any, Array] = {}
        things = {key: of.get(key, key) for key in keys}
        self._find_labelled(things, recording)
        self._own = self._claimed()
        place = self._recorded.place
        self._told = frozenset(place[serial] for serial in recording.names.values() if serial in place)
        self.body, number = self._retold(self._recorded)
        self._find_parts(things, number)
        self._inputs = frozenset(i for i in self._claimed() if not self._recorded[i].tracked)
        self.body, number = self._retold(self._recorded)
        self.unknown = [_text(key) for key in things if key not in self._places]
        targets = [Target(_text(key), _renumbered(places, number)) for key, places in self._places.items()]
        self.targets = sorted(targets, key=lambda target: -target.age(self.body.steps))
        keyed = {t.step: t.key for t in self.targets if t.step is not None and t.key != self.body.steps[t.step].label}
        self.names = Names(self.body, self._variables(recording, number), keyed)

    def _find_labelled(self, things: Mapping[Any, Any], recording: Recording) -> None:
        """Find what keys mean by labels and variables."""
        named = _named(recording)
        for key, thing in things.items():
            serials = _meant(thing, recording, named)
            if serials is not None:
                self._places[key] = _renumbered(serials, self._recorded.place)

    def _find_parts(self, things: Mapping[Any, Any], number: Mapping[int, int]) -> None:
        """Find what the other keys mean by parts of the network."""
        original = {new: old for old, new in number.items()}
        for key, thing in things.items():
            if key not in self._places:
                part = self._part(thing)
                if part is not None:
                    self._places[key] = np.asarray(original[part])

    def _retold(self, steps: Steps) -> tuple[Anatomy, dict[int, int]]:
        """The parts of a recording, and what the numbers of its steps have become."""
        if self._inputs:
            followed = [replace(s, tracked=True, label=s.label or "X") if s.index in self._inputs else s for s in steps]
            steps = Steps(followed, steps.place)
        once = merged(steps, self._own)
        claimed = self._claimed()
        plain = retold(once, frozenset(once.place[serial] for serial, old in steps.place.items() if old in claimed))
        number = {old: plain.place[serial] for serial, old in steps.place.items() if serial in plain.place}
        told = frozenset(number[i] for i in self._told if i in number)
        return Anatomy(plain, self._lr, frozenset(number[i] for i in claimed), told), number

    def _claimed(self) -> frozenset[int]:
        """The recorded steps whose gradients are claimed."""
        return frozenset(int(i) for places in self._places.values() for i in places.flat)

    def _variables(self, recording: Recording, number: Mapping[int, int]) -> dict[int, str]:
        """What the variables of the loss function call the steps."""
        place, found = self._recorded.place, dict[int, str]()
        for name, serial in recording.names.items():
            if place.get(serial) in number:
                found.setdefault(number[place[serial]], name)
        constants = [step for step in self.body.steps if step.primitive is None and step.label is None]
        for name, array in recording.data.items():
            for step in constants:
                part = _part_of(step.primal, array)
                if part is not None:
                    found.setdefault(step.index, name + part)
        return found

    def on(self, recording: Recording) -> Anatomy | None:
        """The parts of the same computation on other data; None where another computation was recorded there."""
        steps = steps_of(recording.root)
        if not self._recorded.same_structure(steps):
            return None
        body, _ = self._retold(steps)
        return body if self.body.steps.same_structure(body.steps) else None

    def _part(self, key: Any) -> int | None:
        """What a key means by its part in the network: z2, delta2, d_out, dA0."""
        if not isinstance(key, str):
            return None
        body = self.body
        parts = {name: index for index, name in Names(body, {}, {}).known.items()}
        for number, layer in enumerate(body.layers, start=1):
            parts.setdefault(f"z{number}", layer.z)
            if layer.activation is not None:
                parts.setdefault(f"a{number}", layer.activation)
        if body.inputs:
            parts.setdefault("a0", body.inputs[0])
        found: int | None = find(key, parts)
        if found is not None or not body.layers:
            return found
        lower = key.casefold()
        deltas = [layer.z for layer in body.layers]
        if _OUTPUT.match(lower):
            return deltas[-1]
        hidden, numbered = _HIDDEN.match(lower), _NUMBERED.match(lower)
        if hidden:
            digits = hidden[1] or hidden[2] or ""
            if not digits:
                return deltas[0] if len(deltas) == 2 else None
            return deltas[int(digits) - 1] if 0 < int(digits) < len(deltas) else None
        if numbered and 0 < int(numbered[1]) <= len(deltas):
            return deltas[int(numbered[1]) - 1]
        return None

    @cached_property
    def _data(self) -> set[int]:
        """Inputs and targets, which need no gradient even where they are recorded as leaves."""
        weights = {part for layer in self.body.layers for part in (layer.weight, layer.bias)}
        return {*self.body.inputs, *self.body.targets} - weights

    def keyed(self, claims: Mapping[Any, Array]) -> dict[str, Array]:
        """Claims that mean something, by the texts of their keys."""
        return {_text(key): claim for key, claim in claims.items() if key in self._places}

    def label(self, target: Target) -> str:
        """What the thing is called that a claim is the gradient of."""
        if target.step is not None:
            return self.names.of(target.step)
        label = self.body.steps[int(target.steps.flat[0])].label
        return target.key if label is None else _ENTRY.sub(r"\1", label)

    @cached_property
    def inner(self) -> list[str]:
        """The keys of the claims about deltas: neither parameters nor the loss."""
        others = {*self.body.params, self.body.steps.root} - self._data
        return [target.key for target in self.targets if not {int(i) for i in target.steps.flat} & others]

    @property
    def missing(self) -> list[str]:
        """The labels of the parameters for which nothing is claimed."""
        claimed = {int(i) for target in self.targets for i in target.steps.flat}
        lost = [self.body.steps[i].label for i in self.body.params if i not in claimed | self._data]
        return list(dict.fromkeys(_ENTRY.sub(r"\1", label) for label in lost if label is not None))


_MOST_PARTS = 64
"""Up to which length the parts of an array are looked for among constants."""


def _part_of(constant: Array, array: Any) -> str | None:
    """How a constant is picked from an array: whole, or one place along its first two axes; None where it is not."""
    if np.array_equal(constant, array):
        return ""
    shape = np.shape(array)
    for axis, front in ((0, ""), (1, ":, ")):
        if (
            len(shape) > max(axis, 1)
            and shape[axis] <= _MOST_PARTS
            and constant.shape == (*shape[:axis], *shape[axis + 1 :])
        ):
            for place in range(shape[axis]):
                if np.array_equal(constant, np.take(array, place, axis=axis)):
                    return f"[{front}{place}]"
    return None


def _text(key: Any) -> str:
    if isinstance(key, Node):
        return key.label or describe(key)
    return str(key)


def _named(recording: Recording) -> dict[str, Array | None]:
    """By name, the serial numbers of what has it; None where several things have it."""
    named: dict[str, Array | None] = {}
    entries: dict[str, dict[tuple[int, ...], int]] = {}
    nodes = tape(recording.root)
    present = {node.serial for node in nodes}
    labelled = [(node.label, node.serial) for node in nodes if node.label]
    labels = {label for label, _ in labelled}
    variables = [(name, s) for name, s in recording.names.items() if s in present and name not in labels]
    for name, serial in (*labelled, *variables):
        known = named.get(name)
        named[name] = np.asarray(serial) if name not in named or known == serial else None
        entry = _ENTRY.match(name)
        if entry:
            entries.setdefault(entry[1], {})[tuple(map(int, entry[2].split(",")))] = serial
    for name, places in entries.items():
        array = _grid(places)
        if array is not None:
            named.setdefault(name, array)
    return named


def _grid(places: Mapping[tuple[int, ...], int]) -> Array | None:
    """An array of serial numbers, where every entry of it has one."""
    if len({len(index) for index in places}) != 1:
        return None
    shape = tuple(1 + max(axis) for axis in zip(*places, strict=True))
    if int(np.prod(shape)) != len(places):
        return None
    grid = np.zeros(shape, dtype=int)
    for index, serial in places.items():
        grid[index] = serial
    return grid


def _meant(thing: Any, recording: Recording, named: Mapping[str, Array | None]) -> Array | None:
    """The serial numbers of what a key means; None where no label fits."""
    if isinstance(thing, Node):
        serials = np.asarray(thing.serial)
    elif isinstance(thing, np.ndarray) and thing.dtype == object:
        serials = np.array([node.serial for node in thing.flat]).reshape(thing.shape)
    else:
        found: Array | None = find(thing, named)
        if found is None and thing in named:
            raise ValueError(f"several nodes are labelled {thing!r}, so its claim is ambiguous: use the node as key")
        return found
    present = {node.serial for node in tape(recording.root)}
    if any(int(serial) not in present for serial in serials.flat):
        what = describe(thing) if isinstance(thing, Node) else "an array of Values"
        raise ValueError(f"the loss does not depend on {what}, for which a gradient is claimed")
    return serials


def _renumbered(serials: Array, place: Mapping[int, int]) -> Array:
    """Serial numbers, or numbers of steps, as the numbers that these have become."""
    return np.array([place[int(serial)] for serial in serials.flat], dtype=int).reshape(serials.shape)
