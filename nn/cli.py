"""The command line, `chainrule`: examines both articles, trains on a table, and writes the report.

Exit codes: 0 if every corrected formula agrees with the engine, 1 if one does not or a training diverges, 2 if
something that was given cannot be used, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import autograd

if TYPE_CHECKING:
    from nn.datasets import Dataset
    from nn.findings import Findings

__all__ = ["main"]

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


class Complaint(Exception):
    """Ends the command with one line and an exit code."""

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, by default those that the process was given.

    Returns
    -------
    int
        The exit code.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _main(argv)
    except Complaint as complaint:
        return _complain(str(complaint), complaint.code)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)


def _main(argv: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # after --help and --version
        code = int(stop.code or 0)
    else:
        code = _run(options)
    _emit("")
    return code


def _complain(text: str, code: int) -> int:
    if sys.stderr is not None:
        print(f"chainrule: {' '.join(text.splitlines())}", file=sys.stderr)
    return code


def _emit(text: str) -> None:
    """Write to the standard output at once. Whoever reads it may go away at any time."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python would try again to write what is left when it ends, and complain then.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise Complaint(f"cannot write to the standard output: {error.strerror}") from None


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise Complaint(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="chainrule",
        description="Examine two articles that derive a neural network's gradients by hand: check every formula "
        "against the engine, train as they do, and write the report.",
        epilog="Without a command, both articles are examined.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"chainrule {autograd.__version__}")
    parser.set_defaults(**DEFAULTS)
    _add_common(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
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
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Options that may stand before a command and after it."""
    parser.add_argument(
        "--out", type=_folder, metavar="DIR", help=f"where to write the report (default: {DEFAULTS['out']})"
    )
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


def _run(options: argparse.Namespace) -> int:
    from nn.report import check_folder, document, files, text, write_folder

    data = _table(options)
    try:
        check_folder(options.out)
    except (OSError, ValueError) as error:
        raise _unwritable(options.out, error) from None
    findings = _find(options, data)
    report = document(findings)
    contents = files(report)
    try:
        write_folder(options.out, contents)
    except OSError as error:
        raise _unwritable(options.out, error) from None

    if options.json:
        written = [str(options.out / name) for name in contents]
        summary = {"version": autograd.__version__, **findings.summary(), "files": written}
        _emit(json.dumps(summary, indent=2, allow_nan=False) + "\n")
    elif not options.quiet:
        _emit(text(report, terminal=sys.stdout is not None and sys.stdout.isatty()))
        _emit(f"\nThe report is {options.out / 'report.html'}\n")
    return _verdict(findings)


def _table(options: argparse.Namespace) -> Dataset | None:
    """The table to learn from, or None if only the first article is examined."""
    from nn.datasets import breast_cancer
    from nn.table import TableError, read_csv

    if options.command == "xor":
        return None
    if options.csv is not None and options.target is None:
        raise Complaint("--csv needs --target: the name of the column that is to be predicted")
    if options.target is not None and options.csv is None:
        raise Complaint("--target needs --csv: the file that has this column")
    try:
        data = breast_cancer() if options.csv is None else read_csv(options.csv, options.target)
    except TableError as error:
        raise Complaint(str(error)) from None
    features = data.X.shape[1]
    if options.dims is not None and (options.dims[0] != features or options.dims[-1] != 1):
        raise Complaint(
            f"--dims {','.join(map(str, options.dims))} does not fit: expected {features} first, as many as there are "
            "features, and 1 last"
        )
    return data


def _find(options: argparse.Namespace, data: Dataset | None) -> Findings:
    from nn.articles import layers, xor
    from nn.findings import Findings, learn
    from nn.progress import Bars
    from nn.table import TableError

    learned, results = None, []
    try:
        with Bars(quiet=options.quiet) as bars:
            # The table first: what was given by hand is what can go wrong.
            if data is not None:
                how = {name: getattr(options, name) for name in ("dims", "epochs", "lr", "seed")}
                learned = learn(data, bars, **how)
            if options.command != "layers":
                results.append(xor.run(bars))
            if options.command != "xor":
                results.append(layers.run(bars))
    except TableError as error:
        raise Complaint(f"{options.csv!r}: {error}") from None
    except ValueError as error:
        raise Complaint(f"a training failed: {error}", 1) from None
    except MemoryError:
        raise Complaint("not enough memory for this table and these --dims") from None
    return Findings(results, learned)


def _unwritable(folder: Path, error: OSError | ValueError) -> Complaint:
    return Complaint(f"cannot write to {str(folder)!r}: {getattr(error, 'strerror', None) or error}")


def _verdict(findings: Findings) -> int:
    names = [f"{verdict.formula.name} ({where})" for where, verdict in findings.disagreeing()]
    if names:
        raise Complaint(f"the engine contradicts {len(names)} corrected formula(s): {', '.join(names)}", 1)
    return 0
