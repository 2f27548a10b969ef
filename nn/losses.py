"""Losses: one number for how far predictions are from their targets; called as ``loss(input, target)``, as in PyTorch.

``reduction`` says what becomes of the losses of the single entries: their "mean", their "sum", or "none" of both.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

import autograd
from autograd import Node, primitive
from nn.checks import class_indices, integer, number, one_of, shape_of
from nn.module import Module, raw

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HingeLoss", "HuberLoss", "L1Loss", "MSELoss", "NLLLoss",
]  # fmt: skip


class _Loss(Module):
    """What all losses share."""

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = one_of("reduction", reduction, ("mean", "sum", "none"))

    def alike(self, input: Any, target: Any) -> Any:
        """The target, which must have the input's shape: broadcasting would compare every entry with every other."""
        target, shape = _array(target), shape_of(self, input, more=True)
        if target.shape != shape:
            raise ValueError(f"{self} takes input and target of one shape, got {shape} and {target.shape}")
        return target

    def reduced(self, losses: Any, total: float | None = None) -> Any:
        """The losses of the entries, reduced; ``total`` is what the mean divides by, by default their number."""
        if self.reduction == "none":
            return losses
        if self.reduction == "sum":
            return autograd.sum(losses)
        if losses.size == 0 or total == 0:
            raise ValueError(f"{self}: there is nothing to take the mean of, an empty batch or one that is all ignored")
        return autograd.mean(losses) if total is None else autograd.sum(losses) / total

    def extra_repr(self) -> str:
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


def _array(target: Any) -> Any:
    return target if hasattr(target, "shape") else np.asarray(target)


class MSELoss(_Loss):
    """The squared difference.

    Examples
    --------
    >>> import nn, numpy as np
    >>> float(nn.MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """

    def forward(self, input: Any, target: Any) -> Any:
        """Both of one shape."""
        return self.reduced(autograd.square(input - self.alike(input, target)))


class L1Loss(_Loss):
    """The absolute difference."""

    def forward(self, input: Any, target: Any) -> Any:
        """Both of one shape."""
        return self.reduced(autograd.abs(input - self.alike(input, target)))


class HuberLoss(_Loss):
    """Half the squared difference up to ``delta``, and from there on a straight line with the same slope.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
    delta : float
        Above 0.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = number("delta", delta, 0)
        if self.delta == 0:
            raise ValueError("delta must be above 0")

    def forward(self, input: Any, target: Any) -> Any:
        """Both of one shape."""
        difference = input - self.alike(input, target)
        size = autograd.abs(difference)
        line = self.delta * (size - self.delta / 2)
        return self.reduced(autograd.where(raw(size) < self.delta, difference * difference / 2, line))


# --- two classes ----------------------------------------------------------------------------------------------------


@primitive(
    lambda g, out, p, y: g * (p - y) / autograd.maximum(p * (1 - p), 1e-12),
    lambda g, out, p, y: g * (_log(1 - p) - _log(p)),
    symbol="BCE",
)
def binary_cross_entropy(p: Any, y: Any) -> Any:
    """-(y log p + (1 - y) log(1 - p)), kept finite at p = 0 and 1 in PyTorch's way: no logarithm is below -100."""
    return -(y * _log(p) + (1 - y) * _log(1 - p))


def _log(p: Any) -> Any:
    return autograd.log(autograd.maximum(p, math.exp(-100.0)))


def _probabilities(name: str, p: Any) -> Any:
    numbers = raw(p)
    if not np.all((numbers >= 0) & (numbers <= 1)):
        raise ValueError(f"{name} must lie from 0 to 1, got {np.min(numbers):g} to {np.max(numbers):g}")
    return p


class BCELoss(_Loss):
    """Binary cross-entropy of probabilities: -(y log p + (1 - y) log(1 - p)).

    Where the probabilities are a sigmoid's, `BCEWithLogitsLoss` of its argument is more accurate.

    Examples
    --------
    >>> import nn, numpy as np
    >>> nn.BCELoss()(np.array([0.5]), np.array([1.0])).round(4)
    np.float64(0.6931)
    """

    def forward(self, input: Any, target: Any) -> Any:
        """Both of one shape, from 0 to 1."""
        target = _probabilities("the target of BCELoss", self.alike(input, target))
        return self.reduced(binary_cross_entropy(_probabilities("the input of BCELoss", input), target))


class BCEWithLogitsLoss(_Loss):
    """Binary cross-entropy of sigmoid(input), without overflow.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
    pos_weight : float or array_like, optional
        The weight of targets that are 1, for rare ones; broadcasts over the last axes.
    """

    def __init__(self, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.pos_weight = None if pos_weight is None else np.asarray(pos_weight, float)

    def forward(self, input: Any, target: Any) -> Any:
        """Any numbers, and targets of their shape from 0 to 1."""
        target = _probabilities("the target of BCEWithLogitsLoss", self.alike(input, target))
        positive = target * autograd.softplus(-input)
        if self.pos_weight is not None:
            positive = positive * self.pos_weight.astype(positive.dtype)
        return self.reduced(positive + (1 - target) * autograd.softplus(input))


class HingeLoss(_Loss):
    """max(0, 1 - y * score) for targets y that are -1 or 1: 0 once a score is on the right side by 1.

    Examples
    --------
    >>> import nn, numpy as np
    >>> nn.HingeLoss(reduction="none")(np.array([0.5, 2.0, 0.5]), np.array([1, 1, -1]))
    array([0.5, 0. , 1.5])
    """

    def forward(self, input: Any, target: Any) -> Any:
        """Scores, and targets of their shape."""
        target = self.alike(input, target)
        if not np.all(np.abs(raw(target)) == 1):
            raise ValueError("the target of HingeLoss must hold -1 and 1 only; 0 and 1 become so by 2 * y - 1")
        return self.reduced(autograd.relu(1 - target * input))


# --- several classes ------------------------------------------------------------------------------------------------


class NLLLoss(_Loss):
    """The negative of the log-probability of the right class.

    Parameters
    ----------
    weight : array_like of shape (C,), optional
        A weight for each class; the mean divides by the weights of the right classes.
    ignore_index : int
        Targets that are equal to it do not count.
    reduction : {"mean", "sum", "none"}
    """

    label_smoothing = 0.0

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else np.asarray(weight, float)
        self.ignore_index = integer("ignore_index", ignore_index, least=-sys.maxsize)

    def forward(self, input: Any, target: Any) -> Any:
        """Log-probabilities (N, C, ...) or (C,), and the indices of the right classes, (N, ...) or ()."""
        wanted, total = self.from_indices(shape_of(self, input, None, more=True), target)
        return self.reduced(_expected(input, wanted), total)

    def from_indices(self, shape: tuple[int, ...], target: Any) -> tuple[Any, float]:
        """What each log-probability counts, and the sum of the right classes' weights."""
        axis = _class_axis(shape)
        target = class_indices(f"the target of {self}", target, shape[axis], self.ignore_index)
        if target.shape != shape[:axis] + shape[axis + 1 :]:
            raise ValueError(
                f"{self} takes one class for each row of scores, shape {shape[:axis] + shape[axis + 1 :]} for input of "
                f"shape {shape}, got {target.shape}"
            )
        target = np.expand_dims(target, axis)
        counts = target != self.ignore_index
        right = (target == _along(np.arange(shape[axis]), shape)) & counts
        weights = self.weights(shape)
        return self.smoothed(right, shape) * counts * weights, float(np.sum(right * weights))

    def smoothed(self, target: Any, shape: tuple[int, ...]) -> Any:
        """Probabilities of the classes, with a share of them spread evenly over all."""
        if self.label_smoothing == 0:
            return target
        return (1 - self.label_smoothing) * target + self.label_smoothing / shape[_class_axis(shape)]

    def weights(self, shape: tuple[int, ...]) -> Any:
        """The weights of the classes, along the class axis."""
        if self.weight is None:
            return 1.0
        if self.weight.shape != (shape[_class_axis(shape)],):
            raise ValueError(
                f"weight must hold one number for each of {shape[_class_axis(shape)]} classes, got {self.weight.shape}"
            )
        return _along(self.weight, shape)


class CrossEntropyLoss(NLLLoss):
    """The negative log-probability of the right class, from any scores (logits): NLLLoss after LogSoftmax.

    Parameters
    ----------
    weight : array_like of shape (C,), optional
        A weight for each class; the mean divides by the weights of the right classes.
    ignore_index : int
        Targets that are equal to it do not count.
    reduction : {"mean", "sum", "none"}
    label_smoothing : float
        The share of every target, from 0 to 1, that is spread evenly over all classes.

    Examples
    --------
    >>> import nn, numpy as np
    >>> scores = np.array([[2.0, 0.0], [0.0, 0.0]])
    >>> nn.CrossEntropyLoss(reduction="none")(scores, np.array([0, 1])).round(4)
    array([0.1269, 0.6931])
    """

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0, 1)

    def forward(self, input: Any, target: Any) -> Any:
        """Scores (N, C, ...) or (C,), and class indices (N, ...) or (), or probabilities of the input's shape."""
        shape = shape_of(self, input, None, more=True)
        given = np.shape(raw(target)) == shape
        wanted, total = (self.from_probabilities if given else self.from_indices)(shape, target)
        return self.reduced(_expected(autograd.log_softmax(input, axis=_class_axis(shape)), wanted), total)

    def from_probabilities(self, shape: tuple[int, ...], target: Any) -> tuple[Any, float]:
        """What each log-probability counts, and the number of rows."""
        axis = _class_axis(shape)
        target = _probabilities(f"the target of {self}, which has the input's shape,", _array(target))
        if not np.allclose(np.sum(raw(target), axis=axis), 1, rtol=0, atol=1e-4):
            raise ValueError(f"the target of {self} has the input's shape, so it must hold probabilities that sum to 1")
        return self.smoothed(target, shape) * self.weights(shape), math.prod(shape) / max(shape[axis], 1)


def _class_axis(shape: tuple[int, ...]) -> int:
    return min(1, len(shape) - 1)


def _along(values: Any, shape: tuple[int, ...]) -> Any:
    """One value for each class, lying along the class axis."""
    return values.reshape([-1 if i == _class_axis(shape) else 1 for i in range(len(shape))])


def _expected(log_p: Any, wanted: Any) -> Any:
    """-Σ wanted * log_p over the classes; what is not wanted may be impossible, its log-probability -inf."""
    if not isinstance(wanted, Node):
        wanted = np.asarray(wanted, log_p.dtype)
    possible = log_p
    if np.min(raw(log_p), initial=0.0) == -np.inf:
        possible = autograd.where((raw(wanted) != 0) | (raw(log_p) > -np.inf), log_p, 0.0)
    return -autograd.sum(wanted * possible, axis=_class_axis(log_p.shape))
