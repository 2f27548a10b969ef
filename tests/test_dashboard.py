"""The training dashboard: what is measured of each layer is right, and every history can be looked at."""

import base64
import builtins
import math
import re
import sys
import types
from xml.etree import ElementTree

import numpy as np
import pytest

import autograd
import nn
from nn.dashboard.drawing import drawing
from nn.dashboard.heat import NOT_FINITE, PALETTE, ZERO, heat_map
from nn.dashboard.panels import panels
from nn.dashboard.statistics import gradient_norms, saturation

X, Y = nn.datasets.moons(64)


def trained(model, epochs=3, callbacks=(), **options):
    return nn.fit(
        model,
        nn.CrossEntropyLoss(),
        (X, Y),
        epochs=epochs,
        optimizer=nn.optim.SGD(model.parameters(), lr=0.1),
        callbacks=callbacks,
        progress=False,
        **options,
    )


def texts(svg):
    return [" ".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


# --- what is measured -----------------------------------------------------------------------------------------------


class Network(nn.Module):
    """Activations as modules, as functions, twice in a row, and at every step."""

    def __init__(self):
        self.hidden = nn.Linear(2, 6)
        self.block = nn.Sequential(nn.Linear(6, 6), nn.Sigmoid())
        self.cell = nn.RNNCell(6, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        h = np.tanh(np.tanh(self.hidden(x)) * 9.0)
        h, state = self.block(autograd.relu(h)), None
        for _ in range(3):
            state = self.cell(h, state)
        return self.out(state)


def test_the_gradient_norm_of_each_layer_is_that_of_its_own_parameters():
    nn.manual_seed(0)
    model = Network()
    nn.CrossEntropyLoss()(model(X), Y).backward()
    norms = dict(gradient_norms(model))
    assert list(norms) == ["hidden (Linear)", "block.0 (Linear)", "cell (RNNCell)", "out (Linear)"]
    by_hand = {
        name: np.linalg.norm(np.concatenate([part.grad.ravel() for part in module.parameters()]))
        for name, module in (("hidden (Linear)", model.hidden), ("cell (RNNCell)", model.cell))
    }
    for name, norm in by_hand.items():
        assert norms[name] == pytest.approx(norm, rel=1e-12)


def test_the_saturation_of_each_activation_is_counted_from_its_slope():
    nn.manual_seed(0)
    model = Network()
    model.hidden.weight.data = model.hidden.weight.data * 2
    shares = dict(saturation(model, X))
    assert list(shares) == [
        "(Network) tanh",
        "(Network) tanh 2",
        "(Network) relu",
        "block.1 (Sigmoid)",
        "cell (RNNCell) tanh",
    ]
    first = np.tanh(X @ model.hidden.weight.data.T + model.hidden.bias.data)
    second = np.tanh(9 * first)
    assert shares["(Network) tanh"] == np.mean(1 - first**2 < 0.01)
    assert shares["(Network) tanh 2"] == np.mean(1 - second**2 < 0.01)
    assert 0.1 < shares["(Network) tanh 2"] < 1
    assert shares["(Network) relu"] == np.mean(second <= 0)
    assert shares["block.1 (Sigmoid)"] == 0
    assert dict(saturation(model, X, flat=1.5))["block.1 (Sigmoid)"] == 1
    with autograd.trace_lines():
        assert dict(saturation(model, X)) == shares


def test_the_callback_notes_both_after_every_epoch_and_changes_nothing():
    histories = []
    for callbacks in ([], [nn.LayerStatistics()]):
        nn.manual_seed(0)
        histories.append(trained(Network(), callbacks=callbacks))
    plain, measured = histories
    assert measured["loss"] == plain["loss"]
    assert [name.partition("/")[0] for name in measured] == ["loss"] + ["gradient norm"] * 4 + ["saturation"] * 5
    assert all(len(values) == 3 and np.isfinite(values).all() for values in measured.values())


def test_the_callback_sees_the_last_batch():
    seen = []
    nn.manual_seed(0)
    trained(nn.Linear(2, 2), 2, [lambda training: seen.append((training.epochs, *training.batch))], batch_size=24)
    for epochs, inputs, targets in seen:
        assert epochs == 2
        assert inputs.shape == (16, 2)
        assert targets.shape == (16,)


def test_statistics_go_through_a_checkpoint(tmp_path):
    def run(epochs, **options):
        nn.manual_seed(0)
        return trained(
            nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)), epochs, [nn.LayerStatistics()], **options
        )

    whole = run(4)
    run(2, checkpoint=tmp_path / "run.npz")
    assert run(4, checkpoint=tmp_path / "run.npz", resume=True) == whole


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="flat"):
        nn.LayerStatistics(flat=-1)
    with pytest.raises(TypeError, match="history must be a dict of lists"):
        nn.Dashboard([1.0])
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        nn.Nothing  # noqa: B018


# --- what is shown --------------------------------------------------------------------------------------------------


def deep(layers, epochs=5):
    return {
        "loss": [1 / epoch for epoch in range(1, epochs + 1)],
        **{f"gradient norm/{i} (Linear)": [10.0 ** (i - layers)] * epochs for i in range(layers)},
        **{f"saturation/{i} (Tanh)": [i / layers] * epochs for i in range(layers)},
    }


HISTORIES = {
    "nothing": {},
    "an empty list": {"loss": []},
    "one epoch": {"loss": [0.7], "validation_loss": [0.8], "gradient norm/0 (Linear)": [1.0]},
    "nan throughout": {"loss": [math.nan] * 3, "other": [math.nan] * 3, "gradient norm/0 (Linear)": [math.nan] * 3},
    "inf": {"loss": [0.5, math.inf, math.nan], "accuracy": [0.5, math.nan, 0.7]},
    "zeros": {"loss": [0.0, 0.0], "gradient norm/0 (Linear)": [0.0, 0.0], "saturation/1 (ReLU)": [0.0, 1.0]},
    "few layers": deep(3),
    "many layers": deep(60),
    "10,000 epochs": deep(8, 10_000),
    "names": {"loss": [0.5, 0.4], "a<b>&'\"": [1.0, 2.0], 'gradient norm/<script>alert("x")</script>': [1.0, 0.0]},
    "lists of different lengths": {"loss": [0.5, 0.4, 0.3], "accuracy": [0.1]},
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_every_history_can_be_looked_at(history):
    dashboard = nn.Dashboard(history, "a title <&>")
    page = dashboard.html()
    assert page.startswith("<!DOCTYPE html>")
    assert "a title &lt;&amp;&gt;" in page
    assert "<script" not in page + dashboard._repr_html_()
    assert not re.search(r"\b(?:src|href)=[\"'](?!#|data:)", page)
    assert len(page) < 400_000
    drawn = [svg for svg in map(drawing, dashboard.panels) if svg is not None]
    assert page.count("<svg") == dashboard._repr_html_().count("<img") == len(drawn)
    for svg in drawn:
        ElementTree.fromstring(svg)
        assert not re.search(r"\b(?:nan|inf)\b", svg)
    assert repr(dashboard).startswith(f"{max(map(len, history.values()), default=0):,} epoch")


def test_the_notebook_shows_images():
    html = nn.Dashboard(deep(3))._repr_html_()
    (first, *_) = re.findall(r"data:image/svg\+xml;base64,([^']+)", html)
    assert ElementTree.fromstring(base64.b64decode(first)).tag.endswith("svg")


def test_the_figures_to_remember():
    history = nn.History(
        {
            "loss": [0.7, 0.5, 0.4],
            "validation_loss": [0.8, 0.6, 0.65],
            "accuracy": [0.5, 0.75, 0.875],
            "gradient norm/0 (Linear)": [1.0, 1.0, 0.001],
            "gradient norm/2 (Linear)": [1.0, 1.0, 2.0],
            "saturation/1 (Tanh)": [0.0, 0.5, 0.95],
        }
    )
    history.best, history.stopped = 2, "no better since epoch 2"
    facts = {fact.about: (fact.value, fact.tone) for fact in nn.Dashboard(history)._facts()}
    assert facts == {
        "epochs, stopped: no better since epoch 2": ("3", "plain"),
        "loss": ("0.4", "plain"),
        "validation loss; at its lowest 0.6, after epoch 2": ("0.65", "plain"),
        "accuracy": ("87.5%", "plain"),
        "the gradient of 0 (Linear) against the longest": ("1 : 2,000", "good"),
        "of the units of 1 (Tanh) have next to no slope": ("95%", "bad"),
    }


@pytest.mark.parametrize("best", [0, 2])
def test_the_best_epoch_is_told_only_where_it_is_another_than_the_last(best):
    history = nn.History({"loss": [0.5, 0.4]})
    history.best = best
    assert [fact.about for fact in nn.Dashboard(history)._facts()] == ["epochs", "loss"]


def test_a_gradient_that_vanishes_and_a_loss_that_is_not_finite_are_bad():
    history = deep(3)
    history["gradient norm/0 (Linear)"] = [1.0] * 4 + [1e-12]
    history["loss"] = [0.5, math.nan, 0.5, math.inf, math.nan]
    facts = {fact.about: (fact.value, fact.tone) for fact in nn.Dashboard(history)._facts()}
    assert facts["loss; not finite from epoch 4 on"] == ("nan", "bad")
    assert facts["the gradient of 0 (Linear) against the longest"] == ("1 : 1e+11", "bad")
    loss = nn.Dashboard(history).panels[0]
    assert loss.caption == "The loss is not finite in epochs 2, 4 to 5."
    assert "not finite" in texts(drawing(loss))


def test_what_was_measured_now_and_then_is_no_fault():
    (panel,) = panels({"loss": [0.5] * 6, "validation_loss": [math.nan, 0.6] * 3})
    assert panel.caption == ""
    assert "not finite" not in texts(drawing(panel))
    (fact,) = [f for f in nn.Dashboard({"validation_loss": [0.6, math.nan]})._facts() if "validation" in f.about]
    assert (fact.value, fact.tone) == ("0.6", "plain")


def test_a_single_epoch_is_a_dot():
    svg = drawing(panels({"loss": [0.5]})[0])
    (path,) = re.findall(r"class='line' d='M([^']*)'[^>]*stroke-linecap:round", svg)
    start, end = path.split("L")
    assert start == end


def test_layers_are_curves_as_long_as_they_can_be_told_apart():
    few, many = (panels(deep(layers))[1] for layers in (6, 7))
    assert drawing(few).count("class='line'") == 6
    assert "class='line'" not in drawing(many)
    assert drawing(many).count("<rect") >= 7
    dead = deep(2)
    dead["gradient norm/0 (Linear)"] = [0.0] * 5
    assert ZERO in drawing(panels(dead)[1])  # on a logarithmic axis 0 would have no place
    assert "no gradient arrives at 0 (Linear)" in panels(dead)[1].caption


# --- the map --------------------------------------------------------------------------------------------------------


def rectangles(svg):
    """The colours of the map's cells from left to right, row by row, without the legend."""
    found = [rect.attrib for rect in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")]
    rows = {}
    for rect in found:
        if float(rect["y"]) > 30:
            rows.setdefault(rect["y"], []).append(rect)
    return [[(rect["fill"], float(rect["width"])) for rect in row] for row in rows.values()]


def test_the_colours_of_a_map():
    rows = rectangles(
        heat_map({"a": [1e-4, 1.0], "b": [0.0, 1e-2], "c": [math.nan, math.inf]}, x="epochs", y="gradient norm")
    )
    colours = [[colour for colour, _ in row] for row in rows]
    assert colours[0] == [PALETTE[0], PALETTE[-1]]
    assert colours[1][0] == ZERO
    assert colours[1][1] not in (PALETTE[0], PALETTE[-1])
    assert colours[2] == [NOT_FINITE]
    shares = rectangles(heat_map({"a": [0.0, 1.0], "b": [0.5, 0.5]}, x="epochs", y="saturation", share=True))
    assert [colour for colour, _ in shares[0]] == [PALETTE[0], PALETTE[-1]]
    assert len(shares[1]) == 1


def test_cells_are_as_wide_as_their_epochs():
    ((first, second),) = rectangles(heat_map({"a": [1.0, 1.0, 1.0, 0.1]}, x="epochs", y="norm"))
    assert first[1] == pytest.approx(3 * second[1], abs=1)


def test_a_long_training_is_thinned_and_what_is_not_finite_still_shows():
    values = [1.0] * 5000 + [math.nan] + [0.1] * 4999
    (row,) = rectangles(heat_map({"a": values}, x="epochs", y="norm"))
    assert [colour for colour, _ in row] == [PALETTE[-1], NOT_FINITE, PALETTE[0]]
    noise = np.random.default_rng(0).random((50, 10_000))
    svg = heat_map({f"layer {i}": list(row) for i, row in enumerate(noise)}, x="epochs", y="norm")
    assert len(svg) < 700_000


def test_names_of_a_map():
    svg = heat_map({"short": [1.0], "a.very.long.path.to.some.layer.17 (Linear)": [0.1]}, x="epochs", y="norm")
    assert "short short" in texts(svg)
    assert any(text.endswith("…th.to.some.layer.17 (Linear)"[-25:]) for text in texts(svg))
    assert "a.very.long.path.to.some.layer.17 (Linear)" in svg


# --- files, figures, notebooks --------------------------------------------------------------------------------------


def test_save_a_page(tmp_path):
    dashboard = nn.Dashboard(deep(3))
    dashboard.save(tmp_path / "run.html")
    assert (tmp_path / "run.html").read_text("utf-8") == dashboard.html()
    with pytest.raises(ValueError, match=r"\.html, \.png"):
        dashboard.save(tmp_path / "run.doc")
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_a_figure_of_matplotlib(history, tmp_path):
    pytest.importorskip("matplotlib")
    dashboard = nn.Dashboard(history)
    figure = dashboard.figure()
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == [p.subject for p in dashboard.panels]
    dashboard.save(tmp_path / "run.png")
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_a_share_is_drawn_between_0_and_1():
    history = {"saturation/0 (Sigmoid)": [0.0, 0.0], "saturation/1 (Tanh)": [0.0, 0.25], "loss": [0.5, 0.25]}
    share, other = panels(history)
    assert [text for text in texts(drawing(share)) if re.fullmatch(r"-?[\d.]+", text)][:6] == [
        "0", "0.2", "0.4", "0.6", "0.8", "1",
    ]  # fmt: skip
    assert "1" not in [text for text in texts(drawing(other)) if "." in text]
    pytest.importorskip("matplotlib")
    low, high = nn.Dashboard(history).figure().axes[0].get_ylim()
    assert -0.1 < low <= 0 and 1 <= high < 1.1


def test_a_figure_without_matplotlib_says_what_to_do(monkeypatch, tmp_path):
    imported = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install matplotlib, or save the dashboard as \.html"):
        nn.Dashboard(deep(2)).save(tmp_path / "run.png")
    assert not list(tmp_path.iterdir())
    nn.Dashboard(deep(2)).save(tmp_path / "run.html")


class Shown:
    """A notebook's display: what was shown, and how often it was drawn anew."""

    def __init__(self):
        self.drawn = []

    def display(self, thing, display_id):
        assert display_id
        self.update(thing)
        return self

    def update(self, thing):
        self.drawn.append(repr(thing))


def notebook(monkeypatch, kernel=True):
    shown = Shown()
    shell = types.SimpleNamespace(kernel=object()) if kernel else types.SimpleNamespace()
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.display = shown.display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    return shown


def test_live_in_a_notebook_one_output_is_drawn_anew(monkeypatch):
    shown = notebook(monkeypatch)
    monkeypatch.setattr("nn.dashboard.live.SHARE", math.inf)
    trained(nn.Linear(2, 2), 4, [nn.LiveDashboard()])
    assert [text.partition(";")[0] for text in shown.drawn] == ["1 epoch", "2 epochs", "3 epochs", "4 epochs"]


def test_live_drawing_takes_a_share_of_the_time_and_the_end_is_shown(monkeypatch):
    shown = notebook(monkeypatch)
    monkeypatch.setattr("nn.dashboard.live.SHARE", 1e-12)
    trained(nn.Linear(2, 2), 6, [nn.LiveDashboard()])
    assert [text.partition(";")[0] for text in shown.drawn] == ["1 epoch", "6 epochs"]

    def stop(training):
        training.stop = "enough" if training.epoch == 3 else ""

    shown.drawn.clear()
    trained(nn.Linear(2, 2), 6, [stop, nn.LiveDashboard()])
    assert shown.drawn[-1].startswith("3 epochs")


def test_live_in_a_terminal_does_nothing(monkeypatch):
    shown = notebook(monkeypatch, kernel=False)
    trained(nn.Linear(2, 2), 2, [nn.LiveDashboard()])
    assert not shown.drawn


def test_a_history_draws_itself_with_its_layers():
    nn.manual_seed(0)
    history = trained(Network(), callbacks=[nn.LayerStatistics()])
    assert history._repr_html_().count("<svg") == 3
    ElementTree.fromstring(history._repr_svg_())


def test_importing_nn_imports_no_dashboard():
    import subprocess

    code = (
        "import sys, nn; print([name for name in sys.modules if 'dashboard' in name or name.startswith('nn.report')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
