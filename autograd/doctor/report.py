"""A diagnosis as text for a terminal, and as HTML for a notebook."""

from __future__ import annotations

import math
import textwrap
from html import escape

from autograd.doctor.diagnosis import EXPLAINED, RIGHT, UNEXPLAINED, Diagnosis, Explanation, Finding

WIDTH = 98
"""Columns of the text."""

_OR = "or, for all that this data can tell:"
"""Before another explanation that fits."""

_MARKS = {RIGHT: "✓", EXPLAINED: "✗", UNEXPLAINED: "?"}


def as_text(diagnosis: Diagnosis) -> str:
    """The diagnosis in lines of at most `WIDTH` columns, where names and formulas are not longer than that."""
    lines = [headline(diagnosis)]
    for number, mistake in enumerate(diagnosis.mistakes, start=1):
        lines += ["", *_wrapped(mistake.sentence, f"{number}. "), *_wrapped(where(mistake), "   ")]
        for other in alternatives(diagnosis, mistake):
            lines += _wrapped(f"{_OR} [{other.name}] {other.sentence}", "   ")
    for finding in diagnosis.findings:
        if finding.status == UNEXPLAINED or (finding.status == RIGHT and finding.sentence):
            lines += ["", *_wrapped(f"{finding.key}: {finding.sentence}", "")]
    lines += ["", *_table(diagnosis)]
    for i, (name, formula) in enumerate(diagnosis.deltas.items()):
        lines += _wrapped(f"{name} = {formula}", "  where " if i == 0 else "        ")
    for note in diagnosis.notes:
        lines += ["", *_wrapped(note, "")]
    return "\n".join(lines)


def headline(diagnosis: Diagnosis) -> str:
    """How many claims are right, and how many mistakes explain the others."""
    total, missing = len(diagnosis.findings), len(diagnosis.missing)
    wrong = [finding for finding in diagnosis.findings if finding.status != RIGHT]
    unexplained = sum(finding.status == UNEXPLAINED for finding in wrong)
    lacking = f"; {', '.join(diagnosis.missing)} {'is' if missing == 1 else 'are'} missing" if missing else ""
    if not wrong:
        return ("The gradient is right" if total == 1 else f"All {total} gradients are right") + lacking
    them = {1: "it", 2: "both"}.get(len(wrong), "all of them")
    said = "The gradient is wrong" if total == 1 else f"{len(wrong)} of {total} gradients are wrong"
    if len(wrong) == 1 < total:
        said = f"1 of {total} gradients is wrong"
    mistakes = len(diagnosis.mistakes)
    if not unexplained:
        explain = "1 mistake explains" if mistakes == 1 else f"{mistakes} mistakes explain"
        return f"{said}; {explain} {them}{lacking}"
    if unexplained == len(wrong):
        return f"{said}; no known mistake explains {'it' if len(wrong) == 1 else 'them'}{lacking}"
    return f"{said}, {unexplained} of them unexplained{lacking}"


def where(mistake: Explanation) -> str:
    """The name of a mistake and the claims that it is in."""
    every = f", at every {mistake.kind}" if mistake.kind else ""
    others = [key for key in mistake.claims if key not in mistake.own]
    said = f"[{mistake.name}{every}] in {', '.join(mistake.own) or 'all'}"
    return f"{said}; {', '.join(others)} {'builds' if len(others) == 1 else 'build'} on it" if others else said


def alternatives(diagnosis: Diagnosis, mistake: Explanation) -> list[Explanation]:
    """Other explanations for what a mistake explains."""
    found = [
        other
        for finding in diagnosis.findings
        if finding.key in mistake.own[:1] and finding.explanations and finding.explanations[-1] == mistake
        for other in finding.alternatives
    ]
    return list(dict.fromkeys(found))


def figures(finding: Finding) -> str:
    """The relative error of a claim, before and after its explanation."""
    if finding.status == RIGHT:
        return "right" if finding.precision == "exact" else f"right, to {finding.precision}"
    if finding.shape != finding.true_shape and not 1e-9 < finding.relative_error < math.inf:
        before = f"shape {finding.shape} for {finding.true_shape}"
    elif math.isinf(finding.relative_error):
        before = "the gradient is 0"
    else:
        before = f"error {finding.relative_error:.2g}"
    return f"{before}, unexplained" if finding.status == UNEXPLAINED else f"{before} → {finding.residual:.1g}"


def at_line(finding: Finding) -> str:
    """The line of the source that computes a wrong claim."""
    return "" if finding.line is None or finding.status == RIGHT else f", line {finding.line}"


def _table(diagnosis: Diagnosis) -> list[str]:
    rows = [(finding, figures(finding) + at_line(finding)) for finding in diagnosis.findings]
    keys, said = max(len(finding.key) for finding, _ in rows), max(len(text) for _, text in rows)
    lines = []
    for finding, text in rows:
        head = f"{_MARKS[finding.status]} {finding.key:{keys}}  {text:{said}}  "
        lines += (finding.status != RIGHT and _wrapped(finding.formula, head)) or [head.rstrip()]
    return lines


def _wrapped(text: str, first: str) -> list[str]:
    """Lines that begin with ``first``, and go on below its end."""
    indent = " " * len(first)
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


_COLORS = {RIGHT: "#2e8b46", EXPLAINED: "#d9373f", UNEXPLAINED: "#a97b00"}
"""Readable on white and on black."""

_CELL = 'style="text-align:left;vertical-align:top;white-space:normal"'


def as_html(diagnosis: Diagnosis) -> str:
    """The diagnosis as HTML in the colours of the page it is on; every text of the user's is escaped."""
    mistakes = "".join(_item(diagnosis, mistake) for mistake in diagnosis.mistakes)
    head = "".join(f"<th {_CELL}>{title}</th>" for title in ("claim", "relative error", "right formula"))
    rows = "".join(map(_row, diagnosis.findings))
    deltas = [f"where {_code(f'{name} = {formula}')}" for name, formula in diagnosis.deltas.items()]
    notes = [f"<small>{escape(note)}</small>" for note in diagnosis.notes]
    return (
        f"<div><p><b>{escape(headline(diagnosis))}</b></p>"
        + (f"<ol>{mistakes}</ol>" if mistakes else "")
        + f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        + "".join(f"<p>{said}</p>" for said in (*deltas, *notes))
        + "</div>"
    )


def _item(diagnosis: Diagnosis, mistake: Explanation) -> str:
    asides = [where(mistake), *(f"{_OR} [{o.name}] {o.sentence}" for o in alternatives(diagnosis, mistake))]
    return f"<li>{escape(mistake.sentence)}{''.join(f'<br><small>{escape(aside)}</small>' for aside in asides)}</li>"


def _row(finding: Finding) -> str:
    status, right = finding.status, finding.status == RIGHT
    said = _code(finding.formula) if finding.formula and not right else ""
    if finding.sentence and status != EXPLAINED:
        said = f"{escape(finding.sentence)}<br>{said}"
    mark = f'<b style="color:{_COLORS[status]}">{_MARKS[status]}</b>'
    cells = f"{mark} {_code(finding.key)}", escape(figures(finding) + at_line(finding)), said
    return f"<tr>{''.join(f'<td {_CELL}>{cell}</td>' for cell in cells)}</tr>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
