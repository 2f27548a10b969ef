"""From parts to boxes, frames and wires: what is one box, what stands in which frame, what is connected to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from autograd.graph import Node
from autograd.readers.folding import FEWEST, Bundle, Group, Part, cut, deepest, fold, parts_of
from autograd.readers.selection import Selection

__all__ = ["Plan", "PlannedBox", "PlannedFrame", "PlannedWire", "make_plan"]

PIECES = 24
SPACIOUS = 50  # boxes, of which a screen shows about half
WORTHWHILE = 0.6
NOWHERE = -1


@dataclass(slots=True, eq=False)
class PlannedBox:
    """The nodes of one box; `group` if it is a closed one; boxes stand by rank, the serial of the first copy.

    A reference stands in the backward part for a box of the forward part.
    """

    nodes: list[Node]
    home: int
    rank: float
    times: int = 1
    group: Group | None = None
    swallowed: list[Node] = field(default_factory=list)
    reference: bool = False


@dataclass(slots=True, eq=False)
class PlannedFrame:
    """A group that is drawn open; `how` its copies stand to each other."""

    title: str
    parent: int
    times: int
    how: str = ""


@dataclass(frozen=True, slots=True)
class PlannedWire:
    """A connection of boxes. It stands for the argument `slot` of `node` alone, unless that is None."""

    tail: int
    head: int
    slot: int
    node: Node | None


@dataclass(slots=True)
class Plan:
    """Boxes in an order in which every wire points forward, and what had to be done to keep them few."""

    boxes: list[PlannedBox] = field(default_factory=list)
    frames: list[PlannedFrame] = field(default_factory=list)
    wires: list[PlannedWire] = field(default_factory=list)
    box_of: dict[int, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    references: dict[tuple[int, int], int] = field(default_factory=dict)


def make_plan(selection: Selection, depth: int | None, folded: bool | None, limit: int | None) -> Plan:
    """The plan with the most detail that keeps to the limit.

    Parameters
    ----------
    selection
        What to draw.
    depth
        Scopes below this many are single boxes; None for as many as the limit allows.
    folded
        Whether repeats are drawn once; None for only where the limit asks for it, or much room is saved.
    limit
        The largest number of boxes; None for any.
    """
    parts = parts_of(selection)
    levels = deepest(parts)
    asked = levels if depth is None else depth
    notes: list[str] = []
    if folded:
        parts = fold(parts, selection)
    total = len(selection.nodes)
    operations = sum(1 for node in selection.nodes if node.primitive is not None)
    most = total if limit is None else limit
    hopeless = operations > most and depth is None and folded is None  # one box each: too many in any case
    plan = Plan() if hopeless else _planned(parts, selection, asked)
    if folded is None and limit is not None and SPACIOUS < len(plan.boxes) <= most:
        folding = _planned(fold(parts_of(selection), selection), selection, asked)
        if len(folding.boxes) <= WORTHWHILE * len(plan.boxes):
            plan = folding
            notes = [f"{total:,} nodes: what repeats is drawn once (fold=False draws each)"]
    if hopeless or len(plan.boxes) > most:
        if folded is None:
            before = total if hopeless else len(plan.boxes)
            parts = fold(parts, selection)
            plan = _planned(parts, selection, asked)
            notes = ["what repeats is drawn once"] if len(plan.boxes) < before else []
        if depth is None:
            for level in range(levels - 1, -1, -1):
                if len(plan.boxes) <= most:
                    break
                plan = _planned(parts, selection, level)
                notes = [*(note for note in notes if "depth=" not in note), _below(level)]
        if len(plan.boxes) > most:
            pieces = max(1, min(PIECES, most // 2))
            if selection.boundary == inf:
                parts = cut(parts, pieces)
            else:
                for side in parts:
                    assert isinstance(side, Group)
                    side.parts = cut(side.parts, max(1, pieces // 2))
            plan = _planned(parts, selection, 0)
            notes = [f"each box stands for about {-(-operations // pieces):,} operations recorded one after the other"]
        notes = [f"{total:,} nodes in {len(plan.boxes)} boxes (limit={limit}): " + "; ".join(notes)]
    plan.notes = notes
    _wire(plan, selection)
    return plan


def _below(level: int) -> str:
    which = "every scope is" if level == 0 else f"scopes inside {'another' if level == 1 else f'{level} others'} are"
    return f"{which} one box (depth={level})"


def _planned(parts: Sequence[Part], selection: Selection, depth: int) -> Plan:
    """The plan with scopes deeper than `depth` closed, still without wires."""
    plan = Plan()
    _place_operations(plan, parts, depth)
    _place_leaves(plan, selection)
    _place_references(plan, selection)
    order = sorted(range(len(plan.boxes)), key=lambda i: plan.boxes[i].rank)
    new = {old: i for i, old in enumerate(order)}
    plan.boxes = [plan.boxes[i] for i in order]
    plan.box_of = {serial: new[box] for serial, box in plan.box_of.items()}
    plan.references = {key: new[box] for key, box in plan.references.items()}
    return plan


def _place_operations(plan: Plan, parts: Sequence[Part], depth: int) -> None:
    stack: list[tuple[Part, int, int]] = [(part, NOWHERE, depth) for part in reversed(parts)]
    while stack:
        part, home, left = stack.pop()
        if isinstance(part, Bundle):
            _add_box(plan, PlannedBox(part.nodes, home, part.nodes[0].serial, part.times))
        elif part.closed or (part.scoped and left == 0):
            nodes = _nodes(part)
            _add_box(plan, PlannedBox(nodes, home, nodes[0].serial, part.times, part))
        else:
            plan.frames.append(PlannedFrame(part.title, home, part.times))
            frame = len(plan.frames) - 1
            stack += [(inner, frame, left - part.scoped) for inner in reversed(part.parts)]


def _nodes(group: Group) -> list[Node]:
    nodes: list[Node] = []
    stack: list[Part] = [group]
    while stack:
        part = stack.pop()
        if isinstance(part, Bundle):
            nodes += part.nodes
        else:
            stack += reversed(part.parts)
    return nodes


def _add_box(plan: Plan, box: PlannedBox) -> None:
    for node in box.nodes:
        plan.box_of[node.serial] = len(plan.boxes)
    plan.boxes.append(box)


def _place_leaves(plan: Plan, selection: Selection) -> None:
    """Put each leaf where it is used; leaves used alike, by what is folded or cut to pieces, are one box."""
    uses: dict[int, list[tuple[int, int]]] = {}
    for node in selection.nodes:
        # What is used forward stands there; its uses in the gradient refer to it.
        if node.primitive is not None:
            box = plan.box_of[node.serial]
            slots = plan.boxes[box].group is None
            for slot, arg in selection.args[node.serial]:
                if arg.primitive is None and (node.serial > selection.boundary) == (arg.serial > selection.boundary):
                    uses.setdefault(arg.serial, []).append((box, slot if slots else NOWHERE))
    halves = [frame for frame, planned in enumerate(plan.frames) if planned.parent == NOWHERE]
    alike: dict[Any, list[Node]] = {}
    for node in selection.nodes:
        if node.primitive is None:
            alike.setdefault(_use(plan, node, uses.get(node.serial, [])), []).append(node)
    for leaves in _told_apart(plan, alike.values(), uses):
        users = list(dict.fromkeys(box for leaf in leaves for box, _ in uses.get(leaf.serial, ())))
        inside = plan.boxes[users[0]] if len(users) == 1 else None
        if inside is not None and inside.group is not None and _belongs_inside(leaves):
            inside.swallowed += leaves
            plan.box_of.update((leaf.serial, users[0]) for leaf in leaves)
            continue
        home = _home(plan, users, len(leaves))
        if selection.boundary < inf and (home == NOWHERE or not _belongs_inside(leaves)):
            home = halves[leaves[0].serial > selection.boundary]
        elif not _belongs_inside(leaves):
            home = NOWHERE
        rank = min([leaves[0].serial, *(plan.boxes[box].rank - 0.5 for box in users)])
        _add_box(plan, PlannedBox(leaves, home, rank, max(1, len(leaves) // _copies(plan, home))))


def _place_references(plan: Plan, selection: Selection) -> None:
    """Where the gradient uses something of the forward part, a box that names it: no wire runs between the parts."""
    for node in selection.nodes:
        if node.serial <= selection.boundary:
            continue
        user = plan.boxes[plan.box_of[node.serial]]
        for _, arg in selection.args[node.serial]:
            source = plan.boxes[plan.box_of[arg.serial]]
            shown = [arg] if source.group else source.nodes
            key = (shown[0].serial, user.home)
            if arg.serial <= selection.boundary and user.group is None:
                if key not in plan.references:
                    plan.references[key] = len(plan.boxes)
                    plan.boxes.append(PlannedBox(shown, user.home, user.rank - 0.25, reference=True))
                plan.references[arg.serial, user.home] = plan.references[key]
                reference = plan.boxes[plan.references[key]]
                reference.rank = min(reference.rank, user.rank - 0.25)


def _use(plan: Plan, leaf: Node, uses: list[tuple[int, int]]) -> Any:
    """What leaves have in common that are drawn as one."""
    boxes = [plan.boxes[box] for box, _ in uses]
    if any(box.group is not None and not box.group.scoped for box in boxes):
        return min(uses)[0], leaf.requires_grad
    if boxes and all(len(box.nodes) > 1 or box.group is not None for box in boxes):
        return frozenset(uses), leaf.requires_grad, getattr(leaf.primal, "shape", None)
    return leaf.serial


def _told_apart(
    plan: Plan, groups: Iterable[list[Node]], uses: Mapping[int, Sequence[tuple[int, int]]]
) -> Iterator[list[Node]]:
    """The groups of leaves used alike; a few that closed scopes use are boxes of their own, each with its name."""
    for leaves in groups:
        users = [plan.boxes[box] for box, _ in uses.get(leaves[0].serial, ())]
        single = any(box.group is not None and box.group.scoped and box.times == 1 for box in users)
        if single and len(leaves) < FEWEST:
            yield from ([leaf] for leaf in leaves)
        else:
            yield leaves


def _belongs_inside(leaves: list[Node]) -> bool:
    """Parameters and single numbers belong to the operations that use them; arrays of data come from outside."""
    return all(leaf.requires_grad or getattr(leaf.primal, "size", 1) == 1 for leaf in leaves)


def _home(plan: Plan, users: list[int], leaves: int) -> int:
    """The innermost frame around all users in which each copy has leaves of its own."""
    if not users:
        return NOWHERE
    paths = [_around(plan, plan.boxes[user].home) for user in users]
    shared = [frame for frame, *others in zip(*paths, strict=False) if all(other == frame for other in others)]
    while shared and leaves % _copies(plan, shared[-1]):
        shared.pop()
    return shared[-1] if shared else NOWHERE


def _around(plan: Plan, frame: int) -> list[int]:
    path = []
    while frame != NOWHERE:
        path.append(frame)
        frame = plan.frames[frame].parent
    return path[::-1]


def _copies(plan: Plan, frame: int) -> int:
    """How many copies of what stands in this frame there are."""
    copies = 1
    while frame != NOWHERE:
        copies *= plan.frames[frame].times
        frame = plan.frames[frame].parent
    return copies


def _wire(plan: Plan, selection: Selection) -> None:
    """Connect the boxes. What runs from one copy of a repeat to another is no wire of the copy that is drawn."""
    wires: dict[tuple[int, int, int], PlannedWire] = {}
    place = {node.serial: i for box in plan.boxes for i, node in enumerate(box.nodes)}
    strides = [_strides(plan, box) for box in plan.boxes]
    steps: dict[int, set[tuple[int, int]]] = {}
    for node in selection.nodes:
        if node.primitive is None:
            continue
        head = plan.box_of[node.serial]
        box = plan.boxes[head]
        for slot, arg in selection.args[node.serial]:
            tail = plan.box_of[arg.serial]
            if arg.serial <= selection.boundary < node.serial:
                if box.group is not None:
                    continue
                tail = plan.references[arg.serial, box.home]
            if strides[head] and strides[tail] and arg.primitive is not None:
                step = _step(strides[tail], place[arg.serial], strides[head], place[node.serial])
                if step is not None:
                    steps.setdefault(step[0], set()).add(step[1:])
                    continue
            key = (tail, head, slot if box.group is None else NOWHERE)
            if tail < head and key not in wires:
                wires[key] = PlannedWire(*key, node if box.group is None and len(box.nodes) == 1 else None)
    plan.wires = sorted(wires.values(), key=lambda wire: (wire.head, wire.slot))
    for i, frame in enumerate(plan.frames):
        taken = steps.get(i, set())
        if not taken:
            frame.how = "side by side"
        elif taken == {(copy, copy + 1) for copy in range(frame.times - 1)}:
            frame.how = "in a row"


def _strides(plan: Plan, box: PlannedBox) -> list[tuple[int, int, int]]:
    """For each repeat around a box, from the outside in, and the box's own: (frame, copies, nodes between copies)."""
    if box.group is not None or box.reference:
        return []
    repeats = [(frame, plan.frames[frame].times) for frame in _around(plan, box.home)]
    strides, stride = [], 1
    for frame, times in [(NOWHERE, box.times), *reversed(repeats)]:
        if times > 1:
            strides.append((frame, times, stride))
            stride *= times
    return strides[::-1]


def _step(
    tail: list[tuple[int, int, int]], tail_place: int, head: list[tuple[int, int, int]], head_place: int
) -> tuple[int, int, int] | None:
    """The outermost repeat, and the two copies of it, that a wire connects; None if both its ends are in one copy."""
    for (frame, times, stride), (other, _, other_stride) in zip(tail, head, strict=False):
        if frame != other:
            return None
        here, there = tail_place // stride % times, head_place // other_stride % times
        if here != there:
            return frame, here, there
    return None
