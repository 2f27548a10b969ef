"""Mistakes about paths: a branch forgotten, a gradient overwritten instead of added, a term of the loss left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.replay import Change, EdgeRule, Mistake
from autograd.doctor.steps import Edge, Step

BRANCH_FORGOTTEN = Mistake(
    "branch-forgotten",
    "one branch of something that is used twice is forgotten: = for +=",
    "{claim} lacks the part of the gradient of {at} that comes back through {branch}: {at} is used {times} times, and its "
    "gradients add up (+=).",
)
OVERWRITTEN = Mistake(
    "overwritten",
    "of something that is used several times, only one gradient is left: = for +=",
    "{claim} has only the part of the gradient of {at} that comes back through {branch}: {at} is used {times} times; add "
    "up with +=, do not overwrite.",
)
REGULARISER_MISSING = Mistake(
    "regulariser-missing",
    "the gradient of the regulariser is left out",
    "{claim} lacks the gradient of the regulariser, {branch}.",
)
TERM_MISSING = Mistake(
    "term-missing",
    "a term of the loss is left out: the log(1 - a) of binary cross-entropy",
    "{claim} lacks a term of the loss: the one with {branch}.",
)
DETACHED = Mistake(
    "detached",
    "a step is treated as a constant, though it depends on what is differentiated",
    "{claim} treats {at} as a constant, but it depends on what is differentiated: its part of the gradient is missing.",
)


def paths(body: Anatomy) -> Iterator[Change]:
    """Contributions left out."""
    for step in body.steps:
        uses = body.steps.uses[step.index]
        if len({user for user, _ in uses}) > 1:
            yield from _forgotten(body, step, uses)
    terms: list[Edge] = []
    for index in sorted(body.head):
        step = body.steps[index]
        if step.kind in ("add", "sub") and all(body.steps[arg].tracked for arg in step.args):
            for i, arg in enumerate(step.args):
                if arg in body.penalties:
                    terms.append((index, i))
                else:
                    yield Change(TERM_MISSING, {(index, i): _nothing}, words={"branch": ("branch", arg)}, cost=1.0)
    if terms:
        words = {"branch": ("branch", body.steps[terms[0][0]].args[terms[0][1]])}
        yield Change(REGULARISER_MISSING, dict.fromkeys(terms, _nothing), words=words, everywhere="parameter", cost=0.95)
    for step in body.steps:
        if step.tracked and step.primitive is not None and step.index != body.steps.root and _bypassed(body, step):
            yield Change(DETACHED, steps={step.index: lambda r, s, v: np.zeros_like(v)}, words={"at": step.index},
                         kinds=(f"{step.kind} in parallel",), cost=1.2)  # fmt: skip


def _nothing(replay: object, s: int, i: int) -> np.ndarray:  # type: ignore[type-arg]
    steps = replay.steps  # type: ignore[attr-defined]
    return np.zeros_like(steps[steps[s].args[i]].primal)


def _forgotten(body: Anatomy, step: Step, uses: list[Edge]) -> Iterator[Change]:
    times = len(uses)
    for edge in uses:
        others: dict[Edge, EdgeRule] = {other: _nothing for other in uses if other != edge}
        penal = edge[0] in body.penalties
        words = {"at": step.index, "branch": ("branch", edge[0]), "times": times}
        mistake = REGULARISER_MISSING if penal else BRANCH_FORGOTTEN
        yield Change(mistake, {edge: _nothing}, words=words, kinds=_kinds(body, edge, penal), cost=1.0)
        if times > 2:
            yield Change(OVERWRITTEN, others, words=words, cost=1.0, kinds=(f"{step.kind} overwritten",))


def _kinds(body: Anatomy, edge: Edge, penal: bool) -> tuple[str, ...]:
    """What a forgotten branch has in common with others: the parameter beside it, as in every step back through time."""
    if penal:
        return ("regularised parameter",)
    step: Step = body.steps[edge[0]]
    beside = [body.steps[arg].label or str(arg) for k, arg in enumerate(step.args) if k != edge[1]]
    return (f"{step.kind} with {' '.join(beside)}",)


def _bypassed(body: Anatomy, step: Step) -> bool:
    """Whether gradient also flows past a step: something that it depends on has another way to the loss."""
    seen, stack = {step.index}, [step.index]
    while stack:
        for arg in body.steps[stack.pop()].args:
            if body.steps[arg].tracked and arg not in seen:
                seen.add(arg)
                stack.append(arg)
    after = {step.index}
    for later in body.steps[step.index + 1 :]:
        if any(arg in after for arg in later.args):
            after.add(later.index)
    return any(
        user not in seen and user not in after
        for index in seen - {step.index}
        if body.steps[index].primitive is not None
        for user, _ in body.steps.uses[index]
    )
