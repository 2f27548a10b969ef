"""A function as the check sees it: a row of numbers in, a row of numbers out, and the engine's gradient between.

The gradient of a program, for given cotangents, is a program again, of the arguments and of the cotangents: a rule is a
function of both. So one check serves every order.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.check.arguments import Arguments
from autograd.check.slots import Array, Row, Slot, flat
from autograd.containers import leaves
from autograd.graph import Node, tape
from autograd.primitives.elementwise import mul
from autograd.sweep import sweep
from autograd.tensor import Tensor
from autograd.transforms import grad

TINY = 1e-30
"""The complex step: its square is nothing beside any number."""


class Program:
    """A function of slots, differentiated by the engine.

    Attributes
    ----------
    order : int
        1 for the user's function, 2 for its gradient, and so on.
    inputs, outputs : Row
    x, y : array
        The numbers of the inputs, and of the outputs.
    settled, known : array of bool
        Which of them take part: an infinite gradient has no derivative, and one that was not confirmed need not have.
    """

    order = 1

    def __init__(self, slots: Sequence[Slot], names: Sequence[str] = ()) -> None:
        self.inputs = Row(slots)
        self.x = self.inputs.numbers
        self.parts = self.fill(self.x)
        with np.errstate(all="ignore"):
            self.recorded = self.run(self.parts, record=True)
        self.outputs = Row([_output(out, i, self.recorded, names) for i, out in enumerate(self.recorded)])
        self.y = self.outputs.numbers
        self.settled = np.ones(self.x.shape, dtype=bool)
        self.known = np.isfinite(self.y)

    def run(self, parts: Sequence[Any], *, record: bool) -> list[Any]:
        """The outputs for what the slots are filled with, as nodes if they are to be recorded."""
        raise NotImplementedError

    def is_argument(self, slot: Slot) -> bool:
        """Whether it holds numbers of the user's; the others are cotangents."""
        return True

    def fill(self, x: Array) -> list[Node]:
        """Leaves with the numbers of a row."""
        return [slot.filled(data) for slot, data in zip(self.inputs.slots, self.inputs.split(x), strict=True)]

    def at(self, x: Array) -> Array:
        """The outputs elsewhere, in one row: nan where the function has no answer of the same form."""
        try:
            with np.errstate(all="ignore"):
                y = flat(self.run(self.fill(x), record=False))
        except (ArithmeticError, ValueError):
            return np.full_like(self.y, np.nan)
        return y if y.shape == self.y.shape else np.full_like(self.y, np.nan)

    def gradient(self, weights: Array, *, at: Array | None = None) -> tuple[Array, float]:
        """The engine's gradient of the weighted sum of the outputs, and what rounding may do to that sum.

        A sweep knows both: the cotangent of a node times its data is what a relative error of that node does.
        """
        parts = self.fill(self.x if at is None else at)
        found: dict[int, Any] = {}
        noise = 0.0
        with np.errstate(all="ignore"):
            total = _paired(self.run(parts, record=True), self.outputs.split(weights))
            for node, g in sweep(total) if isinstance(total, Node) and total.requires_grad else ():
                moved = np.sum(np.abs(g * node.primal))
                eps = np.finfo(getattr(node.primal, "dtype", float)).eps
                noise += float(eps * moved) if np.isfinite(moved) else 0.0
                if node.is_leaf:
                    found[node.serial] = g
        return flat([found.get(part.serial, np.zeros(np.shape(part.primal))) for part in parts]), noise

    def leads_to(self, slot: Slot) -> bool:
        """Whether the graph leads from an output to a slot."""
        return self.parts[self.inputs.slots.index(slot)].serial in self._leaves()

    def others(self) -> list[Node]:
        """The leaves of the graph that want a gradient and stand in no slot."""
        own = {part.serial for part in self.parts}
        return [node for serial, node in self._leaves().items() if serial not in own]

    def _leaves(self) -> dict[int, Node]:
        nodes = [node for out in self.recorded if isinstance(out, Node) for node in tape(out)]
        return {node.serial: node for node in nodes if node.is_leaf and node.requires_grad}


class Function(Program):
    """The user's function, of the slots of its arguments and of leaves that it uses without being handed them."""

    def __init__(self, arguments: Arguments, slots: Sequence[Slot]) -> None:
        self.arguments = arguments
        super().__init__(slots)

    def run(self, parts: Sequence[Any], *, record: bool) -> list[Any]:
        return _numbers(self.arguments.call(parts))

    def complex_step(self, v: Array) -> Array | None:
        """The derivative of the outputs along v by a step that no rounding disturbs; None where f does not allow it.

        The step is taken along the imaginary axis, so it is the derivative only where f is analytic.
        """
        shaped = self.inputs.split(self.x + 1j * TINY * v)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error")
                outs = _numbers(self.arguments.call([z if z.ndim else complex(z) for z in shaped], plain=True))
            derivative = flat(outs, np.complex128).imag / TINY
        except Exception:  # whatever f does not do with complex numbers
            return None
        analytic = any(np.iscomplexobj(out) for out in outs)
        return derivative if analytic and derivative.shape == self.y.shape else None


class Gradient(Program):
    """The gradient of a program, as a function of its arguments and of the cotangents of its outputs.

    Parameters
    ----------
    program : Program
    weights : array
        The cotangents.
    settled : array of bool
        The entries of the arguments whose gradient was confirmed, and so can be differentiated.
    """

    def __init__(self, program: Program, weights: Array, settled: Array) -> None:
        self.program, self.order = program, program.order + 1
        self.arrays = program.outputs.split(weights)
        slots, outputs = program.inputs.slots, program.outputs.slots
        self.varying = [i for i, out in enumerate(outputs) if out.kind is not None]
        cotangents = [Slot(f"cotangent of {outputs[i].name}", self.arrays[i], outputs[i].kind) for i in self.varying]
        super().__init__([*slots, *cotangents], [f"the gradient of {slot.name}" for slot in slots])
        self.settled[: settled.size] = settled
        self.known &= settled

    def run(self, parts: Sequence[Any], *, record: bool) -> list[Any]:
        inputs, cotangents = parts[: len(self.program.inputs.slots)], list(self.arrays)
        for i, part in zip(self.varying, parts[len(inputs) :], strict=True):
            cotangents[i] = part
        total = _paired(self.program.run(inputs, record=True), cotangents)
        if not isinstance(total, Node):
            return [np.zeros(np.shape(node.primal)) for node in inputs]
        gradients: list[Any] = grad(total, inputs, create_graph=record)
        return gradients

    def is_argument(self, slot: Slot) -> bool:
        return slot in self.program.inputs.slots and self.program.is_argument(slot)


def _paired(outs: Sequence[Any], cotangents: Sequence[Any]) -> Any:
    """The sum of the outputs times their cotangents, of those that are nodes; 0 if none is."""
    total: Any = 0.0
    for out, c in zip(outs, cotangents, strict=True):
        if isinstance(out, Node):
            product: Any = mul(out, c if isinstance(out, Tensor) or isinstance(c, Node) else float(c))
            number = product.sum() if isinstance(product, Tensor) else product
            total = total + number if isinstance(total, Node) else number
    return total


def _numbers(answer: Any) -> list[Any]:
    """The numbers, arrays and nodes of a function's answer, arrays of Values taken apart."""
    outputs: list[Any] = []
    for leaf in leaves(answer):
        boxes = isinstance(leaf, np.ndarray) and leaf.dtype == object
        outputs += list(leaf.flat) if boxes else [leaf]
    return outputs


def _output(out: Any, i: int, outs: Sequence[Any], names: Sequence[str]) -> Slot:
    primal = out.primal if isinstance(out, Node) else out
    if primal is None or np.asarray(primal).dtype.kind not in "fiub":
        what = "None; does it lack a return?" if primal is None else f"{type(primal).__name__}, which is no number"
        raise TypeError(f"check_grads: the function returned {what}")
    name = names[i] if names else ("the output" if len(outs) == 1 else f"output {i}")
    return Slot(name, np.asarray(primal, dtype=np.float64), out.kind if isinstance(out, Node) else None)
