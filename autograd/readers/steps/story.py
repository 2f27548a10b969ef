"""Everything a page of steps shows, as plain data: the graph, the rules in words and symbols, the sweeps in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd.graph import Node, tape
from autograd.lines import Line
from autograd.readers.rule import NUMBER, Reading, applied, local_cotangents, read, written
from autograd.readers.steps.naming import named, plain
from autograd.readers.steps.numbers import as_json, digits, short
from autograd.readers.steps.trace import ORDERS, Trace, trace
from autograd.readers.steps.words import factor, reasons

__all__ = ["FRACTION", "NUMBER_END", "fraction", "in_words", "story"]

FRACTION = "\ue000{}\ue001{}\ue002"
"""How a formula holds a fraction, from its top and its bottom; names hold none of these characters."""

NUMBER_END = "\ue004"


def fraction(top: str, bottom: str) -> str:
    """The derivative of `top` by `bottom`, as part of a formula."""
    return FRACTION.format(f"∂{top}", f"∂{bottom}")


def story(root: Node, seed: Any, given: Mapping[int, str]) -> dict[str, Any]:
    """The data of a page, ready for JSON.

    Parameters
    ----------
    root : Node
    seed : as for `autograd.sweep`
    given : mapping from serials to names
        Names that are known beside the labels.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(3.0, label="x")
    >>> told = story(x * x, None, {})
    >>> [visit["cotangent"] for visit in told["orders"][0]["visits"]]
    [1.0, 6.0]
    """
    traces = [trace(root, seed, order) for order in ORDERS]
    nodes = tape(root)
    names = named(nodes, given)
    place = {node.serial: i for i, node in enumerate(nodes)}
    edges: dict[tuple[int, int], int] = {}
    drawn: list[dict[str, Any]] = []
    for node in nodes:
        readings = read(node) if node.requires_grad and node.primitive is not None else [None] * len(node.args)
        derivatives = _local_derivatives(node)
        for position, arg in enumerate(node.args):
            edges[node.serial, position] = len(drawn)
            ends = {"tail": place[arg.serial], "head": place[node.serial], "position": position}
            drawn.append(
                ends | _rule(names[root.serial], node, position, readings[position], derivatives[position], names)
            )
    return {
        "root": names[root.serial],
        "nodes": [_node(node, names) for node in nodes],
        "edges": drawn,
        "orders": [_order(found, traces[0], place, edges, names) for found in traces],
    }


def _node(node: Node, names: Mapping[int, str]) -> dict[str, Any]:
    kind = "result" if node.primitive is not None else "leaf" if node.requires_grad else "constant"
    return {
        "name": names[node.serial],
        "symbol": _symbol(node),
        "kind": kind,
        "made": applied(node, names) if node.primitive is not None else "",
        "where": _where(node),
        "shape": list(np.shape(node.primal)),
        "data": as_json(node.primal),
    }


def _where(node: Node) -> str:
    """The scopes it was made in, the outermost first, and the line of code where lines are traced."""
    if node.origin is None:
        return ""
    place = [node.origin.place] if isinstance(node.origin, Line) else []
    return ", ".join(plain(text) for text in [*(scope.name for scope in node.origin.chain()), *place])


def _symbol(node: Node) -> str:
    """The operation as mathematics writes it, by the characters that a keyboard has not."""
    if node.primitive is None:
        return ""
    symbol = plain(node.primitive.symbol)
    if symbol == "**":
        return f"^{node.params['exponent']:g}" if "exponent" in node.params else "^"
    return {"*": "×", "-": "−"}.get(symbol, symbol)


def _local_derivatives(node: Node) -> list[Any]:
    """By what the cotangent is multiplied, number by number: only an elementwise operation has such."""
    elementwise = node.primitive is not None and node.requires_grad and not node.primitive.arrays_only
    return local_cotangents(node, widened=True) if elementwise else [None] * len(node.args)


def _rule(
    root: str, node: Node, position: int, reading: Reading | None, derivative: Any, names: Mapping[int, str]
) -> dict[str, Any]:
    """What an edge says whatever the cotangent: its rule in symbols, its local derivative, the reasons."""
    arg = node.args[position]
    if not arg.requires_grad:
        return {"constant": True}
    whole, part = names[node.serial], names[arg.serial]
    told: dict[str, Any] = {"target": fraction(root, part)}
    if derivative is not None:
        single = np.ndim(derivative) == 0
        told |= {"times": "·" if single else "⊙", "local": as_json(derivative), "localName": fraction(whole, part)}
    if reading is None:
        told["rule"] = f"the rule of {node.primitive.name if node.primitive else ''}, read on numbers"
        return told
    own = dict(zip((copy.serial for copy in reading.args), (names[a.serial] for a in node.args), strict=True))
    own[reading.out.serial] = whole
    told["rule"] = written(reading.result, own | {reading.g.serial: fraction(root, whole)})
    told["reasons"] = reasons(node, position, reading, names)
    if derivative is not None:
        told["localRule"] = _without_sums(reading, own)
        if np.ndim(derivative) == 0:
            told["localNumbers"] = written(reading.result, _in_numbers(node, reading))
    matrix = factor(node, reading)
    if matrix is not None:
        side, numbers = matrix
        told |= {"times": "@", "side": side, "local": as_json(numbers), "localName": _matrix_name(reading, side, own)}
    return told


def _without_sums(reading: Reading, names: Mapping[int, str]) -> str:
    """The rule for a cotangent of 1, before broadcasting is undone: the local derivative."""
    step = reading.result
    while step.primitive is not None and step.primitive.name in ("sum_to", "astype"):
        step = step.args[0]
    return written(step, {**names, reading.g.serial: "1"})


def _in_numbers(node: Node, reading: Reading) -> dict[int, str]:
    """The numbers as names: what a formula says once they are put in."""
    numbers = {own.serial: of.primal for own, of in zip(reading.args, node.args, strict=True)}
    numbers[reading.out.serial] = node.primal
    return {reading.g.serial: "1"} | {
        serial: f"{NUMBER}{digits(np.asarray(number)[()])}{NUMBER_END}"
        for serial, number in numbers.items()
        if np.ndim(number) == 0
    }


def _matrix_name(reading: Reading, side: str, names: Mapping[int, str]) -> str:
    step = reading.result
    while step.primitive is not None and step.primitive.name != "matmul":
        step = step.args[0]
    return written(step.args[0 if side == "left" else 1], names)


# --- the sweeps -----------------------------------------------------------------------------------------------------


def _order(
    found: Trace, right: Trace, place: Mapping[int, int], edges: Mapping[tuple[int, int], int], names: Mapping[int, str]
) -> dict[str, Any]:
    order = found.order
    told: dict[str, Any] = {"key": order.key, "title": order.title, "about": order.about, "visits": []}
    for visit in found.visits:
        shares = []
        for share in visit.shares:
            entry = {
                "edge": edges[visit.node.serial, share.position],
                "share": as_json(share.share),
                "before": as_json(share.before),
                "after": as_json(share.after),
                "late": share.late,
            }
            product = _product(visit.node, share.position, visit.cotangent, share.share)
            shares.append(entry if product is None else entry | {"product": as_json(product)})
        told["visits"].append(
            {"node": place[visit.node.serial], "cotangent": as_json(visit.cotangent), "shares": shares}
        )
    told["gradients"] = {str(place[serial]): as_json(gradient) for serial, gradient in found.gradients.items()}
    if found is not right:
        told |= _verdict(found, right, place, names)
    return told


def _product(node: Node, position: int, cotangent: Any, share: Any) -> Any:
    """Of an elementwise operation, what the multiplication gives before broadcasting is undone."""
    wide = node.primitive is not None and not node.primitive.arrays_only and np.shape(share) != np.shape(cotangent)
    return local_cotangents(node, cotangent, widened=True)[position] if wide else None


def _verdict(found: Trace, right: Trace, place: Mapping[int, int], names: Mapping[int, str]) -> dict[str, Any]:
    """Which gradients came out wrong, and what was lost on the way."""
    when = {visit.node.serial: number for number, visit in enumerate(found.visits, 1)}
    wrong = [
        serial
        for serial, gradient in found.gradients.items()
        if not np.allclose(gradient, right.gradients[serial], rtol=1e-9, atol=0, equal_nan=True)
    ]
    lost = [
        f"{names[arg.serial]} was visited in step {when[arg.serial]} and passed on what it had. In step {number} "
        f"{names[visit.node.serial]} gave it {short(share.share)} more: too late, nothing below it has heard of that."
        for number, visit, arg, share in found.late
    ]
    return {"wrong": [place[serial] for serial in wrong], "lost": lost}


def in_words(told: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The right sweep as rows of a table: the node, its cotangent, where it went."""
    nodes, edges = told["nodes"], told["edges"]
    for visit in told["orders"][0]["visits"]:
        node = nodes[visit["node"]]
        parts = []
        for share in visit["shares"]:
            edge = edges[share["edge"]]
            parts.append(f"{nodes[edge['tail']]['name']} += {_text(edge['rule'])} = {_number_text(share['share'])}")
        name = f"{node['name']} = {node['made']}" if node["made"] else node["name"]
        yield name, _number_text(visit["cotangent"]), "; ".join(parts) or "a leaf: this is its gradient"


def _text(formula: str) -> str:
    return formula.replace("\ue000", "").replace("\ue001", "/").replace("\ue002", "")


def _number_text(value: Any) -> str:
    if not isinstance(value, dict):
        return short(np.float64(value))
    if "norm" in value:
        return f"{tuple(value['shape'])}, length {short(np.float64(value['norm']))}"
    return short(np.array(value["rows"], dtype=float).reshape(value["shape"]))
