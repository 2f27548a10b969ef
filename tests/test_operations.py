"""Every case of the table: its value, its first and second derivative, on Tensors and Values, float64 and float32.

What the engine is compared with is NumPy's function or a formula, and their slopes.
"""

import dataclasses
import functools
import itertools

import numpy as np
import pytest
from cases import CASES
from checker import assert_same_kind, check_first, check_second, cotangents, first, raw, reference, second, weights
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from notation import of, on
from numeric import complex_step

import autograd
from autograd import Tensor, Value
from autograd.graph import Node

drawn = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def for_each(cases):
    return pytest.mark.parametrize("case", cases, ids=[case.id for case in cases])


def tensors(case):
    return [Tensor(x) for x in case.inputs]


def with_args(case, args, note):
    return dataclasses.replace(case, call=dataclasses.replace(case.call, args=tuple(args), note=note))


def on_numbers(case):
    """The first three entries of an elementwise case, each a case whose inputs are numbers."""
    if not case.scalar or any(isinstance(arg, np.ndarray) and arg.dtype.kind != "f" for arg in case.call.args):
        return
    spread = [x.ravel() for x in np.broadcast_arrays(*case.inputs)]
    for i, entries in enumerate(itertools.islice(zip(*spread, strict=True), 3)):
        number = map(np.asarray, entries)
        args = [next(number) if isinstance(arg, np.ndarray) else arg for arg in case.call.args]
        yield with_args(case, args, f"entry {i} of {case.id}")


ON_NUMBERS = [of_one for case in CASES for of_one in on_numbers(case)]


# --- values -----------------------------------------------------------------------------------------------------------


@for_each(CASES)
def test_value(case):
    recorded = case.apply(case.operation, tensors(case))
    computed = case.apply(case.operation, case.inputs)
    for node, result, expected in zip(recorded, computed, reference(case, case.inputs), strict=True):
        assert not isinstance(result, Node)
        for got in (raw(node), result):
            assert np.shape(got) == np.shape(expected)
            np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)


ONE_PLACE = {case.operation: case for case in CASES if case.scalar and len(case.inputs) == len(case.call.args) == 1}


@for_each(ONE_PLACE.values())
def test_value_of_plain_integers(case):
    for x in (np.array([0, 1, 2]), np.array(2), 1):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(case.operation(x), case.reference(np.asarray(x)), rtol=1e-13, atol=1e-14)


@for_each(ON_NUMBERS)
def test_value_of_a_value(case):
    (expected,) = reference(case, case.inputs)
    for way in (case.operation, *case.also):
        (recorded,) = case.apply(way, [Value(x) for x in case.inputs])
        assert type(recorded) is Value, way
        assert type(recorded.data) is float, way
        assert recorded.data == pytest.approx(float(expected), rel=1e-13, abs=1e-14), way


@for_each([case for case in CASES if case.also])
def test_other_ways_to_write_it_record_the_same(case):
    cs = cotangents(case)
    expected, gradients = case.apply(case.operation, tensors(case)), first(case, tensors(case), cs)
    for way in case.also:
        written = case.apply(way, tensors(case))
        for node, other in zip(expected, written, strict=True):
            assert type(other) is type(node), way
            np.testing.assert_array_equal(raw(other), raw(node))
        for a, b in zip(first(dataclasses.replace(case, operation=way), tensors(case), cs), gradients, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("ufunc", "reduction"),
    [(np.add, np.sum), (np.multiply, np.prod), (np.maximum, np.max), (np.minimum, np.min)],
)
def test_reduce_of_a_ufunc_is_the_reduction_along_the_first_axis(ufunc, reduction):
    x = Tensor([[1.0, 5.0], [4.0, 2.0]])
    for reduced, expected in ((ufunc.reduce(x), reduction(x, axis=0)), (ufunc.reduce(x, axis=1), reduction(x, axis=1))):
        np.testing.assert_array_equal(reduced.data, expected.data)
        np.testing.assert_array_equal(
            autograd.grad(reduced, x, seed=[3.0, 7.0]), autograd.grad(expected, x, seed=[3.0, 7.0])
        )


# --- derivatives ------------------------------------------------------------------------------------------------------


@for_each(CASES)
def test_first_derivative(case):
    check_first(case)


@for_each(CASES)
def test_second_derivative(case):
    check_second(case)


@for_each(CASES)
def test_second_derivative_at_a_cotangent_of_zero(case):
    check_second(case, at_zero=True)


@for_each(ON_NUMBERS)
def test_first_derivative_of_a_value(case):
    check_first(case, Value)


@for_each(ON_NUMBERS)
def test_second_derivative_of_a_value(case):
    check_second(case, Value)
    check_second(case, Value, at_zero=True)


@for_each([case for case in CASES if case.analytic])
def test_first_derivative_by_complex_step(case):
    check_first(case, slope=complex_step, rtol=1e-11)


@for_each([case for case in CASES if len(case.inputs) > 1])
def test_constants_beside_one_variable(case):
    for i in range(len(case.inputs)):
        check_first(case, only=i)
        check_second(case, only=i)


@for_each([case for case in ON_NUMBERS if len(case.inputs) > 1])
def test_constants_beside_one_value(case):
    for i in range(len(case.inputs)):
        check_first(case, Value, only=i)
        check_second(case, Value, only=i)


@for_each(CASES)
def test_float32_stays_float32(case):
    xs = [x.astype(np.float32) for x in case.inputs]
    cs, rs = cotangents(case), weights(case, xs)
    for out in case.apply(case.operation, [Tensor(x) for x in xs]):
        assert raw(out).dtype == case.call.metadata.get("dtype", np.float32)

    def derivatives(dtype):
        x, c, r = ([Tensor(a.astype(dtype)) for a in part] for part in (xs, cs, rs))
        return [*first(case, x, c), *second(case, x, c, r)]

    singles, doubles = derivatives(np.float32), derivatives(np.float64)
    assert_same_kind(singles, [a.astype(np.float32) for a in (*xs, *xs, *cs)], Tensor)
    for single, double in zip(singles, doubles, strict=True):
        np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-5 * np.max(np.abs(double), initial=1.0))


@pytest.mark.parametrize("narrow", [np.float32, np.float64])
@pytest.mark.parametrize("wide", [np.float32, np.float64])
def test_astype_changes_the_dtype_and_hands_the_gradient_back_in_its_own(narrow, wide):
    x = Tensor([1.0, 2.0], dtype=narrow)
    y = autograd.astype(x, dtype=wide)
    assert y.dtype == wide
    gradient = autograd.grad(y * y, x, seed=[1.0, 3.0])
    assert gradient.dtype == narrow
    np.testing.assert_array_equal(gradient, [2.0, 12.0])


# --- conventions ------------------------------------------------------------------------------------------------------


CHOSEN = {
    "abs at 0": (autograd.abs, [0.0], [0.0]),
    "sign at 0": (autograd.sign, [0.0], [0.0]),
    "relu at 0": (autograd.relu, [0.0], [0.0]),
    "relu at -0": (autograd.relu, [-0.0], [0.0]),
    "leaky_relu at 0": (autograd.leaky_relu, [0.0], [0.01]),
    "elu at 0": (autograd.elu, [0.0], [1.0]),
    "maximum of equals": (autograd.maximum, [2.0, 2.0], [0.5, 0.5]),
    "minimum of equals": (autograd.minimum, [2.0, 2.0], [0.5, 0.5]),
    "clip at the upper bound": (functools.partial(autograd.clip, min=-1, max=1), [1.0], [0.5]),
    "clip at the lower bound": (functools.partial(autograd.clip, min=-1, max=1), [-1.0], [0.5]),
    "clip outside": (functools.partial(autograd.clip, min=-1, max=1), [7.0], [0.0]),
    "0 ** 0": (autograd.pow, [0.0, 0.0], [0.0, 0.0]),
    "0 ** 1": (autograd.pow, [0.0, 1.0], [1.0, 0.0]),
    "0 ** 2": (autograd.pow, [0.0, 2.0], [0.0, 0.0]),
    "x ** 0 at 0": (lambda x: x**0, [0.0], [0.0]),
    "x ** 1 at 0": (lambda x: x**1, [0.0], [1.0]),
    "x ** 2 below 0": (lambda x: x**2, [-3.0], [-6.0]),
    "0 ** x": (lambda x: 0**x, [2.0], [0.0]),
}

CHOSEN_FOR_ARRAYS = {
    "max of three equals": (autograd.max, [1.0, 3.0, 3.0, 3.0], [0.0, 1 / 3, 1 / 3, 1 / 3]),
    "min of two equals": (autograd.min, [1.0, 3.0, 1.0], [0.5, 0.0, 0.5]),
    "max along an axis": (functools.partial(autograd.max, axis=1), [[2.0, 2.0]], [[0.5, 0.5]]),
    "norm at 0": (autograd.norm, [0.0, 0.0], [0.0, 0.0]),
    "sort of equals": (lambda x: autograd.sort(x)[0], [2.0, 2.0, 3.0], [1.0, 0.0, 0.0]),
    "prod with two zeros": (autograd.prod, [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]),
    "prod that underflows": (autograd.prod, [2.0**-600, 2.0**-600, 2.0**600], [1.0, 1.0, 0.0]),
    "prod with inf": (autograd.prod, [np.inf, 2.0], [2.0, np.inf]),
}


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize(("f", "at", "slopes"), CHOSEN.values(), ids=CHOSEN)
def test_the_derivative_chosen_where_there_are_several(kind, f, at, slopes):
    nodes = [kind(x) for x in at]
    np.testing.assert_array_equal(autograd.grad(f(*nodes), nodes), slopes)


@pytest.mark.parametrize(("f", "at", "slopes"), CHOSEN_FOR_ARRAYS.values(), ids=CHOSEN_FOR_ARRAYS)
def test_the_derivative_chosen_where_an_array_has_several(f, at, slopes):
    x = Tensor(at)
    np.testing.assert_array_equal(autograd.grad(f(x), x), slopes)


# --- shapes and indices drawn at random -------------------------------------------------------------------------------

TWO_PLACES = {
    case.operation.__name__: case.operation
    for case in CASES
    if case.scalar and len(case.inputs) == len(case.call.args) == 2
}
TWO_PLACES["where"] = functools.partial(autograd.where, True)
PAIR = arrays.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=3)


def folded(gradient, shape):
    """A gradient of a stretched array, added up for the entries it was stretched from: one entry at a time."""
    places = np.broadcast_to(np.arange(np.prod(shape, dtype=int)).reshape(shape), gradient.shape)
    totals = np.bincount(places.ravel(), gradient.ravel(), minlength=np.prod(shape, dtype=int))
    return totals.reshape(shape)


@pytest.mark.parametrize("operation", TWO_PLACES.values(), ids=TWO_PLACES)
@drawn
@given(PAIR)
@example(arrays.BroadcastableShapes(input_shapes=((0, 3), (3,)), result_shape=(0, 3)))
@example(arrays.BroadcastableShapes(input_shapes=((1,), (2, 0)), result_shape=(2, 0)))
@example(arrays.BroadcastableShapes(input_shapes=((3, 1), (1, 2)), result_shape=(3, 2)))
def test_broadcasting_is_undone(operation, pair):
    """The gradients of broadcast inputs are those of inputs stretched beforehand, folded back."""
    rng = np.random.default_rng(5)
    small = [rng.uniform(0.5, 2, shape) for shape in pair.input_shapes]
    c = rng.uniform(0.5, 2, pair.result_shape)
    rs = [rng.uniform(0.5, 2, shape) for shape in pair.input_shapes]

    def derivatives(xs, rs):
        nodes = [Tensor(x) for x in xs]
        out = operation(*nodes)
        assert out.shape == pair.result_shape
        slopes = autograd.grad(out, nodes, seed=c, create_graph=True)
        curved = autograd.grad(sum(np.sum(s * r) for s, r in zip(slopes, rs, strict=True)), nodes)
        return [s.data for s in slopes] + curved

    stretched = [[np.broadcast_to(a, pair.result_shape) for a in part] for part in (small, rs)]
    for got, whole, shape in zip(derivatives(small, rs), derivatives(*stretched), pair.input_shapes * 2, strict=True):
        assert got.shape == shape
        np.testing.assert_allclose(got, folded(whole, shape), rtol=1e-12, atol=1e-13)


@drawn
@given(arrays.mutually_broadcastable_shapes(signature=np.matmul.signature, min_side=0, max_side=3, max_dims=2))
def test_matmul_of_every_pair_of_shapes(pair):
    rng = np.random.default_rng(6)
    (case,) = of(autograd.matmul, on(*map(rng.standard_normal, pair.input_shapes)), also=(np.matmul,))
    check_first(case)
    check_second(case)


@st.composite
def shapes_and_indices(draw):
    shape = draw(arrays.array_shapes(max_dims=3, max_side=3))
    kinds = [
        arrays.basic_indices(shape, allow_newaxis=True),
        arrays.integer_array_indices(shape),
        arrays.arrays(bool, shape),
    ]
    return shape, draw(st.one_of(kinds))


@drawn
@given(shapes_and_indices())
def test_indexing_sends_each_cotangent_to_the_entry_it_came_from(drawn):
    shape, index = drawn
    x = Tensor(np.arange(np.prod(shape)).reshape(shape))
    picked = x[index]
    places = x.numpy()[index]
    np.testing.assert_array_equal(picked.data, places)
    c = np.random.default_rng(7).standard_normal(np.shape(places))
    expected = np.bincount(places.astype(int).ravel(), np.ravel(c), minlength=x.size).reshape(shape)
    np.testing.assert_allclose(autograd.grad(picked, x, seed=c), expected, rtol=1e-13, atol=1e-15)
