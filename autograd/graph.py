"""The graph: a node for every number or array that takes part in a computation.

An expression on nodes records itself: each result keeps the primitive that made it and the nodes it was made from.
Nothing else is stored, so a graph holds no closures and no reference cycles: it is freed at once when it is dropped,
and it can be walked, copied, pickled, drawn and differentiated by anyone who can read four attributes
(``primitive``, ``args``, ``params``, ``primal``).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from autograd.primitive import Primitive

next_serial = itertools.count(1).__next__

NO_PARAMS: dict[str, Any] = {}


class Node:
    """A number or an array in a graph; `Value` and `Tensor` are the two kinds.

    Attributes
    ----------
    primal : float or ndarray
        The forward value. `data` is the public way to read and to assign it.
    grad : float, ndarray or None
        What `backward` has added up so far; None before the first sweep.
    primitive : Primitive or None
        The operation that made this node; None for a leaf.
    args : tuple of Node
        What it was made from, in the order of the arguments. Plain numbers and arrays stand here as `Constant`.
    params : dict
        The metadata of the operation, such as ``{"axis": 0}``.
    serial : int
        Grows with creation, so arguments have smaller serials than their results: sorting by serial is a topological
        order. Assigning `data` gives a leaf a new serial, so a leaf that is younger than its result has been changed
        since.
    label : str or None
        A name for pictures and messages.
    requires_grad : bool
        Whether gradients flow to (and through) this node.
    snapshot : bytes or None
        The contents of a leaf's array as the graph last saw them, while somebody outside may hold that array and
        write into it. None while nobody does.
    """

    __slots__ = ("args", "grad", "label", "params", "primal", "primitive", "requires_grad", "serial", "snapshot")

    kind: ClassVar[type[Node]]

    primal: Any
    grad: Any
    primitive: Primitive | None
    args: tuple[Node, ...]
    params: dict[str, Any]
    serial: int
    label: str | None
    requires_grad: bool
    snapshot: bytes | None

    def _become_leaf(self, primal: Any, label: str | None, requires_grad: bool) -> None:
        self.primal = primal
        self.grad = self.primitive = self.snapshot = None
        self.args = ()
        self.params = NO_PARAMS
        self.serial = next_serial()
        self.label = label
        self.requires_grad = requires_grad

    @classmethod
    def leaf(cls, primal: Any, *, label: str | None = None, requires_grad: bool = False) -> Self:
        """A leaf around ``primal`` as it is: no copy, no check."""
        node = cls.__new__(cls)
        node._become_leaf(primal, label, requires_grad)
        return node

    @property
    def is_leaf(self) -> bool:
        """True for a node that no recorded operation made."""
        return self.primitive is None

    def settle(self) -> None:
        """Notice writes into this leaf's array since the graph last saw it; only `Tensor` has any to notice."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy the whole graph below this node, sharing what is shared; no recursion, so any depth will do."""
        for node in tape(self):
            if id(node) not in memo:
                memo[id(node)] = _restore(
                    type(node),
                    _copied(node.primal),
                    node.primitive,
                    tuple(memo[id(arg)] for arg in node.args),
                    node.params,
                    _copied(node.grad),
                    node.label,
                    node.requires_grad,
                    getattr(node, "__dict__", None),
                )
        copy: Self = memo[id(self)]
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the graph below this node oldest first, so that depth costs no recursion and sharing survives."""
        if id(self) in _being_pickled:
            return _restore, (
                type(self),
                self.primal,
                self.primitive,
                self.args,
                self.params,
                self.grad,
                self.label,
                self.requires_grad,
                getattr(self, "__dict__", None),
            )
        return _last, (_Pickled(tape(self)),)


class Constant(Node):
    """A plain number or array that met a node in an operation: no gradient flows to it.

    The array is held by reference, not copied.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Constant({self.primal!r})"


Constant.kind = Constant


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
    found = {root.serial: root}
    stack = [root]
    while stack:
        node = stack.pop()
        for arg in node.args:
            if arg.serial not in found:
                found[arg.serial] = arg
                if arg.primitive is not None:
                    stack.append(arg)
    return [found[serial] for serial in sorted(found)]


def describe(node: Node) -> str:
    """Name a node in a message: its label, what made it, its shape.

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
    return f"a {facts}" if node.label is None else f"{node.label!r} ({facts})"


def _copied(data: Any) -> Any:
    return data.copy() if hasattr(data, "copy") else data


def _restore(
    cls: type[Node],
    primal: Any,
    primitive: Primitive | None,
    args: tuple[Node, ...],
    params: dict[str, Any],
    grad: Any,
    label: str | None,
    requires_grad: bool,
    extra: dict[str, Any] | None,
) -> Node:
    node = cls.leaf(primal, label=label, requires_grad=requires_grad)
    node.primitive, node.args, node.params, node.grad = primitive, args, params, grad
    if extra:
        node.__dict__.update(extra)
    return node


_being_pickled: set[int] = set()


class _Pickled:
    """The tape of a node on its way through pickle, written oldest first.

    As long as this object lives, the nodes of the tape pickle as themselves: their arguments have been written before,
    so pickle only refers back to them. pickle's memo keeps it alive until all is written.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.ids = {id(node) for node in nodes} - _being_pickled
        _being_pickled.update(self.ids)

    def __del__(self) -> None:
        _being_pickled.difference_update(self.ids)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, iter(self.nodes)


def _last(nodes: list[Node]) -> Node:
    return nodes[-1]
