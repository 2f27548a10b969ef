"""Runs the command `chainrule` in a process of its own, for the tests."""

import os
import subprocess
import sys
from pathlib import Path

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


def complaint(done, code=2):
    """The one line that a failed command leaves."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("chainrule: ") and done.stderr.endswith("\n") and done.stderr.count("\n") == 1
    return done.stderr
