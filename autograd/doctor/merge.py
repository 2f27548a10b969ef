"""Merge what was typed twice: to whoever derives by hand, ``X @ W`` is one step, however often the code computes it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.doctor.steps import Step, Steps


def merged(steps: Steps, keep: frozenset[int]) -> Steps:
    """The same computation with every tracked step once.

    Parameters
    ----------
    steps : Steps
    keep : frozenset of int
        Steps whose own gradients are claimed: a twin of one of them has its own part of the gradient, so it stays.
    """
    kept: list[Step] = []
    number: dict[int, int] = {}
    twins: dict[tuple[Any, ...], list[int]] = {}
    for step in steps:
        args = tuple(number[arg] for arg in step.args)
        own = Step(len(kept), step.primal, step.primitive, args, step.params, step.tracked, step.label)
        if step.primitive is not None and step.tracked and step.index not in keep:
            alike = twins.setdefault((step.primitive, *(arg for arg in args if kept[arg].tracked)), [])
            twin = next((kept[i] for i in alike if _same(own, kept[i], kept)), None)
            if twin is not None:
                twin.label = twin.label or own.label
                number[step.index] = twin.index
                continue
            alike.append(own.index)
        number[step.index] = own.index
        kept.append(own)
    return Steps(kept, {serial: number[index] for serial, index in steps.place.items()})


def _same(one: Step, two: Step, steps: list[Step]) -> bool:
    """Whether two steps of one primitive compute the same thing, and nobody calls it by two names."""
    if one.label and two.label and one.label != two.label:
        return False
    return (
        len(one.args) == len(two.args)
        and all(a == b or _equal(steps[a], steps[b]) for a, b in zip(one.args, two.args, strict=True))
        and one.params.keys() == two.params.keys()
        and all(_alike(one.params[name], two.params[name]) for name in one.params)
    )


def _equal(one: Step, two: Step) -> bool:
    """Whether two constants are the same array. Equal vectors need not be: a letter may come twice in a text."""
    if one.tracked or two.tracked or not np.array_equal(one.primal, two.primal, equal_nan=True):
        return False
    a, b = one.primal, two.primal
    here = a.__array_interface__["data"] == b.__array_interface__["data"] and a.strides == b.strides
    return here or not a.ndim or (a.ndim > 1 and min(a.shape) > 1)


def _alike(one: Any, two: Any) -> bool:
    """Whether two parameters of an operation are the same; an index may hold arrays."""
    if isinstance(one, (tuple, list)) and isinstance(two, (tuple, list)):
        return len(one) == len(two) and all(map(_alike, one, two))
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        return np.array_equal(one, two)
    return bool(one is two or one == two)
