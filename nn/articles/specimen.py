"""An article as a specimen, and what came out of examining it: the data that the command line and the report read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor, Value
from nn.articles.formula import TOLERANCE, Formula, Recorder, Verdict, check
from nn.articles.training import Run

__all__ = ["Accuracy", "Article", "Chaos", "Fault", "Result", "attempt", "examine", "label"]


@dataclass(frozen=True)
class Article:
    """An article: who wrote it, its network as it was recorded on some data, and the formulas that it claims for it.

    Attributes
    ----------
    name : str
        A short name, also of its module.
    title, author, year : str
        As far as they are known.
    nodes : dict of str to Tensor or Value
        The recorded forward pass by label: leaves, intermediate values, losses (the one that is trained on is "loss"),
        and plain numbers that the formulas use.
    formulas : tuple of Formula
        In the order in which they build on each other.
    remarks : tuple of str
        What else a reader should know.
    again : Recorder, optional
        How the network was recorded.
    """

    name: str
    title: str
    author: str
    year: str
    nodes: dict[str, Any]
    formulas: tuple[Formula, ...]
    remarks: tuple[str, ...] = ()
    again: Recorder | None = None

    @property
    def loss(self) -> Tensor | Value:
        """The root of the graph: the loss that is trained on."""
        root: Tensor | Value = self.nodes["loss"]
        return root


def examine(article: Article) -> list[Verdict]:
    """The verdict on each formula of an article, on the data that its network was recorded on."""
    return check(article.formulas, article.nodes, article.again)


def label(values: dict[str, Any]) -> dict[str, Any]:
    """Label every node among the values of a forward pass with its key; returns the same dict."""
    for name, value in values.items():
        if isinstance(value, Tensor | Value):
            value.label = name
    return values


@dataclass(frozen=True)
class Fault:
    """A line of an article's code, and what happened when it was run.

    Attributes
    ----------
    name : str
        What is in question.
    code : str
        The line as the article has it.
    happened : str
        What running it did: the exception, or what was observed.
    found : bool
        Whether that shows a fault.
    repair : str
        The line as it should be.
    """

    name: str
    code: str
    happened: str
    found: bool
    repair: str

    def to_dict(self) -> dict[str, Any]:
        """The fault for JSON."""
        return {
            "name": self.name,
            "code": self.code,
            "happened": self.happened,
            "found": self.found,
            "repair": self.repair,
        }


def attempt(code: str, scope: Mapping[str, Any]) -> str:
    """Run statements on a copy of a scope; returns the exception as its last traceback line would show it, or "".

    Examples
    --------
    >>> attempt("y = 1 / x", {"x": 0})
    'ZeroDivisionError: division by zero'
    >>> attempt("y = 1 / x", {"x": 1})
    ''
    """
    try:
        exec(compile(code, "<article>", "exec"), dict(scope))
    except Exception as error:
        return f"{type(error).__name__}: {error}".strip()
    return ""


@dataclass(frozen=True)
class Chaos:
    """What became of many copies of one training that started a few units in the last place apart.

    Attributes
    ----------
    name : str
        Which update was used.
    losses : dict of int to ndarray of shape (copies,)
        The loss of each copy, by the number of updates.
    """

    name: str
    losses: dict[int, NDArray[np.float64]]

    def band(self, step: int) -> tuple[float, float]:
        """The smallest and the largest loss after so many updates."""
        return float(np.min(self.losses[step])), float(np.max(self.losses[step]))

    def spread(self, step: int) -> float:
        """The largest loss minus the smallest after so many updates."""
        low, high = self.band(step)
        return high - low

    def to_dict(self) -> dict[str, Any]:
        """The experiment for JSON."""
        return {
            "name": self.name,
            "copies": len(next(iter(self.losses.values()))),
            "bands": {str(step): list(self.band(step)) for step in self.losses},
            "spreads": {str(step): self.spread(step) for step in self.losses},
        }


@dataclass(frozen=True)
class Accuracy:
    """How well a trained network tells two classes apart.

    Attributes
    ----------
    train, test : float
        The share of examples that are classified right, of those it was trained on and of those it never saw.
    train_examples, test_examples : int
        How many there were of each.
    layer_dims : tuple of int
        The network.
    run : Run
        The training.
    """

    train: float
    test: float
    train_examples: int
    test_examples: int
    layer_dims: tuple[int, ...]
    run: Run

    def to_dict(self) -> dict[str, Any]:
        """The accuracy for JSON."""
        return {
            "train": self.train,
            "test": self.test,
            "train_examples": self.train_examples,
            "test_examples": self.test_examples,
            "layer_dims": list(self.layer_dims),
            "run": self.run.to_dict(),
        }


@dataclass(frozen=True)
class Result:
    """Everything that examining an article gave.

    Attributes
    ----------
    article : Article
        With the recorded network; its nodes carry gradients.
    verdicts : list of Verdict
        One per formula.
    runs : list of Run
        The trainings.
    chaos : list of Chaos
        How far trainings from nearly the same start drift apart; empty if that was not tried.
    faults : list of Fault
        What running the article's code showed.
    """

    article: Article
    verdicts: list[Verdict]
    runs: list[Run]
    faults: list[Fault] = field(default_factory=list)
    chaos: list[Chaos] = field(default_factory=list)

    @property
    def loss(self) -> Tensor | Value:
        """The root of the graph."""
        return self.article.loss

    @property
    def ok(self) -> bool:
        """Whether every corrected formula agrees with the engine."""
        return all(verdict.correction.right for verdict in self.verdicts)

    def summary(self) -> dict[str, Any]:
        """The result for JSON: plain dicts, lists, strings and finite numbers."""
        article = self.article
        return {
            "name": article.name,
            "title": article.title,
            "author": article.author,
            "year": article.year,
            "remarks": list(article.remarks),
            "ok": self.ok,
            "tolerance": TOLERANCE,
            "formulas": _dicts(self.verdicts),
            "runs": _dicts(self.runs),
            "faults": _dicts(self.faults),
            "chaos": _dicts(self.chaos),
        }


def _dicts(items: Iterable[Verdict | Run | Fault | Chaos]) -> list[dict[str, Any]]:
    return [item.to_dict() for item in items]
