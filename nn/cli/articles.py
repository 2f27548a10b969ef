"""The commands that examine the articles: they train, check every formula, and write the report."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import autograd
from nn.cli.console import Complaint, emit, unwritable

if TYPE_CHECKING:
    from nn.datasets import Dataset
    from nn.findings import Findings

__all__ = ["examine"]


def examine(options: argparse.Namespace) -> int:
    """Examine one article or both; the exit code says whether every corrected formula agrees."""
    from nn.report import check_folder, document, files, text, write_folder

    data = _table(options)
    try:
        check_folder(options.out)
    except (OSError, ValueError) as error:
        raise unwritable(options.out, error) from None
    findings = _find(options, data)
    report = document(findings)
    contents = files(report)
    try:
        write_folder(options.out, contents)
    except OSError as error:
        raise unwritable(options.out, error) from None

    if options.json:
        written = [str(options.out / name) for name in contents]
        summary = {"version": autograd.__version__, **findings.summary(), "files": written}
        emit(json.dumps(summary, indent=2, allow_nan=False) + "\n")
    elif not options.quiet:
        emit(text(report, terminal=sys.stdout is not None and sys.stdout.isatty()))
        emit(f"\nThe report is {options.out / 'report.html'}\n")
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


def _verdict(findings: Findings) -> int:
    names = [f"{verdict.formula.name} ({where})" for where, verdict in findings.disagreeing()]
    if names:
        raise Complaint(f"the engine contradicts {len(names)} corrected formula(s): {', '.join(names)}", 1)
    return 0
