"""Reads a CSV file of numeric features and a column of classes, or says in one line why it cannot.

A cell is never guessed: whatever is not a finite number (or, in the target column, a class) is an error that names its
line in the file and its column.
"""

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nn.datasets import Dataset

__all__ = ["TableError", "classes_of", "read_columns", "read_csv"]


class TableError(ValueError):
    """What is wrong with a table, in one line that its owner can act on."""


def read_csv(path: str | os.PathLike[str], target: str, classes: int | None = 2) -> Dataset:
    r"""Read a CSV file with a header row, numeric feature columns and one column of classes.

    Cells are separated by commas, semicolons or tabs (found out from the first lines) and may be quoted or padded with
    spaces. Blank lines are skipped. The text is UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : str or path-like
        The file.
    target : str
        The name of the column to predict. Its values are numbers or text: the smallest number, or the text that sorts
        first, becomes class 0, and so on. Numbers are compared as numbers: 1 and 1.0 are one class.
    classes : int or None
        How many different values the column must hold; None allows any number from 2 to half as many as there are rows.

    Returns
    -------
    Dataset
        `X` of shape (rows, columns - 1) in the file's order, `y` of shape (rows,) with integers from 0, and the classes
        as the file first spells them in `target_names`.

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
    with _about(path) as source:
        names, rows = _rows(source)
        _check_target(names, target := target.strip())
        X, labels = _columns(names, rows, [name for name in names if name != target], target)
        if len(labels) < 2:
            raise TableError(f"{'one row' if labels else 'no row'} of data below the header; expected two or more")
        y, target_names = _classes(labels, target, classes)
        return Dataset(X, y, tuple(name for name in names if name != target), target_names, source=source)


def read_columns(
    path: str | os.PathLike[str], columns: Sequence[str], target: str
) -> tuple[NDArray[np.float64], list[str] | None]:
    r"""Read the columns of these names from a CSV file, wherever they stand in it; others may hold anything.

    Parameters
    ----------
    path : str or path-like
        The file.
    columns : sequence of str
        Columns of numbers.
    target : str
        A column of classes, which may be missing.

    Returns
    -------
    X : ndarray of float64, shape (rows, len(columns))
        In the order of `columns`.
    labels : list of str, or None
        The cells of the target column, if there is one.

    Raises
    ------
    TableError
        If the file cannot be read, or a column is missing, or a cell is not a finite number.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "leaves.csv")
    ...     _ = path.write_text("name,length,width\na,9.5,6\nb,8,1e1\n")
    ...     read_columns(path, ["width", "length"], target="tree")
    (array([[ 6. ,  9.5],
           [10. ,  8. ]]), None)
    """
    with _about(path) as source:
        names, rows = _rows(source)
        for column in columns:
            _check_column(names, column)
        X, labels = _columns(names, rows, columns, target if target in names else None)
        if not len(X):
            raise TableError("no row of data below the header; expected one or more")
        return X, labels if target in names else None


def classes_of(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.int64]:
    """The place of each label among the names of the classes, as numbers if all names are; -1 where it is none of them.

    Examples
    --------
    >>> classes_of(["1.0", "0", "2"], ["0", "1"])
    array([ 1,  0, -1])
    """
    numbers = None not in map(_number, names)
    places = {_number(name) if numbers else name: place for place, name in enumerate(names)}
    return np.array([places.get(_number(label) if numbers else label, -1) for label in labels], np.int64)


@contextmanager
def _about(path: str | os.PathLike[str]) -> Iterator[str]:
    """Put the file's name before whatever is wrong with it."""
    source = os.fspath(path)
    try:
        yield source
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


def _rows(source: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The names in the header of a file, and below it the line number and the cells of each row, as many as names."""
    text = _text(source)
    records = _records(text, _delimiter(text))
    _, names = next(records, (1, []))
    _check_header(names)

    def rows() -> Iterator[tuple[int, list[str]]]:
        for line, cells in records:
            if len(cells) != len(names):
                raise TableError(f"line {line} has {len(cells)} cells, but the header names {len(names)} columns")
            yield line, cells

    return names, rows()


def _columns(
    names: Sequence[str], rows: Iterator[tuple[int, list[str]]], columns: Sequence[str], target: str | None
) -> tuple[NDArray[np.float64], list[str]]:
    """The numbers in these columns, and what the target column holds."""
    places = [names.index(column) for column in columns]
    # In the order of the file, so that of several bad cells the first is named.
    wanted = sorted([*places, *([] if target is None else [names.index(target)])])
    numbers: list[list[float | None]] = []
    labels: list[str] = []
    for line, cells in rows:
        values = {place: _number(cells[place]) for place in wanted}
        for place, value in values.items():
            if problem := _problem(cells[place], value, may_be_text=names[place] == target):
                raise TableError(f"line {line}, column {_shown(names[place])}: {problem}")
        numbers.append([values[place] for place in places])
        if target is not None:
            labels.append(cells[names.index(target)])
    return np.array(numbers, dtype=np.float64).reshape(-1, len(columns)), labels


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


def _check_header(names: Sequence[str]) -> None:
    if not names:
        raise TableError("the file is empty; expected a header row with the column names, then rows of numbers")
    for position, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"column {position} has no name in the header; name it or remove it")
        if names.index(name) != position - 1:
            raise TableError(f"two columns are called {_shown(name)}; give each a name of its own")


def _check_column(names: Sequence[str], column: str) -> None:
    if column not in names:
        folded = {name.casefold(): name for name in names}
        close = get_close_matches(column.casefold(), folded, n=1)
        hint = f"did you mean {_shown(folded[close[0]])}? " if close else ""
        if all(_number(name) is not None for name in names):
            hint = "the first line holds only numbers: is the header row missing? "
        raise TableError(f"no column {_shown(column)}; {hint}the columns are {_listed(names, 40)}")


def _check_target(names: Sequence[str], target: str) -> None:
    _check_column(names, target)
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


def _classes(labels: Sequence[str], target: str, wanted: int | None) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the classes in sorted order, as numbers if all labels are; each is named as it is first spelled."""
    values = [_number(label) for label in labels]
    keys = np.array(labels if None in values else values, dtype=object)
    _, first, y = np.unique(keys, return_index=True, return_inverse=True)
    names = tuple(labels[row] for row in first)
    if not (2 <= len(names) <= len(labels) // 2 if wanted is None else len(names) == wanted):
        expected = "2 or more, each in several rows" if wanted is None else str(wanted)
        raise TableError(
            f"the target column {_shown(target)} holds {len(names)} different values ({_listed(names, 6)}); expected "
            f"{expected}"
        )
    return y.astype(np.int64), names


def _shown(text: str) -> str:
    """Quote text from a file so that it stays short, printable and on one line."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _listed(texts: Sequence[str], limit: int) -> str:
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(_shown(text) for text in texts[:limit]) + more
