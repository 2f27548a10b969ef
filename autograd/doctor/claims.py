"""What is claimed, and about which step: keys such as "dW1" or "d_out" find the node that they are the gradient of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.doctor.steps import Array
from autograd.graph import Node, describe

_PREFIX = re.compile(r"^(?:d[A-Za-z]*_?/?d_?|grads?_|gradient_|delta_?|nabla_?|∂|∇|δ|[dgD]_?)(?=.)")
_SUFFIX = re.compile(r"(?:_grad|_delta|_d|_g|\.grad)$")


ONLY = "params"
"""What the only parameter is called, where params is one array."""

LARGEST = 1e150
"""A number beyond is as good as nan: its square is infinite."""


def spellings(key: str) -> list[str]:
    """The labels that a key may mean, the likeliest first.

    Examples
    --------
    >>> spellings("dW1")
    ['dW1', 'W1']
    >>> spellings("dL_dz2")
    ['dL_dz2', 'z2', 'L_dz2']
    """
    found = [key]
    prefix = _PREFIX.match(key)
    if prefix:
        found.append(key[prefix.end() :])
    suffix = _SUFFIX.search(key)
    if suffix:
        found.append(key[: suffix.start()])
    if key[:1] in "dgD" and len(key) > 1:
        found.append(key[1:].lstrip("_"))
    return list(dict.fromkeys(found))


def find(key: Any, labels: Mapping[str, Any]) -> Any:
    """What a key means among the labelled things; None where nothing fits."""
    if not isinstance(key, str):
        return None
    for spelling in spellings(key):
        if spelling in labels:
            return labels[spelling]
    folded: dict[str, list[Any]] = {}
    for label, thing in labels.items():
        folded.setdefault(label.casefold().replace("_", ""), []).append(thing)
    for spelling in spellings(key):
        alike = folded.get(spelling.casefold().replace("_", ""), [])
        if len(alike) == 1:
            return alike[0]
    return None


def as_array(key: Any, claim: Any) -> Array:
    """A claim as float64 numbers, nan where they are beyond `LARGEST`.

    Raises
    ------
    TypeError
        Where it holds no real numbers.
    """
    if isinstance(claim, Node):
        claim = claim.primal
    array = np.asarray(claim)
    if array.dtype == object:
        array = np.array([getattr(entry, "primal", entry) for entry in array.flat]).reshape(array.shape)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"the claim for {_name(key)} must hold real numbers, got {type(claim).__name__} of {array.dtype}"
        )
    array = array.astype(np.float64)
    return np.where(np.abs(array) < LARGEST, array, np.nan)


def _name(key: Any) -> str:
    """A key in a message."""
    return key if isinstance(key, str) else describe(key) if isinstance(key, Node) else repr(key)


def as_mapping(claimed: Any, params: Any, wanted: Sequence[Any]) -> dict[Any, Array]:
    """Claims by key: from a mapping, from a sequence in the order of the parameters, or from one array.

    Parameters
    ----------
    claimed, params
        As `autograd.diagnose` was given them.
    wanted : sequence
        The keys of all parameters: one array, or one number, is the gradient of the only one.

    Raises
    ------
    TypeError, ValueError
        Where it is none of these, or has no entries, or as many as there are no parameters.
    """
    bare = isinstance(claimed, (np.ndarray, Node, int, float, np.number)) or (
        params is None and isinstance(claimed, (list, tuple)) and bool(claimed) and not _holds_arrays(claimed)
    )
    if bare and len(wanted) != 1:
        names = ", ".join(map(_name, wanted))
        raise TypeError(
            f"claimed must be a dict of gradients by label, got one {type(claimed).__name__}, where there are "
            f"{len(wanted)} parameters: {names}"
        )
    if bare:
        found = {wanted[0]: as_array(wanted[0], claimed)}
    elif isinstance(claimed, Mapping):
        found = {key: as_array(key, claim) for key, claim in flat(claimed).items() if claim is not None}
    elif isinstance(claimed, Sequence) and not isinstance(claimed, str) and params is not None:
        keys = list(flat(params))
        claims = list(flat(list(claimed)).values())
        if len(claims) != len(keys):
            raise ValueError(f"claimed has {len(claims)} gradients, but there are {len(keys)} parameters: {keys}")
        found = {key: as_array(key, claim) for key, claim in zip(keys, claims, strict=True) if claim is not None}
    else:
        raise TypeError(
            "claimed must be a dict of gradients by label, a list of them in the order of params, or a function that "
            f"returns one of these; got {type(claimed).__name__}"
        )
    if not found:
        raise ValueError("claimed holds no gradients: give at least one, such as {'W1': array}")
    return found


def flat(tree: Any, name: str = "") -> dict[Any, Any]:
    """Nested containers as one dict, with keys such as ``W[0]``; a list of numbers is an array.

    Examples
    --------
    >>> flat({"W": [np.ones(1), np.zeros(1)], "b": [3.0]})
    {'W[0]': array([1.]), 'W[1]': array([0.]), 'b': [3.0]}
    """
    if isinstance(tree, Mapping):
        parts: Iterable[tuple[Any, Any]] = tree.items()
        named = [(key if not name else f"{name}[{key!r}]", part) for key, part in parts]
    elif _holds_arrays(tree):
        named = [(f"{name or 'params'}[{i}]", part) for i, part in enumerate(tree)]
    else:
        return {name or ONLY: tree}
    found: dict[Any, Any] = {}
    for key, part in named:
        found.update(flat(part, key) if isinstance(key, str) and not isinstance(part, Node) else {key: part})
    return found


def _holds_arrays(tree: Any) -> bool:
    """Whether a list holds arrays, and is not one itself, written as nested lists of numbers."""
    if not isinstance(tree, (list, tuple)):
        return False
    if any(isinstance(part, (np.ndarray, Node, Mapping)) or _holds_arrays(part) for part in tree):
        return True
    try:
        return np.asarray(tree).dtype == object
    except ValueError:  # of unequal lengths
        return True


def rebuilt(tree: Any, leaves: Mapping[Any, Any], name: str = "") -> Any:
    """The same containers with other leaves, by the keys of `flat`."""
    if isinstance(tree, Mapping):
        return {key: rebuilt(part, leaves, key if not name else f"{name}[{key!r}]") for key, part in tree.items()}
    if _holds_arrays(tree):
        return type(tree)(rebuilt(part, leaves, f"{name or 'params'}[{i}]") for i, part in enumerate(tree))
    return leaves[name or ONLY]
