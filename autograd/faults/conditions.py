"""What is seen in a case: the conditions of the table of causes, and the fields of its texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.faults.case import Case
from autograd.faults.formula import formula, number, spoken
from autograd.faults.origins import Edge
from autograd.faults.sweeping import read_rule
from autograd.graph import Node, tape

PICKING = {"getitem", "max", "min", "maximum", "minimum", "select"}
"""Operations that use some of the entries they are given."""

NEVER_ZERO = {"mul", "div", "prod", "square", "raise_to", "power", "exp", "exp2", "reciprocal"}
"""Operations whose result is 0 for arguments other than 0 only by rounding."""

CALLS = {
    "div": "x / y",
    "reciprocal": "1 / x",
    "raise_to": "x ** p",
    "power": "x ** p",
    "acos": "np.arccos(x)",
    "asin": "np.arcsin(x)",
    "atanh": "np.arctanh(x)",
    "acosh": "np.arccosh(x)",
}
"""How one writes an operation whose name is not NumPy's."""


def zero(name: str) -> Callable[[Case], bool]:
    return lambda case: case[name] == 0


def negative(name: str) -> Callable[[Case], bool]:
    return lambda case: case[name] < 0


def anything(case: Case) -> bool:
    return True


def overflow(case: Case) -> bool:
    """An infinite result of finite arguments; in the backward pass one that the forward pass hid."""
    return bool(np.isinf(case.of("out")).any()) and all(np.isfinite(arg.primal).all() for arg in case.node.args)


def forward_overflow(case: Case) -> bool:
    return not case.backward and overflow(case)


def given_zero(case: Case) -> bool:
    return case["y"] == 0 and not case.node.args[1].requires_grad


def root_at_zero(case: Case) -> bool:
    """A rule for x ** p, p < 1, at 0, where the slope is infinite."""
    return case.backward and case["x"] == 0 and exponent(case) < 1


def exponent(case: Case) -> float:
    return {"sqrt": 0.5, "power": case["y"]}.get(case.name, case["exponent"])


def beyond(case: Case) -> bool:
    """Overflow, be it of the result or of what the rule makes of the cotangent."""
    return gradient_overflow(case) or overflow(case)


def holds_infinity(case: Case) -> bool:
    return any(np.isinf(arg.primal).any() for arg in case.node.args)


def not_taken(case: Case) -> bool:
    """A rule that meets a cotangent of 0 and something infinite."""
    infinite = any(not np.isfinite(arg.primal).all() for arg in case.node.args)
    return case.backward and infinite and not np.any(case.of("g"))


def not_taken_by_a_where(case: Case) -> bool:
    return not_taken(case) and _is_below(case, "select")


def _is_below(case: Case, name: str) -> bool:
    """Whether an operation of this name depends on the case's."""
    stack, seen = [case.node], {case.node.serial}
    while stack:
        for user in case.users.get(stack.pop().serial, ()):
            if user.primitive is not None and user.primitive.name == name:
                return True
            if user.serial not in seen:
                seen.add(user.serial)
                stack.append(user)
    return False


def silent(case: Case) -> bool:
    """A rule whose cotangent at the entry is 0, so that its slope must be infinite there."""
    return case.backward and case["g"] == 0


def unused(case: Case) -> bool:
    """Silent, because whatever picks entries of the result picks others."""
    users = case.users.get(case.node.serial, ())
    return silent(case) and bool(users) and not any(_takes(user, case) for user in users)


def _takes(user: Node, case: Case) -> bool:
    """Whether another operation uses the entry; all but those that pick do."""
    assert user.primitive is not None
    if user.primitive.name not in PICKING or not isinstance(user.primal, np.ndarray):
        return True
    place = next(i for i, arg in enumerate(user.args) if arg is case.node)
    edge = Edge(user, place, np.ones_like(user.primal), None)
    return bool(np.broadcast_to(read_rule(edge), np.shape(case.node.primal))[case.at or ()] != 0)


def meets_zero(case: Case) -> bool:
    """Silent, because a factor of 0 meets the result."""
    return silent(case) and _factor_of_zero(case) is not None


def _factor_of_zero(case: Case) -> Node | None:
    for user in case.users.get(case.node.serial, ()):
        if user.primitive is not None and user.primitive.name == "mul":
            other = user.args[1] if user.args[0] is case.node else user.args[0]
            if case.at_entry(other.primal) == 0:
                return other
    return None


def swallowed(case: Case) -> bool:
    """Silent, because the result is infinite, and what follows makes a finite number of that."""
    return silent(case) and bool(np.isinf(case["out"]))


def rounded(name: str) -> Callable[[Case], bool]:
    """An argument that is 0, although it is a product, a quotient or a power of numbers none of which is."""

    def is_rounded(case: Case) -> bool:
        place = ("x", "y").index(name)
        arg = case.node.args[place] if place < len(case.node.args) else case.node
        if case[name] != 0 or getattr(arg.primitive, "name", "") not in NEVER_ZERO:
            return False
        below = Case(arg, {}, case.at)
        return all(below.at_entry(part.primal) != 0 and np.all(part.primal != 0) for part in arg.args)

    return is_rounded


def of_exponent(case: Case) -> bool:
    """The rule of x ** y for y, where x has no logarithm."""
    return case.edge is not None and case.edge.position == 1 and case["x"] < 0


def at_origin(case: Case) -> bool:
    return case.backward and case["x"] == 0 and case["y"] == 0


def gradient_overflow(case: Case) -> bool:
    """An infinite slope or product in a rule, of numbers that are all finite and a cotangent that is not 0."""
    if case.edge is None or not np.isinf(case.edge.d).any() or np.isnan(case.edge.d).any():
        return False
    return all(np.isfinite(arg.primal).all() for arg in case.node.args)


def near_zero(case: Case) -> bool:
    """The same, because a divisor or a logarithm's argument is next to 0."""
    return gradient_overflow(case) and 0 < abs(case["y" if case.name == "div" else "x"]) < 1e-12


def float32_gradient(case: Case) -> bool:
    """The same, and in float64 it is finite."""
    if case.edge is None or case.dtype != np.float32 or not gradient_overflow(case):
        return False
    return bool(np.isfinite(read_rule(case.edge, np.float64)).all())


def run_away(case: Case) -> bool:
    return overflow(case) and _largest_leaf(case)[1] > 1e8


def _largest_leaf(case: Case) -> tuple[str, float]:
    """The parameter with the largest entry among all that the operation depends on."""
    leaves = [node for node in tape(case.node) if node.is_leaf and node.requires_grad and np.size(node.primal)]
    sizes = [(float(np.abs(leaf.primal).max()), formula(leaf)) for leaf in leaves]
    size, name = max(sizes, default=(0.0, ""))
    return name, size


def _factors(case: Case) -> int:
    """How many products follow on one another up to here and from here on, each a factor of the next."""
    count, node = 1, case.node
    while below := [arg for arg in node.args if _is_product(arg.primitive)]:
        count, node = count + 1, below[0]
    node = case.node
    while above := [user for user in case.users.get(node.serial, ()) if _is_product(user.primitive)]:
        count, node = count + 1, above[0]
    return count


def _is_product(primitive: object) -> bool:
    return getattr(primitive, "name", "") in ("mul", "matmul", "square", "raise_to")


def long_product(case: Case) -> bool:
    return _factors(case) >= 8


def float32(case: Case) -> bool:
    """Whether the same in float64 is finite."""
    if case.dtype != np.float32 or case.backward or not overflow(case) or case.node.primitive is None:
        return False
    with np.errstate(all="ignore"):
        wide = case.node.primitive.function(
            *[np.asarray(arg.primal, np.float64) for arg in case.node.args], **case.node.params
        )
    return bool(np.isfinite(wide).all())


FIELDS: dict[str, Callable[[Case], str]] = {
    "name": lambda case: spoken(case.node),
    "entries": lambda case: str(np.size(case.of("x"))),
    "dtype": lambda case: str(case.dtype),
    "limit": lambda case: f"the largest {case.dtype}, {np.finfo(case.dtype).max:.1e}",
    "leaf": lambda case: _largest_leaf(case)[0],
    "size": lambda case: number(_largest_leaf(case)[1]),
    "factors": lambda case: str(_factors(case)),
    "label": lambda case: formula(case.node),
    "given": lambda case: _given(case.node),
    "made": lambda case: _made(case.of("out")),
    "call": lambda case: CALLS.get(case.name, f"np.{case.name}(x)"),
    "factor": lambda case: _of_zero(_factor_of_zero(case)),
    "argument": lambda case: formula(case.node.args[0]),
    "divisor": lambda case: formula(case.node.args[-1]),
    "root": lambda case: "np.sqrt(x)" if exponent(case) == 0.5 else f"x ** {number(exponent(case))}",
}


def _given(leaf: Node) -> str:
    """A leaf by its label, or what it is."""
    return "a number that was given" if leaf.label is None and np.size(leaf.primal) == 1 else formula(leaf)


def _of_zero(factor: Node | None) -> str:
    """A factor that is 0 at the entry."""
    if factor is None or (factor.is_leaf and factor.label is None and np.size(factor.primal) == 1):
        return "0"
    return f"{formula(factor)}, which is 0 there"


def _made(primal: Any) -> str:
    """What is not finite in a result."""
    values = np.asarray(primal, float)
    kinds = (("nan", np.isnan(values)), ("inf", values == np.inf), ("-inf", values == -np.inf))
    return next((name for name, found in kinds if found.any()), "nothing but finite numbers")
