"""The benchmark runs, compares only contestants whose results agree, and says what it left out."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.benchmarks import measuring, networks, processes  # noqa: E402
from tests.benchmarks.__main__ import parse  # noqa: E402
from tests.benchmarks.contestants import missing, trainers  # noqa: E402
from tests.benchmarks.targets import targets  # noqa: E402


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    files = ["--json", folder / "results.json", "--picture", folder / "picture.svg"]
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--against", "hand", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads((folder / "results.json").read_text())


def test_every_network_is_measured_with_both_sigmoids(quick):
    _, results = quick
    measured = {(row["network"], row["sigmoid"], row["contestant"]) for row in results["networks"]}
    assert measured == {
        (network, sigmoid, contestant)
        for network in ("3-4-1", "2-16-16-1", "64-32-10", "784-128-10", "20 layers of 32")
        for sigmoid in ("sigmoid", "composed")
        for contestant in ("by hand", "chainrule", "chainrule, X and Y plain")
    }
    for row in results["networks"]:
        assert row["microseconds"] > 0 and row["to chainrule"] > 0
        assert 0 < row["to hand"]["low"] <= row["to hand"]["ratio"] <= row["to hand"]["high"]
        if row["contestant"] == "by hand":
            assert row["to hand"]["ratio"] == 1


def test_scalars_chain_imports_and_machine_are_measured(quick):
    _, results = quick
    assert [(row["contestant"], row["collector"]) for row in results["moons"]] == [
        ("chainrule", "collector on"),
        ("chainrule", "collector off"),
    ]
    for row in results["moons"]:
        assert row["milliseconds"] > 0 and row["nodes"] > 1000
        assert 50 < row["bytes per node"] <= row["bytes per node after backward"] < 1000
    assert [row["length"] for row in results["chain"]["lengths"]] == [100, 1000, 10000]
    assert all(row["backward ns per node"] > 0 for row in results["chain"]["lengths"])
    assert math.isfinite(results["chain"]["exponent"])
    assert results["imports"]["python ms"] > 0 and results["imports"]["numpy adds ms"] > 0
    assert results["machine"]["versions"]["numpy"] == np.__version__


def test_the_table_has_a_row_per_network_and_names_the_targets(quick):
    printed, results = quick
    assert sum(line.startswith("| 20 layers of 32, 32 |") for line in printed.splitlines()) == 2
    for target in targets(results):
        assert target.what in printed
    assert len(targets(results)) == 7


def test_a_wrong_gradient_is_not_timed():
    hand = trainers("hand")["by hand"]

    class Wrong(hand):
        def step(self):
            loss = super().step()
            self.layers[0][1][0] *= 1 + 1e-6
            return loss

    problem = networks.problem((3, 4, 1), 4)
    with pytest.raises(AssertionError, match=r"wrong \(sigmoid\): the gradient of parameter 1 differs"):
        networks.assert_equal_results({"by hand": hand, "wrong": Wrong}, problem, "sigmoid")


def test_the_step_by_hand_has_the_gradient_of_its_loss():
    X, Y, parameters = networks.problem((2, 3, 1), 5)
    rate, h = 1024.0, 1e-5
    trainer = trainers("hand")["by hand"](X, Y, parameters, rate, "sigmoid")
    trainer.step()
    for i, (before, after) in enumerate(zip(parameters, trainer.parameters(), strict=True)):
        for index in np.ndindex(before.shape):
            losses = []
            for sign in (1, -1):
                moved = [parameter.copy() for parameter in parameters]
                moved[i][index] += sign * h
                losses.append(trainers("hand")["by hand"](X, Y, moved, rate, "sigmoid").step())
            slope = (losses[0] - losses[1]) / (2 * h)
            assert (before - after)[index] / rate == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_a_ratio_is_taken_round_by_round_and_a_process_counts_once():
    slow_start = {"ours": [30.0, 2.0, 2.0], "hand": [10.0, 1.0, 1.0]}
    steady = {"ours": [3.0, 3.0, 3.0, 3.0, 3.0], "hand": [1.0, 1.0, 1.0, 1.0, 1.0]}
    fast = {"ours": [1.0], "hand": [1.0]}
    ratio = measuring.ratio([slow_start, steady, fast], "ours", "hand")
    assert ratio == {"ratio": 2.0, "low": 1.0, "high": 3.0}


def test_a_peer_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert missing(["hand", "torch", "hips"], tmp_path / "nothing") == {
        "torch": "pip install torch",
        "hips": f"pip install --no-deps --target {tmp_path / 'nothing'} autograd",
    }
    (tmp_path / "autograd").mkdir()
    assert missing(["hips"], tmp_path) == {}


def test_every_contestant_meets_the_memory_that_was_asked_for(monkeypatch):
    environments = []

    def run(command, *, env, **options):
        environments.append(env)
        return subprocess.CompletedProcess(command, 0, "{}", "")

    for name in processes.MEMORY["kept"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(subprocess, "run", run)
    for memory in ("kept", "default"):
        processes.run("networks", {}, memory)
    kept, default = environments
    assert kept.items() - default.items() == processes.MEMORY["kept"].items()
    assert default["OMP_NUM_THREADS"] == "1"
    assert parse([]).memory == "kept" and parse(["--memory", "default"]).memory == "default"


def test_an_unknown_peer_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse(["--against", "hand,tensorflow"])
    assert "'tensorflow' is none of hand, micrograd, torch" in capsys.readouterr().err
