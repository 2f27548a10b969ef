"""Mistakes about paths: a branch forgotten, a gradient overwritten instead of added, a term of the loss left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd.doctor.anatomy import Anatomy, holds_data
from autograd.doctor.replay import Change, Mistake, Replay
from autograd.doctor.steps import Array, Edge, Step

BRANCH_FORGOTTEN = Mistake(
    "branch-forgotten",
    "one branch of something that is used twice is forgotten: = for +=",
    "{claim} lacks the part of the gradient of {at} that comes back through {branch}: {at} is used {times} times, and "
    "its gradients add up (+=).",
)
OVERWRITTEN = Mistake(
    "overwritten",
    "of something that is used several times, only one gradient is left: = for +=",
    "{claim} has only the part of the gradient of {at} that comes back through {branch}: {at} is used {times} times; "
    "add up with +=, do not overwrite.",
)
REPEATED_INDEX = Mistake(
    "repeated-index",
    "rows that are picked several times get one gradient only: dW[i] += d, where i holds an index twice",
    "{claim} has one gradient only for what is picked several times: {at}[i] += ... adds once where an index is twice "
    "in i. Use np.add.at.",
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
    "a step is treated as a constant, though it depends on what is differentiated: nothing flows back through it",
    "{claim} treats {at} as constant, and nothing flows back that way; but what is differentiated goes into {at}. "
    "{claim} is zero: nothing flows back to {leaf}.",
)


def paths(body: Anatomy) -> Iterator[Change]:
    """Contributions left out."""
    for step in body.steps:
        yield from _forgotten(body, step)
        if step.kind == "getitem" and step.tracked and holds_data(step.params["index"]):
            yield Change(
                REPEATED_INDEX,
                {(step.index, 0): _assigned},
                words={"at": step.args[0]},
                kinds=("getitem",),
                cost=0.95,
            )
    terms: list[Edge] = []
    for index in sorted(body.head):
        step = body.steps[index]
        if step.kind in ("add", "sub") and all(body.steps[arg].tracked for arg in step.args):
            for i, arg in enumerate(step.args):
                if arg in body.penalties:
                    terms.append((index, i))
                elif _ends_in_sum(body, index):
                    yield Change(TERM_MISSING, {(index, i): _nothing}, words={"branch": ("branch", arg)}, cost=0.95)
    if terms:
        words = {"branch": ("branch", body.steps[terms[0][0]].args[terms[0][1]])}
        yield Change(
            REGULARISER_MISSING, dict.fromkeys(terms, _nothing), words=words, everywhere="parameter", cost=0.95
        )
    named = {*body.stations, *body.params} - {body.steps.root}
    for step in body.steps:
        if step.tracked and (step.index in named or _bypassed(body, step)):
            yield Change(
                DETACHED,
                steps={step.index: lambda r, s, v: np.zeros_like(v)},
                words={"at": step.index} if step.kind else {"leaf": step.index},
                kinds=(f"{step.kind} in parallel",) if step.kind else ("parameter",),
                cost=1.05 if step.index in named else 1.2,
            )


def _ends_in_sum(body: Anatomy, index: int) -> bool:
    """Whether a step is a sum of terms of the loss: from there on numbers are only added and scaled."""
    while index != body.steps.root:
        users = body.steps.uses[index]
        if len(users) != 1:
            return False
        index = users[0][0]
        step: Step = body.steps[index]
        scaled = step.kind in ("mul", "div") and not all(body.steps[arg].tracked for arg in step.args)
        if not scaled and step.kind not in ("add", "sub", "neg", "sum", "mean", "reshape", "transpose"):
            return False
    return True


def _assigned(replay: Replay, s: int, i: int) -> Array:
    """What is left of the gradients of picked entries where they are assigned, not added up."""
    step: Step = replay.steps[s]
    part: Array = np.zeros_like(replay.steps[step.args[i]].primal)
    part[step.params["index"]] = replay.handed(s)
    return part


def _nothing(replay: Replay, s: int, i: int) -> Array:
    return np.zeros_like(replay.steps[replay.steps[s].args[i]].primal)


def _forgotten(body: Anatomy, step: Step) -> Iterator[Change]:
    """One of several branches left out, or all but one."""
    branches = body.branches(step.index)
    if len(branches) < 2:
        return
    for branch in branches:
        user = branch[0][0]
        penal = user in body.penalties
        words = {"at": step.index, "branch": ("branch", user), "times": str(len(branches))}
        mistake = REGULARISER_MISSING if penal else BRANCH_FORGOTTEN
        yield Change(mistake, dict.fromkeys(branch, _nothing), words=words, kinds=_kinds(body, branch[0], penal))
        if len(branches) > 2:
            others = {edge: _nothing for other in branches if other is not branch for edge in other}
            yield Change(OVERWRITTEN, others, words=words, kinds=(f"{step.kind} overwritten",))


def _kinds(body: Anatomy, edge: Edge, penal: bool) -> tuple[str, ...]:
    """What a forgotten branch has in common with others: the parameter beside it, as in all steps back in time."""
    if penal:
        return ("regularised parameter",)
    step: Step = body.steps[edge[0]]
    beside = [body.steps[arg].label or str(arg) for k, arg in enumerate(step.args) if k != edge[1]]
    return (f"{step.kind} with {' '.join(beside)}",)


def _bypassed(body: Anatomy, step: Step) -> bool:
    """Whether gradient also flows past a step: something that it depends on has another way to the loss."""
    below = body.below(step.index)
    within = below | body.above(step.index) | {step.index}
    results = (index for index in below if body.steps[index].primitive is not None)
    return any(user not in within for index in results for user, _ in body.steps.uses[index])
