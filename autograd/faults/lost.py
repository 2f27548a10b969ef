"""What becomes of a finite gradient: it may vanish on its way, grow beyond measure, or cancel.

None of these is seen in one number. A gradient of 0 is right at a minimum, a small one is right after a long training,
and a unit that is flat on the right side of its target is what one wants. So each check compares the flow of the
gradient through the layers, and asks whether the loss wants to move.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np

from autograd.faults.activations import FLAT
from autograd.faults.alike import alike
from autograd.faults.case import users_of
from autograd.faults.examples import given_up, lost_length, meets_logarithm, probability, wrong_and_flat
from autograd.faults.exploded import exploded
from autograd.faults.fault import Fault
from autograd.faults.flow import HARDLY_ANY, LEAST_LAYERS, LOST, Array, Flow, Layer, Stuck, operation, per_layer
from autograd.faults.formula import formula, number, numbers, spoken
from autograd.faults.lines import line_of
from autograd.faults.patterns import find
from autograd.faults.telling import AS_WRONG, of_activation, of_layer, starved_below
from autograd.graph import Node

__all__ = ["lost_gradient"]

DEAD = 0.9
"""A layer is dead where so large a share of its units is flat, whether the loss depends on them or not."""

BETWEEN = "nn.LayerNorm between layers, or skip connections x + f(x)"
KEEP_SIZE = "nn.init.xavier_normal_(W), " + BETWEEN


BOUNDED = ("maximum(z, c)", "minimum(z, c)", "RELU(z)")
BEYOND = (*(f"({bounded} - t) ** 2" for bounded in BOUNDED), *(f"(t - {bounded}) ** 2" for bounded in BOUNDED))
"""A bounded number compared by squares: there a cotangent that is not 0 asks for one beyond the bound."""

NO_BOUND_ON = "no bound on what the loss compares: "
OUT_OF_REACH = (
    "no bound on what the loss compares, or targets within the bound: what lies beyond it is out of reach, and squares "
    "ask for it all the same"
)


def lost_gradient(flow: Flow) -> Fault | None:
    """The first layer, seen from the loss, at which the gradient of all that is below it gets lost, or explodes."""
    # An infinite cotangent that reaches no leaf is no fault, but there is no comparing with it.
    if not flow.stations or not all(math.isfinite(layer.flow) for layer in flow.layers):
        return None
    return (
        _lost_examples(flow)
        or _lost_classes(flow)
        or _flat_output(flow)
        or _lost_length(flow)
        or _vanished(flow)
        or exploded(flow)
        or alike(flow)
    )


def _flat_output(flow: Flow) -> Fault | None:
    """An activation at the end of the network that is flat on the wrong side of its target."""
    newest = flow.stations[-1][0].serial
    users: dict[int, list[Node]] = {}
    for stuck in flow.activations(newest - 1, math.inf):
        activation, node = stuck.use.activation, stuck.layer.node
        against = activation.against(stuck.g, stuck.use.z, stuck.layer.primal())
        size = np.abs(stuck.g)
        if stuck.passed > LOST * min(size.sum(), flow.seed):
            continue
        made = probability(node, activation.name) if activation.name == "clip" else None
        instead = activation.output if made is None else NO_BOUND_ON + made[0].logits
        if (size * against).sum() >= 0.1 * size.sum():
            return of_activation(flow, stuck, instead)
        users = users or users_of(flow.nodes)
        if any(find(pattern, node, users) for pattern in BEYOND):
            return of_activation(flow, stuck, OUT_OF_REACH if activation.name == "clip" else activation.output)
    return None


def _lost_examples(flow: Flow) -> Fault | None:
    """Examples in a batch that are entirely wrong, and too far out on a sigmoid for a cross-entropy to bring back."""
    users: dict[int, list[Node]] = {}
    for stuck in flow.activations(-1, math.inf):
        name = stuck.use.activation.name
        if name not in ("sigmoid", "clip"):
            continue
        lost = wrong_and_flat(stuck.use, stuck.g, stuck.layer.primal(), flow.seed)
        if not lost.any():
            continue
        users = users or users_of(flow.nodes)
        node, entry = _first(stuck.layer, lost)
        made = probability(node, name)
        if made is not None and meets_logarithm(node, users):
            fault = of_activation(flow, stuck, made[0].logits, lost)
            if name == "clip":
                z = np.asarray(made[1])[entry] if np.shape(made[1]) == lost.shape else made[1]
                why = f"{fault.why}; the {made[0].name} in it is saturated at z = {numbers(z)}"
                fault = replace(fault, why=why, instead=NO_BOUND_ON + made[0].logits)
            return replace(fault, node=node, formula=formula(node), entry=entry)
    return None


def _lost_classes(flow: Flow) -> Fault | None:
    """Examples whose class has the probability 0 by softmax, where a logarithm + 1e-12 does not bring it back."""
    users: dict[int, list[Node]] = {}
    for layer in reversed(flow.layers):
        if layer.flow == 0 or operation(layer.node) not in ("softmax", "div"):
            continue
        p = layer.primal()
        lost = given_up(p, layer.cotangent(flow.cotangents), flow.seed)
        if not lost.any():
            continue
        users = users or users_of(flow.nodes)
        node, entry = _first(layer, lost)
        made = probability(node, "softmax")
        if made is not None and made[0].name == "softmax" and meets_logarithm(node, users):
            count = int(lost.sum())
            examples = "one example" if count == 1 else f"{count} examples"
            why = (
                f"saturated softmax: z = {numbers(made[1])}, and in {examples} the class that is asked for has the "
                f"probability {numbers(p[lost])}, where the slope is as small"
            )
            fault = of_layer(flow, "vanishing" if p[lost].any() else "zero", layer, why, made[0].logits)
            fault = replace(fault, operation="softmax", then=(AS_WRONG,))
            return replace(fault, node=node, formula=formula(node), entry=entry)
    return None


def _first(layer: Layer, lost: Array) -> tuple[Node, tuple[int, ...] | None]:
    """Where the first of a layer's units that are lost is: the node, and the entry of it."""
    at = tuple(int(i) for i in np.argwhere(lost)[0])
    return (layer.nodes[at[0]], None) if len(layer.nodes) > 1 else (layer.node, at or None)


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
    stations = _with_the_end(flow)
    sizes = [best for _, best in stations]
    most = max(sizes[-max(1, len(sizes) // 3) :])
    older = list(np.maximum.accumulate(sizes))
    cut = max((i for i, size in enumerate(older) if size <= LOST * most), default=None)
    if cut is None or most == 0:
        return None
    below, above = ([layer for layer, _ in part] for part in (stations[: cut + 1], stations[cut + 1 :]))
    if flow.received(below) > HARDLY_ANY * max(flow.seed, flow.received(above)):
        return None
    starved, fed = below[-1], above[0]
    on_the_way = flow.activations(starved.serial, math.inf)
    blocking = [stuck for stuck in on_the_way if stuck.passed <= LOST * stuck.layer.flow]
    dead = [stuck for stuck in blocking if (stuck.use.slope <= LOST).mean() >= DEAD]
    if dead:
        source = _source(flow, dead[0])
        fault = of_activation(flow, source, source.use.activation.hidden)
        return replace(fault, then=starved_below(flow, dead[0].layer))
    if blocking:  # by the few examples that the loss still depends on
        return None
    zeros = _zero_weights(flow, starved.serial)
    if zeros is not None:
        return _still_zero(flow, *zeros)
    products, row = flow.products(), flow.activations(starved.serial, fed.serial + 1)
    layers = products if len(products) >= len(row) else [stuck.layer for stuck in reversed(row)]
    # Fewer are no chain: a number is small by itself.
    if sizes[cut] == 0 or (len(layers) < LEAST_LAYERS and _flat_share(on_the_way) <= 0.5):
        return None
    factor = per_layer([layer.flow for layer in layers if layer.serial >= starved.serial])
    shares = f"{number(sizes[cut] / most)} of the gradient at the last of {len(layers)} layers gets below this one"
    if sizes[0] < sizes[cut]:
        shares += f", and {number(sizes[0] / most)} to the first"
    return of_layer(flow, "vanishing", fed, *_reasons(on_the_way, shares, factor))


def _with_the_end(flow: Flow) -> list[tuple[Layer, float]]:
    """The stations, and the last of many activations above all of them: a gradient may vanish where none is."""
    above = flow.activations(flow.stations[-1][0].serial, math.inf)
    return [*flow.stations, (above[0].layer, above[0].layer.flow)] if len(above) >= LEAST_LAYERS else flow.stations


def _source(flow: Flow, dead: Stuck) -> Stuck:
    """The layer that made the units of a dead one flat: the oldest of those that give nothing but 0 to the next."""
    for older in flow.activations(-1, dead.layer.serial, dry=True):
        if dead.use.z.any() or older.use.slope.any() or older.layer.primal().any():
            break
        dead = older
    return dead


def _reasons(on_the_way: list[Stuck], shares: str, per_layer: float) -> tuple[str, str]:
    """Why a gradient vanishes little by little."""
    factor = f"each passes on {number(per_layer)} of it"
    names = Counter(stuck.use.activation.name for stuck in on_the_way)
    if not names:
        return (
            f"{shares}: it is a product, and {factor}",
            "add logarithms in place of multiplying, or factors near 1 in size; in a network " + KEEP_SIZE,
        )
    name, count = names.most_common(1)[0]
    slopes = _slopes([stuck for stuck in on_the_way if stuck.use.activation.name == name])
    flat, typical = float((slopes < FLAT).mean()), float(np.median(slopes))
    if flat > 0.5 and name != "relu":
        why = f"{count} layers of {name} are saturated, {flat:.0%} of their units have a slope below {FLAT}"
        return f"{shares}: {why}", "smaller weights: " + KEEP_SIZE
    if name != "relu" and typical < per_layer**0.5:
        why = f"{count} layers of {name} have a typical slope of {typical:.3g}, and {factor}"
        return f"{shares}: {why}", "nn.ReLU() in place of it, " + KEEP_SIZE
    init = "kaiming" if name == "relu" else "xavier"
    return f"{shares}: the weights are too small, {factor}", f"larger weights: nn.init.{init}_normal_(W), {BETWEEN}"


def _slopes(layers: list[Stuck]) -> Array:
    return np.concatenate([np.zeros(0), *(stuck.use.slope.ravel() for stuck in layers)])


def _flat_share(layers: list[Stuck]) -> float:
    """The share of units with next to no slope."""
    slopes = _slopes(layers)
    return float((slopes < FLAT).mean()) if slopes.size else 0.0


def _zero_weights(flow: Flow, above: int) -> tuple[Layer, Node] | None:
    """The newest weight that is next to 0 throughout, so that a product with it lets nothing through."""
    for layer in reversed(flow.products()):
        if layer.serial > above and operation(layer.node) in ("matmul", "contract"):
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
    return of_layer(flow, "zero", layer, why, "random numbers at the start: nn.init.xavier_normal_(W)")
