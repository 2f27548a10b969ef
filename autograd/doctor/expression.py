"""A recorded gradient as a line of Python: the formula that somebody would write by hand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.graph import Node, tape

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4


class Text(NamedTuple):
    """A piece of a formula: a number times something, and how tightly that something binds."""

    factor: float
    body: str
    binds: int

    def whole(self, binds: int = 0) -> str:
        """The piece with its factor, in brackets where it binds less than it must."""
        text, own = self.body, self.binds
        if not text:
            text, own = f"{self.factor:.6g}", ATOM if self.factor >= 0 else PRODUCT
        elif self.factor == -1:
            text, own = f"-{self.bracketed(PRODUCT)}", PRODUCT
        elif self.factor != 1:
            text, own = f"{self.factor:.6g} * {self.bracketed(PRODUCT)}", PRODUCT
        return f"({text})" if own < binds else text

    def bracketed(self, binds: int) -> str:
        """The piece without its factor, in brackets where it binds less than it must."""
        return f"({self.body})" if self.binds < binds else self.body


def text_of(root: Node) -> Text:
    """Write down how a node was computed, labelled nodes by their labels."""
    done: dict[int, Text] = {}
    for node in tape(root):
        done[node.serial] = _text(node, [done[arg.serial] for arg in node.args])
    return done[root.serial]


def _text(node: Node, args: list[Text]) -> Text:
    if node.label is not None:
        return Text(1.0, node.label, ATOM)
    if node.primitive is None:
        array = np.asarray(node.primal)
        if array.size and np.all(array == array.flat[0]):
            return Text(float(array.flat[0]), "", ATOM)
        return Text(1.0, "...", ATOM)
    writer = _WRITERS.get(node.primitive.name)
    if writer is not None:
        return writer(node, args)
    inside = ", ".join(arg.whole() for arg in args)
    return Text(1.0, f"{node.primitive.name}({inside})", ATOM)


def _add(node: Node, args: list[Text]) -> Text:
    return _added(args[0], args[1])


def _sub(node: Node, args: list[Text]) -> Text:
    return _added(args[0], Text(-args[1].factor, args[1].body, args[1].binds))


def _added(a: Text, b: Text) -> Text:
    if not a.body and not b.body:
        return Text(a.factor + b.factor, "", ATOM)
    if b.factor < 0:
        return Text(1.0, f"{a.whole(SUM)} - {Text(-b.factor, b.body, b.binds).whole(PRODUCT)}", SUM)
    return Text(1.0, f"{a.whole(SUM)} + {b.whole(SUM)}", SUM)


def _mul(node: Node, args: list[Text]) -> Text:
    a, b = args
    factor = a.factor * b.factor
    if not a.body or not b.body:
        kept = a if a.body else b
        return Text(factor, kept.body, kept.binds)
    if a.body == b.body:
        return Text(factor, f"{a.bracketed(ATOM)}**2", POWER)
    return Text(factor, f"{a.bracketed(PRODUCT)} * {b.bracketed(POWER)}", PRODUCT)


def _div(node: Node, args: list[Text]) -> Text:
    a, b = args
    factor = a.factor / b.factor if b.factor else float("nan")
    if not b.body:
        return Text(factor, a.body, a.binds)
    return Text(1.0, f"{Text(factor, a.body, a.binds).whole(PRODUCT)} / {b.bracketed(POWER)}", PRODUCT)


def _matmul(node: Node, args: list[Text]) -> Text:
    a, b = args
    return Text(a.factor * b.factor, f"{a.bracketed(PRODUCT)} @ {b.bracketed(POWER)}", PRODUCT)


def _neg(node: Node, args: list[Text]) -> Text:
    return Text(-args[0].factor, args[0].body, args[0].binds)


def _power(node: Node, args: list[Text]) -> Text:
    if not args[0].body:
        return Text(args[0].factor ** node.params["exponent"], "", ATOM)
    return Text(1.0, f"{args[0].whole(ATOM)}**{node.params['exponent']:g}", POWER)


def _transpose(node: Node, args: list[Text]) -> Text:
    if not args[0].body:
        return args[0]
    return Text(args[0].factor, f"{args[0].bracketed(ATOM)}.T", ATOM)


def _same(node: Node, args: list[Text]) -> Text:
    return args[0]


def _sum(node: Node, args: list[Text]) -> Text:
    axis = node.params.get("axis")
    options = ("" if axis is None else f", axis={axis}") + (", keepdims=True" if node.params.get("keepdims") else "")
    return Text(args[0].factor, f"sum({args[0].body or '1'}{options})", ATOM)


def _sum_to(node: Node, args: list[Text]) -> Text:
    wide, narrow = np.shape(node.args[0].primal), np.shape(node.primal)
    new = len(wide) - len(narrow)
    axes = [*range(new), *(new + i for i, n in enumerate(narrow) if n == 1 and wide[new + i] != 1)]
    axis = f", axis={axes[0] if len(axes) == 1 else tuple(axes)}" if narrow else ""
    keep = ", keepdims=True" if len(narrow) == len(wide) and narrow else ""
    return Text(args[0].factor, f"sum({args[0].body or '1'}{axis}{keep})", ATOM)


_WRITERS = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "matmul": _matmul,
    "neg": _neg,
    "positive": _same,
    "raise_to": _power,
    "square": lambda node, args: _power_of(args[0], 2),
    "transpose": _transpose,
    "reshape": _same,
    "broadcast_to": _same,
    "sum": _sum,
    "sum_to": _sum_to,
}


def _power_of(a: Text, n: int) -> Text:
    return Text(a.factor**n, f"{a.bracketed(ATOM)}**{n}", POWER) if a.body else Text(a.factor**n, "", ATOM)
