"""Networks: one training step of five sizes, from where Python's overhead is everything to where arithmetic is."""

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks import measuring, processes
from tests.benchmarks.contestants import CHAINRULE, HAND, MODULES, Array, Trainer, trainers
from tests.benchmarks.settings import Settings

SIZES: dict[str, tuple[tuple[int, ...], int]] = {
    "3-4-1": ((3, 4, 1), 4),
    "2-16-16-1": ((2, 16, 16, 1), 100),
    "64-32-10": ((64, 32, 10), 1797),
    "784-128-10": ((784, 128, 10), 128),
    "20 layers of 32": ((32,) * 21, 32),
}
"""Units and batch."""

SIGMOIDS = ("sigmoid", "composed")

TOLERANCE = 1e-8


def problem(units: tuple[int, ...], batch: int) -> tuple[Array, Array, list[Array]]:
    """X, Y and the parameters, with weights so large that the gradient of the first of 20 layers does not vanish."""
    rng = np.random.default_rng(0)
    parameters = []
    for n_in, n_out in itertools.pairwise(units):
        parameters += [4 / np.sqrt(n_in) * rng.normal(size=(n_in, n_out)), 0.1 * rng.normal(size=n_out)]
    return rng.normal(size=(batch, units[0])), rng.uniform(size=(batch, units[-1])), parameters


def assert_equal_results(contestants: dict[str, type[Trainer]], problem: Any, sigmoid: str) -> None:
    """One step of each must give the loss and every gradient of the step by hand.

    The gradients are read from the update itself, so what is checked is what is timed; a large rate (a power of two,
    which rounds nothing) keeps the difference of the parameters accurate.
    """
    X, Y, parameters = problem
    rate = 1024.0
    results = {}
    for name, trainer_of in contestants.items():
        trainer = trainer_of(X, Y, parameters, rate, sigmoid)
        loss = trainer.step().item()
        gradients = [(b - a) / rate for b, a in zip(parameters, trainer.parameters(), strict=True)]
        results[name] = [np.asarray(loss), *gradients]
    names = ["the loss", *[f"the gradient of parameter {i}" for i in range(len(parameters))]]
    for name, result in results.items():
        for what, ours, truth in zip(names, result, results[HAND], strict=True):
            error = np.max(np.abs(ours - truth)) / np.max(np.abs(truth))
            if not error <= TOLERANCE:
                raise AssertionError(f"{name} ({sigmoid}): {what} differs from {HAND} by {error:.1e} of its size")


def jobs(settings: Settings, peers: list[str], hips: str) -> Iterator[dict[str, Any]]:
    """A process per network and way to write the sigmoid, and one more for HIPS autograd."""
    together = ["hand", "chainrule", *[peer for peer in peers if peer in MODULES and peer not in ("hand", "hips")]]
    for network in SIZES:
        for sigmoid in SIGMOIDS:
            job = {
                "network": network,
                "sigmoid": sigmoid,
                "rounds": settings.rounds,
                "seconds": settings.seconds,
                "path": [],
            }
            yield job | {"peers": together}
            if "hips" in peers:
                yield job | {"peers": ["hand", "hips"], "path": [hips]}


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Check that all contestants agree on one network, and time them."""
    sys.path[:0] = job["path"]
    contestants = {name: trainer for peer in job["peers"] for name, trainer in trainers(peer).items()}
    sizes = SIZES[job["network"]]
    X, Y, parameters = problem(*sizes)
    assert_equal_results(contestants, (X, Y, parameters), job["sigmoid"])
    steps = {name: trainer(X, Y, parameters, 2**-10, job["sigmoid"]).step for name, trainer in contestants.items()}
    return {"job": job, "times": measuring.in_rounds(steps, job["rounds"], job["seconds"])}


def summary(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each network, sigmoid and contestant the time of a step, and its ratio to by hand and to chainrule."""
    rows = []
    for network, (_, batch) in SIZES.items():
        for sigmoid in SIGMOIDS:
            runs = [r["times"] for r in results if (r["job"]["network"], r["job"]["sigmoid"]) == (network, sigmoid)]
            ours = [times for times in runs if CHAINRULE in times]
            for name in dict.fromkeys(name for times in runs for name in times):
                with_it = [times for times in runs if name in times]
                to_hand = measuring.ratio(with_it, name, HAND)
                rows.append(
                    {
                        "network": network,
                        "batch": batch,
                        "sigmoid": sigmoid,
                        "contestant": name,
                        "microseconds": measuring.seconds(with_it, name) * 1e6,
                        "to hand": to_hand,
                        "to chainrule": _to_chainrule(with_it, ours, name, to_hand),
                    }
                )
    return rows


def _to_chainrule(
    with_it: list[measuring.Times], ours: list[measuring.Times], name: str, to_hand: dict[str, float]
) -> float:
    """Pair by pair where both ran in one process; HIPS autograd meets us through the step by hand."""
    if all(CHAINRULE in times for times in with_it):
        return measuring.ratio(with_it, name, CHAINRULE)["ratio"]
    return to_hand["ratio"] / measuring.ratio(ours, CHAINRULE, HAND)["ratio"]


if __name__ == "__main__":
    processes.answer(work)
