"""Call: one call of a function that is to be differentiated, on tracked copies of some of its arguments."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, cast

import numpy as np

from autograd.containers import leaves, map_leaves
from autograd.graph import Node, reached, tape
from autograd.primitives.elementwise import positive
from autograd.scope import no_grad, recording, recording_on
from autograd.sweep import gradients
from autograd.tensor import Tensor

Argnum = int | Sequence[int]

_depth: ContextVar[int] = ContextVar("depth", default=0)


def transform(derivative: Callable[..., Any]) -> Callable[..., Any]:
    """A derivative as its caller gets it: it records in any case, but under no_grad nothing of that is handed out."""

    @functools.wraps(derivative)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        wanted = recording() is not None
        with recording_on():
            result = derivative(*args, **kwargs)
        return result if wanted else map_leaves(lambda x: cast(Any, x).detach() if isinstance(x, Node) else x, result)

    return recorded


class Call:
    """One call of a function on tracked copies of some of its arguments.

    ``plain`` says whether plain numbers go back to the caller. They do not where this call stands inside another
    transform and depends on what that one differentiates, by its arguments or through a closure: then nodes go back.
    """

    def __init__(self, f: Callable[..., Any], argnum: Argnum, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        several = isinstance(argnum, Sequence)
        places = [_place(place, len(args)) for place in (argnum if isinstance(argnum, Sequence) else (argnum,))]
        if len(set(places)) < len(places):
            raise ValueError(f"argnum {argnum} names an argument twice")
        self.chosen = tuple(args[place] for place in places) if several else args[places[0]]
        self.inputs = map_leaves(_tracked, self.chosen)
        self.nodes: list[Node] = leaves(self.inputs)

        def call(inputs: Any) -> Any:
            given = list(args)
            for place, x in zip(places, inputs if several else (inputs,), strict=True):
                given[place] = x
            return f(*given, **kwargs)

        self.call = call
        self.zeros_are_right = False
        depth = _depth.get()
        token = _depth.set(depth + 1)
        try:
            self.output = call(self.inputs)
        finally:
            _depth.reset(token)
        for out in leaves(self.output):
            if not isinstance(out, Node) and (out is None or np.asarray(out).dtype.kind not in "fiub"):
                raise TypeError(
                    f"the function to differentiate returned {'None' if out is None else type(out).__name__}, not "
                    "numbers or arrays" + ("; does it lack a return?" if out is None else "")
                )
        self.plain = not any(isinstance(leaf, Node) for leaf in leaves(self.chosen))
        if self.plain and depth:
            mine = {node.serial for node in self.nodes}
            self.plain = not any(
                node.primitive is None and node.requires_grad and node.serial not in mine
                for out in leaves(self.output)
                if isinstance(out, Node)
                for node in tape(out)
            )

    def single_number(self, transform: str) -> Any:
        """The output, which must be one number."""
        out = self.output
        if isinstance(out, (list, tuple, dict)) or np.size(raw(out)) != 1:
            what = f"shape {np.shape(raw(out))}" if not isinstance(out, (list, tuple, dict)) else type(out).__name__
            raise ValueError(
                f"{transform} needs a function that returns a single number, and this one returned {what}. Use "
                "jacobian, or elementwise_grad, or reduce it first"
            )
        return out

    def pull(self, output: Any, seed: Any, create_graph: bool) -> Any:
        """The gradients of a node for the tracked arguments, in their structure."""
        if not isinstance(output, Node) or not output.requires_grad:
            found = [node.kind.zeros(node, create_graph) for node in self.nodes]  # type: ignore[attr-defined]
        else:
            found = gradients(output, self.nodes, seed, create_graph=create_graph)
        if not self.zeros_are_right and not any(np.any(raw(g)) for g in found):
            self.doubt_zeros()
        each = iter(found)
        return map_leaves(lambda _: next(each), self.inputs)

    def doubt_zeros(self) -> None:
        """Refuse zeros where the output changes with the arguments, but its graph does not lead to them.

        Where no graph does, the function is asked again, near by. Neither a step counts nor chance. A node that
        requires no gradient was detached, or computed under no_grad: there 0 is what was asked for.
        """
        self.zeros_are_right = True
        mine = {node.serial for node in self.nodes}
        for out in leaves(self.output):
            if isinstance(out, Node) and not (out.requires_grad and mine.isdisjoint(reached(out, tracked=True))):
                return

        def at(steps: int) -> list[Any]:
            return [np.array(raw(out)) for out in leaves(self.call(map_leaves(_nudged(steps), self.chosen)))]

        try:
            with no_grad():
                here, near = [np.array(raw(out)) for out in leaves(self.output)], at(1)
                moves = _differ(here, near) and _differ(near, at(2)) and not _differ(near, at(1))
        except Exception:  # a function that cannot be computed there has told nothing
            return
        if moves:
            raise RuntimeError(
                "the function to differentiate changes with its argument, but no recorded operation leads from one to "
                "the other, so its gradient would be 0 without a trace. Something left the graph: .item(), .data, "
                ".numpy(), or a new Tensor or Value made of them. Compute with the argument itself; where 0 is what "
                "you mean, return a Tensor that is detached"
            )

    def hand_back(self, result: Any) -> Any:
        """Plain numbers for plain arguments, of the same kind; nodes where the arguments were nodes."""
        return map_leaves(lambda like, x: as_given(like, x, self.plain), self.chosen, result)


def _place(argnum: Any, count: int) -> int:
    place = operator.index(argnum)
    if not -count <= place < count:
        raise ValueError(f"argnum {place} names no argument: the function was called with {count}")
    return place % count


def _tracked(x: Any) -> Node:
    """A tracked copy of an argument; a node gets a node of its own, so that nested derivatives are not confused."""
    if isinstance(x, Node):
        kind: Any = x.kind
        return cast(Node, positive(x) if x.requires_grad else kind(x.primal))
    return Tensor(x)


def raw(x: Any) -> Any:
    return x.primal if isinstance(x, Node) else x


def _nudged(steps: int) -> Callable[[Any], Node]:
    """What makes of an argument another one near by: every entry is moved, and no two by the same share."""

    def nudged(x: Any) -> Node:
        kind: Any = x.kind if isinstance(x, Node) else Tensor
        primal = np.asarray(kind(raw(x)).primal)
        shares = np.linspace(1, 2, primal.size).reshape(primal.shape)
        step = steps * np.sqrt(np.finfo(primal.dtype).eps) * shares * (1 + np.abs(primal))
        return cast(Node, kind((primal + step).astype(primal.dtype)))

    return nudged


def _differ(some: list[Any], others: list[Any]) -> bool:
    pairs = zip(some, others, strict=True)
    return not all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)


def as_given(like: Any, x: Any, plain: bool) -> Any:
    if not plain:
        return x
    x = raw(x)
    return float(x) if isinstance(like, (int, float, np.number)) and np.ndim(x) == 0 else x


def plain_value(x: Any, plain: bool) -> Any:
    """An output as its caller expects it: a float or an array, or a node inside another transform."""
    if not plain:
        return x
    x = raw(x)
    return float(x) if np.ndim(x) == 0 else x
