"""Python's operators and the methods that `Value` and `Tensor` share.

Every operator is a primitive, or derived from one; comparisons return plain bools or arrays of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Self

from autograd.graph import NO_PARAMS, Node, constant, new, next_serial
from autograd.primitive import FLOAT_ERRORS, Primitive
from autograd.primitives import elementwise as e
from autograd.scope import Scope, recording
from autograd.sweep import backward


class Operators(Node):
    """What can be written with nodes: arithmetic, comparisons, elementwise methods, `backward`."""

    __slots__ = ()

    def backward(self, seed: Any = None) -> None:
        """Add the gradient of this node to the `grad` of every node that it depends on.

        Parameters
        ----------
        seed : number or array of this node's shape, optional
            The cotangent to start from, by default 1; needed where this node holds several numbers.

        Raises
        ------
        ValueError
            Without a seed where one is needed, or with one of another shape.
        RuntimeError
            Where nothing requires a gradient, or `data` was changed after it was used.

        Examples
        --------
        >>> from autograd import Value
        >>> a, b = Value(2.0), Value(3.0)
        >>> (a * b).backward()
        >>> a.grad, b.grad
        (3.0, 2.0)
        """
        backward(self, seed)

    def zero_grad(self) -> None:
        """Forget the gradient: `grad` is None again."""
        self.gradient = None

    def detach(self) -> Self:
        """The same number or array as a constant leaf: no gradient flows through it."""
        raise NotImplementedError

    def conjugate(self) -> Self:
        """Itself: a real number is its own conjugate. NumPy asks for it, as in np.var of an object array."""
        return self

    def __add__(self, other: Any) -> Any:
        return e.add.record((self, other))

    def __radd__(self, other: Any) -> Any:
        return e.add.record((other, self))

    def __sub__(self, other: Any) -> Any:
        return e.sub.record((self, other))

    def __rsub__(self, other: Any) -> Any:
        return e.sub.record((other, self))

    def __mul__(self, other: Any) -> Any:
        return e.mul.record((self, other))

    def __rmul__(self, other: Any) -> Any:
        return e.mul.record((other, self))

    def __truediv__(self, other: Any) -> Any:
        return e.div.record((self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return e.div.record((other, self))

    def __pow__(self, other: Any) -> Any:
        if other.__class__ is int or other.__class__ is float:
            return e.raise_to.record_one(self, {"exponent": other})
        return e.pow(self, other)

    def __rpow__(self, other: Any) -> Any:
        return e.power.record((other, self))

    def __neg__(self) -> Any:
        return e.neg.record_one(self, NO_PARAMS)

    def __pos__(self) -> Any:
        return e.positive.record((self,))

    def __abs__(self) -> Any:
        return e.abs(self)

    def __lt__(self, other: Any) -> Any:
        return self.primal < _primal(other)

    def __le__(self, other: Any) -> Any:
        return self.primal <= _primal(other)

    def __gt__(self, other: Any) -> Any:
        return self.primal > _primal(other)

    def __ge__(self, other: Any) -> Any:
        return self.primal >= _primal(other)

    def __eq__(self, other: object) -> Any:
        return self.primal == _primal(other)

    def __ne__(self, other: object) -> Any:
        return self.primal != _primal(other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __float__(self) -> float:
        if self.requires_grad:
            raise TypeError(
                f"float() would drop this {type(self).__name__} from the graph without a trace. Read the number with "
                ".data or .item(); for a function of it use autograd's or NumPy's (np.exp), not math's."
            )
        return float(self.primal)

    def __int__(self) -> int:
        return int(float(self))

    abs = e.abs
    sign = e.sign
    square = e.square
    reciprocal = e.reciprocal
    sqrt = e.sqrt
    cbrt = e.cbrt
    exp = e.exp
    expm1 = e.expm1
    exp2 = e.exp2
    log = e.log
    log1p = e.log1p
    log2 = e.log2
    log10 = e.log10
    sin = e.sin
    cos = e.cos
    tan = e.tan
    asin = arcsin = e.asin
    acos = arccos = e.acos
    atan = arctan = e.atan
    atan2 = arctan2 = e.atan2
    sinh = e.sinh
    cosh = e.cosh
    tanh = e.tanh
    asinh = arcsinh = e.asinh
    acosh = arccosh = e.acosh
    atanh = arctanh = e.atanh
    sigmoid = e.sigmoid
    logsigmoid = e.logsigmoid
    softplus = e.softplus
    relu = e.relu
    leaky_relu = e.leaky_relu
    elu = e.elu
    silu = e.silu
    gelu = e.gelu
    erf = e.erf
    erfc = e.erfc
    pow = e.pow
    hypot = e.hypot
    logaddexp = e.logaddexp
    maximum = e.maximum
    minimum = e.minimum
    clip = e.clip


def _primal(other: Any) -> Any:
    return other.primal if isinstance(other, Node) else other


# --- the short ways ---------------------------------------------------------------------------------------------------


def give_short_ways(kind: Any, holds: type, operators: Mapping[str, Primitive]) -> None:
    """Give Python's operators on one kind of node the short way, by the names of their methods ("add", "mul").

    Two nodes of one kind, or a node and a Python number, are the cases that speed depends on. The short way takes the
    same steps as `Primitive.record` where there is nothing to convert, to check or to complain about, and calls that
    where there is.

    Parameters
    ----------
    kind : type
        `Value` or `Tensor`.
    holds : type
        What a node of this kind holds: float or ndarray.
    operators : dict
        The primitive behind each operator.
    """
    for name, primitive in operators.items():
        forward, reflected = _short_ways(primitive, kind, holds)
        setattr(kind, f"__{name}__", forward)
        setattr(kind, f"__r{name}__", reflected)
    for name, primitive in METHODS.items():
        setattr(kind, name, _short_way(primitive))


def _short_way(primitive: Primitive) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return primitive.record_one(self, NO_PARAMS)

    return functools.update_wrapper(method, primitive)


def _short_ways(primitive: Primitive, kind: Any, holds: type) -> tuple[Callable[..., Any], Callable[..., Any]]:
    function = primitive.scalar if holds is float else primitive.function

    def forward(self: Any, other: Any) -> Any:
        if type(other) is kind or isinstance(other, kind):
            y = other
        elif type(other) is float or type(other) is int:
            y = constant(other)
        else:
            return primitive.record((self, other))
        scope = recording()
        if type(scope) is not Scope or self.snapshot is not None or y.snapshot is not None:
            return primitive.record((self, other))
        if not (self.requires_grad or y.requires_grad):
            return primitive.record((self, other))
        try:
            out = function(self.primal, y.primal)
        except FLOAT_ERRORS as error:
            out = kind.recover(error, primitive, (self, y), NO_PARAMS)
        if type(out) is not holds:
            out = kind.hold(out)
        node = new(kind)  # what `result` does, here and below written out: every sum and product passes here
        node.primal = out
        node.primitive = primitive
        node.x = self
        node.y = y
        node.params = NO_PARAMS
        node.gradient = node.label = node.snapshot = None
        node.requires_grad = True
        node.origin = scope
        node.serial = next_serial()
        return node

    def reflected(self: Any, other: Any) -> Any:
        scope = recording()
        if type(scope) is not Scope or self.snapshot is not None or not self.requires_grad:
            return primitive.record((other, self))
        if type(other) is not float and type(other) is not int:
            return primitive.record((other, self))
        x = constant(other)
        try:
            out = function(x.primal, self.primal)
        except FLOAT_ERRORS as error:
            out = kind.recover(error, primitive, (x, self), NO_PARAMS)
        if type(out) is not holds:
            out = kind.hold(out)
        node = new(kind)
        node.primal = out
        node.primitive = primitive
        node.x = x
        node.y = self
        node.params = NO_PARAMS
        node.gradient = node.label = node.snapshot = None
        node.requires_grad = True
        node.origin = scope
        node.serial = next_serial()
        return node

    return forward, reflected


ARITHMETIC = {"add": e.add, "sub": e.sub, "mul": e.mul, "truediv": e.div}

METHODS = {"__neg__": e.neg, "exp": e.exp, "log": e.log, "relu": e.relu, "sigmoid": e.sigmoid, "tanh": e.tanh}
"""Those of one argument that networks of scalars call most."""
