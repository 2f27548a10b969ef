"""Why an operation makes nan or inf, and what to write instead: a table, read from the top; the first that fits counts.

Each row names operations, says what is seen at the entry in question, and within which formula it stands, if that
matters. In its texts {x}, {y}, {out} and {g} are the numbers there, and any other name is a variable of the formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autograd.faults import conditions as seen
from autograd.faults.case import Case

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
    why = cause.why.format_map(texts)
    if case.backward and case["g"] == 0 and "nan" not in why:
        why += "; times the cotangent 0 that is nan"
    return why, instead.format_map(texts)


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
        return seen.FIELDS[name](self.case) if name in seen.FIELDS else self.case.text(name)


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
INFINITE_SLOPES = "log log2 log10 log1p sqrt cbrt raise_to power div reciprocal asin acos atanh acosh"


CAUSES: tuple[Cause, ...] = (
    # Data and parameters.
    Cause("", lambda case: case.node.requires_grad,
          "{given} holds {made} before anything is computed from it: it was given so, or an earlier update made it so",
          "if it is trained, train under autograd.detect_faults(), which stops where the first nan or inf is made; "
          + SMALLER_STEPS),
    Cause("", seen.anything,
          "{given} holds {made} from the start",
          "look for it in the data: X = X[np.isfinite(X).all(axis=1)] keeps the rows without"),
    # A cotangent of 0 that meets an infinite slope.
    Cause("*", seen.unused,
          "nothing uses this entry, but in the rule of {name} its cotangent 0 meets an infinite slope, and that is nan",
          "pick the entries that are used first, and take {call} of those; or choose with autograd.where"),
    Cause(INFINITE_SLOPES, seen.meets_zero,
          "the slope of {label} is infinite here, and its cotangent is 0, for it is multiplied by {factor}; 0 · inf is "
          "nan, not 0",
          "autograd.where(m != 0, m * {call}, 0.0), where m is the factor"),
    Cause(INFINITE_SLOPES, seen.swallowed,
          "{label} is infinite here; what follows makes a finite number of it, but in the rule of {name} the cotangent "
          "0 that is left meets an infinite slope, and that is nan",
          "keep it finite: add 1e-12 to what is 0, bound what is large; if nothing is meant there, "
          "autograd.where(ok, {call}, 0.0), where ok tells where it is finite"),
    # Logarithms.
    Cause(LOGS, seen.zero("x"),
          "log of 0: the sigmoid is saturated at z = {z}, where 1 - p rounds to 0",
          WITH_LOGITS.replace("{sign}", "-"), ("log(1 - SIGMOID(z))",), WITH_LOGITS_VALUES.replace("{sign}", "-")),
    Cause(LOGS, seen.zero("x"),
          "log of 0: the sigmoid is saturated at z = {z}, where it rounds to 0",
          WITH_LOGITS.replace("{sign}", ""), ("log(SIGMOID(z))",), WITH_LOGITS_VALUES.replace("{sign}", "")),
    Cause("log1p", lambda case: case["x"] == -1,
          "log of 0: the sigmoid is saturated at z = {z}, where it rounds to 1",
          WITH_LOGITS.replace("{sign}", "-"), ("log1p(-SIGMOID(z))",), WITH_LOGITS_VALUES.replace("{sign}", "-")),
    Cause(LOGS, seen.zero("x"),
          "log of 0: softmax gives a class the probability 0, which its score is too low for: z = {z}",
          LOG_SOFTMAX, ("log(SOFTMAX(z))",), LOG_SOFTMAX_VALUES),
    Cause(LOGS, seen.zero("x"),
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
    Cause(LOGS, seen.zero("x"),
          "log of 0: the matrix is singular, its determinant is 0",
          "A + 1e-6 * np.eye(n) in place of A; and np.linalg.slogdet(A)[1], which does not overflow either",
          ("log(det(A))",)),
    Cause(LOGS, seen.rounded("x"),
          "log of 0: {argument} is too small for {dtype} and rounds to 0",
          "add logarithms in place of multiplying, np.sum(np.log(p)) in place of np.log(np.prod(p)); z itself in place "
          "of np.log(np.exp(z))", (), "add logarithms in place of multiplying; z itself in place of np.log(np.exp(z))"),
    Cause(LOGS, seen.zero("x"),
          "log of 0 is -inf",
          "autograd.where(x > 0, np.log(x), 0.0) where 0 may occur and counts for nothing; else np.log(x + 1e-12), or "
          "x = np.exp(t) of a free t, which stays above 0"),
    Cause(LOGS, seen.negative("x"),
          "the logarithm of a negative number, {x}, is nan",
          "x = np.exp(t) or autograd.softplus(t) of a free t, which stays above 0; or, where it counts for nothing, "
          "autograd.where(x > 0, np.log(x), 0.0)"),
    Cause("log1p", lambda case: case["x"] <= -1,
          "log1p({x}) is the logarithm of 1 + {x}, which is not above 0",
          "keep x above -1: np.log1p(np.exp(t)), which is autograd.softplus(t), of a free t"),
    # Division.
    Cause("div", seen.zero("y"),
          "0/0: a vector of length 0 has no direction",
          ZERO_LENGTH, ("v / euclidean_norm(v)", "v / SQUARES(v) ** 0.5", "v / (u ** 2 + v ** 2) ** 0.5",
           "v / mean(v ** 2) ** 0.5",
           "d / (euclidean_norm(v) * euclidean_norm(u))"),
          ZERO_LENGTH_VALUES),
    Cause("div", seen.zero("y"),
          "division by a standard deviation of 0: all entries are equal",
          "(x - np.mean(x)) / d, with " + WITH_EPSILON.replace(" for", " as d for", 1),
          ("d / VARIANCE(z) ** 0.5",), "(x - mean) / np.sqrt(variance + 1e-5)"),
    Cause("div", seen.zero("y"),
          "{x}/0: the variance of a single number with ddof=1 divides by n - 1 = 0",
          "np.var(x), which divides by n, or give it two numbers or more", ("sum((z - MEAN(z)) ** 2) / n",),
          "divide by n, or give it two numbers or more"),
    Cause("div", seen.zero("y"),
          "0/0: every exp in the softmax rounds to 0, z = {z}",
          "autograd.softmax(z)", ("exp(z) / sum(exp(z))",), SOFTMAX_VALUES),
    Cause("div", seen.given_zero,
          "{x}/0: the divisor is a given 0, such as a count of nothing",
          "divide by np.maximum(count, 1), if it counts; else autograd.where(y != 0, x / y, 0.0)",
          (), "divide by max(count, 1), if it counts; else autograd.where(y != 0, x / y, 0.0)"),
    Cause("div", seen.rounded("y"),
          "{x}/0: {divisor} is too small for {dtype} and rounds to 0",
          "divide by y + 1e-12, if y is never negative; or compute with logarithms"),
    Cause("div", lambda case: case["y"] == 0 and case["x"] == 0,
          "0/0 has no value",
          "autograd.where(y != 0, x / y, 0.0), if nothing is meant where y is 0"),
    Cause("div", seen.zero("y"),
          "{x}/0 is infinite",
          "autograd.where(y != 0, x / y, 0.0), if nothing is meant where y is 0"),
    Cause("mean", lambda case: np.size(case.of("x")) == 0,
          "the mean of nothing is 0/0",
          "leave out what is empty before taking the mean"),
    Cause("reciprocal", seen.zero("x"),
          "1/0 is infinite",
          "autograd.where(x != 0, 1 / x, 0.0), if nothing is meant where x is 0"),
    # Exponentials.
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}: sigmoid by hand, at z = {z}",
          "autograd.sigmoid(z)", ("SIGMOID(z)",)),
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}: c / (1 + exp(-z)) is c times a sigmoid by hand, at z = {z}",
          "c * autograd.sigmoid(z); autograd.silu(z), if c is z", ("c / (1 + exp(-z))",)),
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}: tanh by hand, at z = {z}",
          "np.tanh(z)", ("TANH(z)",)),
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}: softmax by hand",
          "autograd.softmax(z); for its logarithm nn.CrossEntropyLoss()(z, classes) or autograd.log_softmax(z)",
          ("exp(z) / sum(exp(z))",), SOFTMAX_VALUES),
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}: softplus by hand, at z = {z}",
          "autograd.softplus(z)", ("log(1 + exp(z))", "log1p(exp(z))")),
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}: the logarithm of a sum of exponentials",
          "autograd.logsumexp(z)", ("log(sum(exp(z)))",), LOGSUMEXP_VALUES),
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}, although its logarithm is about {x}",
          "np.logaddexp(z, -z) - np.log(2), which is the logarithm of cosh(z)", ("log(cosh(z))",)),
    Cause(EXPS, seen.overflow,
          "{name}({x}) is beyond {limit}",
          "stay with the logarithm: autograd.logsumexp, autograd.softplus, autograd.softmax and autograd.sigmoid of "
          "its argument do not overflow; or bound it: np.exp(np.minimum(x, 80))"),
    # Overflow that has a reason.
    Cause("prod", seen.beyond,
          "a product of {entries} factors has grown beyond {limit}",
          SMALLER_FACTORS),
    Cause("*", lambda case: seen.long_product(case) and seen.beyond(case),
          "a product of {factors} factors has grown beyond {limit}",
          SMALLER_FACTORS),
    Cause("*", seen.float32,
          "{name} of finite numbers is beyond {limit}",
          "float64: astype(np.float64), model.to(np.float64); or " + STANDARDISE),
    Cause("*", seen.run_away,
          "{leaf} is as large as {size}, and {name} is beyond {limit}: if it is trained, the training has run away",
          SMALLER_STEPS),
    # Roots and powers.
    Cause(ROOTS, seen.negative("x"),
          "the root of a negative number, {x}: mean(z²) - mean(z)² has lost all its digits",
          "np.var(z), a mean of squares, which cannot be negative", ("(mean(z ** 2) - m ** 2) ** 0.5",),
          "the mean of (z - mean)²"),
    Cause("sqrt", seen.negative("x"),
          "the root of a negative number, {x}, is nan",
          "autograd.where(x > 0, np.sqrt(x), 0.0), if it is negative by rounding only"),
    Cause("raise_to power", lambda case: case["x"] == 0 and seen.exponent(case) < 0 and not case.backward,
          "0 to a negative power is 1/0, which is infinite",
          "autograd.where(x != 0, x ** p, 0.0), if nothing is meant where x is 0"),
    Cause("power", seen.of_exponent,
          "the slope of x ** p in its exponent p is x ** p · log(x), and the negative number {x} has no logarithm",
          "an exponent that is a plain number and wants no gradient, such as x ** 2; or np.abs(x) ** p"),
    Cause("raise_to power", seen.negative("x"),
          "a negative number, {x}, to a power that is no integer is nan",
          "np.sign(x) * np.abs(x) ** p, or np.cbrt(x) for the cube root"),
    Cause(ROOTS, seen.root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the standard deviation of numbers that are all equal",
          WITH_EPSILON, ("VARIANCE(z) ** 0.5",), "np.sqrt(variance + 1e-5)"),
    Cause(ROOTS, seen.root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the root of a mean of squares, all of which are 0",
          "the mean of squares itself, np.mean(d ** 2), whose minimum is the same; or np.sqrt(np.mean(d ** 2) + 1e-12)",
          ("mean(z ** 2) ** 0.5", "(sum(z ** 2) / n) ** 0.5"), "the mean of squares itself, without the root"),
    Cause(ROOTS, seen.root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the length of a vector of zeros",
          "np.sqrt(np.sum(z * z) + 1e-12), or start away from 0; autograd.norm(z) takes its derivative at 0 as 0",
          ("sum(z ** 2) ** 0.5", "matmul(z, z) ** 0.5"),
          LENGTH),
    Cause(ROOTS, seen.root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the length of a vector of zeros",
          LENGTH, ("(z ** 2 + u ** 2) ** 0.5",)),
    Cause(ROOTS, seen.root_at_zero,
          "the slope of a root at 0 is 1/(2·0): the root of a square",
          "np.abs(z), whose derivative at 0 is taken as 0", ("(z ** 2) ** 0.5",)),
    Cause(ROOTS, seen.root_at_zero,
          "the slope of {label} at 0 is infinite, as 1/(2·0) is for a root",
          "autograd.where(x > 0, {root}, 0.0), or an argument that stays above 0: np.sqrt(x + 1e-12)"),
    Cause("cbrt", seen.zero("x"),
          "the slope of a cube root at 0 is 1/0",
          "autograd.where(x != 0, np.cbrt(x), 0.0)"),
    Cause("atan2", seen.at_origin,
          "the angle of a vector of length 0: its slope is 0/0",
          "autograd.where((x != 0) | (y != 0), np.arctan2(y, x), 0.0)"),
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
    Cause("*", seen.not_taken_by_a_where,
          "a where took the other branch, so that the cotangent is 0; but in the rule of {name} it meets inf, and "
          "0 · inf is nan",
          "make the argument harmless inside the branch: f(autograd.where(ok, x, 1.0)) in place of f(x)"),
    Cause("*", seen.not_taken,
          "the cotangent is 0, and in the rule of {name} it meets inf: 0 · inf is nan",
          "find where the inf comes from, and keep it finite"),
    # Infinities that meet.
    Cause("softmax log_softmax logsumexp", lambda case: bool(np.isposinf(case.of("x")).any()),
          "{name} of a row that holds +inf: inf - inf is nan",
          "find where that inf comes from; scores of a size of 1 to 100 tell all that softmax can tell"),
    Cause("softmax log_softmax logsumexp", seen.holds_infinity,
          "{name} of a row that is -inf throughout: inf - inf is nan",
          "leave at least one place unmasked, and mask with a large number, -1e9, in place of -inf"),
    Cause("add sub sum mean", seen.holds_infinity,
          "inf - inf is nan",
          "find where each inf comes from; -inf is safe only as the argument of exp, softmax and max"),
    Cause("mul matmul", seen.holds_infinity,
          "0 · inf is nan",
          "keep the factors finite; autograd.where(m != 0, x, 0.0) in place of a product with a mask m"),
    Cause("div", seen.holds_infinity,
          "inf/inf is nan",
          "divide before either overflows, or subtract logarithms"),
    # Overflow.
    Cause("*", seen.forward_overflow,
          "{name} of finite numbers is beyond {limit}",
          STANDARDISE),
    Cause("*", seen.float32_gradient,
          "in the rule of {name} the cotangent {g} becomes larger than {limit}",
          "float64: astype(np.float64), model.to(np.float64); or " + STANDARDISE),
    Cause("log log2 log10 div reciprocal raise_to power sqrt", seen.near_zero,
          "{label} is so steep next to 0 that in the rule of {name} the cotangent {g} becomes larger than {limit}",
          "an argument that keeps away from 0: x + 1e-12, if x is never negative; or x = np.exp(t) of a free t"),
    Cause("*", seen.gradient_overflow,
          "in the rule of {name} the cotangent {g} becomes larger than {limit}",
          STANDARDISE + "; of an operation of your own autograd.check_grads tests the rule"),
    Cause("*", lambda case: case.backward and seen.holds_infinity(case),
          "an argument of {name} is infinite, and so is what its rule makes of the cotangent {g}, or nan",
          "find where that inf comes from, and keep it finite"),
    Cause("*", lambda case: case.backward,
          "the rule of {name} makes nan or inf of a finite cotangent",
          "check its derivative with autograd.check_grads; " + STANDARDISE),
    Cause("*", seen.anything,
          "{name} of these numbers is {made}",
          "look at its arguments: " + STANDARDISE),
)  # fmt: skip
"""The table."""
