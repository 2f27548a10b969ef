"""Chain: up to a million Values multiplied one after another; time and bytes per node must not grow with the length."""

import math
import time
import tracemalloc
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.benchmarks import processes
from tests.benchmarks.contestants import CHAINRULE
from tests.benchmarks.moons import MICROGRAD, value_class
from tests.benchmarks.settings import Settings


def build(Value: Any, length: int) -> Any:
    """x * w * w * … with so many products."""
    y, w = Value(1.0), Value(1.0 + 1e-9)
    for _ in range(length):
        y = y * w
    return y


def jobs(settings: Settings, peers: list[str], hips: str) -> Iterator[dict[str, Any]]:
    yield {"lengths": settings.chain_lengths, "rounds": settings.chain_rounds}
    for name in [CHAINRULE, *[peer for peer in peers if peer == MICROGRAD]]:
        yield {"lengths": settings.chain_lengths, "bytes of": name}


def work(job: dict[str, Any]) -> dict[str, Any]:
    if "bytes of" in job:
        return {"of": job["bytes of"], "bytes": [bytes_per_node(job["bytes of"], n) for n in job["lengths"]]}
    rounds = [[times(length) for length in job["lengths"]] for _ in range(job["rounds"])]
    return {
        "lengths": job["lengths"],
        "times": [[median(t) for t in zip(*of_one, strict=True)] for of_one in zip(*rounds, strict=True)],
    }


def times(length: int) -> tuple[float, float]:
    """Seconds per node of the forward and the backward pass; short chains are repeated."""
    Value = value_class(CHAINRULE)
    repeats = max(1, 10**5 // length)
    forward = backward = 0.0
    for _ in range(repeats):
        start = time.process_time()
        y = build(Value, length)
        middle = time.process_time()
        y.backward()
        forward += middle - start
        backward += time.process_time() - middle
    return forward / repeats / length, backward / repeats / length


def bytes_per_node(name: str, length: int) -> float:
    """What a recorded chain takes, per node, before any backward pass (micrograd's recursion ends near 1,000 nodes)."""
    Value = value_class(name)
    tracemalloc.start()
    y = build(Value, length)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del y
    return size / length


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Per length, and the exponent p of time ~ length^p of the backward pass, from the second length to the last."""
    runs = [result for result in results if "times" in result]
    lengths = runs[0]["lengths"]
    exponents = [
        1 + math.log(run["times"][-1][1] / run["times"][1][1]) / math.log(lengths[-1] / lengths[1]) for run in runs
    ]
    sizes = {result["of"]: result["bytes"] for result in results if "bytes" in result}
    rows = []
    for i, length in enumerate(lengths):
        forward, backward = (median(run["times"][i][part] for run in runs) * 1e9 for part in (0, 1))
        row = {"length": length, "forward ns per node": forward, "backward ns per node": backward}
        rows.append(row | {f"{name} bytes per node": size[i] for name, size in sizes.items()})
    return {"lengths": rows, "exponent": median(exponents), "from": lengths[1], "to": lengths[-1]}


if __name__ == "__main__":
    processes.answer(work)
