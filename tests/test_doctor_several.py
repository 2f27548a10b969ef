"""Several mistakes in one backward pass, several explanations of one claim, and what none explains."""

import numpy as np
from doctor_trials.by_hand import COLUMNS, DEEP, SOFTMAX, SQUARES, everything_that_fits, names, normal

from autograd import Tensor, diagnose


def test_two_mistakes_in_one_gradient():
    diagnosis = DEEP.diagnosed("dW1 = 2 * X.T @ (d2 @ W2.T)")
    assert sorted(names(diagnosis)) == ["constant", "derivative-missing"]
    assert diagnosis["dW1"].residual < 1e-9


def test_a_mistake_made_everywhere_is_one_mistake_and_each_place_is_named():
    diagnosis = SQUARES.diagnosed("d2 = (a2 - Y) * sigmoid_prime(a2)", "d1 = d2 @ W2.T * sigmoid_prime(a1)")
    assert names(diagnosis) == ["at-output"]
    mistake = diagnosis.mistakes[0]
    assert mistake.everywhere and mistake.kind == "sigmoid"
    assert "sigma'(a2)" in diagnosis["dW2"].sentence
    assert (
        diagnosis["dW1"].sentence == "dW1 uses sigma'(a1): a1 is already sigma(z1). Write a1 * (1 - a1), or sigma'(z1)."
    )


def test_what_builds_on_a_wrong_delta_is_right_in_itself():
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    recorded = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)
    scope = SQUARES.scope(SQUARES.params, SQUARES.X, SQUARES.Y)
    exec(SQUARES.forward + SQUARES.backward.replace("a2 * (1 - a2)", "sigmoid_prime(a2)"), scope)
    claims = {key: scope[key] for key in ("d2", "dW2", "db2", "d1", "dW1", "db1")}
    diagnosis = diagnose(claims, recorded["loss"], of={"d2": recorded["z2"], "d1": recorded["z1"]})
    assert not diagnosis["d2"].inherited
    assert all(diagnosis[key].inherited for key in ("dW2", "db2", "d1", "dW1", "db1"))
    assert names(diagnosis) == ["at-output"] and diagnosis.mistakes[0].own == ("d2",)
    assert diagnosis["dW2"].formula == "a1.T @ d2"


def test_other_explanations_are_listed_and_another_batch_size_decides():
    params = {"W": normal(4, 4), "b": normal(4)}
    X, Y = normal(4, 4), normal(4, 4)

    def loss(params, X, Y):
        return np.sum((X @ params["W"] + params["b"] - Y) ** 2) / 2

    def claimed(params, X, Y):
        d = X @ params["W"] + params["b"] - Y
        return {"W": X.T @ d, "b": d.sum(axis=0) / 4}

    nodes = {name: Tensor(array, label=name) for name, array in params.items()}
    from_arrays = diagnose(claimed(params, X, Y), loss(nodes, X, Y))
    assert len(everything_that_fits(from_arrays)) > 1  # 4 examples, 4 outputs: a mean over either
    assert "for all that this data can tell" in str(from_arrays)
    from_functions = diagnose(claimed, loss, params, X, Y)
    assert from_functions["b"].explanations[0].name == "constant"


def test_what_the_shape_of_a_claim_rules_out_is_no_other_explanation():
    diagnosis = SOFTMAX.diagnosed("db = dz.sum(axis=1, keepdims=True)", arrays=True)  # 0 in each row, to rounding
    assert diagnosis["db"].shape == (8, 1) and names(diagnosis) == ["wrong-axis"]
    assert {other.name for other in diagnosis["db"].alternatives} <= {"wrong-axis"}  # and not the one sum of all


def test_wrong_numbers_without_a_reason_name_where_it_begins():
    diagnosis = SQUARES.diagnosed("d1 = np.cumsum(d2 @ W2.T * a1 * (1 - a1), axis=1)")
    assert not diagnosis.ok and not diagnosis.mistakes
    for key in ("dW1", "db1"):
        finding = diagnosis[key]
        assert finding.status == "unexplained" and not finding.explanations
        assert finding.residual == finding.relative_error
        assert "dz1 is the first to go wrong" in finding.sentence
        assert "closest" not in finding.sentence  # nothing is close: to name it would mislead
    assert diagnosis["dW2"].status == "right"


def test_what_comes_close_is_named_and_not_claimed():
    diagnosis = SQUARES.diagnosed("d1 = d2 @ W2.T * sigmoid_prime(a1) * (1 + 0.01 * np.sin(X[:, :1]))")
    sentence = diagnosis["dW1"].sentence
    assert diagnosis["dW1"].status == "unexplained" and not diagnosis.mistakes
    assert "The closest still leaves 0." in sentence and "the derivative is taken at the output" in sentence


def test_a_number_that_is_written_out_is_looked_for_where_a_mistake_fits_this_data_alone():
    diagnosis = SQUARES.diagnosed("db1 = d1.sum(axis=0) / 7")
    assert diagnosis["db1"].status == "unexplained"
    assert "look for a number that is written out: a mean over the examples" in diagnosis["db1"].sentence


def test_of_two_formulas_that_contradict_each_other_each_is_explained_alone():
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    loss = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)["loss"]
    arguments = SQUARES.params, SQUARES.X, SQUARES.Y
    one = SQUARES.claims("d2 = (a2 - Y) * sigmoid_prime(a2)")(*arguments)
    two = SQUARES.claims("d2 = a2 * (1 - a2)")(*arguments)
    diagnosis = diagnose({"dW2": one["dW2"], "db2": two["db2"]}, loss)
    assert diagnosis["dW2"].explanations[0].name == "at-output"
    assert diagnosis["db2"].explanations[0].name == "error-missing"


def test_deltas_of_a_summed_loss_are_a_convention():
    def claimed(params, X, Y, slope=lambda a: 1 - a**2):
        scope = COLUMNS.scope(params, X, Y)
        exec(COLUMNS.forward, scope)
        a1, a2, m = scope["a1"], scope["a2"], X.shape[1]
        dz2 = a2 - Y
        dz1 = params["W2"].T @ dz2 * slope(a1)
        deltas = {"dz2": dz2, "dz1": dz1}
        return {**deltas, "dW2": dz2 @ a1.T / m, "dW1": dz1 @ X.T / m, "db1": dz1.sum(axis=1, keepdims=True) / m}

    arguments = COLUMNS.loss, COLUMNS.params, COLUMNS.X, COLUMNS.Y
    diagnosis = diagnose(claimed, *arguments)
    assert diagnosis.ok and "convention" in diagnosis.notes[0]
    diagnosis = diagnose(lambda *data: claimed(*data, slope=lambda a: 1 - a), *arguments)
    assert names(diagnosis) == ["derivative-slip"] and diagnosis.mistakes[0].own == ("dz1",)
    assert diagnosis["dz2"].status == "right"
    assert diagnosis["dW1"].formula == "dz1 @ X.T / m"
