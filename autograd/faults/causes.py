"""Why an operation makes nan or inf, and what to write instead: a table, read from the top; the first that fits counts.

Each row names operations, says what is seen at the entry in question, and within which formula it stands, if that
matters. In its texts {x}, {y}, {out} and {g} are the numbers there, and any other name is a variable of the formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autograd.faults.case import Case
from autograd.faults.formula import formula, number, spoken
from autograd.graph import tape

__all__ = ["CAUSES", "Cause", "explain"]


class Cause(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    on : str
        The operations' names, with spaces between; "" for a leaf, "*" for all.
    seen : callable
        Takes the `Case`: whether it is like this.
    why, instead : str
        What to tell, and what to write.
    within : tuple of str
        Patterns of formulas, one of which the operation must be part of.
    values : str
        What to write on Values, where that is something else.
    """

    on: str
    seen: Callable[[Case], bool]
    why: str
    instead: str
    within: tuple[str, ...] = ()
    values: str = ""


def explain(case: Case) -> tuple[str, str]:
    """Why it went wrong, and what to write instead."""
    cause = next(cause for cause in CAUSES if _fits(cause, case))
    kind = getattr(case.node, "kind", None)
    instead = cause.values if cause.values and getattr(kind, "of_floats", False) else cause.instead
    texts = _Texts(case)
    return cause.why.format_map(texts), instead.format_map(texts)


def _fits(cause: Cause, case: Case) -> bool:
    case.forget()
    if cause.on != "*" and case.name not in cause.on.split(" "):
        return False
    if cause.within and not any(case.within(pattern) for pattern in cause.within):
        return False
    return bool(cause.seen(case))


class _Texts(dict[str, str]):
    """The fields of a text."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case

    def __missing__(self, name: str) -> str:
        return FIELDS[name](self.case) if name in FIELDS else self.case.text(name)


# --- what is seen ---------------------------------------------------------------------------------------------------


def _zero(name: str) -> Callable[[Case], bool]:
    return lambda case: case[name] == 0


def _negative(name: str) -> Callable[[Case], bool]:
    return lambda case: case[name] < 0


def _any(case: Case) -> bool:
    return True


def _overflow(case: Case) -> bool:
    """An infinite result of finite arguments; in the backward pass one that the forward pass hid."""
    return bool(np.isinf(case.of("out")).any()) and all(np.isfinite(arg.primal).all() for arg in case.node.args)


def _forward_overflow(case: Case) -> bool:
    return not case.backward and _overflow(case)


def _given_zero(case: Case) -> bool:
    return case["y"] == 0 and not case.node.args[1].requires_grad


def _root_at_zero(case: Case) -> bool:
    """A rule for x ** p, p < 1, at 0, where the slope is infinite."""
    return case.backward and case["x"] == 0 and _exponent(case) < 1


def _exponent(case: Case) -> float:
    return {"sqrt": 0.5, "power": case["y"]}.get(case.name, case["exponent"])


def _beyond(case: Case) -> bool:
    """Overflow, be it of the result or of what the rule makes of the cotangent."""
    return case.backward or _overflow(case)


def _holds_infinity(case: Case) -> bool:
    return any(np.isinf(arg.primal).any() for arg in case.node.args)


def _not_taken(case: Case) -> bool:
    """A rule that meets a cotangent of 0 and something infinite: it was meant to be discarded."""
    infinite = any(not np.isfinite(arg.primal).all() for arg in case.node.args)
    return case.backward and infinite and not np.any(case.of("g"))


def _run_away(case: Case) -> bool:
    return _overflow(case) and _largest_leaf(case)[1] > 1e8


def _largest_leaf(case: Case) -> tuple[str, float]:
    """The parameter with the largest entry among all that the operation depends on."""
    leaves = [node for node in tape(case.node) if node.is_leaf and node.requires_grad and np.size(node.primal)]
    sizes = [(float(np.abs(leaf.primal).max()), formula(leaf)) for leaf in leaves]
    size, name = max(sizes, default=(0.0, ""))
    return name, size


def _factors(case: Case) -> int:
    """How many products follow on one another up to here and from here on, each a factor of the next."""
    count, node = 1, case.node
    while below := [arg for arg in node.args if _is_product(arg.primitive)]:
        count, node = count + 1, below[0]
    node = case.node
    while above := [user for user in case.users.get(node.serial, ()) if _is_product(user.primitive)]:
        count, node = count + 1, above[0]
    return count


def _is_product(primitive: object) -> bool:
    return getattr(primitive, "name", "") in ("mul", "matmul", "square", "raise_to")


def _long_product(case: Case) -> bool:
    return _factors(case) >= 8


def _float32(case: Case) -> bool:
    """Whether the same in float64 is finite."""
    if case.dtype != np.float32 or case.backward or not _overflow(case) or case.node.primitive is None:
        return False
    with np.errstate(all="ignore"):
        wide = case.node.primitive.function(
            *[np.asarray(arg.primal, np.float64) for arg in case.node.args], **case.node.params
        )
    return bool(np.isfinite(wide).all())


FIELDS: dict[str, Callable[[Case], str]] = {
    "name": lambda case: spoken(case.node),
    "entries": lambda case: str(np.size(case.of("x"))),
    "limit": lambda case: f"the largest {case.dtype}, {np.finfo(case.dtype).max:.1e}",
    "leaf": lambda case: _largest_leaf(case)[0],
    "size": lambda case: number(_largest_leaf(case)[1]),
    "factors": lambda case: str(_factors(case)),
    "label": lambda case: formula(case.node),
    "made": lambda case: "nan" if np.isnan(case.of("out")).any() else "inf",
}


# --- what to write --------------------------------------------------------------------------------------------------

WITH_LOGITS = "nn.BCEWithLogitsLoss()(z, y), which takes z itself; for the logarithm alone autograd.logsigmoid({sign}z)"
WITH_LOGITS_VALUES = (
    "autograd.softplus(z) - y * z, the cross-entropy of z and y; for the logarithm alone autograd.logsigmoid({sign}z)"
)
LOG_SOFTMAX = "nn.CrossEntropyLoss()(z, classes), which takes z itself; for the logarithm alone autograd.log_softmax(z)"
LOG_SOFTMAX_VALUES = "z[k] - m - np.log(the sum of np.exp(z - m)), with m the largest z"
LOGSUMEXP_VALUES = "m + np.log(the sum of np.exp(z - m)), with m the largest z; of two np.logaddexp(z[0], z[1])"
SOFTMAX_VALUES = "e / (the sum of e) with e = np.exp(z - m), m the largest z"
SMALLER_STEPS = (
    "smaller steps: a lower learning rate, or nn.optim.clip_grad_norm_(model.parameters(), 1.0); begin again from "
    "parameters that are finite"
)
SMALLER_FACTORS = (
    "add logarithms in place of multiplying, or keep the factors near 1 in size: nn.init.xavier_normal_(W), "
    "nn.LayerNorm between layers"
)
STANDARDISE = "bring the numbers to a size of about 1 first: (X - X.mean(axis=0)) / X.std(axis=0)"
ZERO_LENGTH = "autograd.where(n > 0, x / n, 0.0), with n = autograd.norm(x)"
ZERO_LENGTH_VALUES = "autograd.where(n > 0, x / n, 0.0), where n is the length"
LENGTH = "autograd.where(s > 0, np.sqrt(s), 0.0), where s is the sum of squares"
WITH_EPSILON = "np.sqrt(np.var(x) + 1e-5) for the standard deviation, as nn.LayerNorm and nn.BatchNorm1d have it"

LOGS = "log log2 log10"
EXPS = "exp exp2 expm1 sinh cosh"
ROOTS = "sqrt raise_to power"


CAUSES: tuple[Cause, ...] = (
    # Data and parameters.
    Cause("", lambda case: case.node.requires_grad and np.isnan(case.of("out")).any(),
          "{label} holds nan before anything is computed from it: an earlier update made it so",
          "train under autograd.detect_faults(), which stops where the first nan is made; " + SMALLER_STEPS),
    Cause("", _any,
          "{label} holds {made} from the start",
          "look for it in the data: X = X[np.isfinite(X).all(axis=1)] keeps the rows without"),
    # Entries that nothing uses.
    Cause("log log2 log10 log1p sqrt cbrt raise_to power div reciprocal", lambda case: case.backward and case["g"] == 0,
          "nothing uses this entry, but in the rule of {name} its cotangent 0 meets 1/0, and that is nan",
          "pick the entries that are used first, and take the {name} of those; or choose with autograd.where"),
    # Logarithms.
    Cause(LOGS, _zero("x"),
          "log of 0: the sigmoid is saturated at z = {z}, where 1 - p rounds to 0",
          WITH_LOGITS.replace("{sign}", "-"), ("log(1 - SIGMOID(z))",), WITH_LOGITS_VALUES.replace("{sign}", "-")),
    Cause(LOGS, _zero("x"),
          "log of 0: the sigmoid is saturated at z = {z}, where it rounds to 0",
          WITH_LOGITS.replace("{sign}", ""), ("log(SIGMOID(z))",), WITH_LOGITS_VALUES.replace("{sign}", "")),
    Cause("log1p", lambda case: case["x"] == -1,
          "log of 0: the sigmoid is saturated at z = {z}, where it rounds to 1",
          WITH_LOGITS.replace("{sign}", "-"), ("log1p(-SIGMOID(z))",), WITH_LOGITS_VALUES.replace("{sign}", "-")),
    Cause(LOGS, _zero("x"),
          "log of 0: softmax gives a class the probability 0, which its score is too low for: z = {z}",
          LOG_SOFTMAX, ("log(SOFTMAX(z))",), LOG_SOFTMAX_VALUES),
    Cause(LOGS, _zero("x"),
          "log of 0: every exp in the sum rounds to 0, z = {z}",
          "autograd.logsumexp(z)", ("log(sum(exp(z)))",), LOGSUMEXP_VALUES),
    Cause(LOGS, lambda case: case["x"] == 0 and case["m"] == 0,
          "log of 0 is -inf, and the factor 0 that meets it makes nan of it, not 0",
          "autograd.where(m != 0, m * np.log(x), 0.0), where m is the factor", ("m * log(p)",)),
    Cause(LOGS, lambda case: case["x"] == 0 and case["p"] == 1,
          "log(1 - p) of p = 1 is log of 0",
          "nn.BCELoss()(p, y), which bounds the logarithm; better nn.BCEWithLogitsLoss()(z, y) of the z below p",
          ("log(1 - p)",),
          "keep p below 1: compute it as autograd.sigmoid(z), and log(1 - p) as autograd.logsigmoid(-z)"),
    Cause(LOGS, _zero("x"),
          "log of 0 is -inf",
          "autograd.where(x > 0, np.log(x), 0.0) where 0 may occur and counts for nothing; else np.log(x + 1e-12)"),
    Cause(LOGS, _negative("x"),
          "the logarithm of a negative number, {x}, is nan",
          "x = np.exp(t) or autograd.softplus(t) of a free t, which stays above 0; or, where it counts for nothing, "
          "autograd.where(x > 0, np.log(x), 0.0)"),
    Cause("log1p", lambda case: case["x"] <= -1,
          "log1p({x}) is the logarithm of 1 + {x}, which is not above 0",
          "keep x above -1: np.log1p(np.exp(t)), which is autograd.softplus(t), of a free t"),
    # Division.
    Cause("div", _zero("y"),
          "0/0: a vector of length 0 has no direction",
          ZERO_LENGTH, ("v / euclidean_norm(v)", "v / SQUARES(v) ** 0.5", "v / (u ** 2 + v ** 2) ** 0.5",
           "d / (euclidean_norm(v) * euclidean_norm(u))"),
          ZERO_LENGTH_VALUES),
    Cause("div", _zero("y"),
          "division by a standard deviation of 0: all entries are equal",
          "(x - np.mean(x)) / d, with " + WITH_EPSILON.replace(" for", " as d for", 1),
          ("d / VARIANCE(z) ** 0.5",), "(x - mean) / np.sqrt(variance + 1e-5)"),
    Cause("div", _zero("y"),
          "{x}/0: the variance of a single number with ddof=1 divides by n - 1 = 0",
          "np.var(x), which divides by n, or give it two numbers or more", ("sum((z - m) ** 2) / n",),
          "divide by n, or give it two numbers or more"),
    Cause("div", _zero("y"),
          "0/0: every exp in the softmax rounds to 0, z = {z}",
          "autograd.softmax(z)", ("exp(z) / sum(exp(z))",), SOFTMAX_VALUES),
    Cause("div", _given_zero,
          "{x}/0: the divisor is a given 0, such as a count of nothing",
          "divide by np.maximum(count, 1)", (), "divide by max(count, 1)"),
    Cause("div", lambda case: case["y"] == 0 and case["x"] == 0,
          "0/0 has no value",
          "autograd.where(y != 0, x / y, 0.0), if nothing is meant where y is 0"),
    Cause("div", _zero("y"),
          "{x}/0 is infinite",
          "autograd.where(y != 0, x / y, 0.0), if nothing is meant where y is 0"),
    Cause("mean", lambda case: np.size(case.of("x")) == 0,
          "the mean of nothing is 0/0",
          "leave out what is empty before taking the mean"),
    Cause("reciprocal", _zero("x"),
          "1/0 is infinite",
          "autograd.where(x != 0, 1 / x, 0.0), if nothing is meant where x is 0"),
    # Exponentials.
    Cause(EXPS, _overflow,
          "{name}({x}) is beyond {limit}: sigmoid by hand, at z = {z}",
          "autograd.sigmoid(z)", ("SIGMOID(z)",)),
    Cause(EXPS, _overflow,
          "{name}({x}) is beyond {limit}: tanh by hand, at z = {z}",
          "np.tanh(z)", ("TANH(z)",)),
    Cause(EXPS, _overflow,
          "{name}({x}) is beyond {limit}: softmax by hand",
          "autograd.softmax(z); for its logarithm nn.CrossEntropyLoss()(z, classes) or autograd.log_softmax(z)",
          ("exp(z) / sum(exp(z))",), SOFTMAX_VALUES),
    Cause(EXPS, _overflow,
          "{name}({x}) is beyond {limit}: softplus by hand, at z = {z}",
          "autograd.softplus(z)", ("log(1 + exp(z))", "log1p(exp(z))")),
    Cause(EXPS, _overflow,
          "{name}({x}) is beyond {limit}: the logarithm of a sum of exponentials",
          "autograd.logsumexp(z)", ("log(sum(exp(z)))",), LOGSUMEXP_VALUES),
    Cause(EXPS, _overflow,
          "{name}({x}) is beyond {limit}",
          "stay with the logarithm: autograd.logsumexp, autograd.softplus, autograd.softmax and autograd.sigmoid of "
          "its argument do not overflow; or bound it: np.exp(np.minimum(x, 80))"),
    # Overflow that has a reason.
    Cause("prod", _beyond,
          "a product of {entries} factors has grown beyond {limit}",
          SMALLER_FACTORS),
    Cause("*", lambda case: _long_product(case) and _beyond(case),
          "a product of {factors} factors has grown beyond {limit}",
          SMALLER_FACTORS),
    Cause("*", _float32,
          "{name} of finite numbers is beyond {limit}",
          "float64: astype(np.float64), model.to(np.float64); or " + STANDARDISE),
    Cause("*", _run_away,
          "{leaf} has grown to {size}, and {name} of it is beyond {limit}: the training has run away",
          SMALLER_STEPS),
    # Roots and powers.
    Cause(ROOTS, _negative("x"),
          "the root of a negative number, {x}: mean(z²) - mean(z)² has lost all its digits",
          "np.var(z), a mean of squares, which cannot be negative", ("(mean(z ** 2) - m ** 2) ** 0.5",),
          "the mean of (z - mean)²"),
    Cause("sqrt", _negative("x"),
          "the root of a negative number, {x}, is nan",
          "autograd.where(x > 0, np.sqrt(x), 0.0), if it is negative by rounding only"),
    Cause("raise_to power", lambda case: case["x"] == 0 and _exponent(case) < 0 and not case.backward,
          "0 to a negative power is 1/0, which is infinite",
          "autograd.where(x != 0, x ** p, 0.0), if nothing is meant where x is 0"),
    Cause("raise_to power", _negative("x"),
          "a negative number, {x}, to a power that is no integer is nan",
          "np.sign(x) * np.abs(x) ** p, or np.cbrt(x) for the cube root"),
    Cause(ROOTS, _root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the standard deviation of numbers that are all equal",
          WITH_EPSILON, ("VARIANCE(z) ** 0.5",), "np.sqrt(variance + 1e-5)"),
    Cause(ROOTS, _root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the length of a vector of zeros",
          "np.sqrt(np.sum(z * z) + 1e-12), or start away from 0; autograd.norm(z) takes its derivative at 0 as 0",
          ("sum(z ** 2) ** 0.5", "matmul(z, z) ** 0.5"),
          LENGTH),
    Cause(ROOTS, _root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the length of a vector of zeros",
          LENGTH, ("(z ** 2 + u ** 2) ** 0.5",)),
    Cause(ROOTS, _root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the root of a square",
          "np.abs(z), whose derivative at 0 is taken as 0", ("(z ** 2) ** 0.5",)),
    Cause(ROOTS, _root_at_zero,
          "the slope of {label} at 0 is infinite, as 1/(2·0) is for a root",
          "autograd.where(x > 0, np.sqrt(x), 0.0), or np.sqrt(x + 1e-12)"),
    Cause("cbrt", _zero("x"),
          "the slope of a cube root at 0 is 1/0",
          "autograd.where(x != 0, np.cbrt(x), 0.0)"),
    Cause("hypot", lambda case: case["x"] == 0 and case["y"] == 0,
          "the slope of a length at 0 is 0/0",
          "autograd.where((x != 0) | (y != 0), np.hypot(x, y), 0.0)"),
    # Inverse functions.
    Cause("asin acos", lambda case: abs(case["x"]) > 1,
          "{name}({x}): outside of -1 … 1, where it is defined",
          "{name}(np.clip(x, -1 + 1e-7, 1 - 1e-7)); the angle between vectors is better np.arctan2(y, x)"),
    Cause("asin acos", lambda case: abs(case["x"]) == 1,
          "{name}({x}): it is defined from -1 to 1, and its slope is infinite at both ends",
          "{name}(np.clip(x, -1 + 1e-7, 1 - 1e-7)); the angle between vectors is better np.arctan2(y, x)"),
    Cause("atanh", lambda case: abs(case["x"]) >= 1,
          "atanh({x}): it is infinite at -1 and 1, and not defined beyond",
          "np.arctanh(np.clip(x, -1 + 1e-7, 1 - 1e-7))"),
    Cause("acosh", lambda case: case["x"] <= 1,
          "acosh({x}): it is defined from 1 on, and its slope at 1 is infinite",
          "np.arccosh(np.maximum(x, 1 + 1e-7))"),
    # Branches that were not taken.
    Cause("*", _not_taken,
          "a where took the other branch, so that the cotangent is 0; but in the rule of {name} it meets inf, and "
          "0 · inf is nan",
          "make the argument harmless inside the branch: f(autograd.where(ok, x, 1.0)) in place of f(x)"),
    # Infinities that meet.
    Cause("softmax log_softmax logsumexp", _holds_infinity,
          "{name} of a row that is -inf throughout, or holds +inf: inf - inf is nan",
          "leave at least one place unmasked, and mask with a large number, -1e9, in place of -inf"),
    Cause("add sub sum mean", _holds_infinity,
          "inf - inf is nan",
          "find where each inf comes from; -inf is safe only as the argument of exp, softmax and max"),
    Cause("mul matmul", _holds_infinity,
          "0 · inf is nan",
          "autograd.where(m != 0, x, 0.0) in place of a product with a mask m"),
    Cause("div", _holds_infinity,
          "inf/inf is nan",
          "divide before either overflows, or subtract logarithms"),
    # Overflow.
    Cause("*", _forward_overflow,
          "{name} of finite numbers is beyond {limit}",
          STANDARDISE),
    Cause("*", lambda case: case.backward,
          "the rule of {name} makes nan or inf of a finite cotangent",
          "check its derivative with autograd.check_grads; " + STANDARDISE),
    Cause("*", _any,
          "{name} of these numbers is {made}",
          "look at its arguments: " + STANDARDISE),
)  # fmt: skip
"""The table."""
