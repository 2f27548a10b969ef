"""Imports: what `import autograd` costs a fresh interpreter on top of NumPy."""

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.benchmarks import processes
from tests.benchmarks.settings import Settings

STATEMENTS = ("pass", "import numpy", "import autograd")


def seconds(statement: str) -> float:
    """How long an interpreter runs that does only this."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, cwd=processes.ROOT)
    return time.perf_counter() - start


def jobs(settings: Settings, peers: list[str], hips: str) -> Iterator[dict[str, Any]]:
    yield {"rounds": settings.imports}


def work(job: dict[str, Any]) -> dict[str, Any]:
    for statement in STATEMENTS:  # once untimed: compiled files and the disk's cache
        seconds(statement)
    return {"seconds": [[seconds(statement) for statement in STATEMENTS] for _ in range(job["rounds"])]}


def summary(results: list[dict[str, Any]]) -> dict[str, float]:
    """Median milliseconds of a whole process, and what each import adds, pair by pair."""
    rounds = [of_round for result in results for of_round in result["seconds"]]
    return {
        "python ms": median(python for python, _, _ in rounds) * 1e3,
        "numpy adds ms": median(numpy - python for python, numpy, _ in rounds) * 1e3,
        "autograd adds ms": median(autograd - numpy for _, numpy, autograd in rounds) * 1e3,
    }


if __name__ == "__main__":
    processes.answer(work)
