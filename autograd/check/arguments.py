"""Arguments: the numbers in them that vary, taken out of nested containers, and put back as nodes for each call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.check.slots import Slot, slot_of
from autograd.containers import leaves, map_leaves
from autograd.graph import Node
from autograd.tensor import Tensor
from autograd.value import Value


class Arguments:
    """The arguments of a call, and how to call again with other numbers.

    Attributes
    ----------
    slots : list of Slot
    constants : dict
        What is kept as it is although it holds numbers: the names, by argument and reason.

    Raises
    ------
    TypeError
        For a complex argument.
    """

    def __init__(self, f: Callable[..., Any], args: Sequence[Any]) -> None:
        self.f = f
        self.slots: list[Slot] = []
        self.constants: dict[tuple[str, str], list[str]] = {}
        given = leaves(list(args))
        # Plain numbers join the kind of node that they meet.
        self._scalar = any(map(_holds_values, given)) and not any(isinstance(leaf, Tensor) for leaf in given)
        self.plan = []
        for name, arg in zip(_names(f, len(args)), args, strict=True):
            paths = _paths(arg, name)
            self.plan.append(map_leaves(lambda leaf: self._placed(leaf, next(paths), name), arg))  # noqa: B023

    def call(self, parts: Sequence[Any], *, plain: bool = False) -> Any:
        """f's answer with these parts in the slots; ``plain`` for one without any nodes, that is not to be recorded."""

        def put(planned: Any) -> Any:
            if not isinstance(planned, _Place):
                return planned.primal if plain and isinstance(planned, Node) else planned
            if planned.shape is None:
                return parts[planned.slot]
            boxes = np.empty(planned.shape, dtype=object)
            for i in range(boxes.size):
                boxes.flat[i] = parts[planned.slot + i]
            return boxes

        return self.f(*[map_leaves(put, planned) for planned in self.plan])

    def _placed(self, leaf: Any, name: str, argument: str) -> Any:
        """Where in the slots the numbers of a leaf stand; or the leaf itself, where they are to be kept."""
        place, why = _Place(len(self.slots)), ""
        if isinstance(leaf, Node):
            if leaf.requires_grad:
                self.slots.append(slot_of(name, leaf))
                return place
            why = "requires no gradient"
        elif _holds_values(leaf):
            if all(isinstance(box, Value) and box.requires_grad for box in leaf.flat):
                boxes = Slot(name, np.zeros(leaf.shape), Value)
                self.slots += [slot_of(boxes.entry(i), box) for i, box in enumerate(leaf.flat)]
                return _Place(place.slot, leaf.shape)
            why = "not only Values that require a gradient"
        elif isinstance(leaf, (int, float, complex, np.generic, np.ndarray)) and not isinstance(leaf, bool):
            numbers = np.asarray(leaf)
            if numbers.dtype.kind == "c":
                raise TypeError(f"check_grads: {name} is complex; gradients here are of real numbers")
            if numbers.dtype.kind == "f" and not (self._scalar and numbers.ndim):
                kind = Value if self._scalar else Tensor
                self.slots.append(Slot(name, numbers.astype(np.float64), kind, numbers.dtype))
                return place
            reasons = {"f": "a plain array beside Values", "i": "integers", "u": "integers"}
            why = reasons.get(numbers.dtype.kind, "")
        if why:
            self.constants.setdefault((argument, why), []).append(name)
        return leaf


@dataclass(frozen=True)
class _Place:
    """The slot whose numbers go here; with a shape, the first of the slots that fill an object array."""

    slot: int
    shape: tuple[int, ...] | None = None


def _holds_values(leaf: Any) -> bool:
    if isinstance(leaf, np.ndarray):
        return leaf.dtype == object and any(isinstance(box, Value) for box in leaf.flat)
    return isinstance(leaf, Value)


def _paths(tree: Any, path: str) -> Iterator[str]:
    """The names of the leaves of a container, in their order."""
    if isinstance(tree, (dict, list, tuple)):
        for key, part in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _paths(part, f"{path}[{key!r}]")
    else:
        yield path


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
