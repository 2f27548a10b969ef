"""The sweep in slow motion: who is visited when, what comes in, what goes to each argument, and what adds up there.

Every number comes from the engine: a visit asks it to sweep that one node. The right order is the engine's own, newest
first; the wrong ones visit a node as soon as it is reached, and show what that loses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.graph import Node, describe, tape
from autograd.primitives.elementwise import select
from autograd.readers.rule import local_cotangents
from autograd.sweep import sweep

__all__ = ["ORDERS", "Order", "Share", "Trace", "Visit", "trace"]

Reached = dict[int, Node]


@dataclass(frozen=True, slots=True)
class Order:
    """How to choose the next of the nodes that a cotangent has reached; they stand in the order they were reached."""

    key: str
    title: str
    about: str
    next: Callable[[Reached], int]


ORDERS = (
    Order(
        "newest",
        "newest first (right)",
        "A node is visited after everything that uses it, so its cotangent is complete when it passes it on.",
        max,
    ),
    Order(
        "breadth",
        "breadth first (wrong)",
        "A node is visited as soon as its turn in the queue comes: those nearest to the result first.",
        lambda reached: next(iter(reached)),
    ),
    Order(
        "depth",
        "depth first (wrong)",
        "A node is visited as soon as it is reached: each path is followed to its end.",
        lambda reached: next(reversed(reached)),
    ),
)


@dataclass(frozen=True, slots=True)
class Share:
    """What one visit adds to one argument: `before + share = after`, where nothing came before, `before` is None."""

    position: int
    share: Any
    before: Any
    after: Any
    late: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """A node, the cotangent that it had when it was visited, and what it passed on."""

    node: Node
    cotangent: Any
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A sweep in some order: the visits, and by serial what had added up at each node in the end."""

    order: Order
    visits: tuple[Visit, ...]
    gradients: dict[int, Any]

    @property
    def late(self) -> Iterator[tuple[int, Visit, Node, Share]]:
        """Every share that came to a result after that had been visited: the visit's number, and who missed what."""
        for number, visit in enumerate(self.visits, 1):
            for share in visit.shares:
                arg = visit.node.args[share.position]
                if share.late and arg.primitive is not None:
                    yield number, visit, arg, share


def trace(root: Node, seed: Any, order: Order) -> Trace:
    """Sweep from `root`, and keep a record.

    Raises
    ------
    RuntimeError
        Where the engine cannot sweep (see `autograd.sweep`), or, in the right order, sums to anything else.

    Examples
    --------
    >>> from autograd import Value
    >>> a = Value(2.0)
    >>> b = 3 * a
    >>> y = b * (b + 1)
    >>> [trace(y, None, order).gradients[a.serial] for order in ORDERS]
    [39.0, 21.0, 21.0]
    """
    with np.errstate(all="ignore"):  # nan and inf are shown, where they arise
        engine = {node.serial: cotangent for node, cotangent in sweep(root, seed)}
    below_where = _below_where(root)
    reached: Reached = {root.serial: root}
    sums = {root.serial: engine[root.serial]}
    visited: set[int] = set()
    visits = []
    while reached:
        node = reached.pop(order.next(reached))
        visited.add(node.serial)
        cotangent = sums[node.serial]
        shares = []
        for position, share in _shares(node, cotangent, node.serial in below_where):
            arg = node.args[position]
            before = sums.get(arg.serial)
            sums[arg.serial] = share if before is None else before + share
            late = arg.serial in visited
            shares.append(Share(position, share, before, sums[arg.serial], late))
        visits.append(Visit(node, cotangent, tuple(shares)))
        for share in reversed(shares) if order.key == "depth" else shares:
            arg = node.args[share.position]
            if arg.serial not in visited:
                reached.setdefault(arg.serial, arg)
    if order is ORDERS[0]:
        for visit in visits:
            if not np.array_equal(visit.cotangent, engine[visit.node.serial], equal_nan=True):
                raise RuntimeError(
                    f"steps: what {describe(visit.node)} receives does not add up to what the sweep gives it; an "
                    "operation there returns something else each time it is read."
                )
    return Trace(order, tuple(visits), sums)


def _shares(node: Node, cotangent: Any, shielded: bool) -> Iterator[tuple[int, Any]]:
    if node.primitive is not None:
        found = local_cotangents(node, cotangent, shielded=shielded)
        yield from ((position, share) for position, share in enumerate(found) if share is not None)


def _below_where(root: Node) -> set[int]:
    """The nodes whose cotangent may be 0 because a `where` did not choose them."""
    below: set[int] = set()
    for node in reversed(tape(root)):
        if node.primitive is select or node.serial in below:
            below.update(arg.serial for arg in node.args)
    return below
