"""Networks: one training step of five sizes, from where Python's overhead is everything to where arithmetic is."""

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks import processes
from tests.benchmarks.contestants import CHAINRULE, HAND, MODULES, Array, Trainer, trainers
from tests.benchmarks.measuring import Times, in_rounds, ratio, seconds
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
    """A process per network, way to write the sigmoid, and library.

    Each library meets the others in a process of its own: importing one changes how memory is handed out, and with it
    how fast large temporaries are.
    """
    beside = {"chainrule": ["hand"], "hips": ["hand"]}
    path = {"hips": [hips]}
    for network in SIZES:
        for sigmoid in SIGMOIDS:
            for subject in ["chainrule", *[peer for peer in peers if peer in MODULES and peer != "hand"]]:
                yield {
                    "network": network,
                    "sigmoid": sigmoid,
                    "subject": subject,
                    "beside": beside.get(subject, ["hand", "chainrule"]),
                    "path": path.get(subject, []),
                    "rounds": settings.rounds,
                    "seconds": settings.seconds,
                }


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Check that one library agrees with those beside it on one network, and time them all."""
    sys.path[:0] = job["path"]
    contestants = {name: trainer for peer in job["beside"] for name, trainer in trainers(peer).items()}
    subjects = trainers(job["subject"])
    contestants |= subjects
    X, Y, parameters = problem(*SIZES[job["network"]])
    assert_equal_results(contestants, (X, Y, parameters), job["sigmoid"])
    steps = {name: trainer(X, Y, parameters, 2**-10, job["sigmoid"]).step for name, trainer in contestants.items()}
    return {"job": job, "subjects": list(subjects), "times": in_rounds(steps, job["rounds"], job["seconds"])}


def summary(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each network, sigmoid and contestant the time of a step, and its ratio to by hand and to chainrule."""
    return [row for network in SIZES for sigmoid in SIGMOIDS for row in _rows(results, network, sigmoid)]


def _rows(results: list[dict[str, Any]], network: str, sigmoid: str) -> Iterator[dict[str, Any]]:
    runs: dict[str, list[Times]] = {HAND: []}
    for result in results:
        if (result["job"]["network"], result["job"]["sigmoid"]) == (network, sigmoid):
            for name in result["subjects"]:
                runs.setdefault(name, []).append(result["times"])
    runs[HAND] = runs[CHAINRULE]
    for name, of_processes in runs.items():
        to_hand = ratio(of_processes, name, HAND)
        if all(CHAINRULE in times for times in of_processes):
            to_chainrule = ratio(of_processes, name, CHAINRULE)["ratio"]
        else:  # one process cannot hold both HIPS autograd and us: they meet through the step by hand
            to_chainrule = to_hand["ratio"] / ratio(runs[CHAINRULE], CHAINRULE, HAND)["ratio"]
        yield {
            "network": network,
            "batch": SIZES[network][1],
            "sigmoid": sigmoid,
            "contestant": name,
            "microseconds": seconds(of_processes, name) * 1e6,
            "to hand": to_hand,
            "to chainrule": to_chainrule,
        }


if __name__ == "__main__":
    processes.answer(work)
