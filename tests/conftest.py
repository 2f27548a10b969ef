"""What several test files need: the command in this process, and what the main command writes."""

import functools
import json
import signal
from pathlib import Path

import browser
import pytest
from commands import GOOD, command

import nn.cli
from nn.articles import layers, xor

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", params=browser.kinds() or ["none"])
def chromium(request):
    """A real browser, for each kind that is here."""
    if request.param == "none":
        pytest.skip(browser.MISSING)
    running = browser.Browser(request.param)
    yield running
    running.close()


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
