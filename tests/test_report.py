"""The parts of the report: mathematics, charts, text for a terminal, progress bars."""

import io
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import nn.progress
from nn.articles import layers, xor
from nn.progress import Bars
from nn.report import terminal, write_folder
from nn.report.chart import Series, chart
from nn.report.document import Column, Document, Fact, Line, Paragraph, Section, Table
from nn.report.mathml import mathml
from nn.report.page import page

# Mathematics


def structure(latex):
    """A formula as nested tuples: (element, children) or (element, text)."""

    def walk(element):
        return (element.tag, [walk(child) for child in element] or element.text)

    (tag, children) = walk(ElementTree.fromstring(mathml(latex)))
    assert tag == "math"
    return children


x, y = ("mi", "x"), ("mi", "y")


@pytest.mark.parametrize(
    "latex, expected",
    [
        ("x-2.5*y", [x, ("mo", "−"), ("mn", "2.5"), ("mo", "∗"), y]),
        (r"\frac{x}{y}", [("mfrac", [("mrow", [x]), ("mrow", [y])])]),
        (r"\frac1{23}", [("mfrac", [("mn", "1"), ("mrow", [("mn", "23")])])]),
        ("x^y_2", [("msubsup", [x, ("mn", "2"), y])]),
        ("x_{2}", [("msub", [x, ("mrow", [("mn", "2")])])]),
        ("x'", [("msup", [x, ("mo", "′")])]),
        # An empty group keeps the exponent off the symbol before it.
        ("x{}^y", [x, ("msup", [("mrow", None), y])]),
        ("<x>", [("mo", "<"), x, ("mo", ">")]),
        (r"\sum_x^y x", [("munderover", [("mo", "∑"), x, y]), x]),
        (r"\left(x\right)", [("mrow", [("mo", "("), x, ("mo", ")")])]),
        (r"\sigma\,\partial x", [("mi", "σ"), ("mspace", None), ("mi", "∂"), x]),
    ],
)
def test_mathml(latex, expected):
    assert structure(latex) == expected


@pytest.mark.parametrize(
    "latex",
    [r"\includegraphics{x}", "{x", r"\left(x", "x^y^y", "x}", r"\frac{x}", r"\frac12x", "x^12", "x & y", "$x$"],
)
def test_what_is_not_understood_is_an_error(latex):
    with pytest.raises(ValueError):
        mathml(latex)


def test_every_formula_of_the_articles_is_understood():
    formulas = [*xor.formulas(), *layers.formulas(5)]
    assert len(formulas) == 10 + 1 + 4 * 5
    for formula in formulas:
        for expression in (formula.written, formula.corrected):
            assert ElementTree.fromstring(mathml(expression.latex)).tag == "math"


# Charts


def paths(svg):
    root = ElementTree.fromstring(svg)
    lines = [element.get("d") for element in root.iter("{http://www.w3.org/2000/svg}path") if element.get("class")]
    return [
        np.array([[float(number) for number in point.split(",")] for point in line[1:].split("L")]) for line in lines
    ]


def test_a_line_goes_where_its_numbers_say():
    (line,) = paths(chart([Series("a", [(0, 1.0), (5, 3.0), (10, 2.0)])], x="x", y="y"))
    (x0, y0), (x1, y1), (x2, y2) = line
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11) and x0 < x1
    # Up is smaller; half way down again.
    assert y0 - y1 == pytest.approx(2 * (y2 - y1), abs=0.21) and y1 < y0


def test_a_logarithmic_axis_has_equal_decades():
    (line,) = paths(chart([Series("a", [(0, 1.0), (1, 0.1), (2, 0.01)])], x="x", y="loss"))
    steps = np.diff(line[:, 1])
    assert steps[0] > 50 and steps[0] == pytest.approx(steps[1], abs=0.11)
    assert "loss, logarithmic" in chart([Series("a", [(0, 1.0), (1, 0.01)])], x="x", y="loss")
    for values in ([1.0, 0.0], [1.0, -0.01], [1.0, 0.2]):
        assert "logarithmic" not in chart([Series("a", list(enumerate(values)))], x="x", y="loss")


def test_a_thinned_line_keeps_its_spikes():
    values = np.full(20_001, 0.5)
    values[777], values[13_337] = 0.9, 0.2
    (line,) = paths(chart([Series("a", list(enumerate(values)))], x="x", y="y"))
    (whole,) = paths(chart([Series("a", [(0, 0.5), (777, 0.9), (13_337, 0.2), (20_000, 0.5)])], x="x", y="y"))
    assert len(line) < 2_500
    for corner in whole:
        assert (np.abs(line - corner).max(axis=1) < 0.06).any(), corner


@pytest.mark.parametrize(
    "values", [[0.5], [0.5, 0.5], [0.0, 0.0], [-1.0, 2.0], [1e-300, 1e300], [1e-12, 1.1e-12], [0.12, 0.011]]
)
def test_a_chart_of_anything_stays_on_its_sheet(values):
    svg = chart([Series("a <b> & 'c'", list(enumerate(values)))], x="x", y="y")
    (line,) = paths(svg)
    assert np.isfinite(line).all() and (line >= 0).all() and (line[:, 0] <= 760).all() and (line[:, 1] <= 380).all()
    assert "a <b> & 'c'" in [element.text for element in ElementTree.fromstring(svg).iter()]
    places = [float(place) for place in re.findall(r"<text x='[^']*' y='([^']*)'", svg)]
    assert all(0 < place < 380 for place in places)
    labels = re.findall(r"text-anchor='(?:end|middle)'>([^<]*)<", svg)
    assert len(labels) >= 4 and len(labels) < 40


def test_dots_lie_above_ranges_above_lines():
    series = [
        Series("dots", [(0, 1.0)], "dots"),
        Series("ranges", [(1, 1.0), (1, 2.0)], "ranges"),
        Series("line", [(0, 1.0), (1, 2.0)]),
    ]
    svg = chart(series, x="x", y="y")
    assert svg.rindex("class='line'") < svg.rindex("stroke='currentColor' stroke-width='2'") < svg.rindex("<circle")


# Text

LONG = "The quick brown fox jumps over the lazy dog and does so again and again, until it is told not to."
TABLE = Table(
    "A table",
    (Column("what"), Column("how much", number=True), Column("why")),
    (
        ((Line("first", "strong"),), (Line("1"),), (Line("f(x)", "code", "written"), Line(LONG, label="why"))),
        ((Line("second"),), (Line("1,000"),), (Line("same", "code", "a"), Line("same", "code", "b"))),
    ),
    caption="A caption",
)
DOCUMENT = Document(
    "title",
    "introduction",
    (Fact("1 of 2", "is right", "bad"),),
    (Section("key", "A section", "by somebody", (Paragraph(LONG, "Besides"), TABLE)),),
)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_plain_text_fits_its_width(width):
    lines = list(terminal.plain(DOCUMENT, width))
    assert max(map(len, lines)) <= width
    assert not any(line != line.rstrip() for line in lines)
    words = " ".join(" ".join(lines).split())
    assert "A section (by somebody)" in words and "1 of 2 is right" in words and "A caption" in words
    assert words.count("until it is told not to.") == 2 or width == 60


def test_plain_columns_are_aligned():
    lines = list(terminal.plain(DOCUMENT, 80))
    heading = next(line for line in lines if "how much" in line)
    first = next(line for line in lines if line.startswith("first"))
    second = next(line for line in lines if line.startswith("second"))
    end = heading.index("how much") + len("how much")
    assert first[:end].endswith(" 1") and second[:end].endswith(" 1,000")
    assert first[end + 2 :] == "written f(x)"
    # The same code is not printed twice.
    assert "".join(lines).count("same") == 1


def test_rich_says_the_same():
    rich = pytest.importorskip("rich.console")
    console = rich.Console(width=80, force_terminal=True, color_system="standard", file=io.StringIO())
    shown = terminal.coloured(DOCUMENT, console)
    assert "\x1b[1;31m1 of 2\x1b[0m" in shown
    words = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", shown).split())
    for part in (
        "A section",
        "by somebody",
        "Besides",
        "A table",
        "how much",
        "f(x)",
        "1,000",
        "A caption",
        "is right",
    ):
        assert part in words, part


def test_rich_is_for_terminals_only(monkeypatch):
    plain = "\n".join(terminal.plain(DOCUMENT)) + "\n"
    assert terminal.text(DOCUMENT, terminal=False) == plain
    monkeypatch.setattr(terminal, "find_spec", lambda name: None)
    monkeypatch.setenv("COLUMNS", "100")
    assert terminal.text(DOCUMENT, terminal=True) == plain


def test_the_page_escapes_what_it_is_given():
    line = Line("<c>", label="<l>", latex=r"\unknown{<m>}")
    table = Table("<t>", (Column("<h>"),), (((line, Line("<o>", "code")),),), "<k>")
    section = Section("key", "<s>", "<y>", (table, Paragraph("<q>", "<r>")))
    text = page(Document("<d>", "<i>", (Fact("<v>", "<w>", "good"),), (section,)))
    for name in "clmothksyqrdivw":
        assert f"&lt;{name}&gt;" in text and f"<{name}>" not in text, name


def test_files_appear_whole_or_not_at_all(tmp_path):
    write_folder(tmp_path / "out", {"a.txt": "σ\n", "b.txt": "b"})
    assert (tmp_path / "out" / "a.txt").read_bytes() == "σ\n".encode()
    with pytest.raises(UnicodeEncodeError):
        write_folder(tmp_path / "out", {"a.txt": "new", "b.txt": "\udc80"})
    assert (tmp_path / "out" / "a.txt").read_text("utf-8") == "σ\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert sorted(path.name for path in Path(tmp_path, "out").iterdir()) == ["a.txt", "b.txt"]


def test_files_are_moved_on_one_disk(tmp_path, monkeypatch):
    """A move from the system's temporary folder could be a copy, of which half can be seen."""
    moved = []

    def replace(source, target):
        moved.append(Path(source))
        move(source, target)

    move = os.replace
    monkeypatch.setattr(os, "replace", replace)
    (tmp_path / "there").mkdir()
    for folder, around in ((tmp_path / "there", tmp_path / "there"), (tmp_path / "new" / "er", tmp_path)):
        write_folder(folder, {"a.txt": "a"})
        assert moved.pop().parent.parent == around


# Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def train(bars, steps=5):
    on_step = bars("rate 1", steps)
    for step in range(steps):
        on_step(step, 1 / (step + 1))


@pytest.mark.parametrize("tqdm", [True, False])
def test_a_bar_is_shown_and_cleared(monkeypatch, tqdm):
    if tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setattr(nn.progress, "find_spec", lambda name: None)
    monkeypatch.setattr(nn.progress, "REDRAWN_AFTER", 0.0)
    stream = Terminal()
    with Bars(stream=stream) as bars:
        train(bars)
    shown = stream.getvalue()
    assert "rate 1" in shown and "0%" in shown.replace(" ", "") and "\n" not in shown
    if not tqdm:
        assert "100 %, loss 0.2" in shown
    # What is left on the line in the end is nothing.
    assert shown.endswith("\r") and shown.split("\r")[-2].strip() == ""


def test_a_bar_is_cleared_after_an_exception():
    stream = Terminal()
    with pytest.raises(KeyboardInterrupt), Bars(stream=stream) as bars:
        bars("rate 1", 5)(0, 1.0)
        raise KeyboardInterrupt
    assert stream.getvalue().split("\r")[-2].strip() == "" and stream.getvalue().endswith("\r")


def test_no_bar_without_a_terminal_or_when_quiet():
    for bars, stream in ((Bars(stream=(s := io.StringIO())), s), (Bars(quiet=True, stream=(t := Terminal())), t)):
        with bars:
            train(bars)
        assert stream.getvalue() == ""
