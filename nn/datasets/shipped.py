"""The data sets in this folder: real measurements, exact and complete."""

import numpy as np

from nn.datasets.dataset import Dataset

__all__ = ["breast_cancer", "digits", "iris"]


def _shipped(file: str, target_names: tuple[str, ...], creators: str, title: str, doi: str) -> Dataset:
    """The table in a file of this folder, whose last column is the class."""
    import gzip  # here, because they take longer to import than all else in this package
    from importlib.resources import files

    with files(__package__).joinpath(file).open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8") as lines:
        *feature_names, _ = next(lines).split(",")
        table = np.loadtxt(lines, delimiter=",")
    place = f"https://doi.org/{doi}"
    return Dataset(
        X=np.ascontiguousarray(table[:, :-1]),
        y=table[:, -1].astype(np.int64),
        feature_names=tuple(feature_names),
        target_names=target_names,
        citation=f"{creators} {title} [Dataset]. UCI Machine Learning Repository. {place}",
        licence="CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        source=f"UCI Machine Learning Repository, {place}",
    )


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
    return _shipped(
        "breast_cancer.csv.gz",
        ("malignant", "benign"),
        "Wolberg, W., Mangasarian, O., Street, N., & Street, W. (1993).",
        "Breast Cancer Wisconsin (Diagnostic)",
        "10.24432/C5DW2B",
    )


def digits() -> Dataset:
    """Load 1,797 handwritten digits: images of 8 by 8 pixels, each from 0 (paper) to 16 (ink).

    Returns
    -------
    Dataset
        `X` of shape (1797, 64), the rows of an image one after the other; `y` of shape (1797,), the digits.

    Examples
    --------
    >>> X, y = digits()
    >>> print(y[0])
    0
    >>> for row in X[0].reshape(8, 8).astype(int):
    ...     print("".join(" .:-=+*#%@"[ink * 9 // 16] for ink in row).rstrip())
      :#+
      #%+%:
     .%. *=
     :*  ==
     :=  +=
     :*  *-
     .#:+*
      -#+
    """
    return _shipped(
        "digits.csv.gz",
        tuple("0123456789"),
        "Alpaydin, E., & Kaynak, C. (1998).",
        "Optical Recognition of Handwritten Digits",
        "10.24432/C50P49",
    )


def iris() -> Dataset:
    """Load Fisher's irises: 150 flowers of three species, the length and width of their sepals and petals.

    Returns
    -------
    Dataset
        `X` of shape (150, 4), in centimetres; `y` of shape (150,), fifty of each species.

    Examples
    --------
    >>> iris()
    Dataset(150 examples, 4 features, classes {'setosa': 50, 'versicolor': 50, 'virginica': 50})
    """
    return _shipped(
        "iris.csv.gz",
        ("setosa", "versicolor", "virginica"),
        "Fisher, R. A. (1936).",
        "Iris",
        "10.24432/C56C76",
    )
