"""A gradient that somebody derived by hand, and the verdict on it: is it the one the engine computes?

An article states its gradients as formulas, each a line of code over the names that the article uses. Here that line is
the formula: the string that is shown is the string that is evaluated, so the two cannot disagree. A verdict comes from
comparing numbers with ``autograd.grad``, and from nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

import autograd
from autograd import Tensor, Value

__all__ = [
    "TOLERANCE",
    "Comparison",
    "Expression",
    "Formula",
    "Recorder",
    "Verdict",
    "backward",
    "check",
    "compare",
    "why",
]

TOLERANCE = 1e-9
"""The largest relative error of a formula that is called right."""


@dataclass(frozen=True)
class Expression:
    """A piece of mathematics twice: in LaTeX, for people, and in code, for Python.

    Parameters
    ----------
    latex : str
        The mathematics as it is printed; where an article gives code only, that code transcribed.
    code : str
        One Python expression.
    names : mapping of str to str, optional
        What the variables in `code` stand for: the label of a node, or the name of an earlier formula. A variable that
        is not listed stands for itself.
    functions : mapping of str to object, optional
        The functions and modules that `code` uses.

    Examples
    --------
    >>> rise = Expression(r"2 \\delta", "2 * delta", names={"delta": "dz"})
    >>> rise({"dz": 1.5})
    3.0
    """

    latex: str
    code: str
    names: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Evaluate the code where each variable has the value of what it stands for."""
        code = _compiled(self.code)
        scope = dict(self.functions)
        for name in code.co_names:
            meant = self.names.get(name, name)
            if meant in values:
                scope[name] = values[meant]
        return eval(code, scope)


@cache
def _compiled(code: str) -> CodeType:
    return compile(code, f"<{code}>", "eval")


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A gradient as an article writes it, and as it should be.

    Parameters
    ----------
    name : str
        What it is called, such as "d_out"; formulas after it refer to it by this name.
    of : str
        The label of the node whose gradient it claims to be.
    loss : str
        The label of the node that is differentiated.
    written, corrected : Expression
        The formula as the article has it, and as it is right; the same where the article is right.
    remark : str
        What numbers cannot tell, such as a misprint, in a sentence; may be empty.
    """

    name: str
    of: str
    loss: str
    written: Expression
    corrected: Expression
    remark: str = ""


@dataclass(frozen=True)
class Comparison:
    """How far a claimed gradient is from the true one.

    Attributes
    ----------
    relative_error : float
        ``norm(claim - truth) / norm(truth)``; infinite where the shapes do not fit.
    cosine : float
        Of the angle between the two: 1.0 for the right direction at whatever length. nan where there is no angle.
    shape, true_shape : tuple of int
        Of the claim and of the truth.
    """

    relative_error: float
    cosine: float
    shape: tuple[int, ...]
    true_shape: tuple[int, ...]

    @property
    def right(self) -> bool:
        """Whether the numbers agree to `TOLERANCE`."""
        return self.relative_error <= TOLERANCE

    @property
    def shape_mismatch(self) -> bool:
        """Whether the claim has another shape than the truth, even if broadcasting hides it."""
        return self.shape != self.true_shape

    def to_dict(self) -> dict[str, Any]:
        """The comparison for JSON, where a number that is not finite is None."""
        return {
            "right": self.right,
            "relative_error": self.relative_error if math.isfinite(self.relative_error) else None,
            "cosine": self.cosine if math.isfinite(self.cosine) else None,
            "shape": list(self.shape),
            "true_shape": list(self.true_shape),
        }


def compare(claim: ArrayLike, truth: ArrayLike) -> Comparison:
    """Compare a claimed gradient with the true one.

    A claim of fewer dimensions is broadcast to the truth, as ``w -= claim`` would do it.

    Parameters
    ----------
    claim, truth : array_like
        Of the same shape, if all is well.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> compare([2.0, 0.0], [1.0, 0.0])
    Comparison(relative_error=1.0, cosine=1.0, shape=(2,), true_shape=(2,))
    >>> compare([1.0, 1.0, 1.0], [1.0, 0.0]).relative_error
    inf
    """
    claimed, true = np.asarray(claim, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    try:
        spread = np.broadcast_to(claimed, true.shape)
    except ValueError:
        return Comparison(math.inf, math.nan, claimed.shape, true.shape)
    # Each is measured against its own largest entry: the square of a gradient of 1e-200 is 0.
    with np.errstate(invalid="ignore"):
        error, length, true_length = _norm(spread - true), _norm(spread), _norm(true)
        cosine = math.nan
        if length and true_length:
            cosine = float(np.clip(np.vdot(spread / length, true / true_length), -1.0, 1.0))
    relative_error = error / true_length if true_length else (math.inf if error else 0.0)
    return Comparison(relative_error, cosine, claimed.shape, true.shape)


def _norm(array: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    largest = float(np.max(np.abs(array), initial=0.0))
    return largest * float(np.linalg.norm(array / largest)) if largest else 0.0


@dataclass(frozen=True)
class Verdict:
    """What the engine says about a formula.

    Attributes
    ----------
    formula : Formula
        The formula that was checked.
    alone : Comparison
        The formula as written, given the right value of everything it builds on.
    chained : Comparison
        The formula as written, where everything it builds on is as written too: the article's whole backward pass.
    correction : Comparison
        The corrected formula, given the right value of everything it builds on.
    diagnosis : Diagnosis or None
        What ``autograd.diagnose`` says about a formula that is wrong alone.
    """

    formula: Formula
    alone: Comparison
    chained: Comparison
    correction: Comparison
    diagnosis: autograd.Diagnosis | None = None

    @property
    def right(self) -> bool:
        """Whether the formula itself is right, whatever was done to it upstream."""
        return self.alone.right

    @property
    def relative_error(self) -> float:
        """Of the formula as written, given the right value of everything it builds on."""
        return self.alone.relative_error

    @property
    def cosine(self) -> float:
        """Between the formula as written and the true gradient, given the right value of everything it builds on."""
        return self.alone.cosine

    @property
    def shape_mismatch(self) -> bool:
        """Whether the formula as written has another shape than the true gradient."""
        return self.alone.shape_mismatch

    @property
    def corrected_error(self) -> float:
        """The relative error of the corrected formula."""
        return self.correction.relative_error

    def to_dict(self) -> dict[str, Any]:
        """The verdict for JSON."""
        formula = self.formula
        return {
            "name": formula.name,
            "of": formula.of,
            "loss": formula.loss,
            "latex": formula.written.latex,
            "code": formula.written.code,
            "corrected_latex": formula.corrected.latex,
            "corrected_code": formula.corrected.code,
            "right": self.right,
            "why": why(self),
            "alone": self.alone.to_dict(),
            "chained": self.chained.to_dict(),
            "correction": self.correction.to_dict(),
        }


def why(verdict: Verdict) -> str:
    """Say in a sentence or two what is wrong with the formula of a verdict, or what to know about a right one."""
    found = "" if verdict.diagnosis is None else verdict.diagnosis[verdict.formula.name].sentence
    return " ".join(part for part in (found, verdict.formula.remark) if part)


def backward(formulas: Iterable[Formula], values: Mapping[str, Any], *, corrected: bool = False) -> dict[str, Any]:
    """Evaluate formulas in order, each on what the ones before it gave: a hand-written backward pass.

    Parameters
    ----------
    formulas : iterable of Formula
        In the order in which they build on each other.
    values : mapping of str to array
        What the formulas are about: the values of the forward pass by label.
    corrected : bool, optional
        Evaluate the corrected formulas instead of those written.

    Returns
    -------
    dict
        The value of each formula by its name.
    """
    known = dict(values)
    results = {}
    for formula in formulas:
        expression = formula.corrected if corrected else formula.written
        results[formula.name] = known[formula.name] = expression(known)
    return results


class Recorder(NamedTuple):
    """How a forward pass was recorded, so that the doctor can record it again on other data.

    Attributes
    ----------
    record : callable
        ``record(params, X, Y)`` returns the nodes by their labels.
    params : dict of str to ndarray
    X, Y : ndarray
    """

    record: Callable[..., Mapping[str, Any]]
    params: Mapping[str, Any]
    X: Any
    Y: Any


def check(formulas: Iterable[Formula], nodes: Mapping[str, Any], again: Recorder | None = None) -> list[Verdict]:
    """Compare formulas with the gradients that the engine computes, and let the doctor look at the wrong ones.

    Parameters
    ----------
    formulas : iterable of Formula
        In the order in which they build on each other.
    nodes : mapping of str to Tensor or Value
        A recorded forward pass: every node that a formula speaks of, losses included, by its label. What is not a node
        (a number of examples) is taken as it is.
    again : Recorder, optional
        How to record it on other data: another number of examples tells apart mistakes that look alike on this data.

    Returns
    -------
    list of Verdict
        One per formula.

    Raises
    ------
    ValueError
        If a formula has the name of a node.

    Examples
    --------
    >>> x = autograd.Tensor([1.0, 2.0], label="x")
    >>> right, wrong = Expression("2x", "2 * x"), Expression("x", "x")
    >>> formula = Formula(name="dx", of="x", loss="s", written=wrong, corrected=right)
    >>> verdict, = check([formula], {"x": x, "s": np.sum(x**2)})
    >>> verdict.right, verdict.relative_error, verdict.corrected_error
    (False, 0.5, 0.0)
    >>> why(verdict)
    'dx is 1 / 2 times what it should be: the 2 of the square is missing (or a 1/2 is too many).'
    """
    formulas = list(formulas)
    for formula in formulas:
        if formula.name in nodes:
            raise ValueError(f"the formula {formula.name!r} is called like a node: rename it, say d{formula.name}")
    values = _plain(nodes)
    chained = backward(formulas, values)
    verdicts = []
    for k, formula in enumerate(formulas):
        truth = autograd.grad(nodes[formula.loss], nodes[formula.of])
        alone = compare(formula.written(values), truth)
        verdicts.append(
            Verdict(
                formula,
                alone=alone,
                chained=compare(chained[formula.name], truth),
                correction=compare(formula.corrected(values), truth),
                diagnosis=None if alone.right else _diagnosis(formula, formulas[:k], nodes, again),
            )
        )
        values[formula.name] = truth
    return verdicts


def _plain(nodes: Mapping[str, Any]) -> dict[str, Any]:
    return {label: node.data if isinstance(node, Tensor | Value) else node for label, node in nodes.items()}


def _diagnosis(
    formula: Formula, before: Iterable[Formula], nodes: Mapping[str, Any], again: Recorder | None
) -> autograd.Diagnosis:
    """What is wrong with a formula, given the right value of everything it builds on."""
    before = list(before)
    of = {each.name: each.of for each in before if each.loss == formula.loss and each.of != formula.of}
    of[formula.name] = formula.of

    def claims(nodes: Mapping[str, Any]) -> dict[str, Any]:
        known = {earlier.name: autograd.grad(nodes[earlier.loss], nodes[earlier.of]) for earlier in before}
        known[formula.name] = formula.written({**_plain(nodes), **known})
        return {name: known[name] for name in of}

    if again is None:
        return autograd.diagnose(claims(nodes), nodes[formula.loss], of={name: nodes[of[name]] for name in of})
    record, *data = again
    return autograd.diagnose(
        lambda params, X, Y: claims(record(params, X, Y)),
        lambda params, X, Y: record(_plain(params), X, Y)[formula.loss],
        *data,
        of=of,
    )
