"""What a dashboard shows of a history: one panel for each thing that was measured, in words and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from nn.dashboard.statistics import GRADIENT, SATURATION

__all__ = ["Panel", "not_finite", "panels"]

FEWEST_LISTED = 3


@dataclass(frozen=True)
class Panel:
    """Curves that belong together.

    Attributes
    ----------
    subject : str
        What was measured: "loss", "accuracy", "gradient norm", "saturation".
    curves : dict of str to list of float
        The values after each epoch, by the name that a legend shows; in nn.fit's order, layers from the input on.
    of_layers : bool
        Whether there is a curve for each layer of a network.
    caption : str
        What they say.
    """

    subject: str
    curves: Mapping[str, Sequence[float]]
    of_layers: bool
    caption: str

    @property
    def epochs(self) -> int:
        """How many there were."""
        return max(map(len, self.curves.values()))


def panels(history: Mapping[str, Sequence[float]]) -> list[Panel]:
    """A history's panels, in the order in which it began to measure them.

    Examples
    --------
    >>> found = panels({"loss": [0.7, 0.5], "validation_loss": [0.8, 0.6], "gradient norm/0 (Linear)": [1.0, 0.1]})
    >>> [(panel.subject, list(panel.curves)) for panel in found]
    [('loss', ['loss', 'validation loss']), ('gradient norm', ['0 (Linear)'])]
    """
    groups: dict[str, dict[str, Sequence[float]]] = {}
    layered = set()
    for name, values in history.items():
        subject, slash, layer = name.partition("/")
        subject = subject.removeprefix("validation_").replace("_", " ")
        groups.setdefault(subject, {})[layer if slash else name.replace("_", " ")] = values
        if slash:
            layered.add(subject)
    return [
        Panel(subject, curves, subject in layered, _caption(subject, curves))
        for subject, curves in groups.items()
        if any(map(len, curves.values()))
    ]


def _caption(subject: str, curves: Mapping[str, Sequence[float]]) -> str:
    last = {name: values[-1] for name, values in curves.items() if values and math.isfinite(values[-1])}
    about, in_the_end = CAPTIONS.get(subject, ("", _nothing))
    return " ".join(filter(None, [about, in_the_end(last) if last else "", *_gaps(curves)]))


def _nothing(last: Mapping[str, float]) -> str:
    return ""


def _of_gradients(last: Mapping[str, float]) -> str:
    shortest, longest = min(last, key=last.__getitem__), max(last, key=last.__getitem__)
    low, high = last[shortest], last[longest]
    if low == 0:
        dead = [name for name, norm in last.items() if norm == 0]
        return f"In the end no gradient arrives at {_listed(dead)}."
    return f"In the end it is {low:.3g} at {shortest} and {high:.3g} at {longest}." if len(last) > 1 else ""


def _of_saturation(last: Mapping[str, float]) -> str:
    most = max(last, key=last.__getitem__)
    return f"In the end most of them are in {most}, {last[most]:.0%}."


CAPTIONS = {
    GRADIENT: (
        "The length of the gradient of each layer's parameters, in the last batch of each epoch.",
        _of_gradients,
    ),
    SATURATION: (
        "The share of units with a slope below 0.01 (of a relu: those that are 0), in the last batch of each epoch.",
        _of_saturation,
    ),
}


def _gaps(curves: Mapping[str, Sequence[float]]) -> Iterator[str]:
    for name, values in curves.items():
        stretches = not_finite(name, values)
        if stretches:
            told = [f"{a:,}" if a == b else f"{a:,} to {b:,}" for a, b in stretches]
            several = len(stretches) > 1 or stretches[0][0] != stretches[0][1]
            yield f"The {name} is not finite in epoch{'s' if several else ''} {_listed(told)}."


def not_finite(name: str, values: Sequence[float]) -> list[tuple[int, int]]:
    """The stretches of epochs, first and last, in which a value is not finite.

    The loss is measured in every epoch; of anything else nan says that it was not measured.

    Examples
    --------
    >>> not_finite("loss", [0.5, float("nan"), float("inf"), 0.4, float("nan")])
    [(2, 3), (5, 5)]
    >>> not_finite("accuracy", [0.5, float("nan")])
    []
    """
    wrong = (lambda value: not math.isfinite(value)) if name == "loss" else math.isinf
    stretches = []
    for is_wrong, run in groupby(enumerate(values, start=1), key=lambda pair: wrong(pair[1])):
        epochs = [epoch for epoch, _ in run]
        if is_wrong:
            stretches.append((epochs[0], epochs[-1]))
    return stretches


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - FEWEST_LISTED} more" if len(names) > FEWEST_LISTED else ""
    return ", ".join(names[:FEWEST_LISTED]) + more
