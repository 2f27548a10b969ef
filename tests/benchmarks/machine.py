"""The machine: what the figures were measured on, and with which versions."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

DISTRIBUTIONS = {"torch": "torch", "jax": "jax", "mygrad": "mygrad", "micrograd": "micrograd", "hips": "autograd"}


def describe(peers: list[str], hips: Path) -> dict[str, Any]:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index]
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
    }
    for peer in peers:
        if peer in DISTRIBUTIONS:
            where = {"path": [str(hips)]} if peer == "hips" else {}
            (found, *_) = importlib.metadata.distributions(name=DISTRIBUTIONS[peer], **where)
            versions[peer] = found.version
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
