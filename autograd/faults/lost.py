"""What becomes of a finite gradient: it may vanish on its way, grow beyond measure, or cancel.

None of these is seen in one number. A gradient of 0 is right at a minimum, a small one is right after a long training,
and a unit that is flat on the right side of its target is what one wants. So each check compares the flow of the
gradient through the layers, and asks whether the loss wants to move.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from autograd.faults.activations import FLAT, LOGITS, Use, uses
from autograd.faults.case import users_of
from autograd.faults.examples import lost_length, meets_logarithm, of_sigmoid, wrong_and_flat
from autograd.faults.fault import Fault, Kind
from autograd.faults.flow import Layer, layers_of, stations_of
from autograd.faults.formula import formula, number, numbers, spoken
from autograd.faults.lines import line_of
from autograd.faults.patterns import find
from autograd.graph import Node

__all__ = ["Flow", "lost_gradient"]

Array = np.ndarray[Any, np.dtype[np.float64]]

LOST = 1e-6
"""A flow has vanished when it is smaller than before by this factor; none that trains comes near it."""

CANCELLED = 1e-4
"""The gradient of the first layer against the flow at the last, where examples cancel."""

DEAD = 0.9
"""A layer is dead where so large a share of its units is flat, whether the loss depends on them or not."""

LEAST_PRODUCTS = 5
"""Fewer products are no chain in which a gradient could explode, or vanish for no other reason."""


KEEP_SIZE = "nn.init.xavier_normal_(W), nn.LayerNorm between layers, or skip connections x + f(x)"


BOUNDED = ("maximum(z, c)", "minimum(z, c)", "RELU(z)")
BEYOND = (*(f"({bounded} - t) ** 2" for bounded in BOUNDED), *(f"(t - {bounded}) ** 2" for bounded in BOUNDED))
"""A bounded number compared by squares: there a cotangent that is not 0 asks for one beyond the bound."""

OUT_OF_REACH = (
    "no bound on what the loss compares, or targets within the bound: what lies beyond it is out of reach, and squares "
    "ask for it all the same"
)


class Stuck(NamedTuple):
    """A layer that is an activation: its numbers, and how much of the flow gets through."""

    layer: Layer
    use: Use
    g: Array
    passed: float

    @property
    def units(self) -> int:
        """How many numbers it has."""
        return int(self.use.z.size)


class Flow:
    """A backward pass, as a flow through layers.

    Parameters
    ----------
    root : Node
    nodes : list of Node
        Its tape.
    cotangents : mapping
        By serial.
    """

    def __init__(self, root: Node, nodes: list[Node], cotangents: Mapping[int, Any]) -> None:
        self.root, self.nodes, self.cotangents = root, nodes, cotangents
        self.layers = layers_of(nodes, cotangents)
        self.stations = stations_of(self.layers)
        self.seed = float(np.abs(np.asarray(cotangents[root.serial])).sum())

    def products(self) -> list[Layer]:
        """The stations at which a parameter multiplies; where there are none, all of them."""
        stations = [layer for layer, _ in self.stations]
        return [layer for layer in stations if _operation(layer.node) not in ("add", "sub")] or stations

    def activations(self, above: int, below: float) -> list[Stuck]:
        """The activations among the layers between two serials, newest first."""
        found = []
        for layer in reversed(self.layers):
            if above < layer.serial < below and layer.flow > 0:
                use = _use_of(layer)
                if use is not None:
                    g = layer.cotangent(self.cotangents)
                    found.append(Stuck(layer, use, g, float((np.abs(g) * use.slope).sum())))
        return found


def _operation(node: Node) -> str:
    return "" if node.primitive is None else node.primitive.name


def _use_of(layer: Layer) -> Use | None:
    """A layer as one activation of all its units; Values' units are put side by side."""
    first = next(uses(layer.node), None)
    if first is None or len(layer.nodes) == 1:
        return first
    found = [next(uses(node), None) for node in layer.nodes]
    same = [use for use in found if use is not None and use.activation is first.activation]
    if len(same) < len(found):
        return None
    z, slope = (np.array([getattr(use, name) for use in same], float) for name in ("z", "slope"))
    return Use(first.activation, layer.node, z, slope)


def lost_gradient(flow: Flow) -> Fault | None:
    """The first layer, seen from the loss, at which the gradient of all that is below it gets lost, or explodes."""
    # An infinite cotangent that reaches no leaf is no fault, but there is no comparing with it.
    if not flow.stations or not all(math.isfinite(layer.flow) for layer in flow.layers):
        return None
    return (
        _lost_examples(flow)
        or _flat_output(flow)
        or _lost_length(flow)
        or _vanished(flow)
        or _exploded(flow)
        or _alike(flow)
    )


def _flat_output(flow: Flow) -> Fault | None:
    """An activation at the end of the network that is flat on the wrong side of its target."""
    newest = flow.stations[-1][0].serial
    users: dict[int, list[Node]] = {}
    for stuck in flow.activations(newest - 1, math.inf):
        against = stuck.use.activation.against(stuck.g, stuck.use.z, stuck.layer.primal())
        size = np.abs(stuck.g)
        if stuck.passed > LOST * min(size.sum(), flow.seed):
            continue
        if (size * against).sum() >= 0.1 * size.sum():
            return _of_activation(flow, stuck, stuck.use.activation.output)
        users = users or users_of(flow.nodes)
        if any(find(pattern, stuck.layer.node, users) for pattern in BEYOND):
            instead = OUT_OF_REACH if stuck.use.activation.name == "clip" else stuck.use.activation.output
            return _of_activation(flow, stuck, instead)
    return None


def _lost_examples(flow: Flow) -> Fault | None:
    """Examples in a batch that are entirely wrong, and too far out on a sigmoid for a cross-entropy to bring back."""
    users: dict[int, list[Node]] = {}
    for stuck in flow.activations(-1, math.inf):
        if stuck.use.activation.name not in ("sigmoid", "clip"):
            continue
        lost = wrong_and_flat(stuck.use, stuck.g, stuck.layer.primal(), flow.seed)
        if not lost.any():
            continue
        users = users or users_of(flow.nodes)
        at = tuple(int(i) for i in np.argwhere(lost)[0])
        node, entry = (stuck.layer.nodes[at[0]], None) if len(stuck.layer.nodes) > 1 else (stuck.layer.node, at or None)
        z = of_sigmoid(node, stuck.use.activation.name)
        if z is not None and meets_logarithm(node, users):
            fault = _of_activation(flow, stuck, LOGITS, lost)
            if stuck.use.activation.name == "clip":
                own = np.asarray(z)[entry] if np.shape(z) == lost.shape else z
                why = f"{fault.why}; the sigmoid in it is saturated at z = {numbers(own)}"
                fault = replace(fault, why=why, instead="no bound on what the loss compares: " + LOGITS)
            return replace(fault, node=node, formula=formula(node), entry=entry)
    return None


def _lost_length(flow: Flow) -> Fault | None:
    """A vector of length 0, which no gradient tells where to go."""
    found = lost_length(flow.nodes, flow.cotangents)
    if found is None:
        return None
    vector = found.node.args[0]
    inputs = {formula(vector): numbers(vector.primal), "the cotangent g": numbers(flow.cotangents[found.node.serial])}
    why = "a vector of length 0 has no direction; the derivative there is taken as 0"
    instead = (
        "start away from 0: nn.init.normal_(w, std=0.1); np.sqrt(np.sum(w * w) + 1e-12) has a derivative everywhere, "
        "which is 0 at 0 too"
    )
    return Fault(
        kind="zero",
        phase="backward",
        node=found.node,
        operation=spoken(found.node),
        formula=formula(found.node, of_label=True),
        entry=found.entry,
        inputs=inputs,
        why=why,
        instead=instead,
        line=line_of(found.node),
        root=flow.root,
    )


def _vanished(flow: Flow) -> Fault | None:
    """The layer below which every parameter gets next to nothing of what the last one gets."""
    sizes = [best for _, best in flow.stations]
    most = max(sizes[-max(1, len(sizes) // 3) :])
    older = list(np.maximum.accumulate(sizes))
    cut = max((i for i, size in enumerate(older) if size <= LOST * most), default=None)
    if cut is None or most == 0:
        return None
    starved, fed = flow.stations[cut][0], flow.stations[cut + 1][0]
    on_the_way = flow.activations(starved.serial, math.inf)
    blocking = [stuck for stuck in on_the_way if stuck.passed <= LOST * stuck.layer.flow]
    dead = [stuck for stuck in blocking if (stuck.use.slope <= LOST).mean() >= DEAD]
    if dead:
        return _of_activation(flow, dead[0], dead[0].use.activation.hidden)
    if blocking:  # by the few examples that the loss still depends on
        return None
    zeros = _zero_weights(flow, starved.serial)
    if zeros is not None:
        return _still_zero(flow, *zeros)
    depth = len(flow.products())
    if sizes[cut] == 0 or (depth < LEAST_PRODUCTS and _flat_share(on_the_way) <= 0.5):  # a number is small by itself
        return None
    shares = f"{number(sizes[cut] / most)} of the gradient at the last of {depth} layers gets below this one"
    return _of_layer(flow, "vanishing", fed, *_reasons(flow, on_the_way, shares, cut))


def _reasons(flow: Flow, on_the_way: list[Stuck], shares: str, cut: int) -> tuple[str, str]:
    """Why a gradient vanishes little by little."""
    factor = f"each passes on {number(_per_layer(flow, cut))} of it"
    names = Counter(stuck.use.activation.name for stuck in on_the_way)
    if not names:
        return (
            f"{shares}: it is a product, and {factor}",
            "add logarithms in place of multiplying, or factors near 1 in size; in a network " + KEEP_SIZE,
        )
    name, count = names.most_common(1)[0]
    same = [stuck for stuck in on_the_way if stuck.use.activation.name == name]
    flat, typical = _flat_share(same), number(float(np.median(_slopes(same))))
    if flat > 0.5:
        why = f"{count} layers of {name} are saturated, {flat:.0%} of their units have a slope below {FLAT}"
        return f"{shares}: {why}", "smaller weights: " + KEEP_SIZE
    if name != "relu":
        why = f"{count} layers of {name} have a typical slope of {typical}, and {factor}"
        return f"{shares}: {why}", "nn.ReLU() in place of it, " + KEEP_SIZE
    return f"{shares}: the weights are too small, {factor}", "larger weights: nn.init.kaiming_normal_(W); " + KEEP_SIZE


def _slopes(layers: list[Stuck]) -> Array:
    return np.concatenate([np.zeros(0), *(stuck.use.slope.ravel() for stuck in layers)])


def _flat_share(layers: list[Stuck]) -> float:
    """The share of units with next to no slope."""
    slopes = _slopes(layers)
    return float((slopes < FLAT).mean()) if slopes.size else 0.0


def _per_layer(flow: Flow, cut: int) -> float:
    """The factor from one product to the one below it, on average."""
    oldest = flow.stations[cut][0].serial
    flows = [layer.flow for layer in flow.products() if layer.serial >= oldest and layer.flow > 0]
    return float((flows[0] / flows[-1]) ** (1 / max(1, len(flows) - 1))) if flows else 0.0


def _zero_weights(flow: Flow, above: int) -> tuple[Layer, Node] | None:
    """The newest weight that is next to 0 throughout, so that a product with it lets nothing through."""
    for layer in reversed(flow.products()):
        if layer.serial > above and _operation(layer.node) in ("matmul", "contract"):
            for leaf in layer.parameters():
                if np.size(leaf.primal) > 1 and np.abs(leaf.primal).max() <= LOST:
                    return layer, leaf
    return None


def _still_zero(flow: Flow, layer: Layer, leaf: Node) -> Fault | None:
    """A weight of zeros is no fault where the next step parts its units; it is one where they stay alike."""
    slope = np.asarray(flow.cotangents[leaf.serial])
    parting = all(np.ptp(slope, axis=axis).any() for axis in range(slope.ndim) if slope.shape[axis] > 1)
    if np.any(slope) and parting:
        return None
    name = f"{formula(leaf)} is {numbers(leaf.primal)}"
    why = f"{name} and lets no gradient through; its own gradient keeps its units all alike"
    return _of_layer(flow, "zero", layer, why, "random numbers at the start: nn.init.xavier_normal_(W)")


def _exploded(flow: Flow) -> Fault | None:
    """The layer at which a finite gradient has become larger than at the last by a factor that no step survives."""
    products = flow.products()
    flows = [layer.flow for layer in products]
    newest = flows[-1]
    if not newest or max(flows[:-LEAST_PRODUCTS], default=0.0) * LOST < newest:
        return None
    at = max(i for i, size in enumerate(flows) if size * LOST >= newest)
    factor = _per_layer(flow, 0)
    why = (
        f"the gradient grows to {number(max(flows) / newest)} times what it is at the last of {len(flows)} layers: a "
        f"product in which each factor makes it {number(factor)} times as large"
    )
    instead = (
        "factors near 1 in size: nn.init.xavier_normal_(W), nn.LayerNorm between layers; "
        "nn.optim.clip_grad_norm_(model.parameters(), 1.0) before every step"
    )
    return _of_layer(flow, "exploding", products[at], why, instead)


def _alike(flow: Flow) -> Fault | None:
    """Units that are all alike: every example gets the same answer, and the gradients of the examples cancel."""
    last, first = flow.stations[-1][0], flow.stations[0][0]
    total = sum(float(np.abs(flow.cotangents.get(leaf.serial, 0.0)).sum()) for leaf in first.parameters())
    if len(flow.stations) < 2 or not last.flow or total > CANCELLED * last.flow:
        return None
    if not _same_for_all(last.primal(), last.cotangent(flow.cotangents)):
        return None
    for stuck in flow.activations(first.serial, last.serial):
        out = stuck.layer.primal()
        if out.size > 1 and np.ptp(out) <= 0.1 * np.abs(out).max():
            units = f"the {out.size} numbers of this layer lie between {number(out.min())} and {number(out.max())}"
            why = (
                f"hidden units that are all alike: {units}, so that every example gets the same answer{_chance(flow)}; "
                f"the examples' gradients cancel, and {number(total / last.flow)} of them is left at the first layer"
            )
            instead = "larger and different weights at the start: nn.init.xavier_normal_(W), or randn / sqrt(inputs)"
            return _of_layer(flow, "vanishing", stuck.layer, why, instead, stuck.use)
    return None


def _same_for_all(answer: Array, g: Array) -> bool:
    """Whether the answers along some axis are the same, although the loss pulls them apart."""
    for axis in range(answer.ndim):
        if answer.shape[axis] > 1:
            spread = np.ptp(answer, axis=axis).max()
            pull, pulled = np.abs(g).sum(), np.abs(g.sum(axis=axis)).sum()
            if spread <= 1e-3 * max(1.0, float(np.abs(answer).mean())) and pulled <= 0.05 * pull:
                return True
    return False


def _chance(flow: Flow) -> str:
    """What the loss is when the answer to everything is the same: the logarithm of the number of classes."""
    loss = float(np.asarray(flow.root.primal).sum())
    for classes in range(2, 11):
        if abs(loss - math.log(classes)) < 1e-3:
            return f" and the loss stays at {loss:.6f} = ln {classes}"
    return ""


def _of_activation(flow: Flow, stuck: Stuck, instead: str, lost: Any = None) -> Fault:
    """The fault of all units that the loss depends on, or of those that are lost."""
    use, wanted = stuck.use, stuck.g != 0 if lost is None else lost
    z, slope, count = use.z[wanted], use.slope[wanted], int(wanted.sum())
    units = f"all {count} units" if count > 1 else "its one unit"
    few = f"{count} of {stuck.units} units on the wrong side"
    texts = {
        "z": numbers(z),
        "top": number(float(z.max())),
        "units": units if count == stuck.units else few if lost is not None else f"{units} that the loss depends on",
        "steepest": f"at most {number(float(slope.max()))}" if slope.any() else "0",
    }
    kind: Kind = "vanishing" if np.any(stuck.g[wanted] * slope) else "zero"
    fault = _of_layer(flow, kind, stuck.layer, use.activation.why.format_map(texts), instead, use)
    return (
        fault
        if count == int((stuck.g != 0).sum())
        else replace(fault, then=("these examples stay as wrong as they are",))
    )


def _of_layer(flow: Flow, kind: Kind, layer: Layer, why: str, instead: str, use: Use | None = None) -> Fault:
    node = layer.node
    inputs = {"z": numbers(use.z)} if use else {formula(arg): numbers(arg.primal) for arg in node.args if arg.label}
    inputs["the cotangent g"] = numbers(layer.cotangent(flow.cotangents))
    name = spoken(node) if use is None else use.activation.name
    below = [station for station, _ in flow.stations if station.serial < layer.serial]
    starved = [leaf.label.partition("[")[0] for station in below for leaf in station.parameters() if leaf.label]
    then = (f"hardly any gradient for {_listed(starved)}",) if starved and kind != "exploding" else ()
    return Fault(
        kind, "backward", node, name, formula(node), None, inputs, why, instead, line_of(node), then, flow.root
    )


def _listed(names: list[str]) -> str:
    distinct = list(dict.fromkeys(names))
    return ", ".join(distinct[:6]) + (f" and {len(distinct) - 6} more" if len(distinct) > 6 else "")
