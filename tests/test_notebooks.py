"""Each notebook does again what it shows, in a fresh kernel, and shows nothing of where and when it was run."""

import functools
import os
import re
import sys
import xml.etree.ElementTree as ET

import nbformat
import numpy as np
import pytest
from nbclient.exceptions import CellExecutionError

import autograd
from autograd import Tensor
from autograd.readers.svg import as_svg
from nn.articles import examine, layers, xor
from nn.report.notebook import Chart, Series, Table
from notebooks import FOLDER, METADATA, execute, main, paths, read, shown, traces, words, write

ARTICLES = {"xor": xor, "layers": layers}
LARGEST = 400_000
MOST_CELLS = 12
MOST_LINES = 30

each = pytest.mark.parametrize("name", [path.stem for path in paths()])
each_article = pytest.mark.parametrize("name", ARTICLES)


@functools.cache
def committed(name):
    return read(FOLDER / f"{name}.ipynb")


@functools.cache
def run(name):
    return execute(committed(name))


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code(notebook) for output in cell.outputs]


def texts(output):
    """Everything in an output that is text, and everything said about it."""
    yield str(output.get("metadata", ""))
    for kind, text in {"text": output.get("text", ""), **output.get("data", {})}.items():
        if not kind.startswith("image/") or kind == "image/svg+xml":
            yield str(text)


# --- run again --------------------------------------------------------------------------------------------------------


def test_both_articles_have_one():
    assert ARTICLES.keys() <= {path.stem for path in paths()}


@each
def test_it_shows_the_same_again(name):
    before, after = code(committed(name)), code(run(name))
    assert [cell.source for cell in before] == [cell.source for cell in after]
    for cell, again in zip(before, after, strict=True):
        assert shown(again) == shown(cell), f"python -m tests.notebooks {name} would change cell {cell.id}"


@each
def test_it_was_run_from_top_to_bottom(name):
    for notebook in (committed(name), run(name)):
        cells = code(notebook)
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        kinds = [output.get("name", output.output_type) for output in outputs(notebook)]
        assert not {"error", "stderr"} & set(kinds)


@each
def test_it_does_not_tell_where_or_when_it_was_run(name):
    for notebook in (committed(name), run(name)):
        assert [found for output in outputs(notebook) for text in texts(output) for found in traces(text)] == []
        assert [cell.id for cell in notebook.cells if "execution" in cell.metadata] == []
        assert notebook.metadata == METADATA


def test_a_notebook_that_shows_something_else_is_noticed():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('a')\nlist('bc')")])
    first = execute(notebook)
    assert shown(first.cells[0]) == [{"stdout": "a\n"}, {"text/plain": "['b', 'c']"}]
    assert shown(notebook.cells[0]) == []


def test_the_kernel_is_the_python_and_the_packages_that_are_tested():
    source = "import sys, autograd\nprint(sys.executable, autograd.__file__, sep='\\n')"
    notebook = execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))
    python, package = notebook.cells[0].outputs[0].text.splitlines()
    assert os.path.samefile(python, sys.executable)
    assert os.path.samefile(package, autograd.__file__)


def test_a_cell_that_fails_is_an_error():
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<Tensor object at 0x7f3a5c1d2e80>", "a memory address: 0x7f3a5c1d2e80"),
        ("saved to /home/someone/net.svg", "an absolute path: /home/someone/net.svg"),
        ("saved to:/srv/net.svg", "an absolute path: /srv/net.svg"),
        ("File '/usr/lib/x.py'", "an absolute path: /usr/lib/x.py"),
        (r"C:\Users\someone", r"an absolute path: C:\Users"),
        ("file:///net.svg", "an absolute path: file://"),
        ("at 14:03:59", "a time of day: 14:03:59"),
        ("at 14:03", "a time of day: 14:03"),
        ("on 2026-11-21", "a date: 2026-11-21"),
        ("took 3.2 ms", "a duration: 3.2 ms"),
        ("in 12 seconds", "a duration: 12 seconds"),
        ("812.50it/s", "a duration: 812.50it/s"),
    ],
)
def test_a_trace_is_found(text, found):
    assert traces(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "http://www.w3.org/2000/svg",
        "-//W3C//DTD SVG 1.1//EN",
        "1 / (1 + np.exp(-x)) * 2/n/m",
        "A[:, 1:2] 0.25 ... 1e-09, 8000 updates, 4 samples",
        "</text></g>",
    ],
)
def test_what_is_not_a_trace_is_left_alone(text):
    assert traces(text) == []


# --- what a reader sees -----------------------------------------------------------------------------------------------


@each
def test_it_reads_as_a_lesson(name):
    notebook = committed(name)
    assert notebook.cells[0].source.startswith("# ")
    assert len(code(notebook)) <= MOST_CELLS
    for said, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code":
            assert said.cell_type == "markdown", f"nothing is said before cell {cell.id}"
            assert len(cell.source.splitlines()) <= MOST_LINES, f"cell {cell.id} is long"


@each
def test_it_is_small_and_well_formed(name):
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size < LARGEST
    nbformat.validate(committed(name))
    ids = [cell.id for cell in committed(name).cells]
    assert len(set(ids)) == len(ids)


@each_article
def test_every_formula_stands_beside_its_verdict(name):
    rows = [row for output in outputs(run(name)) for row in output.get("data", {}).get("text/plain", "").splitlines()]
    for verdict in examine(ARTICLES[name].article()):
        formula = verdict.formula
        (row,) = [row for row in rows if f"${formula.written.latex}$" in row and f"`{formula.of}`" in row]
        cells = [cell.strip(" *") for cell in row.split("|")]
        assert ("right" in cells, "wrong" in cells) == (verdict.right, not verdict.right)


def test_every_wrong_formula_of_the_xor_article_is_put_right():
    rows = [row for output in outputs(run("xor")) for row in output.get("data", {}).get("text/plain", "").splitlines()]
    wrong = [verdict for verdict in examine(xor.article()) if not verdict.right]
    for verdict in wrong:
        (row,) = [row for row in rows if f"`{verdict.formula.name}`" in row]
        assert f"${verdict.formula.corrected.latex}$" in row
        assert f"`{verdict.formula.corrected.code}`" in row
        assert re.search(r"\| yes +\|$", row)
    assert sum("| yes" in row for row in rows) == len(wrong)


def test_every_fault_of_the_layers_article_is_put_right():
    rows = [
        row for output in outputs(run("layers")) for row in output.get("data", {}).get("text/plain", "").splitlines()
    ]
    faults = [fault for fault in layers.faults(layers.X, layers.Y) if fault.found]
    assert len(faults) == 4
    for fault in faults:
        (row,) = [row for row in rows if fault.name in row]
        assert f"`{fault.code}`<br>{fault.happened}<br>`{fault.repair}`" in row


@each_article
def test_the_graph_shows_itself_wherever_it_is_opened(name):
    (drawn,) = [cell for cell in code(committed(name)) if "autograd.draw(" in cell.source]
    data = drawn.outputs[-1].data
    assert data.keys() == {"text/plain", "image/svg+xml", "image/png"}
    assert {"W1", "b1", "W2", "b2"} <= set(words(data["image/svg+xml"]))


@each_article
def test_the_curves_are_pictures_too(name):
    curves = [output.data for output in outputs(committed(name)) if " over updates: " in str(output.get("data"))]
    assert curves
    for data in curves:
        assert data.keys() == {"text/plain", "image/svg+xml"}
        assert {"updates"} <= set(words(data["image/svg+xml"]))


# --- how pictures are compared ----------------------------------------------------------------------------------------


def test_the_words_of_a_picture_do_not_depend_on_the_renderer():
    w, x = Tensor([[1.0, 2.0], [3.0, 4.0]], label="w"), np.array([[0.5], [0.25]])
    out = np.sum(autograd.sigmoid(w @ x) ** 2)
    out.backward()
    picture = autograd.draw(out)
    assert words(picture.svg()) == words(as_svg(picture.diagram))
    assert words(picture.svg()) != words(autograd.draw(np.sum(autograd.sigmoid(w @ x) ** 3)).svg())


def test_a_broken_picture_is_an_error():
    with pytest.raises(ET.ParseError):
        words("<svg xmlns='http://www.w3.org/2000/svg'><text>a</svg>")


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text("before")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    notebook.cells[0].cell_type = "poem"
    with pytest.raises(nbformat.ValidationError):
        write(path, notebook)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.ipynb"]


def test_what_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.ipynb").mkdir()
    with pytest.raises(OSError):
        write(tmp_path / "a.ipynb", nbformat.v4.new_notebook())
    assert os.listdir(tmp_path) == ["a.ipynb"]


def test_writing_anew_gives_the_same_bytes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("notebooks.FOLDER", tmp_path)
    path = tmp_path / "a.ipynb"
    write(path, nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("one"), nbformat.v4.new_code_cell("1")]))
    main(["a"])
    first = path.read_bytes()
    assert read(path).cells[1].outputs[0].data == {"text/plain": "1"}
    assert [cell.id for cell in read(path).cells] == ["markdown-00", "code-01"]
    main([])
    assert path.read_bytes() == first
    assert capsys.readouterr().out == "a.ipynb: 2 cells, 1 kB\n" * 2


def test_a_name_without_a_notebook_is_an_error():
    with pytest.raises(SystemExit, match="no notebook is called nowhere: there are "):
        main(["nowhere"])


# --- tables and curves ------------------------------------------------------------------------------------------------


def test_a_table_is_the_same_in_markdown_and_in_words():
    table = Table(["name", "value"], [["a|b", "-1.5e-03"], ["two\nlines", 12]])
    assert repr(table) == table._repr_markdown_()
    assert repr(table).splitlines() == [
        "| name      |    value |",
        "| :-------- | -------: |",
        r"| a\|b      | -1.5e-03 |",
        "| two lines |       12 |",
    ]


def test_a_table_with_a_cell_too_few_is_an_error():
    with pytest.raises(ValueError):
        repr(Table(["name", "value"], [["a"]]))


def test_curves_are_readable_on_a_dark_page():
    svg = ET.fromstring(Chart([Series("a < b", [(0, 1.0), (1, 2.0)])], x="updates", y="cost")._repr_svg_())
    assert "background:#ffffff" in svg.get("style") and "color:#1f2933" in svg.get("style")
    assert "a < b" in "".join(svg.itertext())
