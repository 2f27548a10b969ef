"""The graph: a node for every number or array that takes part in a computation.

An expression on nodes records itself: each result keeps the primitive that made it and the nodes it was made from.
Nothing else is stored, so a graph holds no closures and no reference cycles: it is freed at once when it is dropped,
and it can be walked, copied, pickled, drawn and differentiated by anyone who can read four attributes
(``primitive``, ``args``, ``params``, ``primal``).
"""

from __future__ import annotations

import copy
import itertools
import math
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from autograd.primitive import Primitive
    from autograd.scope import Scope

new = object.__new__

next_serial = itertools.count(1).__next__

NO_PARAMS: dict[str, Any] = {}


class Node:
    """A number or an array in a graph; `Value` and `Tensor` are the two kinds.

    Attributes
    ----------
    primal : float or ndarray
        The forward value. `data` is the public way to read and to assign it.
    grad : float, ndarray or None
        What `backward` has added up so far; None before the first sweep. Kept in the slot ``gradient``.
    primitive : Primitive or None
        The operation that made this node; None for a leaf.
    args : tuple of Node
        What it was made from, in the order of the arguments. Plain numbers and arrays stand here as `Constant`.
    x, y : Node or None
        The arguments themselves, where there are one or two; otherwise x is the tuple of all. A tuple in every node
        would be a second object for Python's cycle collector to visit.
    params : dict
        The metadata of the operation, such as ``{"axis": 0}``.
    serial : int
        Grows with creation, so arguments have smaller serials than their results: sorting by serial is a topological
        order.
    label : str or None
        A name for pictures and messages.
    requires_grad : bool
        Whether gradients flow to (and through) this node.
    changed : int
        Of a leaf only: the serial that was next when its data last changed. A result with a smaller serial was computed
        from other data.
    snapshot : bytes or None
        The fingerprint of a leaf's array as the graph last saw it, while somebody outside may hold that array and
        write into it. None while nobody does.
    origin : Scope or None
        Where a result was recorded; None for a leaf.
    """

    __slots__ = (
        "changed",
        "gradient",
        "label",
        "origin",
        "params",
        "primal",
        "primitive",
        "requires_grad",
        "serial",
        "snapshot",
        "x",
        "y",
    )

    kind: ClassVar[type[Node]]

    primal: Any
    gradient: Any
    primitive: Primitive | None
    x: Any
    y: Node | None
    params: dict[str, Any]
    serial: int
    changed: int
    label: str | None
    requires_grad: bool
    snapshot: bytes | None
    origin: Scope | None

    @classmethod
    def leaf(cls, primal: Any, *, label: str | None = None, requires_grad: bool = False) -> Self:
        """A leaf around ``primal`` as it is: no copy, no check."""
        node = cls.__new__(cls)
        node.become_leaf(primal, label, requires_grad)
        return node

    def become_leaf(self, primal: Any, label: str | None, requires_grad: bool) -> None:
        """Fill in a fresh node that nothing has made."""
        if label is not None and not isinstance(label, str):
            raise TypeError(f"label must be a text, got {label!r:.60}; several numbers are one list: Tensor([3, 4])")
        if requires_grad not in (True, False):
            raise TypeError(f"requires_grad must be True or False, got {requires_grad!r:.60}")
        self.primal = primal
        self.gradient = self.primitive = self.snapshot = self.origin = self.y = None
        self.x = ()
        self.params = NO_PARAMS
        self.serial = self.changed = next_serial()
        self.label = label
        self.requires_grad = bool(requires_grad)

    @property
    def args(self) -> tuple[Node, ...]:
        """The arguments, in their order."""
        x, y = self.x, self.y
        return (x, y) if y is not None else x if x.__class__ is tuple else (x,)

    @args.setter
    def args(self, args: tuple[Node, ...]) -> None:
        if len(args) == 2:
            self.x, self.y = args
        else:
            self.x, self.y = args[0] if len(args) == 1 else args, None

    @property
    def grad(self) -> Any:
        """What `backward` has added up so far; None before the first sweep."""
        return self.gradient

    @grad.setter
    def grad(self, given: Any) -> None:
        self.gradient = given

    @property
    def is_leaf(self) -> bool:
        """True for a node that no recorded operation made."""
        return self.primitive is None

    def settle(self) -> None:
        """Notice writes into this leaf's array since the graph last saw it; only `Tensor` has any to notice."""

    def used_by(self, result: Node) -> bool:
        """Whether this leaf's data is still what ``result`` was computed from."""
        if self.snapshot is not None:
            self.settle()
        return self.changed < result.serial

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """What a notebook shows: the picture of a result, the text of a leaf."""
        from autograd.readers.picture import node_bundle  # drawing needs more than differentiating

        return node_bundle(self, include, exclude)

    def __copy__(self) -> Self:
        """The same node once more: its own `grad` and label, the same history."""
        return _rebuilt(_record(self, self.args))  # type: ignore[return-value]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy the whole graph below this node, sharing what is shared; no recursion, so any depth will do."""
        nodes = tape(self)
        for node in nodes:
            if id(node) not in memo:
                copy = _rebuilt(_record(node, tuple(memo[id(arg)] for arg in node.args)), memo)
                memo[id(node)] = copy
        for leaf in _changed_leaves(nodes):
            memo[id(leaf)].changed = next_serial()
        copied: Self = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the graph below this node as one flat list, so that depth costs no recursion."""
        parcel = _parcels.get(self.serial)
        if parcel is None:
            parcel = _Parcel([node for node in tape(self) if node.serial not in _parcels])
        return _unpacked, (parcel, parcel.place[self.serial])


class Constant(Node):
    """A plain number or array that met a node in an operation: no gradient flows to it.

    The array is held by reference, with a fingerprint of its contents.
    """

    __slots__ = ()

    def settle(self) -> None:
        """Notice that the array has other contents than its fingerprint."""
        now = fingerprint(self.primal)
        if now != self.snapshot:
            self.changed = next_serial()
            self.snapshot = now

    def __repr__(self) -> str:
        return f"Constant({self.primal!r})"


Constant.kind = Constant


def constant(number: float) -> Constant:
    """The node of a Python number that met another node; beside an array it adapts to the array's precision."""
    node = new(Constant)
    node.primal = float(number)
    node.gradient = node.primitive = node.snapshot = node.origin = node.label = node.y = None
    node.x = ()
    node.params = NO_PARAMS
    node.requires_grad = False
    node.serial = node.changed = next_serial()
    return node


def fingerprint(array: Any) -> bytes:
    """The contents of a small array; of a large one sums of its bit patterns that a write does not leave alike.

    Summed are the entries whose positions leave the same remainder when divided by n, and again by n + 2. Both are odd,
    and their product is not below the number of entries, so no two entries share both sums: a write to one changes a
    sum, and so does an exchange of two, whatever the numbers are (integers wrap around and round nothing).
    """
    if array.nbytes <= 1 << 16:
        return array.tobytes()  # type: ignore[no-any-return]
    bits = array.ravel(order="K").view(f"u{array.itemsize}")
    n = math.isqrt(bits.size) | 1
    parts = []
    for width in (n, n + 2):
        whole = bits.size // width * width
        parts += [bits[:whole].reshape(-1, width).sum(axis=0), bits[whole:]]
    return b"".join(part.tobytes() for part in parts)


def tape(root: Node) -> list[Node]:
    """Every node that ``root`` depends on, constants included, oldest first; ``root`` is the last.

    Examples
    --------
    >>> from autograd import Value, tape
    >>> x = Value(3.0, label="x")
    >>> y = x * x
    >>> [node.label or node.primitive.name for node in tape(y)]
    ['x', 'mul']
    """
    found = reached(root)
    return [found[serial] for serial in sorted(found)]


def reached(root: Node, *, tracked: bool = False) -> dict[int, Node]:
    """The nodes that ``root`` depends on, by serial; only those that need a gradient, if ``tracked``."""
    every = not tracked
    found = {root.serial: root}
    waiting = [root]
    while waiting:
        node: Node | None = waiting.pop()
        while node is not None:  # go on with the last argument: it is the newest as a rule, so the next in memory
            x, y, node = node.x, node.y, None
            if y is not None:
                if y.serial not in found and (every or y.requires_grad):
                    found[y.serial] = y
                    if y.primitive is not None:
                        node = y
            elif type(x) is tuple:
                for arg in x:
                    if arg.serial not in found and (every or arg.requires_grad):
                        found[arg.serial] = arg
                        waiting.append(arg)
                break
            if x.serial not in found and (every or x.requires_grad):
                found[x.serial] = x
                if x.primitive is not None:
                    if node is None:
                        node = x
                    else:
                        waiting.append(x)
    return found


def describe(node: Node) -> str:
    """Name a node in a message: its label, what made it, its shape, and where known the line that made it.

    Examples
    --------
    >>> from autograd import Tensor
    >>> from autograd.graph import describe
    >>> describe(Tensor([[1.0, 2.0]], label="W"))
    "'W' (Tensor leaf, shape (1, 2))"
    """
    made_by = "leaf" if node.primitive is None else f"made by {node.primitive.name}"
    shape = getattr(node.primal, "shape", None)
    facts = f"{type(node).__name__} {made_by}" + ("" if shape is None else f", shape {shape}")
    facts += made_at(node)
    return f"a {facts}" if node.label is None else f"{node.label!r} ({facts})"


def made_at(node: Node) -> str:
    """Where in the user's code a node was recorded, as messages end with it; nothing where lines were not traced."""
    line = getattr(node.origin, "place", None)
    return "" if line is None else f", made at {line}"


# --- copying and pickling -------------------------------------------------------------------------------------------


class _Record(NamedTuple):
    """All that makes a node, without the node; ``args`` are nodes, or their places in a parcel."""

    cls: type[Node]
    primal: Any
    primitive: Primitive | None
    args: tuple[Any, ...]
    params: dict[str, Any]
    grad: Any
    label: str | None
    origin: Scope | None
    requires_grad: bool
    extra: dict[str, Any] | None


def _record(node: Node, args: tuple[Any, ...]) -> _Record:
    extra = getattr(node, "__dict__", None)
    facts = (node.primitive, args, node.params, node.gradient, node.label, node.origin, node.requires_grad, extra)
    return _Record(type(node), node.primal, *facts)


def _rebuilt(record: _Record, memo: dict[int, Any] | None = None) -> Node:
    node = record.cls.leaf(_owned(record.primal), label=record.label, requires_grad=record.requires_grad)
    node.primitive, node.args, node.params, node.origin = record.primitive, record.args, record.params, record.origin
    node.gradient = _owned(record.grad)
    if record.extra:
        node.__dict__.update(record.extra if memo is None else copy.deepcopy(record.extra, memo))
    return node


def _owned(data: Any) -> Any:
    return data.copy() if hasattr(data, "copy") else data


def _changed_leaves(nodes: list[Node]) -> list[Node]:
    """The leaves that were changed after some result on the tape had used them."""
    return [arg for node in nodes for arg in node.args if arg.primitive is None and not arg.used_by(node)]


class _Parcel:
    """The nodes that one call of pickle first meets together: written as a list of records, read back in one go.

    Two results that share nodes are pickled into one stream with their sharing, because a node that already is in a
    parcel is referred to by its place there. The parcel lives as long as pickle's memo does.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.place = {node.serial: i for i, node in enumerate(nodes)}
        for node in nodes:
            _parcels[node.serial] = self

    def __reduce__(self) -> tuple[Any, ...]:
        records = [_record(node, tuple(self.place.get(arg.serial, arg) for arg in node.args)) for node in self.nodes]
        changed = {self.place[leaf.serial] for leaf in _changed_leaves(self.nodes) if leaf.serial in self.place}
        return _unpack, (list(map(tuple, records)), sorted(changed))


_parcels: WeakValueDictionary[int, _Parcel] = WeakValueDictionary()


def _unpack(records: list[tuple[Any, ...]], changed: list[int]) -> list[Node]:
    nodes: list[Node] = []
    for record in map(_Record._make, records):
        args = tuple(nodes[arg] if isinstance(arg, int) else arg for arg in record.args)
        nodes.append(_rebuilt(record._replace(args=args)))
    for i in changed:
        nodes[i].changed = next_serial()
    return nodes


def _unpacked(parcel: list[Node], place: int) -> Node:
    return parcel[place]
