"""Prepares a table for training: a part is set aside for testing, and every column is put on the same scale."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.table import TableError

__all__ = ["split", "standardise"]


def split(
    X: NDArray[Any], y: NDArray[Any], test: float = 0.2, seed: int | np.random.Generator = 0
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Shuffle the examples and set a share of every class aside for testing.

    Both parts hold every class, in the proportions of the whole as nearly as whole rows allow.

    Parameters
    ----------
    X : ndarray, shape (examples, ...)
        The examples.
    y : ndarray, shape (examples,)
        The class of each; two classes or more, each with two examples or more.
    test : float
        The share of each class to set aside, between 0 and 1.
    seed : int or numpy.random.Generator
        The same integer gives the same split.

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarray
        Copies of the chosen rows.

    Raises
    ------
    TableError
        If the lengths differ, `test` or `seed` is out of range, or a class cannot stand in both parts.

    Examples
    --------
    >>> X_train, X_test, y_train, y_test = split(np.arange(20).reshape(10, 2), np.array([0, 1] * 5))
    >>> X_train.shape, X_test.shape
    ((8, 2), (2, 2))
    >>> sorted(y_test.tolist())
    [0, 1]
    """
    if y.ndim != 1 or len(X) != len(y):
        raise TableError(f"y must hold one class for each of the {len(X)} rows of X; its shape is {y.shape}")
    if not 0 < test < 1:
        raise TableError(f"test must lie between 0 and 1, the share of rows to set aside; it is {test}")
    try:
        rng = np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise TableError(f"seed must be an integer from 0 up or a numpy.random.Generator; it is {seed!r}") from None
    classes = np.unique(y)
    if len(classes) < 2:
        raise TableError(f"y must hold two classes or more; it holds {classes.tolist()}")

    for_training, for_testing = [], []
    for label in classes:
        rows = rng.permutation(np.flatnonzero(y == label))
        if len(rows) < 2:
            raise TableError(f"class {label} has only one row; it takes two, one to train on and one to test on")
        count = min(max(round(test * len(rows)), 1), len(rows) - 1)
        for_testing.append(rows[:count])
        for_training.append(rows[count:])
    training = rng.permutation(np.concatenate(for_training))
    testing = rng.permutation(np.concatenate(for_testing))
    return X[training], X[testing], y[training], y[testing]


def standardise(train: NDArray[Any], test: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give every column mean 0 and standard deviation 1, as measured on the training part alone.

    A column that is constant in the training part says nothing there and becomes 0 in both parts.

    Parameters
    ----------
    train : ndarray, shape (examples, features)
        The part to measure; one row or more.
    test : ndarray, shape (other examples, features)
        The part that is moved and scaled by the same amounts.

    Returns
    -------
    train, test : ndarray of float64
        New arrays of the same shapes.

    Raises
    ------
    TableError
        If the shapes do not fit, or a number is nan or infinite.

    Examples
    --------
    >>> train, test = standardise(np.array([[1.0, 7.0], [3.0, 7.0]]), np.array([[5.0, 8.0]]))
    >>> train
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> test
    array([[3., 0.]])
    """
    if train.ndim != 2 or test.ndim != 2 or not len(train) or train.shape[1] != test.shape[1]:
        raise TableError(
            f"train and test must be tables with the same columns, train not empty; "
            f"their shapes are {train.shape} and {test.shape}"
        )
    for name, part in (("train", train), ("test", test)):
        if not np.isfinite(part).all():
            raise TableError(f"{name} must hold finite numbers only; it holds nan or inf")

    # Powers of two scale exactly: the result is the plain formula's, but 1e300 does not overflow when squared.
    train, test = train.astype(np.float64), test.astype(np.float64)
    exponent = np.frexp(np.abs(train).max(axis=0))[1]
    train, test = np.ldexp(train, -exponent), np.ldexp(test, -exponent)
    # Rounding can leave a constant column with a deviation just above 0, hence the comparison of its extremes.
    varies = train.max(axis=0) > train.min(axis=0)
    mean, deviation = train.mean(axis=0), np.where(varies, train.std(axis=0), 1.0)
    return np.where(varies, (train - mean) / deviation, 0.0), np.where(varies, (test - mean) / deviation, 0.0)
