"""A function as the check sees it: a row of numbers in, a row of numbers out, and the engine's gradient between.

The gradient of a program, for given cotangents, is a program again, of the arguments and of the cotangents: a rule is a
function of both. So one check serves every order.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.check.arguments import Arguments, Array, Slot, nodes_of
from autograd.check.cancellation import sizes
from autograd.containers import leaves
from autograd.graph import Node, tape
from autograd.primitives.elementwise import mul
from autograd.tensor import Tensor
from autograd.transforms import grad

TINY = 1e-30
"""The complex step: its square is nothing beside any number."""


@dataclass(frozen=True)
class Output:
    """One output: where its numbers stand in the row, and its shape; `kind` is None for a plain number or array."""

    name: str
    place: slice
    shape: tuple[int, ...]
    kind: type[Node] | None


class Program:
    """A function of slots, differentiated by the engine.

    Parameters
    ----------
    slots : sequence of Slot
        Its arguments.
    names : sequence of str
        What to call its outputs; by default they are numbered.

    Attributes
    ----------
    order : int
        1 for the user's function, 2 for its gradient, and so on.
    x, y : array
        The numbers of the arguments, and of the outputs.
    settled, known : array of bool
        Which of them take part: an infinite gradient has no derivative, and one that is mere rounding has none either.
    """

    order = 1

    def __init__(self, slots: Sequence[Slot], names: Sequence[str] = ()) -> None:
        self.slots = list(slots)
        ends = np.cumsum([0, *[slot.data.size for slot in slots]]).tolist()
        self.places = [slice(start, stop) for start, stop in pairwise(ends)]
        self.x: Array = np.concatenate([np.ravel(slot.data) for slot in slots])
        self.parts = self.fill(self.x)
        with np.errstate(all="ignore"):
            self.recorded = self.run(self.parts, record=True)
        self.outputs = list(_laid_out(self.recorded, names))
        self.y: Array = _row(self.recorded)
        self.settled = np.ones(self.x.shape, dtype=bool)
        self.known = np.isfinite(self.y)

    def run(self, parts: Sequence[Any], *, record: bool) -> list[Any]:
        """The outputs for what the slots are filled with, as nodes if they are to be recorded."""
        raise NotImplementedError

    def output_size(self) -> Array:
        """The sizes of the terms that each output is added up from, as far as they are known."""
        return np.abs(self.y)

    def is_argument(self, slot: str) -> bool:
        """Whether the user gave it; the others are cotangents."""
        return True

    # --- values and gradients -----------------------------------------------------------------------------------------

    def fill(self, x: Array, dtypes: Sequence[Any] | None = None) -> list[Any]:
        """Fresh nodes with the numbers of a row; in double precision unless dtypes are given."""
        return [
            slot.filled(x[place].reshape(slot.data.shape), np.float64 if dtypes is None else dtypes[i])
            for i, (slot, place) in enumerate(zip(self.slots, self.places, strict=True))
        ]

    def at(self, x: Array) -> Array:
        """The outputs elsewhere, in one row: nan where the function has no answer of the same form."""
        try:
            with np.errstate(all="ignore"):
                y = _row(self.run(self.fill(x), record=False))
        except (ArithmeticError, ValueError):
            return np.full_like(self.y, np.nan)
        return y if y.shape == self.y.shape else np.full_like(self.y, np.nan)

    def gradient(self, weights: Array, *, at: Array | None = None, dtypes: Sequence[Any] | None = None) -> Array:
        """The engine's gradient of the weighted sum of the outputs, in one row."""
        parts = self.fill(self.x if at is None else at, dtypes)
        with np.errstate(all="ignore"):
            return _row(_pulled(self.run(parts, record=True), self.split(weights), parts, record=False))

    def gradient_size(self, weights: Array) -> Array:
        """The sum of the sizes of the terms that each entry of `gradient` is added up from."""
        parts = self.fill(self.x)
        found: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for total in _paired(self.run(parts, record=True), self.split(weights)).values():
                found |= sizes(total)
        rows = [found.get(node.serial, np.zeros(np.shape(node.primal))) for part in parts for node in nodes_of(part)]
        return np.nan_to_num(_row(rows), nan=np.inf)

    def split(self, row: Array) -> list[Any]:
        """A row of numbers as arrays of the outputs' shapes."""
        return [row[out.place].reshape(out.shape) for out in self.outputs]

    # --- names --------------------------------------------------------------------------------------------------------

    def slot_of(self, position: int) -> tuple[Slot, slice]:
        """The slot in which a number of the row stands, and its place."""
        i = next(i for i, place in enumerate(self.places) if position < place.stop)
        return self.slots[i], self.places[i]

    def entry(self, position: int) -> str:
        """The name of one number of the arguments."""
        slot, place = self.slot_of(position)
        return slot.entry(position - place.start)

    def output_at(self, position: int) -> Output:
        """The output in which a number of the row of outputs stands."""
        return next(out for out in self.outputs if out.place.start <= position < out.place.stop)

    def _tape(self) -> dict[int, Node]:
        return {node.serial: node for out in self.recorded if isinstance(out, Node) for node in tape(out)}

    def leads_to(self, slot: Slot) -> bool:
        """Whether the graph leads from an output to a slot."""
        return not {node.serial for node in nodes_of(self.parts[self.slots.index(slot)])}.isdisjoint(self._tape())

    def other_leaves(self) -> list[Node]:
        """The leaves of the graph that want a gradient and are no arguments."""
        own = {node.serial for part in self.parts for node in nodes_of(part)}
        return [n for n in self._tape().values() if n.is_leaf and n.requires_grad and n.serial not in own]


class Function(Program):
    """The user's function."""

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        super().__init__(arguments.slots)

    def run(self, parts: Sequence[Any], *, record: bool) -> list[Any]:
        return _numbers(self.arguments.call(parts))

    def complex_step(self, v: Array) -> Array | None:
        """The derivative of the outputs along v by a step that no rounding disturbs; None where f does not allow it.

        The step is taken along the imaginary axis, so it is the derivative only where f is analytic.
        """
        z = self.x + 1j * TINY * v
        parts: list[Any] = []
        for slot, place in zip(self.slots, self.places, strict=True):
            part = z[place].reshape(slot.data.shape)
            parts.append(part if part.ndim else complex(part))
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error")
                outs = _numbers(self.arguments.call(parts, plain=True))
            analytic = any(np.iscomplexobj(out) for out in outs)
            derivative = _row(outs, np.complex128).imag / TINY
        except Exception:  # whatever f does not do with complex numbers
            return None
        return derivative if analytic and derivative.shape == self.y.shape else None


class Gradient(Program):
    """The gradient of a program, as a function of its arguments and of the cotangents of its outputs.

    Parameters
    ----------
    program : Program
    weights : array
        The cotangents.
    settled : array of bool
        The entries of the arguments whose gradient can be relied on, and so can be differentiated.
    """

    def __init__(self, program: Program, weights: Array, settled: Array) -> None:
        self.program, self.weights, self.order = program, weights, program.order + 1
        self.arrays = program.split(weights)
        self.varying = [i for i, out in enumerate(program.outputs) if out.kind is not None]
        cotangents = [
            Slot(f"cotangent of {out.name}", array, out.kind)
            for out, array in zip(program.outputs, self.arrays, strict=True)
            if out.kind is not None
        ]
        nodes = [(slot, slot.data.size if slot.boxed else 1) for slot in program.slots]
        super().__init__(
            [*program.slots, *cotangents], [f"the gradient of {slot.name}" for slot, n in nodes for _ in range(n)]
        )
        self.settled[: settled.size] = settled
        self.known &= settled

    def run(self, parts: Sequence[Any], *, record: bool) -> list[Any]:
        n = len(self.program.slots)
        cotangents = list(self.arrays)
        for i, part in zip(self.varying, parts[n:], strict=True):
            cotangents[i] = part
        return _pulled(self.program.run(parts[:n], record=True), cotangents, parts[:n], record=record)

    def output_size(self) -> Array:
        whole = np.abs(self.weights) @ self.program.output_size()
        return self.program.gradient_size(self.weights) + whole / np.maximum(np.abs(self.program.x), 1)

    def is_argument(self, slot: str) -> bool:
        return any(slot == own.name for own in self.program.slots) and self.program.is_argument(slot)


def _paired(outs: Sequence[Any], cotangents: Sequence[Any]) -> dict[type[Node], Any]:
    """The sum of the outputs times their cotangents: one for Values, one for Tensors, which never meet in a graph."""
    totals: dict[type[Node], Any] = {}
    for out, c in zip(outs, cotangents, strict=True):
        if isinstance(out, Node):
            product: Any = mul(out, c if isinstance(out, Tensor) or isinstance(c, Node) else float(c))
            number = product.sum() if isinstance(product, Tensor) else product
            totals[out.kind] = totals[out.kind] + number if out.kind in totals else number
    return totals


def _pulled(outs: Sequence[Any], cotangents: Sequence[Any], parts: Sequence[Any], *, record: bool) -> list[Any]:
    """The gradients of the paired outputs for all nodes in ``parts``, an array of Values being one node for each."""
    nodes = [node for part in parts for node in nodes_of(part)]
    found: dict[int, Any] = {node.serial: np.zeros(np.shape(node.primal)) for node in nodes}
    for kind, total in _paired(outs, cotangents).items():
        mine = [node for node in nodes if node.kind is kind]
        found |= dict(zip([node.serial for node in mine], grad(total, mine, create_graph=record), strict=True))
    return [found[node.serial] for node in nodes]


def _numbers(answer: Any) -> list[Any]:
    """The numbers, arrays and nodes of a function's answer, arrays of Values taken apart."""
    outputs: list[Any] = []
    for leaf in leaves(answer):
        boxes = isinstance(leaf, np.ndarray) and leaf.dtype == object
        outputs += list(leaf.flat) if boxes else [leaf]
    return outputs


def _row(outs: Sequence[Any], dtype: Any = np.float64) -> Array:
    """All numbers of the outputs in one row."""
    arrays = [np.ravel(np.asarray(out.primal if isinstance(out, Node) else out)) for out in outs]
    return np.concatenate([np.zeros(0), *arrays]).astype(dtype)


def _laid_out(outs: Sequence[Any], names: Sequence[str]) -> Iterator[Output]:
    start = 0
    for i, out in enumerate(outs):
        primal = out.primal if isinstance(out, Node) else out
        if primal is None or np.asarray(primal).dtype.kind not in "fiub":
            what = "None; does it lack a return?" if primal is None else f"{type(primal).__name__}, which is no number"
            raise TypeError(f"check_grads: the function returned {what}")
        stop = start + np.size(primal)
        name = names[i] if names else ("the output" if len(outs) == 1 else f"output {i}")
        yield Output(name, slice(start, stop), np.shape(primal), out.kind if isinstance(out, Node) else None)
        start = stop
