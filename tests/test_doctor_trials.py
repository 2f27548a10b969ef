"""The doctor names mistakes that were planted by hand; ``python -m tests.doctor_trials`` plants many more."""

import itertools

import numpy as np
import pytest
from doctor_trials.counting import asked, random_wrong, right
from doctor_trials.mistakes import MISTAKES
from doctor_trials.pairs import AT_THE_END, EVERYWHERE, pair_trials
from doctor_trials.trial import right_trials, trials
from doctor_trials.verdict import NAMED, verdict


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_named(name):
    from_arrays, from_functions = itertools.islice(trials(MISTAKES[name], seed=7), 2)
    for trial, functions in ((from_arrays, False), (from_functions, True)):
        diagnosis = asked(trial, functions)
        assert verdict(trial, diagnosis) == NAMED, f"{trial.network}, layers {set(trial.hand.layers)}\n{diagnosis}"


@pytest.mark.parametrize("at_the_end", [AT_THE_END, EVERYWHERE], ids=["one shows", "none shows"])
def test_two_mistakes_at_once_are_both_named(at_the_end):
    for trial in itertools.islice(pair_trials(seed=7, at_the_end=at_the_end), 3):
        diagnosis = asked(trial, functions=True)
        assert verdict(trial, diagnosis) == NAMED, f"{trial.network}\n{diagnosis}"


def test_right_gradients_are_called_right():
    counts = right(24, seed=7)
    assert counts == {
        "mistake": "none",
        "n": 24,
        "exact: right": 6,
        "float32: right": 6,
        "rounding: right": 6,
        "differences: right": 6,
    }


def test_noise_is_not_explained():
    counts = random_wrong(3, seed=7)
    assert counts == {
        "mistake": "random",
        "n": 3,
        "noise: unexplained": 1,
        "noise for one: unexplained": 1,
        "noise on top: unexplained": 1,
    }


def test_the_backward_pass_by_hand_is_right():
    """By central differences, so that neither the doctor nor the engine's rules have a say in it."""
    for trial in itertools.islice(right_trials(seed=7), 10):
        for key, claim in trial.claims(trial.params, trial.X, trial.Y).items():
            if key[1] == "z":
                continue
            parameter = trial.params[key[1:]]
            numeric = np.zeros_like(parameter)
            for index in np.ndindex(parameter.shape):
                losses = []
                for step in (1e-6, -1e-6):
                    moved = parameter.copy()
                    moved[index] += step
                    losses.append(trial.network.record({**trial.params, key[1:]: moved}, trial.X, trial.Y)["loss"])
                numeric[index] = float(np.subtract(*losses)) / 2e-6
            np.testing.assert_allclose(claim, numeric, rtol=1e-4, atol=1e-6)
