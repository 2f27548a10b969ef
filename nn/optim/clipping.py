"""Gradient clipping: between backward() and step(), make gradients that are too large smaller."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import Node
from nn.checks import number
from nn.optim.optimizer import named

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def _with_gradient(parameters: Any) -> list[Node]:
    given = [parameters] if isinstance(parameters, Node) else list(parameters)
    if not given:
        raise ValueError("parameters is empty: there is no gradient to clip (a generator can be used only once)")
    return [p for p in given if p.grad is not None]


def clip_grad_norm_(
    parameters: Node | Iterable[Node], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = True
) -> float:
    """Scale all gradients together so that the length of their whole is at most about ``max_norm``.

    Parameters
    ----------
    parameters : Parameter or iterable of Parameter
    max_norm : float
    norm_type : float
        The p of the norm, inf for the largest entry.
    error_if_nonfinite : bool
        Whether a gradient that holds inf or nan is an error. PyTorch goes on by default, with nan everywhere.

    Returns
    -------
    float
        The length before.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter([3.0, 4.0])
    >>> (w * w / 2).sum().backward()
    >>> nn.optim.clip_grad_norm_(w, max_norm=1.0)
    5.0
    >>> w.grad.round(5)
    array([0.6, 0.8])
    """
    number("max_norm", max_norm, 0)
    if not norm_type > 0:
        raise ValueError(f"norm_type must be above 0, got {norm_type!r}")
    clipped = _with_gradient(parameters)
    norms = np.array([np.linalg.norm(np.ravel(p.grad), norm_type) for p in clipped])
    total = float(np.linalg.norm(norms, norm_type)) if clipped else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        bad = next(p for p, norm in zip(clipped, norms, strict=True) if not math.isfinite(norm))
        raise RuntimeError(f"the gradient of {named(bad)} is not finite, so it cannot be clipped")
    scale = float(np.minimum(1.0, max_norm / (total + 1e-6)))
    for p in clipped:
        p.grad = p.grad * scale
    return total


def clip_grad_value_(parameters: Node | Iterable[Node], clip_value: float) -> None:
    """Cut every entry of every gradient to within ±clip_value."""
    number("clip_value", clip_value, 0)
    for p in _with_gradient(parameters):
        p.grad = np.clip(p.grad, -clip_value, clip_value)
