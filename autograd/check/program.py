"""A function as the check sees it: a row of numbers in, a row of numbers out, and the engine's gradient between.

The gradient of a program, for given cotangents, is a program again, of the arguments and of the cotangents: a rule is a
function of both. So one check serves every order.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.check.arguments import Arguments, Array, Slot, nodes_of
from autograd.containers import leaves
from autograd.graph import Node, tape
from autograd.tensor import Tensor
from autograd.transforms import grad
from autograd.value import Value

Run = Callable[[Sequence[Any], bool], list[Any]]

TINY = 1e-30
"""The complex step: its square is nothing beside any number."""


@dataclass(frozen=True)
class Output:
    """One output: where its numbers stand in the row, and its shape; `kind` is None for a plain number or array."""

    name: str
    place: slice
    shape: tuple[int, ...]
    kind: type[Node] | None

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return self.place.stop - self.place.start


class Program:
    """A function of slots, differentiated by the engine.

    Parameters
    ----------
    slots : list of Slot
        Its arguments.
    run : callable
        ``run(parts, record)``: the outputs for what the slots were filled with, as nodes if they are to be recorded.
    order : int
        1 for the user's function, 2 for its gradient, and so on.
    names : sequence of str
        What to call the outputs.
    plain : callable, optional
        The outputs for plain arrays, which may be complex.

    Attributes
    ----------
    x, y : array
        The numbers of the arguments, and of the outputs.
    settled, known : array of bool
        Which of them take part: an infinite gradient has no derivative, and one that is mere rounding has none either.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        run: Run,
        order: int = 1,
        names: Sequence[str] = (),
        plain: Callable[[Sequence[Any]], list[Any]] | None = None,
        argument_names: set[str] | None = None,
        output_size: Callable[[], Array] | None = None,
    ) -> None:
        self.slots = list(slots)
        self.run = run
        self.order = order
        self.plain = plain
        self.output_size = lambda: np.abs(self.y) if output_size is None else output_size()
        self.argument_names = {slot.name for slot in slots} if argument_names is None else argument_names
        ends = np.cumsum([0, *[slot.data.size for slot in slots]])
        self.places = [slice(int(a), int(b)) for a, b in zip(ends, ends[1:], strict=False)]
        self.x = np.concatenate([np.ravel(slot.data) for slot in slots])
        self.settled = np.ones(self.x.shape, dtype=bool)
        self.parts = self.fill(self.x)
        with np.errstate(all="ignore"):
            self.recorded = run(self.parts, True)
        self.outputs = list(_laid_out(self.recorded, names))
        self.y = _row(self.recorded)
        self.known = np.isfinite(self.y)

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
                y = _row(self.run(self.fill(x), False))
        except (ArithmeticError, ValueError):
            return np.full_like(self.y, np.nan)
        return y if y.shape == self.y.shape else np.full_like(self.y, np.nan)

    def complex_step(self, v: Array) -> Array | None:
        """The derivative of the outputs along v by a step that no rounding disturbs; None where f does not allow it.

        The step is taken along the imaginary axis, so it is the derivative only where f is analytic.
        """
        if self.plain is None:
            return None
        z = self.x + 1j * TINY * v
        parts: list[Any] = []
        for slot, place in zip(self.slots, self.places, strict=True):
            part = z[place].reshape(slot.data.shape)
            parts.append(part if part.ndim else complex(part))
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error")
                outs = self.plain(parts)
            complex_ones = any(np.iscomplexobj(out) for out in outs)
            derivative = _row(outs, np.complex128).imag / TINY
        except Exception:  # whatever f does not do with complex numbers
            return None
        return derivative if complex_ones and derivative.shape == self.y.shape else None

    def gradient(self, weights: Array, *, at: Array | None = None, dtypes: Sequence[Any] | None = None) -> Array:
        """The engine's gradient of the weighted sum of the outputs, in one row."""
        parts = self.fill(self.x if at is None else at, dtypes)
        with np.errstate(all="ignore"):
            outs = self.run(parts, True)
            return _row(pulled(outs, self.split(weights), parts, record=False))

    def gradient_size(self, weights: Array) -> Array:
        """The sum of the sizes of all that each entry of `gradient` is added up from."""
        parts = self.fill(self.x)
        found: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for total in paired(self.run(parts, True), self.split(weights)).values():
                found |= sizes(total)
        rows = [found.get(node.serial, np.zeros(np.shape(node.primal))) for part in parts for node in nodes_of(part)]
        return np.nan_to_num(_row(rows), nan=np.inf)

    def split(self, row: Array) -> list[Any]:
        """A row of numbers as arrays of the outputs' shapes."""
        return [row[out.place].reshape(out.shape) for out in self.outputs]

    def pullback(self, weights: Array, settled: Array) -> Program:
        """The gradient, with these cotangents, as a program of the arguments and the cotangents.

        ``settled`` are the entries of the arguments whose gradient can be relied on, and so can be differentiated.
        """
        arrays = self.split(weights)
        varying = [i for i, out in enumerate(self.outputs) if out.kind is not None]
        cotangents = [
            Slot(f"cotangent of {out.name}", arrays[i], out.kind)
            for i, out in enumerate(self.outputs)
            if out.kind is not None
        ]
        n = len(self.slots)

        def run(parts: Sequence[Any], record: bool) -> list[Any]:
            cs: list[Any] = list(arrays)
            for i, part in zip(varying, parts[n:], strict=True):
                cs[i] = part
            return pulled(self.run(parts[:n], True), cs, parts[:n], record=record)

        names = [f"the gradient of {slot.name}" for slot in self.slots for _ in range(slot.data.size if slot.boxed else 1)]
        child = Program(
            [*self.slots, *cotangents],
            run,
            self.order + 1,
            names,
            argument_names=self.argument_names,
            output_size=lambda: self.gradient_size(weights),
        )
        child.settled[: len(settled)] = settled
        child.known = settled & np.isfinite(child.y)
        return child

    def entry(self, position: int) -> str:
        """The name of one number of the arguments."""
        slot, place = self.slot_of(position)
        return slot.entry(position - place.start)

    def slot_of(self, position: int) -> tuple[Slot, slice]:
        """The slot in which a number of the row stands."""
        i = next(i for i, place in enumerate(self.places) if position < place.stop)
        return self.slots[i], self.places[i]

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


def program_of(arguments: Arguments) -> Program:
    """The user's function as a program."""

    def run(parts: Sequence[Any], record: bool) -> list[Any]:
        return _numbers(arguments.call(parts))

    def plain(parts: Sequence[Any]) -> list[Any]:
        return _numbers(arguments.call(parts, plain=True))

    return Program(arguments.slots, run, plain=plain)


def _numbers(answer: Any) -> list[Any]:
    outputs: list[Any] = []
    for leaf in leaves(answer):
        boxes = isinstance(leaf, np.ndarray) and leaf.dtype == object
        outputs += list(leaf.flat) if boxes else [leaf]
    return outputs


def paired(outs: Sequence[Any], cotangents: Sequence[Any]) -> dict[type[Node], Any]:
    """The sum of the outputs times their cotangents: one for Values, one for Tensors, which never meet in a graph."""
    totals: dict[type[Node], Any] = {}
    for out, c in zip(outs, cotangents, strict=True):
        if isinstance(out, Node):
            number = (out * c).sum() if isinstance(out, Tensor) else out * (c if isinstance(c, Node) else float(c))
            totals[out.kind] = totals[out.kind] + number if out.kind in totals else number
    return totals


def pulled(outs: Sequence[Any], cotangents: Sequence[Any], parts: Sequence[Any], *, record: bool) -> list[Any]:
    """The gradients of the paired outputs for all nodes in ``parts``: one for a node, one for each Value of an array."""
    totals = paired(outs, cotangents)
    nodes = [node for part in parts for node in nodes_of(part)]
    found: dict[int, Any] = {node.serial: np.zeros(np.shape(node.primal)) for node in nodes}
    for kind, total in totals.items():
        mine = [node for node in nodes if node.kind is kind]
        found |= dict(zip([n.serial for n in mine], grad(total, mine, create_graph=record), strict=True))
    return [found[node.serial] for node in nodes]


def sizes(root: Node) -> dict[int, Any]:
    """For each leaf, by its serial, the sum of the sizes of all that its gradient is added up from.

    A sweep in which nothing cancels: what cancels in the real one leaves rounding errors of this size behind.
    """
    found: dict[int, Any] = {root.serial: np.ones_like(root.primal)}
    for node in reversed(tape(root)):
        if node.primitive is None or node.serial not in found:
            continue
        g, args = found.pop(node.serial), [arg.primal for arg in node.args]
        for arg, rule in zip(node.args, node.primitive.rules_for(len(args)), strict=True):
            if arg.requires_grad:
                d = rule(g, node.primal, *args, **node.params)
                size = np.abs(arg.kind.fit(d, arg.primal))  # type: ignore[attr-defined]
                found[arg.serial] = found[arg.serial] + size if arg.serial in found else size
    return found


def _row(outs: Sequence[Any], dtype: Any = np.float64) -> Array:
    """All numbers of the outputs in one row."""
    arrays = [np.ravel(np.asarray(out.primal if isinstance(out, Node) else out)) for out in outs]
    return np.concatenate([np.zeros(0), *arrays]).astype(dtype)


def _laid_out(outs: Sequence[Any], names: Sequence[str]) -> Any:
    start = 0
    for i, out in enumerate(outs):
        primal = out.primal if isinstance(out, Node) else out
        if primal is None or np.asarray(primal).dtype.kind not in "fiub":
            what = "None; does it lack a return?" if primal is None else f"{type(primal).__name__}, no numbers"
            raise TypeError(f"check_grads: the function returned {what}")
        stop = start + np.size(primal)
        name = names[i] if names else ("the output" if len(outs) == 1 else f"output {i}")
        kind = out.kind if isinstance(out, Node) else None
        yield Output(name, slice(start, stop), np.shape(primal), kind)
        start = stop
