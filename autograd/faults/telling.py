"""Tell of a layer what became of the gradient there: the fault of a whole layer, or of some of its units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.faults.activations import Use
from autograd.faults.fault import Fault, Kind
from autograd.faults.flow import LOST, Flow, Layer, Stuck
from autograd.faults.formula import formula, number, numbers, spoken
from autograd.faults.lines import line_of

__all__ = ["AS_WRONG", "of_activation", "of_layer", "starved_below"]

AS_WRONG = "these examples stay as wrong as they are"


def of_activation(flow: Flow, stuck: Stuck, instead: str, lost: Any = None) -> Fault:
    """The fault of all units that the loss depends on, or of those that are lost."""
    use, size = stuck.use, np.abs(stuck.g)
    asked = size > LOST * size.sum() if size.any() else np.ones(size.shape, bool)
    wanted = asked if lost is None else lost
    z, slope, count = use.z[wanted], use.slope[wanted], int(wanted.sum())
    units = f"all {count} units" if count > 1 else "its one unit"
    few = f"{count} of {stuck.units} units on the wrong side"
    if not np.isfinite(z).all():
        instead = "find where the inf in z comes from: look for it in the data"
    texts = {
        "z": numbers(z),
        "top": number(float(z.max())),
        "units": units if count == stuck.units else few if lost is not None else f"{units} that the loss depends on",
        "steepest": f"at most {number(float(slope.max()))}" if slope.any() else "0",
    }
    kind: Kind = "vanishing" if np.any(stuck.g[wanted] * slope) else "zero"
    fault = of_layer(flow, kind, stuck.layer, use.activation.why.format_map(texts), instead, use)
    some = lost is not None and count < np.count_nonzero(stuck.g)
    return replace(fault, then=(AS_WRONG,)) if some else fault


def of_layer(
    flow: Flow,
    kind: Kind,
    layer: Layer,
    why: str,
    instead: str,
    use: Use | None = None,
) -> Fault:
    """The fault of a layer; the parameters below it get next to nothing."""
    node = layer.node
    inputs = {"z": numbers(use.z)} if use else {formula(arg): numbers(arg.primal) for arg in node.args if arg.label}
    inputs["the cotangent g"] = numbers(layer.cotangent(flow.cotangents))
    name = spoken(node) if use is None else use.activation.name
    then = () if kind == "exploding" else starved_below(flow, layer)
    return Fault(
        kind, "backward", node, name, formula(node), None, inputs, why, instead, line_of(node), then, flow.root
    )


def starved_below(flow: Flow, layer: Layer) -> tuple[str, ...]:
    """The parameters below a layer, as a consequence of what happens there."""
    below = [station for station, _ in flow.stations if station.serial < layer.serial]
    labels = [leaf.label.partition("[")[0] for station in below for leaf in station.parameters() if leaf.label]
    names = list(dict.fromkeys(labels))
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return (f"hardly any gradient for {', '.join(names[:6])}{more}",) if names else ()
