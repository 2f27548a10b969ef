"""Containers: take nested lists, tuples and dicts of numbers and arrays apart, and put them together again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.graph import Node


def leaves(tree: Any) -> list[Any]:
    """The numbers, arrays and nodes of a nested container, in order.

    Examples
    --------
    >>> from autograd.containers import leaves
    >>> leaves({"W": [1.0, 2.0], "b": (3.0,)})
    [1.0, 2.0, 3.0]
    """
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in leaves(part)]
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def map_leaves(function: Callable[..., Any], tree: Any, *others: Any, path: str = "argument") -> Any:
    """The same containers with ``function`` applied to each leaf (and to the leaves at its place in ``others``).

    Raises
    ------
    ValueError
        Where another container is built differently; the message names the place.
    """
    if isinstance(tree, dict):
        for other in others:
            if not isinstance(other, dict) or other.keys() != tree.keys():
                raise ValueError(f"{path} must be a dict with the keys {list(tree)}")
        return {
            key: map_leaves(function, tree[key], *(o[key] for o in others), path=f"{path}[{key!r}]") for key in tree
        }
    if isinstance(tree, (list, tuple)) and not isinstance(tree, Node):
        for other in others:
            if len(other) != len(tree):
                raise ValueError(f"{path} must have {len(tree)} parts, got {len(other)}")
        parts = [
            map_leaves(function, *at_i, path=f"{path}[{i}]") for i, at_i in enumerate(zip(tree, *others, strict=True))
        ]
        if isinstance(tree, tuple) and hasattr(tree, "_fields"):
            return type(tree)(*parts)
        return type(tree)(parts)
    return function(tree, *others)
