"""The commands `train` and `predict`: a network learns the classes of a table, and tells those of another."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

import autograd
from nn.cli.arguments import DEFAULTS, SHIPPED
from nn.cli.console import Complaint, emit, unwritable

if TYPE_CHECKING:
    from nn.classifier import Classifier
    from nn.datasets import Dataset

__all__ = ["predict", "refuse_out", "train"]


def train(options: argparse.Namespace) -> int:
    """Train on four fifths of the data, test on the rest, and save the network."""
    import nn
    from nn.classifier import Classifier, save_classifier
    from nn.preparation import split
    from nn.table import TableError

    refuse_out(options)
    data = _data(options)
    sizes = _sizes(options.layers, data)
    _check_place(options)
    try:
        X, X_test, y, y_test = split(data.X, data.y, seed=options.seed)
    except TableError as error:
        raise Complaint(f"{options.data!r}: {error}") from None
    nn.manual_seed(options.seed)
    target = options.target.strip() if options.target else "class"
    terminal = not options.quiet and sys.stderr is not None and sys.stderr.isatty()
    try:
        model = Classifier(sizes, data.feature_names, data.target_names, target)
        model.scale.measure(X)
        history = nn.fit(
            model,
            nn.CrossEntropyLoss(),
            (X, y),
            epochs=options.epochs,
            batch_size=options.batch_size,
            optimizer=nn.optim.Adam(model.parameters(), lr=options.lr),
            progress=terminal,
        )
        right = {
            "train": nn.evaluate(model, nn.accuracy, (X, y)),
            "test": nn.evaluate(model, nn.accuracy, (X_test, y_test)),
        }
    except ValueError as error:
        raise Complaint(f"the training failed: {error}", 1) from None
    except MemoryError:
        raise Complaint("not enough memory for this table and these --layers") from None
    if history.stopped and not history.best:
        raise KeyboardInterrupt
    if options.save is not None:
        try:
            save_classifier(model, options.save)
        except OSError as error:
            raise unwritable(options.save, error) from None
    if history.stopped:
        kept = "" if options.save is None else f"; {str(options.save)!r} has the best epoch, {history.best}"
        raise Complaint(f"interrupted after epoch {len(history['loss'])}{kept}", 130)

    guess = float(np.mean(y_test == np.argmax(np.bincount(y))))
    if options.json:
        facts = {
            "version": autograd.__version__,
            "data": options.data,
            "examples": [len(y), len(y_test)],
            "classes": list(data.target_names),
            "layers": list(sizes),
            "epochs": options.epochs,
            **right,
            "guess": guess,
            "history": history,
            "file": None if options.save is None else str(options.save),
        }
        emit(json.dumps(facts, indent=2, allow_nan=False) + "\n")
    elif not options.quiet:
        count = sum(parameter.size for parameter in model.parameters())
        emit(
            f"{options.data}: {len(y):,} examples to learn from, {len(y_test):,} to be tested on\n"
            f"network: {'-'.join(map(str, sizes))}, {count:,} parameters\n"
            f"loss: {history['loss'][0]:.4g} in the first epoch, {history['loss'][-1]:.4g} in epoch {options.epochs}\n"
            f"right: {right['train']:.1%} of those learned from, {right['test']:.1%} of the others "
            f"(always naming the commonest class: {guess:.1%})\n"
        )
        if options.save is not None:
            emit(f"The model is {options.save}\n")
    return 0


def predict(options: argparse.Namespace) -> int:
    """Print the most likely class of every row, and its probability, as a table."""
    from nn.classifier import load_classifier

    refuse_out(options)
    try:
        model = load_classifier(options.model)
    except OSError as error:
        raise Complaint(f"cannot read {str(options.model)!r}: {error.strerror or error}") from None
    except ValueError as error:
        raise Complaint(str(error)) from None
    X, actual = _rows(options, model)
    with np.errstate(all="ignore"):
        said, probability = model.predict(X)
    if not np.isfinite(probability).all():
        row = int(np.argmin(np.isfinite(probability))) + 1
        raise Complaint(
            f"the network has no finite answer for row {row} of {options.data!r}; are its numbers too large?"
        )
    names = [model.target_names[place] for place in said]
    if options.json:
        facts = {
            "version": autograd.__version__,
            "model": str(options.model),
            "data": options.data,
            "predictions": names,
            "probabilities": probability.tolist(),
            "accuracy": None if actual is None else float(np.mean(said == actual)),
        }
        emit(json.dumps(facts, indent=2, allow_nan=False) + "\n")
    elif not options.quiet:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([model.target, "probability"])
        writer.writerows(zip(names, (f"{p:.4f}" for p in probability), strict=True))
        emit(text.getvalue())
    return 0


def refuse_out(options: argparse.Namespace) -> None:
    """Complain where a command is told where to write the report that it does not write."""
    if options.out != DEFAULTS["out"]:
        raise Complaint(f"--out is where a report goes, and {options.command} writes none")


def _data(options: argparse.Namespace) -> Dataset:
    """What to learn from."""
    from nn import datasets
    from nn.table import TableError, read_csv

    if options.data in SHIPPED:
        if options.target is not None:
            raise Complaint(f"--target needs a CSV file; the classes of {options.data} are known")
        shipped: Dataset = getattr(datasets, options.data)()
        return shipped
    if options.target is None:
        raise Complaint(
            f"--data {options.data!r} needs --target, the column of that file that is to be predicted; without a file, "
            f"the data is one of {', '.join(SHIPPED)}"
        )
    try:
        return read_csv(options.data, options.target, classes=None)
    except TableError as error:
        raise Complaint(str(error)) from None


def _sizes(layers: tuple[int, ...] | None, data: Dataset) -> tuple[int, ...]:
    features, classes = data.X.shape[1], len(data.target_names)
    if layers is not None and (layers[0] != features or layers[-1] != classes):
        raise Complaint(
            f"--layers {','.join(map(str, layers))} does not fit: expected {features} first, as many as there are "
            f"features, and {classes} last, as many as there are classes"
        )
    return layers or (features, 64, classes)


def _check_place(options: argparse.Namespace) -> None:
    """Find out whether the model can be saved before it is trained."""
    from nn.storage import check_place

    if options.save is None:
        return
    try:
        check_place(options.save)
    except OSError as error:
        raise unwritable(options.save, error) from None
    except ValueError as error:
        raise Complaint(f"--save: {error}") from None


def _rows(options: argparse.Namespace, model: Classifier) -> tuple[Any, Any]:
    """The features that a model takes, and the classes of the rows, or None if the data do not say."""
    from nn import datasets
    from nn.table import TableError, classes_of, read_columns

    if options.data not in SHIPPED:
        try:
            X, labels = read_columns(options.data, model.feature_names, model.target)
        except TableError as error:
            hint = "" if os.path.exists(options.data) else f"; without a file, the data is one of {', '.join(SHIPPED)}"
            raise Complaint(f"{error}{hint}") from None
        return X, None if labels is None else classes_of(labels, model.target_names)
    data: Dataset = getattr(datasets, options.data)()
    if data.feature_names != model.feature_names:
        raise Complaint(f"{str(options.model)!r} takes other features than those of {options.data}")
    return data.X, classes_of([data.target_names[place] for place in data.y], model.target_names)
