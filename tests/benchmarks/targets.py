"""The targets: what the benchmark must show, each as a measured figure and the most it may be."""

from typing import Any, NamedTuple

from tests.benchmarks.contestants import CHAINRULE
from tests.benchmarks.moons import MICROGRAD, OFF, ON

TO_HAND = {
    ("3-4-1", "sigmoid"): 1.8,
    ("3-4-1", "composed"): 2.3,
    ("2-16-16-1", "sigmoid"): 1.8,
    ("64-32-10", "sigmoid"): 1.5,
    ("784-128-10", "sigmoid"): 1.5,
    ("20 layers of 32", "sigmoid"): 1.5,
}
"""With the library's own sigmoid; the composed one, which is six operations for one, has a bound on 3-4-1 alone."""

FASTER_THAN = {"PyTorch, tightest": 1.0, "MyGrad": 1.0, "HIPS autograd": 1.0}

FASTER_THAN_USUAL = {"3-4-1": 1.5, "2-16-16-1": 1.5}


class Target(NamedTuple):
    """Met where the figure is at most the bound."""

    what: str
    figure: float
    bound: float

    @property
    def met(self) -> bool:
        return self.figure <= self.bound


def targets(results: dict[str, Any]) -> list[Target]:
    """The targets that the contestants of this run can show."""
    return [*_networks(results["networks"]), *_moons(results["moons"]), _chain(results["chain"])]


def _networks(rows: list[dict[str, Any]]) -> list[Target]:
    found = []
    for row in rows:
        network, sigmoid, name = row["network"], row["sigmoid"], row["contestant"]
        where = f"{network}, {sigmoid}"
        if name == CHAINRULE and (network, sigmoid) in TO_HAND:
            found.append(Target(f"{where}: time to by hand", row["to hand"]["ratio"], TO_HAND[network, sigmoid]))
        times = FASTER_THAN_USUAL.get(network) if name == "PyTorch, usual" else FASTER_THAN.get(name)
        if times is not None:
            found.append(Target(f"{where}: time to {name}", 1 / row["to chainrule"], 1 / times))
    return found


def _moons(rows: list[dict[str, Any]]) -> list[Target]:
    by = {(row["contestant"], row["collector"]): row for row in rows}
    if (MICROGRAD, ON) not in by:
        return []
    bytes_ = by[CHAINRULE, ON]["bytes per node"] / by[MICROGRAD, ON]["bytes per node"]
    return [
        Target("moons: time to micrograd", 1 / by[MICROGRAD, ON]["to chainrule"]["ratio"], 1 / 6),
        Target("moons: time to micrograd, collector off", 1 / by[MICROGRAD, OFF]["to chainrule"]["ratio"], 1 / 1.5),
        Target("moons: bytes per node to micrograd", bytes_, 1 / 3),
    ]


def _chain(chain: dict[str, Any]) -> Target:
    return Target(f"chain: growth exponent of backward, {chain['from']:,} to {chain['to']:,}", chain["exponent"], 1.1)
