"""Batches hold every example once, with its target, in the order that was asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn

X, Y = np.arange(22.0).reshape(11, 2), np.arange(11)


@given(st.integers(1, 30), st.integers(1, 40), st.booleans())
def test_every_example_comes_once_with_its_target(count, size, shuffle):
    X, y = np.arange(count) * 10, np.arange(count)
    parts = list(nn.batches(X, y, size, shuffle, np.random.default_rng(0)))
    assert [len(part) for part, _ in parts][:-1] == [size] * (len(parts) - 1) and 1 <= len(parts[-1][0]) <= size
    inputs, targets = (np.concatenate(side) for side in zip(*parts, strict=True))
    assert (inputs == targets * 10).all()
    assert sorted(targets) == list(range(count))
    assert shuffle or targets.tolist() == list(range(count))


def order(**options):
    return np.concatenate([targets for _, targets in nn.batches(X, Y, 4, **options)]).tolist()


def test_the_order_follows_from_the_generator():
    assert order(rng=np.random.default_rng(1)) == order(rng=np.random.default_rng(1))
    rng = np.random.default_rng(1)
    assert order(rng=rng) != order(rng=rng)
    nn.manual_seed(1)
    first = order()
    assert order() != first
    nn.manual_seed(1)
    assert order() == first


def test_the_order_is_drawn_at_the_call():
    nn.manual_seed(1)
    late = nn.batches(X, Y, 4)
    after = nn.get_rng_state()
    list(late)
    assert nn.get_rng_state() == after


def test_unshuffled_batches_are_views():
    assert all(np.shares_memory(part, X) for part, _ in nn.batches(X, Y, 4, shuffle=False))


def test_lists_do_as_well():
    assert [(a.tolist(), b.tolist()) for a, b in nn.batches([1, 2, 3], [4, 5, 6], 2, False)] == [
        ([1, 2], [4, 5]),
        ([3], [6]),
    ]


@pytest.mark.parametrize(
    "args, message",
    [
        ((X, Y[1:], 4), r"X and y must have a row for each example, got shapes \(11, 2\) and \(10,\)"),
        ((np.float64(1), Y, 4), "must have a row for each example"),
        ((X[:0], Y[:0], 4), "X: there are no rows"),
        ((X, Y, 0), "size must be 1 or more, got 0"),
        ((X, Y, 2.0), "size must be an integer"),
        ((X, Y, 4, True, 7), "generator must be a numpy.random.Generator"),
    ],
)
def test_what_makes_no_batches_is_refused_at_the_call(args, message):
    with pytest.raises((TypeError, ValueError), match=message):
        nn.batches(*args)
