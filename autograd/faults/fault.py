"""Fault: what went wrong in a computation, where, why, and what to write instead."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from autograd.graph import Node

if TYPE_CHECKING:
    from autograd.readers.picture import Picture

__all__ = ["Fault", "FaultError", "Kind", "Phase"]

RED = "#d6246e"

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
    def seen(self) -> str:
        """What was seen, in a few words."""
        if self.kind in ("nan", "inf"):
            return f"{self.kind} in the {self.phase} pass"
        return f"{self.kind} gradient"

    @property
    def title(self) -> str:
        """What was seen, and where, in a few words."""
        entry = "" if not self.entry else f", entry [{', '.join(map(str, self.entry))}]"
        return f"{self.seen}: {self.operation or 'given'}{entry}"

    @property
    def part(self) -> str:
        """The part of the computation that it is in: the modules around it, and each ``with autograd.scope(...)``."""
        scopes = self.node.origin.chain() if self.node.origin is not None else []
        return ", ".join(scope.name for scope in scopes if scope.name)

    def rows(self) -> list[tuple[str, str]]:
        """What there is to tell, as pairs of a heading and a text."""
        inputs = ", ".join(f"{name} = {value}" for name, value in self.inputs.items())
        told = [
            ("line", self.line),
            ("part", self.part),
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
        texts = ("kind", "phase", "operation", "formula", "entry", "inputs", "why", "instead", "line", "part", "then")
        facts = {name: getattr(self, name) for name in texts}
        return {**facts, "entry": None if self.entry is None else list(self.entry), "then": list(self.then)}

    def picture(self) -> Picture:
        """The computation with the operation marked red, as `autograd.draw` draws it."""
        from autograd.readers.picture import draw

        return draw(self.root or self.node, mark={self.node: self.seen})

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top;padding:2px 12px 2px 0'>{heading}</th>"
            f"<td style='text-align:left'>{escape(text)}</td></tr>"
            for heading, text in self.rows()
        )
        title = f"<strong style='color:{RED}'>{escape(self.title)}</strong>"
        return f"<div>{title}<table>{rows}</table>{self._image()}</div>"

    def _image(self) -> str:
        """The picture as an image, which a notebook shows also where it trusts nobody."""
        try:
            svg = self.picture().svg()
        except Exception:  # a cell that shows a fault must not fail for want of a picture
            return ""
        return f"<img alt='' style='max-width:100%' src='data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}'>"


class FaultError(RuntimeError):
    """Raised under `detect_faults` by the operation that first makes nan or inf.

    Attributes
    ----------
    fault : Fault
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
