"""A primitive: one operation, its derivative rules above it, and how using it records a node.

A rule is ``rule(g, out, *args, **params)``: ``g`` is the cotangent of the result ``out``, and the rule returns the
cotangent of its argument. Rules use only operations that are primitives themselves, so the same rule can be read on
Python floats, on arrays, and on nodes, where the gradient becomes a graph of its own.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from autograd.graph import NO_PARAMS, Constant, Node, describe, made_at, new, next_serial
from autograd.scope import Scope, Watched, recording

numpy_functions: dict[Callable[..., Any], Callable[..., Any]] = {}
"""NumPy's function -> ours: what `numpy_protocol` answers with when NumPy is called on a node."""

FLOAT_ERRORS = (ArithmeticError, ValueError, IndexError)
"""What Python raises where IEEE arithmetic has an answer, and NumPy where shapes do not fit."""


def unchanged(g: Any, out: Any, *args: Any) -> Any:
    """The rule of an argument whose change is the result's: its cotangent is g. The sweep need not call it."""
    return g


def result(
    kind: Any, out: Any, primitive: Primitive, x: Any, y: Any, params: dict[str, Any], scope: Scope | Watched
) -> Any:
    """The node of a recorded operation; its serial, taken last, is above its arguments'."""
    node = new(kind)
    node.primal = out
    node.primitive = primitive
    node.x = x
    node.y = y
    node.params = params
    node.gradient = node.label = node.snapshot = None
    node.requires_grad = True
    node.origin = scope
    node.serial = next_serial()
    return node


class Primitive:
    """An operation with a derivative rule for each differentiated argument; made by `primitive`.

    Calling it with a node records a node; calling it with plain numbers and arrays just computes.

    Attributes
    ----------
    name, symbol : str
        The function's name, and how mathematics writes it ("*").
    function : callable
        The operation on arrays (and on floats, where there is no ``scalar``).
    scalar : callable or None
        The operation on Python floats, at the speed of `math`.
    rules : tuple of callable
        One per differentiated argument, in their order.
    arity : int
        1 or 2, where the sweep may take its short way; 0 for other numbers of arguments.
    every : callable or None
        For any number of arguments, the one rule ``every(i, g, out, *args, **params)`` of the i-th.
    arrays_only : bool
        Whether a scalar makes no sense here.
    elementwise : bool
        Whether it is one of autograd's own that work entry by entry: of one argument, its rule returns that shape.
    """

    # Slots, because the sweep reads them of every node; the dictionary is for the function's name and documentation.
    __slots__ = (
        "__dict__",
        "arity",
        "arrays_only",
        "elementwise",
        "every",
        "function",
        "metadata",
        "name",
        "rules",
        "scalar",
        "symbol",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        rules: tuple[Callable[..., Any], ...],
        *,
        every: Callable[..., Any] | None,
        symbol: str | None,
        scalar: Callable[..., Any] | None,
        arrays_only: bool,
    ) -> None:
        functools.update_wrapper(self, function)
        self.name: str = function.__name__
        self.symbol = symbol or self.name
        # Python's own operators compute arrays as they are, without a Python function between.
        self.function: Callable[..., Any] = function if _is_ours(function) else _read_only(function, self.name)
        if getattr(scalar, "__module__", None) == "_operator" and scalar is not None:
            self.function = scalar
        self.scalar: Callable[..., Any] = _refuse_scalars(self.name) if arrays_only else scalar or self.function
        self.rules = tuple(rule if _is_ours(function) else _read_only(rule) for rule in rules)
        self.every = every
        self.arity = len(rules) if len(rules) <= 2 else 0
        self.elementwise = not arrays_only and _is_ours(function)
        self.arrays_only = arrays_only
        code = function.__code__
        if len(rules) > code.co_argcount and not code.co_flags & _VARIADIC:
            raise TypeError(f"{self.name} takes {code.co_argcount} arguments, but got {len(rules)} rules: one for each")
        self.metadata = code.co_varnames[len(rules) : code.co_argcount]

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> str:
        return self.__qualname__  # type: ignore[attr-defined, no-any-return]

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind like a function, so that a primitive written into a class body is a method."""
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **params: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], Node):
            return self.record_one(args[0], params)
        if self.every is None and len(args) > len(self.rules):
            params = self._named(args[len(self.rules) :], params)
            args = args[: len(self.rules)]
        floats = not self.arrays_only
        for arg in args:
            if arg.__class__ is np.ndarray:
                if arg.dtype.hasobject and not self.arrays_only:
                    return self.one_by_one(args, params)
                floats = False
            elif isinstance(arg, Node):
                return self.record(args, params)
            elif arg.__class__ is not float:
                floats = False
        if not floats:
            return self.function(*args, **params)
        try:
            return self.scalar(*args, **params)
        except FLOAT_ERRORS:
            return float(self.function(*map(np.float64, args), **params))

    def _named(self, metadata: tuple[Any, ...], params: dict[str, Any]) -> dict[str, Any]:
        if len(metadata) > len(self.metadata):
            most = len(self.rules) + len(self.metadata)
            raise TypeError(f"{self.name} takes at most {most} arguments, got {len(self.rules) + len(metadata)}")
        named = dict(zip(self.metadata, metadata, strict=False))
        if twice := named.keys() & params.keys():
            raise TypeError(f"{self.name} got several values for {', '.join(sorted(twice))}")
        return {**named, **params}

    def rules_for(self, count: int) -> Sequence[Callable[..., Any]]:
        """The rules of so many arguments."""
        return self.rules if self.every is None else [functools.partial(self.every, i) for i in range(count)]

    def one_by_one(self, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The operation on object arrays of Values, as an object array of the results."""
        return np.frompyfunc(functools.partial(self, **params), len(args), 1)(*args)

    def record(self, args: tuple[Any, ...], params: dict[str, Any] = NO_PARAMS) -> Any:
        """Compute the operation and make the node of its result.

        Raises
        ------
        TypeError
            Where a `Value` meets a `Tensor`, or an argument is no number and no array.
        ValueError
            Where the shapes do not fit; the message names the operation and the shapes.
        """
        kind: Any = None
        tracked = plain = False
        primals = []
        for arg in args:
            if isinstance(arg, Node):
                if kind is None:
                    kind = arg.kind
                elif arg.kind is not kind:
                    raise TypeError(self.mixed(kind, arg))
                if arg.requires_grad:
                    tracked = True
                if arg.snapshot is not None:
                    arg.settle()
                primals.append(arg.primal)
            else:
                plain = True
        if params:
            for name, given in params.items():
                if isinstance(given, Node):
                    raise TypeError(f"{self.name}: {name} is metadata and must be plain, not a {type(given).__name__}")
                if isinstance(given, list):  # its owner may write into it before the sweep reads it
                    params = {**params, name: copy.deepcopy(given)}
                elif isinstance(given, np.generic):  # NumPy's numbers would make float64 of float32, Python's adapt
                    params = {**params, name: given.item()}
        if plain:
            if kind.of_floats and any(isinstance(arg, np.ndarray) and arg.ndim for arg in args):
                return self.one_by_one(args, params)
            nodes = [arg if isinstance(arg, Node) else kind.constant(arg) for arg in args]
            primals = [node.primal for node in nodes]
            args = tuple(nodes)
        function = self.scalar if kind.of_floats else self.function
        try:
            out = function(*primals, **params) if params else function(*primals)
        except FLOAT_ERRORS as error:
            out = kind.recover(error, self, args, params)
        if out.__class__ is not kind.holds:
            out = kind.hold(out)
        scope = recording()
        if not tracked or scope is None:
            return kind.leaf(kind.own(out) if getattr(out, "base", None) is not None else out)
        node = result(kind, out, self, (), None, params, scope)
        node.args = args
        if isinstance(scope, Watched):
            scope.show(node)
        return node

    def record_one(self, x: Any, params: dict[str, Any]) -> Any:
        """What `record` does, of one argument; the short way where there is nothing to check or to complain about."""
        kind = x.kind
        scope = recording()
        if x.snapshot is not None or not x.requires_grad or type(scope) is not Scope:
            return self.record((x,), params)
        function = self.scalar if kind.of_floats else self.function
        try:
            if params:
                for given in params.values():
                    if given.__class__ not in _IMMUTABLE:
                        return self.record((x,), params)
                out = function(x.primal, **params)
            else:
                out = function(x.primal)
        except FLOAT_ERRORS as error:
            out = kind.recover(error, self, (x,), params)
        if type(out) is not kind.holds:
            out = kind.hold(out)
        node = new(kind)  # what `result` does, written out: every activation passes here
        node.primal = out
        node.primitive = self
        node.x = x
        node.params = params
        node.y = node.gradient = node.label = node.snapshot = None
        node.requires_grad = True
        node.origin = scope
        node.serial = next_serial()
        return node

    def mixed(self, kind: type[Node], arg: Node) -> str:
        """What to say where nodes of two kinds meet."""
        if Constant in (kind, arg.kind):
            return f"{self.name}: a Constant is part of a recorded graph; use its .primal"
        return (
            f"{self.name}: a Value met a Tensor, {describe(arg)}. Keep a computation in one kind: wrap the number as a "
            "Tensor, or turn the array into Values with autograd.scalars(array)."
        )

    def complaint(self, nodes: tuple[Node, ...], params: dict[str, Any], error: Exception) -> str:
        shapes = " and ".join(
            str(getattr(node.primal, "shape", "scalar")) + (f" of {node.label!r}" if node.label else "") + made_at(node)
            for node in nodes
        )
        given = "".join(f", {name}={value!r}" for name, value in params.items())
        return f"{self.name} of shapes {shapes}{given}: {error}"


_IMMUTABLE = frozenset({int, float, bool, tuple, type(None)})
"""The classes of metadata that needs no copy and no conversion."""

_VARIADIC = 0x04  # the flag of a function with *args (inspect.CO_VARARGS)


def _is_ours(function: Callable[..., Any]) -> bool:
    return getattr(function, "__module__", "").startswith("autograd.")


def _read_only(function: Callable[..., Any], name: str | None = None) -> Callable[..., Any]:
    """A user's function or rule, on arrays that it cannot write into: they belong to the graph."""

    @functools.wraps(function)
    def guarded(*args: Any, **params: Any) -> Any:
        out = function(*map(_protected, args), **params)
        if out is None and name is not None:
            raise TypeError(f"{name} returned None; it must return a number or an array")
        return out

    return guarded


def _protected(x: Any) -> Any:
    if type(x) is np.ndarray:
        x = x.view()
        x.flags.writeable = False
    return x


def _refuse_scalars(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **params: Any) -> Any:
        raise TypeError(f"{name} works on arrays: wrap them as a Tensor, not as a Value")

    return refuse


def primitive(
    *rules: Callable[..., Any],
    every: Callable[..., Any] | None = None,
    symbol: str | None = None,
    scalar: Callable[..., Any] | None = None,
    numpy: Callable[..., Any] | tuple[Callable[..., Any], ...] = (),
    arrays_only: bool = False,
) -> Callable[[Callable[..., Any]], Primitive]:
    """Make a primitive of a function: the derivative rules above it, the function below.

    Parameters
    ----------
    *rules : callable
        ``rule(g, out, *args, **params)`` for each differentiated argument: the cotangent of that argument, given the
        cotangent ``g`` of the result ``out``. Arguments that are not differentiated are keyword-only metadata.
        Broadcasting is undone by the sweep, never in a rule.
    every : callable, optional
        Instead of rules, for any number of arguments: ``every(i, g, out, *args, **params)``.
    symbol : str, optional
        How mathematics writes it, for pictures.
    scalar : callable, optional
        The same function on Python floats, where one is faster than the array function.
    numpy : callable or tuple of callable, optional
        NumPy's functions that record this primitive when they are called on a node.
    arrays_only : bool
        Whether it makes no sense on a scalar `Value`.

    Examples
    --------
    >>> import autograd
    >>> @autograd.primitive(lambda g, out, x: g * 3 * x**2)
    ... def cube(x):
    ...     return x**3
    >>> x = autograd.Value(2.0)
    >>> cube(x).backward()
    >>> x.grad
    12.0
    """

    def decorate(function: Callable[..., Any]) -> Primitive:
        made = Primitive(function, rules, every=every, symbol=symbol, scalar=scalar, arrays_only=arrays_only)
        answers_to(made, numpy)
        return made

    return decorate


def answers_to(ours: Callable[..., Any], numpy: Callable[..., Any] | tuple[Callable[..., Any], ...]) -> None:
    """Let ``ours`` answer when one of NumPy's functions is called on a node."""
    for function in numpy if isinstance(numpy, tuple) else (numpy,):
        numpy_functions[function] = ours
