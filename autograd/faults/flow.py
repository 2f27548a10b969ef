"""Follow the gradient from the loss down through the layers, and find where it gets lost or grows beyond measure.

A layer is a Tensor; of Values it is all those that the same operation computed equally far from the leaves. What flows
through it is measured by the sum of its cotangents' sizes: a mean over examples, a sum over units and a broadcast leave
that as it is. A *station* is a layer that a parameter enters directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd.faults.patterns import MOVEMENT
from autograd.graph import Node

__all__ = ["Layer", "layers_of", "stations_of"]

Array = np.ndarray[Any, np.dtype[np.float64]]


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
        if _moved(self.node).is_leaf:
            return []
        leaves = [_moved(arg) for node in self.nodes for arg in node.args]
        return list({leaf.serial: leaf for leaf in leaves if leaf.is_leaf and leaf.requires_grad}.values())


def _moved(node: Node) -> Node:
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
            layer.flow += float(np.abs(g).sum()) if isinstance(g, np.ndarray) else abs(float(g))
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
