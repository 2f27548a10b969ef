"""A gradient that is finite, and grows beyond measure on its way through the layers."""

from __future__ import annotations

from autograd.faults.fault import Fault
from autograd.faults.flow import HARDLY_ANY, LEAST_LAYERS, Flow, per_layer
from autograd.faults.formula import number
from autograd.faults.telling import of_layer

__all__ = ["exploded"]

IN_MANY_LAYERS = 1e8
"""Growth that is an explosion in a chain of layers; deep networks that learn targets of 1e7 come up to 3e7."""

IN_FEW_LAYERS = 1e12
"""Growth that is an explosion also in fewer layers than a chain has: of weights, not of a unit of measurement."""


def exploded(flow: Flow) -> Fault | None:
    """The layer at which a finite gradient has become larger than at the last by a factor that no step survives."""
    products = flow.products()
    flows = [layer.flow for layer in products]
    newest = flows[-1]
    if not newest or flow.received(products) * HARDLY_ANY < flow.seed:
        return None
    chain = max(flows[:-LEAST_LAYERS], default=0.0) / newest >= IN_MANY_LAYERS
    if not chain and not (max(flows) / newest >= IN_FEW_LAYERS and flow.is_network()):
        return None
    at = max(i for i, size in enumerate(flows) if size / newest >= (IN_MANY_LAYERS if chain else IN_FEW_LAYERS))
    factor = number(per_layer(flows if chain else flows[at:]))
    why = (
        f"the gradient grows to {number(max(flows) / newest)} times what it is at the last of {len(flows)} layers: a "
        f"product in which each factor makes it {factor} times as large on average"
    )
    instead = (
        "factors near 1 in size: nn.init.xavier_normal_(W), nn.LayerNorm between layers; "
        "nn.optim.clip_grad_norm_(model.parameters(), 1.0) before every step"
    )
    return of_layer(flow, "exploding", products[at], why, instead)
