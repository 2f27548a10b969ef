"""How large the terms are that a gradient is added up from: where they cancel, what is left is rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.graph import Node, tape


def sizes(root: Node) -> dict[int, Any]:
    """For each leaf that ``root`` depends on, by its serial, the sum of the sizes of the terms of its gradient.

    A sweep in which nothing cancels. Rounding errors of the real one are about this times the precision.

    Examples
    --------
    >>> from autograd import Value
    >>> from autograd.check.cancellation import sizes
    >>> x = Value(3.0)
    >>> float(sizes(100 * x - 100 * x)[x.serial])
    200.0
    """
    found: dict[int, Any] = {root.serial: np.ones_like(root.primal)}
    for node in reversed(tape(root)):
        if node.primitive is None or node.serial not in found:
            continue
        g, args = found.pop(node.serial), [arg.primal for arg in node.args]
        for arg, rule in zip(node.args, node.primitive.rules_for(len(args)), strict=True):
            if arg.requires_grad:
                d = rule(g, node.primal, *args, **node.params)
                size = np.abs(arg.kind.fit(d, arg.primal))  # type: ignore[attr-defined]
                found[arg.serial] = found[arg.serial] + size if arg.serial in found else size
    return found
