"""LayerStatistics: what each layer does in training, measured after every epoch and noted in the history."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Node, Scope, watch
from nn.checks import number
from nn.module import Module, Parameter

if TYPE_CHECKING:
    from nn.training import Training

__all__ = ["GRADIENT", "SATURATION", "LayerStatistics", "gradient_norms", "saturation"]

GRADIENT = "gradient norm"
SATURATION = "saturation"

ACTIVATIONS = {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "gelu", "softplus"}


class LayerStatistics:
    """A callback of `nn.fit` that measures each layer after every epoch; `Dashboard` draws it.

    The history gets a list ``"gradient norm/0 (Linear)"`` for each module with parameters, the length of their gradient
    in the last batch, and a list ``"saturation/1 (Tanh)"`` for each activation, the share of its units whose slope is
    below ``flat``. The gradient is there already; the saturation costs one forward pass of that batch.

    Parameters
    ----------
    flat : float
        Below this slope a unit counts as saturated.

    Examples
    --------
    >>> import nn
    >>> _ = nn.manual_seed(0)
    >>> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    >>> history = nn.fit(model, nn.CrossEntropyLoss(), nn.datasets.xor(), epochs=3, progress=False,
    ...                  optimizer=nn.optim.Adam(model.parameters()), callbacks=[nn.LayerStatistics()])
    >>> list(history)
    ['loss', 'gradient norm/0 (Linear)', 'gradient norm/2 (Linear)', 'saturation/1 (Tanh)']
    """

    def __init__(self, flat: float = 0.01) -> None:
        self.flat = number("flat", flat, low=0)

    def __call__(self, training: Training) -> dict[str, float]:
        inputs, _ = training.batch
        return {
            **{f"{GRADIENT}/{layer}": norm for layer, norm in gradient_norms(training.model)},
            **{f"{SATURATION}/{layer}": share for layer, share in saturation(training.model, inputs, self.flat)},
        }

    def __repr__(self) -> str:
        return f"LayerStatistics(flat={self.flat:g})"


def gradient_norms(model: Module) -> Iterator[tuple[str, float]]:
    """The length of the gradient of each module's own parameters; those that have none are left out.

    Parameters
    ----------
    model : Module
        After ``backward()``.

    Yields
    ------
    (str, float)
        Where the module is, such as "0 (Linear)", and the root of the sum of its gradients' squares.
    """
    for path, module in model.named_modules():
        gradients = [part.grad for part in vars(module).values() if isinstance(part, Parameter)]
        squares = [float(np.sum(np.square(g, dtype=np.float64))) for g in gradients if g is not None]
        if squares:
            yield f"{path} ({type(module).__name__})".lstrip(), math.sqrt(sum(squares))


def saturation(model: Module, inputs: Any, flat: float = 0.01) -> Iterator[tuple[str, float]]:
    """The share of units whose slope is below ``flat``, for each activation that a forward pass uses.

    Parameters
    ----------
    model : Module
    inputs : ndarray
        A batch.
    flat : float

    Yields
    ------
    (str, float)
        Where the activation is, such as "1 (Tanh)" or, for a function, "hidden (Block) tanh"; and the share, 0 to 1.
        An activation that is used several times (a cell at every step) counts once, with all of its units.
    """
    units: dict[str, list[tuple[int, int]]] = {}
    calls: dict[tuple[Scope, str], int] = {}

    def note(node: Node) -> None:
        primitive = node.primitive
        if primitive is None or primitive.name not in ACTIVATIONS:
            return
        slope = primitive.rules[0](np.ones_like(node.primal), node.primal, node.args[0].primal, **node.params)
        scope = _named(node.origin)
        count = calls[scope, primitive.name] = calls.get((scope, primitive.name), 0) + 1
        place = _place(scope, primitive.name, count)
        units.setdefault(place, []).append((int(np.sum(np.abs(slope) < flat)), int(np.size(slope))))

    with watch(note):
        model(inputs)
    for place, counts in units.items():
        yield place, sum(count for count, _ in counts) / max(1, sum(size for _, size in counts))


def _named(scope: Scope | None) -> Scope:
    """The module's call around a node, without the line that `autograd.trace_lines` adds."""
    assert scope is not None
    while not scope.name and scope.parent is not None:
        scope = scope.parent
    return scope


def _place(scope: Scope, function: str, count: int) -> str:
    """Where in the model an activation was called: its module's path, and for a function its name there."""
    names = [part.name for part in scope.chain()] or [""]
    path = ".".join(name.partition(" (")[0] for name in names[1:])
    kind = names[-1].rpartition("(")[2].rstrip(")")
    if kind.lower() != function.replace("_", ""):
        kind += f") {function}" + (f" {count}" if count > 1 else "")
        return f"{path} ({kind}".lstrip()
    return f"{path} ({kind})".lstrip()
