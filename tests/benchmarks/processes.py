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


def run(workload: str, job: dict[str, Any]) -> dict[str, Any]:
    """The answer of ``tests.benchmarks.<workload>.work(job)`` from a process of its own."""
    command = [sys.executable, "-m", f"tests.benchmarks.{workload}"]
    done = subprocess.run(
        command, input=json.dumps(job), cwd=ROOT, env=os.environ | ONE_THREAD, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"the benchmark {workload} failed on {job}:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def answer(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The other end of `run`."""
    json.dump(work(json.load(sys.stdin)), sys.stdout)
