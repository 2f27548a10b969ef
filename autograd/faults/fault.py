"""Fault: what went wrong in a computation, where, why, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from autograd.graph import Node

if TYPE_CHECKING:
    from autograd.readers.picture import Picture

__all__ = ["Fault", "FaultError", "Kind", "Phase"]

Kind = Literal["nan", "inf", "zero", "vanishing", "exploding"]
Phase = Literal["forward", "backward"]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that went wrong in a computation.

    Attributes
    ----------
    kind : {"nan", "inf", "zero", "vanishing", "exploding"}
        What was seen: the last three are gradients.
    phase : {"forward", "backward"}
        Whether it was the operation or its rule.
    node : Value or Tensor
        The result of the operation; of data that came with nan or inf, the leaf.
    operation : str
        The operation's name; empty for a leaf.
    formula : str
        How it was computed.
    entry : tuple of int or None
        The first entry of the array in which it happened.
    inputs : dict of str to str
        Each argument as a formula, and its number there or its range.
    why : str
        The reason.
    instead : str
        What to write.
    line : str
        The source line, where `autograd.trace_lines` was on; else empty.
    then : tuple of str
        What became of it.
    root : Value or Tensor
        The computation in which it was found.
    """

    kind: Kind
    phase: Phase
    node: Node
    operation: str
    formula: str
    entry: tuple[int, ...] | None
    inputs: dict[str, str]
    why: str
    instead: str
    line: str = ""
    then: tuple[str, ...] = ()
    root: Node | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        """What was seen, and where, in a few words."""
        seen = {"zero": "zero gradient", "vanishing": "vanishing gradient", "exploding": "exploding gradient"}
        what = seen.get(self.kind, f"{self.kind} in the {self.phase} pass")
        entry = "" if not self.entry else f", entry [{', '.join(map(str, self.entry))}]"
        return f"{what}: {self.operation or 'given'}{entry}"

    def rows(self) -> list[tuple[str, str]]:
        """What there is to tell, as pairs of a heading and a text."""
        inputs = ", ".join(f"{name} = {value}" for name, value in self.inputs.items())
        told = [
            ("line", self.line),
            ("in", self.formula),
            ("of", inputs),
            ("why", self.why),
            ("then", "; ".join(self.then)),
            ("write", self.instead),
        ]
        return [(heading, text) for heading, text in told if text]

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {heading:<5} {text}" for heading, text in self.rows())])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The same as plain texts, for a file or another program."""
        texts = ("kind", "phase", "operation", "formula", "entry", "inputs", "why", "instead", "line", "then")
        facts = {name: getattr(self, name) for name in texts}
        return {**facts, "entry": None if self.entry is None else list(self.entry), "then": list(self.then)}

    def picture(self) -> Picture:
        """The computation with the operation marked red, as `autograd.draw` draws it."""
        from autograd.readers.picture import draw

        return draw(self.root or self.node, mark={self.node: self.title})

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top;padding:2px 12px 2px 0'>{heading}</th>"
            f"<td style='text-align:left'>{escape(text)}</td></tr>"
            for heading, text in self.rows()
        )
        return f"<div><strong style='color:#d6246e'>{escape(self.title)}</strong><table>{rows}</table></div>"


class FaultError(RuntimeError):
    """Raised under `detect_faults` by the operation that first makes nan or inf.

    Attributes
    ----------
    fault : Fault
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
