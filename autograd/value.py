"""Value: one Python float in the graph."""

from __future__ import annotations

import numbers
from typing import Any, ClassVar

import numpy as np

from autograd.graph import Constant, Node, describe, next_serial
from autograd.numpy_protocol import NumpyProtocol
from autograd.operators import ARITHMETIC, give_short_ways
from autograd.primitive import Primitive
from autograd.primitives import elementwise


class Value(NumpyProtocol):
    """A number that remembers how it was computed.

    Parameters
    ----------
    data : int or float
        The number; kept as a Python float.
    label : str, optional
        A name for pictures and messages.
    requires_grad : bool
        Whether gradients flow to it; True unless told otherwise.

    Raises
    ------
    TypeError
        Where ``data`` is no real number.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(3.0, label="x")
    >>> y = x**2 + 2 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)
    """

    __slots__ = ()

    def __init__(self, data: float, label: str | None = None, requires_grad: bool = True) -> None:
        self.become_leaf(_number(data), label, requires_grad)

    @property
    def data(self) -> float:
        """The number. Assigning to a leaf's data changes it for computations still to come."""
        number: float = self.primal
        return number

    @data.setter
    def data(self, new: float) -> None:
        if self.primitive is not None:
            raise RuntimeError(
                f"the data of {describe(self)} was computed from other nodes and cannot be assigned: change a leaf, "
                "and compute again"
            )
        self.primal = _number(new)
        self.changed = next_serial()

    @property
    def grad(self) -> float | None:
        """What `backward` has added up so far; None before the first sweep, and again where None is assigned."""
        total: float | None = self.gradient
        return total

    @grad.setter
    def grad(self, given: float | None) -> None:
        self.gradient = None if given is None else _number(given)

    def item(self) -> float:
        """The number."""
        return self.data

    def detach(self) -> Value:
        return Value.leaf(self.primal, label=self.label)

    def __repr__(self) -> str:
        grad = "" if self.gradient is None else f", grad={self.grad!r}"
        label = "" if self.label is None else f", label={self.label!r}"
        return f"Value(data={self.primal!r}{grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self.primal, spec) if spec else repr(self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        objects = all(isinstance(x, np.ndarray) and x.dtype.hasobject for x in options.get("out") or ())
        if (
            objects
            and any(isinstance(x, np.ndarray) for x in inputs)
            and not any(isinstance(x, Node) and x.kind is not Value for x in inputs)
        ):
            return getattr(ufunc, method)(*map(_boxed, inputs), **options)
        return super().__array_ufunc__(ufunc, method, *inputs, **options)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if function in _OF_ONE and args[0] is self:
            return elementwise.positive(self)
        return super().__array_function__(function, types, args, options)

    # What recording and sweeping ask of a kind of node.

    of_floats: ClassVar[bool] = True
    holds: ClassVar[type] = float
    hold = float

    @staticmethod
    def constant(number: Any) -> Constant:
        """A plain number that met a Value."""
        return Constant.leaf(_number(number))

    @staticmethod
    def recover(error: Exception, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any]) -> float:
        """The answer of IEEE arithmetic where Python's floats raise: 1/0 is inf, log(-1) is nan."""
        return float(primitive.function(*[np.float64(arg.primal) for arg in args], **params))

    @staticmethod
    def seed(root: Value, seed: Any, create_graph: bool) -> Any:
        """The cotangent a sweep starts from."""
        if seed is None:
            seed = 1.0
        if create_graph:
            return seed if isinstance(seed, Value) else Value.leaf(_number(seed))
        return _number(seed.primal if isinstance(seed, Value) else seed)

    @staticmethod
    def recover_rule(
        error: Exception, rule: Any, g: Any, out: Any, args: list[Any], params: dict[str, Any], name: str, arg: Node
    ) -> Any:
        """Read a rule that Python's floats cannot follow with NumPy's, which go on with inf and nan."""
        if isinstance(g, Value):
            raise type(error)(f"the rule of {name} for {describe(arg)}: {error}") from error
        return float(rule(np.float64(g), np.float64(out), *map(np.float64, args), **params))

    @staticmethod
    def fit(d: Any, primal: float) -> Any:
        """A cotangent as what a Value's cotangent is: a Python float, or a node."""
        return d if isinstance(d, Node) else float(d)

    @staticmethod
    def own(g: float) -> float:
        """A gradient that nothing else refers to."""
        return g

    @staticmethod
    def zeros(node: Value, create_graph: bool) -> Any:
        """The gradient of what does not depend on the node."""
        return Value.leaf(0.0) if create_graph else 0.0


Value.kind = Value
give_short_ways(Value, float, ARITHMETIC)

_OF_ONE = {np.sum, np.mean, np.prod, np.max, np.min}
"""Reductions, which of a single number are the number."""


def _number(data: Any) -> float:
    if type(data) is float:
        return data
    if isinstance(data, Node):
        raise TypeError(f"a Value takes a number, got {describe(data)}; use .detach() for a copy outside the graph")
    if isinstance(data, (numbers.Real, np.bool_)) or (
        isinstance(data, np.ndarray) and data.ndim == 0 and data.dtype.kind in "fiub"
    ):
        return float(data)
    raise TypeError(
        f"a Value works with real numbers, got {type(data).__name__} {data!r:.60}; for arrays use autograd.Tensor"
    )


def _boxed(x: Any) -> Any:
    """A Value inside a 0-d object array, so that NumPy treats it as one entry and does not ask it again."""
    if isinstance(x, np.ndarray):
        return x.astype(object)
    box = np.empty((), dtype=object)
    box[()] = x
    return box


def scalars(array: Any, label: str | None = None, requires_grad: bool = True) -> np.ndarray[Any, Any]:
    """An object array of Values, one for each entry, with labels such as ``W1[0,2]``.

    np.dot, @, +, *, np.exp and np.sum work on it one scalar at a time; `read` gives numbers back as an array.

    Parameters
    ----------
    array : array_like of numbers
    label : str, optional
        Each Value is labelled with it and its own index.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import read, scalars
    >>> w = scalars([1.0, 2.0], label="w")
    >>> np.sum(w * w).backward()
    >>> read(w, "grad")
    array([2., 4.])
    """
    numbers_ = np.asarray(array)
    boxes = np.empty(numbers_.shape, dtype=object)
    for index in np.ndindex(numbers_.shape):
        name = None if label is None else label + (f"[{','.join(map(str, index))}]" if index else "")
        boxes[index] = Value(float(numbers_[index]), name, requires_grad)
    return boxes


def read(values: Any, what: str = "data") -> np.ndarray[Any, Any]:
    """The `data` or the `grad` of an object array (or nested list) of Values, as a float array.

    A gradient that is None (no sweep reached that Value) is read as 0.

    Parameters
    ----------
    values : object array or nested list of Value
    what : {"data", "grad"}
    """
    if what not in ("data", "grad"):
        raise ValueError(f"what must be 'data' or 'grad', got {what!r}")
    boxes = np.asarray(values, dtype=object)
    out = np.empty(boxes.shape)
    for index in np.ndindex(boxes.shape):
        entry = boxes[index]
        number = getattr(entry, what) if isinstance(entry, Node) else (entry if what == "data" else 0.0)
        out[index] = 0.0 if number is None else number
    return out
