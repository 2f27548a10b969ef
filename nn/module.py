"""Module: a part of a network that knows its parameters, its parts, and whether it is training.

A module is an ordinary object. Its parameters and parts are found by looking through its attributes, in the order in
which they were assigned; there is no other register.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from autograd import Node, Tensor
from autograd.scope import current as _scope

__all__ = ["Module", "Parameter"]

Array = np.ndarray[Any, Any]

current, enter, leave = _scope.get, _scope.set, _scope.reset


def raw(x: Any) -> Any:
    """The array in a node; anything else as it is."""
    return x.primal if isinstance(x, Node) else x


class Parameter(Tensor):
    """A Tensor that a module trains.

    Its label is its path in the model it was attached to, unless it was given one: pictures and messages show it.

    Parameters
    ----------
    data : array_like or Tensor
        The numbers, copied.
    label : str, optional
    requires_grad : bool
        False freezes it.
    dtype : float32 or float64, optional

    Examples
    --------
    >>> from nn import Parameter
    >>> Parameter([1.0, 2.0]).requires_grad
    True
    """

    __slots__ = ()

    def __init__(self, data: Any, *, label: str | None = None, requires_grad: bool = True, dtype: Any = None) -> None:
        super().__init__(raw(data), label, requires_grad, dtype)


def _tracked(value: Any) -> bool:
    """Whether gradients are collected for it, as for a parameter."""
    return isinstance(value, Node) and value.is_leaf and value.requires_grad


class IncompatibleKeys(NamedTuple):
    """What `Module.load_state_dict` with ``strict=False`` passed over."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """The base of every layer and network: assign parts in ``__init__``, compute in ``forward``.

    Attributes
    ----------
    training : bool
        Whether layers such as Dropout behave as in training; `train` and `eval` set it for all parts.

    Examples
    --------
    >>> import nn, numpy as np
    >>> class Network(nn.Module):
    ...     def __init__(self):
    ...         self.hidden = nn.Linear(2, 3)
    ...         self.out = nn.Linear(3, 1)
    ...     def forward(self, x):
    ...         return self.out(np.tanh(self.hidden(x)))
    >>> model = Network()
    >>> model
    Network(
      (hidden): Linear(in_features=2, out_features=3, bias=True)
      (out): Linear(in_features=3, out_features=1, bias=True)
    )
    >>> [name for name, _ in model.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    >>> model(np.ones((5, 2))).shape
    (5, 1)
    """

    training: bool = True
    _buffers: tuple[str, ...] = ()
    _title: str = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        around = current()
        if around is None:  # nothing is recorded
            return self.forward(*args, **kwargs)
        # What `with scope(...)` does, in a third of its time.
        token = enter(around.inside(self._title or type(self).__name__))
        try:
            return self.forward(*args, **kwargs)
        finally:
            leave(token)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result; every module writes its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(); define what it computes")

    # --- parts ------------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            if value.label is None:
                value.label = name
        elif isinstance(value, Module):
            for path, parameter in value.named_parameters():
                if parameter.label == path:
                    parameter.label = f"{name}.{path}"
            if not value._title:
                object.__setattr__(value, "_title", f"{name} ({type(value).__name__})")
        elif value is not None:
            self._refuse_untrainable(name, value)
        super().__setattr__(name, value)

    def _refuse_untrainable(self, name: str, value: Any) -> None:
        """Raise where an assignment would hide something from `parameters`, so that it never trains."""
        if isinstance(vars(self).get(name), (Parameter, Module)):
            kind = type(vars(self)[name]).__name__
            raise TypeError(
                f"{name} is a {kind} and cannot become a {type(value).__name__}; assign to its .data, or nn.Parameter"
            )
        if _tracked(value):
            raise TypeError(
                f"{name} is a {type(value).__name__} that requires a gradient but is no nn.Parameter, so that it would "
                "never train: wrap it in nn.Parameter, or assign its .detach()"
            )
        if isinstance(value, _CONTAINERS) and any(
            isinstance(part, (Module, Parameter)) or _tracked(part) for part in _parts(value)
        ):
            raise _hidden(name, value)

    def _walk(self, prefix: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Module]]:
        """This module and all below it with their prefixes (``"net.0."``); each once where ``seen`` is given."""
        if seen is not None:
            if id(self) in seen:
                return
            seen.add(id(self))
        yield prefix, self
        for name, part in vars(self).items():
            if isinstance(part, Module):
                yield from part._walk(f"{prefix}{name}.", seen)

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """This module (named "") and every module in it, each once."""
        for prefix, module in self._walk(seen=set()):
            yield prefix[:-1], module

    def modules(self) -> Iterator[Module]:
        """This module and every module in it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are attributes of this one, each once."""
        seen: set[int] = set()
        for name, part in vars(self).items():
            if isinstance(part, Module) and id(part) not in seen:
                seen.add(id(part))
                yield name, part

    def children(self) -> Iterator[Module]:
        """The modules that are attributes of this one, each once."""
        return (module for _, module in self.named_children())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its path, a module's own before its parts'; a shared one once, by its first path.

        Raises
        ------
        TypeError
            Where a plain list, tuple, dict or set holds parameters or modules that are found nowhere else.
        """
        found: dict[int, tuple[str, Parameter]] = {}
        modules, containers = set[int](), []
        for prefix, module in self._walk(seen=modules):
            for name, value in vars(module).items():
                if isinstance(value, Parameter):
                    found.setdefault(id(value), (prefix + name, value))
                elif isinstance(value, _CONTAINERS):
                    containers.append((prefix + name, value))
        for path, container in containers:
            for part in _parts(container):
                if isinstance(part, (Module, Parameter)) and id(part) not in modules | found.keys():
                    raise _hidden(path, container)
        return iter(found.values())

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter, a shared one once."""
        return (parameter for _, parameter in self.named_parameters())

    def register_buffer(self, name: str, array: Any) -> None:
        """Give the module an array that is saved with it but not trained, as the attribute ``name``."""
        if name not in self._buffers:
            self._buffers = (*self._buffers, name)
        setattr(self, name, np.array(array))

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """Every buffer with its path."""
        for prefix, module in self._walk(seen=set()):
            for name in module._buffers:
                yield prefix + name, getattr(module, name)

    def buffers(self) -> Iterator[Array]:
        """Every buffer."""
        return (buffer for _, buffer in self.named_buffers())

    # --- state ------------------------------------------------------------------------------------------------------

    def _state(self) -> Iterator[tuple[str, Module, str]]:
        """The path of each parameter and buffer, the module that has it, and its name there; shared ones repeat."""
        for prefix, module in self._walk():
            own = [name for name, value in vars(module).items() if isinstance(value, Parameter)]
            for name in (*own, *module._buffers):
                yield prefix + name, module, name

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers by path, with PyTorch's keys and shapes.

        Examples
        --------
        >>> import nn
        >>> {key: array.shape for key, array in nn.Linear(2, 3).state_dict().items()}
        {'weight': (3, 2), 'bias': (3,)}
        """
        return {key: np.array(raw(getattr(module, name))) for key, module, name in self._state()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy the numbers of a `state_dict` into this module: all of them, or, where something does not fit, none.

        Parameters
        ----------
        state_dict : mapping of str to array_like
            PyTorch's own works as it is.
        strict : bool
            Whether every key must have its counterpart on the other side.

        Returns
        -------
        IncompatibleKeys
            The keys that were passed over; none where strict.

        Raises
        ------
        ValueError
            Where keys are missing or unexpected, or arrays of other shapes or kinds; the message names each.

        Examples
        --------
        >>> import nn
        >>> nn.Linear(2, 3).load_state_dict({"weight": [[1.0, 2.0]]})
        Traceback (most recent call last):
        ValueError: Linear cannot load this state_dict: no 'bias'; 'weight' has shape (1, 2), here (3, 2)
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"state_dict must be a dict of names to arrays, got {type(state_dict).__name__}")
        places = {key: (module, name) for key, module, name in self._state()}
        missing = [key for key in places if key not in state_dict]
        unexpected = [key for key in state_dict if key not in places]
        wrong = [f"no {key!r}" for key in missing] + [f"unexpected {key!r}" for key in unexpected] if strict else []
        arrays: dict[str, Array] = {}
        first: dict[int, str] = {}
        for key, (module, name) in places.items():
            if key not in state_dict:
                continue
            mine, array = raw(getattr(module, name)), np.asarray(raw(state_dict[key]))
            if array.dtype.kind not in "fiub" or not np.can_cast(array.dtype, mine.dtype, "same_kind"):
                wrong.append(f"{key!r} has dtype {array.dtype}, here {mine.dtype}")
            elif array.shape != mine.shape:
                wrong.append(f"{key!r} has shape {array.shape}, here {mine.shape}")
            else:
                twin = first.setdefault(id(mine), key)
                if twin != key and twin in arrays and not np.array_equal(arrays[twin], array, equal_nan=True):
                    wrong.append(f"{twin!r} and {key!r} differ, but are one shared parameter here")
                arrays[key] = array
        if wrong:
            raise ValueError(f"{type(self).__name__} cannot load this state_dict: {'; '.join(wrong)}")
        for key, array in arrays.items():
            module, name = places[key]
            place = getattr(module, name)
            if isinstance(place, Parameter):
                place.data = array
            else:
                setattr(module, name, array.astype(place.dtype))
        return IncompatibleKeys(missing, unexpected)

    def to(self, dtype: Any) -> Self:
        """Turn every parameter and every floating buffer into float32 or float64; gradients are forgotten."""
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
        for parameter in self.parameters():
            parameter.become_leaf(parameter.primal.astype(dtype), parameter.label, parameter.requires_grad)
        for module in self.modules():
            for name in module._buffers:
                buffer = getattr(module, name)
                if buffer.dtype.kind == "f":
                    setattr(module, name, buffer.astype(dtype))
        return self

    # --- modes ------------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set this module and all in it to training (or not): Dropout drops, BatchNorm measures its batch."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set this module and all in it to evaluation."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze every parameter with False; an optimiser leaves frozen ones alone."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call a function on every module in this one, then on this one."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # --- text -------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr, besides the parts."""
        return ""

    def __repr__(self) -> str:
        parts = [(name, repr(part)) for name, part in vars(self).items() if isinstance(part, Module)]
        lines = [f"\n  ({name}): " + text.replace("\n", "\n  ") for name, text in parts]
        return f"{type(self).__name__}({self.extra_repr()}{''.join(lines)}" + ("\n)" if lines else ")")


_CONTAINERS = (list, tuple, dict, set)


def _parts(container: Any) -> Iterator[Any]:
    """What is in a plain container, and in those in it."""
    for part in container.values() if isinstance(container, dict) else container:
        if isinstance(part, _CONTAINERS):
            yield from _parts(part)
        else:
            yield part


def _hidden(name: str, container: Any) -> TypeError:
    return TypeError(
        f"{name} is a plain {type(container).__name__}, and what is in it would never train: use nn.ModuleList or "
        "nn.Sequential for modules, and attributes for parameters"
    )
