"""The right formula for a gradient, in the notation of the one who made the mistake.

It is not stored: the rule that the engine reads is read on named nodes, and what it records is written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import copy
from functools import partial, reduce
from operator import add
from typing import Any

import numpy as np

import autograd
from autograd.doctor.anatomy import Anatomy
from autograd.doctor.constants import COMPOUND, SIMPLE
from autograd.doctor.expression import FUNCTIONS, GAP, PRODUCT, SUM, Constant, Text, Writer
from autograd.doctor.head import Head
from autograd.doctor.measure import residual
from autograd.doctor.names import Names
from autograd.doctor.replay import Replay
from autograd.doctor.retell import ACTIVATIONS
from autograd.doctor.steps import Step, pull
from autograd.graph import Node
from autograd.sweep import unbroadcast
from autograd.tensor import Tensor

LONGEST = 120
"""The longest formula that is shown."""

FAILURES = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, AssertionError)
"""What reading a rule on named nodes may raise: a rule may be made for arrays only."""

_GAPS = (GAP, "a constant")

_OPEN = ("sigmoid", "tanh", "softmax", "log_softmax", "exp", "log")
"""Functions whose derivative is written out; of the others it is named, as relu'(z1)."""


class Formulas:
    """Writes gradients down in terms of named deltas and named values.

    Parameters
    ----------
    body : Anatomy
    names : Names
    scale : float
        How many times the gradient all claimed deltas are, by convention: the parameters' gradients take that back.
    """

    def __init__(self, body: Anatomy, names: Names, scale: float = 1.0) -> None:
        self.body = body
        self.names = names
        self.scale = scale
        self.true = Replay(body)
        self.deltas = {layer.z for layer in body.layers}
        self.named = {*body.claimed, *self.deltas}
        self.count = "m" if "m" not in names.known.values() else "N"
        constants = (*SIMPLE, *COMPOUND) if body.examples > 1 else ()
        fractions = [(constant.value(body), constant.text.partition(" / ")) for constant in constants]
        if _meant_over_all(body):
            fractions.sort(key=lambda named: "n" not in named[1][2])
        self.writer = Writer(
            [
                Constant(value, above.removesuffix("1"), below.replace("m", self.count))
                for value, (above, _, below) in fractions
                if "m" in below
            ]
        )

    def gradient(self, index: int) -> str:
        """The gradient of a step; "" where it would be no formula that one writes by hand.

        What is written is computed once, and not shown where it is not the gradient.
        """
        written = self._gradient(index)
        if not written or len(written) > LONGEST or any(gap in written for gap in _GAPS):
            return ""
        return written if self._holds(index) else ""

    def _gradient(self, index: int) -> str:
        try:
            text = self._head(index) or self.writer.text_of(self._expanded(index))
            return self.writer.whole(text.times(self._scale(index)))
        except FAILURES:
            return ""

    def _scale(self, index: int) -> float:
        """How many times its gradient a step is given by convention: deltas are, parameters are not."""
        return 1.0 if index in self.body.params and index not in self.body.inputs else self.scale

    def _holds(self, index: int) -> bool:
        """Whether a formula gives the gradient; one that names a derivative, relu'(z), is not computed."""
        formula = copy(self)
        formula.names = self.names.numbered()
        written = formula._gradient(index)
        if "'" in written:
            return True
        scope = {name: getattr(autograd, name) for name in FUNCTIONS} | {"sum": np.sum, "np": np}
        scope["softmax"] = partial(autograd.softmax, axis=self.body.class_axis)
        scope |= {self.count: self.body.examples, "n": self.body.outputs}
        scope |= {name: self.body.steps[i].primal for i, name in formula.names.known.items()}
        scope |= {formula.names.delta(i): self.true.value(i) * self._scale(i) for i in self.named}
        scope |= {"one_hot": np.asarray} | dict(zip(["Y"], self.body.target_arrays()[self._target() :], strict=False))
        try:
            value = np.asarray(eval(written, scope))
        except Exception:
            return False
        return residual(value, self.true.value(index) * self._scale(index)) <= 1e-5  # six digits

    def definitions(self, formulas: Iterable[str]) -> dict[str, str]:
        """The formulas of deltas that other formulas speak of, by their names."""
        found: dict[str, str] = {}
        spoken = " ".join(formulas)
        for index in sorted(self.deltas - self.body.claimed):  # a delta speaks of those that are newer
            name = self.names.delta(index)
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", spoken):
                made = self.names.made(index)
                found[name] = self.gradient(index) or ("" if GAP in made else f"the gradient at {made}")
                spoken += f" {found[name]}"
        return {name: formula for name, formula in reversed(found.items()) if formula}

    def slope(self, s: int, i: int) -> str:
        """The derivative of a function of one argument, as a factor."""
        g = Tensor(np.ones_like(self.body.steps[s].primal))
        try:
            if "softmax" in self.body.steps[s].kind:
                g = Tensor(self.true.handed(s), label="g")
            return self._whole(self._part(s, i, g))
        except FAILURES:
            return ""

    def product(self, s: int, i: int) -> str:
        """What a product contributes to one of its operands."""
        return self._whole(self._part(s, i, self._delta(s)))

    def slip(self, s: int, i: int, evaluate: Any) -> str:
        """A derivative with a slip in it, as it was written."""
        step: Step = self.body.steps[s]
        g = Tensor(self.true.handed(s), label="g") if "softmax" in step.kind else Tensor(np.ones_like(step.primal))
        return self._whole(evaluate(g, self._value(s), self._value(step.args[i])))

    def _whole(self, node: Any) -> str:
        return self.writer.whole(self.writer.text_of(node))

    # --- what the formulas are made of ---------------------------------------------------------------------------

    def _value(self, index: int) -> Any:
        """A forward value, by its name."""
        step: Step = self.body.steps[index]
        if index not in self.names.known and step.primal.size == 1 and step.primitive is None:
            return Tensor(step.primal)
        return Tensor(step.primal, label=self.names.of(index))

    def _delta(self, index: int) -> Any:
        """The gradient of a step, by its name, or in terms of those that have one."""
        layer = next((layer for layer in self.body.layers if layer.product == index), None)
        if layer is not None and layer.z != index and self.body.steps[layer.z].shape == self.body.steps[index].shape:
            index = layer.z
        if index in self.named:
            named = Tensor(self.true.value(index), label=self.names.delta(index))
            return named * (1 / self.scale) if self.scale != 1 else named
        return self._expanded(index)

    def _expanded(self, index: int) -> Any:
        """The gradient of a step as the sum of what its uses contribute."""
        uses = self.body.steps.uses[index]
        if not uses:
            return Tensor(np.ones_like(self.body.steps[index].primal))
        by_user: dict[int, Any] = {}
        for s, i in uses:
            part = self._part(s, i, self._delta(s))
            by_user[s] = by_user[s] + part if s in by_user else part
        penalties = () if index in self.body.penalties else by_user.keys() & self.body.penalties
        for s in penalties:  # a strength of 0.1 is no 1 / m, even where m is 10
            by_user[s] = Tensor(by_user[s].primal, label=Writer().whole(Writer().text_of(by_user[s])))
        return reduce(add, by_user.values())

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
        if step.kind == "matmul" and 1 in (primals[0].ndim, primals[1].ndim):
            return _of_vectors(g, primals, i)
        part = step.primitive.rules_for(len(primals))[i](g, self._value(s), *primals, **step.params)
        return unbroadcast(part, primals[i].primal) if isinstance(part, Node) else Tensor(part)

    # --- the output ----------------------------------------------------------------------------------------------

    def _head(self, index: int) -> Text | None:
        """The delta of a known loss, at the last z or at the output."""
        head: Head | None = self.body.head_known
        last = self.body.last
        if head is None or last is None or index not in (last.z, last.activation):
            return None
        a, y = self.output(), self.target()
        error = Text(head.factor, f"{a} - {y}", SUM)
        if index == last.z:
            if head.loss == "squares" and last.activation is not None:
                g = Tensor(np.ones(self.body.steps[index].shape), label=f"({a} - {y})")
                return self.writer.text_of(self._part(last.activation, 0, g)).times(head.factor)
            return error if (head.loss, head.function) in _DIFFERENCES else None
        if head.loss == "squares":
            return error
        if head.loss == "binary cross-entropy":
            return Text(head.factor, f"(1 - {y}) / (1 - {a}) - {y} / {a}", SUM)
        if head.loss == "cross-entropy" and self.body.steps[index].kind != "log_softmax":
            return Text(-head.factor, f"{y} / {a}", PRODUCT)
        return None

    def output(self) -> str:
        """The name of the network's output."""
        head: Head | None = self.body.head_known
        index = self.body.output
        if index is None:
            return "output"
        name = self.names.of(index)
        recorded = self.body.steps[index].kind
        if recorded == "log_softmax":
            z = self.body.steps[index].args[0]
            return f"exp({name})" if index in self.names.told else f"softmax({self.names.of(z)})"
        if head is not None and head.function and recorded != head.function:
            return f"{head.function}({name})"
        return name

    def target(self) -> str:
        """The name of the targets."""
        chosen = self._target()
        if chosen >= len(self.body.targets):
            return "one_hot(Y)"
        index = self.body.targets[chosen]
        negated = index not in self.names.told and not np.any(self.body.steps[index].primal > 0)
        return "Y" if negated else self.names.known.get(index, "Y")

    def _target(self) -> int:
        """Which of the arrays that may be the targets are."""
        return 0 if self.body.head_known is None else int(self.body.head_known.target)


def _meant_over_all(body: Anatomy) -> bool:
    """Whether the loss is a mean over all outputs of all examples, so that 2 / (m * n) is meant even where n is 2."""
    size = body.examples * body.outputs
    means = (step for step in map(body.steps.__getitem__, body.head) if step.kind == "mean")
    return body.outputs > 1 and any(body.steps[step.args[0]].primal.size == size for step in means)


def _of_vectors(g: Any, operands: list[Any], i: int) -> Any:
    """What a product with a vector hands to an operand, as one writes it."""
    x, y = operands
    if x.ndim == y.ndim == 1:
        return g * operands[1 - i]
    if operands[i].ndim == 1:
        return operands[1 - i].T @ g if i == 1 else operands[1 - i] @ g
    left, right = (g, y) if i == 0 else (x, g)
    writer = Writer()
    texts = ", ".join(writer.whole(writer.text_of(vector)) for vector in (left, right))
    return Tensor(np.outer(left.primal, right.primal), label=f"np.outer({texts})")


_DIFFERENCES = (("cross-entropy", "softmax"), ("binary cross-entropy", "sigmoid"), ("squares", ""))
"""The losses, and what they follow, whose delta is the output minus the target."""
