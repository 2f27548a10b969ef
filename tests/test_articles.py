"""The two articles: their known numbers come out, and every verdict is computed, on their data and on other."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import autograd
from nn.articles import (
    TOLERANCE,
    Expression,
    Formula,
    Run,
    check,
    classify,
    compare,
    examine,
    layers,
    layers_code,
    layers_network,
    why,
    xor,
    xor_chaos,
)
from nn.articles.training import descend
from nn.datasets import breast_cancer
from nn.preparation import split, standardise


@pytest.fixture(scope="module")
def xor_result():
    return xor.run()


@pytest.fixture(scope="module")
def layers_result():
    return layers.run()


def by_name(verdicts):
    return {verdict.formula.name: verdict for verdict in verdicts}


def numeric_gradient(loss, params, name, step=1e-6):
    """Central differences, entry by entry."""
    gradient = np.empty_like(params[name])
    for index in np.ndindex(gradient.shape):
        sides = []
        for sign in (1, -1):
            moved = {**params, name: params[name].copy()}
            moved[name][index] += sign * step
            sides.append(float(loss(moved)))
        gradient[index] = (sides[0] - sides[1]) / (2 * step)
    return gradient


# ---------------------------------------------------------------------------------------------------- comparing


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("claim", "truth", "relative_error", "cosine"),
    [
        ([3.0, 4.0], [3.0, 4.0], 0.0, 1.0),
        ([6.0, 8.0], [3.0, 4.0], 1.0, 1.0),
        ([-3.0, -4.0], [3.0, 4.0], 2.0, -1.0),
        ([4.0, -3.0], [3.0, 4.0], math.sqrt(2), 0.0),
        (2.0, [2.0], 0.0, 1.0),
        ([2e-200, 0.0], [1e-200, 0.0], 1.0, 1.0),
        ([2e200, 0.0], [1e200, 0.0], 1.0, 1.0),
        ([0.0], [0.0], 0.0, math.nan),
        ([1.0], [0.0], math.inf, math.nan),
        ([1.0, 2.0, 3.0], [1.0, 2.0], math.inf, math.nan),
        ([[1.0], [2.0]], [1.0, 2.0], math.inf, math.nan),
        ([math.nan], [1.0], math.nan, math.nan),
        ([math.inf, 1.0], [1.0, 1.0], math.nan, math.nan),
    ],
)
def test_compare(claim, truth, relative_error, cosine):
    found = compare(claim, truth)
    assert found.relative_error == pytest.approx(relative_error, nan_ok=True)
    assert found.cosine == pytest.approx(cosine, abs=1e-15, nan_ok=True)
    assert found.right == (relative_error == 0.0)
    assert found.shape_mismatch == (np.shape(claim) != np.shape(truth))


def test_the_tolerance_lies_between_noise_and_a_fault():
    assert compare([1 + 1e-10], [1.0]).right
    assert not compare([1 + 1e-8], [1.0]).right


def test_an_expression_is_the_code_that_it_shows():
    expression = Expression("", "double(w) + z", names={"w": "W1"}, functions={"double": lambda v: 2 * v})
    assert expression({"W1": 3.0, "z": 1.0}) == 7.0
    with pytest.raises(NameError, match="'w'"):
        expression({"z": 1.0})


def test_a_formula_called_like_a_node_is_refused():
    x = autograd.Tensor([1.0])
    e = Expression("", "x")
    with pytest.raises(ValueError, match="'x' is called like a node: rename it, say dx"):
        check([Formula(name="x", of="x", loss="s", written=e, corrected=e)], {"x": x, "s": np.sum(x)})


def test_a_third_article_needs_nothing_but_its_formulas():
    x, w = autograd.Value(0.7), autograd.Value(-1.3)
    z = w * x
    a = np.tanh(z)
    functions = {"tanh": math.tanh}
    d_z = Formula(
        name="dz",
        of="z",
        loss="a",
        written=Expression("", "1 - tanh(a)**2", functions=functions),
        corrected=Expression("", "1 - a**2", functions=functions),
    )
    d_w = Formula(name="dw", of="w", loss="a", written=Expression("", "dz * x"), corrected=Expression("", "x * dz"))
    first, second = check([d_z, d_w], {"x": x, "w": w, "z": z, "a": a})
    assert (first.right, second.right) == (False, True)
    assert not second.chained.right
    truth = 1 - math.tanh(-0.91) ** 2
    assert first.relative_error == pytest.approx(abs(1 - math.tanh(math.tanh(-0.91)) ** 2 - truth) / truth)
    assert first.corrected_error < 1e-15


# ---------------------------------------------------------------------------------------------------- XOR: formulas

XOR_VERDICTS = {
    "dJ/dw": False,
    "dJ/db": False,
    "sigma'": True,
    "d_out": False,
    "d_hid": False,
    "dW2": True,
    "dW1": True,
    "db2": False,
    "db1": False,
    "w - (1/n) sum dJ/dw": False,
}


def test_xor_verdicts_are_those_of_the_table():
    verdicts = examine(xor.article())
    assert {verdict.formula.name: verdict.right for verdict in verdicts} == XOR_VERDICTS
    for verdict in verdicts:
        assert verdict.corrected_error <= TOLERANCE
        assert verdict.right or why(verdict)


def test_xor_first_step_errors():
    chained = {name: verdict.chained for name, verdict in by_name(examine(xor.article())).items()}
    for name, error, cosine in (
        ("dW1", 0.886, 0.806),
        ("dW2", 0.069, 0.99987),
        ("db1", 0.878, 0.485),
        ("db2", 0.735, 1.0),
    ):
        assert round(chained[name].relative_error, 3) == error
        assert chained[name].cosine == pytest.approx(cosine, abs=5e-4 if name != "dW2" else 5e-6)


def test_xor_figures_of_single_formulas():
    article = xor.article()
    verdicts = by_name(examine(article))
    output = article.nodes["a2"].data[0, 0]
    assert float(article.nodes["J"].data) == pytest.approx((output - 1) ** 2, rel=1e-14)
    # Without (o - y), which is negative where y is 1, the step goes the wrong way.
    assert verdicts["dJ/dw"].cosine == pytest.approx(-1)
    assert verdicts["dJ/db"].cosine == -1
    # The mean of 4 is a quarter of the sum; n/2 = 2 times too much is an error of 1.
    assert verdicts["db2"].relative_error == pytest.approx(0.75)
    assert verdicts["db2"].alone.shape == () and verdicts["db2"].alone.true_shape == (1,)
    assert verdicts["w - (1/n) sum dJ/dw"].relative_error == pytest.approx(1)
    assert verdicts["w - (1/n) sum dJ/dw"].cosine == pytest.approx(1)
    # Right formulas on wrong deltas give wrong gradients.
    assert verdicts["dW1"].right and not verdicts["dW1"].chained.right


def test_xor_gradients_against_differences():
    params = xor.init_params()
    loss = lambda p: xor.forward(xor.X, xor.Y, **p)["loss"]  # noqa: E731
    for by in ("engine", "corrected"):
        _, slopes = xor.gradient(params, by=by)
        for name in params:
            assert compare(slopes[name], numeric_gradient(loss, params, name)).relative_error < 1e-8
    _, written = xor.gradient(params, by="written")
    assert all(compare(written[name], slopes[name]).relative_error > 0.05 for name in params)


@pytest.mark.parametrize("seed", [0, 2, 77])
@pytest.mark.parametrize(("examples", "dims"), [(4, (3, 4, 1)), (9, (5, 7, 1)), (1, (2, 1, 1)), (6, (4, 6, 1))])
def test_xor_corrections_hold_on_other_data(seed, examples, dims):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(examples, dims[0])), rng.uniform(size=(examples, 1))
    verdicts = by_name(examine(xor.article(xor.init_params(seed, dims), X, Y)))
    assert all(verdict.corrected_error <= TOLERANCE for verdict in verdicts.values())
    for name in ("sigma'", "dW1", "dW2"):
        assert verdicts[name].right
    for name in ("dJ/dw", "dJ/db", "d_out", "d_hid"):
        assert not verdicts[name].right
    assert verdicts["db2"].right == (examples == 1)
    assert verdicts["db1"].shape_mismatch == (examples != dims[1])
    assert verdicts["w - (1/n) sum dJ/dw"].relative_error == pytest.approx(abs(examples / 2 - 1))


@pytest.mark.parametrize(
    ("name", "code", "right"),
    [
        ("d_out", "1.001 * (output_activation - Y) * output_activation * (1 - output_activation)", False),
        ("d_out", "(Y - output_activation) * output_activation * (1 - output_activation)", False),
        ("d_out", "(output_activation - Y) * output_activation", False),
        ("d_out", "output_activation * (output_activation - Y) - output_activation**2 * (output_activation - Y)", True),
        ("d_hid", "delta_output_weights.dot(output_weights.T) * hidden_activation", False),
        ("dW2", "hidden_activation.T.dot(delta_output_weights) / len(Y)", False),
        ("dW2", "(delta_output_weights.T @ hidden_activation).T", True),
        ("dW1", "X.T.dot(delta_hidden_weights[::-1])", False),
        ("db1", "delta_hidden_weights.sum(axis=1)", False),
        ("db1", "np.ones(len(X)) @ delta_hidden_weights", True),
    ],
)
def test_an_invented_formula_is_judged(name, code, right):
    article = xor.article()
    formulas = [
        replace(formula, written=replace(formula.written, code=code)) if formula.name == name else formula
        for formula in article.formulas
    ]
    assert by_name(check(formulas, article.nodes))[name].right is right


def test_five_examples_break_the_articles_code():
    (fault,) = xor.faults()
    assert fault.found
    assert fault.happened.startswith("ValueError: ") and "(4,)" in fault.happened and "(5,)" in fault.happened
    article = xor.article(X=np.vstack([xor.X, xor.X[:1]]), Y=np.vstack([xor.Y, xor.Y[:1]]))
    alone = by_name(examine(article))["db1"].alone
    assert (alone.shape, alone.true_shape) == ((5,), (4,))
    assert alone.relative_error == math.inf and not alone.right
    assert alone.to_dict()["relative_error"] is None and alone.to_dict()["cosine"] is None


def test_xor_runs_one_scalar_at_a_time():
    params = xor.init_params()
    boxes = {name: autograd.scalars(value, label=name) for name, value in params.items()}
    loss = xor.forward(xor.X, xor.Y, **boxes)["loss"]
    loss.backward()
    _, slopes = xor.gradient(params)
    assert loss.data == pytest.approx(float(xor.forward(xor.X, xor.Y, **params)["loss"]), rel=1e-15)
    for name in params:
        np.testing.assert_allclose(autograd.read(boxes[name], "grad"), slopes[name], rtol=1e-12)


# ---------------------------------------------------------------------------------------------------- XOR: training

TRUE_LOSSES = [
    0.5013730688788007,
    0.3483945521429394,
    0.03380704394832919,
    0.022887465702205727,
    0.01837426976358015,
    0.015760252214929646,
    0.014005655946576542,
    0.012724705801813556,
    0.01173713750524871,
]


def test_the_articles_update_gives_its_printed_losses(xor_result):
    run = next(run for run in xor_result.runs if run.by == "written")
    assert run.published[0] == 0.5013730688788007 and run.published[1000] == 0.4664830127093482
    assert run.history[0] == pytest.approx(run.published[0], abs=1e-15)
    assert run.history[1000] == pytest.approx(run.published[1000], abs=1e-12)
    band = xor_result.chaos[0]
    for step in range(2000, 8000, 1000):
        low, high = band.band(step)
        assert low - 0.01 <= run.published[step] <= high + 0.01
        assert low - 0.01 <= run.history[step] <= high + 0.01


@pytest.mark.parametrize("by", ["engine", "corrected"])
def test_the_true_gradient_gives_the_true_losses(by, xor_result):
    run = next((run for run in xor_result.runs if run.by == by), None) or xor.train(by=by)
    assert run.steps == 8000
    np.testing.assert_allclose([run.history[step] for step in range(0, 8001, 1000)], TRUE_LOSSES, rtol=0, atol=1e-12)


def test_the_articles_update_is_chaotic_and_the_true_gradient_is_not(xor_result):
    written, true = xor_result.chaos
    assert len(written.losses[2000]) == len(true.losses[2000]) == 50
    assert len(set(written.losses[2000])) > 10
    assert written.spread(2000) > 0.01
    for step in range(0, 8000, 1000):
        assert true.spread(step) < 1e-12
        assert true.losses[step] == pytest.approx(TRUE_LOSSES[step // 1000], abs=1e-12)


def test_stacked_copies_are_trained_like_one():
    steps = [0, 1, 2, 10]
    for found, by in zip(xor.chaos(nudges=1, steps=steps), ("written", "corrected"), strict=True):
        history = xor.train(10, by=by).history
        assert found.losses.keys() == set(steps)
        for step in steps:
            assert found.losses[step] == pytest.approx(history[step], abs=1e-14)


def test_nudges_are_a_few_units_in_the_last_place():
    assert xor.chaos(nudges=50, steps=[0])[0].spread(0) < 1e-14


def test_chaos_takes_the_sigmoids_derivative_at_the_activation():
    def biases_as_written(o, h, W2):
        d_out, d_hid, _, _ = xor_chaos._steps_corrected(o, h, W2)
        return d_out, d_hid, d_out.mean(axis=(1, 2), keepdims=True), d_hid.mean(axis=2)[:, None, :]

    def deltas_as_written(o, h, W2):
        d_out, d_hid, _, _ = xor_chaos._steps_written(o, h, W2)
        return d_out, d_hid, d_out.sum(axis=1, keepdims=True), d_hid.sum(axis=1, keepdims=True)

    assert np.ptp(xor_chaos._stacked(biases_as_written, 20, [2000])[2000]) < 1e-12
    assert np.ptp(xor_chaos._stacked(deltas_as_written, 20, [2000])[2000]) > 1e-6


def test_initial_parameters_are_numpys_and_leave_its_state_alone():
    np.random.seed(1)
    expected = [np.random.randn(3, 4), np.random.randn(4, 1), np.random.randn(4), np.random.randn(1)]
    state = np.random.get_state()
    params = xor.init_params()
    assert all(np.array_equal(a, b) for a, b in zip(params.values(), expected, strict=True))
    np.random.seed(3)
    expected = [np.random.randn(4, 2) * 0.01, np.random.randn(1, 4) * 0.01]
    np.random.set_state(state)
    params = layers.init_params((2, 4, 1))
    assert np.array_equal(params["W1"], expected[0]) and np.array_equal(params["W2"], expected[1])
    assert np.array_equal(np.random.get_state()[1], state[1]) and np.random.get_state()[2] == state[2]


def test_progress_is_told_of_every_step():
    told = []

    def progress(name, total):
        told.append((name, total, []))
        return lambda step, loss: told[-1][2].append((step, loss))

    result = xor.run(progress, steps=3)
    assert [(name, total) for name, total, _ in told] == [(run.name, 4) for run in result.runs]
    for (_, _, calls), run in zip(told, result.runs, strict=True):
        assert calls == list(enumerate(run.history))
    told.clear()
    result = layers.run(progress, epochs=2)
    assert [calls for _, _, calls in told] == [list(enumerate(run.history)) for run in result.runs]


@pytest.mark.parametrize("gradient", [xor.gradient, layers.gradient])
def test_an_unknown_way_to_the_gradient_is_named(gradient):
    params = xor.init_params() if gradient is xor.gradient else layers.init_params((2, 4, 1))
    with pytest.raises(ValueError, match="by='hand': expected 'engine'"):
        gradient(params, by="hand")


# ---------------------------------------------------------------------------------------------------- results


@pytest.mark.parametrize("which", ["xor_result", "layers_result"])
def test_a_result_goes_through_json(which, request):
    result = request.getfixturevalue(which)
    summary = json.loads(json.dumps(result.summary(), allow_nan=False))
    assert summary["ok"] is result.ok is True
    assert [formula["right"] for formula in summary["formulas"]] == [verdict.right for verdict in result.verdicts]
    assert summary["runs"][0]["losses"]["1000"] == result.runs[0].history[1000]


def test_a_result_is_not_ok_with_a_wrong_correction(xor_result):
    verdict = xor_result.verdicts[3]
    assert not replace(xor_result, verdicts=[replace(verdict, correction=verdict.alone)]).ok


@pytest.mark.parametrize(
    ("which", "labels"),
    [
        ("xor_result", ["W1", "b1", "W2", "b2", "X", "Y", "z1", "a1", "z2", "a2", "loss"]),
        ("layers_result", ["W1", "b1", "W2", "b2", "X", "Y", "Z1", "A1", "Z2", "A2", "loss"]),
    ],
)
def test_the_graph_is_labelled_and_has_gradients(which, labels, request):
    result = request.getfixturevalue(which)
    nodes = {node.label: node for node in autograd.tape(result.loss) if node.label}
    # Y may reach the loss through a constant (1 - Y, Y.T): constants record nothing.
    assert set(labels) - {"Y"} <= set(nodes)
    assert result.loss is nodes["loss"]
    for name in ("W1", "b1", labels[6], labels[8]):
        assert np.shape(nodes[name].grad) == np.shape(nodes[name].data)
    np.testing.assert_array_equal(nodes["W1"].grad, autograd.grad(result.loss, nodes["W1"]))


def test_a_run_shows_its_last_step():
    assert Run("", 1.0, "engine", "cost", [0.5, 0.4, 0.3, 0.2], {}).at(2) == {0: 0.5, 2: 0.3, 3: 0.2}


# ---------------------------------------------------------------------------------------------------- layers: formulas


@pytest.mark.parametrize("dims", [(2, 4, 1), (3, 1), (2, 4, 3, 1), (5, 4, 3, 2, 3, 2)])
@pytest.mark.parametrize(("seed", "scale"), [(3, 0.01), (11, 1.0)])
def test_every_formula_of_layers_is_right(dims, seed, scale):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(dims[0], 7)), rng.integers(0, 2, size=(dims[-1], 7)).astype(float)
    verdicts = examine(layers.article(layers.init_params(dims, seed=seed, scale=scale), X, Y))
    assert len(verdicts) == 1 + 4 * (len(dims) - 1)
    for verdict in verdicts:
        assert verdict.right and verdict.chained.right and not verdict.shape_mismatch
        assert verdict.corrected_error <= TOLERANCE


def test_layers_on_its_own_data():
    verdicts = examine(layers.article())
    assert [verdict.formula.name for verdict in verdicts] == [
        *("dA2", "dZ2", "dW2", "db2", "dA1"),
        *("dZ1", "dW1", "db1", "dA0"),
    ]
    assert all(verdict.right for verdict in verdicts)


def test_deltas_are_of_the_summed_cost():
    """Against the mean, dZ and dA are m times too long, and dW and db are not."""
    article = layers.article()
    of_the_mean = check([replace(formula, loss="loss") for formula in article.formulas], article.nodes)
    for verdict in of_the_mean:
        if verdict.formula.name[:2] in ("dZ", "dA"):
            assert verdict.chained.relative_error == pytest.approx(3) and verdict.cosine == pytest.approx(1)
        else:
            assert verdict.chained.right


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dZ1", "dA*sigmoid(sigmoid(Z))*(1-sigmoid(sigmoid(Z)))"),
        ("dW2", "np.dot(dZ, A_prev.T)"),
        ("db1", "(1/m)*np.sum(dZ)"),
        ("dA1", "np.dot(W.T, dZ) * 1.000001"),
    ],
)
def test_a_fault_planted_in_layers_is_found_there_and_nowhere_else(name, code):
    article = layers.article()
    planted = [
        replace(formula, written=replace(formula.written, code=code)) if formula.name == name else formula
        for formula in article.formulas
    ]
    verdicts = check(planted, article.nodes)
    assert [verdict.formula.name for verdict in verdicts if not verdict.right] == [name]


def test_layers_gradients_against_differences():
    params = layers.init_params((2, 3, 2), scale=1.0)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 5)), rng.uniform(size=(2, 5))
    for by in ("engine", "written"):
        _, slopes = layers.gradient(params, X, Y, by=by)
        for name in params:
            numeric = numeric_gradient(lambda p: layers.forward(X, Y, **p)["loss"], params, name)
            assert compare(slopes[name], numeric).relative_error < 1e-7


def test_the_cost_is_binary_cross_entropy():
    rng = np.random.default_rng(0)
    for outputs in (1, 3):
        A, Y = rng.uniform(0.1, 0.9, size=(outputs, 6)), rng.integers(0, 2, size=(outputs, 6))
        expected = -sum(math.log(a if y else 1 - a) for a, y in zip(A.ravel(), Y.ravel(), strict=True)) / 6
        assert float(layers_network.cost_function(A, Y)) == pytest.approx(expected, rel=1e-14)


def test_layers_runs_one_scalar_at_a_time():
    params = layers.init_params((2, 3, 1), scale=1.0)
    boxes = {name: autograd.scalars(value, label=name) for name, value in params.items()}
    loss = layers.forward(layers.X, layers.Y, **boxes)["loss"]
    loss.backward()
    cost, slopes = layers.gradient(params)
    assert loss.data == pytest.approx(cost, rel=1e-14)
    for name in params:
        np.testing.assert_allclose(autograd.read(boxes[name], "grad"), slopes[name], rtol=1e-12, atol=1e-15)


# ---------------------------------------------------------------------------------------------------- layers: its code


def test_the_code_of_layers_fails_as_known():
    faults = {fault.name: fault for fault in layers.faults(layers.X, layers.Y)}
    raised = {name: fault.happened.split(";")[0] for name, fault in faults.items() if fault.found}
    assert raised == {
        "log is not imported": "NameError: name 'log' is not defined",
        "sigmoid returns two things": "TypeError: unsupported operand type(s) for -: 'int' and 'tuple'",
        "the update reads other keys": "KeyError: 'W1'",
        "the output layer is overwritten": "KeyError: 'dW2'",
    }
    assert "dW1 (4, 2)" in faults["the output layer is overwritten"].happened
    assert "dW2 (" not in faults["the output layer is overwritten"].happened


def test_its_loop_moves_back_a_layer():
    loop = layers.faults(layers.X, layers.Y, (2, 4, 3, 1))[-1]
    assert loop.code == "current_cache = caches[l]" and not loop.found


def test_a_loop_that_stays_would_be_found(monkeypatch):
    stuck = layers_code.LISTING.replace("current_cache = caches[l]\n", "pass\n")
    assert stuck != layers_code.LISTING
    monkeypatch.setattr(layers_code, "LISTING", stuck)
    # With one unit per layer the shapes happen to fit.
    for dims, happened in (((2, 4, 3, 1), "ValueError: "), ((2, 1, 1), "with the repairs above")):
        loop = layers.faults(layers.X, layers.Y, dims)[-1]
        assert loop.found and loop.happened.startswith(happened)


def test_each_repair_changes_one_line():
    for repair in layers_code.REPAIRS:
        assert layers_code.LISTING.count(repair.written) == 1
        assert repair.corrected not in layers_code.LISTING


@pytest.mark.parametrize("dims", [(2, 4, 1), (2, 3, 4, 1)])
def test_the_repaired_code_trains_as_ours_does(dims):
    params, costs = layers_code.namespace()["train"](layers.X, layers.Y, dims, 200, 5.0)
    ours, history = layers.train(layers.X, layers.Y, dims, 200, 5.0)
    np.testing.assert_allclose(np.ravel(costs), history[:-1], rtol=1e-10)
    for name in params:
        np.testing.assert_allclose(params[name], ours[name], rtol=1e-6, atol=1e-12)


def test_the_output_layers_gradient_is_lost():
    stored = layers_code.stored(layers.X, layers.Y, (2, 4, 1))
    assert {key: value.shape for key, value in stored.items() if key.startswith("dW")} == {"dW1": (4, 2)}


# ---------------------------------------------------------------------------------------------------- layers: training


def test_layers_learns_xor_only_at_a_high_rate_or_from_larger_weights(layers_result):
    runs = {(run.rate, run.name): run.history for run in layers_result.runs}
    assert [len(history) for history in runs.values()] == [20_001] * 4
    low, unit, high, larger = runs.values()
    assert [rate for rate, _ in runs] == [0.1, 1.0, 5.0, 1.0]
    for stuck in (low, unit):
        assert max(abs(cost - math.log(2)) for cost in stuck) < 3e-6
        assert round(stuck[20_000], 6) == 0.693147
    assert round(high[1000], 6) == 0.001834
    assert round(high[20_000], 6) == 5.9e-05
    assert [round(larger[k], 6) for k in (0, 100, 1000, 20_000)] == [0.712186, 0.679449, 0.014972, 0.000383]


def test_engine_and_formulas_train_alike():
    rng = np.random.default_rng(5)
    X, Y = rng.normal(size=(3, 20)), rng.integers(0, 2, size=(2, 20)).astype(float)
    runs = [layers.train(X, Y, (3, 5, 4, 2), 100, 0.5, scale=1.0, by=by) for by in ("engine", "written")]
    np.testing.assert_allclose(runs[0][1], runs[1][1], rtol=1e-12)
    assert runs[0][1][-1] < runs[0][1][0]


def test_the_history_ends_with_the_returned_parameters():
    params, history = layers.train(layers.X, layers.Y, (2, 4, 1), 7, 1.0, scale=1.0)
    assert len(history) == 8
    assert history[-1] == pytest.approx(float(layers.forward(layers.X, layers.Y, **params)["loss"]), rel=1e-14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer_dims": (2,)}, "layer_dims=.*expected the number of features"),
        ({"layer_dims": (2, 0, 1)}, "each at least 1"),
        ({"layer_dims": (2, 2.5, 1)}, "each at least 1"),
        ({"layer_dims": (3, 4, 1)}, r"X has shape \(2, 4\).*expects \(3, examples\)"),
        ({"layer_dims": (2, 4, 2)}, r"Y has shape \(1, 4\).*expects \(2, examples\)"),
        ({"X": layers.X[:, :3]}, "X has 3 examples and Y has 4"),
        ({"X": layers.X[:, :0], "Y": layers.Y[:, :0]}, r"X has shape \(2, 0\)"),
        ({"X": np.full((2, 4), math.nan)}, "X holds nan or inf"),
        ({"Y": layers.Y + 1}, "Y holds something outside 0 to 1"),
        ({"Y": layers.Y * math.nan}, "Y holds something outside 0 to 1"),
        ({"epochs": -1}, "epochs=-1"),
        ({"epochs": 1.5}, "epochs=1.5"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"lr": math.inf}, "lr=inf"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    given = {"X": layers.X, "Y": layers.Y, "layer_dims": (2, 4, 1), "epochs": 1, "lr": 1.0, **changes}
    with pytest.raises(ValueError, match=message):
        layers.train(**given)


@pytest.mark.filterwarnings("error")
def test_a_training_that_blows_up_says_so():
    with pytest.raises(ValueError, match="the loss is nan after 1 updates with the learning rate 1e\\+06"):
        layers.train(np.array([[1.0, -1.0]]), np.array([[1.0, 0.0]]), (1, 1), 10, 1e6)
    with pytest.raises(ValueError, match="the loss is inf after 0 updates"):
        descend({"x": np.array(1.0)}, lambda params: (math.inf, params), 1, 1.0)


# ---------------------------------------------------------------------------------------------------- real data


@pytest.fixture(scope="module", params=range(5))
def table(request):
    data = breast_cancer()
    X_train, X_test, y_train, y_test = split(data.X, data.y, seed=request.param)
    return *standardise(X_train, X_test), y_train, y_test


def test_layers_tells_tumours_apart(table):
    accuracy = classify(*table)
    assert accuracy.layer_dims == (30, 16, 1)
    assert accuracy.train_examples + accuracy.test_examples == 569
    assert accuracy.test >= 0.95 and accuracy.train >= 0.97
    assert accuracy.run.history[-1] < 0.1 < accuracy.run.history[0]
    X_test, y_test = table[1], table[3]
    outputs = layers.predict(X_test.T, accuracy.run.params)[0]
    hits = sum(int((output > 0.5) == (target == 1)) for output, target in zip(outputs, y_test, strict=True))
    assert accuracy.test == pytest.approx(hits / len(y_test))


@pytest.mark.parametrize("dims", [(30, 1), (30, 16, 8, 4, 1)])
def test_any_depth_learns_a_table(dims, table):
    assert classify(*table, layer_dims=dims).test >= 0.93


def test_the_article_as_it_is_learns_the_table(table):
    assert classify(*table, scale=0.01).test >= 0.95


def test_labels_without_information_are_not_learned(table):
    X_train, X_test, y_train, y_test = table
    shuffled = np.random.default_rng(0).permutation(y_train)
    assert classify(X_train, X_test, shuffled, y_test, epochs=200).test < 0.9


def test_classify_refuses_what_does_not_fit():
    X, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match="expected one output"):
        classify(X, X, y, y, layer_dims=(2, 4, 2))
    with pytest.raises(ValueError, match="expected the columns of X_train"):
        classify(X, X[:, :1], y, y)
    with pytest.raises(ValueError, match="X_test has 4 examples and y_test 3"):
        classify(X, X, y, y[:3])
    with pytest.raises(ValueError, match="expects \\(3, examples\\)"):
        classify(X, X, y, y, layer_dims=(3, 4, 1))
    with pytest.raises(ValueError, match="Y holds something outside 0 to 1"):
        classify(X, X, 2 * y, y)
