"""Data: arrays in, batches of them out; there is no other container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from nn.checks import integer
from nn.seeding import chosen

__all__ = ["batches"]


def batches(
    X: Any, y: Any, size: int = 32, shuffle: bool = True, rng: np.random.Generator | None = None
) -> Iterator[tuple[Any, Any]]:
    """Take the examples in batches, every example once.

    Parameters
    ----------
    X : ndarray, shape (examples, ...)
    y : ndarray, shape (examples, ...)
        What belongs to each example.
    size : int
        Examples per batch; the last one has what is left over.
    shuffle : bool
        Whether to take the examples in random order, and copy them, or in the order given, as views.
    rng : numpy.random.Generator, optional
        Decides the order; nn's own by default.

    Returns
    -------
    iterator of (ndarray, ndarray)
        Rows of X, and those of y that belong to them.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> [targets.tolist() for _, targets in batches(X, y, 2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    >>> [targets.tolist() for _, targets in batches(X, y, 2, rng=np.random.default_rng(0))]
    [[2, 4], [3, 0], [1]]
    """
    X, y = paired("X", X, "y", y)
    count, size = len(X), integer("size", size)
    # Drawn now, not at the first batch, so that whoever draws next does not depend on when that is asked for.
    order = chosen(rng).permutation(count) if shuffle else None
    chunks = (slice(start, start + size) for start in range(0, count, size))
    return ((X[rows], y[rows]) for rows in (chunk if order is None else order[chunk] for chunk in chunks))


def examples(name: str, data: Any) -> tuple[Any, Any]:
    """The inputs and the targets that are given together as one argument.

    Raises
    ------
    TypeError
        Where they are no pair: an array with two rows is none.
    """
    parts = tuple(data) if isinstance(data, Iterable) and not hasattr(data, "shape") else ()
    if len(parts) != 2:
        got = f"{len(parts)} parts" if parts else f"a {type(data).__name__}"
        raise TypeError(f"{name} must be a pair (inputs, targets), such as (X, y) or a Dataset, got {got}")
    return paired(f"the inputs of {name}", parts[0], "its targets", parts[1])


def paired(X_name: str, X: Any, y_name: str, y: Any) -> tuple[Any, Any]:
    """Both as arrays with as many rows, one or more."""
    X, y = (part if hasattr(part, "shape") else np.asarray(part) for part in (X, y))
    if not X.shape or not y.shape or len(X) != len(y):
        raise ValueError(
            f"{X_name} and {y_name} must have a row for each example, got shapes {tuple(X.shape)} and {tuple(y.shape)}"
        )
    if not len(X):
        raise ValueError(f"{X_name}: there are no rows to take batches of")
    return X, y
