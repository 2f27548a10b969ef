"""The source line that made a node, as a fault shows it."""

from __future__ import annotations

from autograd.graph import Node
from autograd.lines import Line

__all__ = ["line_of"]


def line_of(node: Node) -> str:
    """The file, the line and what stands there, if `autograd.trace_lines` was on; else nothing."""
    line = node.origin
    if not isinstance(line, Line):
        return ""
    return f"{line.place}: {line.text}" if line.text else line.place
