"""How small a fault the check sees, and what the numbers in its report belong to."""

import numpy as np
import pytest

import autograd as ad
from autograd import GradientError, check_grads, primitive


def with_one_entry_off(n, by, seed):
    """The sum of sines, with a rule that is off in one entry, which is as large as the others, and a place for it."""
    rng = np.random.default_rng(seed)
    factor = np.ones(n)
    factor[rng.integers(n)] += by

    @primitive(lambda g, out, x: g * ad.cos(x) * factor)
    def sine(x):
        return np.sin(x)

    return lambda x: ad.sum(sine(x)), rng.uniform(0.2, 1.2, size=n) * rng.choice([-1, 1], size=n)


def message(f, *args, **how):
    with pytest.raises(GradientError) as caught:
        check_grads(f, *args, **how)
    return str(caught.value)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("n", "by"), [(10, 1e-3), (10_000, 1e-2), (10_000, 1e-3)])
def test_a_fault_in_one_of_many_entries_is_caught_and_found(n, by, seed):
    f, x = with_one_entry_off(n, by, seed)
    said = message(f, x, order=1, seed=seed)
    assert f"(ratio {1 + by:g})" in said and "along a random direction" not in said  # the entry by itself


def test_what_the_report_promises_to_show_is_about_what_shows():
    n = 40_000
    shows = check_grads(lambda x: ad.sum(np.sin(x)), np.ones(n), order=1).comparisons[0].shows
    assert 2e-4 <= shows <= 8e-4  # 2 * rtol * sqrt(n)
    for seed in range(3):
        f, x = with_one_entry_off(n, 6 * shows, seed)
        message(f, x, order=1, seed=seed)
        f, x = with_one_entry_off(n, shows / 20, seed)
        assert check_grads(f, x, order=1, seed=seed).ok


def test_the_report_says_where_small_faults_do_not_show():
    x = np.random.default_rng(0).normal(size=2000)
    assert "shows from" not in str(check_grads(lambda x: ad.sum(np.sin(x)), x))
    report = check_grads(lambda x: ad.sum(np.sin(x)), x, rtol=1e-3, order=1)
    assert "an error in a single entry shows from" in str(report) and "mode='full'" in str(report)
    assert "shows from" in report._repr_html_()
    assert "shows from" not in str(check_grads(lambda x: ad.sum(np.sin(x)), x[:20], rtol=1e-3, order=1, mode="full"))


def test_an_allowed_error_in_all_entries_is_allowed_along_any_direction():
    @primitive(lambda g, out, x: 1.001 * g * ad.cos(x))
    def sine(x):
        return np.sin(x)

    x = np.random.default_rng(0).normal(size=500)
    for seed in range(10):
        assert check_grads(lambda x: ad.sum(sine(x)), x, rtol=0.002, order=1, seed=seed).ok
    message(lambda x: ad.sum(sine(x)), x, order=1)


@primitive(lambda g, out, x: 2 * g * x * x)
def cube(x):
    return x**3


def test_the_report_says_that_numbers_of_several_outputs_are_weighted():
    weighted = "belong to the sum of all outputs, each times a random number"
    assert weighted in message(cube, np.array([2.0, 3.0]))
    assert "of the outputs' sum with random weights" in message(cube, np.array([2.0, 3.0]))
    assert "weight" not in message(cube, 2.0) and "the engine says 8, differences say 12" in message(cube, 2.0)
    assert weighted in str(check_grads(np.sin, np.array([1.0, 2.0]), order=1, mode="full"))
    assert weighted not in str(check_grads(lambda x: ad.sum(np.sin(x)), np.array([1.0, 2.0]), order=1, mode="full"))
