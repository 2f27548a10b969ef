"""The command `chainrule`: what it finds out, what it prints, and how it fails."""

import dataclasses
import importlib
import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from commands import GOOD, ROOT, command, complaint, quick

import autograd
import nn.cli
import nn.findings
from nn.articles import layers, xor
from nn.articles.formula import Expression

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
    for part in ("WRONG", "0.0624", "0.99891", "sigmoid_prime(output_activation)", "a2 is already sigma(z2)"):
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
