"""How the table of cases is written: ``of(operation, on(...), on(...))`` makes a `Case` of each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Call:
    """The arguments of one call, as written in the table."""

    args: tuple[Any, ...]
    metadata: dict[str, Any]
    note: str = ""
    through: Callable[..., Any] | None = None


def on(*args: Any, note: str = "", through: Callable[..., Any] | None = None, **metadata: Any) -> Call:
    """A call; ``note`` says what is special about its numbers, ``through`` is applied to each input first."""
    return Call(args, metadata, note, through)


@dataclass(frozen=True, eq=False)
class Case:
    """One call of one operation.

    Attributes
    ----------
    operation : callable
        The engine's function; takes nodes or plain arrays.
    call : Call
        Its arguments.
    also : tuple of callable
        Other ways to write the operation, which give the same on arrays and record the same on nodes.
    reference : callable
        NumPy's function, or a formula, for plain arrays: knows nothing of the engine.
    scalar : bool
        Whether it makes sense on a Value.
    analytic : bool
        Whether the reference may be differentiated by a complex step.
    symmetric : bool
        Whether it reads its matrices as symmetric.
    """

    operation: Callable[..., Any]
    call: Call
    also: tuple[Callable[..., Any], ...]
    reference: Callable[..., Any]
    scalar: bool
    analytic: bool
    symmetric: bool
    inputs: list[Array] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", [part for arg in self.call.args for part in _inputs_in(arg)])

    @property
    def id(self) -> str:
        """How the call reads, with shapes in place of arrays."""
        parts = [*map(_written, self.call.args), *(f"{k}={_written(v)}" for k, v in self.call.metadata.items())]
        parts += [f"# {self.call.note}"] if self.call.note else []
        return f"{self.operation.__name__}({' '.join(parts)})"

    def apply(self, function: Callable[..., Any], inputs: Any) -> list[Any]:
        """The results of the function with ``inputs`` in place of the float arrays of the table."""
        each = iter(inputs if self.call.through is None else map(self.call.through, inputs))
        args = [_with_inputs(arg, each) for arg in self.call.args]
        result = function(*args, **self.call.metadata)
        return list(result) if isinstance(result, (list, tuple)) else [result]


def _is_input(arg: Any) -> bool:
    return isinstance(arg, np.ndarray) and arg.dtype.kind == "f"


def _inputs_in(arg: Any) -> list[Array]:
    return [part for part in (arg if isinstance(arg, list) else [arg]) if _is_input(part)]


def _with_inputs(arg: Any, each: Iterator[Any]) -> Any:
    if isinstance(arg, list) and _inputs_in(arg):
        return [next(each) if _is_input(part) else part for part in arg]
    return next(each) if _is_input(arg) else arg


def _written(arg: Any) -> str:
    if isinstance(arg, np.ndarray):
        return f"{arg.dtype.kind if arg.dtype.kind != 'f' else ''}{list(arg.shape)}".replace(" ", "")
    if isinstance(arg, list):
        return "[" + " ".join(map(_written, arg)) + "]"
    if isinstance(arg, tuple):
        return "(" + ",".join(map(_written, arg)) + ")"
    if isinstance(arg, slice):
        return ":".join("" if end is None else str(end) for end in (arg.start, arg.stop, arg.step))
    return {Ellipsis: "..."}.get(arg, getattr(arg, "__name__", None) or str(arg))


def of(
    operation: Callable[..., Any],
    *calls: Call,
    also: tuple[Callable[..., Any], ...] = (),
    formula: Callable[..., Any] | None = None,
    scalar: bool = False,
    analytic: bool = True,
    symmetric: bool = False,
) -> list[Case]:
    """The cases of an operation. The first of ``also`` is the reference, or where NumPy has none, the formula."""
    return [Case(operation, call, also, formula or also[0], scalar, analytic, symmetric) for call in calls]
