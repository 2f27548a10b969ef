"""Checks of what layers, losses and optimisers are given: each error says what was expected, and what came instead."""

from __future__ import annotations

import math
import numbers
import operator
from typing import Any

import numpy as np


def integer(name: str, value: Any, least: int = 1) -> int:
    """``value`` as an int that is no smaller than ``least``.

    Examples
    --------
    >>> integer("in_features", 3)
    3
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be {least} or more, got {number}")
    return number


def pair(name: str, value: Any, least: int = 1) -> tuple[int, int]:
    """A height and a width: one integer stands for both.

    Examples
    --------
    >>> pair("stride", 2), pair("stride", (2, 1))
    ((2, 2), (2, 1))
    """
    sides = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(sides) != 2:
        raise ValueError(f"{name} must be one integer or a pair (height, width), got {value!r}")
    return integer(name, sides[0], least), integer(name, sides[1], least)


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, below: bool = False) -> float:
    """``value`` as a finite float from ``low`` to ``high``; ``below`` leaves ``high`` itself out.

    Examples
    --------
    >>> number("p", 0.5, 0, 1)
    0.5
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")
    x = float(value)
    if not (math.isfinite(x) and low <= x and (x < high if below else x <= high)):
        bounds = f" from {low:g}" if low > -math.inf else ""
        bounds += f" {'to below' if below else 'to'} {high:g}" if high < math.inf else " up" if bounds else ""
        raise ValueError(f"{name} must be a finite number{bounds}, got {value!r}")
    return x


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value``, which must be one of a few words."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return str(value)


def shape_of(layer: Any, x: Any, *axes: int | None, more: bool = False) -> tuple[int, ...]:
    """The shape of a layer's input, which must have these axes; None stands for any length.

    Parameters
    ----------
    layer : object
        Named in the message by its repr.
    x : ndarray or Tensor
    *axes : int or None
        The last axes that the input must have.
    more : bool
        Whether any number of axes may stand before them.

    Examples
    --------
    >>> shape_of("Linear", np.ones((5, 3)), 3, more=True)
    (5, 3)
    """
    if not hasattr(x, "shape"):
        raise TypeError(f"{layer} takes an array or a Tensor, got {type(x).__name__}; wrap it with np.array")
    shape: tuple[int, ...] = x.shape
    last = shape[len(shape) - len(axes) :]
    if (
        len(shape) < len(axes)
        or (len(shape) > len(axes) and not more)
        or any(wanted not in (None, given) for wanted, given in zip(axes, last, strict=True))
    ):
        wanted = ", ".join(["..."] * more + ["any" if n is None else str(n) for n in axes])
        raise ValueError(f"{layer} takes input of shape ({wanted}), got {shape}")
    return shape


def class_indices(name: str, given: Any, classes: int, ignored: int | None = None) -> np.ndarray[Any, Any]:
    """Plain integers from 0 to below ``classes``, or equal to ``ignored``, as an array.

    Raises
    ------
    TypeError
        Where they are no integers.
    ValueError
        Where one is out of range; the message names the first one and its place.
    """
    given = getattr(given, "primal", given)
    index = np.asarray(given)
    if index.size == 0 and index.dtype == np.float64:
        index = index.astype(np.intp)
    if index.dtype.kind not in "iu":
        raise TypeError(f"{name} must be plain integers, got dtype {index.dtype}; use .astype(int)")
    wrong = (index < 0) | (index >= classes)
    if ignored is not None:
        wrong &= index != ignored
    if wrong.any():
        place = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"{name} must lie from 0 to {classes - 1}, got {index[place]} at {place}")
    return index
