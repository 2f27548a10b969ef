"""Right numbers in another shape: transposed, with an axis too many, or with one too few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.replay import Change, Mistake
from autograd.doctor.steps import Step

RESULT_TRANSPOSED = Mistake(
    "result-transposed",
    "the result is transposed: delta.T @ x for x.T @ delta",
    "{claim} is the transpose of the gradient. Write {right}.",
)
KEPT_AXIS = Mistake(
    "kept-axis",
    "right numbers in another shape: the axis that was summed over is kept (keepdims), or lost",
    "{claim} has the shape {shape}, and {at} has {true_shape}: the numbers are right, but a step with it would give "
    "{grown}. {advice}",
)


KERNEL_FLIPPED = Mistake(
    "kernel-flipped",
    "the gradient of a kernel is turned by 180 degrees: a convolution where the forward pass correlates",
    "{claim} is the gradient turned by 180 degrees: the entries of {at} meet inputs of the opposite side.",
)


def shapes(body: Anatomy) -> Iterator[Change]:
    """The gradients of matrices, transposed; those of kernels, turned."""
    weights = {layer.weight for layer in body.layers}
    for index in body.params:
        if len(body.steps[index].shape) < 2:
            continue
        yield _transposed(index)
        if index not in weights:
            turned = {index: lambda r, s, v: np.flip(v, axis=(-2, -1))}
            yield Change(KERNEL_FLIPPED, steps=turned, words={"at": index}, cost=1.15, kinds=("parameter",))


def _transposed(index: int) -> Change:
    """The gradient of a parameter, transposed."""
    return Change(
        RESULT_TRANSPOSED,
        steps={index: lambda r, s, v: np.swapaxes(v, -1, -2)},
        words={"right": ("formula", None)},
        kinds=("weight",),
    )


SHAPES = (KEPT_AXIS, RESULT_TRANSPOSED)
"""What is wrong where the numbers are right and the shape is not."""


def misshapen(body: Anatomy, shapes: Mapping[int, tuple[int, ...]]) -> list[Change]:
    """Right numbers in other shapes, by step: transposed, or with an axis too many or too few."""
    turned = {i for i, shape in shapes.items() if len(shape) == 2 and shape == body.steps[i].shape[::-1]}
    kinds = (
        [_transposed(i) for i in turned],
        [_kept(body.steps[i], shape) for i, shape in shapes.items() if i not in turned],
    )
    return [Change.together(members, "parameter") for members in kinds if members]


def _kept(step: Step, shape: tuple[int, ...]) -> Change:
    try:
        grown = f"a parameter of shape {np.broadcast_shapes(shape, step.shape)}"
    except ValueError:
        grown = "an error"
    advice = ""
    if sum(n > 1 for n in step.shape) <= 1:
        advice = "Sum without keepdims." if len(shape) > len(step.shape) else "Sum with keepdims=True."
    words = {"at": step.index, "shape": str(shape), "true_shape": str(step.shape), "grown": grown}
    return Change(KEPT_AXIS, steps={step.index: lambda r, s, v: v.reshape(shape)}, words={**words, "advice": advice})
