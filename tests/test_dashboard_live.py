"""The live dashboard where it lives: trained in a real kernel, each drawing put into a page of a real browser."""

import os
import sys
import tempfile

import pytest

PAGE = """<!DOCTYPE html>
<meta charset="utf-8"><meta name="color-scheme" content="light dark">
<div id="output"></div>
"""
CELL = """
import nn
nn.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 8), nn.Sigmoid(), nn.Linear(8, 2))
callbacks = [nn.LayerStatistics(), nn.LiveDashboard()]
nn.dashboard.live.SHARE = float("inf")
history = nn.fit(model, nn.CrossEntropyLoss(), nn.datasets.moons(64), epochs=5, progress=False,
                 optimizer=nn.optim.Adam(model.parameters(), lr=0.05), callbacks=callbacks)
"""


@pytest.fixture(scope="module")
def outputs():
    """What a notebook is told to show while the cell runs: (kind of message, display's name, HTML)."""
    manager = pytest.importorskip("jupyter_client.manager")
    spec = pytest.importorskip("jupyter_client.kernelspec").KernelSpec
    pytest.importorskip("ipykernel")
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel = manager.KernelManager()
        kernel._kernel_spec = spec(argv=argv, display_name="Python 3", language="python")
        kernel.start_kernel(env={**os.environ, "IPYTHONDIR": folder, "JUPYTER_DATA_DIR": folder})
        client = kernel.client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=120)
            told = []
            reply = client.execute_interactive(CELL, timeout=120, output_hook=told.append)
        finally:
            client.stop_channels()
            kernel.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok", reply["content"]
    shown = [message for message in told if "data" in message["content"]]
    return [
        (message["msg_type"], message["content"]["transient"]["display_id"], message["content"]["data"]["text/html"])
        for message in shown
    ]


def test_one_output_is_drawn_anew_after_every_epoch(outputs):
    assert [kind for kind, _, _ in outputs] == ["display_data"] + 4 * ["update_display_data"]
    assert len({name for _, name, _ in outputs}) == 1
    assert [html[html.index("<strong>") + 8] for _, _, html in outputs] == list("12345")


@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_shows_each_drawing(chromium, outputs, dark, tmp_path):
    page = tmp_path / "notebook.html"
    page.write_text(PAGE, encoding="utf-8")
    chromium.open(page.as_uri(), dark=dark)
    seen = []
    for _, _, html in outputs:
        chromium.run(f"document.getElementById('output').innerHTML = {html!r}")
        chromium.run("Promise.all([...document.images].map(image => image.decode()))")
        places = chromium.run(
            "[...document.images].map(image => image.getBoundingClientRect()).map(r => [r.left, r.top, r.width])"
        )
        assert len(places) == 3 and len({round(width) for _, _, width in places}) == 1, "all of one size"
        assert places[0][1] == places[1][1] < places[2][1], "two beside each other"
        seen.append(chromium.screenshot())
    assert len(set(seen)) == len(seen), "each shows more than the one before"
    assert not chromium.complaints
    assert [address for address in chromium.requests if not address.startswith(("file:", "data:"))] == []
