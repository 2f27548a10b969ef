"""The right formula for a gradient, in the notation of the one who made the mistake.

It is not stored: the rule that the engine reads is read on named nodes, and what it records is written down.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.doctor.anatomy import Anatomy
from autograd.doctor.constants import COMPOUND, SIMPLE
from autograd.doctor.expression import Text, text_of
from autograd.doctor.head import Head
from autograd.doctor.names import Names
from autograd.doctor.replay import Replay
from autograd.doctor.retell import ACTIVATIONS
from autograd.doctor.steps import Array, Step, pull
from autograd.graph import Node
from autograd.sweep import unbroadcast
from autograd.tensor import Tensor

LONGEST = 120
"""The longest formula that is shown."""

_OPEN = ("sigmoid", "tanh", "softmax", "log_softmax", "exp", "log")
"""Functions whose derivative is written out; of the others it is named, as relu'(z1)."""


class Formulas:
    """Writes gradients down in terms of named deltas and named values."""

    def __init__(self, body: Anatomy, names: Names) -> None:
        self.body = body
        self.names = names
        self.true = Replay(body)
        self.named = {*body.claimed, *(layer.z for layer in body.layers)}

    def gradient(self, index: int) -> str:
        """The gradient of a step; "" where it would be no formula that one writes by hand."""
        try:
            text = self._head(index) or self._whole(self._expanded(index, top=True))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return ""
        return text if len(text) <= LONGEST and "..." not in text else ""

    def slope(self, s: int, i: int) -> str:
        """The derivative of a function of one argument, as a factor."""
        g = Tensor(np.ones_like(self.body.steps[s].primal))
        try:
            if "softmax" in self.body.steps[s].kind:
                g = Tensor(self.true.handed(s), label="g")
            return self._whole(self._part(s, i, g))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            return ""

    def product(self, s: int, i: int) -> str:
        """What a product contributes to one of its operands."""
        return self._whole(self._part(s, i, self._delta(s)))

    def slip(self, s: int, i: int, evaluate: Any) -> str:
        """A derivative with a slip in it, as it was written."""
        step: Step = self.body.steps[s]
        g = Tensor(np.ones_like(step.primal))
        return self._whole(evaluate(g, self._value(s), self._value(step.args[i])))

    @staticmethod
    def _whole(node: Any) -> str:
        return text_of(node).whole()

    # --- what the formulas are made of ---------------------------------------------------------------------------

    def _value(self, index: int) -> Any:
        """A forward value, by its name."""
        step: Step = self.body.steps[index]
        if index not in self.names.known and step.primal.size == 1 and step.primitive is None:
            return Tensor(step.primal)
        return Tensor(step.primal, label=_atom(self.names.of(index)))

    def _delta(self, index: int) -> Any:
        """The gradient of a step, by its name, or in terms of those that have one."""
        layer = next((layer for layer in self.body.layers if layer.product == index), None)
        if layer is not None and layer.z != index and self.body.steps[layer.z].shape == self.body.steps[index].shape:
            index = layer.z
        if index in self.named:
            return Tensor(self.true.value(index), label=self.names.delta(index))
        return self._expanded(index)

    def _expanded(self, index: int, top: bool = False) -> Any:
        """The gradient of a step as the sum of what its uses contribute."""
        uses = self.body.steps.uses[index]
        if not uses:
            return Tensor(np.ones_like(self.body.steps[index].primal))
        total: Any = None
        for s, i in uses:
            part = self._part(s, i, self._delta(s))
            total = part if total is None else total + part
        return total

    def _part(self, s: int, i: int, g: Any) -> Any:
        """The contribution of a step to its i-th argument, recorded."""
        step: Step = self.body.steps[s]
        assert step.primitive is not None
        x = step.args[i]
        if step.kind in ACTIVATIONS and step.kind not in _OPEN:
            ones = np.ones_like(step.primal)
            slope = pull(step, i, ones, step.primal, self.body.steps.primals(step))
            name = f"({self.names.of(x)} > 0)" if step.kind == "relu" else f"{step.kind}'({self.names.of(x)})"
            return g * Tensor(slope, label=name)
        primals = [self._value(arg) for arg in step.args]
        part = step.primitive.rules_for(len(primals))[i](g, self._value(s), *primals, **step.params)
        return unbroadcast(part, primals[i].primal) if isinstance(part, Node) else Tensor(part)

    # --- the output ----------------------------------------------------------------------------------------------

    def _head(self, index: int) -> str:
        """The delta of a known loss, at the last z or at the output."""
        head: Head | None = self.body.head_known
        last = self.body.last
        if head is None or last is None or index not in (last.z, last.activation):
            return ""
        a, y = self.output(), self.target()
        error = f"({a} - {y})"
        if index == last.z:
            if head.loss == "squares" and last.activation is not None:
                g = Tensor(np.ones(self.body.steps[index].shape), label=error)
                return self._times(head.factor, text_of(self._part(last.activation, 0, g)))
            if (head.loss, head.function) in _DIFFERENCES:
                return self._times(head.factor, Text(1.0, f"{a} - {y}", 1))
            return ""
        if head.loss == "squares":
            return self._times(head.factor, Text(1.0, f"{a} - {y}", 1))
        if head.loss == "binary cross-entropy":
            return self._times(head.factor, Text(1.0, f"(1 - {y}) / (1 - {a}) - {y} / {a}", 1))
        if head.loss == "cross-entropy" and self.body.steps[index].kind != "log_softmax":
            return self._times(-head.factor, Text(1.0, f"{y} / {a}", 2))
        return ""

    def output(self) -> str:
        """The name of the network's output."""
        head: Head | None = self.body.head_known
        index = self.body.output
        if index is None:
            return "output"
        name = self.names.of(index)
        recorded = self.body.steps[index].kind
        if recorded == "log_softmax":
            return f"exp({name})"
        if head is not None and head.function and recorded != head.function:
            return f"{head.function}({name})"
        return name

    def target(self) -> str:
        """The name of the targets."""
        head: Head | None = self.body.head_known
        chosen = 0 if head is None else head.target
        if chosen < len(self.body.targets):
            index = self.body.targets[chosen]
            name = self.names.known.get(index)
            return name if name is not None else "Y"
        return "one_hot(Y)"

    def _times(self, factor: float, text: Text) -> str:
        """A formula times the constant of the loss, by the name of the constant."""
        if abs(factor - 1) <= 1e-7:
            return text.whole()
        for constant in (*SIMPLE, *COMPOUND):
            if constant.text not in ("lr",) and abs(factor - constant.value(self.body)) <= 1e-7 * abs(factor):
                before, _, below = constant.text.partition(" / ")
                front = "-" if before in ("-1",) else "" if before == "1" else f"{before} * "
                return f"{front}{text.bracketed(2)}" + (f" / {below}" if below else "")
        return f"{factor:.6g} * {text.bracketed(2)}"


def _atom(name: str) -> str:
    return f"({name})" if " " in name else name


_DIFFERENCES = (("cross-entropy", "softmax"), ("binary cross-entropy", "sigmoid"), ("squares", ""))
"""The losses, and what they follow, whose delta is the output minus the target."""

__all__ = ["Array", "Formulas", "autograd"]
