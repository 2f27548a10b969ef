"""find_fault: look through a computation, forward and then backward, for the first thing that went wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.faults.case import Case, Users, users_of
from autograd.faults.causes import explain
from autograd.faults.fault import Fault, Kind
from autograd.faults.flow import Flow
from autograd.faults.formula import formula, number, numbers, spoken
from autograd.faults.lines import line_of
from autograd.faults.lost import lost_gradient
from autograd.faults.origins import Edge, backward_origin, bad, forward_origin, place
from autograd.faults.standstill import standstill
from autograd.faults.sweeping import read_rule, swept
from autograd.graph import Node, tape

__all__ = ["find_fault", "of_operation", "of_rule"]


def find_fault(loss: Node, seed: Any = None) -> Fault | None:
    """Find the first thing that went wrong in a computation: nan, inf, or a gradient that does not arrive.

    Forward, it is the operation that made the first nan or inf in the loss. Backward, it is the rule that made the
    first nan or inf in a parameter's gradient; else what lets no gradient through although the loss wants to move. An
    infinity that does no harm is none, nor is a gradient of 0 at a minimum. No `grad` is touched.

    Parameters
    ----------
    loss : Value or Tensor
        What was computed.
    seed : array_like, optional
        The cotangent to start from; 1 for every number of the loss by default.

    Returns
    -------
    Fault or None
        None, if all is well.

    Raises
    ------
    TypeError
        If `loss` is no node of a graph.

    Notes
    -----
    *The where trap.* In PyTorch and JAX the gradient of ``where(x > 0, sqrt(x), 0)`` at 0 is nan, because the branch
    that was not taken passes on 0 · inf, and one writes a second where inside: ``sqrt(where(x > 0, x, 1))``. Here it is
    0: the sweep shields that branch, find_fault says None, and the second where does no harm. Two things are not
    shielded and are named: a product with a mask, ``m * np.sqrt(x)``, where the where is what to write; and inside a
    where an operation whose rule mixes entries, ``A @ np.log(x)`` with a trained A, where the second where is.
    `detect_faults` looks at every operation by itself, so that under it the second where is always needed.

    *What counts.* Nan and inf are exact. A finite gradient is measured by the sum of its sizes over a layer (a Tensor;
    of Values those that the same operation computed equally far from the leaves), and compared between the layers that
    parameters enter, or between activations where those follow on one another without any:

    - vanishing or zero: from some layer down no parameter gets a millionth of what the last layers get, and there are
      five layers or more, or activations that are flat (a slope below 0.01 in most of their units), or weights next to
      0. Five sigmoids in a row are not told, eleven are;
    - exploding: a layer five or more below the last gets 10⁸ times what that one gets; in a network of fewer layers
      10¹² times;
    - zero: nothing reaches any parameter (10⁻¹² of the seed), and the loss would fall with the result of the operation
      at which it is lost: a product of zeros, softmax or exp far out, a parameter on top of a hill;
    - of single examples: a sigmoid or softmax in a cross-entropy that gives them less than a thousandth of their share,
      and a vector of length 0.

    *What is not seen.* A layer in which a few units or examples still learn, be the others dead or saturated
    (`nn.LayerStatistics` counts those); a plateau of another kind; a gradient that is large because the loss is, from
    its first layer on or in its unit; weights that start alike and stay alike, each with a gradient; a parameter that
    nothing uses, or that a given 0 multiplies; a learning rate, for only one computation is looked at; a rule that is
    wrong but finite (`autograd.check_grads`).

    Examples
    --------
    >>> import numpy as np
    >>> import autograd
    >>> z = autograd.Value(-812.0, label="z")
    >>> print(autograd.find_fault(-np.log(autograd.sigmoid(z))))
    inf in the forward pass: log
      in    log(sigmoid(z))
      of    sigmoid(z) = 0
      why   log of 0: the sigmoid is saturated at z = -812, where it rounds to 0
      then  inf at -log(sigmoid(z))
      write autograd.softplus(z) - y * z, the cross-entropy of z and y; for the logarithm alone autograd.logsigmoid(z)
    >>> print(autograd.find_fault(-autograd.logsigmoid(z)))
    None

    The where trap, and a mask:

    >>> x = autograd.Tensor([0.0, 4.0], label="x")
    >>> autograd.grad(np.sum(autograd.where(x > 0, np.sqrt(x), 0.0)), x)
    array([0.  , 0.25])
    >>> print(autograd.find_fault(np.sum(autograd.where(x > 0, np.sqrt(x), 0.0))))
    None
    >>> print(autograd.find_fault(np.sum((x.data > 0) * np.sqrt(x))).instead)
    autograd.where(m != 0, m * np.sqrt(x), 0.0), where m is the factor
    """
    if not isinstance(loss, Node):
        raise TypeError(
            f"find_fault takes a Value or a Tensor that was computed, such as a loss, not {type(loss).__name__}; a "
            "plain number or array remembers nothing of how it was computed"
        )
    nodes = tape(loss)
    users = users_of(nodes)
    origin = forward_origin(loss, nodes)
    if origin is not None:
        entry = place(origin.mask)
        return of_operation(origin.node, users, entry, _consequences(origin.node, origin.then), loss)
    if not loss.requires_grad:
        return None
    cotangents, edges = swept(loss, seed)
    edge = backward_origin(cotangents, edges)
    if edge is not None:
        return of_rule(edge, users, loss)
    with np.errstate(all="ignore"):
        flow = Flow(loss, nodes, cotangents)
        return lost_gradient(flow) or standstill(flow, edges)


def of_operation(
    node: Node,
    users: Users,
    entry: tuple[int, ...] | None,
    then: tuple[str, ...] = (),
    root: Node | None = None,
) -> Fault:
    """The fault of an operation that made nan or inf."""
    case = Case(node, users, entry)
    why, instead = explain(case)
    return Fault(_kind(case["out"], node.primal), "forward", *_facts(case), why, instead, line_of(node), then, root)


def of_rule(edge: Edge, users: Users, root: Node | None = None) -> Fault:
    """The fault of a rule that made nan or inf of a finite cotangent."""
    node, d = edge.node, edge.d
    arg = node.args[edge.position]
    spread = bad(read_rule(edge))
    entry = place(spread) if spread.shape == np.shape(node.primal) else None
    case = Case(node, users, entry, edge)
    why, instead = explain(case)
    then = f"{_kind(np.nan, d)} in the gradient of {formula(arg)}"
    return Fault(_kind(np.nan, d), "backward", *_facts(case), why, instead, line_of(node), (then,), root)


def _facts(case: Case) -> tuple[Node, str, str, tuple[int, ...] | None, dict[str, str]]:
    node = case.node
    inputs: dict[str, str] = {}
    for arg in node.args:
        if arg.label is None and arg.is_leaf and np.size(arg.primal) == 1:
            continue  # its formula is its number
        entry = case.at_entry(arg.primal)
        inputs.setdefault(formula(arg), number(entry) if entry == entry else numbers(arg.primal))
    if case.backward:
        inputs["the cotangent g"] = case.text("g")
    return node, spoken(node), formula(node, of_label=True), case.at, inputs


def _kind(number: float, primal: Any) -> Kind:
    if np.isfinite(number) or number != number:
        return "nan" if np.isnan(primal).any() else "inf"
    return "inf"


def _consequences(origin: Node, then: tuple[Node, ...]) -> tuple[str, ...]:
    """Where inf became nan, and what the result is."""
    told = []
    if then and not np.isnan(origin.primal).any():
        told += [f"nan at {formula(node)}" for node in then[:-1] if np.isnan(node.primal).any()][:1]
    if then:
        told.append(f"{_kind(np.nan, then[-1].primal)} at {formula(then[-1])}")
    return tuple(told)
