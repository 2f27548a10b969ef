"""The command `chainrule`: what it prints, what it writes, and how it fails."""

import dataclasses
import functools
import importlib
import json
import os
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

import autograd
import nn.cli
import nn.findings
import nn.report
from nn.articles import layers, xor
from nn.articles.formula import Expression

ROOT = Path(__file__).parents[1]

GOOD = "a,b,y\n1,2,0\n2,3,1\n3,1,0\n4,5,1\n5,5,1\n6,1,0\n0,4,1\n7,2,0\n"

# Both trainings are cut short: what is tested is not how well they learn.
QUICK = """
import functools, os, signal, sys
from nn.articles import layers, xor
import nn.cli
layers.run = functools.partial(layers.run, epochs=20)
xor.run = functools.partial(xor.run, steps=20)
{patch}
sys.exit(nn.cli.main(sys.argv[1:]))
"""


def command(*args, cwd, env=None, code=None, **options):
    """Run the command in a process of its own; returns it when it is done."""
    how = ["-m", "nn"] if code is None else ["-c", code]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *how, *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **(env or {})},
        **{"capture_output": True, "text": True, "encoding": "utf-8", "timeout": 300, **options},
    )


def quick(*args, patch="", **options):
    return command(*args, code=QUICK.format(patch=patch), **options)


@pytest.fixture
def short(monkeypatch, tmp_path):
    """The command in this process, its trainings cut short, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(layers, "run", functools.partial(layers.run, epochs=20))
    monkeypatch.setattr(xor, "run", functools.partial(xor.run, steps=20))
    Path("good.csv").write_text(GOOD)
    return nn.cli.main


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The main command, once, as a user runs it; its folder, and its findings."""
    folder = tmp_path_factory.mktemp("whole")
    done = command("--json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "chainrule-out", json.loads(done.stdout)


def complaint(done, code=2):
    """The one line that a failed command leaves."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("chainrule: ") and done.stderr.endswith("\n") and done.stderr.count("\n") == 1
    return done.stderr


# What it finds out


def test_every_verdict_is_that_of_the_facts(whole):
    _, found = whole
    right = {
        name: {formula["name"]: formula["right"] for formula in article["formulas"]}
        for name, article in found["articles"].items()
    }
    assert right["xor"] == {
        "dJ/dw": False,
        "dJ/db": False,
        "sigma'": True,
        "d_out": False,
        "d_hid": False,
        "dW2": True,
        "dW1": True,
        "db2": False,
        "db1": False,
        "w - (1/n) sum dJ/dw": False,
    }
    names = ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1", "dA0"]
    assert right["layers"] == dict.fromkeys(names, True)
    errors = [
        formula["correction"]["relative_error"]
        for article in found["articles"].values()
        for formula in article["formulas"]
    ]
    assert len(errors) == 19 and max(errors) < 1e-9
    assert found["ok"] is True


def test_the_json_holds_the_losses_and_the_accuracy(whole):
    folder, found = whole
    written, engine = found["articles"]["xor"]["runs"]
    assert written["losses"]["0"] == pytest.approx(0.5013730688788007, abs=1e-15)
    assert written["losses"]["1000"] == pytest.approx(0.4664830127093482, abs=1e-12)
    assert written["published"]["7000"] == 0.027425185939300573
    assert engine["losses"]["8000"] == pytest.approx(0.01173713750524871, rel=1e-9)
    assert found["learned"]["test"] >= 0.95 > found["learned"]["guess"]
    assert found["learned"]["layer_dims"] == [30, 16, 1]
    assert len(found["learned"]["formulas"]) == 9
    assert all(formula["corrected"]["right"] for formula in found["learned"]["formulas"])
    assert found["version"] == autograd.__version__
    assert sorted(Path(name).name for name in found["files"]) == sorted(os.listdir(folder))


def test_the_printed_report(tmp_path):
    done = command("xor", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text = done.stdout
    # The article's losses, digit for digit, beside ours, and which of them reproduce.
    for step, printed in xor.PRINTED.items():
        (row,) = [line for line in text.splitlines() if line.split()[:2] == [f"{step:,}", repr(printed)]]
        assert row.endswith("reproduced") == (step <= 1000)
    assert "Steps 0 and 1,000 are reproduced" in text
    # A formula: as written, the verdict, the error, the cosine, and why.
    start = text.index("\nd_out ")
    row = text[start : text.index("\nd_hid ")]
    for part in ("WRONG", "0.0624", "0.99891", "sigmoid_prime(output_activation)", "applied twice"):
        assert part in " ".join(row.split()), part
    assert '7 of 10 formulas of "Creating Neural Network from Scratch in Python" are wrong as written' in text
    assert text.endswith("The report is chainrule-out/report.html\n".replace("/", os.sep))
    assert max(map(len, text.splitlines())) <= 100


def test_a_table_of_ones_own(short, capsys):
    assert short(["layers", "--csv", "good.csv", "--target", "y", "--dims", "2,3,2,1", "--epochs", "7", "--json"]) == 0
    learned = json.loads(capsys.readouterr().out)["learned"]
    assert (learned["source"], learned["examples"], learned["features"]) == ("good.csv", 8, 2)
    assert learned["layer_dims"] == [2, 3, 2, 1]
    assert learned["run"]["steps"] == 7
    assert [formula["name"] for formula in learned["formulas"]][:2] == ["dA3", "dZ3"]
    assert len(learned["formulas"]) == 13


def test_the_options_reach_the_training(short, capsys):
    def learned(*options):
        assert short(["layers", "--csv", "good.csv", "--target", "y", "--epochs", "2", "--json", *options]) == 0
        return json.loads(capsys.readouterr().out)["learned"]["run"]

    first = learned()
    assert learned() == first
    assert learned("--seed", "4")["losses"]["0"] != first["losses"]["0"]
    slow = learned("--lr", "0.25")
    assert (slow["rate"], slow["losses"]["0"]) == (0.25, first["losses"]["0"])
    assert slow["losses"]["2"] != first["losses"]["2"]


def test_the_seed_reaches_the_split_too(short, monkeypatch):
    seeds = []

    def split(*args, seed):
        seeds.append(seed)
        return right(*args, seed=seed)

    right = nn.findings.split
    monkeypatch.setattr(nn.findings, "split", split)
    assert short(["layers", "--csv", "good.csv", "--target", "y", "--epochs", "2", "--quiet", "--seed", "5"]) == 0
    assert seeds == [5]


def test_which_articles_are_examined(short, capsys):
    for argv, articles, files in (
        ([], ["xor", "layers"], 6),
        (["xor"], ["xor"], 3),
        (["layers"], ["layers"], 4),
    ):
        assert short([*argv, "--json", "--out", "out-" + "".join(argv)]) == 0
        found = json.loads(capsys.readouterr().out)
        assert list(found["articles"]) == articles
        assert (found["learned"] is None) == (argv == ["xor"])
        assert len(found["files"]) == files


def test_options_before_and_after_the_command(short, capsys):
    for argv in (["--json", "--out", "there", "xor"], ["xor", "--out", "there", "--json"]):
        assert short(argv) == 0
        files = json.loads(capsys.readouterr().out)["files"]
        assert {Path(name).parent for name in files} == {Path("there")}
    assert not Path("chainrule-out").exists()


def test_quiet_says_nothing(short, capsys):
    assert short(["xor", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert Path("chainrule-out", "report.html").is_file()


def test_version_and_help(tmp_path):
    done = command("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"chainrule {autograd.__version__}\n")
    done = command("layers", "--help", cwd=tmp_path)
    assert done.returncode == 0 and "--target" in done.stdout
    assert os.listdir(tmp_path) == []


def test_the_installed_command_is_this_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, name = project["scripts"]["chainrule"].split(":")
    assert getattr(importlib.import_module(module), name) is nn.cli.main


# When a formula or a training fails


def wrong_formulas():
    formulas = xor.formulas()
    place = [formula.name for formula in formulas].index("dW2")
    corrected = formulas[place].corrected
    # Wrong by two parts in a billion.
    slightly = Expression(corrected.latex, f"(1 + 2e-9) * {corrected.code}", corrected.names, corrected.functions)
    formulas[place] = dataclasses.replace(formulas[place], corrected=slightly)
    return formulas


def test_a_wrong_correction_is_an_exit_code(short, monkeypatch, capsys):
    formulas = wrong_formulas()
    monkeypatch.setattr(xor, "formulas", lambda: formulas)
    assert short(["xor"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "chainrule: the engine contradicts 1 corrected formula(s): dW2 (xor)\n"
    assert "9 of 10 corrected formulas agree" in captured.out
    assert 'class="bad"><strong>9 of 10' in Path("chainrule-out", "report.html").read_text("utf-8")
    assert short(["xor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_a_wrong_formula_on_the_table_is_an_exit_code_too(short, monkeypatch, capsys):
    right = layers.formulas

    def formulas(count=2):
        first, *rest = right(count)
        wrong = Expression("", f"2 * {first.corrected.code}", first.corrected.names, first.corrected.functions)
        # Only a network of three layers, which is that on the table, gets the wrong one.
        return [dataclasses.replace(first, corrected=wrong) if count == 3 else first, *rest]

    monkeypatch.setattr(layers, "formulas", formulas)
    args = ["layers", "--csv", "good.csv", "--target", "y", "--epochs", "2", "--quiet"]
    assert short(args) == 0
    assert short([*args, "--dims", "2,2,2,1"]) == 1
    assert "dA3 (good.csv)" in capsys.readouterr().err


@pytest.mark.parametrize("rate, sign", [("1e308", "nan"), ("500", "nan"), ("12", "rose")])
def test_a_diverging_training_is_no_success(tmp_path, rate, sign):
    done = quick("layers", "--lr", rate, "--epochs", "3" if sign == "nan" else "1", cwd=tmp_path)
    line = complaint(done, code=1)
    assert sign in line and "learning rate" in line
    assert os.listdir(tmp_path) == []


def test_a_diverging_article_is_no_success(short, monkeypatch, capsys):
    def gradient(params, *args, **kwargs):
        return float("nan"), params

    monkeypatch.setattr(xor, "gradient", gradient)
    assert short(["xor"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "the loss is nan" in captured.err
    assert not Path("chainrule-out").exists()


def test_interrupted(tmp_path):
    patch = "xor.run = lambda bars: os.kill(os.getpid(), signal.SIGINT)"
    done = quick("xor", patch=patch, cwd=tmp_path)
    assert complaint(done, code=130) == "chainrule: interrupted\n"
    assert os.listdir(tmp_path) == []


# Bad input

BAD_TABLES = {
    "directory": (None, "Is a directory" if os.name == "posix" else "cannot be read"),
    "no_column": (GOOD.replace("y\n", "z\n", 1), "no column 'y'; the columns are 'a', 'b', 'z'"),
    "text": (GOOD.replace("2,3,1", "2,red,1"), "line 3, column 'b': 'red' is not a number"),
    "nan": (GOOD.replace("3,1,0", "nan,1,0"), "line 4, column 'a': 'nan' is not a finite number"),
    "three_classes": (GOOD + "1,1,2\n", "3 different values ('0', '1', '2')"),
    "one_class": ("a,y\n1,0\n2,0\n", "holds 1 different values ('0')"),
    "one_row": ("a,y\n1,0\n", "one row of data"),
    "a_class_of_one": ("a,y\n1,0\n2,1\n3,1\n", "class 0 has only one row"),
    "empty": ("", "the file is empty"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table(tmp_path, name):
    content, expected = BAD_TABLES[name]
    path = tmp_path / "table.csv"
    path.mkdir() if content is None else path.write_text(content)
    line = complaint(command("layers", "--csv", path.name, "--target", "y", cwd=tmp_path))
    assert "table.csv" in line and expected in line
    assert os.listdir(tmp_path) == ["table.csv"]


def test_a_missing_table(tmp_path):
    line = complaint(command("layers", "--csv", "nowhere.csv", "--target", "y", cwd=tmp_path))
    assert "'nowhere.csv'" in line and "No such file" in line


BAD_OPTIONS = [
    (["layers", "--csv", "good.csv"], "--csv needs --target"),
    (["layers", "--target", "y"], "--target needs --csv"),
    (["layers", "--dims", "4,16,1"], "expected 30 first"),
    (["layers", "--dims", "30,16,2"], "1 last"),
    (["layers", "--csv", "good.csv", "--target", "y", "--dims", "30,16,1"], "expected 2 first"),
    (["layers", "--dims", "30"], "--dims: expected the number of features, then"),
    (["layers", "--dims", ""], "--dims"),
    (["layers", "--dims", "30,0,1"], "--dims: expected a whole number from 1"),
    (["layers", "--dims", "30,-4,1"], "not '-4'"),
    (["layers", "--dims", "30,1.5,1"], "not '1.5'"),
    (["layers", "--dims", "30,,1"], "not ''"),
    (["layers", "--dims", "30,x,1"], "not 'x'"),
    (["layers", "--dims", "30,9999999,1"], "parameters"),
    (["layers", "--epochs", "0"], "--epochs: expected a whole number from 1"),
    (["layers", "--epochs", "-3"], "not '-3'"),
    (["layers", "--epochs", "2.5"], "not '2.5'"),
    (["layers", "--epochs", "9" * 5000], "--epochs: expected a whole number"),
    (["layers", "--lr", "0"], "--lr: expected a finite number above 0"),
    (["layers", "--lr", "-1"], "not '-1'"),
    (["layers", "--lr", "nan"], "not 'nan'"),
    (["layers", "--lr", "1e999"], "not '1e999'"),
    (["layers", "--lr", "fast"], "not 'fast'"),
    (["layers", "--seed", "-1"], "--seed: expected a whole number from 0"),
    (["layers", "--seed", str(2**32)], "--seed"),
    (["xor", "--out", "good.csv"], "cannot write to 'good.csv': it is a file, not a folder"),
    (["xor", "--out", "good.csv/out"], "cannot write to 'good.csv/out'"),
    (["xor", "--out", ""], "--out"),
    (["nonsense"], "invalid choice: 'nonsense'"),
    (["--three\nlines\nlong"], "unrecognized arguments: --three lines long"),
    (["--nonsense"], "unrecognized arguments: --nonsense"),
    (["xor", "--lr", "1"], "unrecognized arguments: --lr 1"),
]


@pytest.mark.parametrize("argv, expected", BAD_OPTIONS, ids=[" ".join(argv)[:40] for argv, _ in BAD_OPTIONS])
def test_a_bad_option(tmp_path, argv, expected):
    (tmp_path / "good.csv").write_text(GOOD)
    assert expected in complaint(command(*argv, cwd=tmp_path))
    assert os.listdir(tmp_path) == ["good.csv"]


# What it writes


class Page(HTMLParser):
    """Notes what a page is made of, and that every element is closed in the right order."""

    VOID = frozenset({"meta", "input", "br", "img", "link"})

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((data, self.open[-1] if self.open else ""))

    def all(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]


@pytest.fixture(scope="session")
def page(whole):
    return Page((whole[0] / "report.html").read_text("utf-8"))


def test_the_page_loads_nothing(page, whole):
    for tag, attrs, _ in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "img")
        for name, value in attrs.items():
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                assert value.startswith("#"), (tag, name, value)
            assert not name.startswith("on"), (tag, name)
            assert "url(" not in (value or ""), (tag, name, value)
    text = (whole[0] / "report.html").read_text("utf-8")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    (policy,) = [attrs["content"] for attrs in page.all("meta") if "http-equiv" in attrs]
    assert policy.startswith("default-src 'none'")


def test_the_page_holds_both_graphs_and_the_curves(page):
    assert [attrs["class"] for attrs in page.all("figure")] == [
        "xor-network",
        "xor-losses",
        "layers-network",
        "layers-losses",
        "table-losses",
    ]
    assert len(page.all("svg")) == 5
    written = [text.strip() for text, tag in page.texts if tag == "text"]
    for label in ("W1", "b2", "z1", "Z1", "data", "grad"):
        assert label in written, label
    # A line per training: two, four and one.
    assert len([attrs for attrs in page.all("path") if attrs.get("class") == "line"]) == 7
    # A dot for every printed loss, and one in the legend.
    assert len(page.all("circle")) == 8 + 1


def test_the_page_shows_every_formula_as_mathematics(page, whole):
    verdicts = [formula for article in whole[1]["articles"].values() for formula in article["formulas"]]
    wrong = sum(not verdict["right"] for verdict in verdicts)
    shown = [text for text, tag in page.texts if tag == "div" and text in ("WRONG", "right")]
    assert (shown.count("WRONG"), shown.count("right")) == (wrong, len(verdicts) - wrong)
    assert len(page.all("math")) >= len(verdicts) + wrong
    assert not [attrs for attrs in page.all("code") if attrs.get("class") == "latex"]
    text = "".join(text for text, _ in page.texts)
    for verdict in verdicts:
        for part in ("name", "code", "corrected_code", "why"):
            assert verdict[part] in text, (verdict["name"], part)


def test_the_page_can_be_navigated(page):
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"].removeprefix("#") for attrs in page.all("a")]
    assert targets == ["xor", "layers", "table"] and set(targets) <= set(ids)
    assert {"name": "color-scheme", "content": "light dark"} in page.all("meta")


def test_the_pictures_are_files_too(whole):
    folder, _ = whole
    pictures = sorted(folder.glob("*.svg"))
    assert len(pictures) == 5
    for path in pictures:
        root = ElementTree.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        shown = "".join(root.itertext())
        assert ("W1" in shown and "grad" in shown) == path.stem.endswith("-network")


def test_names_from_a_file_stay_text(short):
    table = GOOD.replace(",0\n", ",</td><script>alert(1)</script>\n").replace(",1\n", ",&amp;\n")
    Path("<b>.csv").write_text(table)
    assert short(["layers", "--csv", "<b>.csv", "--target", "y", "--epochs", "3", "--quiet"]) == 0
    page = Page(Path("chainrule-out", "report.html").read_text("utf-8"))
    assert page.all("script") == [] and page.all("b") == []
    text = "".join(text for text, _ in page.texts)
    assert "4 </td><script>alert(1)</script>" in text and "4 &amp;" in text and "<b>.csv" in text


def test_the_same_findings_make_the_same_files(short):
    for name in ("one", "two"):
        assert short(["layers", "--csv", "good.csv", "--target", "y", "--epochs", "3", "--quiet", "--out", name]) == 0
    for path in Path("one").iterdir():
        assert path.read_bytes() == Path("two", path.name).read_bytes(), path.name


def test_an_existing_folder_is_updated_file_by_file(short):
    folder = Path("chainrule-out")
    folder.mkdir()
    (folder / "report.html").write_text("old")
    (folder / "notes.txt").write_text("mine")
    assert short(["xor", "--quiet"]) == 0
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert sorted(os.listdir(folder)) == ["notes.txt", "report.html", "xor-losses.svg", "xor-network.svg"]
    assert sorted(os.listdir()) == ["chainrule-out", "good.csv"]


def test_a_folder_is_made_with_its_parents(short):
    assert short(["xor", "--quiet", "--out", "a/b/c"]) == 0
    assert len(os.listdir("a/b/c")) == 3 and os.listdir("a/b") == ["c"] and os.listdir("a") == ["b"]


def failing(*args, **kwargs):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("where", ["pathlib.Path.write_text", "nn.report.folder.os.replace"])
def test_a_full_disk_leaves_the_folder_as_it_was(short, monkeypatch, capsys, existing, where):
    folder = Path("deep", "out")
    if existing:
        folder.mkdir(parents=True)
        (folder / "report.html").write_text("old")
    before = sorted(Path().rglob("*"))
    with monkeypatch.context() as context:
        context.setattr(where, failing)
        assert short(["xor", "--out", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"chainrule: cannot write to {str(folder)!r}: No space left on device\n"
    assert sorted(Path().rglob("*")) == before
    assert not existing or (folder / "report.html").read_text() == "old"


def test_a_failure_leaves_the_folder_as_it_was(short, monkeypatch):
    Path("chainrule-out").mkdir()
    Path("chainrule-out", "report.html").write_text("old")

    def crash(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn.report, "document", crash)
    assert short(["xor"]) == 130
    assert Path("chainrule-out", "report.html").read_text() == "old"
    assert os.listdir("chainrule-out") == ["report.html"]


def test_a_folder_in_the_place_of_a_file(short, capsys):
    Path("chainrule-out", "report.html").mkdir(parents=True)
    assert short(["xor"]) == 2
    assert capsys.readouterr().err == "chainrule: cannot write to 'chainrule-out': report.html is a folder there\n"
    assert os.listdir("chainrule-out") == ["report.html"]


def test_a_bad_folder_is_found_before_the_work(short, monkeypatch, capsys):
    monkeypatch.setattr(xor, "run", lambda bars: pytest.fail("worked for nothing"))
    assert short(["xor", "--out", "good.csv"]) == 2
    assert "it is a file" in capsys.readouterr().err


# Where it writes to


def test_a_closed_pipe_is_no_error(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = quick("xor", cwd=tmp_path, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_standard_output_is_one(tmp_path):
    with open("/dev/full", "w") as full:
        done = quick("xor", cwd=tmp_path, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "chainrule: cannot write to the standard output: No space left on device\n"


@pytest.mark.parametrize(
    "env, sigma",
    [
        ({"PYTHONIOENCODING": "cp1252"}, "\\u03c3"),
        ({"PYTHONIOENCODING": "utf-8"}, "σ"),
        ({"PYTHONIOENCODING": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "\\u03c3"),
    ],
)
def test_any_encoding_of_the_output(tmp_path, env, sigma):
    (tmp_path / "t.csv").write_text(GOOD.replace(",0\n", ",σ\n"), encoding="utf-8")
    args = ["layers", "--csv", "t.csv", "--target", "y", "--epochs", "3"]
    done = quick(*args, cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"4 {sigma}" in done.stdout
    line = complaint(quick(*args[:3], "--target", "σ", cwd=tmp_path, env=env))
    assert sigma in line or "\\xcf" in line or "\\udc" in line
