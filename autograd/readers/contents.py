"""What stands in one box: the title, the numbers of its nodes, or a heat picture of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np

from autograd.graph import Node
from autograd.readers.elements import GRAD_COLOUR, INK, WRITTEN, Box, Row, one_line
from autograd.readers.folding import between
from autograd.readers.heat import heat_picture
from autograd.readers.options import Options
from autograd.readers.plan import PlannedBox
from autograd.readers.rule import applied

__all__ = ["box_of", "finite_range", "largest", "listed"]

MOST_ENTRIES = 12
MOST_IN_LINE = 6
MOST_PIECES = 4
LONGEST_PARAM = 24
UNTOLD = {"shape", "exponent", "condition", "dtype"}  # what the shape or the symbol says, or nobody can read
BATCH = 1 << 20

Array = np.ndarray[Any, Any]


def box_of(planned: PlannedBox, options: Options, names: Mapping[int, str], shown: list[Node], changed: bool) -> Box:
    """The box of some nodes.

    Parameters
    ----------
    planned
        The nodes.
    options
        What to show of them.
    names
        By serial.
    shown
        Those whose numbers are shown: of a closed group, what leaves it.
    changed
        Whether a leaf was changed after it was used.
    """
    if planned.reference:
        name = _name(planned.nodes, names) or applied(planned.nodes[0], names)
        return Box(
            "reference", "", one_line(name), _shape(planned.nodes) if options.shape else "", (), home=planned.home
        )
    rows: list[Row] = []
    if options.data:
        rows += _rows("data", [node.primal for node in shown], INK, options.heat in (True, "data"))
    grads = [node.grad for node in shown if node.grad is not None]
    if options.grad and grads:
        rows += _rows("grad", grads, GRAD_COLOUR, options.heat in (True, "grad"))
    serials = tuple(node.serial for node in (*planned.nodes, *planned.swallowed))
    marks = [options.marks[serial] for serial in serials if serial in options.marks] if options.marks else []
    common: dict[str, Any] = {"serials": serials, "times": planned.times, "home": planned.home}
    common["mark"] = one_line("; ".join(dict.fromkeys(marks)), 60)
    if planned.group is not None:
        inside = Row("inside", (_inventory(planned.nodes, planned.swallowed),))
        note = _shape(shown) if options.shape else ""
        return Box("group", "", one_line(planned.group.title), note, (inside, *rows), **common)
    node = planned.nodes[0]
    kind: Literal["leaf", "constant", "result"]
    kind = "result" if node.primitive is not None else "leaf" if node.requires_grad else "constant"
    symbol = one_line(_symbol(node)) if node.primitive is not None and options.symbol else ""
    label = one_line(_name(planned.nodes, names)) if options.label else ""
    shape = _shape(planned.nodes) if options.shape else ""
    notes = [" ".join(filter(None, ("" if symbol or label else kind, shape)))]
    if options.shape:
        given = {name: _param(value) for name, value in node.params.items() if value is not None}
        notes += [
            f"{name}={text}"
            for name, text in given.items()
            if name not in UNTOLD and len(text) <= LONGEST_PARAM and _is_common(planned.nodes, name, text)
        ]
    notes += ["changed since"] if changed else []
    return Box(kind, symbol, label, ", ".join(filter(None, notes)), tuple(rows), **common)


def _symbol(node: Node) -> str:
    """The operation as mathematics writes it."""
    assert node.primitive is not None
    name, exponent = node.primitive.name, node.params.get("exponent")
    if name == "square" or exponent == 2:
        return "x²"
    if exponent is not None:
        return "x³" if exponent == 3 else f"x^{listed(float(exponent))}"
    symbol: str = {"power": "xʸ", "reciprocal": "1/x"}.get(name, node.primitive.symbol)
    return symbol


def _name(nodes: list[Node], names: Mapping[int, str]) -> str:
    """The name of a node; of several the first and the last, where all have one."""
    first, last = names.get(nodes[0].serial, ""), names.get(nodes[-1].serial, "")
    if len(nodes) == 1 or first == last:
        return first
    return between(first, last) if first and last else ""


def _shape(nodes: Iterable[Node]) -> str:
    shapes = list(dict.fromkeys(str(node.primal.shape) for node in nodes if hasattr(node.primal, "shape")))
    return shapes[0] if len(shapes) == 1 else ""


def _inventory(nodes: list[Node], leaves: list[Node]) -> str:
    """What is in a closed box, most frequent first: "3 ×, 2 +, 4 parameters"."""
    counts: dict[str, int] = {}
    for node in nodes:
        if node.primitive is not None:
            symbol = WRITTEN.get(node.primitive.symbol, _symbol(node))
            counts[symbol] = counts.get(symbol, 0) + 1
    ordered = sorted(counts, key=lambda symbol: -counts[symbol])
    pieces = [f"{counts[symbol]:,} {one_line(symbol)}" for symbol in ordered[:MOST_PIECES]]
    others = sum(counts[symbol] for symbol in ordered[MOST_PIECES:])
    pieces += [f"{others:,} others"] if others else []
    parameters = sum(leaf.requires_grad for leaf in leaves)
    pieces += [f"{parameters:,} parameter{'s' * (parameters > 1)}"] if parameters else []
    return ", ".join(pieces)


def _is_common(nodes: list[Node], name: str, text: str) -> bool:
    return all(_param(node.params[name]) == text for node in nodes[1:])


def _param(value: Any) -> str:
    """A piece of metadata as one would write it in code: an index (0, slice(1, None)) as [0, 1:]."""
    if isinstance(value, tuple) and any(isinstance(part, slice | np.ndarray) or part is Ellipsis for part in value):
        return f"[{', '.join(map(_param, value))}]"
    if isinstance(value, np.ndarray):
        return str(value.tolist()) if value.size <= MOST_IN_LINE else "…"
    if isinstance(value, slice):
        parts = (value.start, value.stop) if value.step is None else (value.start, value.stop, value.step)
        return ":".join("" if part is None else str(part) for part in parts)
    return one_line("..." if value is Ellipsis else " ".join(str(value).split()))


# --- numbers --------------------------------------------------------------------------------------------------------


def _rows(name: str, values: list[Any], colour: str, heat: bool) -> list[Row]:
    array = np.asarray(values[0])
    if len(values) > 1:
        return [Row(name, (_summary(values),), colour)]
    if array.size == 0:
        return [Row(name, ("empty",), colour)]
    if heat and array.size > 1:
        return [Row(name, (_summary(values),), colour, heat_picture(array))]
    width = array.shape[-1] if array.ndim else 1
    if array.size > MOST_ENTRIES or width > MOST_IN_LINE or array.size > width * MOST_IN_LINE:
        return [Row(name, (_summary(values),), colour)]
    lines = [tuple(listed(entry) for entry in line) for line in array.reshape(-1, width)]
    return [Row("" if i else name, line, colour) for i, line in enumerate(lines)]


def _summary(values: list[Any]) -> str:
    """The range of many numbers, with what is not finite counted instead of swallowed."""
    low, high = finite_range(values)
    odd = {"nan": 0, "inf": 0, "-inf": 0}
    for array in _batches(values):
        if not np.isfinite(array).all():
            for name, number in (("nan", np.isnan(array)), ("inf", array == np.inf), ("-inf", array == -np.inf)):
                odd[name] += int(np.count_nonzero(number))
    parts = []
    if low is not None:
        alone = low == high and not any(odd.values())
        parts.append(f"all {listed(low)}" if alone else _span(low, high))
    return ", ".join([*parts, *(f"{number:,} {name}" for name, number in odd.items() if number)])


def _span(low: Any, high: Any) -> str:
    """Two numbers with as many digits as tell them apart."""
    if low == high:
        return listed(low)
    for digits in (4, 6, 9):
        texts = listed(low, digits), listed(high, digits)
        if texts[0] != texts[1]:
            return f"{texts[0]} … {texts[1]}"
    return f"about {texts[0]}"


def finite_range(values: Iterable[Any], of: Callable[[Array], Array] = np.asarray) -> tuple[Any, Any]:
    """The smallest and the largest finite number in some arrays, or None and None."""
    low = high = None
    for array in map(of, _batches(values)):
        finite = array if np.isfinite(array).all() else array[np.isfinite(array)]
        if finite.size:
            least, most = finite.min(), finite.max()
            low = least if low is None else min(low, least)
            high = most if high is None else max(high, most)
    return low, high


def largest(values: Iterable[Any]) -> float:
    """The largest absolute value: nan if there is a nan, else inf if there is one."""
    most = 0.0
    for array in _batches(values):
        if array.size:
            found = float(np.abs(array).max())  # numpy's max hands on a nan
            most = found if found > most or found != found else most
        if most != most:
            break
    return most


def _batches(values: Iterable[Any]) -> Iterator[Array]:
    """The numbers of many arrays in a few flat ones, so that a million small ones cost few calls."""
    batch: list[Array] = []
    size = 0
    for value in values:
        flat = np.asarray(value).ravel()
        batch.append(flat)
        size += flat.size
        if size >= BATCH:
            yield flat if len(batch) == 1 else np.concatenate(batch)
            batch, size = [], 0
    if batch:
        yield np.concatenate(batch)


def listed(entry: Any, digits: int = 4) -> str:
    """A number as it stands in a box: four digits."""
    return f"{entry + 0.0:.{digits}g}" if isinstance(entry, float | np.floating) else one_line(str(entry))  # no -0
