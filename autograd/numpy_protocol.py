"""NumPy's protocols: ``np.exp(t)``, ``X @ W`` and ``np.mean(t)`` record, because NumPy asks its arguments first.

NumPy calls `__array_ufunc__` and `__array_function__` on an argument that has them. The answer is looked up in one
table (`autograd.primitive.numpy_functions`); a function without a rule is an error, never a silent object array or
constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.graph import NO_PARAMS, Node
from autograd.operators import Operators
from autograd.primitive import Primitive, numpy_functions

PLAIN: set[Any] = {
    np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.argwhere, np.nonzero, np.flatnonzero,
    np.count_nonzero, np.searchsorted, np.all, np.any, np.allclose, np.isclose, np.array_equal, np.array_equiv,
    np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.result_type, np.can_cast, np.iscomplexobj,
    np.isrealobj,    np.array_repr, np.array_str, np.array2string, np.save, np.savez, np.savetxt,
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.isnan, np.isfinite, np.isinf,
    np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
}  # fmt: skip
"""Functions whose results are positions, bools, shapes or text: they have no gradient and answer with plain arrays."""


_REDUCTIONS: dict[Any, Any] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


_POSITIONS: dict[Any, tuple[str, ...]] = {
    np.sum: ("axis", "dtype", "out", "keepdims"),
    np.prod: ("axis", "dtype", "out", "keepdims"),
    np.mean: ("axis", "dtype", "out", "keepdims"),
    np.var: ("axis", "dtype", "out", "ddof", "keepdims"),
    np.std: ("axis", "dtype", "out", "ddof", "keepdims"),
    np.max: ("axis", "out", "keepdims"),
    np.min: ("axis", "out", "keepdims"),
    np.amax: ("axis", "out", "keepdims"),
    np.amin: ("axis", "out", "keepdims"),
    np.cumsum: ("axis", "dtype", "out"),
    np.trace: ("offset", "axis1", "axis2", "dtype", "out"),
    np.take: ("indices", "axis", "out", "mode"),
    np.linalg.norm: ("ord", "axis", "keepdims"),
}
"""What NumPy's own positions mean, where they are not ours."""

_RENAMED = {"a_min": "min", "a_max": "max"}


class NumpyProtocol(Operators):
    """What lets NumPy's own functions record on a node."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__" and not options:
            ours = numpy_functions.get(ufunc)
            if type(ours) is Primitive:
                return ours.record(inputs) if len(inputs) > 1 else ours.record_one(inputs[0], NO_PARAMS)
        if options.get("out") is not None and ufunc in numpy_functions:
            raise TypeError(
                f"np.{ufunc.__name__}: a recorded result cannot be written into an existing array (an in-place "
                "operator or out=): write a = a + b instead of a += b"
            )
        if method == "reduce" and ufunc in _REDUCTIONS:
            return self._answer(_REDUCTIONS[ufunc], inputs, {"axis": 0, **options})
        if method != "__call__":
            raise TypeError(f"np.{ufunc.__name__}.{method} has no derivative rule; use a function that has one")
        return self._answer(ufunc, inputs, options)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        return self._answer(function, args, options)

    def _answer(self, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if function in PLAIN and not (function is np.full_like and any(isinstance(x, Node) for x in args[1:])):
            return function(*_plain(args), **_plain(options))
        ours = numpy_functions.get(function)
        if ours is None:
            raise TypeError(_no_rule(function))
        if function in _POSITIONS and len(args) > 2:
            options = {**dict(zip(_POSITIONS[function], args[1:], strict=False)), **options}
            args = args[:1]
        if options:
            args = (*[options[name] for name in ("a", "x", "arr") if name in options and not args], *args)
            options = {
                _RENAMED.get(name, name): given
                for name, given in options.items()
                if not (name in ("a", "x", "arr") or (name in ("dtype", "out") and given is None))
            }
        try:
            return ours(*args, **options)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise TypeError(
                f"{_name(function)} on a {type(self).__name__}: {error}; autograd.{ours.__name__} says what it takes"
            ) from None


def _plain(thing: Any) -> Any:
    """The same arguments with every node replaced by its number or array."""
    if isinstance(thing, Node):
        return thing.primal
    if isinstance(thing, (list, tuple)):
        return type(thing)([_plain(part) for part in thing])
    if isinstance(thing, dict):
        return {key: _plain(part) for key, part in thing.items()}
    return thing


def _name(function: Callable[..., Any]) -> str:
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"


def _no_rule(function: Callable[..., Any]) -> str:
    name = function.__name__
    return (
        f"{_name(function)} has no derivative rule here. Write it with functions that have one, read the numbers with "
        f".data if no gradient is wanted, or register it:\n"
        f"    @autograd.primitive(lambda g, out, x: g * ..., numpy={_name(function)})\n"
        f"    def {name}(x):\n"
        f"        return {_name(function)}(x)"
    )
