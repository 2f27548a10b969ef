"""From a graph to the diagram of it: select, fold, then write what stands in every box and beside every edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograd.graph import Node, describe
from autograd.readers.backward import record_gradient
from autograd.readers.contents import box_of, largest, listed
from autograd.readers.elements import (
    EDGE_COLOUR,
    GRAD_COLOUR,
    INK,
    PALETTE,
    Box,
    Colours,
    Diagram,
    Edge,
    Frame,
    Row,
    one_line,
)
from autograd.readers.heat import HEAT_LEGEND
from autograd.readers.names import names_of
from autograd.readers.options import Options
from autograd.readers.plan import Plan, make_plan
from autograd.readers.rule import local_cotangents, read, written
from autograd.readers.selection import Selection, select
from autograd.readers.shading import shaded

__all__ = [
    "EDGE_COLOUR",
    "GRAD_COLOUR",
    "INK",
    "PALETTE",
    "Box",
    "Colours",
    "Diagram",
    "Edge",
    "Frame",
    "Options",
    "Row",
    "as_diagram",
]

LONGEST_DERIVATIVE = 32


def as_diagram(
    roots: Node | Sequence[Node], options: Options | None = None, variables: Mapping[str, Any] | None = None
) -> Diagram:
    """Everything that a result, or several, were computed from, as a diagram.

    Parameters
    ----------
    roots
        The results.
    options
        What to show.
    variables
        Name nodes that have no label by these.

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
    options = options or Options()
    roots = [roots] if isinstance(roots, Node) else list(roots)
    selection = select(roots, options.hide, options.only_path)
    names = names_of(selection.nodes, variables or {})
    through: Mapping[int, int] = {}
    if options.backward:
        gradients, boundary, through = record_gradient(roots[-1], names)
        selection = select([*roots, *gradients], options.hide, boundary=boundary)
        arrays = {names[node.serial]: node.primal for node in selection.nodes if node.serial in names}
        names = names_of(selection.nodes, arrays) | names
    shown_serials = {node.serial for node in selection.nodes}
    for node in options.mark:
        if node.serial not in shown_serials:
            raise ValueError(f"draw: mark names {describe(node)}, which is no part of what is drawn.")
    plan = make_plan(selection, options.depth, options.fold, options.limit)
    changed = _changed(selection)
    shown = _shown(plan, selection)
    boxes = tuple(
        box_of(planned, options, names, nodes, any(node.serial in changed for node in planned.nodes))
        for planned, nodes in zip(plan.boxes, shown, strict=True)
    )
    boxes = tuple(
        replace(box, through=plan.box_of.get(through.get(planned.nodes[0].serial, -1), -1))
        for box, planned in zip(boxes, plan.boxes, strict=True)
    )
    legend: tuple[tuple[str, str], ...] = ()
    if options.colour == "grad":
        boxes, legend = shaded(boxes, [_magnitude(nodes) for nodes in shown])
    texts = _derivatives(plan, names) if options.derivatives else [""] * len(plan.wires)
    edges = tuple(Edge(wire.tail, wire.head, text) for wire, text in zip(plan.wires, texts, strict=True))
    frames = tuple(Frame(one_line(frame.title), frame.parent, frame.times, frame.how) for frame in plan.frames)
    if options.heat:
        legend += HEAT_LEGEND
    if plan.references:
        legend += ((PALETTE["reference"].fill, "stands for the box of that name on the left"),)
    return Diagram(boxes, edges, frames, legend, tuple(plan.notes), options.backward)


def _changed(selection: Selection) -> set[int]:
    """The leaves that were changed after some result had used them."""
    return {
        arg.serial for node in selection.nodes for arg in node.args if arg.primitive is None and not arg.used_by(node)
    }


def _shown(plan: Plan, selection: Selection) -> list[list[Node]]:
    """The nodes whose numbers stand in each box: of a closed group only those that something outside of it uses."""
    leaving = {root.serial for root in selection.roots}
    for node in selection.nodes:
        box = plan.box_of[node.serial]
        leaving.update(arg.serial for _, arg in selection.args[node.serial] if plan.box_of[arg.serial] != box)
    return [
        planned.nodes
        if planned.group is None
        else [node for node in planned.nodes if node.serial in leaving] or planned.nodes[-1:]
        for planned in plan.boxes
    ]


def _derivatives(plan: Plan, names: Mapping[int, str]) -> list[str]:
    """Beside each wire the derivative of its head by its tail: a number, or the rule that takes a cotangent g back."""
    texts = []
    for wire in plan.wires:
        node, text = wire.node, ""
        if node is not None and node.args[wire.slot].requires_grad:
            if isinstance(node.primal, float):
                text = listed(local_cotangents(node)[wire.slot])
            elif (reading := read(node)[wire.slot]) is not None:
                called = {reading.g.serial: "g", reading.out.serial: names.get(node.serial, "out")}
                for stand_in, arg, name in zip(reading.args, node.args, _argument_names(len(node.args)), strict=False):
                    called[stand_in.serial] = names.get(arg.serial, name)
                text = written(reading.result, called)
        texts.append(one_line(text, LONGEST_DERIVATIVE))
    return texts


def _argument_names(count: int) -> Sequence[str]:
    """What arguments without a name are called: words, which no variable is likely to be called."""
    return {1: ["input"], 2: ["left", "right"]}.get(count) or [f"input {i}" for i in range(1, count + 1)]


def _magnitude(nodes: Sequence[Node]) -> float | None:
    grads = [node.grad for node in nodes if node.grad is not None]
    return largest(grads) if grads else None
