"""The check confirms right gradients, catches wrong ones, and names what it cannot judge."""

import math
import subprocess
import sys

import numpy as np
import pytest
from cases import CASES
from random_programs import checked as checked_programs
from random_programs import random_program
from test_checker import PLACES, break_rule, cases_of

import autograd as ad
import nn
from autograd import GradientError, Tensor, Value, assert_gradients, check_grads, diagnose, primitive, scalars
from autograd.check.slope import measure
from autograd.graph import Node

rng = np.random.default_rng(4)


def faulty(right, function, *, by=1.001):
    """A primitive of one argument whose rule is wrong by a factor."""

    @primitive(lambda g, out, x: by * right(g, out, x))
    def wrong(x):
        return function(x)

    return wrong


wrong_sine = faulty(lambda g, out, x: g * ad.cos(x), np.sin)


@primitive(lambda g, out, x: g * out * (1 - out), arrays_only=True)
def softmax_entry_by_entry(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def kinds(report):
    return [limit.kind for limit in report.limits]


def checked(report):
    """What was compared: the order and the entry."""
    return {(row.order, row.entry) for row in report.comparisons if row.verdict == "right"}


def complaint(f, *args, **how):
    """What the failing check says."""
    with pytest.raises(GradientError) as caught:
        check_grads(f, *args, **how)
    assert not caught.value.report.ok
    return str(caught.value)


# --- what it takes ----------------------------------------------------------------------------------------------------


def loss(params, X, y):
    hidden = ad.sigmoid(X @ params["W"] + params["b"][0])
    return np.mean((hidden - y) ** 2)


PARAMS = {"W": rng.normal(size=(3, 1)), "b": [np.zeros(1)]}
X, Y = rng.normal(size=(5, 3)), np.array([[0], [1], [1], [0], [1]])


@pytest.mark.parametrize(
    ("f", "args", "entries"),
    [
        (lambda x: x**3, (2.0,), {"x"}),
        (lambda x: x**3, (np.float64(2.0),), {"x"}),
        (lambda x: x**3, (np.array(2.0),), {"x"}),
        (np.exp, (np.ones((2, 3)),), {"x"}),
        (lambda x, y: x * y, (Value(2.0), Value(3.0)), {"x", "y"}),
        (lambda x, y: x.exp() * y, (Value(2.0), 3.0), {"x", "y"}),
        (lambda x, y: x @ y, (Tensor([1.0, 2.0]), np.array([3.0, 4.0])), {"x", "y"}),
        (lambda w, X: np.sum(np.dot(X, w) ** 2), (scalars([1.0, 2.0]), np.array([[1.0, 2.0]])), {"w[0]", "w[1]"}),
        (lambda w: w * w, (scalars([1.0, 2.0]),), {"w[0]", "w[1]"}),
        (lambda *xs: xs[0] / xs[1], (1.0, 2.0), {"xs[0]", "xs[1]"}),
        (lambda pair: (pair[0] * pair[1], {"sum": pair[0] + pair[1]}), ((1.0, 2.0),), {"pair[0]", "pair[1]"}),
        (loss, (PARAMS, X, Y), {"params['W']", "params['b'][0][0]", "X"}),
    ],
)  # fmt: skip
def test_numbers_arrays_and_containers_of_them(f, args, entries):
    report = check_grads(f, *args)
    assert report.ok
    found = {entry for order, entry in checked(report) if order == 1}
    assert found == entries


def test_the_arguments_are_not_touched():
    x, node = np.array([1.0, 2.0]), Tensor([3.0, 4.0], label="node")
    check_grads(lambda x, y: np.sum(x * y), x, node)
    assert x.tolist() == [1, 2] and node.data.tolist() == [3, 4] and node.grad is None


def test_the_check_is_the_same_in_every_run_and_other_with_another_seed():
    def numbers(seed):
        return [row.engine for row in check_grads(np.tanh, X, seed=seed).comparisons]

    assert numbers(0) == numbers(0)
    assert numbers(0) != numbers(1)


def test_a_smooth_function_is_called_a_few_times_only():
    calls = []

    def f(x):
        calls.append(x)
        return np.tanh(x)

    check_grads(f, X, order=1)
    assert len(calls) <= 12
    calls.clear()
    check_grads(lambda x, unused: f(x), X, X, order=1)
    assert len(calls) <= 40


@pytest.mark.parametrize(
    ("f", "args", "how", "message"),
    [
        (lambda: 1.0, (), {}, "nothing can vary"),
        (np.sin, (np.arange(3),), {}, "x kept constant: integers"),
        (np.sin, (Tensor([1.0], requires_grad=False),), {}, "x kept constant: requires no gradient"),
        (np.sin, (1.0,), {"order": 0}, "order must be"),
        (np.sin, (1.0,), {"order": 1.5}, "order must be"),
        (np.sin, (1.0,), {"seed": -1}, "seed must be"),
        (np.sin, (1.0,), {"seed": "a"}, "seed must be"),
        (np.sin, (1.0,), {"mode": "quick"}, "mode must be"),
        (np.sin, (1.0,), {"rtol": -1}, "rtol must be"),
        (np.sin, (1.0,), {"atol": math.nan}, "atol must be"),
        (np.sin, (1.0,), {"nudge": "a bit"}, "nudge must be"),
    ],
)
def test_what_it_refuses(f, args, how, message):
    with pytest.raises(ValueError, match=message):
        check_grads(f, *args, **how)


def test_a_function_without_numbers_and_complex_arguments_are_refused():
    with pytest.raises(TypeError, match="None; does it lack a return"):
        check_grads(lambda x: None, 1.0)
    with pytest.raises(TypeError, match="returned str"):
        check_grads(lambda x: "one", 1.0)
    with pytest.raises(TypeError, match="x is complex"):
        check_grads(lambda x: x, 1j)


def test_what_is_no_function_is_refused():
    for f in (3.0, Value(1.0) * 2, X):
        with pytest.raises(TypeError, match="f must be the function that is to be checked"):
            check_grads(f, 1.0)


def test_a_rule_that_cannot_be_differentiated_says_how_to_go_on():
    @primitive(lambda g, out, x: np.asarray(g) * 2 * np.asarray(x))
    def squared(x):
        return x * x

    assert check_grads(squared, X, order=1).ok
    with pytest.raises(TypeError) as caught:
        check_grads(squared, X)
    assert "derivatives of order 2; see order=" in caught.value.__notes__[0]


def test_an_error_of_f_itself_gets_through():
    with pytest.raises(ValueError, match="shapes"):
        check_grads(lambda x: x @ np.ones(5), np.ones(3))


def test_importing_autograd_does_not_import_the_check():
    code = "import autograd, sys; print('autograd.check' in sys.modules, autograd.GradientError.__mro__[1].__name__)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "AssertionError"]


# --- right gradients are never failed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", sorted({case.operation for case in CASES}, key=lambda op: op.__name__))
def test_every_operation_is_right(operation):
    for case in CASES:
        if case.operation is operation and case.inputs and not case.symmetric:
            report = check_grads(lambda *xs, case=case: case.apply(case.operation, xs), *case.inputs)
            assert {row.verdict for row in report.comparisons} <= {"right", "flat"}, f"{case.id}\n{report.table()}"


def test_random_programs_are_never_failed():
    found = checked_programs(150)
    assert found["failed"] == 0
    assert sum(found.values()) - found["checked"] <= 15  # few meet a limit: a tie, or a slope of 1e-8 beside 1


AWKWARD = [
    (lambda x: ad.gelu(2 * ad.log(x)), (0.032376,)),  # stairs with a slope of their own on every step
    (lambda x: ad.log10(1 + ad.exp(ad.tanh((3 * x + 3) ** 2))), (4.6e-9,)),  # 1 - tanh**2 loses its digits
    (lambda x: (x / x, ad.logsigmoid(x), ad.logsigmoid(x) ** 2), (np.array([4e-9, -5e-9]),)),  # 1/x - 1/x, 1e-9 apart
    (lambda x, y: ad.atan2(y, x * x + 0.5), (np.array([-1e-8, -1e-9, 4e-9]), -7.5e-9)),  # level, and 1e-17 is lost
    (lambda x: np.sum(ad.log_softmax(x + np.sum(x) ** 2) * [1, 1, -2]), (0.7,)),  # flat, by cancellation
    (lambda x: (x * 1e15, np.cos(x * 1e15)), (1.5,)),  # a wave shorter than any step beside a straight line
    (lambda x: np.cos(x * 1e15), (1.5,)),
    (lambda x: ad.tan(ad.atan2(x, 0.0)), (0.3,)),  # as good as a pole
    (lambda x: ad.maximum(x, np.array([0.0, 1e-9])), (np.array([2e-9, 1.1e-9]),)),  # kinks nearby
    (lambda x: ad.sigmoid(x), (np.array([10.0, 40.0, -40.0, -700.0, 800.0, -745.0]),)),
    (lambda x: np.exp(x), (np.array([700.0, -700.0, -740.0]),)),
    (lambda x: ad.acos(ad.cos(x)), (1e-8,)),
    (lambda x: ad.std(x), (np.array([0.1, 0.1 + 2e-17, 0.1 + 2e-16]),)),
    (lambda x: ad.sum(ad.norm(x, axis=0) * 1e-200), (np.full((2, 2), 1e-200),)),
]


@pytest.mark.parametrize("case", range(len(AWKWARD)))
def test_awkward_functions_are_never_failed(case):
    f, args = AWKWARD[case]
    for seed in range(5):
        check_grads(f, *args, seed=seed)


# --- wrong gradients are caught ---------------------------------------------------------------------------------------


def caught(broken):
    """Whether the check fails for any case that records the primitive."""
    for case in cases_of()[broken]:
        if not case.symmetric:  # these are failed in any case: one half of a matrix is not read
            try:
                check_grads(lambda *xs, case=case: case.apply(case.operation, xs), *case.inputs)
            except GradientError:
                return True
    return False


each_rule = pytest.mark.parametrize(("broken", "place"), PLACES, ids=[f"{p.name}-{i}" for p, i in PLACES])


@each_rule
def test_a_rule_wrong_by_a_thousandth_is_caught(monkeypatch, broken, place):
    wrong = (lambda g, d: d + 0.001 * g) if broken is ad.sign else (lambda g, d: 1.001 * d)
    break_rule(monkeypatch, broken, place, wrong)
    assert caught(broken)


@each_rule
def test_a_second_derivative_wrong_by_a_thousandth_is_caught(monkeypatch, broken, place):
    def wrong(g, d):
        wrong_from = g if broken is ad.sign else d
        return d + 0.001 * (wrong_from - wrong_from.detach()) if isinstance(d, Node) else d

    break_rule(monkeypatch, broken, place, wrong)
    assert caught(broken)


def test_a_wrong_rule_inside_a_random_program_is_caught():
    missed = []
    for seed in range(40):
        f, args = random_program(3 * seed + 1)  # of arrays
        try:
            for wrong in (np.sin, wrong_sine):
                check_grads(lambda *xs, wrong=wrong: (f(*xs), wrong(3 * xs[0])), *args, order=1)  # noqa: B023
            missed.append(seed)
        except GradientError as error:
            assert "xs[0]" in str(error)
        except (ValueError, IndexError):
            continue
    assert missed == []


def test_a_softmax_without_its_other_entries_is_caught():
    x = rng.normal(size=(2, 3))
    assert "ratio" in complaint(softmax_entry_by_entry, x)
    assert kinds(check_grads(lambda x: np.sum(ad.softmax(x)), x)) == ["independent"]


def test_a_third_derivative_that_is_wrong_is_caught_at_its_order():
    @primitive(lambda g, out, x: g * wrong_cosine(x))
    def sine(x):
        return np.sin(x)

    @primitive(lambda g, out, x: -g * wrong_sine(x))
    def wrong_cosine(x):
        return np.cos(x)

    assert check_grads(sine, 0.5, order=2).ok
    assert "derivative of order 3" in complaint(sine, 0.5, order=3)


def test_a_rule_that_says_something_else_on_nodes_is_caught():
    @primitive(lambda g, out, x: g * ad.cos(x) + (0.25 if isinstance(g, Node) else 0.0))
    def sine(x):
        return np.sin(x)

    assert check_grads(sine, 0.5, order=1).ok
    assert "when it is recorded" in complaint(sine, 0.5)


def test_the_message_names_the_entry_and_the_numbers():
    @primitive(lambda g, out, x: g * np.array([1.0, 1.0, 1.5, 1.0]))
    def same(x):
        return +x

    text = complaint(lambda p: np.sum(same(p["w"]) * np.arange(1.0, 5)), {"w": np.ones(4)})
    assert "the gradient for p['w'][2] is wrong: the engine says 4.5, differences say 3 (ratio 1.5)" in text


def test_a_gradient_cut_off_by_data_is_caught_and_explained():
    text = complaint(lambda x, y: x * y.data, 2.0, 3.0)
    assert "for y is wrong: the engine says 0, differences say 2" in text
    assert "no path in the graph leads there" in text


def test_a_small_gradient_beside_a_large_one_is_checked_too():
    assert "for b is wrong" in complaint(lambda a, b: 1e3 * np.sin(a) + 1e-3 * wrong_sine(b), 1.0, 1.0)
    assert "for b is wrong" in complaint(lambda a, b: (1e4 * np.sin(a), 1e-3 * wrong_sine(b)), 1.0, 1.0)


def test_a_tiny_entry_beside_a_large_one_is_checked_too():
    @primitive(lambda g, out, x: g * ad.cos(x) * np.array([1.5, 1.0]))
    def sine(x):
        return np.sin(x)

    assert "for x[0] is wrong" in complaint(sine, np.array([1e-9, 1.0]))


def test_a_nan_gradient_of_a_smooth_function_is_caught():
    for f in (lambda x: np.sqrt(x - x), lambda x: np.sqrt(x - x) + 5.0):
        assert "the engine says nan, differences say 0" in complaint(f, np.array([1.0, 2.0]))

    @primitive(lambda g, out, x: g * 2 * out / x)
    def squared(x):
        return x * x

    with np.errstate(invalid="ignore"):
        assert "x[0] is wrong: the engine says nan" in complaint(squared, np.array([0.0, 1.0]))


# --- scales -----------------------------------------------------------------------------------------------------------

AT_ANY_SCALE = [
    (np.sin, lambda g, out, x: g * ad.cos(x), [1e-8, 1e-3, 1.0, 1e4, 1e8]),
    (np.cos, lambda g, out, x: -g * ad.sin(x), [1e-3, 1.0, 1e4, 1e8]),
    (np.log, lambda g, out, x: g / x, [1e-300, 1e-8, 1.0, 1e8, 1e300]),
    (np.sqrt, lambda g, out, x: g / (2 * out), [1e-300, 1e-8, 1.0, 1e8]),
    (np.exp, lambda g, out, x: g * out, [-700.0, -1e-8, 1e-8, 1.0, 700.0]),
    (np.reciprocal, lambda g, out, x: -g * out * out, [1e-150, 1e-8, -1.0, 1e8]),
    (np.arccos, lambda g, out, x: -g / ad.sqrt((1 - x) * (1 + x)), [1e-8, 0.9, 0.999999, 1 - 1e-9]),
    (np.tanh, lambda g, out, x: g * (1 - out * out), [1e-8, 0.5, 5.0]),
    (lambda x: np.log(x + 1e-12), lambda g, out, x: g / (x + 1e-12), [1e-12, 1e-6, 1.0]),
    (lambda x: (x + 1e8) ** 2, lambda g, out, x: g * 2 * (x + 1e8), [1e-3, 1.0, 1e8]),
    (lambda x: 1e-20 * np.sin(x), lambda g, out, x: g * 1e-20 * ad.cos(x), [1e-3, 1.0, 30.0]),
    (lambda x: 1e20 * np.sin(x), lambda g, out, x: g * 1e20 * ad.cos(x), [1e-3, 1.0, 30.0]),
    (lambda x: 1e6 + np.sin(x), lambda g, out, x: g * ad.cos(x), [1e-3, 1.0, 30.0]),
]


@pytest.mark.parametrize("way", range(len(AT_ANY_SCALE)))
def test_right_and_wrong_are_told_apart_at_any_scale(way):
    function, rule, points = AT_ANY_SCALE[way]
    for x in points:
        report = check_grads(faulty(rule, function, by=1.0), x, order=1)
        assert [row.verdict for row in report.comparisons] == ["right"], f"at {x}: {report}"
        complaint(faulty(rule, function), x, order=1)
    every = np.array(points)
    assert check_grads(faulty(rule, function, by=1.0), every, order=1).ok
    complaint(faulty(rule, function), every, order=1)


def test_where_rounding_hides_the_slope_a_complex_step_sees_it():
    def f(x):
        return (x + 1e12) ** 2 - 1e24

    x = np.array([1.0, 2.0])
    assert [row.verdict for row in check_grads(f, x, order=1).comparisons] == ["right"]
    report = check_grads(lambda x: f(np.fabs(x) if isinstance(x, np.ndarray) else x), x, order=1)  # not analytic
    assert kinds(report) == ["noise"]


def test_an_allowed_error_is_allowed():
    complaint(wrong_sine, 0.5)
    assert check_grads(wrong_sine, 0.5, rtol=0.01).ok
    assert check_grads(wrong_sine, 0.5, atol=0.01, order=1).ok


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_kink_is_named_and_the_rest_is_checked():
    x = np.array([1.0, 0.0, -1.0, 2.0])
    report = check_grads(ad.relu, x)
    assert kinds(report) == ["kink"]
    assert "at x[1] the slope is 0 on one side and" in str(report)
    assert {entry for order, entry in checked(report) if order == 1} >= {"x[0]"}
    text = complaint(lambda x: ad.relu(x) + wrong_sine(x), x)
    assert "x[0]" in text or "x[3]" in text


@pytest.mark.parametrize(
    "f",
    [np.abs, ad.relu, ad.leaky_relu, lambda x: ad.clip(x, 0, 1), np.max, lambda x: ad.maximum(x, 0), ad.norm, np.sort],
)
def test_kinks_of_all_kinds(f):
    assert "kink" in kinds(check_grads(f, np.zeros(3)))


def test_a_nudge_checks_beside_the_kink():
    report = check_grads(ad.relu, np.array([1.0, 0.0, -1.0]), nudge=1e-3)
    assert kinds(report) == ["nudge"]
    assert (1, "x") in checked(report)
    complaint(lambda x: ad.relu(x) + wrong_sine(x), np.array([1.0, 0.0, -1.0]), nudge=1e-3)


def test_a_kink_nearby_is_no_obstacle():
    for distance in (1e-3, 1e-6, 1e-9):
        report = check_grads(ad.relu, np.array([1.0, distance, -distance]))
        assert not report.limits and {row.verdict for row in report.comparisons} <= {"right", "flat"}
        complaint(lambda x: ad.relu(x) + wrong_sine(x), np.array([1.0, distance, -distance]))


def test_a_gradient_that_jumps_is_named():
    assert kinds(check_grads(lambda x: x * ad.abs(x), np.array([0.0, 1.0]))) == ["kink"]
    assert not check_grads(lambda x: x * ad.abs(x), np.array([0.0, 1.0]), order=1).limits


def test_a_kink_that_f_smooths_out_is_named():
    report = check_grads(lambda x: ad.abs(x) ** 2, np.array([0.0, 1.0]))
    assert kinds(report) == ["kink"]
    assert "beside it they agree" in str(report)


def test_a_network_with_units_at_their_kink():
    weights = {"W": np.zeros((2, 3)), "v": np.ones(3)}
    report = check_grads(lambda p: np.sum(ad.relu(np.ones((4, 2)) @ p["W"]) @ p["v"]), weights)
    assert {limit.argument for limit in report.limits if limit.kind == "kink"} == {"p['W']"}


def test_float32_is_checked_in_float64():
    x = np.array([1.0, 2.0], np.float32)
    report = check_grads(np.exp, x)
    assert kinds(report) == ["float32"]
    assert max(row.error for row in report.comparisons) < 1e-9
    complaint(wrong_sine, x)


def test_a_function_that_computes_in_float32_is_checked_as_far_as_it_goes():
    def f(x):
        return np.sum(wrong(ad.astype(x, dtype=np.float32)))

    wrong = np.sin
    assert check_grads(f, X, order=1).ok
    wrong = faulty(lambda g, out, x: g * ad.cos(x), np.sin, by=1.01)
    complaint(f, X, order=1)


def test_a_function_that_is_not_the_same_twice_is_failed():
    text = complaint(lambda x: x * np.random.default_rng().random(), 2.0)
    assert "different results on two calls" in text
    state = iter(range(100))
    assert "different results" in complaint(lambda x: x + next(state), 2.0)
    assert text.startswith("the gradient could not be checked")


def test_integers_and_constants_are_kept():
    constant = Tensor(2.0, requires_grad=False)
    report = check_grads(lambda x, n, t, k, name: x * n.sum() * t * k, 2.0, np.arange(3), constant, 3, "name")
    assert [limit.argument for limit in report.limits] == ["n", "t", "k"]
    assert kinds(report) == ["constant"] * 3


def test_nan_and_inf_are_failed_with_their_place():
    assert "f is nan here (the output[1])" in complaint(np.log, np.array([1.0, -1.0]))
    assert "f is -inf here (output 1)" in complaint(lambda x: (x, np.log(x)), 0.0)


def test_entries_that_are_nan_stand_still():
    x = np.array([np.nan, 2.0, np.inf])
    report = check_grads(lambda x: ad.where(np.array([False, True, False]), x, 0.0), x)
    assert kinds(report) == ["nan"] and "2 entries" in str(report)


def test_an_output_that_does_not_depend_on_an_argument():
    report = check_grads(lambda x, y: x * x, 2.0, 3.0)
    assert [(limit.kind, limit.argument) for limit in report.limits] == [("independent", "y")]
    assert kinds(check_grads(lambda x: ad.sign(x) * 3.0, 2.0)) == ["independent"]
    assert kinds(check_grads(lambda x: 5.0, 2.0)) == ["independent"]


def test_the_edge_of_the_domain():
    for f, x in [(np.sqrt, 0.0), (np.arccos, 1.0), (lambda x: x**1.5, 0.0), (np.cbrt, 0.0), (np.arccosh, 1.0)]:
        report = check_grads(f, np.array([x, x + 0.1 if f is not np.arccos else 0.5]))
        assert kinds(report) == ["edge"], f
        assert "[0]" in str(report) and any(entry.endswith("[1]") for _, entry in checked(report))


def test_a_slope_that_rounding_hides():
    report = check_grads(np.tanh, 15.0, order=1)
    assert kinds(report) == ["noise"] and str(report).startswith("nothing could be compared")


def test_leaves_that_f_uses_without_being_handed_them_are_checked_and_given_back():
    w = Tensor([1.0, 2.0], label="w")
    data, out = w.data, w * 2
    report = check_grads(lambda x: x @ w, np.ones(2))
    assert not report.limits and {entry for order, entry in checked(report) if order == 1} == {"x", "w"}
    assert w.data is data and w.grad is None
    out.backward(np.ones(2))  # w counts as unchanged
    assert "for w[" in complaint(lambda x: x @ wrong_sine(w), np.ones(2))
    assert w.data is data


def test_the_parameters_of_a_model_are_checked():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    report = check_grads(lambda: np.mean(model(X[:, :2]) ** 2))
    assert {row.argument for row in report.comparisons if row.order == 1} == {
        name for name, _ in model.named_parameters()
    }
    neurons = [nn.Neuron(2, generator=np.random.default_rng(i)) for i in range(2)]
    report = check_grads(lambda x: [neuron(x) for neuron in neurons], [Value(1.0), Value(-2.0)], order=1)
    assert {row.argument for row in report.comparisons} == {
        "x[0]",
        "x[1]",
        "w0",
        "w1",
        "b",
        "w0 (2)",
        "w1 (2)",
        "b (2)",
    }


def test_leaves_that_f_makes_itself_are_none_of_its_arguments():
    report = check_grads(lambda x: x @ Tensor([1.0, 2.0]), np.ones(2))
    assert not report.limits and {row.argument for row in report.comparisons if row.order == 1} == {"x"}


def test_values_and_plain_numbers_that_do_not_fit():
    neuron = nn.Neuron(2)
    with pytest.raises(TypeError, match="Value met a Tensor") as caught:
        check_grads(neuron, [1.0, 2.0])
    assert "give Values" in caught.value.__notes__[0]


def test_empty_arrays():
    assert kinds(check_grads(np.exp, np.zeros((0, 3)))) == ["empty"]
    assert kinds(check_grads(lambda x: x[:0], np.ones(3))) == ["independent"]


def test_a_step_that_f_refuses_is_a_step_too_far():
    def logarithm(x):
        if np.any(x.data <= 0):
            raise ValueError("x must be positive")
        return np.log(x)

    assert not check_grads(logarithm, np.array([1e-6, 1.0])).limits
    assert check_grads(lambda A: np.linalg.inv(A), np.array([[1.0, 2.0], [2.0, 4.000001]]), order=1).ok


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_full_table_has_every_entry_worst_first():
    @primitive(lambda g, out, x: g * np.array([1.0, 1.002, 1.0, 0.99]))
    def same(x):
        return +x

    w = np.array([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(GradientError) as caught:
        check_grads(lambda w, b: np.sum(same(w) * w) + b, w, 0.5, mode="full", order=1)
    report = caught.value.report
    table = {(row.argument, row.index): row for row in report.comparisons}
    assert table.keys() == {("w", (0,)), ("w", (1,)), ("w", (2,)), ("w", (3,)), ("b", ())}
    assert [row.index for row in report.comparisons[:2]] == [(3,), (1,)]
    assert [row.verdict for row in report.comparisons] == ["wrong", "wrong", "right", "right", "right"]
    worst = table["w", (3,)]
    assert (worst.engine, worst.numeric) == pytest.approx((7.96, 8.0))
    assert worst.error == pytest.approx(0.005)
    lines = str(report).splitlines()
    assert any(line.split() == ["1", "w[3]", "7.96", "8", "5.0e-03", "wrong"] for line in lines)


def test_a_full_check_that_finds_nothing_returns_its_table():
    report = check_grads(np.tanh, X, mode="full")
    first = [row for row in report.comparisons if row.order == 1]
    assert len(first) == X.size and {row.index for row in first} == set(np.ndindex(X.shape))
    assert report.full and "more with smaller errors" not in str(check_grads(np.tanh, X[0], mode="full"))


def test_the_report_in_a_notebook():
    report = check_grads(lambda p: ad.relu(p["<w>"]), {"<w>": np.array([0.0, 1.0])}, mode="full")
    html = report._repr_html_()
    assert html.count("<tr") == 1 + len(report.comparisons)
    assert "<w>" not in html and "p[&#x27;&lt;w&gt;&#x27;][1]" in html
    assert "<li>kink: at" in html


def test_the_report_in_one_line():
    text = str(check_grads(np.tanh, X))
    assert text.startswith("gradients right: order 1 in 1 comparison, to ") and "\n" not in text


# --- differences ------------------------------------------------------------------------------------------------------


def slope_of(f, claimed, x=1.0):
    noise = np.finfo(float).eps * abs(f(x))
    return measure(
        lambda t: f(x + t) - f(x),
        claimed,
        scale=abs(claimed),
        size=abs(f(x)),
        noise=noise,
        tolerance=1e-6 * abs(claimed),
    )


@pytest.mark.parametrize("height", [1e-12, 1e-9, 1e-6])
def test_stairs_of_unknown_height_confirm_nothing_wrong_and_refute_nothing_right(height):
    def stairs(x):
        return np.round(np.sin(x) / height) * height

    assert slope_of(stairs, math.cos(1.0)).verdict in ("right", "noise")
    for wrong in (0.0, 0.9 * math.cos(1.0), 1.1 * math.cos(1.0)):
        assert slope_of(stairs, wrong).verdict in ("wrong", "noise")


def test_a_single_step_refutes_nothing():
    def f(x):
        return math.sin(x) if x == 1 or 2**-12 <= abs(x - 1) <= 2**-11 else math.nan

    assert slope_of(f, 1.1 * math.cos(1.0)).verdict == "noise"


def test_a_sharp_bend_is_no_kink():
    def f(x):
        return 1e7 + math.sin(1e3 * x) / 1e3

    assert slope_of(f, math.cos(1e3)).verdict in ("right", "noise")
    assert slope_of(f, 1.05 * math.cos(1e3)).verdict == "wrong"


def test_a_jump_is_a_kink():
    assert slope_of(lambda x: np.where(x > 1, 5.0, 2.0) + x, 1.0).verdict == "kink"
    assert slope_of(lambda x: np.where(x >= 1, 5.0, 2.0) + x, 1.0).verdict == "kink"


def test_opposite_kinks_do_not_pass_for_a_slope():
    report = check_grads(lambda x: ad.relu(x[0]) - ad.relu(x[1]) + 0 * x[2], np.zeros(3))
    assert "kink" in kinds(report)


def test_outputs_of_different_sizes_are_all_checked():
    complaint(lambda x: (1e4 * np.sin(x), 1e-3 * wrong_sine(x)), 1.0)


# --- hand-written gradients -------------------------------------------------------------------------------------------

NET = {"W1": rng.normal(size=(3, 4)), "b1": rng.normal(size=4), "W2": rng.normal(size=(4, 1)), "b2": rng.normal(size=1)}


def net_loss(params, X, Y):
    hidden = ad.sigmoid(X @ params["W1"] + params["b1"])
    output = ad.sigmoid(hidden @ params["W2"] + params["b2"])
    return 0.5 * np.sum((output - Y) ** 2)


def net_gradients(params, X, Y, *, slope=lambda a: a * (1 - a)):
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    hidden = sigmoid(X @ params["W1"] + params["b1"])
    output = sigmoid(hidden @ params["W2"] + params["b2"])
    delta = (output - Y) * slope(output)
    before = delta @ params["W2"].T * slope(hidden)
    return {"dW1": X.T @ before, "db1": before.sum(axis=0), "dW2": hidden.T @ delta, "db2": delta.sum(axis=0)}


def refused(hand, loss, *args, **how):
    with pytest.raises(GradientError) as caught:
        assert_gradients(hand, loss, *args, **how)
    return str(caught.value)


def test_a_right_derivation_passes():
    assert_gradients(net_gradients, net_loss, NET, X, Y)
    assert_gradients(net_gradients(NET, X, Y), net_loss, NET, X, Y)
    params = {name: Tensor(array, label=name) for name, array in NET.items()}
    recorded = net_loss(params, X, Y)
    by_label = net_gradients(NET, X, Y)
    assert_gradients({name: by_label["d" + name] for name in NET}, recorded)
    assert_gradients({params[name]: by_label["d" + name] for name in NET}, recorded)
    assert params["W1"].grad is None


def test_a_wrong_derivation_fails_with_the_diagnosis():
    text = refused(lambda *args: net_gradients(*args, slope=lambda a: np.ones_like(a)), net_loss, NET, X, Y)
    assert text.count("is wrong: its relative error is") == 4 and "[" in text
    doubled = {**net_gradients(NET, X, Y), "dW2": 2 * net_gradients(NET, X, Y)["dW2"]}
    text = refused(doubled, net_loss, NET, X, Y)
    assert text.startswith("the gradient for W2 is wrong: its relative error is 1, and 1e-06 is allowed\n\n")
    assert text.endswith(str(diagnose(doubled, net_loss, NET, X, Y))) and "for W1" not in text


def test_an_error_of_a_millionth_is_the_limit():
    right = net_gradients(NET, X, Y)
    assert_gradients({name: g * (1 + 5e-7) for name, g in right.items()}, net_loss, NET, X, Y)
    slightly = {name: g * (1 + 5e-6) for name, g in right.items()}
    assert refused(slightly, net_loss, NET, X, Y).count("relative error is 5e-06, and 1e-06 is allowed") == 4
    assert_gradients(slightly, net_loss, NET, X, Y, rtol=1e-5)
    single = {name: g.astype(np.float32) for name, g in slightly.items()}
    assert_gradients(single, net_loss, NET, X, Y)
    assert refused(single, net_loss, NET, X, Y, rtol=1e-6).count("and 1e-06 is allowed") == 4
    assert_gradients({name: g.astype(np.float32) for name, g in right.items()}, net_loss, NET, X, Y)


def test_a_gradient_that_is_missing_or_has_another_shape():
    right = net_gradients(NET, X, Y)
    few = {"dW1": right["dW1"], "db2": right["db2"]}
    assert "no gradient is given for b1, W2" in refused(few, net_loss, NET, X, Y)
    assert_gradients(few, net_loss, NET, X, Y, partial=True)
    text = refused({**right, "db1": right["db1"][None]}, net_loss, NET, X, Y)
    assert "for b1 is wrong: it has shape (1, 4), and should have (4,)" in text
    assert "for b1 is wrong: its relative error is nan" in refused(
        {**right, "db1": right["db1"] * np.nan}, net_loss, NET, X, Y
    )


def test_a_gradient_on_the_way():
    x = Value(2.0, label="x")
    y = x * x
    y.label = "y"
    assert_gradients({"x": 12.0, "y": 3.0}, 3 * y)
    assert "for y is wrong" in refused({"x": 12.0, "y": 2.0}, 3 * y)
    assert "for x is wrong" in refused({"x": 1.0}, x * x * 0.0)


@pytest.mark.parametrize(
    ("hand", "message"),
    [
        ({"V": 1.0}, "names nothing that was recorded; there are w"),
        ({"w": "one"}, "must hold real numbers"),
        ({Value(1.0): 1.0}, "does not depend on"),
    ],
)
def test_hand_written_gradients_that_cannot_be_compared(hand, message):
    with pytest.raises((TypeError, ValueError), match=message):
        assert_gradients(hand, Value(1.0, label="w") * 2)


def test_what_assert_gradients_refuses():
    with pytest.raises(TypeError, match="loss must be"):
        assert_gradients({"w": 1.0}, 2.0)
    with pytest.raises(TypeError, match="needs its arguments"):
        assert_gradients({"w": 1.0}, lambda params: params["w"])
    with pytest.raises(ValueError, match="rtol must be"):
        assert_gradients({"w": 2.0}, Value(1.0, label="w") * 2, rtol=-1.0)


def test_keys_that_are_no_labels_are_named_by_of():
    w = Value(3.0, label="w")
    assert_gradients({"slope": 6.0}, w * w, of={"slope": "w"})
    assert "for w is wrong" in refused({"slope": 5.0}, w * w, of={"slope": w})
