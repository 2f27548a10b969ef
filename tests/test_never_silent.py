"""Never silently wrong: what would give a wrong gradient is an error that names the node and the remedy."""

import contextlib
import copy
import math
import pickle
import re
import sys
import threading

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, grad, no_grad, primitive, scalars, where
from autograd.graph import fingerprint

CHANGED = r"'w' .*was changed after it was used.*Compute the forward pass again"


def test_a_second_backward_counts_once_more_not_through_stale_intermediates():
    x = Value(3.0)
    y = x * x
    z = y * y
    z.backward()
    z.backward()
    assert x.grad == 2 * 4 * 3.0**3
    t = Tensor([1.0, 2.0])
    out = (np.exp(t) * t).sum()
    out.backward()
    once = t.grad.copy()
    out.backward()
    np.testing.assert_array_equal(t.grad, 2 * once)


# --- data changed between forward and backward ----------------------------------------------------------------------


def assign(w):
    w.data = w.data * 2


def add_in_place(w):
    w.data += 1.0


def write_an_entry(w):
    w.data[0] = 9.0


def write_then_read(w):
    w.data[0] = 9.0
    w.data  # noqa: B018 - reading once more must not hide the write


def write_through_a_view(w):
    w.data[1:][:] = 7.0


def fill(w):
    w.data.fill(3.0)


@pytest.mark.parametrize("change", [assign, add_in_place])
def test_a_value_changed_between_forward_and_backward(change):
    w = Value(3.0, label="w")
    y = w * w + w
    change(w)
    with pytest.raises(RuntimeError, match=CHANGED):
        y.backward()
    assert w.grad is None


@pytest.mark.parametrize("change", [assign, add_in_place, write_an_entry, write_then_read, write_through_a_view, fill])
@pytest.mark.parametrize("use", [lambda w: (w * w).sum(), lambda w: np.dot(w, w), lambda w: (w.reshape(-1) ** 2).sum()])
def test_a_tensor_changed_between_forward_and_backward(change, use):
    w = Tensor([1.0, 2.0], label="w")
    y = use(w)
    change(w)
    with pytest.raises(RuntimeError, match=CHANGED):
        y.backward()
    assert w.grad is None


def test_a_write_through_an_alias_held_from_before():
    w = Tensor([1.0, 2.0], label="w")
    alias = w.data
    y = (w * w).sum()
    alias[0] = 9.0
    with pytest.raises(RuntimeError, match=CHANGED):
        y.backward()


def one_hot_moved(a):
    a[0, 1], a[0, 2] = 0, 1


def two_exchanged(a):
    a[[3, 900]] = a[[900, 3]]


def beside_nan(a):
    a[5, 1:4] = 50.0


def beside_a_large_number(a):
    a[7, 3] += 1e-8


@pytest.mark.parametrize("write", [one_hot_moved, two_exchanged, beside_nan, beside_a_large_number])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("as_leaf", [True, False])
def test_a_write_into_a_large_array(write, dtype, order, as_leaf):
    Y = np.asarray(np.random.default_rng(0).normal(size=(1797, 11)) * 1e-3, dtype, order=order)
    Y[0] = np.eye(11)[1]
    Y[4, 4], Y[7, 4] = np.nan, 1e9
    p = Tensor(np.ones(Y.shape, dtype))
    y = Tensor(Y)
    loss = np.sum(p * (y if as_leaf else Y))
    loss.backward()
    write(y.data if as_leaf else Y)
    with pytest.raises(RuntimeError, match="was changed after it was used"):
        loss.backward()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_no_exchange_of_two_entries_and_no_write_escapes_a_fingerprint(dtype):
    array = np.random.default_rng(0).normal(size=(1 << 16) // np.dtype(dtype).itemsize + 1).astype(dtype)
    before = fingerprint(array)
    for i in range(1, array.size):
        array[[0, i]] = array[[i, 0]]
        assert fingerprint(array) != before, i
        array[[0, i]] = array[[i, 0]]
    assert fingerprint(array) == before
    for i in range(array.size):
        was = array[i]
        array[i] = np.nextafter(was, dtype(np.inf))
        assert fingerprint(array) != before, i
        array[i] = was


def test_a_constant_leaf_and_a_buffer_that_is_filled_again():
    w, x = Tensor([1.0, 2.0], label="w"), Tensor([3.0, 4.0], label="x", requires_grad=False)
    y = (w * x).sum()
    x.data = [5.0, 6.0]
    with pytest.raises(RuntimeError, match=r"'x' .*was changed"):
        y.backward()
    for shape in ((2,), (300, 300)):
        batch, v = np.ones(shape), Tensor(np.ones(shape))
        y = (v * batch).sum()
        batch += 1
        with pytest.raises(RuntimeError, match="was changed"):
            y.backward()


def test_a_list_given_as_metadata_is_taken_as_it_was():
    w, order = Tensor(np.arange(8.0).reshape(2, 2, 2)), [0, 2, 1]
    of_several = [np.transpose(w, order), w.transpose(order)]
    order[:] = [1, 0, 2]
    pad = [[0, 1], [1, 0]]
    v = Tensor([[1.0, 2.0]])
    of_nested = np.pad(v, pad)
    pad[0][0] = 1
    weights = np.arange(8.0).reshape(2, 2, 2)
    for y in of_several:
        assert autograd.grad(np.sum(y * weights), w).tolist() == weights.transpose(0, 2, 1).tolist()
    assert autograd.grad(np.sum(of_nested * [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]), v).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "spread",
    [
        lambda x: autograd.leaky_relu(x, negative_slope=np.array([0.1, 0.2, 0.3])),
        lambda x: autograd.elu(x, alpha=np.array([0.1, 0.2, 0.3])),
        lambda x: autograd.clip(x, min=np.array([-3.0, -4.0, 0.0])),
    ],
)
def test_metadata_that_spreads_the_argument(spread):
    x = Tensor([[-2.0], [-1.0]])
    spread(x).sum().backward()
    assert x.grad.shape == (2, 1)
    in_one_row = Tensor(np.broadcast_to(x.data, (2, 3)))
    spread(in_one_row).sum().backward()
    assert x.grad == pytest.approx(in_one_row.grad.sum(axis=1, keepdims=True), rel=1e-15)


@pytest.mark.parametrize("number", [np.int64(2), np.float64(2), np.float32(2), np.int8(2), 2, 2.0])
def test_numbers_of_numpys_leave_float32_what_it_is(number):
    x = Tensor(np.ones(3, np.float32))
    for y in (x * number, number - x, x**number, autograd.leaky_relu(x, negative_slope=number), x.clip(max=number)):
        y.sum().backward()
        assert y.dtype == np.float32 and x.grad.dtype == np.float32


def test_the_grad_of_a_number_is_an_array_too():
    a = Tensor([1.0, 2.0])
    s = a.sum()
    for times in (1, 2):
        (s * s).backward()
        assert isinstance(s.grad, np.ndarray) and s.grad.shape == () and s.grad == times * 6
    b = Tensor(3.0)
    for _ in range(2):
        (b * b).backward()
        assert isinstance(b.grad, np.ndarray) and b.grad.shape == ()
    b.grad += 1
    assert b.grad == 13


def test_an_argument_is_given_once():
    with pytest.raises(TypeError, match="sum got several values for axis"):
        Tensor([[1.0, 2.0]]).sum(0, axis=1)


def test_indices_and_conditions_are_taken_as_they_were():
    w = Tensor([1.0, 2.0, 3.0])
    index, chosen = np.array([0, 1]), np.array([True, False, True])
    y = w[index].sum() + where(chosen, w, 0.0).sum()
    index[0], chosen[:] = 2, False
    y.backward()
    np.testing.assert_array_equal(w.grad, [2.0, 1.0, 1.0])


def test_changing_after_backward_is_how_training_works():
    w, v = Tensor([1.0, 2.0]), Value(1.0)
    alias = w.data
    for _ in range(1000):
        w.zero_grad(), v.zero_grad()
        (w * w).sum().backward()
        (v * v).backward()
        alias -= 0.01 * w.grad
        v.data -= 0.01 * v.grad
    np.testing.assert_allclose(w.data, np.array([1.0, 2.0]) * 0.98**1000, rtol=1e-9)
    assert math.isclose(v.data, 0.98**1000, rel_tol=1e-9)


def test_an_old_graph_stays_refused_after_new_ones_were_made():
    w = Value(2.0, label="w")
    old = w * w
    w.data = 3.0
    new = w * w
    new.backward()
    assert w.grad == 6.0
    with pytest.raises(RuntimeError, match=CHANGED):
        (old + new).backward()
    assert w.grad == 6.0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))])
def test_a_copy_of_a_stale_graph_is_as_stale(copied):
    w = Value(2.0, label="w")
    y = w * w
    w.data = 5.0
    with pytest.raises(RuntimeError, match=CHANGED):
        copied(y).backward()


def test_results_cannot_be_changed():
    for w in (Value(2.0, "w"), Tensor([2.0], "w")):
        y = w * w
        y.label = "y"
        with pytest.raises(RuntimeError, match=r"'y' .*cannot be assigned: change a leaf"):
            y.data = w.data
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 1.0


def test_under_no_grad_a_view_is_no_back_door():
    x = Tensor([1.0, 2.0])
    z = (x * x).sum()
    with no_grad():
        y = x.reshape(-1)
    y.data[0] = 99.0
    z.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


# --- leaving the graph without noticing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "leave",
    [
        lambda v, t: math.exp(v),
        lambda v, t: float(v),
        lambda v, t: float(t),
        lambda v, t: int(v),
        lambda v, t: np.asarray(t),
        lambda v, t: np.array(t, dtype=np.float32),
        lambda v, t: np.array([v, v], dtype=float),
    ],
)
def test_a_tracked_node_is_no_plain_number(leave):
    with pytest.raises(TypeError, match=r"drop .*from the graph without a trace|drop it from the graph"):
        leave(Value(1.0), Tensor([1.0]))


def test_without_tracking_it_is():
    assert float(Value(2.0, requires_grad=False)) == 2.0
    np.testing.assert_array_equal(np.asarray(Tensor([2.0]).detach()), [2.0])


def test_assigning_into_a_tensor():
    t = Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"cannot be assigned into.*autograd\.where or concatenate"):
        t[0] = 5.0


def test_a_result_is_not_written_into_a_plain_array():
    array, t = np.ones(2), Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"write a = a \+ b instead of a \+= b"):
        array += t
    with pytest.raises(TypeError, match="recorded result cannot be written"):
        np.add(t, t, out=array)
    np.testing.assert_array_equal(array, 1.0)


def test_a_numpy_function_without_a_rule():
    with pytest.raises(TypeError, match=r"np\.linalg\.svd has no derivative rule") as caught:
        np.linalg.svd(Tensor(np.eye(2)))
    assert "@autograd.primitive(" in str(caught.value) and "numpy=np.linalg.svd" in str(caught.value)


# --- what does not fit ----------------------------------------------------------------------------------------------


def test_a_value_meets_a_tensor():
    for mix in (lambda v, t: v * t, lambda v, t: t + v, lambda v, t: autograd.maximum(v, t)):
        with pytest.raises(TypeError, match="a Value met a Tensor"):
            mix(Value(1.0), Tensor([1.0]))
    with pytest.raises(TypeError, match="array of Values"):
        Tensor([1.0, 2.0]) * scalars([1.0, 2.0])


@pytest.mark.parametrize(
    ("combine", "name"), [(lambda x, w: x @ w, "matmul"), (lambda x, w: x + w, "add"), (np.dot, "matmul")]
)
def test_shapes_that_do_not_fit(combine, name):
    with pytest.raises(ValueError, match=rf"{name} of shapes \(4, 3\) of 'X' and \(4, 2\) of 'W'"):
        combine(Tensor(np.ones((4, 3)), "X"), Tensor(np.ones((4, 2)), "W"))


def test_shapes_that_do_not_fit_come_with_the_lines_that_made_them():
    W = Tensor(np.ones((2, 3)), label="W")
    with autograd.trace_lines():
        hidden = W * 2
        with pytest.raises(
            ValueError,
            match=rf"\(2, 3\) of 'W' and \(2, 3\), made at test_never_silent.py:{hidden.origin.lineno} in test_shapes",
        ):
            W @ hidden


def test_a_vector_needs_a_seed_of_its_shape():
    y = Tensor([1.0, 2.0]) * 2
    y.label = "y"
    with pytest.raises(ValueError, match=r"needs a seed of their shape: 'y'.*sum, mean.*seed="):
        y.backward()
    with pytest.raises(ValueError, match=r"the seed has shape \(3,\).*'y'"):
        y.backward(np.ones(3))
    with pytest.raises(TypeError, match="real numbers"):
        y.backward(np.ones(2) * 1j)


def test_nothing_to_differentiate():
    with pytest.raises(RuntimeError, match=r"'c' .*depends on nothing that requires a gradient"):
        Value(1.0, "c", requires_grad=False).backward()
    with no_grad():
        y = Value(1.0) * 2
    with pytest.raises(RuntimeError, match=r"no_grad\(\)"):
        y.backward()


@pytest.mark.parametrize("data", ["3", None, 1j, [1.0, 2.0], object()])
def test_a_value_is_a_real_number(data):
    with pytest.raises(TypeError, match="real numbers"):
        Value(data)
    with pytest.raises(TypeError, match="real numbers"):
        Value(1.0) * data if not isinstance(data, list) else Value(data)


@pytest.mark.parametrize(
    "data", ["abc", None, [1j], [[1.0], [1.0, 2.0]], [object()], np.ma.array([1.0, 2.0], mask=[0, 1])]
)
def test_a_tensor_is_an_array_of_real_numbers(data):
    with pytest.raises(TypeError, match=r"real numbers|masked"):
        Tensor(data)


def test_integers_become_floats():
    assert Tensor([1, 2]).dtype == np.float64
    assert type(Value(2).data) is float
    assert Tensor(np.array([1, 2], np.float32)).dtype == np.float32
    assert Tensor(np.array([True])).dtype == np.float64
    x = Tensor([1.0])
    autograd.atan2(x, np.array([200], np.uint8)).backward()
    np.testing.assert_allclose(x.grad, 200 / 40001)


def test_arrays_of_another_kind():
    matrix = np.asmatrix([[1.0, 2.0], [3.0, 4.0]])
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    (t * matrix).sum().backward()
    np.testing.assert_array_equal(t.grad, np.asarray(matrix))
    assert type((Tensor(matrix) * 2).data) is np.ndarray


def test_metadata_is_no_node():
    with pytest.raises(TypeError, match="negative_slope is metadata"):
        autograd.leaky_relu(Tensor([1.0]), negative_slope=Tensor([1.0]))
    with pytest.raises(TypeError, match="an index must be plain"):
        Tensor([1.0, 2.0])[Tensor([0.0])]


# --- rules that are wrong -------------------------------------------------------------------------------------------


def test_a_rule_that_returns_another_shape_or_nothing():
    @autograd.primitive(lambda g, out, x: g, arrays_only=True)
    def turned(x):
        return x.T

    @autograd.primitive(lambda g, out, x: None)
    def lost(x):
        return x + 0

    @autograd.primitive(lambda g, out, x: 1.0)
    def one(x):
        return x.sum()

    with pytest.raises(ValueError, match="the rule of turned"):
        turned(Tensor(np.ones((2, 3)))).sum().backward()
    for x in (Tensor([1.0]), Value(1.0)):
        with pytest.raises(TypeError, match="the rule of lost"):
            lost(x).backward()
    t = Tensor([1.0, 2.0])
    one(t).backward()
    np.testing.assert_array_equal(t.grad, [1.0, 1.0])


def test_a_rule_that_fails_leaves_no_gradient_half_done():
    @autograd.primitive(lambda g, out, x: 1 // 0)
    def fails(x):
        return x + 0

    b = Tensor([2.0])
    failing = fails(b)
    a = Tensor([1.0])  # newer than the failing node, so the sweep has been there before it fails
    with pytest.raises(ZeroDivisionError, match="the rule of fails"):
        (a + failing).backward()
    assert a.grad is None and b.grad is None


# --- gradients are one's own ----------------------------------------------------------------------------------------


def test_gradients_share_no_memory():
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    (x + y).sum().backward()
    x.grad *= 100
    np.testing.assert_array_equal(y.grad, 1.0)
    gx, gy = grad((x + y).sum(), [x, y])
    gx *= 100
    np.testing.assert_array_equal(gy, 1.0)
    seed = np.array([1.0, 2.0])
    z = x * 1.0
    z.backward(seed)
    seed[:] = 0
    np.testing.assert_array_equal(z.grad, [1.0, 2.0])


def test_an_interrupt_at_any_place_leaves_every_grad_as_it_was(monkeypatch):
    # A signal does not come between a lock's acquiring and the block that releases it; what is raised here might.
    monkeypatch.setattr(sys.modules["autograd.sweep"], "_adding", contextlib.nullcontext())
    place, reached_the_end = 0, False
    while not reached_the_end:
        x, w = Tensor([1.0, 2.0], label="x"), Tensor([3.0, 4.0])
        y = x * w
        np.sum(y).backward()
        loss = np.sum(np.exp(y) * y + x)
        nodes = autograd.tape(loss)
        before = [None if node.grad is None else node.grad.tolist() for node in nodes]
        left = place

        def trace(frame, event, arg):
            if not frame.f_code.co_filename.endswith("sweep.py"):
                return None
            frame.f_trace_opcodes = True
            nonlocal left
            if event == "opcode":
                left -= 1
                if left < 0:
                    sys.settrace(None)
                    raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            loss.backward()
            reached_the_end = left >= 0
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        after = [None if node.grad is None else node.grad.tolist() for node in nodes]
        if not reached_the_end and after != before:  # all is done, and the interrupt came on the way out
            assert None not in [g for g, node in zip(after, nodes, strict=True) if node.requires_grad]
        place += 1
    assert place > 300


def test_threads_that_add_to_one_leaf_lose_nothing():
    w = Tensor(np.zeros(500_000))

    def add():
        for _ in range(10):
            (w * 3).sum().backward()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (w.grad == 120).all()


def test_threads_do_not_disturb_each_other():
    recorded = []

    def other():
        recorded.append((Value(1.0) * 2).requires_grad)

    with no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert recorded == [True]


# --- guards of leaves and of users' own primitives --------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["+=", "-=", "*=", "/="])
def test_an_in_place_operator_does_not_quietly_replace_a_leaf(operator):
    W = Tensor([1.0, 2.0], label="W")
    with pytest.raises(TypeError, match=rf"write W\.data {re.escape(operator)}"):
        exec(f"W {operator} np.ones(2)")
    names = {"W": W, "np": np}
    with no_grad():
        exec(f"W {operator} np.array([2.0, 4.0])", names)
    assert names["W"] is W
    assert W.requires_grad
    expected = eval(f"np.array([1.0, 2.0]) {operator[0]} np.array([2.0, 4.0])")
    np.testing.assert_array_equal(W.data, expected)


def test_an_in_place_operator_on_a_result_or_with_a_node_makes_a_new_node():
    x = Tensor([1.0, 2.0])
    h = x * 2
    h += np.ones(2)
    total = Tensor(0.0)
    total += h.sum()
    total.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize("arguments, named", [((1.0, 4), "label"), ((1.0, None, "no"), "requires_grad")])
def test_a_leafs_arguments_are_checked(kind, arguments, named):
    with pytest.raises(TypeError, match=named):
        kind(*arguments)


def test_a_grad_that_is_assigned_must_fit():
    W = Tensor([[1.0, 2.0]], label="W")
    with pytest.raises(ValueError, match=r"'W'.*\(2,\)"):
        W.grad = np.ones(2)
    with pytest.raises(TypeError):
        W.grad = "nothing"
    W.grad = 0
    (W * 3).sum().backward()
    np.testing.assert_array_equal(W.grad, [[3.0, 3.0]])
    v = Value(1.0)
    with pytest.raises(TypeError):
        v.grad = np.ones(2)


def test_the_grad_of_a_result_is_read_only_and_a_leafs_is_its_own():
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    s = x + y
    s.sum().backward()
    with pytest.raises(ValueError, match="read-only"):
        s.grad[0] = 5
    x.grad[0] = 5
    np.testing.assert_array_equal(y.grad, [1.0, 1.0])
    np.testing.assert_array_equal(s.grad, [1.0, 1.0])


def test_a_users_primitive_cannot_write_into_the_graph():
    @primitive(lambda g, out, x: g)
    def halved(x):
        x /= 2
        return x

    @primitive(lambda g, out, x: np.multiply(g, 2, out=g))
    def doubled(x):
        return 2 * x

    x = Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        halved(x)
    y = doubled(x)
    with pytest.raises(ValueError, match="read-only"):
        y.sum().backward()
    np.testing.assert_array_equal(x.data, [1.0, 2.0])


@pytest.mark.parametrize("x", [Value(1.0), Tensor([1.0])])
def test_a_users_primitive_must_return_something(x):
    @primitive(lambda g, out, x: g)
    def nothing(x):
        pass

    with pytest.raises(TypeError, match="nothing returned None"):
        nothing(x)


def test_a_primitive_has_no_more_rules_than_arguments():
    with pytest.raises(TypeError, match="takes 1 arguments, but got 2 rules"):

        @primitive(lambda g, out, x: g, lambda g, out, x: g)
        def one(x):
            return x


@pytest.mark.parametrize("size", [3, 20_000])
def test_an_array_that_is_held_elsewhere_is_watched_also_after_it_was_assigned(size):
    W = Tensor(np.ones(size), label="w")
    held = W.data
    held -= 0.5
    W.data = held
    y = (W * W).sum()
    held[1] = 7.0
    with pytest.raises(RuntimeError, match=CHANGED):
        y.backward()
    W.data -= 0.5
    y = (W * W).sum()
    held[1] = 8.0
    with pytest.raises(RuntimeError, match=CHANGED):
        y.backward()
