"""Recording a loss function: its graph, what its variables call the nodes, and the same on other data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from autograd.containers import leaves
from autograd.doctor.claims import flat, rebuilt
from autograd.doctor.steps import Array
from autograd.graph import Node, describe
from autograd.tensor import Tensor

_OURS = str(Path(__file__).resolve().parent.parent)


@dataclass
class Recording:
    """A recorded loss.

    Attributes
    ----------
    root : Node
    names : dict of str to int
        The variables and keys that stand for one node each, with its serial number; the best name of a node first.
    data : dict of str to ndarray
        The arrays that went in beside the parameters, X and Y.
    """

    root: Node
    names: dict[str, int] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


def record(loss_fn: Callable[..., Any], params: Any, *data: Any) -> Recording:
    """Call a loss function on Tensors of the parameters, and keep the graph.

    Raises
    ------
    TypeError
        Where it returns no recorded number.
    """
    tensors = {key: Tensor(value, label=str(key)) for key, value in flat(params).items()}
    names = _VariableNames()
    with names:
        result = loss_fn(rebuilt(params, tensors), *data)
    named: dict[str, int] = {}
    if isinstance(result, dict):
        nodes = {str(key): node for key, node in result.items() if isinstance(node, Node)}
        named = {key: node.serial for key, node in nodes.items()}
        result = nodes.get("loss", nodes.get("cost", nodes.get("J")))
    elif isinstance(result, tuple):
        result = next((part for part in result if isinstance(part, Node) and part.primal.size == 1), None)
    if not isinstance(result, Node):
        raise TypeError(
            "loss_fn(params, X, Y) must return the loss as a Tensor (or a dict with it under 'loss'): it gets the "
            "parameters as Tensors, and must compute with them and nothing else than NumPy functions"
        )
    if np.size(result.primal) != 1:
        raise ValueError(f"loss_fn(params, X, Y) must return one number, got {describe(result)}: take its sum or mean")
    found = {name: serial for name, serial in names.found().items() if name not in named}
    return Recording(result, {**named, **found}, dict(zip(("X", "Y"), data, strict=False)))


class _VariableNames:
    """Watch functions return, and note what their variables call the nodes; the outermost function knows best."""

    def __init__(self) -> None:
        self.by_depth: list[tuple[int, str, Node]] = []
        self.depth = 0

    def __enter__(self) -> None:
        self.free = sys.getprofile() is None  # there is room for one watcher only: a profiler has been there first
        if self.free:
            sys.setprofile(self._watch)

    def __exit__(self, *error: object) -> None:
        if self.free:
            sys.setprofile(None)

    def _watch(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            self.depth += 1
        elif event == "return":
            self.depth -= 1
            if not frame.f_code.co_filename.startswith((_OURS, "<frozen")) and "numpy" not in frame.f_code.co_filename:
                self._note(frame)

    def _note(self, frame: FrameType) -> None:
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, Node):
                self.by_depth.append((self.depth, name, value))
            elif isinstance(value, np.ndarray) and value.dtype == object and value.size < 4096:
                for index, part in np.ndenumerate(value):
                    if isinstance(part, Node):
                        self.by_depth.append((self.depth, f"{name}[{','.join(map(str, index))}]", part))
            elif isinstance(value, (list, tuple)) and len(value) < 64:
                for i, part in enumerate(value):
                    if isinstance(part, Node):
                        self.by_depth.append((self.depth, f"{name}[{i}]", part))
            elif isinstance(value, dict) and len(value) < 64:
                for key, part in value.items():
                    if isinstance(part, Node) and isinstance(key, str):
                        self.by_depth.append((self.depth, key, part))

    def found(self) -> dict[str, int]:
        """The names that stand for one node only, and its serial number."""
        meant: dict[str, set[int]] = {}
        for _, name, node in sorted(self.by_depth, key=lambda seen: (seen[0], "[" in seen[1])):
            meant.setdefault(name, set()).add(node.serial)
        return {name: serials.pop() for name, serials in meant.items() if len(serials) == 1}


def other_data(
    X: Any, Y: Any, examples: int, lengths: set[int], rng: np.random.Generator
) -> Iterator[tuple[int, Any, Any]]:
    """Yield other data of the same kind: first with another number of examples, then with as many.

    Parameters
    ----------
    X, Y : array_like
    examples : int
        How many there are.
    lengths : set of int
        Lengths of other axes, which the new number must not be mistaken for.
    """
    if any(isinstance(part, Node) for part in leaves([X, Y])):
        return
    try:
        X, Y = np.asarray(X), np.asarray(Y)
    except ValueError:
        return
    if X.dtype.kind not in "fiub" or Y.dtype.kind not in "fiub" or not examples:
        return
    axes = [(i, j) for i in range(X.ndim) for j in range(Y.ndim) if X.shape[i] == Y.shape[j] == examples]
    axes.sort(key=lambda pair: (pair[0] != pair[1], pair))
    other = next(n for n in range(5, 10_000) if n not in lengths and n != examples)
    for count in (other, examples):
        for i, j in axes:
            yield count, _drawn(X, i, count, rng, noise=True), _drawn(Y, j, count, rng, noise=False)
    yield examples, _noisy(X, rng), Y


def _drawn(array: Array, axis: int, count: int, rng: np.random.Generator, noise: bool) -> Array:
    chosen = rng.permutation(np.resize(rng.permutation(array.shape[axis]), count))
    drawn = np.take(array, chosen, axis=axis)
    if noise or len(np.unique(drawn)) > max(20, drawn.size // 2):
        return _noisy(drawn, rng)
    return drawn


def _noisy(array: Array, rng: np.random.Generator) -> Array:
    if array.dtype.kind != "f" or len(np.unique(array)) <= 2:  # counts, classes, masks
        return array
    spread = float(np.std(array)) or 1.0
    return array + 0.3 * spread * rng.normal(size=array.shape)
