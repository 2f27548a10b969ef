"""The command line, `chainrule`: examines both articles, trains and predicts on tables, lists the doctor's catalogue.

Exit codes: 0 if all went well, 1 if a corrected formula does not agree with the engine or a training diverges, 2 if
something that was given cannot be used, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from nn.cli.arguments import parser
from nn.cli.console import Complaint, complain, emit

__all__ = ["main"]


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
        return complain(str(complaint), complaint.code)
    except KeyboardInterrupt:
        return complain("interrupted", 130)


def _main(argv: Sequence[str] | None) -> int:
    try:
        options = parser().parse_args(argv)
    except SystemExit as stop:  # after --help and --version
        code = int(stop.code or 0)
    else:
        code = _run(options)
    emit("")
    return code


def _run(options: argparse.Namespace) -> int:
    if options.command == "train":
        from nn.cli.training import train

        return train(options)
    if options.command == "predict":
        from nn.cli.training import predict

        return predict(options)
    if options.command == "diagnose":
        from nn.cli.diagnose import diagnose

        return diagnose(options)
    from nn.cli.articles import examine

    return examine(options)
