"""The steps of a computation, as somebody who derives its gradient by hand would list them.

The doctor makes mistakes on purpose, thousands of them, and looks which one gives the claimed numbers. So it works on a
copy of the recorded graph that is made for that: arrays only, addressed by number, with its forward pass and its rules
ready to be run again on other data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.graph import Node, tape
from autograd.primitive import Primitive
from autograd.primitives.elementwise import astype
from autograd.sweep import unbroadcast

Array = np.ndarray[Any, Any]
Edge = tuple[int, int]
"""The number of a step, and which of its arguments."""


@dataclass(slots=True)
class Step:
    """One operation or leaf; ``args`` are numbers of steps.

    Attributes
    ----------
    index : int
        Its number: arguments have smaller numbers than results.
    primal : ndarray
        The forward value, in float64.
    primitive : Primitive or None
        None for a leaf or a constant.
    args : tuple of int
    params : dict
        The metadata of the operation.
    tracked : bool
        Whether a gradient flows to it.
    label : str or None
        What the user calls it.
    """

    index: int
    primal: Array
    primitive: Primitive | None
    args: tuple[int, ...]
    params: dict[str, Any]
    tracked: bool
    label: str | None

    @property
    def kind(self) -> str:
        """The name of its operation; "" for a leaf."""
        return "" if self.primitive is None else self.primitive.name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its array."""
        shape: tuple[int, ...] = self.primal.shape
        return shape


class Steps(Sequence[Step]):
    """All steps that a loss depends on, oldest first; the loss is the last."""

    def __init__(self, steps: list[Step], place: Mapping[int, int]) -> None:
        self._steps = steps
        self.place = place
        """The serial number of a recorded node -> the number of its step."""
        self.root = len(steps) - 1
        self.uses: list[list[Edge]] = [[] for _ in steps]
        """By step, the edges by which a gradient flows back to it."""
        for step in steps:
            if step.tracked:
                for i, arg in enumerate(step.args):
                    if steps[arg].tracked:
                        self.uses[arg].append((step.index, i))

    def __getitem__(self, index: Any) -> Any:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    def primals(self, step: Step) -> list[Array]:
        """The forward values of the arguments of a step."""
        return [self._steps[arg].primal for arg in step.args]

    def at(self, leaves: Mapping[int, Array]) -> Steps:
        """The same steps computed from other leaves.

        Raises
        ------
        ValueError
            Where the shapes do not fit.
        """
        changed: dict[int, Array] = dict(leaves)
        steps = []
        for step in self._steps:
            primal = changed.get(step.index)
            if primal is None and step.primitive is not None and any(arg in changed for arg in step.args):
                primals = [changed.get(arg, self._steps[arg].primal) for arg in step.args]
                primal = changed[step.index] = np.asarray(step.primitive.function(*primals, **step.params))
            steps.append(
                Step(
                    step.index,
                    step.primal if primal is None else primal,
                    step.primitive,
                    step.args,
                    step.params,
                    step.tracked,
                    step.label,
                )
            )
        return Steps(steps, self.place)

    def same_structure(self, other: Steps) -> bool:
        """Whether two computations are the same but for their numbers and shapes."""
        return len(self) == len(other) and all(
            a.primitive is b.primitive and a.args == b.args and a.tracked == b.tracked
            for a, b in zip(self, other, strict=True)
        )


def pull(step: Step, i: int, g: Array, out: Array, primals: Sequence[Array]) -> Array:
    """What a rule makes of the cotangent ``g`` for the i-th argument, before any broadcasting is undone."""
    assert step.primitive is not None
    part: Array = step.primitive.rules_for(len(primals))[i](g, out, *primals, **step.params)
    return part


def fit(part: Array, like: Array) -> Array:
    """Undo the broadcasting of an argument, as the engine's sweep does."""
    fitted: Array = part if part.shape == like.shape else unbroadcast(part, like)
    return fitted


def steps_of(root: Node) -> Steps:
    """Copy a recorded graph, in float64 whatever it was computed in."""
    place: dict[int, int] = {}
    steps: list[Step] = []
    inexact = False
    for node in tape(root):
        primal = np.asarray(node.primal)
        inexact = inexact or primal.dtype == np.float32
        if node.primitive is astype:  # in float64 throughout there is nothing to convert
            place[node.serial] = place[node.args[0].serial]
            continue
        args = tuple(place[arg.serial] for arg in node.args)
        if inexact and node.primitive is not None:
            primals = [steps[arg].primal for arg in args]
            primal = np.asarray(node.primitive.function(*primals, **node.params))
        place[node.serial] = len(steps)
        steps.append(
            Step(
                len(steps),
                np.asarray(primal, dtype=np.float64),
                node.primitive,
                args,
                node.params,
                node.requires_grad,
                node.label,
            )
        )
    return Steps(steps, place)
