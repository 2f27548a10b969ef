"""Dataset: a table of examples with the class of each, and where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset"]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A table of examples, and the class of each; ``X, y = data`` takes it apart.

    Attributes
    ----------
    X : ndarray of float64, shape (examples, features)
        One row per example.
    y : ndarray of int64, shape (examples,)
        The class of each row, an index into `target_names`.
    feature_names : tuple of str
        A name for each column of `X`.
    target_names : tuple of str
        A name for each class.
    citation, licence, source : str
        Whom to cite, what use is allowed, where the data come from.
    """

    X: NDArray[np.float64]
    y: NDArray[np.int64]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    citation: str = ""
    licence: str = ""
    source: str = ""

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return iter((self.X, self.y))

    def __repr__(self) -> str:
        counts = np.bincount(self.y, minlength=len(self.target_names))
        classes = ", ".join(f"{name!r}: {count}" for name, count in zip(self.target_names, counts, strict=True))
        return f"Dataset({self.X.shape[0]} examples, {self.X.shape[1]} features, classes {{{classes}}})"
