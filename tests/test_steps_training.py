"""The record of a training: what each step used is told as it was, and a forgotten `zero_grad` is seen."""

import numpy as np
import pytest
from test_steps import HOSTILE, Elements, unpacked

import autograd
from autograd import Tensor, TrainingSteps, Value
from nn.articles import xor_network


def trained(steps, *, zero_after=(), record=None, between=lambda leaves: None):
    """The XOR article's network, trained with `zero_grad` after some of the steps only."""
    leaves = {name: Tensor(value, label=name) for name, value in xor_network.init_params().items()}
    record = record or TrainingSteps(leaves)
    grads, owns = [], []
    for step in range(1, steps + 1):
        loss = xor_network.forward(xor_network.X, xor_network.Y, **leaves)["loss"]
        owns.append(dict(zip(leaves, autograd.grad(loss, list(leaves.values())), strict=True)))
        loss.backward()
        between(leaves)
        record(loss)
        grads.append({name: leaf.grad.copy() for name, leaf in leaves.items()})
        for leaf in leaves.values():
            leaf.data -= 0.3 * leaf.grad
            if step in zero_after:
                leaf.zero_grad()
    return record, grads, owns


def states(record):
    return [{cell["state"] for cell in step["parameters"].values()} for step in record.steps]


def test_what_is_recorded_is_what_was_there():
    record, grads, owns = trained(5)
    for step, grad, own in zip(record.steps, grads, owns, strict=True):
        for name, cell in step["parameters"].items():
            assert np.array_equal(unpacked(cell["used"]), grad[name])
            assert np.array_equal(unpacked(cell["own"]), own[name])
            assert cell["lengths"] == pytest.approx([np.linalg.norm(own[name]), np.linalg.norm(grad[name])])
            if cell["before"] is not None:
                assert np.array_equal(unpacked(cell["before"]) + unpacked(cell["own"]), grad[name])


def test_a_forgotten_zero_grad_is_seen_and_a_remembered_one_too():
    assert states(trained(6)[0]) == [{"fresh"}, *[{"added"}] * 5]
    assert states(trained(6, zero_after=range(9))[0]) == [{"fresh"}] * 6
    assert states(trained(6, zero_after=(3,))[0]) == [{"fresh"}, {"added"}, {"added"}, {"fresh"}, {"added"}, {"added"}]


def test_a_gradient_that_was_clipped_is_something_else():
    def halved(leaves):
        for leaf in leaves.values():
            leaf.grad = leaf.grad / 2

    assert states(trained(2, zero_after=(1, 2), between=halved)[0]) == [{"other"}] * 2


def test_parameters_are_found_in_the_first_loss_by_their_labels():
    record, _, _ = trained(2, record=TrainingSteps())
    assert sorted(record.parameters) == ["W1", "W2", "b1", "b2"]


def test_mistakes_are_named():
    w = Value(1.0, label="w")
    record = TrainingSteps()
    loss = (w - 3) ** 2
    with pytest.raises(ValueError, match=r"w\.grad is None: call loss\.backward\(\) first"):
        record(loss)
    loss.backward()
    w.zero_grad()
    with pytest.raises(ValueError, match=r"w\.grad is (None|0): call loss\.backward\(\) first"):
        record(loss)
    assert record.steps == []
    w.data = 2.0
    with pytest.raises(RuntimeError, match="changed after it was used"):
        record(loss)
    with pytest.raises(TypeError, match="must be a Value or a Tensor, not float"):
        record(1.0)
    with pytest.raises(ValueError, match="one number"):
        record(Tensor([1.0, 2.0]) * 2)
    with pytest.raises(TypeError, match="'loss' must be a leaf"):
        TrainingSteps({"loss": loss})
    with pytest.raises(ValueError, match="nothing recorded yet"):
        record.html  # noqa: B018
    assert record._repr_html_() is None
    assert repr(record) == "TrainingSteps: nothing recorded yet"


def test_a_long_training_is_cut_and_says_so():
    record, _, _ = trained(7, record=TrainingSteps(limit=4))
    assert (len(record.steps), record.dropped) == (4, 3)
    assert repr(record).splitlines()[-1] == "... and 3 more steps"


def test_a_very_long_gradient_has_a_length():
    w = Tensor([1.0, 1.0], label="w")
    record = TrainingSteps()
    loss = np.sum(w * Tensor([3e200, 4e200], requires_grad=False))
    loss.backward()
    record(loss)
    assert record.steps[0]["parameters"]["w"]["lengths"] == pytest.approx([5e200, 5e200])


def test_hostile_names_stay_text():
    leaves = {label: Value(1.0) for label in HOSTILE}
    record = TrainingSteps(leaves)
    loss = sum(leaf * leaf for leaf in leaves.values())
    loss.backward()
    record(loss)
    page = Elements(record.html)
    assert [attributes.get("type") for tag, attributes in page.found if tag == "script"] == ["application/json", None]
    assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)
    assert Elements(record._repr_html_()).scripts == []
