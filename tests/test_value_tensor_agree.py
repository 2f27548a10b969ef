"""Value and Tensor give the same numbers on every input, the infinite and the undefined included."""

import itertools

import numpy as np
import pytest
from cases import CASES
from checker import raw

import autograd
from autograd import Tensor, Value

GRID = [-np.inf, -1000.0, -40.0, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 40.0, 1000.0, np.inf, np.nan]


def one_for_each_operation():
    """Elementwise cases that differ in more than the numbers and shapes of their inputs."""
    found = {}
    for case in CASES:
        others = [arg for arg in case.call.args if not isinstance(arg, np.ndarray)]
        if case.scalar and len(others) + len(case.inputs) == len(case.call.args):
            pattern = [isinstance(arg, np.ndarray) for arg in case.call.args]
            found.setdefault((case.operation, str((pattern, others, case.call.metadata))), case)
    return list(found.values())


UNLIKE = one_for_each_operation()


def assert_equal(got, expected, of_size=0.0):
    """Equal, both nan, or within 4 steps of a floating-point number as large as the expected one, or as ``of_size``."""
    got, expected = np.asarray(got, float), np.asarray(expected, float)
    near = np.abs(got - expected) <= 4 * np.spacing(np.maximum(np.abs(expected), of_size))
    wrong = ~(near | (got == expected) | (np.isnan(got) & np.isnan(expected)))
    assert not wrong.any(), f"at {np.argwhere(wrong).ravel().tolist()}: {got[wrong]} instead of {expected[wrong]}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", UNLIKE, ids=[case.id for case in UNLIKE])
def test_value_and_tensor_agree_everywhere(case):
    points = list(itertools.product(GRID, repeat=len(case.inputs)))
    columns = [np.array(column) for column in zip(*points, strict=True)]
    tensors = [Tensor(column) for column in columns]
    weights = [np.random.default_rng(i).uniform(0.5, 2, len(points)) for i in range(len(columns))]

    (out,) = case.apply(case.operation, tensors)
    slopes = autograd.grad(out, tensors, seed=np.ones(len(points)), create_graph=True)
    curvatures = autograd.grad(sum(np.sum(d * w) for d, w in zip(slopes, weights, strict=True)), tensors)

    for k, point in enumerate(points):
        values = [Value(x) for x in point]
        (of_value,) = case.apply(case.operation, values)
        assert_equal(of_value.data, out.data[k])
        first = autograd.grad(of_value, values, create_graph=True)
        second = autograd.grad(sum(d * w[k] for d, w in zip(first, weights, strict=True)), values)
        # A slope may be a small difference of large numbers, as in 1 - tanh(x)**2.
        for got, expected in zip([*first, *second], [*slopes, *curvatures], strict=True):
            assert_equal(raw(got), raw(expected)[k], of_size=1.0)
    if case.also:
        # The last way to write it is the operator, where there is one: NumPy's versions differ in np.power(-inf, 0.5).
        assert_equal(out.data, case.apply(case.also[-1], columns)[0])
