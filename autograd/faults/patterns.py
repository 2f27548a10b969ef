"""Recognise a formula in a graph from the way one writes it: ``1 / (1 + exp(-z))``.

A pattern is a Python expression. Its functions are primitives' names, its numbers stand for constants, and each of its
variables for a node, the same one wherever it occurs. A function in capitals is any formula of a family:
``log(SIGMOID(z))`` finds the logarithm of a sigmoid, be it autograd's or written by hand. Factors and terms may stand
in either order, and whatever only moves entries about (a reshape, a broadcast) may stand between.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from autograd.graph import Node

__all__ = ["Match", "find", "match"]

FAMILIES: dict[str, tuple[str, ...]] = {
    "SIGMOID": (
        "sigmoid(z)",
        "1 / (1 + exp(-z))",
        "reciprocal(1 + exp(-z))",
        "(1 + exp(-z)) ** -1",
        "exp(z) / (1 + exp(z))",
        "1 / (1 + exp(minus_z))",
    ),
    "TANH": (
        "tanh(z)",
        "(exp(z) - exp(-z)) / (exp(z) + exp(-z))",
        "(exp(2 * z) - 1) / (exp(2 * z) + 1)",
        "(1 - exp(-2 * z)) / (1 + exp(-2 * z))",
        "2 * SIGMOID(2 * z) - 1",
    ),
    "SOFTMAX": ("softmax(z)", "exp(z) / sum(exp(z))"),
    "RELU": ("relu(z)", "maximum(z, 0)", "maximum(0, z)", "select(z, 0)"),
    "SQUARES": ("sum(z ** 2)", "matmul(z, z)", "z ** 2 + u ** 2"),
    "MEAN": ("mean(z)", "sum(z) / k", "k * sum(z)"),
    "VARIANCE": ("mean((z - MEAN(z)) ** 2)", "sum((z - MEAN(z)) ** 2) / n", "mean(z ** 2) - MEAN(z) ** 2"),
}
"""Ways to write the same function of z."""

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.MatMult: "matmul",
}
COMMUTATIVE = {"add", "mul"}
MOVEMENT = {"reshape", "broadcast_to", "transpose", "getitem", "astype", "sum_to"}

# How far above a node the formula that it is part of may end.
MOST_LEVELS = 6


class Match(NamedTuple):
    """What a pattern's variables stand for, and the serials of all nodes in the formula."""

    names: Mapping[str, Node]
    nodes: frozenset[int]


EMPTY = Match({}, frozenset())


def match(pattern: str, node: Node) -> Match | None:
    """The formula that ends in ``node``, if the pattern is one for it.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Value
    >>> x = Value(2.0, label="x")
    >>> found = match("log(SIGMOID(z))", np.log(1 / (1 + np.exp(-x))))
    >>> found.names["z"].label
    'x'
    >>> match("log(SIGMOID(z))", np.log(x)) is None
    True
    """
    return next(_match(_parsed(pattern), node, EMPTY), None)


def find(pattern: str, node: Node, users: Mapping[int, list[Node]]) -> Match | None:
    """The formula that ``node`` is a part of, wherever it ends."""
    level = [node]
    seen: set[int] = set()
    for _ in range(MOST_LEVELS):
        for end in level:
            found = match(pattern, end)
            if found is not None and node.serial in found.nodes:
                return found
        seen.update(end.serial for end in level)
        above = {user.serial: user for end in level for user in users.get(end.serial, ())}
        level = [user for serial, user in above.items() if serial not in seen][:100]
    return None


@cache
def _parsed(pattern: str) -> ast.expr:
    """The expression, with each family in it replaced by the list of its formulas."""
    tree: ast.expr = _Spread().visit(ast.parse(pattern, mode="eval").body)
    return tree


class _Spread(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in FAMILIES:
            argument = ast.unparse(node.args[0])
            formulas = [ast.parse(text, mode="eval").body for text in FAMILIES[node.func.id]]
            return ast.List([self.visit(_Renamed(argument).visit(formula)) for formula in formulas])
        return self.generic_visit(node)  # type: ignore[return-value]


class _Renamed(ast.NodeTransformer):
    def __init__(self, argument: str) -> None:
        self.argument = argument

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == "z":
            return ast.parse(self.argument, mode="eval").body
        return ast.Name(f"minus_{self.argument}") if node.id == "minus_z" and self.argument.isidentifier() else node


def _match(term: ast.expr, node: Node, so_far: Match) -> Iterator[Match]:
    if isinstance(term, ast.List):
        for formula in term.elts:
            yield from _match(formula, node, so_far)
        return
    if isinstance(term, ast.Name):
        bound = so_far.names.get(term.id)
        if bound is None:
            yield Match({**so_far.names, term.id: node}, so_far.nodes)
        elif bound is node:
            yield so_far
        return
    number = _number(term)
    if number is not None:
        if not node.args and not node.requires_grad and np.all(node.primal == number):
            yield so_far
        return
    if node.primitive is None:
        return
    found = Match(so_far.names, so_far.nodes | {node.serial})
    yield from _matched_here(term, node, found)
    if node.primitive.name in MOVEMENT:
        yield from _match(term, node.args[0], found)


def _matched_here(term: ast.expr, node: Node, found: Match) -> Iterator[Match]:
    assert node.primitive is not None
    name, args = node.primitive.name, node.args
    if isinstance(term, ast.UnaryOp):
        if name == "neg":
            yield from _match(term.operand, args[0], found)
        elif name == "mul":
            yield from _all(((ast.Constant(-1), args[0]), (term.operand, args[1])), found)
            yield from _all(((ast.Constant(-1), args[1]), (term.operand, args[0])), found)
    elif isinstance(term, ast.BinOp) and isinstance(term.op, ast.Pow):
        yield from _power(term, node, found)
    elif isinstance(term, ast.BinOp):
        if name == OPERATORS[type(term.op)]:
            yield from _all(((term.left, args[0]), (term.right, args[1])), found)
            if name in COMMUTATIVE:
                yield from _all(((term.left, args[1]), (term.right, args[0])), found)
    elif isinstance(term, ast.Call) and isinstance(term.func, ast.Name):
        if term.func.id == name:
            yield from _all(tuple(zip(term.args, args, strict=False)), found)
        elif term.func.id == "sum" and name == "add" and np.ndim(node.primal) == 0:
            yield from _sum_of_numbers(term.args[0], node, found)


def _all(pairs: tuple[tuple[ast.expr, Node], ...], so_far: Match) -> Iterator[Match]:
    if not pairs:
        yield so_far
        return
    (term, node), *rest = pairs
    for found in _match(term, node, so_far):
        yield from _all(tuple(rest), found)


def _power(term: ast.BinOp, node: Node, found: Match) -> Iterator[Match]:
    """A power with a plain exponent, in whichever way it was written: x * x, square(x), sqrt(x), 1 / x."""
    assert node.primitive is not None
    name, args, exponent = node.primitive.name, node.args, _number(term.right)
    own = {"square": 2, "sqrt": 0.5, "mul": 2 if len(args) == 2 and args[0] is args[1] else None}
    if own.get(name, node.params.get("exponent") if name == "raise_to" else None) == exponent:
        yield from _match(term.left, args[0], found)


def _sum_of_numbers(term: ast.expr, node: Node, found: Match) -> Iterator[Match]:
    """A sum of single numbers, term by term: all of them match, one of them with what is known already."""
    parts, chain, stack = [], [], [node]
    while stack:
        part = stack.pop()
        if part.primitive is not None and part.primitive.name == "add":
            chain.append(part.serial)
            stack += part.args
        elif part.requires_grad:
            parts.append(part)
    found = Match(found.names, found.nodes.union(chain, (part.serial for part in parts)))
    if all(next(_match(term, part, EMPTY), None) for part in parts):
        for part in parts:
            yield from _match(term, part, found)


def _number(term: ast.expr) -> float | None:
    """The number that a term is, if it is one."""
    if isinstance(term, ast.UnaryOp):
        number = _number(term.operand)
        return None if number is None else -number
    return float(term.value) if isinstance(term, ast.Constant) and isinstance(term.value, int | float) else None
