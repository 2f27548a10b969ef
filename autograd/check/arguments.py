"""Arguments as one row of numbers: taken out of nested containers to be moved, and put back as nodes to be used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.containers import leaves, map_leaves
from autograd.graph import Node
from autograd.tensor import Tensor
from autograd.value import Value

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Slot:
    """A place for numbers that vary: one `Tensor`, one `Value`, or an object array of Values.

    Attributes
    ----------
    name : str
        How messages call it: ``params['W1']``.
    data : array of float64
        The numbers at which the check takes place.
    kind : type
        `Tensor` or `Value`.
    boxed : bool
        Whether it is an object array of Values.
    dtype : dtype
        What the numbers were given in.
    """

    name: str
    data: Array
    kind: type[Node]
    boxed: bool = False
    dtype: Any = np.float64
    label: str | None = None

    def filled(self, data: Array, dtype: Any = np.float64) -> Any:
        """Fresh tracked nodes with these numbers, as the function wants them."""
        if self.kind is Tensor:
            return Tensor(data, self.label, dtype=dtype)
        if not self.boxed:
            return Value(float(data), self.label)
        boxes = np.empty(data.shape, dtype=object)
        for index in np.ndindex(data.shape):
            boxes[index] = Value(float(data[index]))
        return boxes

    def entry(self, position: int) -> str:
        """The name of one of its numbers."""
        index = np.unravel_index(position, self.data.shape)
        return f"{self.name}[{', '.join(map(str, index))}]" if index else self.name


def nodes_of(part: Any) -> list[Node]:
    """The nodes of what a slot was filled with, or of an output."""
    if isinstance(part, Node):
        return [part]
    if isinstance(part, np.ndarray) and part.dtype == object:
        return [box for box in part.flat if isinstance(box, Node)]
    return []


class Arguments:
    """The arguments of a call: which of their numbers vary, and how to call again with other numbers.

    Attributes
    ----------
    slots : list of Slot
    constants : list of (name, why)
        What is kept as it is although it holds numbers.

    Raises
    ------
    TypeError
        For a complex argument.
    ValueError
        Where no argument can vary.
    """

    def __init__(self, f: Callable[..., Any], args: Sequence[Any]) -> None:
        self.f = f
        self.args = tuple(args)
        self.slots: list[Slot] = []
        self.constants: list[tuple[str, str]] = []
        names = _names(f, len(args))
        given = leaves(list(args))
        tensors = any(isinstance(leaf, Tensor) for leaf in given)
        numbers_as = Value if any(map(_is_value, given)) and not tensors else Tensor
        # Each leaf becomes the number of its slot, or stays what it is.
        self.plan = [
            _with_paths(lambda leaf, path: self._placed(leaf, path, numbers_as), arg, name)
            for name, arg in zip(names, args, strict=True)
        ]
        if not self.slots:
            kept = "".join(f"; {name} {why}" for name, why in self.constants)
            raise ValueError(f"check_grads: no argument can vary: give Values, Tensors, floats or float arrays{kept}")

    def _placed(self, leaf: Any, name: str, numbers_as: type[Node]) -> Any:
        slot = self._slot(leaf, name, numbers_as)
        if slot is None:
            return _Kept(leaf)
        self.slots.append(slot)
        return _Place(len(self.slots) - 1)

    def _slot(self, leaf: Any, name: str, numbers_as: type[Node]) -> Slot | None:
        if isinstance(leaf, Node):
            if not leaf.requires_grad:
                self.constants.append((name, "does not require a gradient"))
                return None
            data = np.array(leaf.primal, dtype=np.float64)
            return Slot(name, data, leaf.kind, dtype=getattr(leaf.primal, "dtype", np.float64), label=leaf.label)
        if _is_value(leaf):
            if not all(isinstance(box, Node) and box.requires_grad for box in leaf.flat):
                self.constants.append((name, "holds Values that do not require a gradient"))
                return None
            data = np.array([box.primal for box in leaf.flat]).reshape(leaf.shape)
            return Slot(name, data, Value, boxed=True)
        if isinstance(leaf, (int, float, complex, np.generic, np.ndarray)) and not isinstance(leaf, bool):
            kind = np.asarray(leaf).dtype.kind
            if kind == "c":
                raise TypeError(f"check_grads: {name} is complex; gradients here are of real numbers")
            if kind == "f":
                data = np.array(leaf, dtype=np.float64)
                boxed = numbers_as is Value and data.ndim > 0
                return Slot(name, data, numbers_as, boxed, np.asarray(leaf).dtype)
            if kind in "iu":
                self.constants.append((name, "holds integers"))
        return None

    def call(self, parts: Sequence[Any], *, plain: bool = False) -> Any:
        """f's answer with these parts in the slots; ``plain`` for one without nodes, that is not to be recorded."""

        def put(planned: Any) -> Any:
            if isinstance(planned, _Place):
                return parts[planned.slot]
            return planned.leaf.primal if plain and isinstance(planned.leaf, Node) else planned.leaf

        return self.f(*[map_leaves(put, arg) for arg in self.plan])


@dataclass(frozen=True)
class _Place:
    slot: int


@dataclass(frozen=True)
class _Kept:
    leaf: Any


def _is_value(leaf: Any) -> bool:
    if isinstance(leaf, np.ndarray):
        return leaf.dtype == object and leaf.size > 0 and isinstance(leaf.flat[0], Value)
    return isinstance(leaf, Value)


def _names(f: Callable[..., Any], count: int) -> list[str]:
    """What f calls its positional arguments."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(count - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    return [*names, *[f"argument {i}" for i in range(len(names), count)]][:count]


def _with_paths(function: Callable[[Any, str], Any], tree: Any, path: str) -> Any:
    """`map_leaves` for a function that also wants to know the place of its leaf."""
    if isinstance(tree, dict):
        return {key: _with_paths(function, part, f"{path}[{key!r}]") for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = [_with_paths(function, part, f"{path}[{i}]") for i, part in enumerate(tree)]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(tree, path)
