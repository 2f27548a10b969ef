"""The command line of the benchmark."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.benchmarks import chain, imports, machine, moons, networks, picture, processes, report
from tests.benchmarks.contestants import HIPS_FOLDER, PEERS, missing
from tests.benchmarks.settings import FULL, QUICK

WORKLOADS = {"networks": networks, "moons": moons, "chain": chain, "imports": imports}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--against", default=",".join(PEERS), metavar="PEERS", help="which peers, with commas (all: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="seconds, not minutes; only shows that everything works")
    parser.add_argument("--json", type=Path, metavar="F", help="write all results to this file too")
    parser.add_argument(
        "--picture", type=Path, metavar="F", default=Path("chainrule-out/benchmark.svg"), help="default: %(default)s"
    )
    parser.add_argument(
        "--hips", type=Path, metavar="FOLDER", default=HIPS_FOLDER, help="where HIPS autograd is; default: %(default)s"
    )
    parser.add_argument(
        "--memory",
        choices=list(processes.MEMORY),
        default="kept",
        help="what glibc does with freed arrays, for all contestants: keep their memory for the next, or what it does "
        "of itself (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    options.against = options.against.split(",")
    if unknown := [peer for peer in options.against if peer not in PEERS]:
        parser.error(f"--against: {unknown[0]!r} is none of {', '.join(PEERS)}")
    return options


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def write(file: Path, writer: Callable[[Path], None]) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{os.getpid()}-{file.name}")
    try:
        writer(unfinished)
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    settings = QUICK if options.quick else FULL
    absent = missing(options.against, options.hips)
    for peer, remedy in absent.items():
        note(f"{peer} is not installed and is left out; `{remedy}` brings it")
    peers = [peer for peer in PEERS if peer in options.against and peer not in absent]

    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in WORKLOADS}
    for lap in range(settings.processes):
        for name, workload in WORKLOADS.items():
            note(f"{name}, {lap + 1} of {settings.processes}")
            for job in workload.jobs(settings, peers, str(options.hips)):
                answers[name].append(processes.run(name, job, options.memory))

    results = {
        "machine": machine.describe(peers, options.hips),
        "settings": asdict(settings) | {"memory": options.memory},
        "missing": absent,
        **{name: workload.summary(answers[name]) for name, workload in WORKLOADS.items()},
    }
    print(report.markdown(results), end="")
    if options.json:
        write(options.json, lambda file: file.write_text(json.dumps(results, indent=1)))
    try:
        write(options.picture, lambda file: picture.draw(results, file))
    except ImportError:
        note("no picture: matplotlib is not installed (pip install matplotlib)")


if __name__ == "__main__":
    main()
