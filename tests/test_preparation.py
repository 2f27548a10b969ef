"""A split keeps every example once and every class on both sides; scaling never looks at the test part."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.datasets import breast_cancer, xor
from nn.preparation import split, standardise
from nn.table import TableError


def numbered(counts):
    """Examples that carry their own row number, `counts[c]` of them in class c."""
    y = np.repeat(np.arange(len(counts)), counts)
    return np.arange(len(y))[:, None], y


@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=4),
    test=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32),
)
def test_a_split_is_a_stratified_partition(counts, test, seed):
    X, y = numbered(counts)
    X_train, X_test, y_train, y_test = split(X, y, test, seed)
    assert sorted([*X_train[:, 0], *X_test[:, 0]]) == list(range(len(y)))
    np.testing.assert_array_equal(y[X_train[:, 0]], y_train)
    np.testing.assert_array_equal(y[X_test[:, 0]], y_test)
    for label, count in enumerate(counts):
        tested = int((y_test == label).sum())
        assert 1 <= tested <= count - 1
        assert abs(tested - test * count) <= 0.5 or tested in (1, count - 1)


def test_a_split_depends_on_the_seed_alone():
    X, y = numbered([50, 50])
    np.random.seed(1)
    first = split(X, y, seed=3)
    np.random.seed(2)
    again, other = split(X, y, seed=3), split(X, y, seed=4)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0])
    assert set(first[1][:, 0]) != set(other[1][:, 0])


def test_both_parts_are_shuffled():
    X, y = numbered([100, 100])
    _, _, y_train, y_test = split(X, y)
    for part in (y_train, y_test):
        assert np.any(np.diff(part) < 0)


def test_a_split_shares_no_memory_with_its_input():
    X, y = numbered([5, 5])
    for part in split(X, y):
        part[:] = -1
    assert X.min() == y.min() == 0


def test_the_smallest_data_can_be_split():
    data = xor()
    _, _, y_train, y_test = split(data.X, data.y)
    assert sorted(y_train) == sorted(y_test) == [0, 1]


def test_breast_cancer_keeps_its_proportions():
    data = breast_cancer()
    _, _, y_train, y_test = split(data.X, data.y)
    assert np.bincount(y_test).tolist() == [42, 71]
    assert np.bincount(y_train).tolist() == [170, 286]


@pytest.mark.parametrize(
    ("counts", "options", "fragments"),
    [
        ([5, 1], {}, ["class 1 has only one row", "two"]),
        ([1, 1], {}, ["class 0 has only one row"]),
        ([5], {}, ["two classes or more", "[0]"]),
        ([], {}, ["two classes or more", "[]"]),
        ([5, 5], {"test": 0.0}, ["test must lie between 0 and 1", "0.0"]),
        ([5, 5], {"test": 1}, ["test must lie between 0 and 1"]),
        ([5, 5], {"test": float("nan")}, ["test must lie between 0 and 1", "nan"]),
        ([5, 5], {"seed": -1}, ["seed", "-1"]),
        ([5, 5], {"seed": "now"}, ["seed", "'now'"]),
    ],
)
def test_what_cannot_be_split_is_refused(counts, options, fragments):
    X, y = numbered(counts)
    with pytest.raises(TableError) as caught:
        split(X, y, **options)
    for fragment in fragments:
        assert fragment in str(caught.value)


@pytest.mark.parametrize("y", [np.zeros(3, dtype=int), np.zeros((4, 1), dtype=int)])
def test_a_class_for_each_row_is_demanded(y):
    with pytest.raises(TableError, match="one class for each of the 4 rows"):
        split(np.zeros((4, 2)), y)


def test_standardise_is_the_textbook_formula():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (40, 6)) * 10.0 ** np.arange(-3, 3), rng.normal(size=(7, 6))
    scaled_train, scaled_test = standardise(train, test)
    np.testing.assert_array_equal(scaled_train, (train - train.mean(axis=0)) / train.std(axis=0))
    np.testing.assert_array_equal(scaled_test, (test - train.mean(axis=0)) / train.std(axis=0))
    np.testing.assert_allclose(scaled_train.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(scaled_train.std(axis=0), 1, rtol=1e-14)


def test_standardise_measures_the_training_part_alone():
    train = np.random.default_rng(0).normal(size=(10, 3))
    one, _ = standardise(train, np.zeros((4, 3)))
    two, _ = standardise(train, np.full((4, 3), 1e6))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.0, 1e300, 1e-300])
@pytest.mark.parametrize("rows", [1, 3, 10, 456])
def test_a_constant_column_becomes_zero_in_both_parts(constant, rows):
    train = np.column_stack([np.full(rows, constant), np.arange(rows)])
    test = np.array([[constant, 0.0], [constant + 1, 1.0]])
    with np.errstate(all="raise", under="ignore"):
        scaled_train, scaled_test = standardise(train, test)
    assert scaled_train[:, 0].tolist() == [0.0] * rows
    assert scaled_test[:, 0].tolist() == [0.0, 0.0]
    assert not np.signbit(scaled_test[:, 0]).any()


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e307])
def test_extreme_scales_neither_overflow_nor_vanish(scale):
    train = np.array([[-3.0], [-1.0], [1.0], [3.0]]) * scale
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        scaled, _ = standardise(train, train)
    np.testing.assert_allclose(
        scaled[:, 0], np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-3 if scale < 1e-307 else 1e-15
    )


def test_standardise_computes_in_double_precision():
    train = np.array([[0.1], [0.2], [0.4]], dtype=np.float32)
    scaled_train, scaled_test = standardise(train, train)
    expected = (train.astype(float) - train.mean(dtype=float)) / train.std(dtype=float)
    np.testing.assert_allclose(scaled_train, expected, rtol=1e-15)
    np.testing.assert_allclose(scaled_test, expected, rtol=1e-15)


def test_standardise_takes_integers_and_leaves_its_input_alone():
    train, test = np.array([[1, 2], [3, 2]]), np.array([[True, False]])
    scaled_train, scaled_test = standardise(train, test)
    assert scaled_train.dtype == scaled_test.dtype == np.float64
    assert scaled_train.tolist() == [[-1, 0], [1, 0]] and scaled_test.tolist() == [[-1, 0]]
    assert train.tolist() == [[1, 2], [3, 2]]


@pytest.mark.parametrize(
    ("train", "test", "fragment"),
    [
        (np.zeros((2, 3)), np.zeros((2, 2)), r"\(2, 3\) and \(2, 2\)"),
        (np.zeros((0, 3)), np.zeros((2, 3)), "train not empty"),
        (np.zeros(3), np.zeros((2, 3)), r"\(3,\)"),
        (np.array([[np.nan], [1.0]]), np.zeros((2, 1)), "train must hold finite numbers"),
        (np.zeros((2, 1)), np.array([[np.inf]]), "test must hold finite numbers"),
    ],
)
def test_what_cannot_be_standardised_is_refused(train, test, fragment):
    with pytest.raises(TableError, match=fragment):
        standardise(train, test)
