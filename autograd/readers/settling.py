"""Heights for what stands in one column: as near to its wishes as order and distance allow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

__all__ = ["settle"]


def settle(column: Sequence[Any], wishes: Sequence[float]) -> None:
    """Give the items of a column the heights nearest to their wishes (least squares) that keep order and distance.

    Measured from where a tightly packed column would put each item, the heights may not decrease: an isotonic
    regression, solved by pooling neighbours that violate it into blocks that move together.
    """
    packed = [0.0]
    for upper, lower in pairwise(column):
        packed.append(packed[-1] + (upper.height + lower.height) / 2 + max(upper.gap, lower.gap))
    blocks: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, packed, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            above, many = blocks.pop()
            mean, count = (mean * count + above * many) / (count + many), count + many
        blocks.append((mean, count))
    shifts = [mean for mean, count in blocks for _ in range(count)]
    for item, offset, shift in zip(column, packed, shifts, strict=True):
        item.y = offset + shift
