"""fit: a training from the first epoch to the last; the loop is zero_grad, loss, backward, step, as one's own would be.

What a callback sees and may change is a `Training`.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Node
from nn.checks import integer
from nn.data import batches, examples
from nn.module import Module, raw
from nn.optim import Optimizer
from nn.progress import Bars, OnStep
from nn.seeding import chosen
from nn.training import checkpoint as checkpoints
from nn.training.evaluation import evaluate
from nn.training.history import History

__all__ = ["EarlyStopping", "Training", "fit"]


Callback = Callable[["Training"], Mapping[str, float] | None]


class Best(NamedTuple):
    """The best epoch so far: its number, what it was best by, and the model then."""

    epoch: int
    value: float
    state: dict[str, np.ndarray[Any, Any]]


class Training:
    """A training under way.

    Attributes
    ----------
    model : Module
    loss : callable
    optimizer : Optimizer
    generator : numpy.random.Generator
        Shuffles the examples.
    history : History
    epochs : int
        How many there will be, unless it is stopped; 0 where that is not known.
    epoch : int
        How many are complete.
    batch : (ndarray, ndarray)
        Inputs and targets of the last update; the parameters still have its gradient when callbacks are called.
    best : (int, float, dict)
        The best epoch, its loss (of the validation, if there is one), and the model's state after it. Before the first,
        epoch 0 and the state at the start.
    stop : str
        Set it to a reason to end the training after this epoch; the model goes back to the best one then.
    """

    def __init__(self, model: Module, loss: Callable[..., Any], optimizer: Optimizer, generator: Any = None) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be an nn.optim optimiser, got {type(optimizer).__name__}")
        self.model, self.loss, self.optimizer, self.generator = model, loss, optimizer, chosen(generator)
        self.history = History()
        self.epochs = self.epoch = 0
        self.batch: tuple[Any, Any] = ((), ())
        self.best = Best(0, math.inf, model.state_dict())
        self.stop = ""

    def run_epoch(self, X: Any, y: Any, batch_size: int, on_step: OnStep, shuffle: bool = True) -> float:
        """One pass over the examples; returns the mean loss of the batches, weighted by their sizes.

        The model is in evaluation mode afterwards: a callback may call it as it is.
        """
        total, step = 0.0, self.epoch * -(-len(X) // batch_size)
        self.model.train()
        for inputs, targets in batches(X, y, batch_size, shuffle, self.generator):
            self.optimizer.zero_grad()
            value = self.loss(self.model(inputs), targets)
            number = self._checked(value)
            value.backward()
            self.optimizer.step()
            self.batch = inputs, targets
            total += number * len(inputs)
            on_step(step, number)
            step += 1
        self.model.eval()
        return total / len(X)

    def _checked(self, value: Any) -> float:
        if not isinstance(value, Node) or np.size(raw(value)) != 1:
            what = f"shape {np.shape(raw(value))}" if isinstance(value, Node) else f"a {type(value).__name__}"
            raise ValueError(f'loss must give one number that depends on the model (reduction="mean"), got {what}')
        number = float(raw(value))
        if not math.isfinite(number):
            rates = ", ".join(f"{group['lr']:g}" for group in self.optimizer.param_groups)
            raise ValueError(
                f"the loss is {number} in epoch {self.epoch + 1} with the learning rate {rates}: use a smaller one, "
                f"and look for nan and inf in the data\n{autograd.find_fault(value)}"
            )
        return number

    def finish_epoch(self, row: Mapping[str, float]) -> None:
        """Count the epoch, note what was measured after it, and keep the model if it is the best so far."""
        self.epoch += 1
        self.history.record(self.epoch, row)
        value = row.get("validation_loss", row["loss"])
        if value < self.best.value:
            self.best = Best(self.epoch, value, self.model.state_dict())

    def measure(self, callback: Callback) -> None:
        """Call a callback, and note what it measured."""
        measured = callback(self)
        if measured is not None and not isinstance(measured, Mapping):
            raise TypeError(f"a callback returns None, or a dict for the history; {callback!r} returned {measured!r}")
        self.history.record(self.epoch, measured or {})

    def close(self) -> History:
        """The history; where the training was stopped, the model is back in its best epoch."""
        self.history.level(self.epoch)
        self.history.stopped, self.history.best = self.stop, self.best.epoch
        if self.stop:
            self.model.load_state_dict(self.best.state)
        self.model.eval()  # which it is not after Ctrl-C
        return self.history


class EarlyStopping:
    """A callback that ends a training when it has not become better for some epochs.

    Parameters
    ----------
    patience : int
        For how many epochs the validation loss (or, without validation, the loss) may stay above its lowest.

    Examples
    --------
    >>> EarlyStopping(patience=5)
    EarlyStopping(patience=5)
    """

    def __init__(self, patience: int) -> None:
        self.patience = integer("patience", patience)

    def __call__(self, training: Training) -> None:
        if training.epoch - training.best.epoch >= self.patience:
            training.stop = f"no better since epoch {training.best.epoch}"

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience})"


def fit(
    model: Module,
    loss: Callable[[Any, Any], Any],
    data: Any,
    *,
    epochs: int,
    batch_size: int = 32,
    optimizer: Optimizer,
    validation: Any = None,
    callbacks: Iterable[Callback] | Callback = (),
    shuffle: bool = True,
    generator: np.random.Generator | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = True,
) -> History:
    """Train a model.

    Ctrl-C ends the training, not the program: the model goes back to its best epoch, and the history is returned. So it
    does where a callback stops the training; after all epochs it is as the last one left it. It is in evaluation mode.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(output, target)`` gives one number, such as ``nn.CrossEntropyLoss()``.
    data : (ndarray, ndarray)
        Inputs and targets, a row for each example; a `Dataset` is such a pair.
    epochs : int
        How often every example is used; those before a checkpoint count.
    batch_size : int
        Examples per update.
    optimizer : Optimizer
        Of the model's parameters.
    validation : (ndarray, ndarray), optional
        The loss on these is measured after every epoch.
    callbacks : iterable of callables, or one
        Each is called with the `Training` after every epoch. The dict that it returns, if it returns one, goes into the
        history. ``lambda training: scheduler.step()`` is one, and `EarlyStopping`.
    shuffle : bool
        Whether every epoch takes the examples in another order.
    generator : numpy.random.Generator, optional
        Decides the order; nn's own by default.
    checkpoint : str or path-like, optional
        A file, .npz or .safetensors, that holds all that is needed to go on after every epoch: the model, the
        optimiser, its schedule, the history, the best epoch, and the state of every generator.
    resume : bool
        Go on from the checkpoint if the file is there: the numbers are those of a training without a break.
    progress : bool
        Show a progress bar on a terminal, with tqdm where that is installed.

    Returns
    -------
    History
        A dict of lists by name: "loss", the mean over each epoch while it went on; "validation_loss"; and what
        callbacks measured.

    Raises
    ------
    ValueError
        If the loss is not finite, or the checkpoint belongs to another training.
    FileExistsError
        If the checkpoint is there and `resume` is False.

    Examples
    --------
    >>> import nn
    >>> _ = nn.manual_seed(0)
    >>> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    >>> history = nn.fit(model, nn.CrossEntropyLoss(), nn.datasets.xor(), epochs=200, batch_size=4,
    ...                  optimizer=nn.optim.Adam(model.parameters(), lr=0.05))
    >>> len(history["loss"]), history["loss"][-1] < 0.01
    (200, True)
    >>> nn.evaluate(model, nn.accuracy, nn.datasets.xor())
    1.0
    """
    X, y = examples("data", data)
    if validation is not None:
        validation = examples("validation", validation)
    integer("epochs", epochs)
    integer("batch_size", batch_size)
    callbacks = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    for callback in callbacks:
        if not callable(callback):
            raise TypeError(f"callbacks must be functions of the Training, got {callback!r:.60}")
    training = Training(model, loss, optimizer, generator)
    training.epochs = epochs
    if checkpoint is not None:
        checkpoints.open(checkpoint, training, resume)
    try:
        with Bars(quiet=not progress) as bars, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            on_step = bars("training", epochs * -(-len(X) // batch_size))
            while training.epoch < epochs and not training.stop:
                row = {"loss": training.run_epoch(X, y, batch_size, on_step, shuffle)}
                if validation is not None:
                    row["validation_loss"] = evaluate(model, loss, validation, batch_size=batch_size)
                training.finish_epoch(row)
                for callback in callbacks:
                    training.measure(callback)
                if checkpoint is not None:
                    checkpoints.write(checkpoint, training)
    except KeyboardInterrupt:
        training.stop = "interrupted"
        if progress and sys.stderr is not None:
            best = training.best.epoch
            print(f"interrupted in epoch {training.epoch + 1}: the model is back in its best, {best}", file=sys.stderr)
    return training.close()
