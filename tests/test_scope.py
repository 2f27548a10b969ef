"""Scopes: where a node was recorded, who watches, and which line of code it was."""

import copy
import gc
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, grad, no_grad, scalars, scope, trace_lines, watch


def names(node):
    return [around.name for around in node.origin.chain()]


def test_a_node_keeps_the_scopes_around_it_also_in_copies_and_pickles():
    x = Value(2.0)
    assert x.origin is None
    with scope("net"):
        outside = x * x
        with scope("layer 1"):
            inside = (x + x).sigmoid()
            by_hand = 1 / (1 + np.exp(-x))
    after = x * x
    assert names(outside) == ["net"]
    assert names(inside) == names(inside.args[0]) == names(by_hand) == ["net", "layer 1"]
    assert names(after) == []
    assert names(pickle.loads(pickle.dumps(inside))) == names(copy.deepcopy(inside)) == ["net", "layer 1"]


def test_each_call_is_a_scope_of_its_own():
    @scope("double")
    def double(t):
        return t + t

    x = Tensor([1.0, 2.0])
    first, second = double(x), double(x)
    assert names(first) == names(second) == ["double"]
    assert first.origin is not second.origin


def test_a_scope_is_left_by_an_exception_and_is_not_seen_by_other_threads():
    x = Value(1.0)
    with pytest.raises(KeyError), scope("broken"):
        raise KeyError
    seen = []
    with scope("mine"):
        thread = threading.Thread(target=lambda: seen.append(names(x * x)))
        thread.start()
        thread.join()
    assert names(x * x) == seen[0] == []


@pytest.mark.parametrize("decorated", [scope("shared"), no_grad()], ids=["scope", "no_grad"])
def test_a_decorated_function_runs_in_several_threads_at_once(decorated):
    x = Value(2.0)
    inside = {who: threading.Event() for who in ("first", "second")}
    outside = threading.Event()
    seen = {}

    @decorated
    def square(who):
        inside[who].set()
        (inside["second"] if who == "first" else outside).wait(10)
        return x * x

    def call(who):
        seen[who] = square(who), x * x
        outside.set()

    first, second = (threading.Thread(target=call, args=(who,)) for who in inside)
    first.start()
    inside["first"].wait(10)
    second.start()  # who is in first is out first
    first.join()
    second.join()
    for who in ("first", "second"):
        within, after = seen[who]
        assert (names(within) == ["shared"]) if isinstance(decorated, scope) else not within.requires_grad
        assert names(after) == []


def test_a_scope_records_nothing_under_no_grad():
    x = Value(1.0)
    with no_grad(), scope("quiet"):
        assert not (x * x).requires_grad
        assert grad(lambda v: v * v)(3.0) == 6.0
    assert (x * x).requires_grad


@pytest.mark.parametrize("name", [None, 3, Value(1.0)])
def test_a_scope_takes_a_name(name):
    with pytest.raises(TypeError, match="scope takes a name"):
        scope(name)


OPERATIONS = {
    "operator": lambda x: x * x,
    "reflected": lambda x: 2 - x,
    "power": lambda x: x**3,
    "function": autograd.exp,
    "method": lambda x: x.tanh(),
    "numpy": np.sin,
    "metadata": lambda x: autograd.leaky_relu(x),
}


@pytest.mark.parametrize("x", [Value(0.5), Tensor([0.5, -0.5])], ids=["Value", "Tensor"])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_watcher_sees_every_recorded_node_complete(operation, x):
    seen = []
    with watch(lambda node: seen.append((node, node.primitive, node.args, node.serial))), scope("inside"):
        out = operation(x)
    recorded = [node for node in autograd.tape(out) if node.primitive is not None]
    assert [node for node, *_ in seen] == recorded
    assert all(names(node) == ["inside"] for node, *_ in seen)
    operation(x)
    assert len(seen) == len(recorded)


def test_a_watcher_sees_what_each_rule_makes():
    x, y, seen = Value(2.0), Value(3.0), []
    out = x * y * y
    with watch(rules=lambda node, i, g, d: seen.append((node.primitive.name, i, g, d))):
        out.backward()
    assert seen == [("mul", 0, 1.0, 3.0), ("mul", 1, 1.0, 6.0), ("mul", 0, 3.0, 9.0), ("mul", 1, 3.0, 6.0)]
    assert (x.grad, y.grad) == (9.0, 12.0)


def test_what_a_watcher_raises_ends_the_operation():
    def refuse(node):
        raise RuntimeError(node.primitive.name)

    with pytest.raises(RuntimeError, match="mul"), watch(refuse):
        Value(1.0) * Value(2.0)
    assert (Value(1.0) * 2.0).data == 2.0


def test_watchers_keep_no_node_alive():
    gc.collect()
    gc.disable()
    try:
        nodes = []
        with watch(nodes.append):
            Value(1.0) * Value(2.0)
        del nodes
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_lines_name_the_users_code():
    x = Tensor([1.0, 2.0], label="x")

    def forward():
        return np.exp(x) + 1

    with trace_lines(), scope("net"):
        y = forward()
    assert (y.origin.text, y.origin.function) == ("return np.exp(x) + 1", "forward")
    assert y.origin.place == f"test_scope.py:{y.origin.lineno} in forward"
    assert names(y) == ["net"]
    assert (x + 1).origin.chain() == []
    with pytest.raises(ValueError, match=r"made at test_scope\.py:\d+ in forward"):
        y.backward()

    @autograd.primitive(lambda g, out, x: np.ones(5))
    def crooked(x):
        return x * 2

    with trace_lines():
        z = crooked(x)
    with pytest.raises(ValueError, match=rf"rule of crooked, made at test_scope\.py:{z.origin.lineno} in test_lines"):
        z.backward(np.ones(2))
    assert pickle.loads(pickle.dumps(y)).origin.place == y.origin.place


@pytest.mark.parametrize("summed", [np.sum, np.mean, np.std, np.vectorize(lambda x: x * x, otypes=[object])])
def test_numpy_in_between_is_not_the_users_code(summed):
    with trace_lines():
        out = summed(scalars([1.0, 2.0]))
    assert (out if isinstance(out, Value) else out[0]).origin.file == __file__


def test_a_folder_whose_name_begins_like_ours_is_the_users():
    namespace = {}
    for package in (autograd, nn):
        beside = Path(package.__file__).parent
        file = str(beside.with_name(beside.name + "_of_mine") / "train.py")
        exec(compile("def squared(x):\n    return x * x", file, "exec"), namespace)
        with trace_lines():
            assert namespace["squared"](Value(1.0)).origin.place == "train.py:2 in squared"


def test_lines_are_switched_on_and_off_without_a_block():
    x = Value(1.0)
    trace_lines()
    try:
        assert (x + 1).origin.lineno
        with trace_lines(False):
            assert not hasattr((x + 1).origin, "lineno")
        assert (x + 1).origin.lineno
    finally:
        trace_lines(False)
    assert not hasattr((x + 1).origin, "lineno")
