"""A small heat picture of an array: blue below zero, white at zero, red above, on the array's own scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.readers.elements import INFINITE, NOT_A_NUMBER, Grid

__all__ = ["COLD_TO_HOT", "HEAT_LEGEND", "heat_picture"]

COLD_TO_HOT = (
    "#2166ac",
    "#4393c3",
    "#92c5de",
    "#d1e5f0",
    "#ffffff",
    "#fddbc7",
    "#f4a582",
    "#d6604d",
    "#b2182b",
)
MOST_CELLS = 16

HEAT_LEGEND = (
    ("", "each array on its own scale: below 0"),
    *((colour, "") for colour in COLD_TO_HOT),
    ("", "above 0"),
    (NOT_A_NUMBER, "nan"),
    (INFINITE, "inf"),
)


def heat_picture(array: np.ndarray[Any, Any]) -> Grid:
    """The colours of an array's cells, row by row.

    More than two axes are written below each other; of more than 16 rows or columns each cell shows the entry of the
    largest magnitude in a block, so that nothing that stands out is averaged away.

    Examples
    --------
    >>> import numpy as np
    >>> heat_picture(np.array([[-1.0, 0.0, 1.0, np.nan]]))
    (('#2166ac', '#ffffff', '#b2182b', '#9775fa'),)
    """
    flat = np.asarray(array, dtype=float).reshape(-1, array.shape[-1] if array.ndim else 1)
    flat = _extremes(_extremes(flat, 0), 1)
    finite = np.isfinite(flat)
    scale = np.abs(flat[finite]).max(initial=0.0) or 1.0
    middle = len(COLD_TO_HOT) // 2
    levels = np.rint(np.where(finite, flat, 0.0) / scale * middle).astype(int) + middle
    return tuple(
        tuple(
            COLD_TO_HOT[level] if good else NOT_A_NUMBER if entry != entry else INFINITE
            for level, good, entry in zip(*line, strict=True)
        )
        for line in zip(levels.tolist(), finite.tolist(), flat.tolist(), strict=True)
    )


def _extremes(array: np.ndarray[Any, Any], axis: int) -> np.ndarray[Any, Any]:
    """Along one axis at most `MOST_CELLS` blocks, each as its entry of largest magnitude; a nan wins."""
    size = array.shape[axis]
    if size <= MOST_CELLS:
        return array
    blocks = np.array_split(array, MOST_CELLS, axis)
    keys = [np.argmax(np.where(np.isnan(block), np.inf, np.abs(block)), axis, keepdims=True) for block in blocks]
    return np.concatenate([np.take_along_axis(b, k, axis) for b, k in zip(blocks, keys, strict=True)], axis)
