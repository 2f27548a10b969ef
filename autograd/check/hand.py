"""`assert_gradients`: hand-written gradients in a test suite, failing with the doctor's diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd.check.report import GradientError
from autograd.graph import Node

if TYPE_CHECKING:
    from autograd.doctor import Finding


def assert_gradients(
    hand: Mapping[Any, Any] | Sequence[Any] | Callable[..., Any],
    loss: Node | Callable[..., Any],
    params: Any = None,
    X: Any = None,
    Y: Any = None,
    *,
    of: Mapping[Any, Any] | None = None,
    rtol: float | None = None,
    partial: bool = False,
) -> None:
    """Assert that hand-written gradients are right; fail with the reason why they are not.

    Parameters
    ----------
    hand, loss, params, X, Y, of
        As in `autograd.diagnose`: the gradients by label, or a function that returns them; and the recorded loss, or a
        function that returns it.
    rtol : float, optional
        The error that is allowed, as a part of the length of the gradient. By default 1e-6, and more where the gradient
        was computed in float32, or is a small difference of large numbers.
    partial : bool
        Whether parameters without a gradient are in order; by default a gradient that is missing is wrong.

    Raises
    ------
    GradientError
        Where a gradient is wrong or missing. An AssertionError; its ``report`` is the `Diagnosis`.
    TypeError, ValueError
        Where a key means nothing, or an array holds no real numbers.

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
    autograd.check.report.GradientError: the gradient for W is wrong: its relative error is 0.5, and 1e-06 is allowed
    ...
    """
    from autograd.doctor import diagnose

    if rtol is not None and not rtol >= 0:
        raise ValueError(f"assert_gradients: rtol must be a number of at least 0, got {rtol!r}")
    diagnosis = diagnose(hand, loss, params, X, Y, of=of)
    complaints = [text for finding in diagnosis.findings if (text := _complaint(finding, rtol))]
    if diagnosis.missing and not partial:
        complaints.append(f"no gradient is given for {', '.join(diagnosis.missing)}")
    if complaints:
        raise GradientError("\n".join([*complaints, *([] if diagnosis.ok else ["", str(diagnosis)])]), diagnosis)


def _complaint(finding: Finding, rtol: float | None) -> str:
    """What is wrong with a gradient; empty where nothing is."""
    if rtol is None and finding.status == "right" and finding.precision in ("exact", "float32"):
        return ""
    allowed = 1e-6 if rtol is None else rtol
    if finding.shape != finding.true_shape:
        what = f"it has shape {finding.shape}, and should have {finding.true_shape}"
    elif finding.relative_error <= allowed:
        return ""
    else:
        what = f"its relative error is {finding.relative_error:.3g}, and {allowed:g} is allowed"
    return f"the gradient for {finding.label} is wrong: {what}"
