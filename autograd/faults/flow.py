"""Follow the gradient from the loss down through the layers, and find where it gets lost or grows beyond measure.

A layer is a Tensor; of Values it is all those that the same operation computed equally far from the leaves. What flows
through it is measured by the sum of its cotangents' sizes: a mean over examples, a sum over units and a broadcast leave
that as it is. A *station* is a layer that a parameter enters directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.faults.activations import Use, uses
from autograd.faults.patterns import MOVEMENT
from autograd.graph import Node

__all__ = ["HARDLY_ANY", "LEAST_LAYERS", "LOST", "Array", "Flow", "Layer", "Stuck", "moved", "operation", "per_layer"]

Array = np.ndarray[Any, np.dtype[np.float64]]

LOST = 1e-6
"""A flow has vanished when it is smaller than before by this factor; none that trains comes near it."""

MATRIX_PRODUCTS = {"matmul", "contract"}

HARDLY_ANY = 1e-3
"""What a parameter receives has vanished too, or exploded, by this much against the seed: after a product the logarithm
scales the flow back, and all is well."""

LEAST_LAYERS = 5
"""Fewer layers are no chain in which a gradient could explode, or vanish for no other reason."""


class Layer:
    """Results that stand side by side.

    Attributes
    ----------
    nodes : list of Node
        One Tensor, or Values.
    flow : float
        The sum of the sizes of their cotangents.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.flow = 0.0

    @property
    def node(self) -> Node:
        """The first of them, which stands for all."""
        return self.nodes[0]

    @property
    def serial(self) -> int:
        """Grows from the inputs to the loss."""
        return self.nodes[-1].serial

    def primal(self) -> Array:
        """Their numbers, in one array."""
        return _together([node.primal for node in self.nodes])

    def cotangent(self, cotangents: Mapping[int, Any]) -> Array:
        """Their cotangents, in one array; 0 where none arrived."""
        return _together([cotangents.get(node.serial, 0.0 * node.primal) for node in self.nodes])

    def parameters(self) -> list[Node]:
        """The leaves that enter here, moved about or not, and want a gradient; each once."""
        if moved(self.node).is_leaf:
            return []
        leaves = [moved(arg) for node in self.nodes for arg in node.args]
        return list({leaf.serial: leaf for leaf in leaves if leaf.is_leaf and leaf.requires_grad}.values())

    def is_inner(self) -> bool:
        """Whether a parameter went into one of the arguments before."""
        return any(arg.requires_grad and not moved(arg).is_leaf for node in self.nodes for arg in node.args)


def moved(node: Node) -> Node:
    """What a node is a rearrangement of."""
    while node.primitive is not None and node.primitive.name in MOVEMENT:
        node = node.args[0]
    return node


def _together(arrays: list[Any]) -> Array:
    return np.asarray(arrays[0] if len(arrays) == 1 else arrays, float)


def layers_of(nodes: list[Node], cotangents: Mapping[int, Any]) -> list[Layer]:
    """The layers of a graph, from the inputs to the loss, leaves left out."""
    layers: dict[Any, Layer] = {}
    depth: dict[int, int] = {}
    for node in nodes:
        if node.primitive is None or not node.requires_grad:
            continue
        key: Any = node.serial
        if node.kind.of_floats:  # type: ignore[attr-defined]
            depth[node.serial] = 1 + max(depth.get(arg.serial, 0) for arg in node.args)
            key = (node.primitive.name, depth[node.serial])
        layer = layers.setdefault(key, Layer())
        layer.nodes.append(node)
        g = cotangents.get(node.serial)
        if g is not None:
            layer.flow += float(np.abs(g).sum(dtype=float)) if isinstance(g, np.ndarray) else abs(float(g))
    return sorted(layers.values(), key=lambda layer: layer.serial)


def stations_of(layers: list[Layer]) -> list[tuple[Layer, float]]:
    """The layers that parameters enter, with the largest flow at a use of these: a shared weight learns by its best."""
    stations = [(layer, layer.parameters()) for layer in layers]
    stations = [(layer, leaves) for layer, leaves in stations if leaves]
    best: dict[int, float] = {}
    for layer, leaves in stations:
        for leaf in leaves:
            best[leaf.serial] = max(layer.flow, best.get(leaf.serial, 0.0))
    return [(layer, max(best[leaf.serial] for leaf in leaves)) for layer, leaves in stations]


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
        """The stations at which a parameter multiplies what other parameters went into, and the first of all.

        A bias multiplies nothing, nor do the weights of what is new at each step of a recurrent network; where nothing
        is multiplied, all stations count.
        """
        stations = [layer for layer, _ in self.stations]
        products = [layer for layer in stations if operation(layer.node) not in ("add", "sub")]
        return [layer for layer in products if layer is products[0] or layer.is_inner()] or stations

    def received(self, layers: Iterable[Layer]) -> float:
        """The largest gradient of a parameter that enters one of these layers, as the sum of its sizes."""
        leaves = {leaf.serial for layer in layers for leaf in layer.parameters()}
        gradients = (np.asarray(self.cotangents.get(serial, 0.0)) for serial in leaves)
        return max((float(np.abs(g).sum(dtype=float)) for g in gradients), default=0.0)

    def is_network(self) -> bool:
        """Whether all parameters multiply, or are added, and by matrix products or with activations between them."""
        operations = {operation(layer.node) for layer, _ in self.stations}
        return operations <= {*MATRIX_PRODUCTS, "mul", "add"} and (
            not operations.isdisjoint(MATRIX_PRODUCTS) or bool(self.activations(-1, np.inf))
        )

    def activations(self, above: int, below: float, *, dry: bool = False) -> list[Stuck]:
        """The activations among the layers between two serials, newest first; those without any flow too, if dry."""
        found = []
        for layer in reversed(self.layers):
            if above < layer.serial < below and (dry or layer.flow > 0):
                use = _use_of(layer)
                if use is not None:
                    g = layer.cotangent(self.cotangents)
                    found.append(Stuck(layer, use, g, float((np.abs(g) * use.slope).sum())))
        return found


def operation(node: Node) -> str:
    """The name of what made a node."""
    return "" if node.primitive is None else node.primitive.name


def per_layer(flows: list[float]) -> float:
    """The factor from one layer to the one below it, on average; of flows from the oldest to the newest."""
    flows = [size for size in flows if size > 0]
    return float((flows[0] / flows[-1]) ** (1 / max(1, len(flows) - 1))) if flows else 0.0


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
