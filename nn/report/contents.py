"""Puts findings into words, tables and figures: what the report says about them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

import autograd
from nn.articles import TOLERANCE, Chaos, Comparison, Fault, Result, Run, Verdict, why
from nn.findings import Findings, Learned
from nn.report.chart import Series, chart
from nn.report.document import (
    Block,
    Cell,
    Column,
    Document,
    Fact,
    Figure,
    Line,
    Paragraph,
    Section,
    Table,
    Tone,
)

__all__ = ["document"]

SAME = 1e-12
"""Two losses that are no further apart than this are called reproduced."""

INTRODUCTION = (
    "Two articles build a neural network out of sigmoids and derive its gradients by hand. Here every one of their "
    "formulas is computed as it is printed, and compared with the gradient that the engine finds by itself, by "
    "sweeping back over the operations that the network recorded."
)


def document(findings: Findings) -> Document:
    """The report on some findings.

    Parameters
    ----------
    findings : Findings
        At least one result, or a network trained on a table.

    Returns
    -------
    Document
    """
    sections = [_article(result) for result in findings.results]
    if findings.learned is not None:
        sections.append(_learned(findings.learned))
    return Document("chainrule", INTRODUCTION, tuple(_facts(findings)), tuple(sections))


def _facts(findings: Findings) -> Iterator[Fact]:
    verdicts = [verdict for result in findings.results for verdict in result.verdicts]
    agreeing = sum(verdict.correction.right for verdict in verdicts)
    yield Fact(
        f"{agreeing} of {len(verdicts)}",
        f"corrected formulas agree with the engine to {_power(TOLERANCE)}",
        "good" if agreeing == len(verdicts) else "bad",
    )
    for result in findings.results:
        wrong = sum(not verdict.right for verdict in result.verdicts)
        yield Fact(
            f"{wrong} of {len(result.verdicts)}",
            f'formulas of "{result.article.title}" are wrong as written',
            "bad" if wrong else "good",
        )
    if findings.learned is not None:
        accuracy = findings.learned.accuracy
        yield Fact(
            _percent(accuracy.test),
            f"of {accuracy.test_examples} examples that the network never saw are classified right",
            "good" if accuracy.test > findings.learned.guess else "bad",
        )
    if not findings.ok:
        names = ", ".join(f"{verdict.formula.name} ({where})" for where, verdict in findings.disagreeing())
        yield Fact("disagree", f"with the engine even as corrected: {names}", "bad")


def _article(result: Result) -> Section:
    article = result.article
    blocks: list[Block] = [
        Figure(
            f"{article.name}-network",
            "The network as it was recorded",
            "Every operation of the forward pass, from what has a gradient (blue) and the constants (grey) to the loss "
            "on the right, with the numbers that came out (data) and the gradient of the loss with respect to them "
            "(grad), at the article's initial parameters.",
            autograd.draw(result.loss).svg(),
        ),
        _formulas(result.verdicts),
    ]
    for run in result.runs:
        if run.published:
            blocks += _reproduction(run, result)
    blocks.append(_losses(result))
    blocks.append(_curves(result))
    if result.chaos:
        blocks.append(_chaos(result.chaos))
    if result.faults:
        blocks.append(_faults(result.faults))
    if article.remarks:
        blocks.append(Paragraph(" ".join(article.remarks), "Besides"))
    byline = ", ".join(filter(None, (article.author, article.year)))
    return Section(article.name, article.title, byline, tuple(blocks))


def _formulas(verdicts: Sequence[Verdict]) -> Table:
    return Table(
        "Every formula against the engine",
        (Column("formula"), Column("verdict"), Column("as written, and as it should be")),
        tuple((_name(verdict), _judgement(verdict), _explained(verdict)) for verdict in verdicts),
        caption="The error is the distance to the true gradient, relative to its length; the cosine is 1 where the "
        "direction is right. A formula is judged on its own, given the right value of what it builds on; where the "
        "article's whole backward pass, mistakes upstream included, gives something else, that stands below.",
    )


def _name(verdict: Verdict) -> Cell:
    return (Line(verdict.formula.name, "strong"), Line(f"for {verdict.formula.of}", "faint"))


def _judgement(verdict: Verdict) -> Cell:
    lines = [Line("right", "good") if verdict.right else Line("WRONG", "bad"), *_measured(verdict.alone)]
    if verdict.shape_mismatch:
        lines.append(Line(f"{verdict.alone.shape}, not {verdict.alone.true_shape}", "faint", "shape"))
    if verdict.alone.right != verdict.chained.right or not math.isclose(
        verdict.relative_error, verdict.chained.relative_error, rel_tol=1e-6, abs_tol=TOLERANCE
    ):
        lines += [Line("whole pass:", "faint"), *_measured(verdict.chained)]
    if not verdict.correction.right:
        lines.append(Line(f"{verdict.corrected_error:.2e}", "bad", "corrected"))
    return tuple(lines)


def _measured(comparison: Comparison) -> tuple[Line, Line]:
    cosine = "none" if math.isnan(comparison.cosine) else f"{comparison.cosine:.5g}"
    return Line(_figure(comparison.relative_error), label="error"), Line(cosine, label="cosine")


def _explained(verdict: Verdict) -> Cell:
    written, corrected = verdict.formula.written, verdict.formula.corrected
    lines = [Line(written.code, "code", "written", written.latex)]
    if corrected != written:
        lines.append(Line(corrected.code, "code", "correct", corrected.latex))
    if reason := why(verdict):
        lines.append(Line(reason, label="note" if verdict.right else "why"))
    return tuple(lines)


def _reproduction(run: Run, result: Result) -> Iterator[Block]:
    chaos = next((item for item in result.chaos if item.name == run.name), None)
    rows, same, apart = [], [], []
    for step, printed in run.published.items():
        if step > run.steps:
            continue
        ours = run.history[step]
        difference = abs(ours - printed)
        if difference <= SAME:
            same.append(step)
            verdict = Line("reproduced", "good")
        else:
            apart.append(step)
            spread = chaos.spread(step) if chaos is not None and step in chaos.losses else 0.0
            verdict = Line("chaos", "faint") if spread > SAME else Line("differs", "bad")
        cells = (Line(f"{step:,}"), Line(repr(printed)), Line(repr(ours)), Line(_figure(difference)), verdict)
        rows.append(tuple((cell,) for cell in cells))
    yield Table(
        f"The losses that the article prints, and ours ({run.measure})",
        (
            Column("step", True),
            Column("the article prints", True),
            Column("its update, here", True),
            Column("apart", True),
            Column(""),
        ),
        tuple(rows),
    )
    yield Paragraph(_why_not(run, same, apart, chaos))


def _why_not(run: Run, same: Sequence[int], apart: Sequence[int], chaos: Chaos | None) -> str:
    text = f"{_listed(same)} reproduced to {_power(SAME)}." if same else "None of the printed losses is reproduced."
    if chaos is None or not (measured := [step for step in apart if step in chaos.losses]):
        return text
    first, copies = measured[0], len(chaos.losses[measured[0]])
    low, high = chaos.band(first)
    inside = sum(chaos.band(step)[0] <= run.published[step] <= chaos.band(step)[1] for step in measured)
    return (
        f"{text} The others can't be, by anybody, because this update is chaotic: {copies} copies of the training "
        f"whose first weight differs by a few units in the last place (the 16th digit) end up between {low:.4f} and "
        f"{high:.4f} at step {first:,}. Another processor or another NumPy rounds differently, and that is nudge "
        f"enough. Of the {len(measured)} losses in question, {inside} lie between the lowest copy and the highest."
    )


def _losses(result: Result) -> Table:
    steps = _round_steps(max(run.steps for run in result.runs))
    columns = [Column("step", True), *(Column(run.name, True) for run in result.runs)]
    rows: list[tuple[Cell, ...]] = []
    for step in steps:
        cells = [Line(f"{run.history[step]:.6g}" if step <= run.steps else "") for run in result.runs]
        rows.append(((Line(f"{step:,}"),), *((cell,) for cell in cells)))
    rows.append(((Line(""),), *((_outcome(run),) for run in result.runs)))
    return Table(f"The losses of our trainings ({result.runs[0].measure})", tuple(columns), tuple(rows))


def _round_steps(last: int) -> list[int]:
    """Some eight round numbers from 0 to the last step, and that."""
    unit = 10 ** max(0, len(str(last)) - 1)
    stride = next(size for size in (unit // 5, unit // 2, unit, 2 * unit, 5 * unit) if size and last <= 9 * size)
    return sorted({*range(0, last + 1, stride), last})


def _outcome(run: Run) -> Line:
    first, last = run.history[0], run.history[-1]
    if run.measure == "cost" and abs(last - math.log(2)) < 1e-3:
        return Line("stuck at ln 2", "bad")
    return Line("learns", "good") if last < first / 4 else Line("learns little", "bad")


def _curves(result: Result) -> Figure:
    series = []
    for colour, run in enumerate(result.runs):
        series.append(Series(run.name, list(enumerate(run.history)), colour=colour))
        if run.published:
            printed = [(step, loss) for step, loss in run.published.items() if step <= run.steps]
            series.append(Series("printed in the article", printed, "dots"))
        for chaos in result.chaos:
            if chaos.name == run.name:
                ends = [(step, loss) for step in chaos.losses for loss in chaos.band(step)]
                copies = len(next(iter(chaos.losses.values())))
                series.append(Series(f"where {copies} nudged copies end up", ends, "ranges"))
    measure = result.runs[0].measure
    return Figure(
        f"{result.article.name}-losses",
        "The trainings",
        f"{measure} after every update.",
        chart(series, x="updates", y=measure),
    )


def _chaos(chaos: Sequence[Chaos]) -> Table:
    copies = len(next(iter(chaos[0].losses.values())))
    columns = [Column("step", True)]
    for item in chaos:
        columns += [Column(f"{item.name}: from, to", True), Column("spread", True)]
    rows = []
    for step in chaos[0].losses:
        cells = [Line(f"{step:,}")]
        for item in chaos:
            low, high = item.band(step)
            spread = item.spread(step)
            cells += [Line(f"{low:.4f} to {high:.4f}"), Line(_figure(spread), "bad" if spread > 0.01 else "good")]
        rows.append(tuple((cell,) for cell in cells))
    return Table(f"{copies} copies, one weight nudged by a few units in the last place", tuple(columns), tuple(rows))


def _faults(faults: Sequence[Fault]) -> Table:
    rows = []
    for fault in faults:
        lines = [Line(fault.code, "code", "written"), Line(fault.happened, label="happened")]
        if fault.repair != fault.code:
            lines.append(Line(fault.repair, "code", "repair"))
        verdict = Line("fault", "bad") if fault.found else Line("no fault", "good")
        rows.append(((Line(fault.name, "strong"),), (verdict,), tuple(lines)))
    return Table(
        "The article's code, when it is run",
        (Column("what"), Column("verdict"), Column("the line, and what happened")),
        tuple(rows),
    )


def _learned(learned: Learned) -> Section:
    data, accuracy = learned.data, learned.accuracy
    examples, features = data.X.shape
    counts = np.bincount(data.y, minlength=len(data.target_names))
    classes = ", ".join(f"{count} {name}" for name, count in zip(data.target_names, counts, strict=True))
    run = accuracy.run
    agreeing = sum(verdict.correction.right for verdict in learned.verdicts)
    worst = max(verdict.corrected_error for verdict in learned.verdicts)
    better: Tone = "good" if accuracy.test > learned.guess else "bad"
    lines = [
        ("data", Line(f"{examples} examples ({classes}), {features} features")),
        ("network", Line("-".join(map(str, accuracy.layer_dims)))),
        ("training", Line(f"{accuracy.train_examples} examples, {run.steps:,} updates, rate {run.rate:g}")),
        ("cost", Line(f"from {run.history[0]:.6g} to {run.history[-1]:.6g}")),
        ("accuracy in training", Line(_share(accuracy.train, accuracy.train_examples))),
        ("accuracy in the test", Line(_share(accuracy.test, accuracy.test_examples), better)),
        ("always guessing one class", Line(_share(learned.guess, accuracy.test_examples))),
        (
            "formulas on this network",
            Line(
                f"{agreeing} of {len(learned.verdicts)} agree with the engine, the worst to {_figure(worst)}",
                "good" if agreeing == len(learned.verdicts) else "bad",
            ),
        ),
    ]
    table = Table("", (Column(""), Column("")), tuple(((Line(name, "faint"),), (line,)) for name, line in lines))
    curve = Figure(
        "table-losses",
        "The training",
        "cost on the training examples after every update.",
        chart([Series("cost", list(enumerate(run.history)))], x="updates", y="cost"),
    )
    blocks: list[Block] = [table, curve]
    if data.citation:
        blocks.append(Paragraph(f"{data.citation} Licence: {data.licence}.", "The data"))
    return Section("table", "A network learns from a table", data.source, tuple(blocks))


def _share(share: float, examples: int) -> str:
    return f"{_percent(share)} ({round(share * examples)} of {examples})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _figure(number: float) -> str:
    """A measured number to three digits; 0 is 0, and whatever is not finite says so."""
    return "0" if number == 0 else f"{number:.3g}"


def _power(number: float) -> str:
    return f"{number:.0e}".replace("e-0", "e-")


def _listed(steps: Sequence[int]) -> str:
    names = [f"{step:,}" for step in steps]
    if len(names) == 1:
        return f"Step {names[0]} is"
    return f"Steps {', '.join(names[:-1])} and {names[-1]} are"
