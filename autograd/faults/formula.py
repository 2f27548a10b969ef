"""Write a node as the formula that it was computed by, as far down as fits on a line."""

from __future__ import annotations

import numpy as np

from autograd.graph import Node

__all__ = ["formula", "number", "numbers", "spoken"]

INFIX = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2), "matmul": ("@", 2)}
UNSEEN = {"reshape", "broadcast_to", "astype"}
PUBLIC = {
    "concat": "concatenate",
    "contract": "einsum",
    "euclidean_norm": "norm",
    "raise_to": "power",
    "running_sum": "cumsum",
    "select": "where",
}
"""What one writes to get a primitive that has another name."""

DEEPEST = 8
LONGEST = 72


def formula(node: Node, *, of_label: bool = False) -> str:
    """The node's label, else its operation on the formulas of its arguments; or both, as ``label = formula``.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Value
    >>> x, y = Value(2.0, label="x"), Value(3.0, label="y")
    >>> formula(1 / (1 + np.exp(-x)) * y)
    '1 / (1 + exp(-x)) * y'
    """
    if node.label is not None and not (of_label and node.args):
        return _one_line(node.label)
    texts = (_written(node, level, 0) for level in range(DEEPEST, 0, -1))
    text = next((text for text in texts if len(text) <= LONGEST), "…")
    return text if node.label is None else f"{_one_line(node.label)} = {text}"


def _named(node: Node, depth: int, binding: int) -> str:
    return _written(node, depth, binding) if node.label is None else _one_line(node.label)


def _written(node: Node, depth: int, binding: int) -> str:
    primitive = node.primitive
    if primitive is None:
        size = np.size(node.primal)
        return number(float(np.reshape(node.primal, ()))) if size == 1 else f"array{np.shape(node.primal)}"
    if depth == 0:
        return "…"
    name, args = primitive.name, node.args
    if name in UNSEEN:
        return _named(args[0], depth, binding)
    if name in INFIX:
        symbol, own = INFIX[name]
        text = f"{_named(args[0], depth - 1, own)} {symbol} {_named(args[1], depth - 1, own + 1)}"
    elif name == "neg":
        text, own = f"-{_named(args[0], depth - 1, 3)}", 1
    elif name == "raise_to":
        text, own = f"{_named(args[0], depth - 1, 4)} ** {number(node.params['exponent'])}", 3
    elif name == "transpose" and np.ndim(node.primal) == 2:
        return f"{_named(args[0], depth, 4)}.T"
    elif name == "getitem":
        return f"{_named(args[0], depth, 4)}[…]"
    else:
        return f"{spoken(node)}({', '.join(_named(arg, depth - 1, 0) for arg in args)})"
    return f"({text})" if own < binding else text


def spoken(node: Node) -> str:
    """The name of the operation that made a node, as one would write it; nothing for a leaf."""
    name = "" if node.primitive is None else node.primitive.name
    return PUBLIC.get(name, name)


def number(value: float) -> str:
    """A number in a message, with as many digits as tell it from 1 and -1, where much changes."""
    texts = (f"{value:.{digits}g}" for digits in range(4, 18))
    return next((text for text in texts if abs(float(text)) != 1 or float(text) == value), repr(value))


def numbers(array: object) -> str:
    """A number, or the range of many, with what is not finite counted."""
    values = np.asarray(array, float)
    if values.size == 1:
        return number(float(values.reshape(())))
    finite = values[np.isfinite(values)]
    if finite.size == values.size and finite.size and finite.min() == finite.max():
        return f"{number(finite.min())} throughout"
    ends = dict.fromkeys(map(number, (finite.min(), finite.max()))) if finite.size else ()
    parts = [" … ".join(ends)] if ends else []
    kinds = (("nan", np.isnan(values)), ("inf", values == np.inf), ("-inf", values == -np.inf))
    parts += [f"{np.count_nonzero(found)} {name}" for name, found in kinds if found.any()]
    return ", ".join(parts) or "nothing"


def _one_line(text: str) -> str:
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:LONGEST])
    return shown if len(text) <= LONGEST else shown[: LONGEST - 1] + "…"
