"""Measuring: contestants take turns, so whatever else the machine does meets them all, and ratios are of neighbours.

Times are the process's own, on one thread: what other processes take from a busy machine does not count.
"""

import random
import time
from collections.abc import Callable, Iterable
from statistics import median

Times = dict[str, list[float]]
"""For each contestant the seconds per step in round 0, 1, …: entries of one round belong together."""


def seconds_per_step(step: Callable[[], object], count: int) -> float:
    """The mean time of ``count`` steps in a row."""
    start = time.process_time()
    for _ in range(count):
        step()
    return (time.process_time() - start) / count


def count_for(step: Callable[[], object], seconds: float) -> int:
    """How many steps fill about so many seconds; the first steps, which compile and allocate, are not counted."""
    seconds_per_step(step, 3)
    count = 1
    while (taken := seconds_per_step(step, count) * count) < seconds / 2:
        count *= 2
    return max(1, round(count * seconds / taken))


def in_rounds(steps: dict[str, Callable[[], object]], rounds: int, seconds: float) -> Times:
    """Time every contestant once per round, in an order drawn anew, so that nobody always follows the same one."""
    counts = {name: count_for(step, seconds) for name, step in steps.items()}
    times: Times = {name: [] for name in steps}
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(steps), len(steps)):
            times[name].append(seconds_per_step(steps[name], counts[name]))
    return times


def ratio(processes: Iterable[Times], name: str, to: str) -> dict[str, float]:
    """How many times as long ``name`` takes as ``to``: the median over processes of the median over rounds.

    A process draws its memory layout once and keeps it for all its rounds: so a process counts once, and the lowest
    and the highest of them are reported too.
    """
    medians = [median(mine / other for mine, other in zip(times[name], times[to], strict=True)) for times in processes]
    return {"ratio": median(medians), "low": min(medians), "high": max(medians)}


def seconds(processes: Iterable[Times], name: str) -> float:
    """The median time of a step."""
    return median(median(times[name]) for times in processes)
