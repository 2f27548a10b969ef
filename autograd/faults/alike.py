"""Units that are all alike: every example gets the same answer, and the gradients of the examples cancel."""

from __future__ import annotations

import math

import numpy as np

from autograd.faults.fault import Fault
from autograd.faults.flow import Array, Flow
from autograd.faults.formula import number
from autograd.faults.telling import of_layer

__all__ = ["alike"]

CANCELLED = 1e-4
"""The gradient of the first layer against the flow at the last, where examples cancel."""


def alike(flow: Flow) -> Fault | None:
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
            return of_layer(flow, "vanishing", stuck.layer, why, instead, stuck.use)
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
