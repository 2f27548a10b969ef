"""The picture: for every network, how many times as long as by hand each contestant takes."""

from pathlib import Path
from typing import Any

from tests.benchmarks.contestants import CHAINRULE, HAND

COLOURS = ("#1f5fa8", "#e07b39", "#f2b98c", "#5b9a68", "#8d6cab", "#bfa9d3", "#8a8a8a")


def draw(results: dict[str, Any], file: Path) -> None:
    """Draw horizontal bars, one group per network; the line at 1 is the step by hand.

    Raises
    ------
    ImportError
        Where matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    rows = [row for row in results["networks"] if row["sigmoid"] == "sigmoid" and row["contestant"] != HAND]
    networks = list(dict.fromkeys((row["network"], row["batch"]) for row in rows))
    names = list(dict.fromkeys(row["contestant"] for row in rows))
    ratios = {(row["network"], row["contestant"]): row["to hand"]["ratio"] for row in rows}
    height = 0.8 / len(names)
    figure = Figure(figsize=(7.5, 1.1 + len(networks) * (0.3 + 0.17 * len(names))), layout="constrained")
    axes = figure.subplots()
    for i, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        middles = [group + (i - (len(names) - 1) / 2) * height for group in range(len(networks))]
        widths = [ratios[network, name] for network, _ in networks]
        weight = "bold" if name == CHAINRULE else "normal"
        bars = axes.barh(middles, [width - 1 for width in widths], height * 0.9, left=1, color=colour, label=name)
        axes.bar_label(bars, [f" {width:.2g}" for width in widths], fontsize=8, fontweight=weight)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlim(min(0.8, 0.8 * min(ratios.values())), 1.3 * max(ratios.values()))
    axes.set_xticks(ticks := [tick for tick in (0.5, 1, 2, 5, 10, 20, 50) if tick < max(ratios.values())])
    axes.set_xticklabels([f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(networks)), [f"{network}\nbatch {batch}" for network, batch in networks])
    axes.invert_yaxis()
    axes.set_xlabel("time of one training step, as a multiple of the step by hand (less is better)")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(frameon=False, fontsize=8, ncols=3, loc="outside upper center")
    figure.savefig(file, format=file.suffix.lstrip(".") or "svg", dpi=150)
