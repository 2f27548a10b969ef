"""Slots: numbers that vary, and rows of them: what the check moves, and what it sees moving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.graph import Node, next_serial
from autograd.value import Value

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Slot:
    """A place for the numbers of one argument or of one output.

    Attributes
    ----------
    name : str
        How messages call it: ``params['W1']``.
    data : array of float64
        The numbers at which the check takes place.
    kind : type or None
        `Tensor` or `Value`; None for an output that is no node.
    dtype : dtype
        What the numbers were given in.
    label : str or None
    leaf : Node or None
        A leaf that f uses without being handed it: it is filled in place.
    """

    name: str
    data: Array
    kind: Any
    dtype: Any = np.float64
    label: str | None = None
    leaf: Node | None = None

    def filled(self, data: Array) -> Node:
        """A leaf with these numbers, in double precision."""
        primal: Any = float(data) if self.kind is Value else data.copy()
        if self.leaf is None:
            leaf: Node = self.kind.leaf(primal, label=self.label, requires_grad=True)
            return leaf
        self.leaf.primal, self.leaf.snapshot, self.leaf.changed = primal, None, next_serial()
        return self.leaf

    def entry(self, position: int) -> str:
        """The name of one of its numbers."""
        index = self.index(position)
        return f"{self.name}[{', '.join(map(str, index))}]" if index else self.name

    def index(self, position: int) -> tuple[int, ...]:
        """Where one of its numbers stands."""
        return tuple(map(int, np.unravel_index(position, self.data.shape)))


def slot_of(name: str, node: Node, *, in_place: bool = False) -> Slot:
    """A slot with the numbers of a node; ``in_place`` to vary the node itself."""
    data, dtype = np.array(node.primal, dtype=np.float64), getattr(node.primal, "dtype", np.float64)
    return Slot(name, data, node.kind, dtype, node.label, node if in_place else None)


class Row:
    """Slots side by side, their numbers in one row.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor
    >>> from autograd.check.slots import Row, Slot
    >>> row = Row([Slot("W", np.ones((2, 2)), Tensor), Slot("b", np.zeros(2), Tensor)])
    >>> row.numbers, row.entry(2), row.entry(5)
    (array([1., 1., 1., 1., 0., 0.]), 'W[1, 0]', 'b[1]')
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = list(slots)
        ends = np.cumsum([0, *[slot.data.size for slot in slots]]).tolist()
        self.places = [slice(start, stop) for start, stop in pairwise(ends)]
        self.numbers = flat([slot.data for slot in slots])

    def split(self, numbers: Array) -> list[Array]:
        """Other numbers in the shapes of the slots."""
        return [numbers[place].reshape(s.data.shape) for s, place in zip(self.slots, self.places, strict=True)]

    def at(self, position: int) -> tuple[Slot, int]:
        """The slot in which a number of the row stands, and its position there."""
        i = next(i for i, place in enumerate(self.places) if position < place.stop)
        return self.slots[i], position - self.places[i].start

    def entry(self, position: int) -> str:
        """The name of one number of the row."""
        slot, own = self.at(position)
        return slot.entry(own)


def flat(arrays: Sequence[Any], dtype: Any = np.float64) -> Array:
    """All numbers of arrays and nodes in one row."""
    parts = [np.ravel(np.asarray(a.primal if isinstance(a, Node) else a)) for a in arrays]
    return np.concatenate([np.zeros(0), *parts]).astype(dtype)
