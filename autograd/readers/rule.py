"""A derivative rule, read on symbols: what it computes from the cotangent, the result and the arguments, as a graph.

Nothing here knows a derivative. `read` lets the engine sweep a node once more, recording, on stand-ins of its
arguments; what comes out is an ordinary graph, which `written` prints as mathematics, and in which the transposes and
sums that gave the cotangent its shape can be found.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.graph import Constant, Node, tape
from autograd.primitives.elementwise import select
from autograd.scope import recording_on
from autograd.sweep import sweep

__all__ = ["NUMBER", "Reading", "applied", "local_cotangents", "read", "summed_axes", "written"]

SUM, MATRIX, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5

NUMBER = "\ue003"
"""Stands before a number in a name, for those who format numbers later."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The rule of one argument, recorded: `result`, the argument's cotangent, is computed from the other three."""

    result: Node
    g: Node
    out: Node
    args: tuple[Node, ...]


def read(node: Node) -> list[Reading | None]:
    """Record what the rules of `node` do, one reading for each argument.

    A reading is None where the argument needs no gradient, or where the rule cannot be read on nodes.

    Examples
    --------
    >>> from autograd import Value
    >>> x, y = Value(3.0, label="x"), Value(4.0, label="y")
    >>> u = x * y
    >>> first, second = read(u)
    >>> written(first.result, {first.g.serial: "g", first.args[1].serial: "y"})
    'g · y'
    """
    try:
        args = tuple(_stand_in(arg, node, tracked=True) for arg in node.args)
        out = _on(node, args)
        g = node.kind.leaf(_ones(out.primal), requires_grad=True)
        with recording_on(), np.errstate(all="ignore"):
            found = {reached.serial: cotangent for reached, cotangent in sweep(out, g, create_graph=True)}
    except Exception:  # a rule of somebody's own may work on plain numbers only
        return [None] * len(node.args)
    return [
        Reading(found[arg.serial], g, out, args) if of.requires_grad and arg.serial in found else None
        for arg, of in zip(args, node.args, strict=True)
    ]


def local_cotangents(node: Node, g: Any = None, *, widened: bool = False, shielded: bool = False) -> list[Any]:
    """What a node whose cotangent is `g` adds to the cotangent of each argument; None where that needs no gradient.

    Parameters
    ----------
    node : Node
        The result of an operation.
    g : number or array of its shape, optional
        Its cotangent; 1 by default, so that the local derivatives come out.
    widened : bool
        Take the arguments as broadcast to the node's shape already, so that nothing is summed in the end.
    shielded : bool
        Whether the node lies below a `where`, so that 0 times an infinite derivative is 0.

    Examples
    --------
    >>> from autograd import Value
    >>> local_cotangents(Value(3.0) * Value(4.0), 0.5)
    [2.0, 1.5]
    """
    args = tuple(_stand_in(arg, node, tracked=arg.requires_grad, widened=widened) for arg in node.args)
    out = _on(node, args)
    seed = _ones(out.primal) if g is None else g
    with recording_on(), np.errstate(all="ignore"):
        top = select(out, 0.0, condition=np.ones(np.shape(out.primal), dtype=bool)) if shielded else out
        found = {reached.serial: cotangent for reached, cotangent in sweep(top, seed)}
    return [found.get(arg.serial) if arg.requires_grad else None for arg in args]


def _stand_in(arg: Node, node: Node, *, tracked: bool, widened: bool = False) -> Node:
    """A leaf with an argument's number: an argument used twice gets two, so that each use has its own share."""
    kind: Any = node.kind
    primal = arg.primal
    if not isinstance(primal, kind.holds):  # a plain number among arrays
        return Constant.leaf(primal)
    if widened:
        primal = np.broadcast_to(primal, np.shape(node.primal)).copy()
    leaf: Node = kind.leaf(primal, requires_grad=tracked)
    return leaf


def _on(node: Node, args: tuple[Node, ...]) -> Node:
    """The same operation, with the result that it had, on other arguments."""
    again = copy.copy(node)
    again.args = args
    again.requires_grad = True
    return again


def _ones(primal: Any) -> Any:
    return 1.0 if isinstance(primal, float) else np.ones_like(primal)


# --- writing --------------------------------------------------------------------------------------------------------

Piece = tuple[str, int]
"""A text, and how tightly it binds."""


def written(root: Node, names: Mapping[int, str]) -> str:
    """How `root` was computed, as a line of mathematics.

    Parameters
    ----------
    root : Node
    names : mapping from serials to names
        What to call the nodes that the line starts from. A name "1" disappears from products; one that starts with a
        minus is put into brackets where it must be. Where a node has no name, its number or its shape stands for it.

    Examples
    --------
    >>> from autograd import Value, exp
    >>> x = Value(2.0)
    >>> written((1 - exp(-x)) ** 2 / x, {x.serial: "x"})
    '(1 − exp(−x))² / x'
    """
    done: dict[int, Piece] = {}
    for node in tape(root):
        if node.serial in names:
            done[node.serial] = _named(names[node.serial])
        else:
            done[node.serial] = _piece(node, [done[arg.serial] for arg in node.args])
    return done[root.serial][0]


def applied(node: Node, names: Mapping[int, str]) -> str:
    """The one operation that made `node`, on its arguments' names.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> applied((x + 1) * x, {x.serial: "x"})
    '… · x'
    """
    return _piece(node, [_named(names.get(arg.serial, "…")) for arg in node.args])[0]


def _named(name: str) -> Piece:
    return name, PRODUCT if name.startswith(_MINUS) else ATOM


_MINUS = ("−", "-", f"{NUMBER}-")


def _piece(node: Node, args: Sequence[Piece]) -> Piece:
    if node.primitive is None:
        return _plain(node.primal)
    writer = _WRITERS.get(node.primitive.name)
    if writer is not None:
        piece: Piece = writer(node, *args)
        return piece
    given = [text for text, _ in args] + [f"{name}={_metadata(value)}" for name, value in node.params.items()]
    return f"{node.primitive.symbol}({', '.join(given)})", ATOM


def _plain(primal: Any) -> Piece:
    array = np.asarray(primal)
    if array.size and np.all(array == array.flat[0]):
        text = f"{array.flat[0]:.6g}".replace("-", "−")
        return text, PRODUCT if text.startswith("−") else ATOM
    return f"[{'×'.join(map(str, array.shape))}]", ATOM


def _metadata(value: Any) -> str:
    return f"[{'×'.join(map(str, value.shape))}]" if isinstance(value, np.ndarray) else str(value)


def _in(piece: Piece, binds: int) -> str:
    """A piece, in brackets where it binds less than it must."""
    text, own = piece
    return f"({text})" if own < binds else text


def _add(node: Node, a: Piece, b: Piece) -> Piece:
    return f"{_in(a, SUM)} + {_in(b, POWER if b[0].startswith(_MINUS) else SUM)}", SUM


def _sub(node: Node, a: Piece, b: Piece) -> Piece:
    return f"{_in(a, SUM)} − {_in(b, POWER if b[0].startswith(_MINUS) else MATRIX)}", SUM


def _negative(node: Node, a: Piece) -> Piece:
    return f"−{_in(a, POWER)}", PRODUCT


def _mul(node: Node, a: Piece, b: Piece) -> Piece:
    for this, other in ((a, b), (b, a)):
        if this[0] == "1":
            return other
        if this[0] == "−1":
            return _negative(node, other)
    arrays = all(np.ndim(arg.primal) for arg in node.args)
    return f"{_in(a, PRODUCT)} {'⊙' if arrays else '·'} {_in(b, POWER)}", PRODUCT


def _div(node: Node, a: Piece, b: Piece) -> Piece:
    return a if b[0] == "1" else (f"{_in(a, PRODUCT)} / {_in(b, POWER)}", PRODUCT)


def _matmul(node: Node, a: Piece, b: Piece) -> Piece:
    """A chain of matrix products needs no brackets; between other products it gets them."""
    left = a[0] if a[1] == MATRIX else _in(a, POWER)
    return f"{left} @ {_in(b, POWER)}", MATRIX


_RAISED = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")


def _raise_to(node: Node, a: Piece) -> Piece:
    exponent = f"{node.params['exponent']:g}"
    if exponent == "1":
        return a
    return f"{_in(a, ATOM)}{exponent.translate(_RAISED)}", POWER


def _transpose(node: Node, a: Piece) -> Piece:
    axes, ndim = node.params.get("axes"), np.ndim(node.primal)
    if axes is not None and tuple(axes) != (*range(ndim - 2), ndim - 1, ndim - 2) and ndim != 2:
        return f"transpose({a[0]}, axes={tuple(axes)})", ATOM
    return f"{_in(a, ATOM)}ᵀ", ATOM


def _summed(node: Node, a: Piece) -> Piece:
    axis = node.params.get("axis")
    return f"sum({a[0]}{'' if axis is None else f', axis {axis}'})", ATOM


def summed_axes(node: Node) -> tuple[int, ...]:
    """The axes that a `sum_to` sums over."""
    wide, narrow = np.shape(node.args[0].primal), np.shape(node.primal)
    new = len(wide) - len(narrow)
    return (*range(new), *(new + i for i, n in enumerate(narrow) if n == 1 and wide[new + i] != 1))


def _summed_to(node: Node, a: Piece) -> Piece:
    axes = summed_axes(node)
    if not axes:
        return a
    if not np.ndim(node.primal):
        return f"sum({a[0]})", ATOM
    return f"sum({a[0]}, axis {', '.join(map(str, axes))})", ATOM


def _repeated(node: Node, a: Piece) -> Piece:
    return (a[0], ATOM) if a[0] == "1" else (f"repeat({a[0]})", ATOM)


def _chosen(node: Node, a: Piece, b: Piece) -> Piece:
    condition = np.asarray(node.params["condition"])
    if condition.size and (condition.all() or not condition.any()):
        return a if condition.all() else b
    return f"({a[0]} where chosen, else {b[0]})", ATOM


_WRITERS: dict[str, Any] = {
    "abs": lambda node, a: (f"|{a[0]}|", ATOM),
    "add": _add,
    "astype": lambda node, a: a,
    "broadcast_to": _repeated,
    "div": _div,
    "getitem": lambda node, a: (f"{_in(a, ATOM)}[…]", ATOM),
    "matmul": _matmul,
    "mul": _mul,
    "neg": _negative,
    "positive": lambda node, a: a,
    "power": lambda node, a, b: (f"{_in(a, ATOM)}^{_in(b, ATOM)}", POWER),
    "raise_to": _raise_to,
    "reciprocal": lambda node, a: (f"1 / {_in(a, POWER)}", PRODUCT),
    "reshape": lambda node, a: (f"reshape({a[0]})", ATOM),
    "scatter": lambda node, a: (f"scatter({a[0]})", ATOM),
    "select": _chosen,
    "sqrt": lambda node, a: (f"√{_in(a, ATOM)}", POWER),
    "square": lambda node, a: (f"{_in(a, ATOM)}²", POWER),
    "sub": _sub,
    "sum": _summed,
    "sum_to": _summed_to,
    "transpose": _transpose,
}
