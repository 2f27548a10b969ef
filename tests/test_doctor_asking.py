"""What the doctor may be asked: keys as people write them, functions, scalars, odd numbers; and what it refuses."""

import json

import numpy as np
import pytest
from doctor_trials.by_hand import CLASSES, COLUMNS, SQUARES, names, normal, rng, sigmoid

import autograd
from autograd import Tensor, Value, diagnose, scalars


@pytest.mark.parametrize(
    "spelled",
    ["W1", "dW1", "grad_W1", "W1_grad", "dL_dW1", "dJ/dW1", "d_W1", "gW1", "delta_W1", "dw1", "W1.grad", "∂W1"],
)
def test_keys_are_read_as_people_write_them(spelled):
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    loss = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)["loss"]
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    diagnosis = diagnose({spelled: right["dW1"]}, loss)
    assert diagnosis[spelled].label == "W1" and diagnosis.ok
    assert diagnosis.missing == ("b1", "W2", "b2")


def test_keys_may_be_nodes_and_claims_lists():
    nodes = {name: Tensor(array, label=name) for name, array in SQUARES.params.items()}
    loss = SQUARES.loss(nodes, SQUARES.X, SQUARES.Y)["loss"]
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnose({nodes["W1"]: right["dW1"]}, loss).ok
    assert diagnose({nodes["W1"]: right["dW1"].tolist()}, loss).ok
    listed = [right[f"d{name}"] for name in SQUARES.params]
    assert diagnose(listed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y).ok


def test_one_array_is_the_gradient_of_the_only_parameter():
    assert diagnose(RIGHT, LOSS)["W"].status == diagnose([[2.0, 4.0]], LOSS)["W"].status == "right"
    assert diagnose(RIGHT / 2, LOSS)["W"].explanations[0].name == "constant"
    w = Value(3.0, label="w")
    assert diagnose(6.0, w * w).ok and not diagnose(5, w * w).ok
    X, Y = normal(5, 2), normal(5)

    def loss(W, X, Y):
        return np.sum((X @ W - Y) ** 2)

    def claimed(W, X, Y):
        return 2 * X.T @ (X @ W - Y)

    assert diagnose(claimed, loss, normal(2), X, Y).ok
    assert diagnose(
        lambda W, X, Y: claimed(W["W"], X, Y), lambda W, X, Y: loss(W["W"], X, Y), {"W": normal(2)}, X, Y
    ).ok


def test_what_a_function_returns_beside_gradients_is_left_out():
    def claimed(params, X, Y):
        return {**SQUARES.claims()(params, X, Y), "loss": 1.0, "accuracy": 0.5}

    diagnosis = diagnose(claimed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnosis.ok and len(diagnosis.findings) == 4
    assert "'loss' is the loss itself" in diagnosis.notes[0] and "'accuracy' names nothing" in diagnosis.notes[1]


@pytest.mark.parametrize(
    ("key", "label"), [("d_out", "z2"), ("delta2", "z2"), ("output_delta", "z2"), ("d_hidden", "z1"), ("dA0", "X")]
)
def test_deltas_without_a_label_are_found_by_their_part(key, label):
    params, X, Y = SQUARES.params, SQUARES.X, SQUARES.Y
    nodes = {name: Tensor(array, label=name) for name, array in params.items()}
    a1 = sigmoid(X @ nodes["W1"] + nodes["b1"])
    loss = np.sum((sigmoid(a1 @ nodes["W2"] + nodes["b2"]) - Y) ** 2) / 2
    scope = SQUARES.scope(params, X, Y)
    exec(SQUARES.forward + SQUARES.backward + "\nd0 = d1 @ W1.T", scope)
    delta = scope[{"z2": "d2", "z1": "d1", "X": "d0"}[label]]
    assert diagnose({key: delta}, loss)[key].label == label
    assert diagnose({key: delta}, loss).ok
    assert names(diagnose({key: -delta}, loss)) == ["constant"]


def test_nested_parameters():
    params = {"hidden": {"W": normal(3, 4)}, "out": [normal(4, 2), normal(2)]}

    def loss(params, X, Y):
        return np.sum((np.tanh(X @ params["hidden"]["W"]) @ params["out"][0] + params["out"][1] - Y) ** 2) / 2

    def claimed(params, X, Y):
        a = np.tanh(X @ params["hidden"]["W"])
        d = a @ params["out"][0] + params["out"][1] - Y
        return {"hidden": {"W": X.T @ (d @ params["out"][0].T)}, "out": [a.T @ d, d.sum(axis=0)]}

    diagnosis = diagnose(claimed, loss, params, normal(6, 3), normal(6, 2))
    assert names(diagnosis) == ["derivative-missing"]
    assert diagnosis.mistakes[0].claims == ("hidden['W']",)


def test_networks_of_values():
    W, b = scalars(normal(3, 2), label="W"), scalars(normal(2), label="b")
    X, Y = normal(4, 3), normal(4, 2)
    loss = np.sum((np.tanh(X @ W + b) - Y) ** 2) / 2
    a = np.tanh(X @ autograd.read(W) + autograd.read(b))
    d = (a - Y) * (1 - np.tanh(a) ** 2)
    diagnosis = diagnose({"dW": X.T @ d, "db": d.sum(axis=0)}, loss)
    assert names(diagnosis) == ["at-output"]
    w, c = Value(0.5, label="w"), Value(0.1, label="c")
    assert diagnose({w: 4.0, "c": 2.0}, (w * 2 + c) ** 2 - (w * 2 + c) * 0.2).ok


def test_the_function_may_step_its_parameters_in_place():
    params = {name: array.copy() for name, array in SQUARES.params.items()}

    def claimed(params, X, Y):
        found = SQUARES.claims()(params, X, Y)
        for name in params:
            params[name] -= 0.1 * found[f"d{name}"]
        return found

    assert diagnose(claimed, SQUARES.loss, params, SQUARES.X, SQUARES.Y).ok
    assert all(np.array_equal(params[name], SQUARES.params[name]) for name in params)


def test_a_function_that_takes_one_batch_size_only_is_said_to():
    def claimed(params, X, Y):
        if len(X) != 7:
            raise ValueError("made for 7 examples")
        return SQUARES.claims("db1 = d1.mean(axis=0)")(params, X, Y)

    diagnosis = diagnose(claimed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert names(diagnosis) == ["mean-for-sum"]
    assert "made for 7 examples" in diagnosis.notes[0]


def test_a_number_of_examples_that_is_written_out_is_no_mistake_in_a_formula():
    diagnosis = CLASSES.diagnosed("d2 = (p - Y) / 8", "dW1 = X.T @ d1")
    assert diagnosis["dW2"].status == diagnosis["db1"].status == "right"
    assert names(diagnosis) == ["regulariser-missing"]
    assert "right for 8 examples, but not for 6" in diagnosis.notes[0]


def test_the_source_line_of_a_wrong_claim():
    def claimed(params, X, Y):
        right = SQUARES.claims()(params, X, Y)
        dW1 = 2 * right["dW1"]
        return {"dW1": dW1, "dW2": right["dW2"]}

    diagnosis = diagnose(claimed, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnosis["dW1"].line == claimed.__code__.co_firstlineno + 2
    assert f"line {diagnosis['dW1'].line}" in str(diagnosis)


LEAF = Tensor([[1.0, 2.0]], label="W")
LOSS = np.sum(LEAF**2)
RIGHT = 2 * LEAF.data
TWO = np.sum(LEAF**2) * Tensor(2.0, label="c")


@pytest.mark.parametrize(
    ("arguments", "how", "error", "said"),
    [
        (({"V": RIGHT}, LOSS), {}, ValueError, "names nothing that was recorded; there are W"),
        (({}, LOSS), {}, ValueError, "holds no gradients"),
        ((3.0, TWO), {}, TypeError, "must be a dict .* one float, where there are 2 parameters"),
        (("x", LOSS), {}, TypeError, "must be a dict"),
        (({"W": "x"}, LOSS), {}, TypeError, "real numbers"),
        (({"W": RIGHT * 1j}, LOSS), {}, TypeError, "real numbers"),
        (({"W": RIGHT}, LEAF), {}, ValueError, "one number"),
        (({"W": RIGHT}, 3.0), {}, TypeError, "loss must be the recorded loss"),
        (({"W": RIGHT}, np.sum), {}, TypeError, "needs its arguments"),
        ((lambda *_: {}, LOSS), {}, TypeError, "needs its arguments"),
        (({"W": RIGHT}, lambda *_: 3.0, {"W": LEAF.data}), {}, TypeError, "must return the loss as a Tensor"),
        (({"W": RIGHT}, LOSS), {"lr": -1}, ValueError, "lr must be a number above 0"),
        (({"W": RIGHT}, LOSS), {"of": 3}, TypeError, "of must be a dict"),
        (({"W": RIGHT}, LOSS), {"seed": "x"}, TypeError, "seed must be a whole number"),
        ((np.ones((9, 9)), TWO), {}, TypeError, "must be a dict .* one ndarray, where there are 2 parameters"),
        (({"W": RIGHT}, lambda p, *_: p["W"] * 1, {"W": LEAF.data}), {}, ValueError, "must return one number"),
        (
            ({"W": RIGHT}, lambda p, *_: np.sum(p["W"] * rng.normal()), {"W": LEAF.data}),
            {},
            ValueError,
            "different results",
        ),
        (
            (lambda *_: {"W": rng.normal(size=(1, 2))}, lambda p, *_: np.sum(p["W"]), {"W": LEAF.data}),
            {},
            ValueError,
            "claimed function gives different results",
        ),
        (({"W": RIGHT}, LOSS), {"of": {"W": "V"}}, ValueError, "names nothing"),
        (({Tensor([1.0]): [1.0]}, LOSS), {}, ValueError, "does not depend on"),
        (
            ([RIGHT, RIGHT], lambda p, *_: np.sum(p["W"]), {"W": LEAF.data}),
            {},
            ValueError,
            "2 gradients, but there are 1",
        ),
        (({"W": RIGHT}, Tensor(1.0, requires_grad=False) * 1), {}, ValueError, "requires a gradient"),
    ],
)
def test_bad_arguments_get_one_sentence(arguments, how, error, said):
    with pytest.raises(error, match=said) as caught:
        diagnose(*arguments, **how)
    assert "\n" not in str(caught.value)


def test_an_ambiguous_label_is_refused():
    one, two = Tensor([1.0], label="W"), Tensor([2.0], label="W")
    loss = np.sum(one * two)
    with pytest.raises(ValueError, match="several nodes are labelled 'W'"):
        diagnose({"W": [2.0]}, loss)
    assert diagnose({one: [2.0]}, loss).ok


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 1e308])
@pytest.mark.filterwarnings("error")
def test_numbers_beyond_all_bounds_are_never_right(number):
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    claims = {**right, "dW1": np.full_like(right["dW1"], number)}
    diagnosis = diagnose(claims, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert not diagnosis.ok and diagnosis["dW1"].status == "unexplained"
    assert diagnosis["dW2"].status == "right"


def test_a_sum_forgotten_among_deltas_of_a_summed_loss_is_where_it_is():
    def claimed(params, X, Y):
        scope = COLUMNS.scope(params, X, Y)
        exec(COLUMNS.forward, scope)
        a1, a2, m = scope["a1"], scope["a2"], X.shape[1]
        dz2 = a2 - Y
        dz1 = params["W2"].T @ dz2 * (1 - a1**2)
        biases = {"db2": dz2.sum(axis=1, keepdims=True) / m, "db1": dz1.sum(axis=1, keepdims=True)}
        return {"dz2": dz2, "dz1": dz1, "dW2": dz2 @ a1.T / m, "dW1": dz1 @ X.T / m, **biases}

    diagnosis = diagnose(claimed, COLUMNS.loss, COLUMNS.params, COLUMNS.X, COLUMNS.Y)
    assert [finding.key for finding in diagnosis if finding.status != "right"] == ["db1"]
    assert names(diagnosis) == ["constant"]


def test_claims_that_are_all_zero():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    zeros = {key: np.zeros_like(array) for key, array in right.items()}
    diagnosis = diagnose(zeros, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert not diagnosis.ok and "Every claim is zero" in diagnosis.notes[0]


def test_nested_lists_are_arrays():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    lists = {key: array.tolist() for key, array in right.items()}
    assert diagnose(lists, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y).ok
    assert diagnose(list(lists.values()), SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y).ok


def test_of_what_is_typed_twice_a_label_means_its_own_part():
    X, W = normal(5, 3), Tensor(normal(3, 2), label="W")
    z = X @ W
    z.label = "z"
    loss = np.sum(np.tanh(z)) + np.sum((X @ W) ** 2)
    own, all_of_it = 1 - np.tanh(z.data) ** 2, 1 - np.tanh(z.data) ** 2 + 2 * z.data
    assert diagnose({"dz": own, "dW": X.T @ all_of_it}, loss).ok
    assert not diagnose({"dz": all_of_it}, loss).ok


def test_a_step_after_the_recording_is_refused():
    w = Tensor([1.0, 2.0], label="w")
    loss = np.sum(w**2)
    w.data -= 0.1
    with pytest.raises(RuntimeError, match=r"the data of 'w' .* was changed after it was used"):
        diagnose({"w": [2.0, 4.0]}, loss)


def test_no_examples_at_all():
    with pytest.raises(ValueError, match="at least one example"):
        diagnose(SQUARES.claims(), SQUARES.loss, SQUARES.params, SQUARES.X[:0], SQUARES.Y[:0])


def test_masks_and_classes_stay_what_they_are_on_other_data():
    mask, R = (normal(6, 5) > 0) * 1.0, normal(6, 5)

    def loss(params, X, Y):
        return np.sum((X * (Y - params["U"] @ params["V"].T)) ** 2)

    def claimed(params, X, Y):
        e = -2 * X * (Y - params["U"] @ params["V"].T)
        return {"U": e @ params["V"], "V": e.T @ params["U"]}

    diagnosis = diagnose(claimed, loss, {"U": normal(6, 3), "V": normal(5, 3)}, mask, R)
    assert diagnosis.ok and not diagnosis.notes


def test_code_for_one_example_is_not_run_on_several():
    def claimed(params, X, Y):
        a = sigmoid(params["W"] @ X + params["b"])
        d = (a - Y) * a * (1 - a)
        return {"W": d @ X.T, "b": d}

    def loss(params, X, Y):
        return np.sum((sigmoid(params["W"] @ X + params["b"]) - Y) ** 2) / 2

    diagnosis = diagnose(claimed, loss, {"W": normal(3, 4), "b": normal(3, 1)}, normal(4, 1), rng.uniform(size=(3, 1)))
    assert diagnosis.ok and not diagnosis.notes


def test_the_parameters_after_their_step_each_by_its_name():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    stepped = {name: array - 0.3 * right[f"d{name}"] for name, array in SQUARES.params.items()}
    diagnosis = diagnose(stepped, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y, lr=0.3)
    assert names(diagnosis) == ["parameter-itself"]
    assert all(diagnosis[name].sentence.startswith(f"{name} holds {name} itself") for name in stepped)


def test_claims_of_nan_zeros_and_odd_shapes():
    right = SQUARES.claims()(SQUARES.params, SQUARES.X, SQUARES.Y)
    odd = {**right, "dW1": right["dW1"] * np.nan, "dW2": 0 * right["dW2"], "db1": np.zeros((2, 9))}
    diagnosis = diagnose(odd, SQUARES.loss, SQUARES.params, SQUARES.X, SQUARES.Y)
    assert diagnosis["dW1"].sentence == "It holds nan, inf, or numbers beyond all bounds."
    assert diagnosis["dW2"].explanations[0].name == "detached"
    assert diagnosis["db1"].status == "unexplained" and diagnosis["db1"].relative_error == np.inf
    assert "shape (2, 9) for (4,)" in str(diagnosis)
    json.dumps(diagnosis.to_dict(), allow_nan=False)
