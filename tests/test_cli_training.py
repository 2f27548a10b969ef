"""The commands `train` and `predict`: a saved network tells classes as it did in training; what fails, fails whole."""

import csv
import io
import json
import os

import numpy as np
import pytest
from commands import command, complaint

import nn
import nn.cli
from nn.classifier import Classifier, load_classifier, save_classifier
from nn.preparation import split


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """The command in this process and in a folder of its own: the exit code and what it wrote."""
    monkeypatch.chdir(tmp_path)
    X, y = nn.datasets.blobs(60, std=0.3, seed=3)
    lines = [f"{a!r},{'kno'[label]},{b!r},n{i}" for i, ((a, b), label) in enumerate(zip(X.tolist(), y, strict=True))]
    (tmp_path / "blobs.csv").write_text("east,shape,north,id\n" + "\n".join(lines) + "\n")
    learned = [line.rpartition(",")[0] for line in (tmp_path / "blobs.csv").read_text().splitlines()]
    (tmp_path / "learn.csv").write_text("\n".join(learned) + "\n")

    def run(*args):
        code = nn.cli.main([str(arg) for arg in args])
        return code, *capsys.readouterr()

    return run


LEARN = ["train", "--data", "learn.csv", "--target", "shape", "--epochs", "30", "--save", "m.npz"]


# What it does


def test_a_table_of_three_classes_is_learned_saved_and_predicted(run):
    code, out, err = run(*LEARN, "--layers", "2,8,3", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["examples"] == [48, 12] and found["classes"] == ["k", "n", "o"] and found["layers"] == [2, 8, 3]
    assert found["test"] == found["train"] == 1.0 and found["guess"] == pytest.approx(1 / 3)
    assert len(found["history"]["loss"]) == 30 and found["file"] == "m.npz"

    code, out, err = run("predict", "--model", "m.npz", "--data", "blobs.csv")  # which has another column, and in order
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    with open("blobs.csv") as file:
        actual = [row["shape"] for row in csv.DictReader(file)]
    assert [row["shape"] for row in rows] == actual
    assert all(1 / 3 < float(row["probability"]) <= 1 for row in rows)

    code, out, _ = run("predict", "--model", "m.npz", "--data", "blobs.csv", "--json")
    assert json.loads(out)["accuracy"] == 1.0 and json.loads(out)["predictions"] == actual


def test_rows_of_unknown_class_count_as_wrong_and_may_lack_one(run, tmp_path):
    run(*LEARN)
    header, first, second, third, *_ = (tmp_path / "blobs.csv").read_text().splitlines()
    east, _, north, name = second.split(",")
    (tmp_path / "new.csv").write_text("\n".join([header, first, f"{east},zebra,{north},{name}", third]))
    assert json.loads(run("predict", "--model", "m.npz", "--data", "new.csv", "--json")[1])["accuracy"] == 2 / 3
    (tmp_path / "new.csv").write_text("north,east\n1,2\n")
    found = json.loads(run("predict", "--model", "m.npz", "--data", "new.csv", "--json")[1])
    assert found["accuracy"] is None and len(found["predictions"]) == 1


def test_the_figures_are_those_of_the_saved_model(run):
    code, out, _ = run("train", "--data", "iris", "--epochs", "20", "--save", "m.npz", "--json")
    assert code == 0
    found, model = json.loads(out), load_classifier("m.npz")
    data = nn.datasets.iris()
    X, X_test, y, y_test = split(data.X, data.y, seed=3)
    assert found["train"] == np.mean(model.predict(X)[0] == y)
    assert found["test"] == np.mean(model.predict(X_test)[0] == y_test)
    scaled = np.asarray(model.scale(X))
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1)
    _, out, _ = run("predict", "--model", "m.npz", "--data", "iris", "--json")
    assert json.loads(out)["accuracy"] == pytest.approx((found["train"] * 120 + found["test"] * 30) / 150)


def test_the_options_reach_the_training(run):
    def losses(*options):
        return json.loads(run(*LEARN[:-2], "--json", *options)[1])["history"]["loss"]

    first = losses()
    assert losses() == first and len(losses("--epochs", "4")) == 4
    for options in (("--seed", "4"), ("--lr", "0.01"), ("--batch-size", "7"), ("--layers", "2,5,3")):
        assert losses(*options)[0] != first[0], options


def test_what_is_printed(run):
    code, out, err = run(*LEARN)
    assert (code, err) == (0, "")
    for part in ("48 examples to learn from, 12 to be tested on", "2-64-3, 387 parameters", "100.0% of the others",
                 "commonest class: 33.3%", "The model is m.npz"):  # fmt: skip
        assert part in out
    assert run(*LEARN, "--quiet") == (0, "", "")
    assert run("predict", "--model", "m.npz", "--data", "blobs.csv", "--quiet") == (0, "", "")


def test_a_model_in_safetensors(run):
    pytest.importorskip("safetensors")
    assert run(*LEARN[:-1], "m.safetensors", "--quiet")[0] == 0
    assert run("predict", "--model", "m.safetensors", "--data", "blobs.csv")[1].count("\n") == 61


def test_the_command_in_a_process_of_its_own(tmp_path):
    done = command(
        "train", "--data", "digits", "--layers", "64,32,10", "--epochs", "3", "--save", "m.npz", cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "") and "64-32-10, 2,410 parameters" in done.stdout
    done = command("predict", "--model", "m.npz", "--data", "digits", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and json.loads(done.stdout)["accuracy"] > 0.8
    assert os.listdir(tmp_path) == ["m.npz"]


# Columns on any scale


def test_huge_and_constant_columns_are_standardised():
    model = Classifier((3, 2), "abc", "xy", "class")
    X = np.array([[1e300, 5, 1e-300], [-1e300, 5, 2e-300], [3e300, 5, 3e-300]])
    model.scale.measure(X)
    scaled = np.asarray(model.scale(X))
    np.testing.assert_allclose(scaled[:, [0, 2]].std(axis=0), 1)
    assert (scaled[:, 1] == 0).all() and model.scale(np.array([[0.0, 99.0, 0.0]]))[0, 1] == 0


# What it refuses

CSV = ["--data", "learn.csv", "--target", "shape"]
BAD = [
    (["train"], "the following arguments are required: --data"),
    (["train", "--data", "learn.csv"], "--data 'learn.csv' needs --target"),
    (["train", "--data", "mnist"], "without a file, the data is one of digits, breast_cancer, iris"),
    (["train", "--data", "iris", "--target", "species"], "--target needs a CSV file"),
    (["train", "--data", "absent.csv", "--target", "y"], "'absent.csv': cannot be read: No such file"),
    (["train", "--data", "learn.csv", "--target", "shap"], "did you mean 'shape'?"),
    (["train", "--data", "plain.csv", "--target", "y"], "expected 2 or more, each in several rows"),
    (["train", "--data", "blobs.csv", "--target", "shape"], "column 'id': 'n0' is not a number"),
    (["train", *CSV, "--layers", "2,8,2"], "expected 2 first, as many as there are features, and 3 last"),
    (["train", *CSV, "--layers", "3,8,3"], "--layers 3,8,3 does not fit"),
    (["train", *CSV, "--layers", "2,9999999,3"], "parameters"),
    (["train", *CSV, "--epochs", "0"], "--epochs: expected a whole number from 1"),
    (["train", *CSV, "--batch-size", "0"], "--batch-size: expected a whole number from 1"),
    (["train", *CSV, "--lr", "0"], "--lr: expected a finite number above 0"),
    (["train", *CSV, "--save", "m.pt"], "--save: the file's name must end in .npz or .safetensors, got 'm.pt'"),
    (["train", *CSV, "--save", "absent/m.npz"], "cannot write to 'absent/m.npz': No such file"),
    (["train", *CSV, "--save", "learn.csv/m.npz"], "cannot write to 'learn.csv/m.npz'"),
    (["--out", "there", "train", *CSV], "--out is where a report goes, and train writes none"),
    (["train", *CSV, "--out", "there"], "unrecognized arguments: --out there"),
    (["predict", "--data", "iris"], "the following arguments are required: --model"),
    (["predict", "--model", "absent.npz", "--data", "iris"], "cannot read 'absent.npz': No such file"),
    (["predict", "--model", "learn.csv", "--data", "iris"], "must end in .npz or .safetensors"),
    (["predict", "--model", "good.npz", "--data", "iris"], "'good.npz' takes other features than those of iris"),
    (["predict", "--model", "good.npz", "--data", "digit"], "without a file, the data is one of digits"),
    (["predict", "--model", "good.npz", "--data", "bad.csv"], "no column 'north'"),
    (["predict", "--model", "good.npz", "--data", "huge.csv"], "no finite answer for row 2 of 'huge.csv'"),
    (["predict", "--model", "other.npz", "--data", "iris"], "is not a classifier's file: it was not written by"),
    (["predict", "--model", "short.npz", "--data", "iris"], "cannot be read as .npz"),
]


@pytest.mark.parametrize("argv, expected", BAD, ids=[" ".join(argv)[:60] for argv, _ in BAD])
def test_what_cannot_be_used_is_refused_in_one_line(run, tmp_path, argv, expected):
    model = Classifier((2, 4, 3), ("east", "north"), "kno", "shape")
    model.net[0].weight.data = np.full((4, 2), 1e9)
    save_classifier(model, "good.npz")
    (tmp_path / "plain.csv").write_text("x,y\n1,0.5\n2,0.7\n3,0.9\n")
    nn.save(nn.Linear(2, 3), "other.npz")
    (tmp_path / "short.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:-40])
    (tmp_path / "bad.csv").write_text("east\n1\n")
    (tmp_path / "huge.csv").write_text("east,north\n1,1\n1e308,1e308\n")
    before = sorted(os.listdir())
    code, out, err = run(*argv)
    assert (code, out) == (2, "") and err.startswith("chainrule: ") and err.count("\n") == 1
    assert expected in err
    assert sorted(os.listdir()) == before


def change(path, arrays=None, **facts):
    from nn import storage

    old_arrays, old_facts = storage.read(path)
    storage.write(path, {**old_arrays, **(arrays or {})}, {**old_facts, **facts})


@pytest.mark.parametrize(
    "changed",
    [
        {"features": ["east"]},
        {"features": ["east", "east"]},
        {"features": ["east", 7]},
        {"classes": ["k", "n"]},
        {"classes": 3},
        {"target": None},
        {"features": None},
        {"arrays": {"net.0.weight": np.zeros(3)}},
        {"arrays": {"net.0.weight": np.zeros((4, 3))}},
        {"arrays": {"net.7.weight": np.zeros((4, 3))}},
        {"arrays": {"net.²2.weight": np.zeros((4, 3))}},
        {"arrays": {"net.2.bias": np.zeros(9)}},
        {"arrays": {"scale.mean": np.zeros(9)}},
    ],
)
def test_a_spoiled_model_is_refused(run, changed):
    save_classifier(Classifier((2, 4, 3), ("east", "north"), "kno", "shape"), "m.npz")
    assert run("predict", "--model", "m.npz", "--data", "blobs.csv")[0] == 0
    change("m.npz", **changed)
    code, out, err = run("predict", "--model", "m.npz", "--data", "blobs.csv")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "'m.npz' is not a classifier's file" in err


def test_a_diverging_training_saves_nothing(run):
    code, out, err = run(*LEARN, "--lr", "1e300")
    assert (code, out) == (1, "") and "the training failed: the loss is" in err and err.count("\n") == 1
    assert not os.path.exists("m.npz")


def test_ctrl_c_saves_the_best_epoch(tmp_path):
    code = """
import os, signal, sys
import nn.cli, nn.optim.adam
step, count = nn.optim.Adam.step, []
def stepped(self):
    count.append(1)
    if len(count) == {at}:
        os.kill(os.getpid(), signal.SIGINT)
    step(self)
nn.optim.Adam.step = stepped
sys.exit(nn.cli.main(sys.argv[1:]))
"""
    args = ["train", "--data", "iris", "--epochs", "50", "--save", "m.npz"]  # four updates to an epoch
    line = complaint(command(*args, code=code.format(at=2), cwd=tmp_path), 130)
    assert line == "chainrule: interrupted\n" and os.listdir(tmp_path) == []
    line = complaint(command(*args, code=code.format(at=14), cwd=tmp_path), 130)
    assert line == "chainrule: interrupted after epoch 3; 'm.npz' has the best epoch, 3\n"
    done = command(*args[:3], "--epochs", "3", "--save", "three.npz", "--quiet", cwd=tmp_path)
    assert done.returncode == 0
    first, second = (load_classifier(tmp_path / name).state_dict() for name in ("m.npz", "three.npz"))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
