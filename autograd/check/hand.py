"""`assert_gradients`: hand-written gradients against the engine's, with the reason where they differ."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd.check.report import GradientError
from autograd.graph import Node, describe, tape
from autograd.sweep import sweep
from autograd.tensor import Tensor

PRECISION = {np.dtype(np.float32): 1e-4}
"""The relative error that is allowed unless one is given: 1e-6, and more where the arithmetic is coarser."""


def assert_gradients(
    hand: Mapping[Any, Any] | Callable[..., Mapping[Any, Any]],
    loss: Node | Callable[..., Node],
    *args: Any,
    rtol: float | None = None,
    atol: float = 1e-12,
    partial: bool = False,
) -> None:
    """Assert that hand-written gradients are right; if not, say what is wrong with them.

    Made for test suites. Where the doctor knows the mistake, its diagnosis is part of the message.

    Parameters
    ----------
    hand : mapping of arrays, or callable
        The gradients, by label ("W1", or "dW1") or by node; of leaves, and if you have them, of results on the way. Or
        a function ``(params, ...)`` that returns them.
    loss : node, or callable
        The loss as it was recorded, or a function ``(params, ...)`` that returns it.
    *args
        With functions: params, a dict of arrays, and whatever else both functions take, such as X and Y.
    rtol, atol : float
        The error that is allowed, as a part of the length of the gradient, and for each entry. By default 1e-6, or
        1e-4 in float32.
    partial : bool
        Whether parameters without a gradient are in order; by default a gradient that is missing is wrong.

    Raises
    ------
    GradientError
        Where a gradient is wrong or missing. An AssertionError; its ``report`` is the doctor's diagnosis, if any.
    TypeError, ValueError
        Where a key names no node, or an array holds no real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor, assert_gradients
    >>> W = Tensor([[1.0], [2.0]], label="W")
    >>> X = np.array([[3.0, 4.0]])
    >>> loss = np.sum((X @ W) ** 2)
    >>> assert_gradients({"W": X.T @ (2 * X @ W.data)}, loss)
    >>> assert_gradients({"W": X.T @ (X @ W.data)}, loss)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    autograd.check.report.GradientError: the gradients are wrong
    W: relative error 0.5, cosine 1: it is 0.5 times the gradient...
    """
    root, claimed = _recorded(loss, args), dict(hand(*args) if callable(hand) else hand)
    nodes = tape(root)
    found = {_named(key, nodes): key for key in claimed}
    engine = {node: g for node, g in sweep(root) if node in found or (node.is_leaf and node.label is not None)}
    complaints = []
    for node, key in found.items():
        g = engine.get(node, np.zeros(np.shape(node.primal)))
        complaint = _difference(np.asarray(g), _array(key, claimed[key]), rtol, atol)
        if complaint:
            complaints.append(f"{node.label or key}: {complaint}")
    missing = [str(node.label) for node in engine if node.is_leaf and node.label is not None and node not in found]
    if missing and not partial:
        complaints.append(f"no gradient is given for {', '.join(reversed(missing))}")
    if complaints:
        diagnosis = _diagnosis(hand, loss, args)
        reasons = [] if diagnosis is None else [str(diagnosis)]
        raise GradientError("\n".join(["the gradients are wrong", *complaints, *reasons]), diagnosis)


def _recorded(loss: Any, args: tuple[Any, ...]) -> Node:
    """The loss as a node: as it is, or from its function, with params as labelled leaves."""
    if callable(loss) and not isinstance(loss, Node):
        if not args or not isinstance(args[0], Mapping):
            raise TypeError(
                "assert_gradients: a loss function needs its params, a dict of arrays, as the next argument"
            )
        loss = loss({key: Tensor(array, label=str(key)) for key, array in args[0].items()}, *args[1:])
    if not isinstance(loss, Node):
        raise TypeError(f"assert_gradients: loss must be a recorded Value or Tensor, got {type(loss).__name__}")
    return loss


def _named(key: Any, nodes: list[Node]) -> Node:
    """The node that a key means: itself, or the one with its label, or that label after a d."""
    if isinstance(key, Node):
        if not any(node is key for node in nodes):
            raise ValueError(f"assert_gradients: the loss does not depend on {describe(key)}")
        return key
    for label in (str(key), str(key).removeprefix("d")):
        labelled = [node for node in nodes if node.label == label]
        if len(labelled) > 1:
            raise ValueError(f"assert_gradients: {len(labelled)} nodes are labelled {label!r}; use the node as key")
        if labelled:
            return labelled[0]
    known = ", ".join(dict.fromkeys(node.label for node in nodes if node.label is not None))
    raise ValueError(f"assert_gradients: no node is labelled {str(key)!r}; there are {known or 'no labels'}")


def _array(key: Any, given: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(given.primal if isinstance(given, Node) else given)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"assert_gradients: the gradient for {key!r} must be an array of real numbers")
    return array


def _difference(engine: np.ndarray[Any, Any], hand: np.ndarray[Any, Any], rtol: float | None, atol: float) -> str:
    """How a gradient differs from the engine's; empty where it does not."""
    if hand.shape != engine.shape:
        return f"shape {hand.shape}, but the gradient has shape {engine.shape}"
    if rtol is None:
        rtol = max(PRECISION.get(array.dtype, 1e-6) for array in (hand, engine))
    a, b = hand.astype(float).ravel(), engine.astype(float).ravel()
    error, size = float(np.linalg.norm(a - b)), float(np.linalg.norm(b))
    if error <= rtol * size or bool(np.all(np.abs(a - b) <= atol)):
        return ""
    if not np.isfinite(error):
        return "nan or inf among its entries" if np.isfinite(size) else "the engine's gradient is nan or inf"
    if size == 0:
        return "the gradient is 0, and this is not"
    factor = float(a @ b) / size**2
    cosine = factor * size / (float(np.linalg.norm(a)) or 1.0)
    multiple = np.linalg.norm(a - factor * b) <= 1e-6 * np.linalg.norm(a)
    what = f": it is {factor:.6g} times the gradient" if multiple else ""
    return f"relative error {error / size:.3g}, cosine {cosine:.3g}{what}"


def _diagnosis(hand: Any, loss: Any, args: tuple[Any, ...]) -> Any:
    """What the doctor says, where there is one and it knows."""
    try:
        diagnose = importlib.import_module("autograd.doctor").diagnose
    except (ImportError, AttributeError):
        return None
    return diagnose(hand, loss, *args)
