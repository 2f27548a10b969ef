"""Tensor: a NumPy array in the graph, its own copy of the data, and gradients of its own shape and dtype."""

import contextlib

import numpy as np
import pytest

import autograd
from autograd import Tensor, no_grad, tape

RNG = np.random.default_rng(7)


# --- what a Tensor holds ----------------------------------------------------------------------------------------------


def test_a_tensor_holds_a_copy():
    source = np.array([1.0, 2.0])
    t = Tensor(source)
    source[0] = 9.0
    assert t.data.tolist() == [1.0, 2.0]
    numbers = t.numpy()
    numbers[0] = 7.0
    assert t.data.tolist() == [1.0, 2.0]
    detached = t.detach()
    detached.data[0] = 5.0
    assert t.data.tolist() == [1.0, 2.0] and not detached.requires_grad


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (3, np.float64),
        ([1, 2], np.float64),
        ([True, False], np.float64),
        (np.arange(3, dtype=np.uint8), np.float64),
        (np.ones(2, np.float16), np.float64),
        (np.ones(2, np.longdouble), np.float64),
        (np.ones(2, np.float32), np.float32),
        (np.float32(1), np.float32),
        (np.ones(2, ">f8"), np.float64),
        ((), np.float64),
    ],
)
def test_float32_stays_and_everything_else_becomes_float64(data, dtype):
    t = Tensor(data)
    assert t.dtype == dtype and type(t.data) is np.ndarray and t.data.dtype.isnative
    assert t.shape == np.shape(data)
    np.testing.assert_array_equal(t.data, data)


def test_the_dtype_can_be_chosen():
    assert Tensor([1.0], dtype=np.float32).dtype == np.float32 == Tensor([1.0], dtype="float32").dtype
    assert Tensor(np.ones(1, np.float32), dtype=float).dtype == np.float64


def test_shape_and_size_and_transposes():
    t = Tensor(RNG.normal(size=(2, 3, 4)))
    assert (t.shape, t.ndim, t.size, len(t)) == ((2, 3, 4), 3, 24, 2)
    np.testing.assert_array_equal(t.T.data, t.data.T)
    np.testing.assert_array_equal(t.mT.data, t.data.transpose(0, 2, 1))
    with pytest.raises(TypeError, match="0-d"):
        len(Tensor(1.0))


def test_item_reads_one_number():
    assert Tensor([[2.5]]).item() == 2.5 and type(Tensor(2.5).item()) is float
    with pytest.raises(ValueError, match=r"'w'.*holds 2"):
        Tensor([1.0, 2.0], label="w").item()
    assert f"{Tensor(2.5):.2f}" == "2.50"


def test_repr_shows_data_and_if_there_dtype_gradient_and_label():
    t = Tensor([1.0, 2.0], label="w")
    assert repr(t) == "Tensor([1., 2.], label='w')"
    (t * t).sum().backward()
    assert "grad=[2., 4.]" in repr(t)
    of_rows = Tensor([[0.0, 1.0], [2.0, 3.0]])
    (of_rows * of_rows).sum().backward()
    assert repr(of_rows).split("\n") == [
        "Tensor([[0., 1.],", "        [2., 3.]],", "       grad=[[0., 2.],", "             [4., 6.]])"
    ]  # fmt: skip
    assert "float32" in repr(Tensor(1.0, dtype=np.float32)) and "grad" not in repr(Tensor(1.0))


def test_comparisons_are_plain_arrays():
    t = Tensor([1.0, 2.0, 3.0])
    for result in (t > 1.5, t >= 2, t != 1, t == np.array([0.0, 2.0, 3.0]), t > Tensor([1.0, 1.0, 1.0])):
        assert type(result) is np.ndarray and result.dtype == bool and result.tolist() == [False, True, True]
    assert bool(Tensor(1.0)) and not bool(Tensor([0.0]))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(t)


def test_iteration_gives_the_rows_as_nodes():
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    first, second = t
    (first * 2 + second * 3).sum().backward()
    assert t.grad.tolist() == [[2.0, 2.0], [3.0, 3.0]]


def test_methods_are_the_functions():
    x = RNG.normal(size=(2, 3, 4))
    t = Tensor(x)
    pairs = [
        (t.sum(axis=0), x.sum(axis=0)),
        (t.mean(axis=(0, 2)), x.mean(axis=(0, 2))),
        (t.var(axis=1, ddof=1), x.var(axis=1, ddof=1)),
        (t.std(), x.std()),
        (t.max(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)),
        (t.prod(axis=1), x.prod(axis=1)),
        (t.cumsum(axis=2), x.cumsum(axis=2)),
        (t.reshape(4, -1), x.reshape(4, -1)),
        (t.reshape((4, 6)), x.reshape(4, 6)),
        (t.ravel(), x.ravel()),
        (t.flatten(), x.flatten()),
        (t.transpose(2, 0, 1), x.transpose(2, 0, 1)),
        (t.transpose((2, 0, 1)), x.transpose(2, 0, 1)),
        (t.transpose(), x.T),
        (t.swapaxes(0, 2), x.swapaxes(0, 2)),
        (t[:, :1].squeeze(1), x[:, 0]),
        (t.repeat(2, axis=1), x.repeat(2, axis=1)),
        (t.take([2, 0], axis=1), x.take([2, 0], axis=1)),
        (t[0].dot(x[1].T), x[0].dot(x[1].T)),
        (t[0].trace(), x[0].trace()),
        (t.clip(-0.5, 0.5), x.clip(-0.5, 0.5)),
        (t.exp(), np.exp(x)),
        (t.tanh(), np.tanh(x)),
        (abs(t), abs(x)),
        (+t, x),
        (-t, -x),
        (t**2, x**2),
        (2**t, 2**x),
        (x[0] @ t[1].T, x[0] @ x[1].T),
    ]
    for ours, theirs in pairs:
        assert isinstance(ours, Tensor) and ours.requires_grad
        np.testing.assert_allclose(ours.data, theirs, rtol=1e-14)
        assert ours.shape == np.shape(theirs)
    assert t.argmax() == x.argmax() and (t.argmin(axis=1) == x.argmin(axis=1)).all()
    assert (t.argsort(axis=0) == x.argsort(axis=0)).all() and t.tolist() == x.tolist()
    zeros = np.array([[0.0, 2.0], [0.0, 0.0]])
    assert Tensor(zeros).any(axis=1).tolist() == [True, False] and not Tensor(zeros).all()


# --- unusual memory ---------------------------------------------------------------------------------------------------

LAYOUTS = {
    "reversed": lambda: np.arange(12.0).reshape(3, 4)[::-1, ::-1],
    "Fortran": lambda: np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "strided": lambda: np.arange(48.0).reshape(6, 8)[::2, ::2],
    "broadcast": lambda: np.broadcast_to(np.arange(4.0), (3, 4)),
    "read-only": lambda: np.frombuffer(np.arange(12.0).tobytes()).reshape(3, 4),
    "unaligned": lambda: np.frombuffer(b"\0" + np.arange(12.0).tobytes(), offset=1).reshape(3, 4),
    "empty": lambda: np.zeros((3, 0)),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_layout_in_memory_does_not_matter(layout):
    x = layout()
    w, constant = Tensor(x), layout()
    loss = np.sum(w * constant + w[::-1] * 2 + w.T.reshape(x.shape))
    loss.backward()
    np.testing.assert_array_equal(w.grad, x + 2 + 1)
    assert loss.item() == np.sum(x * x + 3 * x)
    w.data -= w.grad
    w.data[...] = 1.0
    assert w.grad.flags.writeable and w.data.tolist() == np.ones(x.shape).tolist()


def test_zero_dimensional_tensors_stay_arrays():
    x = Tensor(3.0, label="x")
    y = x * x + 1
    y.backward()
    assert all(type(node.data) is np.ndarray and node.data.shape == () for node in (x, y))
    assert type(x.grad) is np.ndarray and x.grad == 6.0
    x.grad[...] = 0.0
    y.backward()
    assert x.grad == 6.0


def test_empty_tensors_have_empty_gradients():
    t = Tensor(np.zeros((0, 3)))
    loss = np.sum(t @ np.ones((3, 2))) + np.sum(t[:0] ** 2) + 1.0
    loss.backward()
    assert loss.item() == 1.0 and t.grad.shape == (0, 3)
    with pytest.raises(ValueError, match="max"):
        t.max()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_is_an_array_like_any_other():
    m = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    t, plain = Tensor(m), Tensor(np.array(m))
    assert type(t.data) is np.ndarray and (t * t).data.tolist() == [[1.0, 4.0], [9.0, 16.0]]
    loss = np.sum(plain * m)
    loss.backward()
    assert loss.item() == 30.0 and plain.grad.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert type(plain.grad) is np.ndarray


# --- dtype ------------------------------------------------------------------------------------------------------------


def test_float32_goes_through_a_whole_network_and_back():
    W = Tensor(RNG.normal(size=(3, 2)), dtype=np.float32)
    b = Tensor(np.zeros(2), dtype=np.float32)
    X = RNG.normal(size=(5, 3)).astype(np.float32)
    h = np.tanh(X @ W + b)
    loss = np.mean((autograd.softmax(h) - 0.5) ** 2) + 0.1 * np.sum(np.abs(W)) / 2 + np.var(h[1:3]) ** 0.5
    loss.backward()
    assert {node.data.dtype for node in tape(loss) if isinstance(node, Tensor)} == {np.dtype(np.float32)}
    assert W.grad.dtype == b.grad.dtype == np.float32


def test_a_gradient_has_the_dtype_of_its_leaf_where_dtypes_meet():
    w, c = Tensor([1.0, 2.0], dtype=np.float32), np.array([0.1, 0.2])
    product = w * c
    assert product.dtype == np.float64
    product.sum().backward()
    assert w.grad.dtype == np.float32
    np.testing.assert_array_equal(w.grad, c.astype(np.float32))
    assert w.astype(np.float64).dtype == np.float64 and (Tensor([1.0]) * np.longdouble(2)).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.bool_])
def test_integer_constants_do_not_overflow_on_the_way_back(dtype):
    k = np.array([100 if dtype == np.int8 else 200], dtype=dtype)
    number = float(k[0])
    for f, slope in [
        (lambda t: autograd.atan2(t, k), number / (number**2 + 1)),
        (lambda t: autograd.atan2(k, t), -number / (number**2 + 1)),
        (lambda t: np.hypot(t, k), 1 / np.hypot(1, number)),
        (lambda t: t**k, number),
        (lambda t: k / t, -number),
        (lambda t: autograd.logaddexp(t, k), 1 / (1 + np.exp(number - 1))),
    ]:
        t = Tensor([1.0])
        f(t).backward()
        np.testing.assert_allclose(t.grad, [slope], rtol=1e-12)
    big = Tensor([1e10])
    (big ** np.array([0], dtype=np.uint8)).backward()
    assert big.grad.tolist() == [0.0]


# --- gradients, from closed forms -------------------------------------------------------------------------------------


def test_linear_regression_has_its_textbook_gradient():
    X, y = RNG.normal(size=(20, 3)), RNG.normal(size=20)
    w, b = Tensor(RNG.normal(size=3)), Tensor(0.3)
    np.mean((X @ w + b - y) ** 2).backward()
    residual = X @ w.data + 0.3 - y
    np.testing.assert_allclose(w.grad, 2 / 20 * X.T @ residual, rtol=1e-13)
    np.testing.assert_allclose(b.grad, 2 / 20 * residual.sum(), rtol=1e-13)


def test_cross_entropy_of_a_softmax_has_its_textbook_gradient():
    logits, labels = Tensor(RNG.normal(size=(6, 4))), np.array([0, 3, 1, 1, 2, 0])
    p = np.exp(logits.data) / np.exp(logits.data).sum(axis=1, keepdims=True)
    for loss in (
        -np.mean(autograd.log_softmax(logits, axis=1)[np.arange(6), labels]),
        -np.mean(np.log(autograd.softmax(logits, axis=1)[np.arange(6), labels])),
        np.mean(autograd.logsumexp(logits, axis=1) - logits[np.arange(6), labels]),
    ):
        logits.zero_grad()
        loss.backward()
        np.testing.assert_allclose(logits.grad, (p - np.eye(4)[labels]) / 6, rtol=1e-12, atol=1e-15)


def test_a_thousand_steps_of_gradient_descent_solve_least_squares():
    X, y = RNG.normal(size=(30, 3)), RNG.normal(size=30)
    w = Tensor(np.zeros(3), label="w")
    for _ in range(1_000):
        w.zero_grad()
        (np.sum((X @ w - y) ** 2) / 2).backward()
        w.data -= 0.02 * w.grad
    np.testing.assert_allclose(w.data, np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-9)


# --- each gradient is an array of its own -----------------------------------------------------------------------------


def test_gradients_of_leaves_share_no_memory():
    x, y, z = (Tensor([1.0, 2.0]) for _ in range(3))
    (x + y - (-z)).sum().backward()
    x.grad *= 100.0
    y.grad[0] = -5.0
    assert z.grad.tolist() == [1.0, 1.0] and y.grad.tolist() == [-5.0, 1.0]
    (x + y).sum().backward()
    assert x.grad.tolist() == [101.0, 101.0] and y.grad.tolist() == [-4.0, 2.0]


def test_gradients_of_results_share_no_memory_that_can_be_written():
    x = Tensor([1.0, 2.0])
    a, b = x * 2, x * 3
    (a + b).sum().backward()
    with contextlib.suppress(ValueError):  # read-only is as good
        a.grad *= 100.0
    assert b.grad.tolist() == [1.0, 1.0] and x.grad.tolist() == [5.0, 5.0]


def test_a_seed_is_not_kept_by_reference():
    for seed in (np.array([1.0, 2.0]), Tensor([1.0, 2.0])):
        x = Tensor([3.0, 4.0])
        y = +x
        y.backward(seed)
        (seed if isinstance(seed, np.ndarray) else seed.data)[0] = 99.0
        assert x.grad.tolist() == [1.0, 2.0] == y.grad.tolist()


def test_gradients_from_grad_share_no_memory_and_can_be_written():
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    gx, gy, again = autograd.grad((x + y).sum(), [x, y, x])
    gx *= 0.1
    again[0] = 7.0
    assert gy.tolist() == [1.0, 1.0] and gx.tolist() == [0.1, 0.1]
    ga, gb = autograd.grad(lambda a, b: np.sum(a + b), (0, 1))(np.ones(2), np.ones(2))
    ga += 1.0
    assert gb.tolist() == [1.0, 1.0] and ga.tolist() == [2.0, 2.0]


def test_results_under_no_grad_share_no_memory_with_their_arguments():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    loss = (x * x).sum()
    with no_grad():
        views = [x.reshape(4), x.T, x[0], x.ravel(), x[...], np.expand_dims(x, 0), x.mT, x[:, None]]
    for view in views:
        view.data[...] = 99.0
    assert x.data.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    loss.backward()
    assert x.grad.tolist() == [[2.0, 4.0], [6.0, 8.0]]


def test_a_primitive_may_return_its_argument():
    @autograd.primitive(lambda g, out, x: g)
    def same(x):
        return x

    x = Tensor([1.0, 2.0])
    y = same(x)
    assert not y.data.flags.writeable
    x.data[0] = 5.0
    assert x.data.tolist() == [5.0, 2.0]
