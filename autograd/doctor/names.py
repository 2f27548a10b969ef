"""What to call the steps of a computation: by the user's labels, else by what everybody calls them, z1, a1, X, Y."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.expression import bracketed
from autograd.doctor.retell import ACTIVATIONS
from autograd.doctor.steps import Step


def _indexed(index: Any) -> str:
    """An index as it is written, arrays in short."""
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(map(_written, parts))


def _written(part: Any) -> str:
    if isinstance(part, slice):
        return ":".join("" if end is None else str(end) for end in (part.start, part.stop))
    if part is Ellipsis or part is None:
        return "..." if part is Ellipsis else "None"
    return "i" if np.ndim(part) else str(part)


class Names:
    """The names of steps and of their gradients.

    Parameters
    ----------
    body : Anatomy
    given : mapping of int to str
        Names for steps without a label, such as those of a function's variables.
    keys : mapping of int to str
        What the claims call the gradients of steps: "d_out".
    """

    def __init__(self, body: Anatomy, given: Mapping[int, str], keys: Mapping[int, str]) -> None:
        self.body = body
        self.keys = keys
        self.known: dict[int, str] = {step.index: step.label for step in body.steps if step.label}
        for index, name in given.items():
            if name not in self.known.values():
                self.known.setdefault(index, name)
        self.told = frozenset(self.known)
        """The steps that the user has named."""
        self._usual()

    def _usual(self) -> None:
        """Name what has no name yet by its part in the network."""
        taken = set(self.known.values())
        wanted: list[tuple[int, str]] = []
        for number, layer in enumerate(self.body.layers, start=1):
            wanted += [(layer.weight, f"W{number}"), (layer.z, f"z{number}")]
            if layer.bias is not None:
                wanted.append((layer.bias, f"b{number}"))
            if layer.activation is not None:
                wanted.append((layer.activation, f"a{number}"))
        curved = [step for step in self.body.steps if step.kind in ACTIVATIONS]
        if len(curved) == 1 and not self.body.layers:
            wanted += [(curved[0].args[0], "z"), (curved[0].index, "a")]
        if self.body.layers:
            wanted += [(i, "X") for i in self.body.inputs[:1]]
            wanted += [(i, "Y" if np.any(self.body.steps[i].primal > 0) else "(-Y)") for i in self.body.targets[:1]]
        wanted.append((self.body.steps.root, "loss"))
        for index, name in wanted:
            if index not in self.known and name not in taken:
                self.known[index] = name
                taken.add(name)

        self._derived()

    def _derived(self) -> None:
        """Name constants that were computed from those that have a name, outside of the graph."""
        steps = self.body.steps
        constants = [step for step in steps if step.primitive is None and step.primal.ndim and not step.tracked]
        for index, name in [(step.index, self.known[step.index]) for step in constants if step.index in self.known]:
            array = steps[index].primal
            for written, derived in ((f"(1 - {name})", 1 - array), (f"{name}.T", array.T), (f"{name}**2", array**2)):
                for step in constants:
                    if step.index not in self.known and np.array_equal(step.primal, derived):
                        self.known[step.index] = written

    def numbered(self) -> Names:
        """The same, but whatever has a name is called by its number: v3."""
        other = copy(self)
        other.known, other.keys = {index: f"v{index}" for index in self.known}, {}
        return other

    def calling(self, nicknames: Mapping[int, str]) -> Names:
        """The same names, but for some steps."""
        other = copy(self)
        other.known = {**self.known, **nicknames}
        return other

    def unwieldy(self, index: int) -> bool:
        """Whether a step has no name, and no short formula either."""
        return index not in self.known and ("..." in (made := self._made(index, 3)) or len(made) > 24)

    def of(self, index: int) -> str:
        """The name of a step; for one without, the formula that made it."""
        known = self.known.get(index)
        return known if known is not None else self._made(index, 3)

    def made(self, index: int) -> str:
        """How a step was made, whatever its name."""
        other = copy(self)
        other.known = {step: name for step, name in self.known.items() if step != index}
        return other.of(index)

    def delta(self, index: int) -> str:
        """The name of a step's gradient; of a mere term that of the sum, whose gradient it has too."""
        steps = self.body.steps
        while index not in self.keys and index not in self.known and len(steps.uses[index]) == 1:
            user: Step = steps[steps.uses[index][0][0]]
            if user.kind != "add" or user.shape != steps[index].shape:
                break
            index = user.index
        return self.keys.get(index) or f"d{bracketed(self.of(index))}"

    def _made(self, index: int, depth: int) -> str:
        """How a step without a name was made, in short."""
        known = self.known.get(index)
        if known is not None:
            return known
        step: Step = self.body.steps[index]
        if step.primitive is None:
            if step.primal.size == 1:
                return f"{float(step.primal.flat[0]):.6g}"
            return f"(a constant of shape {step.shape})" if np.any(step.primal) else f"zeros({step.shape})"
        if depth == 0:
            return "..."
        args = [self._made(arg, depth - 1) for arg in step.args]
        if step.kind == "raise_to":
            return f"{bracketed(args[0])}**{step.params['exponent']:g}"
        if step.kind == "transpose":
            return f"{bracketed(args[0])}.T"
        if step.kind == "getitem":
            return f"{bracketed(args[0])}[{_indexed(step.params['index'])}]"
        symbol = step.primitive.symbol
        if len(args) == 2 and symbol in ("+", "-", "*", "/", "@"):
            left, right = (bracketed(arg) if symbol in "*/@" else arg for arg in args)
            return f"{left} {symbol} {bracketed(right) if symbol == '-' else right}"
        if step.kind == "neg":
            return f"-{bracketed(args[0])}"
        return f"{step.kind}({', '.join(args)})"
