"""Why a cotangent has the shape that it has: each transpose, sum and repetition in a rule, in a sentence.

The sentences know what the operations of a recorded rule do to shapes; which operations those are, the rule says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd.graph import Node, tape
from autograd.readers.rule import Reading, summed_axes

__all__ = ["factor", "reasons"]


def reasons(node: Node, position: int, reading: Reading, names: Mapping[int, str]) -> list[str]:
    """The sentences for one argument.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor
    >>> from autograd.readers.rule import read
    >>> b = Tensor([1.0, 2.0], label="b")
    >>> z = Tensor(np.ones((4, 2))) + b
    >>> reasons(z, 1, read(z)[1], {b.serial: "b"})
    ['Summed over axis 0: b was broadcast over 4 rows, and each use has its share.']
    """
    known = {reading.g.serial: "the cotangent", reading.out.serial: names.get(node.serial, "the result")}
    known |= {own.serial: names.get(arg.serial, "it") for own, arg in zip(reading.args, node.args, strict=True)}
    name = names.get(node.args[position].serial, "it")
    whole = names.get(node.serial, "the result")
    if reading.result is reading.g:
        return ["Passed on unchanged: the local derivative is 1."]
    said: list[str] = []
    for step in tape(reading.result):
        if step.primitive is not None and step.serial not in known:
            said += _sentence(step, node, reading.result, known, name, whole)
    return list(dict.fromkeys(said))


def _sentence(step: Node, node: Node, result: Node, known: Mapping[int, str], name: str, whole: str) -> Iterator[str]:
    operation = getattr(step.primitive, "name", "")
    before, after = (np.shape(step.args[0].primal) if step.args else ()), np.shape(step.primal)
    if operation == "sum_to" and before != after:
        axes = summed_axes(step)
        if not after:
            yield f"Summed over all {math.prod(before)} entries: {name} is one number that met each of them."
        else:
            spread = f"{name} was broadcast over {_lines(before, axes)}"
            yield f"Summed over {_axes(axes)}: {spread}, and each use has its share."
    elif operation == "matmul" and node.primitive is step.primitive:
        yield from _product(step, known, name, whole)
    elif operation == "transpose" and step is result:
        yield f"Transposed back, {_shape(before)} → {_shape(after)}, because {whole} is {name} transposed."
    elif operation == "broadcast_to" and before != after:
        yield f"Repeated, {_shape(before)} → {_shape(after)}: entries of {name} that went into one number get the same."
    elif operation == "reshape" and step is result:
        yield f"Put back into the shape of {name}: {_shape(before)} → {_shape(after)}."
    elif operation == "select":
        condition = np.asarray(step.params["condition"])
        if condition.size > 1:
            yield f"Chosen entry by entry: in {np.count_nonzero(condition)} of {condition.size} places the first."
    elif operation == "scatter":
        yield f"Put back at the places of {name} that were taken; 0 at all others."
    elif operation == "astype":
        yield f"Converted to {step.primal.dtype}, the precision of {name}."


def _product(step: Node, known: Mapping[int, str], name: str, whole: str) -> Iterator[str]:
    left, right = step.args
    shapes = f"{_shape(np.shape(left.primal))} @ {_shape(np.shape(right.primal))} → {_shape(np.shape(step.primal))}"
    inner = np.shape(left.primal)[-1]
    for operand, lines in ((left, "row"), (right, "column")):
        if operand.primitive is not None and operand.primitive.name == "transpose":
            turned = known.get(operand.args[0].serial, "the other factor")
            part = f"took part in all {inner} {lines}s of {whole}, and the product adds up their shares"
            if inner == 1:
                part = f"took part in the one {lines} of {whole}"
            yield f"{turned} transposed: {name} {part}. {shapes}, the shape of {name}."


def factor(node: Node, reading: Reading | None) -> tuple[str, Any] | None:
    """The matrix that a rule multiplies the cotangent by: which side it stands on, and its numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor
    >>> from autograd.readers.rule import read
    >>> z = np.array([[1.0, 2.0]]) @ Tensor([[3.0], [4.0]])
    >>> factor(z, read(z)[1])
    ('left', array([[1.],
           [2.]]))
    """
    if reading is None:
        return None
    step = reading.result
    while step.primitive is not None and step.primitive.name in ("sum_to", "astype"):
        step = step.args[0]
    if step.primitive is not None and step.primitive.name == "matmul":
        left, right = step.args
        if right is reading.g:
            return "left", left.primal
        if left is reading.g:
            return "right", right.primal
    return None


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes[:-1]))} and {axes[-1]}"


def _lines(shape: tuple[int, ...], axes: tuple[int, ...]) -> str:
    count = math.prod(shape[axis] for axis in axes)
    if len(shape) == 2 and len(axes) == 1:
        kind = "row" if axes[0] == 0 else "column"
        return f"{count} {kind}{'' if count == 1 else 's'}"
    return f"{count} places"


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape) if shape else "one number"
