"""Numbers and arrays as JSON, digit for digit: what a page shows is what the engine computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["MOST_ROWS", "as_json", "digits", "short"]

MOST_ROWS = 8
"""Of a larger array the corner is shown, with its range and its length as a vector."""


def as_json(value: Any) -> Any:
    """A number as itself (JSON has no nan and no inf: those are texts), an array as rows with its shape.

    Examples
    --------
    >>> import numpy as np
    >>> as_json(0.1), as_json(math.inf), as_json(np.float32(0.1))
    (0.1, 'inf', 0.1)
    >>> as_json(np.eye(2))
    {'shape': [2, 2], 'rows': [[1.0, 0.0], [0.0, 1.0]]}
    """
    if value is None:
        return None
    array = np.asarray(value)
    if array.ndim == 0:
        return _number(array[()])
    rows = array.reshape(-1, array.shape[-1]) if array.size else np.zeros((0, 0))
    corner = rows[:MOST_ROWS, :MOST_ROWS]
    shown: dict[str, Any] = {
        "shape": list(array.shape),
        "rows": [[_number(entry) for entry in row] for row in corner],
    }
    if corner.size < array.size:
        with np.errstate(all="ignore"):
            shown |= {"low": _number(array.min()), "high": _number(array.max()), "norm": _number(np.linalg.norm(rows))}
    return shown


def _number(entry: Any) -> float | str:
    number = float(digits(entry))
    return number if math.isfinite(number) else str(number)


def digits(entry: Any) -> str:
    """The shortest text that reads back as the same number of the same precision."""
    return str(entry) if isinstance(entry, np.floating) else repr(float(entry))


def short(value: Any) -> str:
    """A number in four digits, an array by its shape and its numbers, for texts.

    Examples
    --------
    >>> import numpy as np
    >>> short(1 / 3), short(np.array([1.0, 2.0])), short(np.ones((9, 9)))
    ('0.3333', '[1 2]', '(9, 9): 1 … 1')
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array[()]:.4g}".replace("-", "−")
    if 0 < array.size <= 16:
        rows = [" ".join(short(entry) for entry in row) for row in array.reshape(-1, array.shape[-1])]
        return f"[{'; '.join(rows)}]"
    return f"{array.shape}: {short(array.min())} … {short(array.max())}" if array.size else "empty"
