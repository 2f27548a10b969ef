"""What nodes are called: by their label, else by the variable that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

import numpy as np

from autograd.graph import Node

__all__ = ["label", "names_of", "variables"]

MOST_PARTS = 1000


def label(variables: Mapping[str, Any]) -> None:
    """Give every node that has no label the name of the variable that holds it: ``autograd.label(locals())``.

    Nodes in lists, tuples, dicts and object arrays are named with their place: ``hidden[0]``. Names that begin with an
    underscore are passed over. Pictures find the caller's variables by themselves; a label stays when they are gone.

    Parameters
    ----------
    variables : dict of str to object

    Raises
    ------
    TypeError
        If `variables` is not a mapping of names.

    Examples
    --------
    >>> import autograd
    >>> def neuron(x):
    ...     w, b = autograd.Value(0.5), autograd.Value(1.0)
    ...     z = w * x + b
    ...     autograd.label(locals())
    ...     return z
    >>> [node.label for node in autograd.tape(neuron(2.0)) if node.label]
    ['w', 'b', 'z']
    """
    if not isinstance(variables, Mapping) or not all(isinstance(name, str) for name in variables):
        raise TypeError(f"label takes a dict of names, such as locals(), got {type(variables).__name__}")
    for name, node in _nodes_in(variables):
        if node.label is None:
            node.label = name


def variables(frame: FrameType | None) -> dict[str, Any]:
    """The variables that can be seen from a frame, its own first."""
    if frame is None:
        return {}
    own = frame.f_locals
    return {**own, **frame.f_globals, **own}


def names_of(nodes: Iterable[Node], variables: Mapping[str, Any]) -> dict[int, str]:
    """What to call nodes, by serial: the label, else the variable. A constant is named by the array it was made from.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(2.0)
    >>> names_of([x], {"x": x}) == {x.serial: "x"}
    True
    """
    nodes = list(nodes)
    held: dict[int, str] = {}
    for name, node in _nodes_in(variables):
        held.setdefault(node.serial, name)
    arrays: dict[Any, str] = {}
    for name, value in variables.items():
        if isinstance(value, np.ndarray) and not name.startswith("_"):
            arrays.setdefault(_buffer(value), name)
            arrays.setdefault(_buffer(value.T), f"{name}ᵀ")
    found: dict[int, str] = {}
    for node in nodes:
        called = node.label or held.get(node.serial)
        if called is None and node.primitive is None and arrays and isinstance(node.primal, np.ndarray):
            called = arrays.get(_buffer(node.primal))
        if called:
            found[node.serial] = called
    return found


def _buffer(array: np.ndarray[Any, Any]) -> Any:
    """What two arrays have in common that are the same numbers in memory."""
    return array.__array_interface__["data"][0], array.shape, array.strides


def _nodes_in(variables: Mapping[str, Any]) -> Iterator[tuple[str, Node]]:
    """Every node that a variable holds, or a container in one, with its name."""
    for name, value in list(variables.items()):
        if name.startswith("_") or not name.isidentifier():
            continue
        if isinstance(value, Node):
            yield name, value
        elif isinstance(value, list | tuple) and len(value) <= MOST_PARTS:
            yield from ((f"{name}[{i}]", part) for i, part in enumerate(value) if isinstance(part, Node))
        elif isinstance(value, dict) and len(value) <= MOST_PARTS and name != "Out":  # Out: IPython's results
            yield from ((f"{name}[{key!r}]", part) for key, part in value.items() if isinstance(part, Node))
        elif isinstance(value, np.ndarray) and value.dtype == object and value.size <= MOST_PARTS:
            for index in np.ndindex(value.shape):
                part: Any = value[index]
                if isinstance(part, Node):
                    yield f"{name}[{','.join(map(str, index))}]", part
