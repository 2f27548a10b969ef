"""Processes: do a piece of work in a fresh interpreter that has one thread, and read its answer."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
"""Read once, when NumPy and its peers are loaded: so they are set before the process begins."""

MEMORY = {
    "kept": {"MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 28)},
    "default": {},
}
"""What glibc does with the memory of an array that was freed: it is kept for the next one, or as the C library has it.

By default glibc gives large blocks back to the kernel, which must clear every page of the next one. Whether it does so
depends on the largest array that the process has freed before, and on what happens to lie above: steps with arrays of
some 100 kB are two to three times slower in one process than in another, those by hand too. Kept, all contestants meet
the same memory, and what is measured is computing.
"""


def run(workload: str, job: dict[str, Any], memory: str) -> dict[str, Any]:
    """The answer of ``tests.benchmarks.<workload>.work(job)`` from a process of its own."""
    environment = os.environ | ONE_THREAD | MEMORY[memory]
    command = [sys.executable, "-m", f"tests.benchmarks.{workload}"]
    done = subprocess.run(command, input=json.dumps(job), cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the benchmark {workload} failed on {job}:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def answer(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The other end of `run`."""
    json.dump(work(json.load(sys.stdin)), sys.stdout)
