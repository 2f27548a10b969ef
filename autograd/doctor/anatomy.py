"""Which step is what: layers, activations, the output and its targets, the axis of the examples.

Only the words of an explanation and the choice of where to try a mistake depend on this; whether a mistake explains a
claim is decided by numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import autograd
from autograd.doctor.retell import ACTIVATIONS
from autograd.doctor.steps import Array, Edge, Step, Steps
from autograd.tensor import Tensor

MOVES = ("transpose", "reshape")


@dataclass(frozen=True)
class Layer:
    """A product with a parameter, and what follows it."""

    product: int
    weight: int
    """The leaf."""
    side: int
    """Which argument of the product the weight is; the input is the other one."""
    bias: int | None
    z: int
    """The step of the pre-activation: the product, or the sum with its bias."""
    activation: int | None


class Anatomy:
    """The parts of a computation.

    Attributes
    ----------
    steps : Steps
    params : list of int
        The leaves that a gradient flows to.
    layers : list of Layer
        In the order of the forward pass.
    lr : float or None
        The learning rate, if it is known.
    claimed, told : frozenset of int
        The steps whose gradients are claimed, and those that variables of the loss function stand for.
    head_known : Head or None
        What the loss was recognised as.
    """

    def __init__(
        self,
        steps: Steps,
        lr: float | None = None,
        claimed: frozenset[int] = frozenset(),
        told: frozenset[int] = frozenset(),
    ) -> None:
        self.steps = steps
        self.claimed = claimed
        self.told = told
        self.lr = lr
        self.head_known: Any = None
        self.params = [step.index for step in steps if step.tracked and step.primitive is None]
        self.layers = list(self._layers())

    def on(self, steps: Steps) -> Anatomy:
        """The same computation with other numbers."""
        return Anatomy(steps, self.lr, self.claimed, self.told)

    def leaf_of(self, index: int) -> int | None:
        """The leaf that a step is, or merely rearranges."""
        step: Step = self.steps[index]
        while step.kind in MOVES:
            step = self.steps[step.args[0]]
        return step.index if step.tracked and step.primitive is None else None

    def picked_from(self, index: int) -> int | None:
        """The leaf that a step rearranges, or of which it is some entries."""
        step: Step = self.steps[index]
        while step.kind in (*MOVES, "getitem"):
            step = self.steps[step.args[0]]
        return step.index if step.tracked and step.primitive is None else None

    def _layers(self) -> Iterator[Layer]:
        for step in self.steps:
            if step.kind != "matmul" or not step.tracked:
                continue
            leaves = [self.leaf_of(arg) for arg in step.args]
            sides = [i for i, leaf in enumerate(leaves) if leaf is not None]
            if not sides:
                continue
            side = sides[0]
            if len(sides) == 2:  # a data matrix that is tracked too: the other operand is the one with a bias's fellow
                side = max(sides, key=lambda i: self.steps[step.args[i]].index not in self._inputs)
            weight = leaves[side]
            assert weight is not None
            z, bias = step.index, None
            users = self.steps.uses[step.index]
            while len(users) == 1 and self.steps[users[0][0]].kind == "add":
                user: Step = self.steps[users[0][0]]
                if user.shape != step.shape:
                    break
                other = user.args[1 - users[0][1]]
                z = user.index
                leaf = self.leaf_of(other)
                if leaf is not None:
                    bias = leaf
                users = self.steps.uses[user.index]
            after = [u for u, _ in users if self.steps[u].kind in ACTIVATIONS and self.steps[u].shape == step.shape]
            yield Layer(step.index, weight, side, bias, z, after[0] if len(after) == 1 else None)

    @cached_property
    def inputs(self) -> list[int]:
        """What the layers multiply their weights with."""
        return list(dict.fromkeys(self.steps[layer.product].args[1 - layer.side] for layer in self.layers))

    @cached_property
    def stations(self) -> list[int]:
        """Results whose gradients people write down: deltas, what is claimed, what has a label, and the loss."""
        found = {self.steps.root, *self.claimed, *(layer.z for layer in self.layers)}
        found |= {layer.activation for layer in self.layers if layer.activation is not None}
        found |= {i for i in self.named if i not in self.head}
        return sorted(i for i in found if self.steps[i].tracked and self.steps[i].primitive is not None)

    @cached_property
    def spoken(self) -> frozenset[int]:
        """Steps whose values people use in formulas."""
        return frozenset((*self.params, *self.stations, *self.inputs, *self.targets, *self.named)) - {self.steps.root}

    @cached_property
    def named(self) -> frozenset[int]:
        """Steps that have a label, or that a variable of the loss function stands for."""
        return self.told | {step.index for step in self.steps if step.label}

    @cached_property
    def _inputs(self) -> frozenset[int]:
        """Tracked leaves that look like data: labelled X or x."""
        return frozenset(i for i in self.params if (self.steps[i].label or "").lower().startswith("x"))

    # --- the examples -------------------------------------------------------------------------------------------

    @cached_property
    def axis(self) -> int | None:
        """The axis of the examples in a pre-activation; None where there is one example at a time."""
        for layer in self.layers:
            shape = self.steps[layer.product].shape
            fed = self.steps[self.steps[layer.product].args[1 - layer.side]].shape
            if len(fed) >= 2:
                return 0 if layer.side == 1 or len(fed) > 2 else len(shape) - 1
        if self.layers:
            return None
        return 0 if self.target is not None and self.steps[self.target].primal.ndim else None

    @property
    def rows(self) -> bool:
        """Whether examples are rows."""
        return self.axis != 1

    @cached_property
    def examples(self) -> int:
        """How many examples there are."""
        if self.axis is None:
            return 1
        shape = self.steps[self.layers[-1].z].shape if self.layers else self.steps[self.target].shape
        return int(shape[self.axis]) if len(shape) > self.axis else 1

    @cached_property
    def outputs(self) -> int:
        """How many numbers the network gives for an example."""
        if self.output is None:
            return 1
        return int(self.steps[self.output].primal.size // max(self.examples, 1))

    # --- the output ---------------------------------------------------------------------------------------------

    @cached_property
    def last(self) -> Layer | None:
        """The layer whose result the loss is about."""
        return self.layers[-1] if self.layers else None

    @cached_property
    def output(self) -> int | None:
        """The step of the network's output."""
        last = self.last
        if last is None:
            return None
        return last.z if last.activation is None else last.activation

    @cached_property
    def head(self) -> frozenset[int]:
        """The steps that come after the output: the loss."""
        if self.output is None:
            return frozenset(step.index for step in self.steps if step.primitive is not None)
        after = {self.output}
        for step in self.steps:
            if any(arg in after for arg in step.args):
                after.add(step.index)
        return frozenset(after - {self.output})

    @cached_property
    def penalties(self) -> frozenset[int]:
        """The steps that lead from parameters to the loss past the output, and past all data: regularisers."""
        before, fed = set(), {i for i in (*self.inputs, *self.targets) if not self.steps[i].tracked} | self._inputs
        if self.output is not None:
            before = {self.output}
            for step in reversed(self.steps[: self.output + 1]):
                if step.index in before:
                    before |= set(step.args)
        for step in self.steps:
            picked = step.kind == "getitem" and holds_data(step.params["index"])
            if picked or any(arg in fed for arg in step.args):
                fed.add(step.index)
        return frozenset(
            step.index
            for step in self.steps
            if step.tracked and step.primitive is not None and not {step.index} & (before | fed | self.head)
        )

    def above(self, index: int) -> frozenset[int]:
        """All steps that depend on a step: what its gradient is made of."""
        found: set[int] = set()
        for step in self.steps[index + 1 :]:
            if any(arg == index or arg in found for arg in step.args):
                found.add(step.index)
        return frozenset(found)

    def below(self, index: int) -> frozenset[int]:
        """All tracked steps that a step depends on: what its gradient flows to."""
        found: set[int] = set()
        stack = [index]
        while stack:
            new = {arg for arg in self.steps[stack.pop()].args if self.steps[arg].tracked} - found
            found |= new
            stack += new
        return frozenset(found)

    def branches(self, index: int) -> list[tuple[Edge, ...]]:
        """The ways by which gradient comes back to a step: one for each user, and one for all of a regulariser."""
        found: dict[int, list[Edge]] = {}
        for user, i in self.steps.uses[index]:
            found.setdefault(-1 if user in self.penalties else user, []).append((user, i))
        return [tuple(edges) for edges in found.values()]

    @cached_property
    def targets(self) -> list[int]:
        """Constants that the loss compares the output with."""
        if self.output is None:
            pool = [step.index for step in self.steps if not step.tracked and step.primal.size > 1]
            return sorted(pool, key=lambda i: (self.steps[i].label or "").lower() not in _TARGETS)
        shape = self.steps[self.output].shape
        found = [
            arg
            for index in sorted(self.head)
            for arg in self.steps[index].args
            if not self.steps[arg].tracked and self.steps[arg].shape in (shape, shape[::-1])
        ]
        return sorted(dict.fromkeys(found), key=lambda i: (self.steps[i].label or "").lower() not in _TARGETS)

    @cached_property
    def target(self) -> int | None:
        """The constant that is the target, where one can be told."""
        return self.targets[0] if self.targets else None

    def target_arrays(self) -> list[Array]:
        """The candidates for the targets, in the shape of the output, and as they are where -Y was recorded."""
        if self.output is None:
            return []
        steps = self.steps
        shape = steps[self.output].shape
        arrays = []
        for index in self.targets:
            array = steps[index].primal
            arrays.append(array if array.shape == shape else array.T)
        for index in sorted(self.head):
            step = steps[index]
            if step.kind == "getitem" and len(shape) == 2 and step.params["index"].__class__ is tuple:
                picked = np.zeros(shape)
                try:
                    picked[step.params["index"]] = 1.0
                except (IndexError, ValueError):
                    continue
                arrays.append(picked)
        return [-array if np.all(array <= 0) else array for array in arrays if array.shape == shape]

    def output_functions(self) -> list[str]:
        """What may stand between the last z and the loss: what is recorded first."""
        last = self.last
        assert last is not None
        recorded = "" if last.activation is None else self.steps[last.activation].kind
        if recorded == "log_softmax":
            return ["softmax"]
        return [recorded] if recorded else ["", "sigmoid", "softmax"]

    def activated(self, function: str) -> Array:
        """The output, by the function that is supposed to follow the last z."""
        last, steps = self.last, self.steps
        assert last is not None
        z = steps[last.z].primal
        if function == "softmax":
            return np.asarray(autograd.softmax(z, axis=self.class_axis))
        if last.activation is not None and function == steps[last.activation].kind:
            return np.asarray(steps[last.activation].primal)
        return z if not function else np.asarray(getattr(autograd, function)(z))

    @property
    def class_axis(self) -> int:
        """The axis of an output along which its classes stand."""
        return 0 if self.axis == 1 else -1

    def delta(self, loss: str, function: str, target: int) -> Array:
        """The gradient of a known loss, summed over the examples, at the last z."""
        last, steps = self.last, self.steps
        assert last is not None
        Y = self.target_arrays()[target]
        z = Tensor(steps[last.z].primal)
        if function == "softmax":
            a = autograd.softmax(z, axis=self.class_axis)
        elif last.activation is not None and function == steps[last.activation].kind:
            step = steps[last.activation]
            a = step.primitive.record((z,), step.params)
        else:
            a = getattr(autograd, function)(z) if function else z
        return np.asarray(autograd.grad(LOSSES[loss](a, Y), z))


def holds_data(index: Any) -> bool:
    """Whether an index picks by numbers, as words are picked from an embedding, and not by slices."""
    return any(isinstance(part, (np.ndarray, list)) for part in (index if isinstance(index, tuple) else (index,)))


_TARGETS = ("y", "t", "target", "targets", "labels", "y_true")

LOSSES: dict[str, Any] = {
    "squares": lambda a, Y: autograd.sum((a - Y) ** 2) / 2,
    "binary cross-entropy": lambda a, Y: -autograd.sum(Y * autograd.log(a) + (1 - Y) * autograd.log(1 - a)),
    "cross-entropy": lambda a, Y: -autograd.sum(Y * autograd.log(a)),
    "absolute": lambda a, Y: autograd.sum(autograd.abs(a - Y)),
}
"""Losses by name, summed over the examples."""
