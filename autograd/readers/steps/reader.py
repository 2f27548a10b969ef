"""The backward pass of a result, one step at a time, as a page that a browser or a notebook shows."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from html import escape
from typing import Any

from autograd.graph import Node, tape
from autograd.readers.names import names_of, variables
from autograd.readers.steps.drawing import as_svg
from autograd.readers.steps.page import frame, page, table
from autograd.readers.steps.saving import save
from autograd.readers.steps.story import in_words, story

__all__ = ["Steps", "steps"]

MOST_NODES = 500
HEADINGS = ("node", "comes in", "goes to")


def steps(loss: Node, *, seed: Any = None, limit: int | None = MOST_NODES) -> Steps:
    """Show the backward pass one step at a time.

    Each step highlights the node that the sweep visits: the cotangent that comes in, each argument's local derivative,
    the product, and what adds up there; as a formula and with the numbers put in, with the reason for each transpose
    and sum. A menu sweeps in a wrong order instead, and shows which gradients that spoils, and why. Nodes go by their
    labels, or by the variables that hold them where `steps` is called.

    Parameters
    ----------
    loss : Value or Tensor
        The result to start from. Nothing is added to any `grad`.
    seed : number or array of its shape, optional
        Its cotangent; 1 by default, which only a single number has as its natural choice.
    limit : int or None
        The most nodes that a page may have; None for any.

    Returns
    -------
    Steps
        A notebook shows it; ``.save("steps.html")`` writes a page that any browser opens without a network.

    Raises
    ------
    TypeError
        If `loss` is no Value and no Tensor.
    ValueError
        If the graph has more than `limit` nodes.
    RuntimeError
        If `loss` depends on nothing that requires a gradient.

    Examples
    --------
    >>> import autograd
    >>> a, b = autograd.Value(2.0), autograd.Value(-3.0)
    >>> loss = a * b + a
    >>> autograd.steps(loss)
    loss = v1 + a: 1 comes in; v1 += ∂loss/∂loss = 1; a += ∂loss/∂loss = 1
    v1 = a · b: 1 comes in; a += ∂loss/∂v1 · b = −3; b += ∂loss/∂v1 · a = 2
    b: 2 comes in; a leaf: this is its gradient
    a: −2 comes in; a leaf: this is its gradient
    """
    if not isinstance(loss, Node):
        raise TypeError(
            f"steps: `loss` must be a Value or a Tensor, such as a loss, not {type(loss).__name__}; a plain number or "
            "array remembers nothing of how it was computed."
        )
    nodes = tape(loss)
    if limit is not None and len(nodes) > limit:
        raise ValueError(
            f"steps: this graph has {len(nodes):,} nodes, more than the limit={limit:,} that a page shows well. Take "
            "the steps of a part of it, or fewer examples (one shows every rule), or Tensors instead of Values; or "
            f"have them all on one large page: steps(loss, limit={len(nodes)})."
        )
    return Steps(story(loss, seed, names_of(nodes, variables(sys._getframe(1)))))


class Steps:
    """The steps of one backward pass; made by `steps`.

    Attributes
    ----------
    told : dict
        All that the page shows, as plain data.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told

    @cached_property
    def html(self) -> str:
        """The page, complete: no network, no server, no other file."""
        body = (
            f'<header><h1>{escape(self._title)}</h1><div class="tools"></div></header>\n'
            f'<div class="stage"><div class="frame" tabindex="0" role="group" aria-label="The graph">\n'
            f"{as_svg(self.told)}\n</div></div>\n"
            f"<details><summary>All steps as a table</summary>\n{self._table()}\n</details>"
        )
        return page("sweep", self._title, self.told, body)

    def save(self, path: os.PathLike[str] | str) -> str:
        """Write the page, and return its path.

        Raises
        ------
        ValueError
            If the path does not end in .html.
        """
        return save(path, self.html)

    @property
    def _title(self) -> str:
        return f"Backward through {self.told['root']}"

    def _table(self) -> str:
        return table("The sweep, newest first", HEADINGS, in_words(self.told))

    def _repr_html_(self) -> str:
        return frame(self.html, self._title, 860, self._table())

    def __repr__(self) -> str:
        return "\n".join(f"{node}: {comes_in} comes in; {goes_to}" for node, comes_in, goes_to in in_words(self.told))
