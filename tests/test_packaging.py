"""What an installation promises: light imports, the guard against another `autograd`, names that are there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import autograd
from autograd.primitives import compositions, elementwise, indexing, linear_algebra, movement, reductions

PRIMITIVES = (compositions, elementwise, indexing, linear_algebra, movement, reductions)
ROOT = Path(__file__).parent.parent


def run(code: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, folders))
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT.anchor,
    )


def test_importing_autograd_loads_numpy_and_nothing_else_that_is_heavy():
    code = "import sys, numpy; before = set(sys.modules); import autograd; print(*sorted(set(sys.modules) - before))"
    new = run(code, ROOT).stdout.split()
    assert "autograd.sweep" in new
    foreign = {name.partition(".")[0] for name in new} - set(sys.stdlib_module_names) - {"autograd"}
    assert foreign <= {"numpy"}, foreign
    assert not {"inspect", "dataclasses", "subprocess", "string"} & set(new)


def test_another_autograd_in_its_place_is_a_clear_error(tmp_path):
    other = tmp_path / "autograd"
    other.mkdir()
    (other / "__init__.py").write_text("from collections import OrderedDict as grad\n")
    (tmp_path / "nn").symlink_to(ROOT / "nn")
    failed = run("import nn", tmp_path)
    assert failed.returncode != 0
    last = failed.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: the package `autograd` that Python found is not chainrule's")
    assert "pip uninstall autograd" in last and str(other) in last


def test_every_public_name_is_there_and_documented():
    names = [name for name in dir(autograd) if not name.startswith("_")]
    assert {"Tensor", "Value", "grad", "sigmoid", "where", "einsum", "no_grad", "primitive", "scalars"} <= set(names)
    undocumented = [name for name in names if not getattr(autograd, name).__doc__]
    assert undocumented == []


def test_the_lazy_readers_are_there_and_nothing_else_is():
    assert autograd.draw(autograd.Value(1.0)).source.startswith("digraph")
    try:
        autograd.no_such_name  # noqa: B018
    except AttributeError as error:
        assert "no_such_name" in str(error)
    else:
        raise AssertionError("a name that is not there was found")


def test_a_star_import_brings_the_lazy_names_and_leaves_pythons_own_alone():
    names = {}
    exec("from autograd import *", names)
    assert {"draw", "steps", "diagnose", "check_grads", "find_fault", "Tensor", "where", "no_grad"} <= set(names)
    assert not {"max", "sum", "graph", "Any", "TYPE_CHECKING"} & set(names)
    exported = {name for module in PRIMITIVES for name in module.__all__}
    assert exported - set(names) == {"abs", "max", "min", "pow", "sum"}
    assert sorted(set(autograd._READERS) - set(names)) == []


def test_the_readme_and_ci_run_the_same_commands():
    commands = re.findall(r"^pip install .*$", (ROOT / "README.md").read_text(), re.M)
    assert len(commands) == 2
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    assert all(command in ci for command in commands)
