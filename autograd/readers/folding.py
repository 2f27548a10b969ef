"""The recorded operations as parts within parts, and what repeats among them folded into one.

Operations stand in the order in which they were recorded, and those of one scope together. A stretch of such a sequence
is *convex*: nothing runs out of it and back into it. So whatever is put together here can be drawn as one box.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from autograd.graph import Node
from autograd.lines import Line
from autograd.readers.selection import Selection
from autograd.scope import Scope

__all__ = ["FEWEST", "Bundle", "Group", "Part", "between", "cut", "deepest", "fold", "parts_of"]

NEAR = 16
LONGEST_PERIOD = 1000
FEWEST = 3


@dataclass(slots=True, eq=False)
class Bundle:
    """Operations that are drawn as one box: one, or the same one of many repeats."""

    nodes: list[Node]
    times: int = 1


@dataclass(slots=True, eq=False)
class Group:
    """Parts that belong together: a scope (or so many like it), a repeat, or a piece of something too long."""

    title: str
    parts: list[Part]
    times: int = 1
    scoped: bool = True
    closed: bool = False


Part = Bundle | Group


def parts_of(selection: Selection) -> list[Part]:
    """The recorded operations of a selection, those of one scope in one group; at the top forward and backward."""
    recorded = [node for node in selection.nodes if node.primitive is not None]
    if selection.boundary == inf:
        return _grouped(recorded)
    forward = [node for node in recorded if node.serial < selection.boundary]
    halves = {"forward": forward, "backward": recorded[len(forward) :]}
    return [Group(title, _grouped(nodes), scoped=False) for title, nodes in halves.items()]


def _grouped(nodes: Sequence[Node]) -> list[Part]:
    """Operations, those of one scope in one group."""
    top = Group("", [])
    open_groups: list[tuple[Scope | None, Group]] = [(None, top)]
    paths: dict[int, list[Scope]] = {}
    for node in nodes:
        path = paths.get(id(node.origin))
        if path is None:
            path = paths[id(node.origin)] = _scopes(node.origin)
        same = 0
        while same < min(len(path), len(open_groups) - 1) and path[same] is open_groups[same + 1][0]:
            same += 1
        del open_groups[same + 1 :]
        for scope in path[same:]:
            group = Group(scope.name, [])
            open_groups[-1][1].parts.append(group)
            open_groups.append((scope, group))
        open_groups[-1][1].parts.append(Bundle([node]))
    return top.parts


def _scopes(origin: Scope | None) -> list[Scope]:
    """The scopes around a node, from the outside in; the line of source that made it is not one of them."""
    return [] if origin is None else [scope for scope in origin.chain() if not isinstance(scope, Line)]


def _innermost(node: Node) -> Scope | None:
    return node.origin.parent if isinstance(node.origin, Line) else node.origin


def deepest(parts: Sequence[Part]) -> int:
    """How many scopes stand in one another."""
    stack, most = [(part, 0) for part in parts], 0
    while stack:
        part, depth = stack.pop()
        if isinstance(part, Group):
            depth += part.scoped
            most = max(most, depth)
            stack += [(inner, depth) for inner in part.parts]
    return most


def cut(parts: list[Part], pieces: int) -> list[Part]:
    """A sequence too long to be drawn in so many closed pieces of even length."""
    size = max(1, -(-len(parts) // pieces))
    return [
        Group(f"part {number}", parts[start : start + size], scoped=False, closed=True)
        for number, start in enumerate(range(0, len(parts), size), 1)
    ]


# --- repeats ------------------------------------------------------------------------------------------------------


def fold(parts: list[Part], selection: Selection) -> list[Part]:
    """What repeats, one after the other, put together, in every group and from the smallest repeats up."""
    return _Folder(selection).folded(parts)[0]


class _Folder:
    """Gives every part a token: two parts with the same token are alike in operations, shapes and wiring nearby."""

    def __init__(self, selection: Selection) -> None:
        self.tokens: dict[Any, int] = {}
        self.args = selection.args
        recorded = (node for node in selection.nodes if node.primitive is not None)
        self.position = {node.serial: i for i, node in enumerate(recorded)}

    def token(self, key: Any) -> int:
        return self.tokens.setdefault(key, len(self.tokens))

    def folded(self, parts: list[Part]) -> tuple[list[Part], int]:
        """The parts with their repeats folded, and the token of the whole."""
        tokens = [self.token_of(part) for part in parts]
        while (found := _first_repeats(tokens)) is not None:
            period, runs = found
            parts, tokens = self.put_together(parts, tokens, period, _whole_copies(parts, period, runs))
        return parts, self.token(tuple(tokens))

    def token_of(self, part: Part) -> int:
        if isinstance(part, Group):
            part.parts, inside = self.folded(part.parts)
            return self.token((_pattern(part.title), inside))
        node = part.nodes[0]
        return self.token((*_operation(node), *self.wiring(node)))

    def wiring(self, node: Node) -> list[Any]:
        """Where each argument comes from: a kind of leaf, so many operations back in the same scope, or elsewhere."""
        here = self.position[node.serial]
        codes: list[Any] = []
        for slot, arg in self.args[node.serial]:
            back = here - self.position.get(arg.serial, here)
            leaf = (arg.requires_grad, getattr(arg.primal, "shape", None))
            near = back <= NEAR and _innermost(arg) is _innermost(node)
            codes.append((slot, leaf if not back else back if near else "elsewhere"))
        return codes

    def put_together(
        self, parts: list[Part], tokens: list[int], period: int, runs: list[tuple[int, int]]
    ) -> tuple[list[Part], list[int]]:
        out: list[Part] = []
        out_tokens: list[int] = []
        done = 0
        for start, times in runs:
            out += parts[done:start]
            out_tokens += tokens[done:start]
            merged = [merge([parts[start + i + period * k] for k in range(times)]) for i in range(period)]
            if period == 1 and merged[0].times == 1:
                merged[0].times = times
                out += merged
            else:
                out.append(Group("", merged, times, scoped=False))
            out_tokens.append(self.token((times, tuple(tokens[start : start + period]))))
            done = start + period * times
        return [*out, *parts[done:]], [*out_tokens, *tokens[done:]]


def _operation(node: Node) -> tuple[Any, ...]:
    """What a node computes, in which shape; repeats may differ in what they pick out of an array."""
    params = str({name: value for name, value in node.params.items() if name != "index"}) if node.params else ""
    return node.primitive, getattr(node.primal, "shape", None), params


def merge(parts: Sequence[Any]) -> Part:
    """Like parts as one."""
    first = parts[0]
    if isinstance(first, Bundle):
        return Bundle([node for part in parts for node in part.nodes], first.times)
    inner = [merge(alike) for alike in zip(*(part.parts for part in parts), strict=True)]
    return Group(between(first.title, parts[-1].title), inner, first.times, first.scoped, first.closed)


def _pattern(title: str) -> str:
    return re.sub(r"\d+", "0", title)


def between(first: str, last: str) -> str:
    """Two names that stand for all between them: as one, where they differ in their numbers only.

    Examples
    --------
    >>> between("layer 1", "layer 12")
    'layer 1…12'
    >>> between("first", "last")
    'first … last'
    """
    if first == last:
        return first
    if _pattern(first) != _pattern(last):
        return f"{first} … {last}"
    numbers = iter(re.findall(r"\d+", last))
    return re.sub(r"\d+", lambda m: m[0] if m[0] == (other := next(numbers)) else f"{m[0]}…{other}", first)


def _first_repeats(tokens: list[int]) -> tuple[int, list[tuple[int, int]]] | None:
    """The shortest period with which something repeats at least `FEWEST` times, and where: (start, stop)."""
    array = np.array(tokens)
    for period in range(1, min(len(tokens) // FEWEST, LONGEST_PERIOD) + 1):
        same = array[period:] == array[:-period]
        if np.count_nonzero(same) < (FEWEST - 1) * period:
            continue
        borders = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])))).reshape(-1, 2)
        borders = borders[borders[:, 1] - borders[:, 0] >= (FEWEST - 1) * period]
        if len(borders):
            return period, [(start, stop + period) for start, stop in borders.tolist()]
    return None


def _whole_copies(parts: list[Part], period: int, runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The copies in each run that repeats, as (start, times).

    A run may begin up to a period earlier, where what is there differs in wiring only: the first copy has other
    arguments than those that follow it, h0 in place of the h of the copy before.
    """
    floor, found = 0, []
    for start, stop in runs:
        begin = max(start, floor)
        while begin > max(floor, start - period) and _alike(parts[begin - 1], parts[begin - 1 + period]):
            begin -= 1
        times = (stop - begin) // period
        if times >= FEWEST:
            found.append((begin, times))
            floor = begin + period * times
    return found


def _alike(part: Part, other: Part) -> bool:
    """Whether two parts differ in wiring at most."""
    if isinstance(part, Bundle) or isinstance(other, Bundle):
        return (
            isinstance(part, Bundle)
            and isinstance(other, Bundle)
            and (part.times, _operation(part.nodes[0])) == (other.times, _operation(other.nodes[0]))
        )
    return (part.times, _pattern(part.title), len(part.parts)) == (
        other.times,
        _pattern(other.title),
        len(other.parts),
    ) and all(map(_alike, part.parts, other.parts))
