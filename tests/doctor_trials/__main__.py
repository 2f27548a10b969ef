"""``python -m tests.doctor_trials``: plant every mistake in many networks, and count how often the doctor names it.

Half of the networks are given as arrays with the recorded loss, the others as functions that can be run again. Then
right gradients, exact ones and such with the noise of float32 or of finite differences, of which none may be called
wrong; and random wrong ones, of which none may be explained. `verdict` says what the columns mean.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from autograd.doctor.measure import EXACT

from .counting import PAIRS, Row, planted, random_wrong, right
from .mistakes import MISTAKES


def main(arguments: list[str]) -> int:
    """Run the trials and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.doctor_trials", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cases",
        type=int,
        default=100,
        help="networks for each mistake, and four times as many right gradients (default 100)",
    )
    parser.add_argument(
        "--mistake", action="append", choices=[*MISTAKES, *PAIRS, "none", "random"], help="only this one"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the table to this file")
    parser.add_argument("--verbose", action="store_true", help="print every trial that was not named")
    given = parser.parse_args(arguments)
    print(f"largest residual of an explanation, relative: {EXACT:g}, and what rounding does to the computation")
    rows: list[Row] = []
    for name in given.mistake or [*MISTAKES, *PAIRS, "none", "random"]:
        if name == "none":
            found = [right(4 * given.cases, given.seed)]
        elif name == "random":
            found = [random_wrong(given.cases, given.seed)]
        else:
            found = [
                planted(name, given.cases // 2, functions, given.seed, given.verbose) for functions in (False, True)
            ]
        for row in found:
            print("  ".join(f"{value:<20}" if key == "mistake" else f"{value}" if key == "as" else f"{key} {value}"
                            for key, value in row.items() if key != "crash" or value), flush=True)  # fmt: skip
        rows += found
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
