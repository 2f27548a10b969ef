"""The doctor on the two articles, and on the command line."""

import json

import pytest
from doctor_trials.by_hand import names

import autograd
from autograd import diagnose
from autograd.doctor import CATALOGUE
from nn.articles import backward, examine, layers, why, xor
from nn.cli import main


def written_backward_pass(params, X, Y):
    """Article A's, as it is written."""
    values = {"X": X, "Y": Y, **params, **xor.forward(X, Y, **params)}
    results = backward([formula for formula in xor.formulas() if formula.loss == "loss"], values)
    return {key: results[key] for key in ("d_out", "d_hid", "dW2", "dW1", "db2", "db1")}


def test_article_a_every_wrong_formula_is_explained():
    diagnosis = diagnose(
        written_backward_pass,
        lambda params, X, Y: xor.forward(X, Y, **params),
        xor.init_params(),
        xor.X,
        xor.Y,
        of={"d_out": "z2", "d_hid": "z1"},
        lr=1.0,
    )
    assert sorted(names(diagnosis)) == ["at-output", "mean-for-sum", "wrong-axis"]
    own = {mistake.name: mistake.own for mistake in diagnosis.mistakes}
    assert own["at-output"] == ("d_out", "d_hid")
    assert (
        diagnosis["d_hid"].sentence
        == "d_hid uses sigma'(a1): a1 is already sigma(z1). Write a1 * (1 - a1), or sigma'(z1)."
    )
    assert own["wrong-axis"] == ("db1",) and "axis 1" in diagnosis["db1"].sentence
    assert own["mean-for-sum"] == ("db2",)
    assert diagnosis["dW1"].inherited and diagnosis["dW2"].inherited
    assert not diagnosis["db1"].alternatives
    figures = {
        key: (round(diagnosis[key].relative_error, 3), round(diagnosis[key].cosine, 3)) for key in ("dW1", "db1")
    }
    assert figures == {"dW1": (0.886, 0.806), "db1": (0.878, 0.485)}


def test_article_b_the_key_clash():
    article = layers.article()
    right = {f"d{label}": autograd.grad(article.loss, article.nodes[label]) for label in ("W1", "b1", "W2", "b2")}
    assert not diagnose(right, article.loss).mistakes
    overwritten = {"dW1": right["dW1"], "db1": right["db1"]}
    diagnosis = diagnose(overwritten, article.loss)
    assert names(diagnosis) == ["key-clash"] and diagnosis.missing == ("W2", "b2")
    assert diagnosis["dW1"].status == "right"
    kept = {"dW1": right["dW2"], "db1": right["db2"]}  # the output layer's, under the hidden layer's name
    diagnosis = diagnose(kept, article.loss)
    assert {"other-name", "shifted"} & set(names(diagnosis)) and "key-clash" not in names(diagnosis)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("dJ/dw", "lacks the factor (a1 - y), which the square leaves behind: without it the target plays no part"),
        ("dJ/db", "lacks the factor (a1 - y), which the square leaves behind: without it the target plays no part"),
        ("d_out", "uses sigma'(a2): a2 is already sigma(z2)"),
        ("d_hid", "uses sigma'(a1): a1 is already sigma(z1)"),
        ("db2", "takes the mean over the examples, where every example adds its part"),
        ("db1", "takes the mean over axis 1, the units, where the sum over axis 0, the examples, is due"),
        ("w - (1/n) sum dJ/dw", "is m / 2 times what it should be"),
    ],
)
def test_article_a_why(formula, said):
    (verdict,) = [verdict for verdict in examine(xor.article()) if verdict.formula.name == formula]
    assert not verdict.right
    assert f"{formula} {said}" in why(verdict)


def test_the_catalogue_on_the_command_line(capsys):
    assert main(["diagnose", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [mistake.name for mistake in CATALOGUE]
    assert all(line.endswith(mistake.description) for line, mistake in zip(lines, CATALOGUE, strict=True))
    assert main(["diagnose", "--list", "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == [mistake.name for mistake in CATALOGUE]
    assert main(["diagnose"]) == 2 and "--list" in capsys.readouterr().err
    assert main(["--out", "here", "diagnose", "--list"]) == 2
