"""A case: one operation in which something went wrong, and what can be read there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.faults.formula import number, numbers
from autograd.faults.patterns import Match, find
from autograd.graph import Node

if TYPE_CHECKING:
    from autograd.faults.origins import Edge

__all__ = ["Case", "Users", "is_elementwise", "users_of"]

Users = Mapping[int, list[Node]]
Index = tuple[int, ...]

NOTHING = Match({}, frozenset())


class Case:
    """An operation, and the entry of its result at which something went wrong.

    ``case["x"]`` and ``case["y"]`` are the numbers there of its first and second argument, ``case["out"]`` that of its
    result, ``case["g"]`` that of its cotangent. They are nan where an argument has no single number at the entry, so
    that no comparison holds. So is what a variable of the pattern ``within`` stands for.

    Parameters
    ----------
    node : Node
    users : mapping
        What every node is an argument of, by its serial.
    at : tuple of int or None
        The entry; None where the result is no array, or the whole of it is meant.
    edge : Edge, optional
        The rule that went wrong: given in the backward pass only.
    """

    def __init__(self, node: Node, users: Users, at: Index | None = None, edge: Edge | None = None) -> None:
        self.node, self.users, self.at, self.edge = node, users, at, edge
        self.match: Match = NOTHING

    @property
    def name(self) -> str:
        """The operation."""
        return "" if self.node.primitive is None else self.node.primitive.name

    @property
    def backward(self) -> bool:
        """Whether it went wrong in the operation's rule."""
        return self.edge is not None

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the result is made of; of a Value it is float64."""
        return np.asarray(self.node.primal).dtype

    def within(self, pattern: str) -> bool:
        """Whether the operation is part of such a formula; from then on its variables can be read."""
        found = find(pattern, self.node, self.users)
        if found is not None:
            self.match = found
        return found is not None

    def forget(self) -> None:
        """Read plain arguments again, not the variables of a formula."""
        self.match = NOTHING

    def of(self, name: str) -> Any:
        """What a name stands for: an array, a number, or None."""
        node = self.node
        if name == "out":
            return node.primal
        if name == "g":
            return None if self.edge is None else self.edge.g
        if name in self.match.names:
            return self.match.names[name].primal
        if f"minus_{name}" in self.match.names:
            return -self.match.names[f"minus_{name}"].primal
        place = ("x", "y").index(name) if name in ("x", "y") else len(node.args)
        return node.args[place].primal if place < len(node.args) else node.params.get(name)

    def __getitem__(self, name: str) -> float:
        return self.at_entry(self.of(name))

    def at_entry(self, primal: Any) -> float:
        """The number of an array that belongs to the entry, by broadcasting; nan where there is none."""
        if primal is None:
            return np.nan
        array = np.asarray(primal, float)
        if array.size == 1:
            return float(array.reshape(()))
        if self.at is None or not is_elementwise(self.node):
            return np.nan
        try:
            return float(np.broadcast_to(array, np.shape(self.node.primal))[self.at])
        except ValueError:
            return np.nan

    def text(self, name: str) -> str:
        """The same for a message; of many numbers their range."""
        given = self.of(name)
        entry = self.at_entry(given)
        if entry == entry or given is None or np.isnan(given).any():
            return number(entry)
        return numbers(given)


def is_elementwise(node: Node) -> bool:
    """Whether each entry of the result comes from one entry of each argument."""
    return node.primitive is not None and not node.primitive.arrays_only


def users_of(nodes: list[Node]) -> dict[int, list[Node]]:
    """What every node is an argument of, by its serial, oldest first."""
    users: dict[int, list[Node]] = {}
    for node in nodes:
        for arg in dict.fromkeys(node.args):
            users.setdefault(arg.serial, []).append(node)
    return users
