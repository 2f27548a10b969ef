"""Elementwise primitives: one number in, one number out, the same rule for floats and arrays.

Each derivative stands above its function; `g` is the cotangent of `out`. Conventions where a derivative has several
answers: abs'(0) = sign(0) = 0, relu'(0) = 0, and equal arguments of maximum and minimum share g equally.
"""

from __future__ import annotations

import contextvars
import math
import operator
import threading
from typing import Any

import numpy as np

from autograd.graph import Node
from autograd.primitive import answers_to, primitive, unchanged

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "clip",
    "cos",
    "cosh",
    "div",
    "elu",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "gelu",
    "hypot",
    "leaky_relu",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logsigmoid",
    "maximum",
    "minimum",
    "mul",
    "neg",
    "positive",
    "pow",
    "reciprocal",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "sub",
    "tan",
    "tanh",
    "where",
]  # fmt: skip

# --- choosing -------------------------------------------------------------------------------------------------------


@primitive(
    lambda g, out, x, y, *, condition: select(g, 0.0, condition=condition),
    lambda g, out, x, y, *, condition: select(0.0, g, condition=condition),
    symbol="where",
    scalar=lambda x, y, *, condition: x if condition else y,
)
def select(x: Any, y: Any, *, condition: Any) -> Any:
    """x where the condition holds, else y; nothing of the branch not taken gets through, not even nan."""
    return np.where(condition, x, y)


select.arity = 0  # the sweep takes its time here, to shield what lies below


def where(condition: Any, x: Any, y: Any) -> Any:
    """Choose elementwise: ``x`` where ``condition`` holds, else ``y``, as `numpy.where`.

    Nothing of the branch that was not taken gets through: not a nan or inf in its value, and, because the sweep keeps
    its cotangent at exactly 0 through elementwise operations, not one in its derivative either.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Tensor([0.0, 4.0])
    >>> autograd.where(x > 0, x**0.5, 0.0).sum().backward()
    >>> x.grad
    array([0.  , 0.25])
    """
    if type(condition) is bool and type(x) is float and type(y) is float:
        return x if condition else y
    if isinstance(condition, Node):
        condition = condition.primal != 0
    if isinstance(x, Node) or isinstance(y, Node):
        return select(x, y, condition=condition.copy() if isinstance(condition, np.ndarray) else condition)
    return np.where(condition, x, y)


answers_to(where, np.where)


# --- arithmetic -----------------------------------------------------------------------------------------------------


@primitive(
    unchanged,
    unchanged,
    symbol="+",
    scalar=operator.add,
    numpy=np.add,
)
def add(x: Any, y: Any) -> Any:
    """x + y."""
    return x + y


@primitive(
    unchanged,
    lambda g, out, x, y: -g,
    symbol="-",
    scalar=operator.sub,
    numpy=np.subtract,
)
def sub(x: Any, y: Any) -> Any:
    """x - y."""
    return x - y


@primitive(
    lambda g, out, x, y: g * y,
    lambda g, out, x, y: g * x,
    symbol="*",
    scalar=operator.mul,
    numpy=np.multiply,
)
def mul(x: Any, y: Any) -> Any:
    """x * y."""
    return x * y


@primitive(
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -g * out / y,
    symbol="/",
    scalar=operator.truediv,
    numpy=np.divide,
)
def div(x: Any, y: Any) -> Any:
    """x / y."""
    return x / y


def _power_rule(g: Any, out: Any, x: Any, *, exponent: float) -> Any:
    if exponent == 2:
        return g * (x + x)
    if exponent == 0:
        return g * 0.0
    return g * (exponent * raise_to(x, exponent=exponent - 1))


@primitive(
    _power_rule,
    symbol="**",
    scalar=lambda x, *, exponent: math.sqrt(x) if exponent == 0.5 else math.pow(x, exponent),
)
def raise_to(x: Any, *, exponent: float) -> Any:
    """x ** n for a plain number n: the power rule; like NumPy's, ** 0.5 is the square root, also at -inf and -0.0."""
    return np.sqrt(x) if exponent == 0.5 else x**exponent


@primitive(
    lambda g, out, x, y: g * y * power(x, where((x == 0) & (y == 0), 1.0, y - 1)),
    lambda g, out, x, y: g * where((x == 0) & (y >= 0), 0.0, out * log(where((x == 0) & (y >= 0), 1.0, x))),
    symbol="**",
    scalar=math.pow,
)
def power(x: Any, y: Any) -> Any:
    """x ** y where the exponent varies too."""
    return x**y


def pow(x: Any, y: Any) -> Any:
    """x ** y. 0 ** 0 is 1, with derivative 0; a negative base wants an integer exponent, else nan, as in NumPy.

    Examples
    --------
    >>> import autograd
    >>> autograd.pow(-2.0, 3), autograd.pow(0.0, 0.0)
    (-8.0, 1.0)
    """
    return raise_to(x, exponent=y) if isinstance(y, (int, float)) else power(x, y)


answers_to(pow, (np.power, np.float_power))


@primitive(lambda g, out, x: -g, symbol="-", scalar=operator.neg, numpy=np.negative)
def neg(x: Any) -> Any:
    """-x."""
    return -x


@primitive(unchanged, symbol="+", scalar=operator.pos, numpy=np.positive)
def positive(x: Any) -> Any:
    """+x: the same number in a node of its own."""
    return np.positive(x)


@primitive(lambda g, out, x: g * sign(x), symbol="|·|", scalar=operator.abs, numpy=(np.abs, np.fabs))
def abs(x: Any) -> Any:
    """|x|, with abs'(0) = 0."""
    return np.abs(x)


@primitive(lambda g, out, x: g * 0.0, scalar=lambda x: float((x > 0) - (x < 0)) if x == x else x, numpy=np.sign)
def sign(x: Any) -> Any:
    """-1, 0 or 1; its derivative is 0 everywhere."""
    return np.sign(x)


@primitive(lambda g, out, x: g * 2 * x, symbol="^2", scalar=lambda x: x * x, numpy=np.square)
def square(x: Any) -> Any:
    """x squared."""
    return np.square(x)


@primitive(lambda g, out, x: -g * out * out, symbol="1/", scalar=lambda x: 1.0 / x, numpy=np.reciprocal)
def reciprocal(x: Any) -> Any:
    """1 / x."""
    return np.reciprocal(x)


@primitive(lambda g, out, x: g / (2 * out), symbol="√", scalar=math.sqrt, numpy=np.sqrt)
def sqrt(x: Any) -> Any:
    """The square root; its derivative at 0 is inf."""
    return np.sqrt(x)


@primitive(lambda g, out, x: g / (3 * out * out), symbol="∛", scalar=math.cbrt, numpy=np.cbrt)
def cbrt(x: Any) -> Any:
    """The real cube root."""
    return np.cbrt(x)


# --- exponentials and logarithms ------------------------------------------------------------------------------------


@primitive(lambda g, out, x: g * out, scalar=math.exp, numpy=np.exp)
def exp(x: Any) -> Any:
    """e to the x."""
    return np.exp(x)


@primitive(lambda g, out, x: g * exp(x), scalar=math.expm1, numpy=np.expm1)
def expm1(x: Any) -> Any:
    """exp(x) - 1, accurate near 0."""
    return np.expm1(x)


@primitive(lambda g, out, x: g * out * math.log(2), scalar=math.exp2, numpy=np.exp2)
def exp2(x: Any) -> Any:
    """2 to the x."""
    return np.exp2(x)


@primitive(lambda g, out, x: g / x, scalar=math.log, numpy=np.log)
def log(x: Any) -> Any:
    """The natural logarithm: -inf at 0, nan below."""
    return np.log(x)


@primitive(lambda g, out, x: g / (1 + x), scalar=math.log1p, numpy=np.log1p)
def log1p(x: Any) -> Any:
    """log(1 + x), accurate near 0."""
    return np.log1p(x)


@primitive(lambda g, out, x: g / (x * math.log(2)), scalar=math.log2, numpy=np.log2)
def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return np.log2(x)


@primitive(lambda g, out, x: g / (x * math.log(10)), scalar=math.log10, numpy=np.log10)
def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return np.log10(x)


def _logaddexp(x: float, y: float) -> float:
    return x + math.log(2) if x == y else max(x, y) + math.log1p(math.exp(-math.fabs(x - y)))


@primitive(
    lambda g, out, x, y: g * sigmoid(x - y),
    lambda g, out, x, y: g * sigmoid(y - x),
    scalar=_logaddexp,
    numpy=np.logaddexp,
)
def logaddexp(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)) without overflow."""
    return np.logaddexp(x, y)


# --- circular and hyperbolic functions ------------------------------------------------------------------------------


@primitive(lambda g, out, x: g * cos(x), scalar=math.sin, numpy=np.sin)
def sin(x: Any) -> Any:
    """The sine of x in radians."""
    return np.sin(x)


@primitive(lambda g, out, x: -g * sin(x), scalar=math.cos, numpy=np.cos)
def cos(x: Any) -> Any:
    """The cosine of x in radians."""
    return np.cos(x)


@primitive(lambda g, out, x: g * (1 + out * out), scalar=math.tan, numpy=np.tan)
def tan(x: Any) -> Any:
    """The tangent of x in radians."""
    return np.tan(x)


@primitive(lambda g, out, x: g / sqrt((1 - x) * (1 + x)), scalar=math.asin, numpy=np.arcsin)
def asin(x: Any) -> Any:
    """The inverse sine, in radians."""
    return np.arcsin(x)


@primitive(lambda g, out, x: -g / sqrt((1 - x) * (1 + x)), scalar=math.acos, numpy=np.arccos)
def acos(x: Any) -> Any:
    """The inverse cosine, in radians."""
    return np.arccos(x)


@primitive(lambda g, out, x: g / (1 + x * x), scalar=math.atan, numpy=np.arctan)
def atan(x: Any) -> Any:
    """The inverse tangent, in radians."""
    return np.arctan(x)


@primitive(
    lambda g, out, y, x: g * x / square(hypot(x, y)),
    lambda g, out, y, x: -g * y / square(hypot(x, y)),
    scalar=math.atan2,
    numpy=np.arctan2,
)
def atan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y), in radians."""
    return np.arctan2(y, x)


@primitive(lambda g, out, x: g * cosh(x), scalar=math.sinh, numpy=np.sinh)
def sinh(x: Any) -> Any:
    """The hyperbolic sine."""
    return np.sinh(x)


@primitive(lambda g, out, x: g * sinh(x), scalar=math.cosh, numpy=np.cosh)
def cosh(x: Any) -> Any:
    """The hyperbolic cosine."""
    return np.cosh(x)


@primitive(lambda g, out, x: g * (1 - out * out), scalar=math.tanh, numpy=np.tanh)
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


@primitive(lambda g, out, x: g / hypot(x, 1.0), scalar=math.asinh, numpy=np.arcsinh)
def asinh(x: Any) -> Any:
    """The inverse hyperbolic sine."""
    return np.arcsinh(x)


@primitive(lambda g, out, x: g / sqrt((x - 1) * (x + 1)), scalar=math.acosh, numpy=np.arccosh)
def acosh(x: Any) -> Any:
    """The inverse hyperbolic cosine, for x >= 1."""
    return np.arccosh(x)


@primitive(lambda g, out, x: g / ((1 - x) * (1 + x)), scalar=math.atanh, numpy=np.arctanh)
def atanh(x: Any) -> Any:
    """The inverse hyperbolic tangent, for |x| < 1."""
    return np.arctanh(x)


# --- activations ----------------------------------------------------------------------------------------------------


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


class _Quietly(threading.local):
    """Run a function where overflow is no matter of warnings; entering `np.errstate` takes longer than a small exp.

    NumPy keeps its error handling in a context variable, so one context for each thread, set once, will do.
    """

    def __init__(self) -> None:
        context = contextvars.Context()
        context.run(np.seterr, over="ignore")
        self.run = context.run


_quietly = _Quietly()
_ONE = {np.dtype(kind): np.ones((), kind) for kind in (np.float32, np.float64)}  # NumPy is slower with a Python number


@primitive(lambda g, out, x: g * out * (1 - out), symbol="σ", scalar=_sigmoid)
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), for any x without overflow.

    Examples
    --------
    >>> import autograd
    >>> autograd.sigmoid(0.0), autograd.sigmoid(-1000.0)
    (0.5, 0.0)
    """
    if type(x) is not np.ndarray or not x.ndim or x.dtype not in _ONE:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))
    e = -x  # in place from here on: large temporaries cost more than the arithmetic
    _quietly.run(np.exp, e, e)
    e += _ONE[e.dtype]
    return np.reciprocal(e, e)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x)))


@primitive(lambda g, out, x: g * sigmoid(x), scalar=_softplus)
def softplus(x: Any) -> Any:
    """log(1 + exp(x)) without overflow."""
    return np.logaddexp(x, 0)


@primitive(lambda g, out, x: g * sigmoid(-x), symbol="log σ", scalar=lambda x: -_softplus(-x))
def logsigmoid(x: Any) -> Any:
    """log(sigmoid(x)) without underflow."""
    return -np.logaddexp(0, -x)


@primitive(lambda g, out, x: where(x > 0, g, 0.0), scalar=lambda x: x if x > 0 or x != x else 0.0)
def relu(x: Any) -> Any:
    """max(x, 0), with relu'(0) = 0."""
    return np.maximum(x, 0)


@primitive(
    lambda g, out, x, *, negative_slope=0.01: where(x > 0, g, g * negative_slope),
    scalar=lambda x, *, negative_slope=0.01: x if x > 0 else x * negative_slope,
)
def leaky_relu(x: Any, *, negative_slope: float = 0.01) -> Any:
    """x above 0, ``negative_slope * x`` at and below it."""
    return np.where(x > 0, x, x * negative_slope)


@primitive(
    lambda g, out, x, *, alpha=1.0: where(x > 0, g, g * alpha * exp(minimum(x, 0.0))),
    scalar=lambda x, *, alpha=1.0: x if x > 0 else alpha * math.expm1(x),
)
def elu(x: Any, *, alpha: float = 1.0) -> Any:
    """x above 0, ``alpha * (exp(x) - 1)`` at and below it."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@primitive(lambda g, out, x: g * (sigmoid(x) + out * sigmoid(-x)), scalar=lambda x: x * _sigmoid(x))
def silu(x: Any) -> Any:
    """x * sigmoid(x), also called swish."""
    return x * sigmoid.function(x)


def _entry_by_entry(function: Any, x: Any) -> Any:
    """A function of `math` that NumPy has not, on an array: right to the last place, as approximations are not."""
    x = np.asarray(x)
    return np.fromiter(map(function, x.ravel().tolist()), np.result_type(x, 0.0), x.size).reshape(x.shape)


@primitive(lambda g, out, x: g * 2 / math.sqrt(math.pi) * exp(-x * x), scalar=math.erf)
def erf(x: Any) -> Any:
    """The error function."""
    return _entry_by_entry(math.erf, x)


@primitive(lambda g, out, x: -g * 2 / math.sqrt(math.pi) * exp(-x * x), scalar=math.erfc)
def erfc(x: Any) -> Any:
    """1 - erf(x), accurate where that is small."""
    return _entry_by_entry(math.erfc, x)


@primitive(
    lambda g, out, x: g * (erfc(-x / math.sqrt(2)) / 2 + x * exp(-x * x / 2) / math.sqrt(2 * math.pi)),
    scalar=lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
)
def gelu(x: Any) -> Any:
    """x times the standard normal distribution function of x (the exact form, not the tanh approximation)."""
    return x * erfc.function(-x / math.sqrt(2)) / 2


# --- the larger, the smaller ----------------------------------------------------------------------------------------


@primitive(
    lambda g, out, x, y: where(x < y, 0.0, where(x == y, g / 2, g)),
    lambda g, out, x, y: where(y < x, 0.0, where(x == y, g / 2, g)),
    symbol="max",
    scalar=lambda x, y: x if x >= y or x != x else y,
    numpy=np.maximum,
)
def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y; equal ones share the gradient equally."""
    return np.maximum(x, y)


@primitive(
    lambda g, out, x, y: where(x > y, 0.0, where(x == y, g / 2, g)),
    lambda g, out, x, y: where(y > x, 0.0, where(x == y, g / 2, g)),
    symbol="min",
    scalar=lambda x, y: x if x <= y or x != x else y,
    numpy=np.minimum,
)
def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y; equal ones share the gradient equally."""
    return np.minimum(x, y)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """Keep x within [min, max]; the gradient passes inside, is 0 outside, and is shared equally at a bound.

    Either bound may be None, a number, an array or a node.

    Examples
    --------
    >>> import autograd
    >>> autograd.clip(autograd.Tensor([-2.0, 0.5, 3.0]), 0, 1)
    Tensor([0. , 0.5, 1. ])
    """
    if min is None and max is None:
        raise ValueError("clip needs min or max, and got neither")
    if min is not None:
        x = maximum(x, min)
    return x if max is None else minimum(x, max)


answers_to(clip, np.clip)


@primitive(
    lambda g, out, x, y: g * x / out,
    lambda g, out, x, y: g * y / out,
    scalar=math.hypot,
    numpy=np.hypot,
)
def hypot(x: Any, y: Any) -> Any:
    """sqrt(x^2 + y^2) without overflow."""
    return np.hypot(x, y)


# --- dtype ----------------------------------------------------------------------------------------------------------


@primitive(lambda g, out, x, *, dtype: g, symbol="as", arrays_only=True)
def astype(x: Any, *, dtype: Any) -> Any:
    """The same numbers in another floating dtype; the gradient comes back in x's own."""
    if np.dtype(dtype).kind != "f":
        raise ValueError(f"dtype {np.dtype(dtype)} is no floating dtype: it would drop the gradient. Use .data.astype")
    return x.astype(dtype)
