"""The report: the results as Markdown, for the README."""

from collections.abc import Iterable
from typing import Any

from tests.benchmarks.contestants import CHAINRULE, HAND
from tests.benchmarks.networks import SIGMOIDS
from tests.benchmarks.targets import targets

TITLES = {
    "sigmoid": "One training step with the library's own sigmoid: times as long as by hand",
    "composed": "The same with the sigmoid written as `1 / (1 + np.exp(-z))`",
}


def markdown(results: dict[str, Any]) -> str:
    parts = [_networks(results["networks"], sigmoid) for sigmoid in SIGMOIDS]
    parts += [_moons(results["moons"]), _chain(results["chain"]), _imports(results["imports"]), _targets(results)]
    return "\n\n".join([*parts, _machine(results)]) + "\n"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _networks(rows: list[dict[str, Any]], sigmoid: str) -> str:
    rows = [row for row in rows if row["sigmoid"] == sigmoid]
    names = dict.fromkeys(row["contestant"] for row in rows if row["contestant"] != HAND)
    body = []
    for network, batch in dict.fromkeys((row["network"], row["batch"]) for row in rows):
        of = {row["contestant"]: row for row in rows if row["network"] == network}
        cells = [_bold(f"{of[name]['to hand']['ratio']:.2g}", name) for name in names]
        body.append([f"{network}, {batch}", f"{of[HAND]['microseconds']:,.0f} µs", *cells])
    header = ["network, batch", HAND, *[_bold(name, name) for name in names]]
    return f"{TITLES[sigmoid]}:\n\n{_table(header, body)}"


def _bold(text: str, name: str) -> str:
    return f"**{text}**" if name == CHAINRULE else text


def _moons(rows: list[dict[str, Any]]) -> str:
    body = [
        [
            f"{row['contestant']}, {row['collector']}",
            f"{row['milliseconds']:,.0f} ms",
            f"{row['to chainrule']['ratio']:.2g}",
            f"{row['nodes']:,}",
            f"{row['bytes per node']:.0f}",
            f"{row['bytes per node after backward']:.0f}",
        ]
        for row in rows
    ]
    header = ["moons, one step", "time", "to chainrule", "nodes", "bytes per node", "after backward"]
    return f"Scalars, the moons demonstration of micrograd:\n\n{_table(header, body)}"


def _chain(chain: dict[str, Any]) -> str:
    header = list(chain["lengths"][0])
    body = [[f"{row[column]:,.0f}" for column in header] for row in chain["lengths"]]
    exponent = f"The time of backward grows as length^{chain['exponent']:.2f} ({chain['from']:,} to {chain['to']:,})."
    return f"A chain of scalars:\n\n{_table(header, body)}\n\n{exponent}"


def _imports(imports: dict[str, float]) -> str:
    return (
        f"`import autograd` adds {imports['autograd adds ms']:.0f} ms to NumPy's {imports['numpy adds ms']:.0f} ms "
        f"(Python alone: {imports['python ms']:.0f} ms)."
    )


def _targets(results: dict[str, Any]) -> str:
    body = [
        [target.what, f"{target.figure:.2f}", f"{target.bound:.2f}", "yes" if target.met else "**no**"]
        for target in targets(results)
    ]
    return f"Targets:\n\n{_table(['ratio', 'measured', 'at most', 'met'], body)}"


def _machine(results: dict[str, Any]) -> str:
    machine, settings = results["machine"], results["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {versions}. One thread, float64; "
        f"medians of {settings['processes']} processes with {settings['rounds']} rounds each; memory that was freed: "
        f"{settings['memory']}."
    )
