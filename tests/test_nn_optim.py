"""Optimisers, schedules and clipping: steps worked out by hand, state that resumes exactly, and what they refuse."""

import copy
import json
import math

import numpy as np
import pytest

import nn
from autograd import Value
from nn import optim

OPTIMIZERS = [
    (optim.SGD, {"lr": 0.1}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (optim.Adam, {"lr": 0.1}),
    (optim.Adam, {"lr": 0.1, "amsgrad": True}),
    (optim.AdamW, {"lr": 0.1}),
    (optim.RMSprop, {"lr": 0.1, "momentum": 0.5, "centered": True}),
    (optim.Adagrad, {"lr": 0.1}),
]


def with_gradient(numbers, gradient):
    w = nn.Parameter(numbers, label="w")
    w.grad = np.array(gradient)
    return w


def step(optimizer, *gradients):
    """One step for each gradient of the only parameter; returns where it stands."""
    w = optimizer.param_groups[0]["params"][0]
    for gradient in gradients:
        w.grad = np.array(gradient)
        optimizer.step()
    return w.data.tolist()


# --- single steps, by hand --------------------------------------------------------------------------------------------


def one(kind, start=1.0, **options):
    return kind([nn.Parameter([start])], **options)


def test_defaults_are_pytorchs():
    assert one(optim.SGD).defaults == {"lr": 0.001, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False}
    adam = {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False}
    assert one(optim.Adam).defaults == adam
    assert one(optim.AdamW).defaults == {**adam, "weight_decay": 0.01}
    assert one(optim.RMSprop).defaults == {
        "lr": 0.01, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0, "centered": False,
    }  # fmt: skip
    assert one(optim.Adagrad).defaults == {
        "lr": 0.01, "lr_decay": 0, "eps": 1e-10, "weight_decay": 0, "initial_accumulator_value": 0,
    }  # fmt: skip


def test_sgd():
    assert step(one(optim.SGD, start=3.0, lr=0.5, weight_decay=2.0), [4.0]) == [-2.0]  # the gradient is 4 + 2 * 3
    assert step(one(optim.SGD, lr=0.5), [4.0]) == [-1.0]
    assert step(one(optim.SGD, lr=0.5, weight_decay=2.0), [4.0]) == [-2.0]  # the gradient is 4 + 2 * 1
    # velocities 4, 0.5 * 4 + 1 = 3; and with dampening 4 (the first is not dampened), 0.5 * 4 + 0.75 * 1
    assert step(one(optim.SGD, lr=1.0, momentum=0.5), [4.0], [1.0]) == [1 - 4 - 3]
    assert step(one(optim.SGD, lr=1.0, momentum=0.5, dampening=0.25), [4.0], [1.0]) == [1 - 4 - 2.75]
    # nesterov: 4 + 0.5 * 4, then 1 + 0.5 * 3
    assert step(one(optim.SGD, lr=1.0, momentum=0.5, nesterov=True), [4.0], [1.0]) == [1 - 6 - 2.5]


def test_adam():
    # corrected means are g and g² at the first step: the step is lr * sign(g), but for eps
    assert step(one(optim.Adam, lr=0.25, eps=0.0), [-0.001]) == [1.25]
    assert step(one(optim.Adam, lr=0.25, eps=1.0), [1.0]) == [1 - 0.25 / 2]
    b1, b2 = 0.5, 0.75
    mean, square = (b1 * 0.5 * 4 + 0.5 * 1) / (1 - b1**2), (b2 * 0.25 * 16 + 0.25 * 1) / (1 - b2**2)
    want = 1 - 0.1 - 0.1 * mean / math.sqrt(square)
    assert step(one(optim.Adam, lr=0.1, betas=(b1, b2), eps=0.0), [4.0], [1.0]) == pytest.approx([want], rel=1e-14)
    # amsgrad keeps the larger uncorrected square, which is the second one here: 0.75 * 4 + 0.25 > 4 is false
    largest = 4 / (1 - b2**2)
    want = 1 - 0.1 - 0.1 * mean / math.sqrt(largest)
    out = step(one(optim.Adam, lr=0.1, betas=(b1, b2), eps=0.0, amsgrad=True), [4.0], [1.0])
    assert out == pytest.approx([want], rel=1e-14)


def test_weight_decay_enters_adams_gradient_and_adamws_weight():
    assert step(one(optim.Adam, start=3.0, lr=0.25, eps=0.0, weight_decay=0.5), [-1.0]) == [2.75]  # -1 + 1.5 > 0
    assert step(one(optim.AdamW, start=3.0, lr=0.25, eps=0.0, weight_decay=0.5), [-1.0]) == [3 * 0.875 + 0.25]


def test_rmsprop():
    assert step(one(optim.RMSprop, lr=0.5, alpha=0.75, eps=0.0), [4.0]) == [1 - 0.5 * 4 / 2]  # √(0.25 * 16) = 2
    # centred: 4 - (0.25 * 4)² = 3
    out = step(one(optim.RMSprop, lr=0.5, alpha=0.75, eps=0.0, centered=True), [4.0])
    assert out == pytest.approx([1 - 2 / math.sqrt(3)])
    # momentum: 2, then 0.5 * 2 + 2 / √(0.75 * 4 + 0.25 * 4)
    assert step(one(optim.RMSprop, lr=1.0, alpha=0.75, eps=0.0, momentum=0.5), [4.0], [2.0]) == [1 - 2 - (1 + 1)]

    # centred twice: means 1 and 0.75 * 1 + 0.25 * 8, mean squares 4 and 0.75 * 4 + 0.25 * 64
    out = step(one(optim.RMSprop, start=0.0, lr=1.0, alpha=0.75, eps=0.0, centered=True), [4.0], [8.0])
    assert out == pytest.approx([-4 / math.sqrt(3) - 8 / math.sqrt(19 - 2.75**2)])
    out = step(one(optim.RMSprop, start=2.0, lr=1.0, alpha=0.75, eps=1.0, weight_decay=0.5), [3.0])  # 3 + 0.5 * 2
    assert out == [2 - 4 / 3]


def test_adagrad():
    out = step(one(optim.Adagrad, start=2.0, lr=1.0, eps=1.0, weight_decay=0.5), [3.0])  # 3 + 0.5 * 2
    assert out == pytest.approx([2 - 4 / 5])
    assert step(one(optim.Adagrad, lr=0.5, eps=0.0), [3.0], [4.0]) == pytest.approx([1 - 0.5 - 0.5 * 4 / 5])
    options = {"lr": 0.5, "eps": 1.0, "lr_decay": 1.0, "initial_accumulator_value": 7.0}
    assert step(one(optim.Adagrad, **options), [3.0], [3.0]) == pytest.approx([1 - 0.5 * 3 / 5 - 0.25 * 3 / 6])


# --- training ---------------------------------------------------------------------------------------------------------


def problem(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 3))
    model = nn.Sequential(nn.Linear(3, 8, generator=rng), nn.Tanh(), nn.Dropout(0.1, generator=rng),
                          nn.Linear(8, 1, generator=rng))  # fmt: skip
    return model, X, np.sin(X.sum(axis=1, keepdims=True))


def run(model, X, Y, optimizer, steps, schedule=None):
    losses = []
    for _ in range(steps):
        loss = nn.MSELoss()(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_every_optimizer_learns_in_float64_and_float32(kind, options):
    for dtype in (np.float64, np.float32):
        model, X, Y = problem()
        model.eval().to(dtype)
        optimizer = kind(model.parameters(), **options)
        losses = run(model, X.astype(dtype), Y.astype(dtype), optimizer, 60)
        assert losses[-1] < 0.5 * losses[0]
        assert all(p.dtype == dtype for p in model.parameters())
        for state in optimizer.state_dict()["state"].values():
            assert all(value.dtype == dtype for name, value in state.items() if name != "step"), state


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_a_resumed_training_gives_the_same_numbers_to_the_last_bit(kind, options):
    def plan(optimizer):
        return optim.CosineAnnealingLR(optimizer, T_max=30)

    model, X, Y = problem()
    optimizer = kind(model.parameters(), **options)
    unbroken = run(model, X, Y, optimizer, 20, plan(optimizer))

    model, X, Y = problem()
    optimizer = kind(model.parameters(), **options)
    schedule = plan(optimizer)
    first = run(model, X, Y, optimizer, 8, schedule)
    kept = copy.deepcopy((model.state_dict(), optimizer.state_dict(), schedule.state_dict()))
    drawn = model[2].generator.bit_generator.state
    run(model, X, Y, optimizer, 5, schedule)  # what is kept must not move with the training

    model, X, Y = problem(seed=1)[0], X, Y
    optimizer = kind(model.parameters(), **{**options, "lr": 7.0})
    schedule = plan(optimizer)
    model.load_state_dict(kept[0])
    optimizer.load_state_dict(kept[1])
    schedule.load_state_dict(json.loads(json.dumps(kept[2])))
    model[2].generator.bit_generator.state = drawn
    assert first + run(model, X, Y, optimizer, 12, schedule) == unbroken


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_loading_restores_options_and_counts_the_steps(kind, options):
    optimizer, other = one(kind, **options), one(kind, **{**options, "lr": 7.0})
    step(optimizer, [1.0], [2.0], [3.0])
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["lr"] == 0.1
    assert kind is optim.SGD or other.state_dict()["state"][0]["step"] == 3
    other.param_groups[0]["params"][0].data = optimizer.param_groups[0]["params"][0].numpy()
    assert step(other, [0.5]) == step(optimizer, [0.5])


def test_a_state_dict_holds_copies():
    w = with_gradient([1.0], [2.0])
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
    optimizer.step()
    w.grad[:] = 100  # the gradient's own array is not what is remembered
    state = optimizer.state_dict()
    assert state["state"][0]["momentum_buffer"].tolist() == [2.0]
    state["state"][0]["momentum_buffer"][:] = 5
    state["param_groups"][0]["lr"] = 9
    assert optimizer.state_dict()["state"][0]["momentum_buffer"].tolist() == [2.0]
    assert optimizer.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_values_are_optimised_like_tensors(kind, options):
    v, w = [Value(1.0), Value(-2.0)], nn.Parameter([1.0, -2.0])
    of_values, of_tensors = kind(v, **options), kind([w], **options)
    for _ in range(5):
        for optimizer, loss in ((of_values, (v[0] * v[1] + 3) ** 2), (of_tensors, (w[0] * w[1] + 3) ** 2)):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert all(type(x.data) is float for x in v)
    np.testing.assert_allclose([x.data for x in v], w.data, rtol=1e-13)
    kind(v, **options).load_state_dict(of_values.state_dict())


def test_a_step_between_forward_and_backward_is_noticed():
    w = with_gradient([1.0], [1.0])
    loss = (w * w).sum()
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"'w'.*changed after it was used"):
        loss.backward()


# --- a parameter without a gradient -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_a_parameter_without_a_gradient_is_an_error_that_names_it_and_moves_nothing(kind, options):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    optimizer = kind(model.parameters(), **options)
    model[2](model[0](np.ones((1, 2)))).sum().backward()
    before = model.state_dict()
    with pytest.raises(
        RuntimeError, match=r"no gradient reached '1\.weight' \(2, 2\), '1\.bias' \(2,\): call backward"
    ):
        optimizer.step()
    assert all((before[key] == array).all() for key, array in model.state_dict().items())
    assert optimizer.state_dict()["state"] == {}
    model[1].requires_grad_(False)
    optimizer.step()
    assert [key for key, array in model.state_dict().items() if (before[key] == array).all()] == ["1.weight", "1.bias"]


def test_zero_grad_then_step_is_an_error():
    w = with_gradient([1.0], [1.0])
    optimizer = optim.SGD([w])
    optimizer.zero_grad()
    with pytest.raises(RuntimeError, match="no gradient reached 'w'"):
        optimizer.step()


# --- parameter groups -------------------------------------------------------------------------------------------------


def test_groups_have_options_of_their_own_that_may_change():
    a, b = with_gradient([1.0], [1.0]), with_gradient([1.0], [1.0])
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.25}], lr=0.5)
    optimizer.step()
    assert (a.data, b.data) == (0.5, 0.75)
    optimizer.param_groups[0]["lr"] = 1.0
    optimizer.step()
    assert (a.data, b.data) == (-0.5, 0.5)


W = nn.Parameter([1.0], label="W")
REFUSED = [
    (lambda: optim.SGD([]), ValueError, "params is empty"),
    (lambda: optim.SGD(nn.Linear(1, 1)), TypeError, r"got one Linear; write model\.parameters\(\)"),
    (lambda: optim.SGD(W), TypeError, "params must be an iterable of parameters or of groups, got one Parameter"),
    (lambda: optim.SGD({"params": [W]}), TypeError, "got one dict"),
    (lambda: optim.SGD([np.ones(2)]), TypeError, "number 0 is a ndarray"),
    (lambda: optim.SGD([W * 2]), TypeError, "number 0 is a result, which follows from others"),
    (lambda: optim.SGD([W, W]), ValueError, r"'W' \(1,\) is given twice"),
    (lambda: optim.SGD([{"params": [W]}, {"params": [W]}]), ValueError, "'W' .* is given twice"),
    (lambda: optim.SGD([{"lr": 0.1}]), ValueError, r"a parameter group needs 'params', got \['lr'\]"),
    (lambda: optim.SGD([{"params": [W], "rate": 1}]), ValueError, "SGD has no option 'rate'; it has lr, momentum,"),
    (lambda: optim.SGD([{"params": [W], "lr": -1}]), ValueError, "lr must be a finite number from 0 up, got -1"),
    (lambda: optim.SGD([W], lr=float("nan")), ValueError, "lr must be a finite number from 0 up, got nan"),
    (lambda: optim.SGD([W], lr="fast"), TypeError, "lr must be a number, got 'fast'"),
    (lambda: optim.SGD([W], nesterov=True), ValueError, "nesterov needs a momentum above 0 and no dampening"),
    (lambda: optim.Adam([W], betas=(0.9, 1.0)), ValueError, "betas must be a finite number from 0 to below 1, got 1.0"),
    (lambda: optim.Adam([W], betas=0.9), ValueError, r"betas must be two numbers, got 0.9"),
    (lambda: optim.Adam([W], betas=(0.9,)), ValueError, r"betas must be two numbers, got \(0.9,\)"),
    (lambda: optim.RMSprop([W], alpha=-0.1), ValueError, "alpha must be a finite number from 0 to 1"),
    (lambda: optim.Adagrad([W], lr_decay=-0.1), ValueError, "lr_decay must be a finite number from 0 up"),
    (lambda: optim.StepLR([W], 3), TypeError, "optimizer must be an nn.optim optimiser, got list"),
    (lambda: optim.StepLR(optim.SGD([W]), 0), ValueError, "step_size must be 1 or more"),
    (lambda: optim.OneCycleLR(optim.SGD([W]), 0.1), ValueError, "needs total_steps, or epochs and steps_per_epoch"),
    (lambda: optim.OneCycleLR(optim.Adagrad([W]), 0.1, 9), ValueError, "give cycle_momentum=False"),
    (lambda: optim.OneCycleLR(optim.SGD([W]), [0.1, 0.2], 9), ValueError, "one for each of the 1 groups, got 2"),
    (lambda: optim.clip_grad_norm_([], 1.0), ValueError, "there is no gradient to clip"),
    (lambda: optim.clip_grad_norm_([W], -1.0), ValueError, "max_norm must be a finite number from 0 up"),
    (lambda: optim.SGD([W], dampening=math.nan), ValueError, "dampening must be a finite number, got nan"),
    (lambda: optim.RMSprop([W], momentum=-1), ValueError, "momentum must be a finite number from 0 up"),
    (lambda: optim.OneCycleLR(optim.SGD([W]), 0.1, 9, pct_start=1.5), ValueError, "pct_start must be a finite number"),
    (lambda: optim.OneCycleLR(optim.SGD([W]), 0.1, epochs=3), ValueError, "needs total_steps, or epochs and"),
    (lambda: optim.OneCycleLR(optim.SGD([W]), 0.1, steps_per_epoch=3), ValueError, "needs total_steps, or epochs and"),
    (lambda: optim.clip_grad_value_([W], -1.0), ValueError, "clip_value must be a finite number from 0 up"),
    (lambda: optim.clip_grad_norm_([W], 1.0, norm_type=0), ValueError, "norm_type must be above 0"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "error", "message"), REFUSED)
def test_refusals(act, error, message):
    with pytest.raises(error, match=message):
        act()


# --- loading a state --------------------------------------------------------------------------------------------------


def trained(kind, shape=(2,), **options):
    w = nn.Parameter(np.ones(shape), label="w")
    w.grad = np.ones(shape)
    optimizer = kind([w], **options)
    optimizer.step()
    return optimizer


def broken(change):
    state = trained(optim.Adam).state_dict()
    change(state)
    return state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (3, "must be what an optimiser's state_dict"),
        ({"state": {}}, "must be what an optimiser's state_dict"),
        (trained(optim.SGD, momentum=0.9).state_dict(), "not Adam's: it lacks the option 'betas'"),
        (trained(optim.Adam, shape=(3,)).state_dict(), r"'exp_avg' of shape \(3,\) for 'w' \(2,\)"),
        (
            broken(lambda s: s["param_groups"].append(s["param_groups"][0])),
            r"groups of \[1, 1\] parameters, .* of \[1\]",
        ),
        (broken(lambda s: s["param_groups"][0].update(maximize=True)), "option 'maximize' switched on"),
        (broken(lambda s: s["param_groups"][0].update(lr=-1.0)), "lr must be"),
        (broken(lambda s: s["state"].update({5: {}})), "a state for parameter 5, which is in no group"),
        (broken(lambda s: s["state"][0].update(velocity=1)), "it remembers 'velocity' of 'w'"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, message):
    optimizer = trained(optim.Adam)
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert all((after["state"][0][key] == before["state"][0][key]).all() for key in ("exp_avg", "exp_avg_sq"))


# --- schedules --------------------------------------------------------------------------------------------------------


def rates(make, steps, lr=1.0):
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=lr, momentum=0.5)
    schedule = make(optimizer)
    out = []
    for _ in range(steps):
        out.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        schedule.step()
    return np.array(out)


def test_schedules_by_hand():
    np.testing.assert_allclose(rates(lambda o: optim.ExponentialLR(o, 0.5), 4, lr=8.0)[:, 0], [8, 4, 2, 1])
    np.testing.assert_allclose(rates(lambda o: optim.StepLR(o, 2, gamma=0.5), 5, lr=8.0)[:, 0], [8, 8, 4, 4, 2])
    cosine = rates(lambda o: optim.CosineAnnealingLR(o, T_max=4, eta_min=2.0), 9, lr=4.0)[:, 0]
    root = math.sqrt(0.5)
    np.testing.assert_allclose(cosine, [4, 3 + root, 3, 3 - root, 2, 3 - root, 3, 3 + root, 4], rtol=1e-14)
    options = {"pct_start": 5 / 9, "div_factor": 4.0, "final_div_factor": 2.0, "anneal_strategy": "linear"}
    options |= {"base_momentum": 0.1, "max_momentum": 0.9}
    one_cycle = rates(lambda o: optim.OneCycleLR(o, 8.0, 9, **options), 9)
    np.testing.assert_allclose(one_cycle[:, 0], [2, 3.5, 5, 6.5, 8, 6.25, 4.5, 2.75, 1])
    np.testing.assert_allclose(one_cycle[:, 1], [0.9, 0.7, 0.5, 0.3, 0.1, 0.3, 0.5, 0.7, 0.9])


def test_three_phases():
    options = {"pct_start": 0.3, "div_factor": 4.0, "final_div_factor": 2.0, "anneal_strategy": "linear"}
    options |= {"base_momentum": 0.1, "max_momentum": 0.9, "three_phase": True, "epochs": 5, "steps_per_epoch": 2}
    # up until step 0.3 * 10 - 1 = 2, down until step 4, and on to the end at step 9
    numbers = rates(lambda o: optim.OneCycleLR(o, 8.0, **options), 10)
    np.testing.assert_allclose(numbers[:, 0], [2, 5, 8, 5, 2, 1.8, 1.6, 1.4, 1.2, 1], rtol=1e-14)
    np.testing.assert_allclose(numbers[:, 1], [0.9, 0.5, 0.1, 0.5] + [0.9] * 6, rtol=1e-14)


def test_schedules_start_with_pytorchs_options():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0, momentum=0.9)
    assert optim.StepLR(optimizer, 3).gamma == 0.1
    assert optim.CosineAnnealingLR(optimizer, 3).eta_min == 0
    one_cycle = optim.OneCycleLR(optimizer, 100.0, total_steps=100)
    assert one_cycle.get_last_lr() == [4.0] and optimizer.param_groups[0]["momentum"] == 0.95
    for _ in range(29):
        one_cycle.step()
    assert one_cycle.get_last_lr() == [100.0] and optimizer.param_groups[0]["momentum"] == 0.85
    for _ in range(70):
        one_cycle.step()
    assert one_cycle.get_last_lr() == pytest.approx([4e-4], rel=1e-9)
    assert optimizer.param_groups[0]["momentum"] == 0.95
    all_up = optim.OneCycleLR(optimizer, 100.0, total_steps=2, pct_start=1.0, div_factor=1.0, final_div_factor=1.0)
    assert all_up.get_last_lr() == [100.0]


def test_loading_a_schedule_sets_the_rates():
    made = [optim.StepLR(optim.SGD([nn.Parameter([1.0])], lr=8.0), 1, gamma=0.5) for _ in range(2)]
    made[0].step()
    made[0].step()
    made[1].load_state_dict(made[0].state_dict())
    assert made[1].get_last_lr() == [2.0] and made[1].last_epoch == 2
    made[0].base_lrs[0] = 5.0
    made[1].step()
    assert made[1].get_last_lr() == [1.0]


def test_one_cycle_turns_adams_first_beta():
    optimizer = optim.Adam([nn.Parameter([1.0])], betas=(0.9, 0.99))
    schedule = optim.OneCycleLR(optimizer, 0.1, total_steps=10)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.99)
    for _ in range(2):
        schedule.step()
    assert optimizer.param_groups[0]["betas"] == pytest.approx((0.85, 0.99))


def test_a_one_cycle_run_that_is_over_says_so():
    optimizer = optim.SGD([nn.Parameter([1.0])], momentum=0.9)
    schedule = optim.OneCycleLR(optimizer, 0.1, total_steps=3)
    for _ in range(3):
        schedule.step()
    with pytest.raises(ValueError, match=r"this schedule has 3 steps, and step\(\) was called once more"):
        schedule.step()
    assert schedule.last_epoch == 3


def test_a_schedule_that_was_replaced_or_does_not_fit_says_so():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
    old, new = optim.ExponentialLR(optimizer, 0.5), optim.StepLR(optimizer, 3)
    with pytest.raises(RuntimeError, match="another schedule has taken over"):
        old.step()
    with pytest.raises(ValueError, match="state_dict is not of this StepLR"):
        new.load_state_dict(old.state_dict())
    optimizer.add_param_group({"params": [nn.Parameter([2.0])]})
    with pytest.raises(RuntimeError, match="a parameter group was added after the schedule was made"):
        new.step()


# --- clipping ---------------------------------------------------------------------------------------------------------


def test_clipping_scales_all_gradients_together():
    a, b = with_gradient([1.0, 1.0], [3.0, 0.0]), with_gradient([1.0], [4.0])
    assert optim.clip_grad_norm_([a, b], 10.0) == 5.0
    assert a.grad.tolist() == [3.0, 0.0]
    assert optim.clip_grad_norm_(iter([a, b]), 0.5) == 5.0
    np.testing.assert_allclose([*a.grad, *b.grad], np.array([3, 0, 4]) * 0.5 / 5.000001, rtol=1e-14)
    a, b = with_gradient([1.0, 1.0], [3.0, 0.0]), with_gradient([1.0], [-4.0])
    assert optim.clip_grad_norm_([a, b], 1.0, norm_type=math.inf) == 4.0
    a, b = with_gradient([1.0, 1.0], [3.0, 0.1]), with_gradient([1.0], [-4.0])
    optim.clip_grad_value_([a, b], 0.5)
    assert a.grad.tolist() == [0.5, 0.1] and b.grad.tolist() == [-0.5]


def test_parameters_without_a_gradient_are_not_clipped():
    w = nn.Parameter([1.0])
    assert optim.clip_grad_norm_([w], 1.0) == 0.0 and w.grad is None
    optim.clip_grad_value_([w], 1.0)
    a = with_gradient([1.0, 1.0], [9.0, 16.0])
    assert optim.clip_grad_norm_([a, w], 1e9, norm_type=0.5) == 49.0


def test_a_gradient_that_is_not_finite_cannot_be_clipped():
    a, b = with_gradient([1.0], [3.0]), with_gradient([1.0], [math.nan])
    b.label = "b"
    with pytest.raises(RuntimeError, match=r"the gradient of 'b' \(1,\) is not finite"):
        optim.clip_grad_norm_([a, b], 1.0)
    assert a.grad == [3.0]
    a.grad, b.grad = np.array([math.inf]), np.array([1.0])
    with pytest.raises(RuntimeError, match="the gradient of 'w'"):
        optim.clip_grad_norm_([b, a], 1.0)
    b.grad = np.array([math.nan])
    a.grad = np.array([3.0])
    assert math.isnan(optim.clip_grad_norm_([a, b], 1.0, error_if_nonfinite=False))
    assert math.isnan(a.grad[0]) and math.isnan(b.grad[0])
