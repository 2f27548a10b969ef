"""Where in a function's source a gradient is computed."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def lines(function: Callable[..., Any]) -> dict[str, int]:
    """The line of the file in which each name, or each key of a returned dict, gets its last value.

    Empty where the source cannot be read, as at a prompt.
    """
    try:
        source, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(source)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return {}
    variables: dict[str, int] = {}
    keys: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                    if isinstance(part, ast.Name):
                        variables[part.id] = node.lineno
                    elif isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
                        keys[str(part.slice.value)] = node.lineno
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant):
                    keys[str(key.value)] = _line(value, variables)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            for keyword in node.keywords:
                if keyword.arg:
                    keys[keyword.arg] = _line(keyword.value, variables)
    return {name: first - 1 + line for name, line in {**variables, **keys}.items()}


def _line(value: ast.expr, variables: dict[str, int]) -> int:
    return variables.get(value.id, value.lineno) if isinstance(value, ast.Name) else value.lineno
