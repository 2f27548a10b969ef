"""Moons: micrograd's own demonstration, a 2-16-16-1 network of scalars, one full step with hinge loss and L2.

The same code runs on micrograd's Value and on ours, with Python's cycle collector as it ships, and off for both.
"""

import gc
import importlib
import math
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

from tests.benchmarks import measuring, processes
from tests.benchmarks.contestants import CHAINRULE
from tests.benchmarks.settings import Settings

MICROGRAD = "micrograd"
VALUES = {CHAINRULE: "autograd", MICROGRAD: "micrograd.engine"}

ON, OFF = "collector on", "collector off"

STEPS = 2
"""In a row per sample: what one step leaves to the cycle collector is paid for in the next."""

TOLERANCE = 1e-8


def value_class(name: str) -> Any:
    """Either library's Value."""
    return importlib.import_module(VALUES[name]).Value


class Moons:
    """The network on Values, its data, and a training step."""

    def __init__(self, name: str, points: int) -> None:
        self.name = name
        Value = self.Value = value_class(name)
        draw = random.Random(0)
        self.layers = [
            [([Value(draw.uniform(-1, 1)) for _ in range(n_in)], Value(0.0)) for _ in range(n_out)]
            for n_in, n_out in ((2, 16), (16, 16), (16, 1))
        ]
        self.parameters = [p for layer in self.layers for weights, bias in layer for p in (*weights, bias)]
        self.points, self.labels = [], []
        for i in range(points):
            angle, lower = math.pi * draw.random(), i % 2
            x = (1 - math.cos(angle), 0.5 - math.sin(angle)) if lower else (math.cos(angle), math.sin(angle))
            self.points.append([coordinate + draw.gauss(0, 0.1) for coordinate in x])
            self.labels.append(2 * lower - 1)

    def score(self, x: list[Any]) -> Any:
        """The network's answer to one point: its class is the sign."""
        *hidden, (last,) = self.layers
        for layer in hidden:
            x = [sum((w * x_i for w, x_i in zip(weights, x, strict=True)), bias).relu() for weights, bias in layer]
        weights, bias = last
        return sum((w * x_i for w, x_i in zip(weights, x, strict=True)), bias)

    def loss(self) -> Any:
        """The mean hinge loss plus 1e-4 times the sum of squares."""
        scores = [self.score([self.Value(x_i) for x_i in x]) for x in self.points]
        losses = [(1 + -y * score).relu() for y, score in zip(self.labels, scores, strict=True)]
        return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in self.parameters)

    def step(self) -> Any:
        """Forward, backward, and the update."""
        loss = self.loss()
        for p in self.parameters:
            p.grad = 0.0
        loss.backward()
        for p in self.parameters:
            p.data -= 1e-3 * p.grad
        return loss


def assert_equal_results(contestants: list[Moons]) -> None:
    """The loss and every gradient of a first step agree."""
    results = [[moons.step().data, *[p.grad for p in moons.parameters]] for moons in contestants]
    for moons, result in zip(contestants, results, strict=True):
        error = max(abs(a - b) for a, b in zip(result, results[0], strict=True))
        if not error <= TOLERANCE:
            raise AssertionError(
                f"{moons.name}: the loss or a gradient differs from {contestants[0].name}'s by {error}"
            )


def jobs(settings: Settings, peers: list[str], hips: str) -> Iterator[dict[str, Any]]:
    """A process that takes time, and one that counts bytes: the counting makes everything slow."""
    names = [CHAINRULE, *[peer for peer in peers if peer == MICROGRAD]]
    job = {"names": names, "points": settings.moons_points}
    yield job | {"rounds": settings.moons_rounds}
    yield job | {"rounds": 0}


def work(job: dict[str, Any]) -> dict[str, Any]:
    if not job["rounds"]:
        return {"bytes": {name: bytes_of_a_graph(name, job["points"]) for name in job["names"]}}
    contestants = [Moons(name, job["points"]) for name in job["names"]]
    assert_equal_results(contestants)
    turns = [(moons, collector) for moons in contestants for collector in (ON, OFF)]
    times: measuring.Times = {f"{moons.name}, {collector}": [] for moons, collector in turns}
    order = random.Random(0)
    for _ in range(job["rounds"]):
        for moons, collector in order.sample(turns, len(turns)):
            gc.collect()
            if collector == OFF:
                gc.disable()
            times[f"{moons.name}, {collector}"].append(measuring.seconds_per_step(moons.step, STEPS))
            gc.enable()
    return {"times": times}


def bytes_of_a_graph(name: str, points: int) -> dict[str, int]:
    """What the nodes of one loss take, parameters and data included, after the forward and after the backward pass."""
    value_class(name)  # what the import takes is not the graph's
    tracemalloc.start()
    loss = Moons(name, points).loss()
    forward = tracemalloc.get_traced_memory()[0]
    loss.backward()
    backward = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"nodes": count_nodes(loss), "forward": forward, "backward": backward}


def count_nodes(root: Any) -> int:
    """The nodes below ``root``, constants included."""
    seen, stack = {id(root)}, [root]
    while stack:
        node = stack.pop()
        for arg in node.args if hasattr(node, "args") else node._prev:
            if id(arg) not in seen:
                seen.add(id(arg))
                stack.append(arg)
    return len(seen)


def summary(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each contestant the time of a step, its ratio to chainrule with the same collector, and bytes per node."""
    runs = [result["times"] for result in results if "times" in result]
    sizes = next(result["bytes"] for result in results if "bytes" in result)
    return [
        {
            "contestant": name,
            "collector": collector,
            "milliseconds": measuring.seconds(runs, f"{name}, {collector}") * 1e3,
            "to chainrule": measuring.ratio(runs, f"{name}, {collector}", f"{CHAINRULE}, {collector}"),
            "nodes": size["nodes"],
            "bytes per node": size["forward"] / size["nodes"],
            "bytes per node after backward": size["backward"] / size["nodes"],
        }
        for name, size in sizes.items()
        for collector in (ON, OFF)
    ]


if __name__ == "__main__":
    processes.answer(work)
