"""The sweep run again with mistakes made in it: the doctor's only instrument.

A replay knows no derivative. It reads the primitives' own rules, as the engine's sweep does, and lets a `Change` say
where one is to be read differently: at an edge, whose contribution is replaced, or at a step, whose whole gradient is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.steps import Array, Edge, Step, Steps, fit, pull

EdgeRule = Callable[["Replay", int, int], Array]
"""(replay, step, argument) -> the contribution to that argument."""

StepRule = Callable[["Replay", int, Array], Array]
"""(replay, step, its gradient) -> its gradient, mistaken."""

Jitter = Callable[[Array], Array]
"""Another rounding of the same array."""


class Inapplicable(ValueError):
    """A mistake that cannot be made here: the shapes would not fit, as they would not in NumPy."""


@dataclass(frozen=True)
class Mistake:
    """An entry of the catalogue.

    Attributes
    ----------
    name : str
        Short and fixed: "at-output".
    description : str
        One line, for somebody who browses the catalogue.
    says : str
        A sentence for a student, with the fields that a change's words fill in.
    """

    name: str
    description: str
    says: str


@dataclass(frozen=True, eq=False)
class Change:
    """A mistake made at certain places of the sweep.

    Attributes
    ----------
    mistake : Mistake
        Its entry in the catalogue.
    edges : mapping of (step, argument) to rule
        Contributions that are computed in another way.
    steps : mapping of step to rule
        Gradients that are changed when they are complete.
    reads : callable, optional
        ``reads(steps)`` gives forward values that the rules read instead of the recorded ones.
    words : mapping
        What the sentence about it speaks of: texts, and numbers of steps to be named.
    kinds : tuple of str
        Of what it may have been made everywhere: "sigmoid".
    everywhere : str
        Of what it was.
    members : tuple of Change
        The mistakes at each place, where it is made at several.
    cost : float
        How far-fetched it is; of several that fit, the cheapest is believed.
    solve : callable, optional
        For a mistake with a number t in it, in which the gradients are linear: ``solve(anatomy, t)`` gives the changes
        with that number, none if it is no number that one would take. This change itself is the one with t = 1.
    entries : int
        How many entries a claim must have to show that number.
    free : callable, optional
        ``free(t)`` gives the change with a number that stands for nothing known; believed where a claim of several
        entries shows it.
    zero : Change, optional
        The one with t = 0, where that is not to make no mistake at all.
    """

    mistake: Mistake
    edges: Mapping[Edge, EdgeRule] = field(default_factory=dict)
    steps: Mapping[int, StepRule] = field(default_factory=dict)
    reads: Callable[[Anatomy], Mapping[int, Array]] | None = None
    words: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    everywhere: str = ""
    members: tuple[Change, ...] = ()
    cost: float = 1.0
    zero: Change | None = None
    solve: Callable[[Anatomy, float], list[Change]] | None = None
    entries: int = 1
    free: Callable[[float], list[Change]] | None = None

    @staticmethod
    def together(members: Sequence[Change], everywhere: str) -> Change:
        """The same mistake at several places at once."""
        if len(members) == 1:
            return members[0]
        return replace(
            members[0],
            edges={edge: rule for change in members for edge, rule in change.edges.items()},
            steps={index: rule for change in members for index, rule in change.steps.items()},
            kinds=(),
            everywhere=everywhere,
            members=tuple(members),
        )


class Replay:
    """A sweep over steps, with its changes; gradients of leaves are computed when they are asked for."""

    def __init__(self, body: Anatomy, given: Mapping[int, Array] | None = None, jitter: Jitter | None = None) -> None:
        self.body = body
        self.steps: Steps = body.steps
        self.given: Mapping[int, Array] = given or {}
        """Gradients that somebody claims, handed on instead of those computed."""
        self.changes: tuple[Change, ...] = ()
        self._jitter = jitter
        self._edges: dict[Edge, EdgeRule] = {}
        self._rules: dict[int, tuple[StepRule, ...]] = {}
        self._reads: dict[int, Array] = {}
        self._parts: dict[Edge, Array] = {}
        self._values: dict[int, Array] = {}
        self._leaves: dict[int, Array] = {}
        self._swept: set[int] = set()
        self._sweep({self.steps.root}, set())
        self._swept = set(self.given)

    # --- what the rules of changes may ask ----------------------------------------------------------------------

    def primal(self, index: int) -> Array:
        """The forward value of a step, as the rules read it."""
        read = self._reads.get(index)
        step: Step = self.steps[index]
        return step.primal if read is None else read

    def handed(self, index: int) -> Array:
        """The cotangent that a step's rules are given."""
        claimed = self.given.get(index)
        return self._values[index] if claimed is None else claimed

    def raw(
        self,
        index: int,
        i: int,
        g: Array | None = None,
        out: Array | None = None,
        swap: Mapping[int, Array] | None = None,
    ) -> Array:
        """The contribution of a step to its i-th argument, from other readings where they are given."""
        step: Step = self.steps[index]
        primals = [self.primal(arg) for arg in step.args]
        for j, array in (swap or {}).items():
            primals[j] = array
        return pull(
            step, i, self.handed(index) if g is None else g, self.primal(index) if out is None else out, primals
        )

    def part(self, index: int, i: int, **readings: Any) -> Array:
        """The same, with broadcasting undone."""
        return fit(self.raw(index, i, **readings), self.primal(self.steps[index].args[i]))

    def plain(self, index: int) -> Array:
        """The gradient of a step before its own changes."""
        parts = [self._part(edge) for edge in self.steps.uses[index]]
        if not parts:
            return np.ones_like(self.steps[index].primal)
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def value(self, index: int) -> Array:
        """The gradient of a step, with all changes."""
        if self.steps[index].primitive is not None:
            return self._values[index]
        value = self._leaves.get(index)
        if value is None:
            value = self._leaves[index] = self._changed(index, self.plain(index))
        return value

    # --- the sweep -----------------------------------------------------------------------------------------------

    def made(self, *changes: Change) -> Replay:
        """This sweep with further mistakes; only what they reach is computed again.

        Raises
        ------
        ValueError
            Where a mistake cannot be made: the shapes would not fit.
        """
        new = object.__new__(Replay)
        new.body, new.steps, new.given, new._jitter = self.body, self.steps, self.given, self._jitter
        new.changes = self.changes + changes
        new._edges, new._rules, new._reads = dict(self._edges), dict(self._rules), dict(self._reads)
        new._parts, new._values, new._swept = dict(self._parts), dict(self._values), self._swept
        totals: set[int] = set()
        edges: set[Edge] = set()
        for change in changes:
            new._edges.update(change.edges)
            edges |= change.edges.keys()
            for index, rule in change.steps.items():
                new._rules[index] = (*new._rules.get(index, ()), rule)
                totals.add(index)
            if change.reads is not None:
                reads = change.reads(self.body)
                new._reads.update(reads)
                edges |= {(index, i) for index in reads for i in range(len(self.steps[index].args))}
                edges |= {
                    (step.index, i)
                    for step in self.steps
                    for i in range(len(step.args))
                    if any(arg in reads for arg in step.args)
                }
        mistaken = {self.steps[s].args[i] for s, i in new._edges} | new._rules.keys()
        new._leaves = {i: value for i, value in self._leaves.items() if i not in mistaken}
        new._sweep(totals, edges)
        return new

    def _sweep(self, totals: set[int], edges: set[Edge]) -> None:
        """Complete the gradients of ``totals`` and compute the contributions of ``edges``, and all that follows."""
        steps, values, parts = self.steps, self._values, self._parts
        by_step: dict[int, list[int]] = {}
        for index, i in edges:
            by_step.setdefault(index, []).append(i)
        waiting = [-index for index in totals | by_step.keys()]
        heapq.heapify(waiting)
        done = -1
        while waiting:
            index = -heapq.heappop(waiting)
            step: Step = steps[index]
            if index == done or not step.tracked or step.primitive is None:
                continue
            done = index
            emitted: Any = by_step.get(index, ())
            if index in totals:
                values[index] = self._checked(index, self._changed(index, self.plain(index)))
                if index not in self.given or index not in self._swept:
                    emitted = range(len(step.args))
            elif index not in values:
                continue  # nothing flows here
            tracked = [i for i in emitted if steps[step.args[i]].tracked]
            leaves = [i for i in tracked if steps[step.args[i]].primitive is None]
            for i in leaves:  # computed when they are asked for, which may be for what follows here
                parts.pop((index, i), None)
                self._leaves.pop(step.args[i], None)
            for i in tracked:
                if i not in leaves:
                    arg = step.args[i]
                    parts[index, i] = self._checked(arg, self._contribution((index, i)))
                    if arg not in totals:
                        totals.add(arg)
                        heapq.heappush(waiting, -arg)

    def _contribution(self, edge: Edge) -> Array:
        rule = self._edges.get(edge)
        part = self.part(*edge) if rule is None else rule(self, *edge)
        return part if self._jitter is None else self._jitter(part)

    def _part(self, edge: Edge) -> Array:
        part = self._parts.get(edge)
        if part is None:
            part = self._contribution(edge)
            if edge not in self._edges:  # a changed one may look at any cotangent of this sweep
                self._parts[edge] = part
        return part

    def _changed(self, index: int, value: Array) -> Array:
        for rule in self._rules.get(index, ()):
            value = rule(self, index, value)
        return value

    def _checked(self, index: int, value: Array) -> Array:
        if value.shape != self.steps[index].shape:
            raise Inapplicable(f"a gradient of shape {value.shape} for a step of shape {self.steps[index].shape}")
        return value
