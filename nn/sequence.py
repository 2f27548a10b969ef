"""Modules in a row: ModuleList holds them, Sequential also calls one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from nn.module import Module

__all__ = ["ModuleList", "Sequential"]


class ModuleList(Module):
    """Modules in a list: indexed, sliced and iterated like one, and found by `parameters`.

    Examples
    --------
    >>> import nn
    >>> layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
    >>> len(layers), [name for name, _ in layers[1:].named_parameters()]
    (3, ['0.weight', '0.bias', '1.weight', '1.bias'])
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        if isinstance(modules, Module) and not isinstance(modules, ModuleList):
            raise TypeError(
                f"ModuleList takes a list of modules, got one {type(modules).__name__}; write [...] around it"
            )
        self.extend(modules)

    def _named(self) -> dict[str, Module]:
        return {name: part for name, part in vars(self).items() if isinstance(part, Module)}

    def _attach(self, name: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__} holds modules, got {module!r:.60} as number {len(self)}")
        if not isinstance(name, str) or not name or "." in name:
            raise ValueError(f"the name of a module must be text without dots, got {name!r}")
        setattr(self, name, module)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self._attach(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def __len__(self) -> int:
        return len(self._named())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._named().values())

    def __getitem__(self, index: int | slice) -> Any:
        chosen = list(self)[index]
        return ModuleList(chosen) if isinstance(chosen, list) else chosen

    def __setitem__(self, index: int, module: Module) -> None:
        self._attach(list(self._named())[index], module)


class Sequential(ModuleList):
    """Modules one after the other, each taking the result of the one before.

    Parameters
    ----------
    *modules : Module
        Or one dict of names to modules.

    Examples
    --------
    >>> import nn, numpy as np
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> model(np.ones((5, 2))).shape
    (5, 1)
    >>> model[0]
    Linear(in_features=2, out_features=3, bias=True)
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self._attach(name, module)
        else:
            self.extend(modules)  # type: ignore[arg-type]

    def __getitem__(self, index: int | slice) -> Any:
        return Sequential(dict(list(self._named().items())[index])) if isinstance(index, slice) else list(self)[index]

    def forward(self, x: Any) -> Any:
        """The result of the last module."""
        for module in self:
            x = module(x)
        return x
