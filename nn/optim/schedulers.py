"""Learning rate schedules: the rate as a function of how often `step` was called, once per epoch or per batch.

Every rate follows from the step's number alone, so a schedule resumes from that number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nn.checks import integer, number, one_of
from nn.optim.optimizer import Optimizer

__all__ = ["CosineAnnealingLR", "ExponentialLR", "LRScheduler", "OneCycleLR", "StepLR"]


class LRScheduler:
    """The base of all schedules: `rate` says what the rate is after so many steps.

    Parameters
    ----------
    optimizer : Optimizer
        Its rates are set by the schedule from now on.
    base_lrs : list of float, optional
        What each group's rates are derived from; by default its rate now.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.
    base_lrs : list of float
        What each group's rates are derived from.
    """

    def __init__(self, optimizer: Optimizer, base_lrs: list[float] | None = None) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be an nn.optim optimiser, got {type(optimizer).__name__}")
        self.optimizer = optimizer
        self.base_lrs = base_lrs or [float(group["lr"]) for group in optimizer.param_groups]
        self.last_epoch = 0
        optimizer.scheduler = self
        self.set_rates()

    def rate(self, base: float, step: int) -> float:
        """The rate after so many steps of a group, derived from its ``base``."""
        raise NotImplementedError

    def set_rates(self) -> None:
        """Put the rates of this step into the optimiser's groups."""
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise RuntimeError("a parameter group was added after the schedule was made: make the schedule after it")
        for group, base in zip(groups, self.base_lrs, strict=True):
            group["lr"] = self.rate(base, self.last_epoch)

    def step(self) -> None:
        """Go on by one step; call it after the optimiser's."""
        if self.optimizer.scheduler is not self:
            raise RuntimeError("another schedule has taken over this optimiser since; step that one only")
        self.last_epoch += 1
        try:
            self.set_rates()
        except ValueError:
            self.last_epoch -= 1
            raise

    def get_last_lr(self) -> list[float]:
        """The rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The number of steps, and the numbers that make the schedule."""
        state = {name: value for name, value in vars(self).items() if name != "optimizer"}
        return {**state, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue a schedule of the same kind."""
        mine = self.state_dict()
        if state_dict.keys() != mine.keys() or len(state_dict["base_lrs"]) != len(self.base_lrs):
            raise ValueError(f"state_dict is not of this {type(self).__name__}: it must hold {', '.join(mine)}")
        vars(self).update(state_dict, base_lrs=list(state_dict["base_lrs"]))
        self.set_rates()


class StepLR(LRScheduler):
    """The rate times ``gamma`` after every ``step_size`` steps.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = nn.optim.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = integer("step_size", step_size)
        self.gamma = number("gamma", gamma, 0)
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        return base * self.gamma ** (step // self.step_size)


class ExponentialLR(LRScheduler):
    """The rate times ``gamma`` after every step."""

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = number("gamma", gamma, 0)
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        return base * self.gamma**step


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the start to ``eta_min`` in ``T_max`` steps, and back up in as many, and so on."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max = integer("T_max", T_max)
        self.eta_min = number("eta_min", eta_min, 0)
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * step / self.T_max)) / 2


class OneCycleLR(LRScheduler):
    """Up to ``max_lr`` and down to almost nothing in one run; the momentum goes the other way.

    Call `step` after every batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or one for each group
        The top; the cycle starts at ``max_lr / div_factor`` and ends at ``1 / final_div_factor`` of that.
    total_steps : int, optional
        The length of the run; or give ``epochs`` and ``steps_per_epoch``.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        The share of the run that goes up.
    anneal_strategy : {"cos", "linear"}
    cycle_momentum : bool
        Whether the momentum (beta1 of Adam) goes from ``max_momentum`` down to ``base_momentum`` and back.
    base_momentum, max_momentum : float
    div_factor, final_div_factor : float
    three_phase : bool
        Whether the way down to the start takes as long as the way up, and the rest is a third phase.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
            total_steps = integer("epochs", epochs) * integer("steps_per_epoch", steps_per_epoch)
        self.total_steps = integer("total_steps", total_steps)
        self.anneal_strategy = one_of("anneal_strategy", anneal_strategy, ("cos", "linear"))
        self.base_momentum = number("base_momentum", base_momentum, 0)
        self.max_momentum = number("max_momentum", max_momentum, 0)
        self.div_factor = number("div_factor", div_factor, 1)
        self.final_div_factor = number("final_div_factor", final_div_factor, 1)
        self.three_phase = three_phase
        top = number("pct_start", pct_start, 0, 1) * total_steps - 1
        self.turns = [top, 2 * top, total_steps - 1] if three_phase else [top, total_steps - 1]
        has = [name for name in ("betas", "momentum") if name in getattr(optimizer, "defaults", {})]
        if cycle_momentum and not has:
            raise ValueError("cycle_momentum needs an optimiser with momentum or betas; give cycle_momentum=False")
        self.cycled = has[0] if cycle_momentum else None
        groups = len(getattr(optimizer, "param_groups", []))
        tops = list(max_lr) if isinstance(max_lr, (list, tuple)) else [max_lr] * groups
        if len(tops) != groups:
            raise ValueError(f"max_lr must be a number, or one for each of the {groups} groups, got {len(tops)}")
        super().__init__(optimizer, [number("max_lr", top, 0) for top in tops])

    def rate(self, base: float, step: int) -> float:
        low = base / self.div_factor
        end = low / self.final_div_factor
        return self.between([low, base, low, end] if self.three_phase else [low, base, end], step)

    def between(self, knots: list[float], step: int) -> float:
        """What has these values at the start and at each turn, and runs between them by the strategy."""
        if step > self.total_steps:
            raise ValueError(f"this schedule has {self.total_steps} steps, and step() was called once more")
        starts = [0.0, *self.turns]
        phase = next((i for i, turn in enumerate(self.turns) if step <= turn), len(self.turns) - 1)
        length = self.turns[phase] - starts[phase]
        share = (step - starts[phase]) / length if length else 1.0
        if self.anneal_strategy == "cos":
            share = (1 - math.cos(math.pi * share)) / 2
        return knots[phase] + (knots[phase + 1] - knots[phase]) * share

    def set_rates(self) -> None:
        super().set_rates()
        if self.cycled is None:
            return
        high, low = self.max_momentum, self.base_momentum
        momentum = self.between([high, low, high, high] if self.three_phase else [high, low, high], self.last_epoch)
        for group in self.optimizer.param_groups:
            group[self.cycled] = (momentum, group["betas"][1]) if self.cycled == "betas" else momentum
