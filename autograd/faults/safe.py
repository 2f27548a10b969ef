"""Write an advice so that also the branch which a where discards is computed from harmless arguments."""

from __future__ import annotations

import ast
import re

__all__ = ["safely"]

CALL = re.compile(r"autograd\.where\((?:[^()]|\([^()]*\))*\)")
"""A where as the tables have it: brackets stand in it at most one deep."""


def safely(advice: str) -> str:
    """The advice with each where doubled: once for the result, and once for what the condition is about.

    Examples
    --------
    >>> safely("autograd.where(x > 0, np.log(x), 0.0)")
    'autograd.where(x > 0, np.log(autograd.where(x > 0, x, 1.0)), 0.0)'
    """
    return CALL.sub(lambda found: _doubled(found[0]), advice)


def _doubled(text: str) -> str:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    condition, branch, other = (ast.get_source_segment(text, part) or "" for part in call.args)
    about = {part.id for part in ast.walk(call.args[0]) if isinstance(part, ast.Name)} & set("mnsxy")
    if not about:
        return text
    names = "|".join(sorted(about))
    safe = re.sub(rf"\b({names})\b", lambda name: f"autograd.where({condition}, {name[0]}, 1.0)", branch)
    return f"autograd.where({condition}, {safe}, {other})"
