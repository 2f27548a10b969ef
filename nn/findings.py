"""What the command finds out: the articles' results, and what their network learns from a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn.articles import Accuracy, Result, Verdict, classify, examine, layers
from nn.datasets import Dataset
from nn.preparation import split, standardise
from nn.progress import Bars

__all__ = ["Findings", "Learned", "learn"]


@dataclass(frozen=True)
class Learned:
    """A network trained on a table of two classes.

    Attributes
    ----------
    data : Dataset
        The whole table.
    accuracy : Accuracy
        The training, and what it got right.
    guess : float
        The share of the test examples that one gets right by always naming the commonest class of the training.
    verdicts : list of Verdict
        The second article's formulas, on this network and the training examples.
    """

    data: Dataset
    accuracy: Accuracy
    guess: float
    verdicts: list[Verdict]

    def to_dict(self) -> dict[str, Any]:
        """The training for JSON; of the verdicts, what is needed to trust them."""
        examples, features = self.data.X.shape
        return {
            "source": self.data.source,
            "examples": examples,
            "features": features,
            "classes": list(self.data.target_names),
            **self.accuracy.to_dict(),
            "guess": self.guess,
            "formulas": [
                {
                    "name": verdict.formula.name,
                    "right": verdict.right,
                    "written": verdict.alone.to_dict(),
                    "corrected": verdict.correction.to_dict(),
                }
                for verdict in self.verdicts
            ],
        }


@dataclass(frozen=True)
class Findings:
    """Everything that one call of the command found out."""

    results: list[Result] = field(default_factory=list)
    learned: Learned | None = None

    def disagreeing(self) -> Iterator[tuple[str, Verdict]]:
        """Yield where it was checked, and the verdict, of every corrected formula that the engine contradicts."""
        checked = [(result.article.name, result.verdicts) for result in self.results]
        if self.learned is not None:
            checked.append((self.learned.data.source, self.learned.verdicts))
        for where, verdicts in checked:
            for verdict in verdicts:
                if not verdict.correction.right:
                    yield where, verdict

    @property
    def ok(self) -> bool:
        """Whether every corrected formula agrees with the engine."""
        return not any(self.disagreeing())

    def summary(self) -> dict[str, Any]:
        """The findings for JSON."""
        return {
            "ok": self.ok,
            "articles": {result.article.name: result.summary() for result in self.results},
            "learned": None if self.learned is None else self.learned.to_dict(),
        }


def learn(data: Dataset, bars: Bars, *, dims: Sequence[int] | None, epochs: int, lr: float, seed: int) -> Learned:
    """Train the second article's network on four fifths of a table, test it on the rest, and check its formulas there.

    Parameters
    ----------
    data : Dataset
        Of two classes.
    bars : Bars
        Where to show the progress.
    dims : sequence of int or None
        Features, units of each layer, 1; None takes 16 hidden units.
    epochs : int
        The number of updates.
    lr : float
        The learning rate.
    seed : int
        Of the split and of the initial weights.

    Returns
    -------
    Learned

    Raises
    ------
    TableError
        If the table cannot be split.
    ValueError
        If the cost is higher in the end than at the start, or not finite.
    """
    X_train, X_test, y_train, y_test = split(data.X, data.y, seed=seed)
    X_train, X_test = standardise(X_train, X_test)
    dims = tuple(dims or (data.X.shape[1], 16, 1))
    # The same initial parameters as those of `classify`.
    specimen = layers.article(
        layers.init_params(dims, seed=seed, scale=None), X_train.T, y_train[None, :].astype(np.float64)
    )
    accuracy = classify(
        X_train,
        X_test,
        y_train,
        y_test,
        layer_dims=dims,
        epochs=epochs,
        lr=lr,
        seed=seed,
        on_step=bars("the table", epochs + 1),
    )
    first, last = accuracy.run.history[0], accuracy.run.history[-1]
    if last > first:
        raise ValueError(
            f"it diverged: the cost rose from {first:.6g} to {last:.6g} with the learning rate {lr:g}; use a smaller "
            "learning rate"
        )
    guess = float(np.mean(y_test == np.argmax(np.bincount(y_train))))
    return Learned(data, accuracy, guess, examine(specimen))
