"""What a picture of a graph shows, in words and numbers, before any renderer has seen it.

Both ways of drawing (Graphviz's language and our own SVG) start from the same `Diagram`, so they show the same thing.
Every text in it is safe to lay out: printable characters only, on one line, of bounded length. Escaping for a language
is the business of whoever writes that language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autograd.graph import Node, tape

__all__ = ["EDGE_COLOUR", "GRAD_COLOUR", "INK", "PALETTE", "Box", "Colours", "Diagram", "Edge", "Row", "as_diagram"]

Kind = Literal["leaf", "constant", "result"]

LONGEST_TEXT = 40
MOST_ENTRIES = 12


@dataclass(frozen=True, slots=True)
class Colours:
    """How one kind of box is painted: always opaque, so that its text reads on a light page and on a dark one."""

    fill: str
    line: str
    faint: str


# Six digits each: older Graphviz knows no other spelling.
PALETTE: dict[Kind, Colours] = {
    "leaf": Colours(fill="#dcebfb", line="#2f6fb3", faint="#4b5b6c"),
    "constant": Colours(fill="#eef0f2", line="#8a94a0", faint="#59636e"),
    "result": Colours(fill="#fff3d6", line="#c98a1b", faint="#6b5c3f"),
}
INK = "#1f2933"
GRAD_COLOUR = "#a61e4d"
EDGE_COLOUR = "#7b8794"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a box: a name (empty where a matrix goes on) and its numbers."""

    name: str
    cells: tuple[str, ...]
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Box:
    """One node: the operation and label in its title, a note (shape, parameters) beside them, rows of numbers below."""

    kind: Kind
    symbol: str
    label: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """One argument: the box at index `tail` feeds the box at index `head`."""

    tail: int
    head: int


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes oldest first, so that every edge points forward; the edges into a box stand in argument order."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def as_diagram(root: Node) -> Diagram:
    """Everything `root` was computed from, as a diagram.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(3.0, label="x")
    >>> diagram = as_diagram(x * x)
    >>> [box.symbol or box.label for box in diagram.boxes]
    ['x', '*']
    >>> [(edge.tail, edge.head) for edge in diagram.edges]
    [(0, 1), (0, 1)]
    """
    nodes = tape(root)
    index = {id(node): i for i, node in enumerate(nodes)}
    changed = {id(arg) for node in nodes for arg in node.args if arg.is_leaf and not arg.used_by(node)}
    boxes = tuple(_box(node, changed=id(node) in changed) for node in nodes)
    edges = tuple(Edge(index[id(arg)], head) for head, node in enumerate(nodes) for arg in node.args)
    return Diagram(boxes, edges)


def _box(node: Node, changed: bool) -> Box:
    kind: Kind = "result" if node.primitive is not None else "leaf" if node.requires_grad else "constant"
    symbol = "" if node.primitive is None else _one_line(node.primitive.symbol)
    label = _one_line(node.label or "")
    shape = str(node.primal.shape) if hasattr(node.primal, "shape") else ""
    note = [" ".join(filter(None, ("" if symbol or label else kind, shape)))]
    note += [f"{name}={_param(value)}" for name, value in node.params.items() if value is not None and name != "shape"]
    note += ["changed since"] if changed else []
    rows = _rows("data", node.primal, INK)
    rows += [] if node.grad is None else _rows("grad", node.grad, GRAD_COLOUR)
    return Box(kind, symbol, label, ", ".join(filter(None, note)), tuple(rows))


def _param(value: Any) -> str:
    """A piece of metadata as one would write it in code: an index (0, slice(1, None)) as [0, 1:]."""
    if isinstance(value, tuple) and any(isinstance(part, slice) for part in value):
        return f"[{', '.join(map(_param, value))}]"
    if isinstance(value, slice):
        parts = (value.start, value.stop) if value.step is None else (value.start, value.stop, value.step)
        return ":".join("" if part is None else str(part) for part in parts)
    return _one_line("..." if value is Ellipsis else " ".join(str(value).split()))


def _rows(name: str, value: Any, colour: str) -> list[Row]:
    array = np.asarray(value)
    lines: list[tuple[str, ...]]
    if array.size == 0:
        lines = [("empty",)]
    elif array.size > MOST_ENTRIES:
        lines = [(_summary(array),)]
    else:
        width = array.shape[-1] if array.ndim else 1
        lines = [tuple(_number(entry) for entry in line) for line in array.reshape(-1, width)]
    return [Row("" if i else name, line, colour) for i, line in enumerate(lines)]


def _summary(array: np.ndarray[Any, Any]) -> str:
    """The range of many numbers, with what is not finite counted instead of swallowed."""
    finite = np.isfinite(array)
    parts = []
    if finite.any():
        low, high = array[finite].min(), array[finite].max()
        parts.append(f"all {_number(low)}" if low == high and finite.all() else f"{_number(low)} … {_number(high)}")
    for name, found in (("nan", np.isnan(array)), ("inf", array == np.inf), ("-inf", array == -np.inf)):
        parts += [f"{np.count_nonzero(found)} {name}"] if found.any() else []
    return ", ".join(parts)


def _number(entry: Any) -> str:
    return f"{entry:.4g}" if isinstance(entry, float | np.floating) else _one_line(str(entry))


def _one_line(text: str) -> str:
    """`text` with every invisible or direction-changing character written out, cut to a length that fits a box."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: LONGEST_TEXT + 1])
    if len(shown) <= LONGEST_TEXT:
        return shown
    return f"{shown[: LONGEST_TEXT - 8]}… ({len(text):,} characters)"
