"""Where a gradient gets stuck: activations, their slopes, and what to do about units that have none.

A table, as `causes` is one: a row for each kind of activation, in whichever way it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.faults.patterns import match
from autograd.graph import Node
from autograd.primitive import Primitive
from autograd.primitives.elementwise import gelu, maximum, minimum, relu, sigmoid, sign, silu, softplus, tanh

__all__ = ["ACTIVATIONS", "Activation", "Use", "uses"]

Array = np.ndarray[Any, np.dtype[np.float64]]

FLAT = 0.01
"""Below this slope a unit counts as saturated."""


class Activation(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    name : str
    patterns : tuple of str
        Formulas for it, of z; and of c, which is no part of the network.
    primitive : Primitive
        The same function as one operation of z (and c): its own rule says what the slope is.
    against : callable
        Of g, z and the result: where the loss would fall if a flat unit moved back to where it has a slope.
    why : str
        What is wrong where all of its units are flat.
    hidden, output : str
        What to write instead, inside a network and at its end.
    """

    name: str
    patterns: tuple[str, ...]
    primitive: Primitive
    against: Callable[[Array, Array, Array], Any]
    why: str
    hidden: str
    output: str


class Use(NamedTuple):
    """An activation found in a graph: its result, what it is of, and how steep it is there, up or down."""

    activation: Activation
    node: Node
    z: Array
    slope: Array


def _between(g: Array, z: Array, out: Array) -> Any:
    """Of a function that is flat on both sides."""
    return np.where(z > 0, g > 0, g < 0)


SMALLER_WEIGHTS = (
    "smaller weights: nn.init.xavier_normal_(W), and inputs of a size of about 1; or nn.LayerNorm before it"
)
LOGITS = "nn.BCEWithLogitsLoss()(z, y), whose gradient at z does not vanish where the answer is wrong"
NO_BOUND = "no bound on what the loss compares, or one that has a slope: np.tanh(z) or autograd.sigmoid(z)"

ACTIVATIONS: tuple[Activation, ...] = (
    Activation(
        "relu",
        ("RELU(z)",),
        relu,
        lambda g, z, out: g < 0,
        "dead relu: z is at most {top} in {units}, and the slope there is 0",
        "nn.LeakyReLU() in place of relu; or nn.init.kaiming_normal_(W), biases of 0 and a lower learning rate",
        "no relu at the end: compare z itself with the target",
    ),
    *(
        Activation(
            smooth.name,
            (f"{smooth.name}(z)",),
            smooth,
            lambda g, z, out: g < 0,
            f"dead {smooth.name}: z = {{z}} in {{units}}, where its slope is {{steepest}}",
            SMALLER_WEIGHTS,
            f"no {smooth.name} at the end: compare z itself with the target",
        )
        for smooth in (gelu, silu, softplus)
    ),
    Activation(
        "sigmoid",
        ("SIGMOID(z)",),
        sigmoid,
        _between,
        "saturated sigmoid: z = {z} in {units}, where its slope is {steepest}",
        SMALLER_WEIGHTS,
        LOGITS,
    ),
    Activation(
        "tanh",
        ("TANH(z)",),
        tanh,
        _between,
        "saturated tanh: z = {z} in {units}, where its slope is {steepest}",
        SMALLER_WEIGHTS,
        "no tanh at the end, or targets within -0.9 and 0.9",
    ),
    Activation(
        "sign",
        ("sign(z)",),
        sign,
        lambda g, z, out: g != 0,
        "sign has the slope 0 everywhere",
        "np.tanh(z), which has a slope",
        "np.tanh(z), which has a slope",
    ),
    Activation(
        "clip",
        ("maximum(z, c)", "maximum(c, z)"),
        maximum,
        lambda g, z, out: g < 0,
        "clipped: z = {z} lies below the bound in {units}, where the slope is 0",
        "no bound inside a network; autograd.softplus(z) for a number that must be positive",
        NO_BOUND,
    ),
    Activation(
        "clip",
        ("minimum(z, c)", "minimum(c, z)"),
        minimum,
        lambda g, z, out: g > 0,
        "clipped: z = {z} lies above the bound in {units}, where the slope is 0",
        "no bound inside a network; np.tanh(z) for a number that must stay small",
        NO_BOUND,
    ),
)
"""The table."""

ENDS = {
    "relu",
    "gelu",
    "silu",
    "softplus",
    "maximum",
    "minimum",
    "select",
    "sigmoid",
    "tanh",
    "sign",
    "div",
    "sub",
    "reciprocal",
    "raise_to",
}


def uses(node: Node) -> Iterator[Use]:
    """The activation that ends in a node, if one does."""
    if node.primitive is None or node.primitive.name not in ENDS:
        return
    for activation in ACTIVATIONS:
        for pattern in activation.patterns:
            found = match(pattern, node)
            if found is None:
                continue
            names = found.names
            bound = names.get("c")
            if bound is not None and bound.requires_grad:
                continue
            z = names["z"].primal if "z" in names else -names["minus_z"].primal
            out = np.asarray(node.primal, float)
            z = np.broadcast_to(np.asarray(z, float), out.shape) if np.size(z) <= out.size else np.asarray(z, float)
            if z.shape != out.shape or (node.primitive.name == "select" and not _is_relu(node, z)):
                continue
            operands = (z,) if bound is None else (z, bound.primal)
            slope = activation.primitive.rules[0](np.ones_like(out), out, *operands)
            yield Use(activation, node, z, np.abs(np.asarray(slope, float)))
            return


def _is_relu(node: Node, z: Array) -> bool:
    """Whether a where chooses by z > 0."""
    return bool(np.all(np.asarray(node.params["condition"], bool) == (z > 0)))
