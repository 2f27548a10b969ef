"""The graph: what the tape lists, what the sweep hands out, what becomes of it when it is dropped or copied."""

import copy
import gc
import io
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import autograd
from autograd import Constant, Node, Tensor, Value, grad, no_grad, primitive, sweep, tape


class Weight(Tensor):
    """A user's own kind of leaf, with an attribute of its own."""


def kinds(data=2.0):
    return [Value(data, label="x"), Tensor(data, label="x")]


def is_topological(nodes):
    place = {id(node): i for i, node in enumerate(nodes)}
    return all(place[id(arg)] < place[id(node)] for node in nodes for arg in node.args)


# --- the tape ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", kinds(), ids=["Value", "Tensor"])
def test_the_tape_lists_every_node_once_arguments_first(x):
    y = x * x
    z = y * 3 + y
    nodes = tape(z)
    assert len(nodes) == 5 and nodes[0] is x and nodes[1] is y and nodes[-1] is z
    assert [type(node) for node in nodes] == [type(x), type(x), Constant, type(x), type(x)]
    assert is_topological(nodes)


def test_a_result_keeps_its_primitive_arguments_and_metadata_in_order():
    x, y = Tensor([[1.0, 2.0]], label="x"), Tensor([[5.0, 7.0]], label="y")
    difference = x - y
    assert difference.primitive is autograd.sub and difference.args[0] is x and difference.args[1] is y
    total = np.sum(difference, axis=1)
    assert total.primitive.name == "sum" and total.params == {"axis": 1}
    assert (2 - x).args[1] is x and isinstance((2 - x).args[0], Constant)


def test_the_tape_of_a_leaf_is_the_leaf():
    x = Value(1.0)
    assert tape(x) == [x] and x.is_leaf and not (x * 2).is_leaf


def test_what_was_computed_without_need_is_not_recorded():
    x = Value(1.0, requires_grad=False)
    y = x * 2 + 3
    assert not y.requires_grad and y.is_leaf and tape(y) == [y]


def test_a_leaf_whose_data_was_assigned_still_comes_before_its_results():
    x = Value(2.0)
    y = x * x
    x.data = 3.0
    assert tape(y)[-1] is y and is_topological(tape(y))


# --- the sweep --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", kinds(3.0), ids=["Value", "Tensor"])
def test_the_sweep_hands_each_node_its_whole_cotangent_newest_first(x):
    y = x * x
    z = y * y + y
    swept = [(node, float(g)) for node, g in sweep(z)]
    # z = y² + y, so dz/dy = 2y + 1 = 19 with y = 9, and dz/dx = 19 · 2x = 114.
    assert swept == [(z, 1.0), (z.args[0], 1.0), (y, 19.0), (x, 114.0)]
    assert all(node.grad is None for node in tape(z))


def test_sweeps_of_one_graph_do_not_disturb_each_other():
    x = Value(3.0)
    y = x * x * x
    first, second = sweep(y), sweep(y, seed=10.0)
    pairs = list(zip(first, second, strict=True))
    assert pairs[-1][0] == (x, 27.0) and pairs[-1][1] == (x, 270.0)


def test_a_sweep_left_early_changes_nothing():
    x = Value(3.0)
    y = x * x
    for _ in sweep(y):
        break
    assert x.grad is None
    y.backward()
    assert x.grad == 6.0


def test_a_recorded_sweep_can_be_swept_again():
    x = Value(2.0)
    slope = dict((id(node), g) for node, g in sweep(x**3, create_graph=True))[id(x)]
    curvature = dict((id(node), g) for node, g in sweep(slope, create_graph=True))[id(x)]
    curvature.backward()
    assert (slope.data, curvature.data, x.grad) == (12.0, 12.0, 6.0)


def test_backward_gives_every_node_on_the_tape_a_gradient_of_its_own_shape():
    X = np.arange(6.0).reshape(2, 3)
    w, b = Tensor([[1.0], [2.0], [3.0]]), Tensor([0.5])
    loss = np.mean((X @ w + b) ** 2)
    loss.backward()
    for node in tape(loss):
        if node.requires_grad:
            assert node.grad.shape == node.primal.shape and node.grad.dtype == node.primal.dtype
        else:
            assert node.grad is None


def test_leaves_accumulate_until_they_are_zeroed():
    x = Tensor([1.0, 2.0])
    (x * 3).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]
    x.zero_grad()
    assert x.grad is None


def test_a_leaf_is_its_own_gradient_of_one():
    x = Value(5.0)
    x.backward()
    assert x.grad == 1.0


@pytest.mark.parametrize("kind_of_error", [RuntimeError, KeyboardInterrupt])
def test_a_sweep_that_fails_halfway_leaves_every_grad_as_it_was(kind_of_error):
    def broken(g, out, x):
        raise kind_of_error("stopped here")

    @primitive(broken)
    def failing(x):
        return x * 1

    for x in kinds():
        y = x * 2
        fails = failing(y)
        a = y * y
        a.backward()
        z = fails + a * 3 + y  # the sweep meets a, which has a grad, before the failing node, and y after it
        before = [(node, node.grad) for node in tape(z)]
        with pytest.raises(kind_of_error, match="stopped here"):
            z.backward()
        assert [grad is None for _, grad in before].count(False) == 3
        assert all(node.grad is grad or node.grad == grad for node, grad in before)


def test_a_result_that_no_longer_requires_a_gradient_passes_none():
    x, w = Value(2.0), Value(5.0)
    y = x * x
    z = y * w
    try:
        y.requires_grad = False
    except (AttributeError, RuntimeError):  # refusing is as good: PyTorch does
        return
    z.backward()
    assert (x.grad, w.grad) == (None, 4.0)


# --- size: no recursion, no path counted twice ------------------------------------------------------------------------


def test_a_chain_of_a_million_values():
    x = Value(1.0)
    y = x
    for _ in range(999_999):
        y = -y
    y.backward()
    assert (y.data, x.grad) == (-1.0, -1.0)
    del y  # and it is freed without recursion


def test_a_chain_of_tensors_deeper_than_the_recursion_limit():
    x = Tensor([1.0, 2.0])
    y = x
    for _ in range(5_000):
        y = y + x
    y.sum().backward()
    assert x.grad.tolist() == [5001.0, 5001.0]
    (slope,) = grad(y.sum(), [x], create_graph=True)
    assert slope.data.tolist() == [5001.0, 5001.0]


@pytest.mark.parametrize("x", kinds(1.0), ids=["Value", "Tensor"])
def test_sixty_stacked_diamonds(x):
    y = x
    for _ in range(60):
        left, right = y * 1.0, y * 1.0
        y = left + right
    y.backward()
    assert float(x.grad) == 2.0**60
    assert len(tape(y)) == 1 + 60 * 5  # in each diamond three results and two constants


# --- memory -----------------------------------------------------------------------------------------------------------


def a_value_graph():
    x, y = Value(0.5), Value(2.0)
    z = (x * y).exp() + (x / y).relu() + x**2
    z.backward()
    grad(grad(z, x, create_graph=True), y)


def a_tensor_graph():
    W, b = Tensor(np.ones((3, 2))), Tensor(np.zeros(2))
    loss = np.mean(1 / (1 + np.exp(-(np.ones((4, 3)) @ W + b)))[:2] ** 2)
    loss.backward()
    W.data -= 0.1 * W.grad
    autograd.hvp(lambda w: np.sum(np.tanh(w) ** 2))(np.ones(2), np.ones(2))


@pytest.mark.parametrize("build", [a_value_graph, a_tensor_graph])
def test_a_thousand_dropped_graphs_leave_nothing_for_the_garbage_collector(build):
    build()
    gc.collect()
    gc.disable()
    try:
        for _ in range(1_000):
            build()
        assert gc.collect() == 0
    finally:
        gc.enable()


# --- copies -----------------------------------------------------------------------------------------------------------


def pickled(protocol):
    return lambda node: pickle.loads(pickle.dumps(node, protocol))


COPIES = {
    "deepcopy": copy.deepcopy,
    **{f"pickle {protocol}": pickled(protocol) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)},
    "pickle in Python": lambda node: pickle.loads(pickle._dumps(node)),
}

every_copy = pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES.keys())


def by_label(root):
    return {node.label: node for node in tape(root) if node.label is not None}


@every_copy
def test_a_copy_is_the_same_graph_and_nothing_of_it_is_shared(duplicate):
    W = Weight([[1.0, -2.0]], label="W", dtype=np.float32)
    W.note = "a weight"
    X = Tensor([[3.0], [4.0]], label="X", requires_grad=False)
    loss = np.sum(np.tanh(W @ X) ** 2 + W * W)
    loss.label = "loss"
    loss.backward()
    twin = duplicate(loss)

    assert [type(node) for node in tape(twin)] == [type(node) for node in tape(loss)]
    for ours, theirs in zip(tape(loss), tape(twin), strict=True):
        assert ours is not theirs and ours.label == theirs.label and ours.primitive is theirs.primitive
        assert ours.requires_grad == theirs.requires_grad and ours.params == theirs.params
        np.testing.assert_array_equal(ours.primal, theirs.primal)
        np.testing.assert_array_equal(ours.grad, theirs.grad)
        assert getattr(ours.primal, "dtype", None) == getattr(theirs.primal, "dtype", None)
        assert not np.shares_memory(ours.primal, theirs.primal)
    leaf = by_label(twin)["W"]
    assert type(leaf) is Weight and leaf.note == "a weight" and leaf.grad.dtype == np.float32

    before = W.grad.copy()
    twin.backward()
    np.testing.assert_array_equal(leaf.grad, 2 * before)
    np.testing.assert_array_equal(W.grad, before)


@every_copy
def test_a_shared_node_is_still_shared_in_the_copy(duplicate):
    x = Value(3.0, label="x")
    y = x * x
    twin = duplicate(y * y + y)
    assert len(tape(twin)) == 4
    assert by_label(twin)["x"] is tape(twin)[1].args[0] is tape(twin)[1].args[1]
    twin.backward()
    assert by_label(twin)["x"].grad == 114.0


@every_copy
def test_roots_that_are_copied_together_share_their_leaves(duplicate):
    x = Value(3.0)
    copied_square, copied_x, copied_cube = duplicate([x * x, x, x * x * x])
    copied_square.backward()
    copied_cube.backward()
    assert copied_x.grad == 6.0 + 27.0 and x.grad is None


@every_copy
def test_a_copied_graph_goes_on(duplicate):
    x = Value(2.0, label="x")
    twin = duplicate(x * x)
    leaf = by_label(twin)["x"]
    longer = twin * leaf + Value(1.0)
    assert is_topological(tape(longer)) and tape(longer)[-1] is longer
    longer.backward()
    assert leaf.grad == 12.0 and x.grad is None
    leaf.data = 3.0
    (leaf * leaf).backward()
    assert leaf.grad == 12.0 + 6.0


@every_copy
def test_a_graph_much_deeper_than_the_recursion_limit_is_copied(duplicate):
    x = Value(1.0, label="x")
    y = x
    for _ in range(5_000):
        y = y + x
    twin = duplicate({"y": y})["y"]
    twin.backward()
    assert by_label(twin)["x"].grad == 5001.0 and len(tape(twin)) == 5001


@every_copy
def test_a_copy_remembers_that_its_data_was_changed(duplicate):
    changed_value, changed_array = Value(2.0), Tensor([2.0])
    y, z = changed_value * changed_value, (changed_array * changed_array).sum()
    held = changed_array.data
    changed_value.data, held[0] = 5.0, 5.0
    for root in (y, z):
        with pytest.raises(RuntimeError, match="changed"):
            duplicate(root).backward()


def test_attributes_of_a_subclass_are_copied_as_deeply_as_the_graph():
    W = Weight([1.0])
    W.history = [1]
    twin = copy.deepcopy(W)
    twin.history.append(2)
    assert W.history == [1] and twin.history == [1, 2]


def test_a_shallow_copy_is_a_node_of_its_own():
    for x in kinds(3.0):
        twin = copy.copy(x * x)
        assert float(twin.data) == 9.0 and twin.args[0] is x
        twin.backward()
        assert float(x.grad) == 6.0


def test_a_pickle_that_fails_spoils_no_later_one():
    W = Weight([1.0])
    y = W
    for _ in range(5_000):
        y = y + 1
    W.note = lambda: None
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(y)
    W.note = None
    assert pickle.loads(pickle.dumps(y)).data.tolist() == [5001.0]


def test_a_pickler_that_is_kept_spoils_no_other():
    y = Value(1.0)
    for _ in range(5_000):
        y = y + 1
    kept = pickle.Pickler(io.BytesIO())
    kept.dump(y)
    assert pickle.loads(pickle.dumps(y)).data == 5001.0


def test_another_process_can_go_on_with_a_pickled_graph():
    x = Tensor([1.0, 2.0], label="x")
    program = (
        "import pickle, sys\n"
        "y = pickle.load(sys.stdin.buffer)\n"
        "(y * 10).sum().backward()\n"
        "print([node.grad.tolist() for node in __import__('autograd').tape(y) if node.label == 'x'])"
    )
    done = subprocess.run([sys.executable, "-c", program], input=pickle.dumps(x * x), capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[[20.0, 40.0]]"


# --- no_grad ----------------------------------------------------------------------------------------------------------


def records():
    return (Value(1.0) * 2).requires_grad


def test_no_grad_nests():
    with no_grad():
        with no_grad():
            assert not records()
        assert not records()
    assert records()


def test_no_grad_decorates_and_can_be_called_again_and_recursively():
    @no_grad()
    def depth(n):
        """Recurse."""
        assert not records()
        return 0 if n == 0 else 1 + depth(n - 1)

    assert depth(3) == 3 and depth(2) == 2 and records()
    assert depth.__name__ == "depth" and depth.__doc__ == "Recurse."


def test_a_no_grad_can_be_entered_again():
    quiet = no_grad()
    for _ in range(2):
        with quiet:
            assert not records()
        assert records()


def test_no_grad_is_over_in_the_thread_that_left_it_and_never_began_in_another():
    seen = {}
    inside, leave = threading.Event(), threading.Event()

    def quiet():
        with no_grad():
            inside.set()
            leave.wait(10)
            seen["quiet"] = records()
        seen["after"] = records()

    thread = threading.Thread(target=quiet)
    thread.start()
    assert inside.wait(10)
    seen["other"] = records()
    leave.set()
    thread.join()
    assert seen == {"quiet": False, "after": True, "other": True}


def test_threads_build_and_sweep_graphs_side_by_side():
    results = [None] * 4

    def work(i):
        x = Value(float(i))
        for _ in range(200):
            y = x
            for _ in range(20):
                y = y * 1.0 + x
            y.backward()
        results[i] = x.grad

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200 * 21.0] * 4


# --- nodes as keys ----------------------------------------------------------------------------------------------------


def test_nodes_are_told_apart_in_sets_and_dicts_however_equal_their_data():
    for make in (Value, Tensor):
        a, b = make(1.0), make(1.0)
        assert len({a, b, a}) == 2 and {a: "a", b: "b"}[b] == "b"
    many = [Tensor([1.0, 2.0]) for _ in range(100)]
    assert len(set(many)) == 100 and all(isinstance(node, Node) for node in many)
