"""Mistakes in matrix products: transposes, the wrong operand, the wrong delta."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.constants import rates
from autograd.doctor.replay import Change, EdgeRule, Inapplicable, Mistake, Replay
from autograd.doctor.steps import Array, Step

OPERAND_TRANSPOSED = Mistake(
    "operand-transposed",
    "an operand is transposed that should not be, or the other way round, or the operands are exchanged: W for W.T",
    "{claim} has its product of {g} and {operand} with a transpose too many or too few, or in the wrong order. Write "
    "{right}.",
)
WRONG_LAYER = Mistake(
    "wrong-layer",
    "the weights or activations of another layer are used: W1 for W2, off by one",
    "{claim} uses {other} where {operand} belongs. Write {right}.",
)
BEFORE_ACTIVATION = Mistake(
    "before-activation",
    "the pre-activation is used for the activation, or the other way round: z for a",
    "{claim} uses {other} where {operand} belongs: the forward pass multiplies by {operand}. Write {right}.",
)
UPDATED_WEIGHT = Mistake(
    "updated-weight",
    "a weight is used after its own step: W2 is updated before the delta of the layer below is computed",
    "{claim} uses {operand} after its step, {operand} - {rate} * d{operand}. Compute all gradients first, then update.",
)
WRONG_DELTA = Mistake(
    "wrong-delta",
    "the delta of another step is used: that of the activation for that of the pre-activation, or of another layer",
    "{claim} is built on {other}, but {g} belongs there. Write {right}.",
)
SUMS_MULTIPLIED = Mistake(
    "sums-multiplied",
    "sums over the examples are multiplied, instead of products summed over the examples",
    "{claim} multiplies sums over the examples; each example's input meets its own delta first. Write {right}.",
)


def products(body: Anatomy) -> Iterator[Change]:
    """Other products than those that the rules of matmul give."""
    for step in body.steps:
        if step.kind != "matmul" or not step.tracked:
            continue
        for i, arg in enumerate(step.args):
            if body.steps[arg].tracked:
                yield from _transposed(body, step, i)
                yield from _other_operands(body, step, i)
                yield from _other_deltas(body, step, i)
                yield from _updated(body, step, i)
    for layer in body.layers:
        if layer.bias is not None:
            for s, i in body.steps.uses[layer.bias]:
                yield from _other_deltas(body, body.steps[s], i)
    for step in body.steps:
        if step.kind == "mul" and step.index not in body.penalties:
            for i, arg in enumerate(step.args):
                if body.steps[arg].tracked and body.picked_from(arg) is not None:
                    yield from _other_factors(body, step, i)


def _other_factors(body: Anatomy, step: Step, i: int) -> Iterator[Change]:
    """Another recorded array in the place of what a parameter is multiplied with, entry by entry."""
    operand: Step = body.steps[step.args[1 - i]]
    for other in sorted(body.spoken):
        alike = body.steps[other].shape == operand.shape or body.steps[other].shape == step.shape
        if other != operand.index and alike and operand.primal.size > 1:
            words = _words(body, step, i, other=other)
            yield Change(WRONG_LAYER, {(step.index, i): _with(other, False)}, words=words, cost=1.2)


def _words(body: Anatomy, step: Step, i: int, **more: object) -> dict[str, object]:
    right = ("formula", None) if body.leaf_of(step.args[i]) is not None else ("product", step.index, i)
    return {"g": ("delta", step.index), "operand": step.args[1 - i], "right": right, **more}


def _kinds(body: Anatomy, step: Step, i: int, text: str) -> tuple[str, ...]:
    role = "weight" if body.leaf_of(step.args[i]) is not None else "delta"
    return (f"{role}/{text}",)


def _what(body: Anatomy, step: Step, i: int) -> str:
    """What the other operand of a product is called."""
    return body.steps[step.args[1 - i]].label or f"step {step.args[1 - i]}"


def _matrix(array: Array, turned: bool) -> Array:
    matrix = array[:, None] if array.ndim == 1 else array
    return np.swapaxes(matrix, -1, -2) if turned else matrix


def _transposed(body: Anatomy, step: Step, i: int) -> Iterator[Change]:
    """The same two arrays, multiplied in every other way that shapes allow."""
    if not step.shape:
        return
    for g_first in (True, False):
        for turn_g in (False, True):
            for turn_o in (False, True):
                rule = _product(g_first, turn_g, turn_o)
                text = " @ ".join(
                    (f"g{'.T' * turn_g}", f"o{'.T' * turn_o}")
                    if g_first
                    else (f"o{'.T' * turn_o}", f"g{'.T' * turn_g}")
                )
                yield Change(
                    OPERAND_TRANSPOSED,
                    {(step.index, i): rule},
                    words=_words(body, step, i),
                    kinds=(*_kinds(body, step, i, text), f"product with the same {_what(body, step, i)}/{text}"),
                    cost=1.05,
                )


def _product(g_first: bool, turn_g: bool, turn_o: bool) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        g = _matrix(replay.handed(s), turn_g)
        o = _matrix(replay.primal(replay.steps[s].args[1 - i]), turn_o)
        first, second = (g, o) if g_first else (o, g)
        if first.shape[-1] != second.shape[-2]:
            raise Inapplicable("the shapes do not fit")
        arg: Step = replay.steps[replay.steps[s].args[i]]
        product: Array = np.matmul(first, second)
        product = product.sum(axis=tuple(range(product.ndim - max(2, len(arg.shape)))))
        return product.reshape(arg.shape) if product.size == arg.primal.size and 1 in product.shape else product

    return rule


def _other_operands(body: Anatomy, step: Step, i: int) -> Iterator[Change]:
    """Another recorded array in the place of the other operand."""
    operand: Step = body.steps[step.args[1 - i]]
    is_weight = body.leaf_of(operand.index) is not None
    own = next((layer.activation for layer in body.layers if layer.product == step.index), None)
    for other in body.steps:
        if other.index == operand.index or other.primal.ndim != operand.primal.ndim:
            continue
        if other.index not in body.spoken and other.index not in operand.args:
            continue
        if (body.leaf_of(other.index) is not None) != is_weight or not other.primal.ndim:
            continue
        kin = other.index in operand.args or operand.index in other.args
        mistake = BEFORE_ACTIVATION if kin and not is_weight else WRONG_LAYER
        place = "layer" if other.index != own else "layer/its result"
        if mistake is BEFORE_ACTIVATION:
            place = "input of the layer"
        for turned in (False, True):
            if turned and other.primal.ndim < 2:
                continue
            yield Change(
                mistake,
                {(step.index, i): _with(other.index, turned)},
                words=_words(body, step, i, other=other.index),
                kinds=() if turned else (*_kinds(body, step, i, place), *_steps_off(body, step, i, other.index)),
                cost=1.1 if not turned else 1.3,
            )


def _steps_off(body: Anatomy, step: Step, i: int, other: int) -> tuple[str, ...]:
    """How many steps in time the wrong operand is off, where one weight is used at each of them.

    What has no step before it may be left out, or take the last one: an index of -1 goes round. A list of states holds
    one more than are multiplied, the last.
    """
    uses = body.steps.uses[step.args[i]] if body.steps[step.args[i]].primitive is None else []
    met = [body.steps[s].args[1 - j] for s, j in uses if body.steps[s].kind == "matmul"]
    results = [layer.activation for layer in body.layers if layer.product == uses[-1][0]] if uses else []
    states = [*met, *(result for result in results if result is not None)]
    if len(met) < 2 or other not in states:
        return ()
    off = states.index(other) - met.index(step.args[1 - i])
    name = body.steps[step.args[i]].label or f"step {step.args[i]}"
    rounds = [f"use of {name}/{off % len(states)} of {len(states)}"]
    if other in met:
        rounds += [f"use of {name}/{off} off", f"use of {name}/{off % len(met)} of {len(met)}"]
    return tuple(dict.fromkeys(rounds))


def _with(other: int, turned: bool) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        array = replay.primal(other)
        swap = {1 - i: np.swapaxes(array, -1, -2) if turned else array}
        return replay.part(s, i, swap=swap) if replay.steps[s].kind == "mul" else replay.raw(s, i, swap=swap)

    return rule


def _other_deltas(body: Anatomy, step: Step, i: int) -> Iterator[Change]:
    """The contribution to a parameter from another step's gradient."""
    own = _delta_step(body, step)
    if body.leaf_of(step.args[i]) is None:
        yield from _delta_of_activation(body, step, i)
        return
    for other in body.stations:
        if other == own or other == step.index or body.steps[other].primal.ndim != step.primal.ndim or not step.shape:
            continue
        yield Change(
            WRONG_DELTA,
            {(step.index, i): _from_delta(other)},
            words={**_words(body, step, i), "g": ("delta", own), "other": ("delta", other)},
            kinds=_roles(body, step, i, other),
            cost=1.15,
        )


def _roles(body: Anatomy, step: Step, i: int, other: int) -> tuple[str, ...]:
    """What a wrong delta at a parameter has in common with others: it may be that of every layer's activation."""
    role = "weight" if step.kind == "matmul" else "bias"
    layer = next((layer for layer in body.layers if step.index in (layer.product, layer.z)), None)
    if layer is None or layer.activation != other:
        return (f"{role}/delta",)
    own = body.leaf_of(step.args[i])
    name = "" if own is None else body.steps[own].label or f"step {own}"
    return (f"{role}/activation", f"use of {name}/activation")


def _delta_of_activation(body: Anatomy, step: Step, i: int) -> Iterator[Change]:
    """The gradient of the activation handed on through the weights, for that of the pre-activation."""
    layer = next((layer for layer in body.layers if layer.product == step.index), None)
    if layer is not None and layer.activation is not None and body.steps[layer.activation].shape == step.shape:
        words = {**_words(body, step, i), "g": ("delta", layer.z), "other": ("delta", layer.activation)}
        kinds = ("delta/activation", f"product with the same {_what(body, step, i)}/activation")
        yield Change(WRONG_DELTA, {(step.index, i): _from_delta(layer.activation)}, words=words, kinds=kinds, cost=1.15)


def _delta_step(body: Anatomy, step: Step) -> int:
    """The pre-activation that a product is part of."""
    return next((layer.z for layer in body.layers if layer.product == step.index), step.index)


def _from_delta(other: int) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        g = replay.handed(other)
        raw = replay.raw(s, i, g=g)
        if replay.steps[s].kind == "matmul" or g.shape == replay.steps[s].shape:
            return raw if replay.steps[s].kind == "matmul" else replay.part(s, i, g=g)
        narrow: Step = replay.steps[replay.steps[s].args[i]]
        axis = replay.body.axis
        return np.asarray(g.sum(axis=axis, keepdims=len(narrow.shape) == g.ndim))

    return rule


def _updated(body: Anatomy, step: Step, i: int) -> Iterator[Change]:
    """The weight after its step, in the delta of the layer below."""
    weight = body.leaf_of(step.args[1 - i])
    if weight is None or body.leaf_of(step.args[i]) is not None or weight != step.args[1 - i]:
        return
    yield updated({(step.index, i): weight}, "")


def updated(edges: dict[tuple[int, int], int], everywhere: str) -> Change:
    """Weights after their steps at some edges, at a rate to be found."""

    def at(rate: float) -> Change:
        return Change(
            UPDATED_WEIGHT,
            {edge: _stepped(weight, rate) for edge, weight in edges.items()},
            words={"operand": next(iter(edges.values())), "rate": f"{rate:.3g}"},
            everywhere=everywhere,
            cost=1.1,
            kinds=("updated",),
            entries=2,
            solve=lambda body, t: [at(rate) for rate in rates(t, body.lr)],
        )

    return at(1.0)


def _stepped(weight: int, rate: float) -> EdgeRule:
    def rule(replay: Replay, s: int, i: int) -> Array:
        step = replay.given.get(weight)
        gradient = replay.value(weight) if step is None else step
        before = replay.primal(weight)
        if gradient.shape != before.shape:
            raise Inapplicable("the gradient of the weight has another shape")
        return replay.raw(s, i, swap={1 - i: before - rate * gradient})

    return rule


def sums(body: Anatomy) -> Iterator[Change]:
    """Sums over the examples multiplied with each other."""
    for layer in body.layers:
        step: Step = body.steps[layer.product]
        if body.axis is not None and len(step.shape) == 2 and step.args[layer.side] == layer.weight:
            yield Change(
                SUMS_MULTIPLIED,
                {(step.index, layer.side): _of_sums},
                words=_words(body, step, layer.side),
                kinds=("weight",),
                cost=1.2,
            )

    for step in body.steps:
        for i, arg in enumerate(step.args):
            other: Step = body.steps[step.args[1 - i]] if step.kind == "mul" else step
            if (
                step.kind == "mul"
                and body.leaf_of(arg) is not None
                and body.steps[arg].primal.size == 1 < other.primal.size
            ):
                words = _words(body, step, i)
                yield Change(SUMS_MULTIPLIED, {(step.index, i): _scalar_of_sums}, words=words, cost=1.2)


def _scalar_of_sums(replay: Replay, s: int, i: int) -> Array:
    step: Step = replay.steps[s]
    total = replay.handed(s).sum() * replay.primal(step.args[1 - i]).sum()
    return np.reshape(total, replay.steps[step.args[i]].shape)


def _of_sums(replay: Replay, s: int, i: int) -> Array:
    axis = replay.body.axis
    fed: Array = replay.primal(replay.steps[s].args[1 - i])
    g = replay.handed(s)
    rows = axis == 0
    x_sum, g_sum = fed.sum(axis=0 if rows else 1), g.sum(axis=0 if rows else 1)
    return np.outer(x_sum, g_sum) if i == 1 else np.outer(g_sum, x_sum)
