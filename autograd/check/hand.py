"""`assert_gradients`: hand-written gradients against the engine's, with the doctor's diagnosis as the message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd.check.report import GradientError
from autograd.graph import Node

if TYPE_CHECKING:
    from autograd.doctor import Diagnosis


def assert_gradients(
    hand: dict[Any, Any] | Callable[..., Any],
    loss: Node | Callable[..., Any],
    *args: Any,
    rtol: float | None = None,
    partial: bool = False,
    **how: Any,
) -> Diagnosis:
    """Assert that hand-written gradients are right; if not, say what is wrong with them.

    Made for test suites: the message of the failure is the diagnosis of `autograd.diagnose`.

    Parameters
    ----------
    hand : dict of arrays, or callable
        The gradients, by label ("W1", "dW1") or by node; or a function ``(params, X, Y)`` that returns them.
    loss : node, or callable
        The loss as it was recorded, or a function ``(params, X, Y)`` that returns it.
    *args
        With functions: params (a dict of arrays), X and Y.
    rtol : float, optional
        The relative error that is allowed. By default whatever float32 or the differences of a numeric gradient
        explain counts as right.
    partial : bool
        Whether parameters without a gradient are in order; by default a gradient that is missing is wrong.
    **how
        Handed on to `autograd.diagnose`: ``of``, ``lr``, ``seed``.

    Returns
    -------
    Diagnosis
        When all is right.

    Raises
    ------
    GradientError
        Where a gradient is wrong or missing. An AssertionError, with the diagnosis in its ``report``.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor, assert_gradients
    >>> W = Tensor([[1.0], [2.0]], label="W")
    >>> X = np.array([[3.0, 4.0]])
    >>> loss = np.sum((X @ W) ** 2)
    >>> assert_gradients({"W": X.T @ (2 * X @ W.data)}, loss).ok
    True
    """
    from autograd.doctor import diagnose

    diagnosis = diagnose(hand, loss, *args, **how)
    complaints = []
    if diagnosis.missing and not partial:
        complaints.append("no gradient is given for " + ", ".join(map(str, diagnosis.missing)))
    if rtol is not None:
        complaints += [
            f"{finding.key} is right only to {finding.relative_error:.1e}, and rtol is {rtol:g}"
            for finding in diagnosis.findings
            if finding.status == "right" and not finding.relative_error <= rtol
        ]
    if complaints or not diagnosis.ok:
        raise GradientError("\n".join(["the gradients are wrong", *complaints, str(diagnosis)]), diagnosis)
    return diagnosis
