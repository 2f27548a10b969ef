"""`check_grads`: the engine's gradients of a function against differences, to any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any, Literal

import numpy as np

from autograd.check.arguments import Arguments
from autograd.check.level import Level, directions
from autograd.check.program import Function, Gradient, Program
from autograd.check.report import GradientError, Limit, Report, listed
from autograd.check.slope import Comparison
from autograd.check.slots import Slot, slot_of
from autograd.graph import describe


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    rtol: float = 1e-6,
    atol: float = 0.0,
    mode: Literal["directional", "full"] = "directional",
    seed: int = 0,
    nudge: float = 0.0,
) -> Report:
    """Check the engine's gradients of a function against differences of its values.

    The outputs are weighted by random cotangents, every argument moves in random directions, and step sizes are tried
    until differences agree among themselves. The second order checks the derivative of the gradient, for the arguments
    and for the cotangents.

    Parameters
    ----------
    f : callable
        Of Values, Tensors, floats, arrays, or nested lists, tuples and dicts of them; it returns the same. Floats and
        arrays reach it as Tensors, as in `autograd.grad` (floats beside Values as Values).
    *args
        Where to check. What is not made of real numbers is handed on as it is. Leaves that f uses without being handed
        them, such as the parameters of a model, are checked as well.
    order : int
        The highest order of derivative to check.
    rtol, atol : float
        The error that is allowed: relative to the length of all that is added up (the root of the sum of its squares),
        and absolute.
    mode : {"directional", "full"}
        Random directions, at the cost of a few calls of f; or the first derivative entry by entry. Along a direction
        all n entries of an argument are added up with random signs. A relative error in one of them shows from about
        ``2 * rtol * sqrt(n)`` on, 0.02 % of 10,000 entries, if that entry is as large as the others are; the report
        says so where it is more than 0.1 %. What is a thousand times smaller than the others can hide: "full" compares
        each by itself.
    seed : int
        Of the random cotangents and directions.
    nudge : float
        Where a kink is met, check again with the arguments moved by this part of their size, off the kink.

    Returns
    -------
    Report
        Its ``limits`` say what could not be checked and why; none of them is a failure. Where f returns several
        numbers, those in the report belong to the sum of them, each times a random cotangent: it says so.

    Raises
    ------
    GradientError
        Where a derivative is wrong, f is nan or inf, or f gives different results on two calls. An AssertionError,
        with the report in its ``report``.
    TypeError, ValueError
        Where there is nothing to check: nothing that can vary, an f that returns no numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import check_grads, primitive
    >>> check_grads(np.tanh, np.array([0.5, -1.0])).ok
    True
    >>> @primitive(lambda g, out, x: 2 * g * x * x)
    ... def cube(x):
    ...     return x**3
    >>> check_grads(cube, 2.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    autograd.check.report.GradientError: the gradient is wrong
    the gradient for x is wrong: the engine says 8, differences say 12 (ratio 0.666667)
    ...
    """
    for name, given in (("rtol", rtol), ("atol", atol), ("nudge", nudge)):
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not given >= 0:
            raise ValueError(f"check_grads: {name} must be a number of at least 0, got {given!r}")
    for name, number, least in (("order", order, 1), ("seed", seed, 0)):
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            raise ValueError(f"check_grads: {name} must be a whole number of at least {least}, got {number!r}")
    if mode not in ("directional", "full"):
        raise ValueError(f"check_grads: mode must be 'directional' or 'full', got {mode!r}")
    if not callable(f):
        raise TypeError(f"check_grads: f must be the function that is to be checked, got {type(f).__name__}")
    arguments = Arguments(f, args)
    with _beside(arguments) as slots:
        if not slots:
            kept = "".join(f". {limit.text}" for limit in _foreseeable(arguments, slots))
            raise ValueError(f"check_grads: nothing can vary: give Values, Tensors, floats or float arrays{kept}")
        program = Function(arguments, slots)
        rng = np.random.default_rng(seed)

        def check(program: Program) -> Level:
            level = Level(program, rtol=rtol, atol=atol, rng=rng)
            level.check(by_entry=mode == "full" and program.order == 1)
            return level

        report = _report(program, order, check)
        if nudge and report.ok and any(limit.kind == "kink" for limit in report.limits):
            moved = [replace(slot, data=slot.data + nudge * directions(slot.data, rng)[1]) for slot in slots]
            report = _report(Function(arguments, moved), order, check)
            text = f"a kink was met, so everything was checked {nudge:g} of the arguments' size away from it"
            report = replace(report, limits=(Limit("nudge", text), *report.limits))
    report = replace(report, full=mode == "full")
    if not report.ok:
        raise GradientError(str(report), report)
    return report


@contextmanager
def _beside(arguments: Arguments) -> Iterator[list[Slot]]:
    """The slots of the arguments and of the leaves that f uses without being handed them, given back as they were."""
    try:
        nodes = Function(arguments, arguments.slots).others()
    except TypeError as error:
        if "a Value met a Tensor" in str(error):
            error.add_note("check_grads hands plain numbers to f as Tensors: give Values where f computes with Values")
        raise
    if nodes:  # f may also make leaves of its own, others on each call
        again = {node.serial for node in Function(arguments, arguments.slots).others()}
        nodes = [node for node in nodes if node.serial in again]
    names = [slot.name for slot in arguments.slots]
    beside: list[Slot] = []
    for node in nodes:
        name = node.label or describe(node)
        numbered = (f"{name} ({i})" for i in count(2))
        names.append(name if name not in names else next(other for other in numbered if other not in names))
        beside.append(slot_of(names[-1], node, in_place=True))
    kept = [(node, node.primal, node.changed, node.snapshot) for node in nodes]
    try:
        yield [*arguments.slots, *beside]
    finally:
        for node, primal, changed, snapshot in kept:
            node.primal, node.changed, node.snapshot = primal, changed, snapshot


def _report(function: Function, order: int, check: Callable[[Program], Level]) -> Report:
    """Check one order after the other, up to the first that is wrong."""
    program: Program = function
    complaint = _not_a_function(program) or _not_finite(program)
    if complaint:
        return Report((), failures=(complaint,))
    limits = _foreseeable(function.arguments, function.inputs.slots)
    comparisons: list[Comparison] = []
    while True:
        level = check(program)
        known = {(limit.kind, limit.argument) for limit in limits}
        limits += [limit for limit in level.limits() if (limit.kind, limit.argument) not in known]
        comparisons += level.comparisons
        if level.failures or program.order == order or not level.settled.any():
            break
        try:
            program = Gradient(program, level.weights, level.settled)
        except Exception as error:
            error.add_note(f"while recording a gradient for derivatives of order {program.order + 1}; see order=")
            raise
    comparisons.sort(key=lambda c: (c.verdict != "wrong", -float(np.nan_to_num(c.error, nan=np.inf))))
    return Report(tuple(comparisons), limits=tuple(limits), failures=tuple(level.failures))


def _not_a_function(program: Program) -> str | None:
    again = program.at(program.x)
    same = np.isclose(program.y, again, rtol=1e-9, atol=0.0, equal_nan=True)
    if same.all():
        return None
    i = int(np.argmin(same))
    return (
        f"f gives different results on two calls with the same arguments, {program.y[i]:.9g} and {again[i]:.9g}: let "
        "it draw random numbers from a generator that is seeded inside it, and keep no state"
    )


def _not_finite(program: Program) -> str | None:
    finite = np.isfinite(program.y)
    if finite.all():
        return None
    i = int(np.argmin(finite))
    return f"f is {program.y[i]} here ({program.outputs.entry(i)}), so it has no slope: check at another point"


def _foreseeable(arguments: Arguments, slots: Sequence[Slot]) -> list[Limit]:
    """What can be said before anything is compared."""
    limits = [
        Limit("constant", f"{listed(names)} kept constant: {why}", argument)
        for (argument, why), names in arguments.constants.items()
    ]
    for slot in slots:
        fixed = int(np.sum(~np.isfinite(slot.data)))
        if fixed:
            limits.append(Limit("nan", f"{slot.name} kept constant in {fixed} entries: nan or inf", slot.name))
        if slot.dtype == np.float32:
            limits.append(Limit("float32", f"{slot.name} is float32: it was checked in float64", slot.name))
        if not slot.data.size:
            limits.append(Limit("empty", f"{slot.name} has no entries: nothing to check", slot.name))
    return limits
