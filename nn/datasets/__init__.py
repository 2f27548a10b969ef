"""Small data sets that need no download: each function returns a fresh :class:`Dataset`.

Nothing is read before a function is called. The README.md beside the files gives their source, licence and citation.
"""

import gzip
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset", "breast_cancer", "xor"]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A table of examples, and the class of each.

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

    def __repr__(self) -> str:
        counts = np.bincount(self.y, minlength=len(self.target_names))
        classes = ", ".join(f"{name!r}: {count}" for name, count in zip(self.target_names, counts, strict=True))
        return f"Dataset({self.X.shape[0]} examples, {self.X.shape[1]} features, classes {{{classes}}})"


def breast_cancer() -> Dataset:
    """Load the Wisconsin diagnostic breast cancer data: 569 masses, 30 measurements of their cell nuclei.

    **Class 1 is benign, class 0 is malignant**, as in scikit-learn, so that results can be compared.

    Returns
    -------
    Dataset
        `X` of shape (569, 30), `y` of shape (569,) with 357 ones.

    Examples
    --------
    >>> data = breast_cancer()
    >>> data
    Dataset(569 examples, 30 features, classes {'malignant': 212, 'benign': 357})
    >>> data.feature_names[0], float(data.X[0, 0]), data.target_names[data.y[0]]
    ('mean radius', 17.99, 'malignant')
    """
    from importlib.resources import files  # here, because it takes longer to import than all else in this module

    with files(__name__).joinpath("breast_cancer.csv.gz").open("rb") as packed, gzip.open(packed, "rt") as lines:
        *feature_names, _ = next(lines).split(",")
        table = np.loadtxt(lines, delimiter=",")
    return Dataset(
        X=np.ascontiguousarray(table[:, :-1]),
        y=table[:, -1].astype(np.int64),
        feature_names=tuple(feature_names),
        target_names=("malignant", "benign"),
        citation="Wolberg, W., Mangasarian, O., Street, N., & Street, W. (1993). Breast Cancer Wisconsin (Diagnostic) "
        "[Dataset]. UCI Machine Learning Repository. https://doi.org/10.24432/C5DW2B",
        licence="CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        source="UCI Machine Learning Repository, https://doi.org/10.24432/C5DW2B",
    )


def xor() -> Dataset:
    """Make the truth table of exclusive or: the smallest data that no single neuron can learn.

    Returns
    -------
    Dataset
        `X` of shape (4, 2), `y` of shape (4,): class 1 where x1 and x2 differ.

    Examples
    --------
    >>> data = xor()
    >>> for row, target in zip(data.X, data.y):
    ...     print(row, target)
    [0. 0.] 0
    [0. 1.] 1
    [1. 0.] 1
    [1. 1.] 0
    """
    return Dataset(
        X=np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        y=np.array([0, 1, 1, 0]),
        feature_names=("x1", "x2"),
        target_names=("equal", "different"),
        licence="none needed",
        source="the truth table of exclusive or",
    )
