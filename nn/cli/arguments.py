"""What the command takes: its options, and what they may be."""

from __future__ import annotations

import argparse
import math
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import autograd
from nn.cli.console import Complaint

__all__ = ["DEFAULTS", "SHIPPED", "parser"]

MOST_PARAMETERS = 10_000_000
DEFAULTS: dict[str, Any] = {
    "out": Path("chainrule-out"),
    "json": False,
    "quiet": False,
    "csv": None,
    "target": None,
    "dims": None,
    "epochs": 500,
    "lr": 1.0,
    "seed": 3,
}
TRAINING: dict[str, Any] = {"layers": None, "save": None, "epochs": 60, "lr": 0.002, "batch_size": 32, "seed": 3}
SHIPPED = ("digits", "breast_cancer", "iris")


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise Complaint(f"{message}; see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    main = _Parser(
        prog="chainrule",
        description="Examine two articles that derive a neural network's gradients by hand: check every formula "
        "against the engine, train as they do, and write the report. Or train a network of one's own on a table.",
        epilog="Without a command, both articles are examined.",
        allow_abbrev=False,
    )
    main.add_argument("--version", action="version", version=f"chainrule {autograd.__version__}")
    main.set_defaults(**DEFAULTS)
    _add_common(main)
    commands = main.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    # A default of a command's own would win over what stands before the command.
    suppressed: dict[str, Any] = {"allow_abbrev": False, "argument_default": argparse.SUPPRESS}
    xor = commands.add_parser("xor", help="the first article, a network that learns XOR", **suppressed)
    _add_common(xor)
    layers = commands.add_parser(
        "layers", help="the second article, and a network that learns from a table", **suppressed
    )
    _add_common(layers)
    table = layers.add_argument_group("the network that learns from a table")
    table.add_argument(
        "--csv", metavar="FILE", help="numeric features and a binary target (default: breast cancer data)"
    )
    table.add_argument("--target", metavar="COLUMN", help="the column of the CSV file that is to be predicted")
    table.add_argument(
        "--dims", type=_dims, metavar="N,...,1", help="features, units of each layer, 1 (default: N,16,1)"
    )
    table.add_argument("--epochs", type=_count, metavar="N", help=f"updates (default: {DEFAULTS['epochs']})")
    table.add_argument("--lr", type=_rate, metavar="R", help=f"learning rate (default: {DEFAULTS['lr']:g})")
    table.add_argument(
        "--seed", type=_seed, metavar="S", help=f"of the split and the first weights (default: {DEFAULTS['seed']})"
    )
    _add_training(commands, suppressed)
    diagnose = commands.add_parser("diagnose", help="list the mistakes that autograd.diagnose knows", **suppressed)
    diagnose.add_argument("--list", action="store_true", default=False, help="one mistake on each line")
    _add_switches(diagnose)
    return main


def _add_training(commands: Any, suppressed: dict[str, Any]) -> None:
    data: dict[str, Any] = {"required": True, "metavar": "DATA", "help": f"{', '.join(SHIPPED)}, or a CSV file"}
    train = commands.add_parser("train", help="train a network to tell the classes of a table", **suppressed)
    train.add_argument("--data", **data)
    train.add_argument("--target", metavar="COLUMN", help="the column of the CSV file that is to be predicted")
    train.add_argument(
        "--layers", type=_dims, metavar="N,...,C", help="features, units of each layer, classes (default: N,64,C)"
    )
    train.add_argument("--save", type=Path, metavar="FILE", help="where to save the model: .npz or .safetensors")
    train.add_argument(
        "--epochs", type=_count, metavar="N", help=f"passes over the data (default: {TRAINING['epochs']})"
    )
    train.add_argument(
        "--batch-size", type=_count, metavar="N", help=f"examples per update (default: {TRAINING['batch_size']})"
    )
    train.add_argument("--lr", type=_rate, metavar="R", help=f"learning rate of Adam (default: {TRAINING['lr']:g})")
    train.add_argument(
        "--seed", type=_seed, metavar="S", help=f"of the split and of all that is random (default: {TRAINING['seed']})"
    )
    train.set_defaults(**TRAINING)
    predict = commands.add_parser("predict", help="predict the classes of a table with a saved network", **suppressed)
    predict.add_argument("--model", required=True, type=Path, metavar="FILE", help="what train --save wrote")
    predict.add_argument("--data", **data)
    for command in (train, predict):
        _add_switches(command)


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Options of the articles' commands, which may stand before a command and after it."""
    parser.add_argument(
        "--out", type=_folder, metavar="DIR", help=f"where to write the report (default: {DEFAULTS['out']})"
    )
    _add_switches(parser)


def _add_switches(parser: argparse.ArgumentParser) -> None:
    """Options of every command."""
    switch: dict[str, Any] = {"action": "store_const", "const": True}
    parser.add_argument("--json", **switch, help="print the findings as JSON")
    parser.add_argument("--quiet", **switch, help="print nothing but errors")


def _whole(text: str, low: int, high: int) -> int:
    # int() alone reads 1_000 and the digits of every script, and refuses very long numbers in words of its own.
    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"expected a whole number from {low:,} to {high:,}, not {text[:40]!r}")
    return int(text)


def _count(text: str) -> int:
    return _whole(text, 1, 10**9)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**32 - 1)


def _dims(text: str) -> tuple[int, ...]:
    dims = tuple(_whole(part.strip(), 1, MOST_PARAMETERS) for part in text.split(","))
    if len(dims) < 2:
        raise argparse.ArgumentTypeError(
            f"expected the number of features, then of units, such as 30,16,1, not {text!r}"
        )
    parameters = sum((inputs + 1) * units for inputs, units in pairwise(dims))
    if parameters > MOST_PARAMETERS:
        raise argparse.ArgumentTypeError(
            f"{text} makes {parameters:,} parameters; expected {MOST_PARAMETERS:,} at most"
        )
    return dims


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise argparse.ArgumentTypeError(f"expected a finite number above 0, not {text!r}")
    return rate


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("expected the name of a folder, not ''")
    return Path(text)
