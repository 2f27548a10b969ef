"""What a picture shows and what it leaves out, as `draw` was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autograd.graph import Node
from autograd.readers.selection import HIDEABLE

__all__ = ["LIMIT", "Options"]

LIMIT = 300


@dataclass(frozen=True, slots=True)
class Options:
    """The keyword arguments of `draw`, checked; see there."""

    label: bool = True
    symbol: bool = True
    shape: bool = True
    data: bool = True
    grad: bool = True
    heat: bool | Literal["data", "grad"] = False
    derivatives: bool = False
    colour: Literal["kind", "grad"] = "kind"
    depth: int | None = None
    fold: bool | None = None
    limit: int | None = LIMIT
    hide: str | Iterable[str] = ()
    only_path: tuple[Node, Node] | None = None
    backward: bool = False
    mark: Mapping[Node, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("label", "symbol", "shape", "data", "grad", "derivatives", "backward"):
            _one_of(name, getattr(self, name), (True, False))
        _one_of("heat", self.heat, (True, False, "data", "grad"))
        _one_of("colour", self.colour, ("kind", "grad"))
        _one_of("fold", self.fold, (True, False, None))
        for name, least in (("depth", 0), ("limit", 1)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise ValueError(f"draw: {name} must be a whole number from {least} up, or None; got {value!r}.")
        object.__setattr__(self, "hide", (self.hide,) if isinstance(self.hide, str) else tuple(self.hide))
        for word in self.hide:
            _one_of("hide", word, HIDEABLE)
        if self.only_path is not None and (
            not isinstance(self.only_path, tuple)
            or len(self.only_path) != 2
            or not all(isinstance(node, Node) for node in self.only_path)
        ):
            raise TypeError("draw: only_path must be two nodes, (start, end), such as (W, loss).")
        if self.backward and self.only_path is not None:
            raise ValueError("draw: backward shows the whole gradient; leave only_path out.")
        if not isinstance(self.mark, Mapping) or not all(
            isinstance(node, Node) and isinstance(text, str) for node, text in self.mark.items()
        ):
            raise TypeError("draw: mark must be a dict of nodes to texts, such as {z: 'nan first here'}.")

    @property
    def marks(self) -> dict[int, str]:
        """The marks by serial."""
        return {node.serial: text for node, text in self.mark.items()}


def _one_of(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in choices):
        raise ValueError(f"draw: {name} must be {' or '.join(map(repr, choices))}; got {value!r}.")
