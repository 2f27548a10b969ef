"""detect_faults: stop at the operation, or at the rule, that first makes nan or inf."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.faults.case import is_elementwise, users_of
from autograd.faults.fault import Fault, FaultError
from autograd.faults.origins import Edge, bad, place
from autograd.faults.safe import safely
from autograd.faults.search import of_operation, of_rule
from autograd.graph import Node, tape
from autograd.scope import watch

__all__ = ["detect_faults"]


class detect_faults:
    """Raise at the first nan or inf, forward and backward: ``with detect_faults():``.

    Every result and every cotangent is looked at, which makes small operations several times slower; `find_fault`
    looks afterwards, and only at what was computed. With `trace_lines` on the message names the line.

    An operation is judged by itself, without what comes after it. So an infinity that would do no harm stops the
    computation too, such as one that a where discards: what to write then has a harmless argument inside the where, as
    one writes it in PyTorch and JAX, ``where(x > 0, np.log(where(x > 0, x, 1)), 0)``. Only nan and inf are looked for:
    a gradient that is 0, vanishes or explodes without overflow is for `find_fault`, whose notes say what counts. An
    operation on plain arrays or under `no_grad` is not seen, nor is an update of the parameters, except by the first
    operation on what it made nan.

    Raises
    ------
    FaultError
        Inside the block; its ``fault`` says the same as `find_fault` does.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd
    >>> x = autograd.Tensor([1.0, 0.0], label="x")
    >>> with autograd.detect_faults():
    ...     np.sum(x * np.log(x))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.faults.fault.FaultError: inf in the forward pass: log, entry [1]
      in    log(x)
      of    x = 0
      why   log of 0 is -inf
      write autograd.where(x > 0, np.log(autograd.where(x > 0, x, 1.0)), 0.0) where 0 may occur ...
    """

    def __init__(self) -> None:
        self._blocks: list[ExitStack] = []

    def __enter__(self) -> None:
        block = ExitStack()
        block.enter_context(watch(_check_result, rules=_check_cotangent))
        block.enter_context(np.errstate(all="ignore"))  # the error says more than NumPy's warning
        self._blocks.append(block)

    def __exit__(self, *error: object) -> None:
        self._blocks.pop().close()


def _error(fault: Fault) -> FaultError:
    return FaultError(replace(fault, instead=safely(fault.instead)))


def _check_result(node: Node) -> None:
    if np.isfinite(node.primal).all():
        return
    for arg in node.args:
        if arg.is_leaf and np.isnan(arg.primal).any():
            raise _error(of_operation(arg, {}, place(np.isnan(np.asarray(arg.primal)))))
    out = np.asarray(node.primal)
    made = (np.isnan(out) & ~_any_argument(node, np.isnan)) | (np.isinf(out) & ~_any_argument(node, bad))
    if made.any():
        raise _error(of_operation(node, users_of(tape(node)), place(made)))


def _any_argument(node: Node, what: Callable[[Any], Any]) -> Any:
    """Where an argument is such: entry by entry of an elementwise operation, else anywhere."""
    found = [np.asarray(what(np.asarray(arg.primal))) for arg in node.args]
    if not is_elementwise(node):
        return any(part.any() for part in found)
    return np.logical_or.reduce(np.broadcast_arrays(*found, np.zeros(np.shape(node.primal), bool)))


def _check_cotangent(node: Node, position: int, g: Any, d: Any) -> None:
    raw_g, raw_d = (part.primal if isinstance(part, Node) else part for part in (g, d))
    if bad(raw_d).any() and not bad(raw_g).any():
        raise _error(of_rule(Edge(node, position, raw_g, raw_d), users_of(tape(node))))
