"""Heights for what stands in columns: as near to its wishes as order and distance allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograd.readers.layout import Item

__all__ = ["bring_level", "settle"]

SWEEPS = 16

Array = np.ndarray[Any, np.dtype[np.float64]]


def settle(column: Sequence[Any], wishes: Sequence[float]) -> None:
    """Give the items of a column the heights nearest to their wishes (least squares) that keep order and distance."""
    for item, y in zip(column, _nearest(np.array(wishes), _packed(column)).tolist(), strict=True):
        item.y = y


def bring_level(columns: Sequence[Sequence[Item]]) -> None:
    """Bring every item as level with those that it is wired to as order and spacing allow."""
    items = [item for column in columns for item in column]
    number = {item: i for i, item in enumerate(items)}
    packed = [_packed(column) for column in columns]
    pulls = [_Pull(column, number) for column in columns]
    places = [slice(start, stop) for start, stop in pairwise(accumulate(map(len, columns), initial=0))]
    y = np.concatenate([np.zeros(0), *(_nearest(np.zeros(len(offsets)), offsets) for offsets in packed)])
    for sweep in range(SWEEPS):
        for at in range(len(columns)) if sweep % 2 else reversed(range(len(columns))):
            y[places[at]] = _nearest(pulls[at].wishes(y, y[places[at]]), packed[at])
    for item, height in zip(items, y.tolist(), strict=True):
        item.y = height


class _Pull:
    """What pulls at the items of one column: for each wire, which item, and what is at its other end."""

    def __init__(self, column: Sequence[Item], number: Mapping[Item, int]) -> None:
        wires = [(i, number[link.tail], link.drop, link.weight) for i, item in enumerate(column) for link in item.left]
        wires += [
            (i, number[link.head], -link.drop, link.weight) for i, item in enumerate(column) for link in item.right
        ]
        table = np.array(wires, dtype=float).reshape(-1, 4)
        self.pulled, self.by = table[:, 0].astype(np.intp), table[:, 1].astype(np.intp)
        self.drops, self.weights = table[:, 2], table[:, 3]
        self.totals = np.bincount(self.pulled, self.weights, minlength=len(column))

    def wishes(self, y: Array, own: Array) -> Array:
        """Where each item would be level with what it is wired to: the mean, weighted; else where it is."""
        sums = np.bincount(self.pulled, self.weights * (y[self.by] + self.drops), minlength=len(own))
        return np.divide(sums, self.totals, out=own.copy(), where=self.totals > 0)


def _packed(column: Sequence[Any]) -> Array:
    """Where each item of a column would be if they stood as close together as they may."""
    distances = ((upper.height + lower.height) / 2 + max(upper.gap, lower.gap) for upper, lower in pairwise(column))
    return np.array(list(accumulate(distances, initial=0.0))[: len(column)])


def _nearest(wishes: Array, packed: Array) -> Array:
    """The heights nearest to the wishes: measured from where a packed column has each item, they may not decrease.

    That is an isotonic regression, solved by pooling neighbours that violate it into blocks that move together.
    """
    blocks: list[tuple[float, int]] = []
    for wish in (wishes - packed).tolist():
        mean, count = wish, 1
        while blocks and blocks[-1][0] > mean:
            above, many = blocks.pop()
            mean, count = (mean * count + above * many) / (count + many), count + many
        blocks.append((mean, count))
    shifts = np.repeat([mean for mean, _ in blocks], [count for _, count in blocks])
    return packed + shifts if blocks else packed
