"""find_fault sees one lost example among others that learn, a vector of length 0, and a target out of reach."""

import re

import numpy as np
import pytest

import autograd
import nn
from autograd import FaultError, Tensor, Value, detect_faults, find_fault
from autograd.faults import causes
from autograd.faults.safe import safely

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def by_hand(z):
    return 1 / (1 + np.exp(-z))


def with_epsilon(p, y):
    return -np.mean(y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12))


def clipped(p, y):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def each_clipped(p, y):
    return -np.mean(y * np.log(np.maximum(p, 1e-12)) + (1 - y) * np.log(np.maximum(1 - p, 1e-12)))


SIGMOIDS = pytest.mark.parametrize("sigmoid", [autograd.sigmoid, by_hand], ids=["sigmoid", "by hand"])
LOSSES = {"BCELoss": nn.BCELoss(), "epsilon": with_epsilon, "clipped": clipped, "each clipped": each_clipped}
rng = np.random.default_rng(0)
SCORES = rng.normal(size=(32, 1))
SCORES[7] = 690.0
RIGHT = (SCORES > 0) * 1.0
WRONG = np.where(np.arange(32)[:, None] == 7, 0.0, RIGHT)


@SIGMOIDS
def test_the_example_that_is_saturated_in_a_batch_of_two(sigmoid):
    z, y = Tensor([812.0, -3.0], label="z"), np.array([0.0, 1.0])
    loss = nn.BCELoss()(sigmoid(z), y)
    assert autograd.grad(loss, z)[0] == 0
    fault = find_fault(loss)
    assert (fault.kind, fault.operation, fault.entry) == ("zero", "sigmoid", (0,))
    assert "saturated sigmoid: z = 812 in 1 of 2 units on the wrong side, where its slope is 0" in fault.why
    assert "nn.BCEWithLogitsLoss()(z, y)" in fault.instead
    right = nn.BCEWithLogitsLoss()(z, y)
    assert autograd.grad(right, z)[0] == 0.5
    assert find_fault(right) is None


@SIGMOIDS
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_one_bad_example_among_32(loss, sigmoid):
    z = Tensor(SCORES, label="z")
    fault = find_fault(loss(sigmoid(z), WRONG))
    assert fault.entry == (7, 0)
    assert fault.operation in ("sigmoid", "clip")
    assert "690 in 1 of 32" in fault.why or "the sigmoid in it is saturated at z = 690" in fault.why
    assert "nn.BCEWithLogitsLoss()(z, y)" in fault.instead
    assert find_fault(loss(sigmoid(z), RIGHT)) is None  # just as flat, and where it should be


@SIGMOIDS
@pytest.mark.parametrize("loss", [with_epsilon, clipped], ids=["epsilon", "clipped"])
def test_one_bad_example_among_32_values(loss, sigmoid):
    def total(targets):
        leaves = [Value(z, label=f"z[{i}]") for i, z in enumerate(SCORES.ravel())]
        return sum(loss(sigmoid(z), y) for z, y in zip(leaves, targets.ravel(), strict=True)) / 32

    fault = find_fault(total(WRONG))
    assert "z[7]" in fault.formula
    assert "690" in fault.why
    assert "1 of 32 units on the wrong side" in fault.why
    assert find_fault(total(RIGHT)) is None


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_behind_a_layer_whose_weights_are_penalised(reduction):
    W, loss = Tensor([[1.0]], label="W"), nn.BCELoss(reduction)
    penalty = 1e-3 * np.sum(W**2)
    p = autograd.sigmoid(SCORES @ W)
    assert find_fault(loss(p, WRONG) + penalty).entry == (7, 0)
    assert find_fault(loss(p, RIGHT) + penalty) is None


@SIGMOIDS
@pytest.mark.parametrize("z", [5.0, 15.0, 24.0])
@pytest.mark.parametrize("weight", [1.0, 1e-4])
def test_an_example_that_is_wrong_and_comes_back(sigmoid, z, weight):
    """Its slope is small, but what a cross-entropy makes of that is not."""
    scores = np.where(np.arange(32)[:, None] == 7, z, SCORES)
    assert find_fault(weight * nn.BCELoss()(sigmoid(Tensor(scores)), WRONG)) is None
    assert find_fault(weight * with_epsilon(sigmoid(Tensor(scores)), WRONG)) is None


def test_an_example_of_no_weight_and_a_loss_without_logarithms():
    z = Tensor(SCORES, label="z")
    weight = np.where(WRONG == RIGHT, 1.0, 0.0)
    assert find_fault(np.sum(weight * nn.BCELoss("none")(autograd.sigmoid(z), WRONG))) is None
    assert find_fault(np.sum((autograd.sigmoid(z) - WRONG) ** 2)) is None
    assert find_fault(-np.sum(np.log(np.maximum(Tensor([-1.0, 2.0, 3.0]), 1e-6)))) is None  # no probability


@pytest.mark.parametrize("weight", [1e-6, 0.1, 1.0])
def test_a_right_example_whose_probability_is_penalised(weight):
    p = autograd.sigmoid(Tensor(SCORES, label="z"))
    assert find_fault(nn.BCELoss()(p, RIGHT) + weight * np.sum(p)) is None


def test_bounds_put_on_in_the_other_order():
    z = np.where(np.arange(32)[:, None] == 7, -690.0, SCORES)
    p = np.maximum(np.minimum(autograd.sigmoid(Tensor(z, label="z")), 0.999), 0.001)
    loss = -np.mean(RIGHT * np.log(p) + (1 - RIGHT) * np.log(1 - p))
    assert find_fault(loss).entry == (7, 0)
    assert "below the bound in 1 of 32 units" in find_fault(loss).why


# --- vectors of length 0 --------------------------------------------------------------------------------------------


def pulled(**axis):
    return lambda w: np.sum((np.linalg.norm(w, **axis) - 1) ** 2)


LENGTHS = {
    "that should be 1": (lambda: pulled()(Tensor([0.0, 0.0])), None),
    "alone": (lambda: autograd.norm(Tensor([0.0, 0.0])), None),
    "a row": (lambda: pulled(axis=1)(Tensor([[1.0, 2.0], [0.0, 0.0]])), (1,)),
    "a row, keepdims": (lambda: pulled(axis=1, keepdims=True)(Tensor([[1.0, 2.0], [0.0, 0.0]])), (1, 0)),
    "a column": (lambda: pulled(axis=0)(Tensor([[0.0, 2.0], [0.0, 1.0]])), (0,)),
    "computed": (lambda: pulled(axis=1)(Tensor([[1.0, 2.0]]) - np.array([[1.0, 2.0], [0.0, 0.0]])), (0,)),
}


@pytest.mark.parametrize(("build", "entry"), LENGTHS.values(), ids=LENGTHS)
def test_a_vector_of_length_0(build, entry):
    fault = find_fault(build())
    assert (fault.kind, fault.operation, fault.entry) == ("zero", "norm", entry)
    assert fault.why == "a vector of length 0 has no direction; the derivative there is taken as 0"
    assert "start away from 0" in fault.instead
    assert "np.sqrt(np.sum(w * w) + 1e-12)" in fault.instead


def test_a_vector_of_length_0_that_is_cured():
    w = nn.init.normal_(Tensor([0.0, 0.0]), std=0.1)
    assert find_fault((autograd.norm(w) - 1) ** 2) is None
    fault = find_fault((np.sqrt(np.sum(Tensor([0.0, 0.0]) ** 2) + 1e-12) - 1) ** 2)
    assert (fault.kind, fault.operation) == ("zero", "power")  # its slope at 0 is 0, so that this is no cure
    assert "start away from 0" in fault.instead


def test_the_root_of_a_sum_of_squares_of_values():
    x, y = Value(0.0, label="x"), Value(0.0, label="y")
    fault = find_fault((np.sqrt(x * x + y * y) - 1) ** 2)
    assert fault.operation == "sqrt"
    assert "the length of a vector of zeros" in fault.why
    assert "np.sqrt(s)" in fault.instead


def test_a_length_of_0_that_is_right():
    x = Tensor(np.arange(6.0).reshape(3, 2))
    w = Tensor([[0.0, 0.0], [1.0, 1.0]])
    assert find_fault(autograd.norm(x - x.data)) is None  # the minimum
    assert find_fault(0.1 * np.sum(np.linalg.norm(w, axis=1)) + np.sum((w - 1) ** 2)) is None  # a penalty
    assert find_fault(-np.sum(np.linalg.norm(x[:, None] - x[None], axis=2))) is None  # from itself, always 0
    assert find_fault(np.sum(np.where(np.array([False, True]), np.linalg.norm(w, axis=1), 1.0) ** 2)) is None


# --- out of reach ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize("loss", [lambda c: (c - 3) ** 2, lambda c: (3 - c) ** 2])
def test_a_target_beyond_the_bound(kind, loss):
    x = Value(5.0, label="x") if kind is Value else Tensor([5.0, 4.0], label="x")
    fault = find_fault(np.sum(loss(np.clip(x, 0, 1))))
    assert (fault.kind, fault.operation) == ("zero", "clip")
    assert "lies above the bound" in fault.why
    assert "no bound on what the loss compares" in fault.instead
    assert find_fault(np.sum(loss(x))) is None


def test_a_bound_that_is_meant():
    x = Value(5.0, label="x")
    assert find_fault((np.clip(x, 0, 1) - 1) ** 2) is None
    assert find_fault(-np.minimum(x, 1)) is None
    assert find_fault(1 - np.clip(x, 0, 1)) is None


@pytest.mark.parametrize("x", [1.0001, -1.0001, 1 + 1e-12])
def test_the_number_that_is_hardly_outside(x):
    fault = find_fault(np.arcsin(Value(x, label="x")))
    assert fault.why == f"asin({x!r}): outside of -1 … 1, where it is defined"
    assert fault.inputs == {"x": repr(x)}


# --- under detect_faults --------------------------------------------------------------------------------------------

ADVISED = {
    "log": np.log,
    "1/x": lambda x: 1 / x,
    "sqrt": np.sqrt,
}


@pytest.mark.parametrize("build", ADVISED.values(), ids=ADVISED)
def test_what_detect_faults_tells_to_write_does_not_raise_there(build):
    x = Tensor([0.0, 1.0], label="x")
    with pytest.raises(FaultError) as caught, detect_faults():
        np.sum(autograd.where(x.data > 0, build(x), 0.0) + build(x)).backward()
    text = caught.value.fault.instead
    call = text[: text.index(", 0.0)") + len(", 0.0)")]
    y = x  # the divisor's name in the table
    with detect_faults():
        loss = np.sum(eval(call, {"autograd": autograd, "np": np, "x": 1.0 if "y" in call else x, "y": y}))
        loss.backward()
    assert np.isfinite(loss.item())
    assert find_fault(loss) is None


def test_the_line_that_raised_is_not_what_it_tells_to_write():
    x = Tensor([0.0, 1.0], label="x")
    with pytest.raises(FaultError) as caught, detect_faults():
        np.where(x > 0, np.log(x), 0.0).sum()
    assert "np.log(autograd.where(x > 0, x, 1.0))" in caught.value.fault.instead
    with pytest.raises(FaultError, match=re.escape("np.log(autograd.where(x > 0, x, 1.0))")), detect_faults():
        np.where(x > 1, np.log(x - 0.5), 0.0).sum()
    assert find_fault(np.where(x > 0, np.log(x), 0.0).sum()) is None
    assert "autograd.where(x > 0, np.log(x), 0.0)" in find_fault(np.log(x).sum()).instead


def test_every_where_of_the_table_can_be_written_safely():
    texts = [text for cause in causes.CAUSES for text in (cause.instead, cause.values) if "autograd.where(" in text]
    assert len(texts) > 10
    for text in texts:
        assert safely(text).count("(") == safely(text).count(")")
    assert safely("autograd.where(y != 0, x / y, 0.0), if") == (
        "autograd.where(y != 0, x / autograd.where(y != 0, y, 1.0), 0.0), if"
    )
    assert safely("f(autograd.where(ok, x, 1.0))") == "f(autograd.where(ok, x, 1.0))"
