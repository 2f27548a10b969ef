"""Scope: where a result was recorded, by the name that was given to the part of the computation around it.

Every recorded node refers to the scope it was made in; a module's call is one, ``with autograd.scope("layer 1"):``
makes others. A scope can have watchers, which see each node as it is recorded.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from autograd.graph import Node

__all__ = ["Scope", "no_grad", "scope", "watch"]


class Scope:
    """One call of a named part of a computation.

    Attributes
    ----------
    name : str
    parent : Scope or None
        The scope around it; None at the top, which has no name.
    """

    __slots__ = ("name", "parent")

    def __init__(self, name: str = "", parent: Scope | None = None) -> None:
        self.name = name
        self.parent = parent

    def inside(self, name: str) -> Scope:
        """A new scope within this one."""
        return Scope(name, self)

    def chain(self) -> list[Scope]:
        """This scope and those around it, the outermost first; only those with a name."""
        found: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            if scope.name:
                found.append(scope)
            scope = scope.parent
        return found[::-1]

    def __reduce__(self) -> tuple[object, ...]:
        return (Scope, (self.name, self.parent)) if self.parent is not None else (_top, ())

    def __repr__(self) -> str:
        return f"<scope {'/'.join(scope.name for scope in self.chain()) or 'top'}>"


Watcher = Callable[["Node"], None]
RuleWatcher = Callable[["Node", int, Any, Any], None]


class Watched:
    """A scope with watchers; the scopes within it are watched too.

    A node refers to the plain scope alone: a watcher that keeps nodes would make a cycle.
    """

    __slots__ = ("rule_watchers", "scope", "watchers")

    def __init__(
        self, scope: Scope, watchers: tuple[Watcher, ...] = (), rule_watchers: tuple[RuleWatcher, ...] = ()
    ) -> None:
        self.scope = scope
        self.watchers = watchers
        self.rule_watchers = rule_watchers

    def inside(self, name: str) -> Watched:
        return Watched(self.scope.inside(name), self.watchers, self.rule_watchers)

    def show(self, node: Node) -> None:
        """Let the watchers see a node just recorded."""
        node.origin = self.scope
        for watcher in self.watchers:
            watcher(node)

    def show_rule(self, node: Node, i: int, g: Any, d: Any) -> None:
        """Let the watchers see what the i-th rule of a node has made of its cotangent."""
        for watcher in self.rule_watchers:
            watcher(node, i, g, d)


TOP = Scope()


def _top() -> Scope:
    return TOP


current: ContextVar[Scope | Watched | None] = ContextVar("scope", default=TOP)
"""The scope that is recorded into; None where nothing is recorded."""

recording = current.get


class _Context(ContextDecorator):
    """Another current scope for a block, or for a function as a decorator; it comes back also after an exception."""

    def __init__(self) -> None:
        self._tokens: list[Token[Scope | Watched | None]] = []

    def entered(self) -> Scope | Watched | None:
        """What is the current scope inside."""
        raise NotImplementedError

    def _recreate_cm(self) -> Self:
        """The block around one call of a decorated function; threads, each in a call of its own, share no tokens."""
        block = copy.copy(self)
        block._tokens = []
        return block

    def __call__(self, function: Any) -> Any:
        if function.__code__.co_flags & _GENERATOR:
            name = type(self).__name__
            raise TypeError(f"{name}() cannot decorate a generator function; write `with {name}(...):` inside it")
        return super().__call__(function)

    def __enter__(self) -> None:
        self._tokens.append(current.set(self.entered()))

    def __exit__(self, *error: object) -> None:
        current.reset(self._tokens.pop())


_GENERATOR = 0x20  # the flag of a generator's code object (inspect.CO_GENERATOR)


class no_grad(_Context):
    """Compute without recording, as a context manager or as a decorator: ``@no_grad()``.

    Recording comes back as it was when the block is left, also by an exception, and other threads are not affected.

    Examples
    --------
    >>> from autograd import Value, no_grad
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     y = w * w
    >>> y.requires_grad
    False
    """

    def __init__(self, *function: object) -> None:
        if function:
            raise TypeError("no_grad takes no argument; as a decorator write @no_grad() with parentheses")
        super().__init__()

    def entered(self) -> Scope | Watched | None:
        return None


class recording_on(_Context):
    """Record, whatever stands outside: a transform differentiates its own function in any case."""

    def entered(self) -> Scope | Watched | None:
        return current.get() or TOP


class scope(_Context):
    """Name a part of a computation, for pictures and messages: a context manager, or a decorator.

    Parameters
    ----------
    name : str
        What pictures write on it.

    Raises
    ------
    TypeError
        Where the name is no text.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(2.0)
    >>> with autograd.scope("layer 1"):
    ...     y = x * x
    >>> y.origin
    <scope layer 1>
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope takes a name, got {name!r:.60}")
        super().__init__()
        self.name = name

    def entered(self) -> Scope | Watched | None:
        around = current.get()
        return None if around is None else around.inside(self.name)


class watch(_Context):
    """Let functions see every node that is recorded inside, and every rule that a sweep inside reads.

    What a watcher raises ends the operation or the sweep that it was watching; what it returns is not used.

    Parameters
    ----------
    nodes : callable, optional
        ``nodes(node)``, of each result as it is recorded.
    rules : callable, optional
        ``rules(node, i, g, d)``: the rule of a node's i-th argument has made ``d`` of the cotangent ``g``.

    Examples
    --------
    >>> import autograd
    >>> x, seen = autograd.Value(2.0), []
    >>> with autograd.watch(seen.append):
    ...     y = x * x + 1
    >>> [node.primitive.name for node in seen]
    ['mul', 'add']
    """

    def __init__(self, nodes: Watcher | None = None, *, rules: RuleWatcher | None = None) -> None:
        for name, watcher in (("nodes", nodes), ("rules", rules)):
            if watcher is not None and not callable(watcher):
                raise TypeError(f"watch: {name} must be a function, got {watcher!r:.60}")
        super().__init__()
        self.watchers = () if nodes is None else (nodes,)
        self.rule_watchers = () if rules is None else (rules,)

    def entered(self) -> Scope | Watched | None:
        around = current.get()
        if around is None:
            return None
        if around.__class__ is not Watched:
            around = Watched(around)  # type: ignore[arg-type]
        return Watched(around.scope, (*around.watchers, *self.watchers), (*around.rule_watchers, *self.rule_watchers))
