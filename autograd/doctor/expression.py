"""A recorded gradient as a line of Python: the formula that somebody would write by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from autograd.graph import Node, tape
from autograd.primitives.linear_algebra import matmul
from autograd.primitives.movement import transpose

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4

GAP = "..."
"""Stands for what one would not write by hand."""

FUNCTIONS = {
    *("exp", "log", "log1p", "expm1", "sqrt", "cbrt", "abs", "sign", "square", "maximum", "minimum", "where"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "sigmoid", "softmax", "log_softmax"),
}


class Constant(NamedTuple):
    """A number that has a name, such as 2 / m."""

    value: float
    above: str
    """"2", or "" for 1, or "-"."""
    below: str
    """"m", or "" for 1."""


class Text(NamedTuple):
    """A piece of a formula: a number times something, and how tightly that something binds.

    Attributes
    ----------
    factor : float
    body : str
        "" for the number alone.
    binds : int
    """

    factor: float
    body: str
    binds: int

    def bracketed(self, binds: int) -> str:
        """The piece without its factor, in brackets where it binds less than it must."""
        return f"({self.body})" if self.binds < binds else self.body

    def times(self, factor: float) -> Text:
        """The piece times a number."""
        return self._replace(factor=self.factor * factor)


class Writer:
    """Writes recorded computations down, labelled nodes by their labels.

    Parameters
    ----------
    constants : sequence of Constant
        Numbers to write by their names; the first that fits is taken.
    """

    def __init__(self, constants: Sequence[Constant] = ()) -> None:
        self.constants = constants

    def text_of(self, root: Node) -> Text:
        """The formula of a node."""
        done: dict[int, Text] = {}
        for node in tape(root):
            factors = node.args[0].args if node.primitive is transpose and node.args[0].label is None else ()
            if len(factors) == 2 and node.args[0].primitive is matmul and node.primal.ndim == 2:
                left, right = (_turned(done[factor.serial]) for factor in factors)  # (A @ B).T is B.T @ A.T
                done[node.serial] = self.product(right, "@", left)
            else:
                done[node.serial] = self._text(node, [done[arg.serial] for arg in node.args])
        return done[root.serial]

    def whole(self, text: Text, binds: int = 0) -> str:
        """A piece with its factor, in brackets where it binds less than it must."""
        written, own = text.body, text.binds
        if not text.body:
            written, own = f"{text.factor:.6g}", ATOM if text.factor >= 0 else PRODUCT
        elif abs(text.factor - 1) > 1e-9:
            named = next((c for c in self.constants if abs(text.factor - c.value) <= 1e-7 * abs(c.value)), None)
            above, below = (f"{text.factor:.6g}", "") if named is None else (named.above, named.below)
            if above == "-1" or (named is None and text.factor == -1):
                above = "-"
            front = above if above in ("", "-") else f"{above} * "
            written, own = f"{front}{text.bracketed(PRODUCT)}" + (f" / {below}" if below else ""), PRODUCT
        return f"({written})" if own < binds else written

    def _text(self, node: Node, args: list[Text]) -> Text:
        if node.label is not None:
            return Text(1.0, node.label, ATOM if bracketed(node.label) == node.label else SUM)
        if node.primitive is None:
            array = np.asarray(node.primal)
            if array.size and np.all(array == array.flat[0]):
                return Text(float(array.flat[0]), "", ATOM)
            return Text(1.0, GAP, ATOM)
        writer = _WRITERS.get(node.primitive.name)
        if writer is not None:
            return writer(self, node, args)
        if node.primitive.name not in FUNCTIONS:
            return Text(1.0, GAP, ATOM)
        return Text(1.0, f"{node.primitive.name}({', '.join(map(self.whole, args))})", ATOM)

    def sum(self, a: Text, b: Text) -> Text:
        """One piece plus another."""
        if a.body == b.body:
            return a._replace(factor=a.factor + b.factor)
        if b.factor < 0:
            return Text(1.0, f"{self.whole(a, SUM)} - {self.whole(b.times(-1), PRODUCT)}", SUM)
        return Text(1.0, f"{self.whole(a, SUM)} + {self.whole(b, SUM)}", SUM)

    def product(self, a: Text, symbol: str, b: Text) -> Text:
        """One piece times another; their numbers come to the front."""
        if symbol == "*" and not (a.body and b.body):
            return (a if a.body else b)._replace(factor=a.factor * b.factor)
        below = f" / {b.bracketed(POWER)}"
        if symbol == "*" and a.binds == PRODUCT and a.body.endswith(below):
            above = a.body.removesuffix(below)
            return Text(a.factor * b.factor, "" if above == "1" else above, PRODUCT)
        if symbol == "*" and a.body == b.body:
            return Text(a.factor * b.factor, f"{a.bracketed(ATOM)}**2", POWER)
        return Text(a.factor * b.factor, f"{a.bracketed(PRODUCT)} {symbol} {b.bracketed(POWER)}", PRODUCT)

    def quotient(self, a: Text, b: Text) -> Text:
        """One piece divided by another."""
        if not b.body:
            return a.times(1 / b.factor) if b.factor else Text(1.0, GAP, ATOM)
        factor = a.factor / b.factor
        above, outside = (
            (a.bracketed(PRODUCT), factor) if a.body else (f"{abs(factor):.6g}", 1.0 if factor > 0 else -1.0)
        )
        return Text(outside, f"{above} / {b.bracketed(POWER)}", PRODUCT)

    def power(self, a: Text, exponent: float) -> Text:
        """A piece raised to a number."""
        if not a.body:
            return a._replace(factor=a.factor**exponent)
        return Text(1.0, f"{self.whole(a, ATOM)}**{exponent:g}", POWER)


def _sum(writer: Writer, node: Node, args: list[Text]) -> Text:
    axis = node.params.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        axis = axis[0]
    options = ("" if axis is None else f", axis={axis}") + (", keepdims=True" if node.params.get("keepdims") else "")
    return Text(args[0].factor, f"sum({args[0].body or '1'}{options})", ATOM)


def _sum_to(writer: Writer, node: Node, args: list[Text]) -> Text:
    wide, narrow = np.shape(node.args[0].primal), np.shape(node.primal)
    new = len(wide) - len(narrow)
    axes = [*range(new), *(new + i for i, n in enumerate(narrow) if n == 1 and wide[new + i] != 1)]
    axis = f", axis={axes[0] if len(axes) == 1 else tuple(axes)}" if narrow else ""
    keep = ", keepdims=True" if len(narrow) == len(wide) and narrow else ""
    return Text(args[0].factor, f"sum({args[0].body or '1'}{axis}{keep})", ATOM)


def _turned(text: Text) -> Text:
    """A piece transposed."""
    if not text.body:
        return text
    if text.binds == ATOM and text.body.endswith(".T"):
        return text._replace(body=text.body.removesuffix(".T"))
    return text._replace(body=f"{text.bracketed(ATOM)}.T", binds=ATOM)


def _same(writer: Writer, node: Node, args: list[Text]) -> Text:
    return args[0]


_WRITERS: dict[str, Callable[[Writer, Node, list[Text]], Text]] = {
    "add": lambda writer, node, args: writer.sum(*args),
    "sub": lambda writer, node, args: writer.sum(args[0], args[1].times(-1)),
    "mul": lambda writer, node, args: writer.product(args[0], "*", args[1]),
    "matmul": lambda writer, node, args: writer.product(args[0], "@", args[1]),
    "div": lambda writer, node, args: writer.quotient(*args),
    "neg": lambda writer, node, args: args[0].times(-1),
    "raise_to": lambda writer, node, args: writer.power(args[0], node.params["exponent"]),
    "square": lambda writer, node, args: writer.power(args[0], 2),
    "transpose": lambda writer, node, args: _turned(args[0]),
    "positive": _same,
    "reshape": _same,
    "broadcast_to": _same,
    "sum": _sum,
    "sum_to": _sum_to,
}


def bracketed(text: str) -> str:
    """A text in brackets, if there is a space in it outside of brackets."""
    depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == " " and depth == 0:
            return f"({text})"
    return text
