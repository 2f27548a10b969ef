"""Optimizer: what all optimisers share, that is groups of parameters, their options, their state, and the step.

An optimiser is its `update`: the new numbers of one parameter from the old ones, the gradient, and what was remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Node

__all__ = ["Optimizer"]


class Optimizer:
    """The base of all optimisers.

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
        A dict is a parameter group: ``{"params": [...], "lr": 0.1}`` with options of its own.
    defaults : dict
        The options of the groups that do not name them.

    Attributes
    ----------
    param_groups : list of dict
        Each with its "params" and all options; change an option here at any time.
    state : dict
        What is remembered about each parameter.
    """

    remembers: tuple[str, ...] = ()
    """What `update` keeps in a parameter's state."""

    scheduler: Any = None
    """The schedule that sets the rates: the last one that was made for this optimiser."""

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Node, dict[str, Any]] = {}
        if isinstance(params, (Node, Mapping)) or not isinstance(params, Iterable):
            advice = "; write model.parameters()" if hasattr(params, "parameters") else ""
            raise TypeError(
                f"params must be an iterable of parameters or of groups, got one {type(params).__name__}{advice}"
            )
        given = list(params)
        if not given:
            raise ValueError("params is empty: there is nothing to optimise")
        groups = given if all(isinstance(part, Mapping) for part in given) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    def check(self, options: dict[str, Any]) -> None:
        """Raise where an option is out of range."""
        raise NotImplementedError

    def update(self, *args: Any, **options: Any) -> Any:
        """``update(x, g, state, **options)``: the new numbers of a parameter from its numbers and gradient."""
        raise NotImplementedError

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimise further parameters, with options of their own.

        Parameters
        ----------
        group : dict
            "params", and any of the options; the others are the optimiser's defaults.
        """
        if "params" not in group:
            raise ValueError(f"a parameter group needs 'params', got {list(group)}")
        params = [group["params"]] if isinstance(group["params"], Node) else list(group["params"])
        if unknown := sorted(group.keys() - self.defaults.keys() - {"params"}):
            raise ValueError(f"{type(self).__name__} has no option {unknown[0]!r}; it has {', '.join(self.defaults)}")
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, Node) or not p.is_leaf:
                what = "a result, which follows from others" if isinstance(p, Node) else f"a {type(p).__name__}"
                raise TypeError(f"params must be parameters (leaves of the graph), but number {i} is {what}")
            if id(p) in known:
                raise ValueError(f"{named(p)} is given twice; each parameter is optimised once")
            known.add(id(p))
        options = {**self.defaults, **{name: value for name, value in group.items() if name != "params"}}
        self.check(options)
        self.param_groups.append({"params": params, **options})

    def step(self) -> None:
        """Move every parameter once; those that do not require a gradient stay.

        Raises
        ------
        RuntimeError
            Where a parameter has no gradient; its name is in the message, and nothing has moved.
        """
        moving = [(group, p) for group in self.param_groups for p in group["params"] if p.requires_grad]
        if lost := [named(p) for _, p in moving if p.grad is None]:
            raise RuntimeError(
                f"no gradient reached {', '.join(lost)}: call backward() before step(), and leave out (or freeze with "
                "requires_grad = False) what the loss does not depend on"
            )
        for group, p in moving:
            options = {name: group[name] for name in self.defaults}
            p.data = self.update(p.primal, p.grad, self.state.setdefault(p, {}), **options)

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                p.zero_grad()

    # --- state ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Copies of the options and of all that is remembered, in PyTorch's form; parameters stand there as numbers."""
        params = [p for group in self.param_groups for p in group["params"]]
        place = {p: i for i, p in enumerate(params)}
        return {
            "state": {
                place[p]: {name: _copied(value) for name, value in self.state[p].items()}
                for p in params
                if self.state.get(p)
            },
            "param_groups": [{**group, "params": [place[p] for p in group["params"]]} for group in self.param_groups],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`, PyTorch's too: all of it, or, where something does not fit, nothing.

        Raises
        ------
        ValueError
            Where it belongs to other parameters or to another optimiser; the message says what does not fit.
        """
        try:
            groups, states = list(state_dict["param_groups"]), dict(state_dict["state"])
            counts = [len(group["params"]) for group in groups]
            places = [i for group in groups for i in group["params"]]
        except (TypeError, KeyError) as error:
            raise ValueError(f"state_dict must be what an optimiser's state_dict() returned; {error!r}") from None
        mine = [len(group["params"]) for group in self.param_groups]
        if counts != mine:
            raise ValueError(f"state_dict has groups of {counts} parameters, and this optimiser of {mine}")
        options = [self._loaded_options(group) for group in groups]
        params = dict(zip(places, (p for group in self.param_groups for p in group["params"]), strict=True))
        if unknown := [i for i in states if i not in params]:
            raise ValueError(f"state_dict has a state for parameter {unknown[0]}, which is in no group")
        loaded = {params[i]: self._loaded_state(params[i], state) for i, state in states.items()}
        for group, new in zip(self.param_groups, options, strict=True):
            group.update(new)
        self.state = loaded

    def _loaded_options(self, group: Mapping[str, Any]) -> dict[str, Any]:
        name = type(self).__name__
        if missing := [option for option in self.defaults if option not in group]:
            raise ValueError(f"state_dict is not {name}'s: it lacks the option {missing[0]!r}")
        for option, value in group.items():
            if value is True and option not in self.defaults and not getattr(self, option, False):
                raise ValueError(f"state_dict has the option {option!r} switched on, which {name} does not have")
        options = {option: group[option] for option in self.defaults}
        self.check(options)
        return options

    def _loaded_state(self, p: Node, state: Mapping[str, Any]) -> dict[str, Any]:
        if unknown := [name for name in state if name not in self.remembers]:
            raise ValueError(f"state_dict is not {type(self).__name__}'s: it remembers {unknown[0]!r} of {named(p)}")
        loaded: dict[str, Any] = {}
        for name, value in state.items():
            if value is None:
                continue
            if name == "step":
                loaded[name] = int(value)
                continue
            array = np.asarray(value)
            if array.shape != np.shape(p.primal):
                raise ValueError(f"state_dict has {name!r} of shape {array.shape} for {named(p)}")
            loaded[name] = array.astype(np.result_type(p.primal))
        return loaded


def _copied(value: Any) -> Any:
    return np.array(value) if isinstance(value, (np.ndarray, np.generic)) else value


def named(p: Node) -> str:
    """How a message speaks of a parameter: by its label and shape."""
    shape = np.shape(p.primal)
    return (
        f"a {type(p).__name__} of shape {shape}" if p.label is None else f"{p.label!r}" + (f" {shape}" if shape else "")
    )
