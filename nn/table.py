"""Reads a CSV file of numeric features and a binary target, or says in one line why it cannot.

A cell is never guessed: whatever is not a finite number (or, in the target column, one of two classes) is an error that
names its line in the file and its column.
"""

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nn.datasets import Dataset

__all__ = ["TableError", "read_csv"]


class TableError(ValueError):
    """What is wrong with a table, in one line that its owner can act on."""


def read_csv(path: str | os.PathLike[str], target: str) -> Dataset:
    r"""Read a CSV file with a header row, numeric feature columns and one column of two classes.

    Cells are separated by commas, semicolons or tabs (found out from the first lines) and may be quoted or padded with
    spaces. Blank lines are skipped. The text is UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : str or path-like
        The file.
    target : str
        The name of the column to predict. It holds two different values, numbers or text: the smaller number, or the
        text that sorts first, becomes class 0. Numbers are compared as numbers: 1 and 1.0 are one class.

    Returns
    -------
    Dataset
        `X` of shape (rows, columns - 1) in the file's order, `y` of shape (rows,) with 0 and 1, and the classes as the
        file first spells them in `target_names`.

    Raises
    ------
    TableError
        If the file cannot be read, or is not such a table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "leaves.csv")
    ...     _ = path.write_text("length; width; tree\n 9.5; 6; oak\n 8; 1e1; elm\n")
    ...     leaves = read_csv(path, target="tree")
    >>> leaves.X
    array([[ 9.5,  6. ],
           [ 8. , 10. ]])
    >>> leaves.y, leaves.target_names, leaves.feature_names
    (array([1, 0]), ('elm', 'oak'), ('length', 'width'))
    """
    source = os.fspath(path)
    try:
        return _parse(_text(source), target.strip(), source)
    except TableError as error:
        raise TableError(f"{source!r}: {error}") from None


def _text(path: str) -> str:
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        raise TableError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TableError(f"line {line} is not UTF-8 text; expected a table saved as CSV in UTF-8") from None
    if "\0" in text:
        raise TableError("this is a binary file; expected a table saved as CSV in UTF-8")
    return text.removeprefix("\ufeff")


def _parse(text: str, target: str, source: str) -> Dataset:
    records = _records(text, _delimiter(text))
    _, names = next(records, (1, []))
    _check_header(names, target)
    chosen = names.index(target)

    rows: list[list[float | None]] = []
    labels: list[str] = []
    label_values: list[float | None] = []
    for line, cells in records:
        if len(cells) != len(names):
            raise TableError(f"line {line} has {len(cells)} cells, but the header names {len(names)} columns")
        values = [_number(cell) for cell in cells]
        for name, cell, value in zip(names, cells, values, strict=True):
            if problem := _problem(cell, value, may_be_text=name == target):
                raise TableError(f"line {line}, column {_shown(name)}: {problem}")
        labels.append(cells[chosen])
        label_values.append(values.pop(chosen))
        rows.append(values)
    if len(rows) < 2:
        raise TableError(f"{'one row' if rows else 'no row'} of data below the header; expected two or more")

    y, target_names = _classes(labels, label_values, target)
    X = np.array(rows, dtype=np.float64)
    return Dataset(X, y, tuple(names[:chosen] + names[chosen + 1 :]), target_names, source=source)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the stripped cells of every row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    line = 1
    try:
        for row in reader:
            if any("\n" in cell or "\r" in cell for cell in row):
                raise TableError(f"line {line} opens a quoted cell that runs over the end of the line; close the quote")
            if any(cells := [cell.strip() for cell in row]):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"line {line} is not CSV: {error}") from None


def _delimiter(text: str) -> str:
    """Choose the delimiter under which most of the first rows are as wide as the header.

    A delimiter that leaves the header in one piece comes last. One whose header cannot even be read (width 0) stands
    between, so that an unclosed quote is reported as what it is.
    """

    def fit(delimiter: str) -> tuple[bool, int, int]:
        widths: list[int] = []
        try:
            for _, cells in islice(_records(text, delimiter), 20):
                widths.append(len(cells))
        except TableError:
            pass
        header = widths[0] if widths else 0
        return header != 1, widths.count(header), header

    return max(",;\t", key=fit)


def _check_header(names: Sequence[str], target: str) -> None:
    if not names:
        raise TableError("the file is empty; expected a header row with the column names, then rows of numbers")
    for position, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"column {position} has no name in the header; name it or remove it")
        if names.index(name) != position - 1:
            raise TableError(f"two columns are called {_shown(name)}; give each a name of its own")
    if target not in names:
        folded = {name.casefold(): name for name in names}
        close = get_close_matches(target.casefold(), folded, n=1)
        hint = f"did you mean {_shown(folded[close[0]])}? " if close else ""
        if all(_number(name) is not None for name in names):
            hint = "the first line holds only numbers: is the header row missing? "
        raise TableError(f"no column {_shown(target)}; {hint}the columns are {_listed(names, 40)}")
    if len(names) == 1:
        raise TableError(f"no feature column: {_shown(target)}, the target, is the only one")


def _number(cell: str) -> float | None:
    """Return the number that a cell spells, nan and inf included, or None for any other text."""
    try:
        # float() would read 12_3, which in a table is an identifier, as 123.
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _problem(cell: str, value: float | None, *, may_be_text: bool) -> str:
    if not cell:
        return "the cell is empty; fill it in or remove the row"
    if value is None and not may_be_text:
        hint = "write the decimal point as '.'" if "," in cell else "a feature column holds numbers only"
        return f"{_shown(cell)} is not a number; {hint}"
    if value is not None and not math.isfinite(value):
        return f"{_shown(cell)} is not a finite number; correct it or remove the row"
    return ""


def _classes(
    labels: Sequence[str], values: Sequence[float | None], target: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the two classes in sorted order, as numbers if all labels are; each is named as it is first spelled."""
    keys = np.array(labels if None in values else values, dtype=object)
    _, first, y = np.unique(keys, return_index=True, return_inverse=True)
    names = tuple(labels[row] for row in first)
    if len(names) != 2:
        raise TableError(
            f"the target column {_shown(target)} holds {len(names)} different values ({_listed(names, 6)}); expected 2"
        )
    return y.astype(np.int64), names


def _shown(text: str) -> str:
    """Quote text from a file so that it stays short, printable and on one line."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _listed(texts: Sequence[str], limit: int) -> str:
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(_shown(text) for text in texts[:limit]) + more
