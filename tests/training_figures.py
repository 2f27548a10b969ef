"""Trains on the shipped data beside scikit-learn's MLPClassifier: ``python -m tests.training_figures [--seeds N]``.

Both see the same fifth held out, the same shape, optimiser, batches and epochs; without scikit-learn ours stands alone.
"""

import argparse
import os
import platform
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

import nn
from nn.preparation import split, standardise


@dataclass(frozen=True)
class Task:
    """What is learned, and how."""

    name: str
    data: Callable[[], nn.datasets.Dataset]
    prepare: Callable[[Any, Any], tuple[Any, Any]]
    model: Callable[[], nn.Sequential]
    epochs: int
    lr: float
    hidden: tuple[int, ...] = ()
    loss: Callable[[], Any] = nn.CrossEntropyLoss
    batch_size: int = 32


@dataclass(frozen=True)
class Figure:
    """The share of the held-out fifth that was told right, and how long the training took."""

    accuracy: float
    seconds: float


def _sixteenths(*parts):
    return tuple(part / 16 for part in parts)


def _images(*parts):
    return tuple(part.reshape(-1, 1, 8, 8) / 16 for part in parts)


def _dense(*sizes, dropout=0.0):
    layers = [nn.Linear(sizes[0], sizes[1])]
    for inputs, units in pairwise(sizes[1:]):
        layers += [nn.ReLU(), *([nn.Dropout(dropout)] if dropout else []), nn.Linear(inputs, units)]
    return nn.Sequential(*layers)


def _convolutional():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Dropout(0.4), nn.Linear(512, 10),
    )  # fmt: skip


def _single_logit():
    loss = nn.BCEWithLogitsLoss()
    return lambda output, target: loss(output.reshape(-1), target.astype(float))


DIGITS = Task("digits, 64-128-10", nn.datasets.digits, _sixteenths,
              lambda: _dense(64, 128, 10, dropout=0.2), 60, 5e-3)  # fmt: skip
IMAGES = Task("digits, convolutional", nn.datasets.digits, _images, _convolutional, 30, 5e-3)
CANCER = Task("breast cancer, 30-16-1", nn.datasets.breast_cancer, standardise, lambda: _dense(30, 16, 1), 40, 3e-3,
              (16,), _single_logit)  # fmt: skip
PLAIN = Task("digits, 64-64-10, plain", nn.datasets.digits, _sixteenths, lambda: _dense(64, 64, 10), 60, 2e-3, (64,))
# scikit-learn's own number of examples per update: the more there are, the less the time goes into Python.
LARGE = replace(PLAIN, name="digits, 64-64-10, plain, batches of 200", epochs=100, lr=5e-3, batch_size=200)
WIDE = replace(PLAIN, name="digits, 64-256-10, plain", model=lambda: _dense(64, 256, 10), hidden=(256,))


def parts(task, seed):
    """Inputs and classes to learn from, and those held out."""
    X, X_test, y, y_test = split(*task.data(), seed=seed)
    return *task.prepare(X, X_test), y, y_test


def learn(task, seed):
    """Train ours. Where scikit-learn stands beside it, at its constant rate; else the rate falls along a cosine."""
    X, X_test, y, y_test = parts(task, seed)
    nn.manual_seed(seed)
    model = task.model()
    optimizer = nn.optim.Adam(model.parameters(), lr=task.lr)
    schedule = None if task.hidden else nn.optim.CosineAnnealingLR(optimizer, task.epochs)
    begin = time.perf_counter()
    nn.fit(
        model, task.loss(), (X, y), epochs=task.epochs, batch_size=task.batch_size, optimizer=optimizer, progress=False,
        callbacks=[lambda training: schedule.step()] if schedule else [],
    )  # fmt: skip
    seconds = time.perf_counter() - begin
    return Figure(nn.evaluate(model, nn.accuracy, (X_test, y_test)), seconds)


def learn_there(task, seed):
    """Train scikit-learn's."""
    from sklearn.neural_network import MLPClassifier

    X, X_test, y, y_test = parts(task, seed)
    model = MLPClassifier(
        task.hidden, learning_rate_init=task.lr, batch_size=task.batch_size, max_iter=task.epochs, alpha=0, tol=0,
        n_iter_no_change=task.epochs, random_state=seed,
    )  # fmt: skip
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it ran for as many epochs as it was told to
        model.fit(X, y)
    seconds = time.perf_counter() - begin
    return Figure(float(np.mean(model.predict(X_test) == y_test)), seconds)


def _shown(figures):
    accuracies = [figure.accuracy for figure in figures]
    return (
        f"right {np.mean(accuracies):.2%} ({min(accuracies):.2%} to {max(accuracies):.2%}), "
        f"{np.median([figure.seconds for figure in figures]):.2f} s"
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.training_figures", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many splits and networks (default: %(default)s)")
    seeds = range(parser.parse_args(arguments).seeds)
    try:
        import sklearn
    except ImportError:
        sklearn = None
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn "
        f"{sklearn.__version__ if sklearn else 'not installed'}, {os.cpu_count()} cores; held-out fifth, {len(seeds)} "
        "seeds: mean accuracy, median time of a training"
    )
    for task in (DIGITS, IMAGES, PLAIN, LARGE, WIDE, CANCER):
        # Taken in turns, so that a busy machine is busy for both.
        both = [(learn(task, seed), learn_there(task, seed) if sklearn and task.hidden else None) for seed in seeds]
        ours, theirs = zip(*both, strict=True)
        print(f"{task.name}, {task.epochs} epochs\n  chainrule     {_shown(ours)}")
        if all(theirs):
            points = 100 * (np.mean([o.accuracy for o in ours]) - np.mean([t.accuracy for t in theirs]))
            ratio = np.median([o.seconds / t.seconds for o, t in both])
            print(f"  scikit-learn  {_shown(theirs)}")
            print(f"  difference    {points:+.2f} points, {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
