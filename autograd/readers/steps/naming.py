"""What a page calls the nodes of a graph: their labels, and numbers for those that have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from autograd.graph import Constant, Node

__all__ = ["named", "plain"]

LONGEST = 24


def named(nodes: Sequence[Node], given: Mapping[int, str]) -> dict[int, str]:
    """A name for every node by its serial, no two alike.

    Parameters
    ----------
    nodes : sequence of Node
        Oldest first.
    given : mapping from serials to names
        Names that are known already; others go by their label, a constant by its number, a result by v1, v2, ...

    Examples
    --------
    >>> from autograd import Value, tape
    >>> x = Value(3.0, label="x")
    >>> y = 2 * x * x
    >>> list(named(tape(y), {}).values())
    ['x', '2', 'v1', 'v2']
    """
    names: dict[int, str] = {}
    uses: Counter[str] = Counter()
    numbered: Counter[str] = Counter()
    labels = {plain(given.get(node.serial) or node.label or "") for node in nodes}
    for node in nodes:
        name = plain(given.get(node.serial) or node.label or "")
        if not name and isinstance(node, Constant) and np.ndim(node.primal) == 0:
            names[node.serial] = f"{float(node.primal):.4g}".replace("-", "−")
            continue
        while not name:
            kind = "v" if node.primitive is not None else "x" if node.requires_grad else "c"
            numbered[kind] += 1
            name = f"{kind}{numbered[kind]}"
            name = "" if name in labels else name
        uses[name] += 1
        names[node.serial] = name if uses[name] == 1 else f"{name} ({uses[name]})"
    return names


def plain(text: str) -> str:
    """One line of printable characters, short enough for a box; what is invisible is spelt out."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
