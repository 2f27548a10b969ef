"""fit trains as a loop of one's own does, stops as told, and goes on from a checkpoint as if it had never stopped."""

import io
import json
import math
import os
import signal
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import nn
import nn.progress
from nn import storage

X, Y = nn.datasets.moons(40, noise=0.1, seed=1)
V = nn.datasets.moons(30, noise=0.1, seed=2)


def network(seed=0, dropout=0.2, generator=None):
    nn.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(dropout, generator=generator),
                         nn.Linear(8, 2))  # fmt: skip


def numbers(model):
    return {name: array.tobytes() for name, array in model.state_dict().items()}


def train(model, epochs=6, optimizer=None, data=(X, Y), **options):
    options = {"validation": V, "batch_size": 16, "progress": False, **options}
    optimizer = optimizer or nn.optim.Adam(model.parameters(), lr=0.02)
    return nn.fit(model, nn.CrossEntropyLoss(), data, epochs=epochs, optimizer=optimizer, **options)


# The loop


def test_fit_does_what_a_loop_of_ones_own_does():
    model, loss = network(), nn.CrossEntropyLoss()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
    losses, validation = [], []
    for _ in range(6):
        model.train()
        total = 0.0
        order = nn.seeding.own().permutation(40)
        for rows in (order[:16], order[16:32], order[32:]):
            optimizer.zero_grad()
            value = loss(model(X[rows]), Y[rows])
            value.backward()
            optimizer.step()
            total += float(value.data) * len(rows) / 40
        losses.append(total)
        model.eval()
        validation.append(float(loss(model(V.X), V.y).data))

    other = network()
    history = train(other)
    assert numbers(other) == numbers(model)
    assert history["loss"] == pytest.approx(losses, rel=1e-12)
    assert history["validation_loss"] == pytest.approx(validation, rel=1e-12)
    assert list(history) == ["loss", "validation_loss"] and history.stopped == ""
    assert history.best == 1 + int(np.argmin(validation))


def test_the_order_is_the_generators_and_can_be_left_alone():
    def losses(**options):
        return train(network(dropout=0), **options)["loss"]

    assert losses(generator=np.random.default_rng(1)) == losses(generator=np.random.default_rng(1))
    assert losses(generator=np.random.default_rng(1)) != losses(generator=np.random.default_rng(2))
    assert losses(shuffle=False) == losses(shuffle=False, generator=np.random.default_rng(2))


def test_validation_runs_without_dropout_and_leaves_no_trace():
    plain = network()
    train(plain, validation=None)
    validated = network()
    train(validated)
    assert numbers(plain) == numbers(validated)


def test_the_model_ends_in_evaluation_mode():
    model = network()
    train(model, 1)
    assert not any(module.training for module in model.modules())


def test_it_learns_the_moons():
    model = network(dropout=0)
    train(model, 60)
    assert nn.evaluate(model, nn.accuracy, V) >= 0.95


def test_callbacks_see_the_training_and_add_to_the_history():
    model, seen = network(), []

    def look(training):
        assert training.model is model and not model.training
        seen.append((training.epoch, len(training.history["validation_loss"])))
        if training.epoch >= 3:
            return {"accuracy": nn.evaluate(model, nn.accuracy, V), "epoch": training.epoch}

    model.eval()
    history = train(model, 4, callbacks=[look, lambda training: None])
    assert seen == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert history["epoch"] == pytest.approx([math.nan, math.nan, 3, 4], nan_ok=True)
    assert 0.4 < history["accuracy"][-1] <= 1


def test_one_callback_needs_no_list():
    seen = []
    train(network(), 2, callbacks=lambda training: seen.append(training.epoch))
    assert seen == [1, 2]


def test_a_callback_steps_a_schedule():
    model = network()
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    schedule = nn.optim.StepLR(optimizer, 2, 0.1)
    rates = []
    train(model, 5, optimizer, callbacks=[lambda t: rates.extend(schedule.get_last_lr()), lambda t: schedule.step()])
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_a_callback_stops_the_training():
    def stop(training):
        if training.epoch == 3:
            training.stop = "enough"

    model, states = network(), []
    history = train(model, 9, callbacks=[lambda t: states.append(numbers(model)), stop])
    assert history.stopped == "enough" and len(history["loss"]) == 3
    assert numbers(model) == states[history.best - 1]


def test_early_stopping_goes_back_to_the_best_epoch():
    model, states = network(dropout=0), []
    worse = nn.datasets.Dataset(V.X, 1 - V.y, V.feature_names, V.target_names)  # which soon becomes worse
    history = train(
        model, 99, validation=worse, callbacks=[nn.EarlyStopping(4), lambda t: states.append(numbers(model))]
    )
    best = 1 + int(np.argmin(history["validation_loss"]))
    assert history.best == best and len(history["loss"]) == best + 4
    assert history.stopped == f"no better since epoch {best}"
    assert numbers(model) == states[best - 1] != states[-1]


def test_a_training_that_gets_better_does_not_stop_early():
    history = train(network(dropout=0), 10, validation=None, shuffle=False, callbacks=[nn.EarlyStopping(3)])
    assert history.stopped == "" and len(history["loss"]) == 10


# Ctrl-C


@pytest.mark.parametrize("validation", [None, V], ids=["loss", "validation"])
def test_ctrl_c_keeps_the_best_epoch(validation, capsys):
    model, states, calls = network(), [], []

    def loss(output, target):
        calls.append(len(target))
        if model.training and len(states) == 4 and len(calls) % 2 == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return nn.CrossEntropyLoss()(output, target)

    optimizer = nn.optim.SGD(model.parameters(), lr=0.5)
    history = nn.fit(model, loss, (X, Y), epochs=9, optimizer=optimizer, validation=validation, batch_size=16,
                     callbacks=[lambda t: states.append(numbers(model))])  # fmt: skip
    measured = history["loss" if validation is None else "validation_loss"]
    assert history.stopped == "interrupted" and {len(values) for values in history.values()} == {4}
    assert history.best == 1 + int(np.argmin(measured)) and numbers(model) == states[history.best - 1]
    assert not any(module.training for module in model.modules())
    assert capsys.readouterr().err == f"interrupted in epoch 5: the model is back in its best, {history.best}\n"


def test_ctrl_c_in_the_first_epoch_leaves_the_model_as_it_was():
    model = network()
    before, optimizer = numbers(model), nn.optim.SGD(model.parameters(), lr=0.5)
    step, steps = optimizer.step, []

    def stepped():
        step()
        steps.append(1)
        if len(steps) == 2:
            raise KeyboardInterrupt

    optimizer.step = stepped
    history = train(model, 3, optimizer)
    assert history.stopped == "interrupted" and history == {} and history.best == 0
    assert numbers(model) == before
    assert history._repr_svg_() is None and history._repr_html_() is None


def test_ctrl_c_in_a_callback_leaves_lists_of_one_length():
    def interrupt(training):
        if training.epoch == 3:
            raise KeyboardInterrupt
        return {"mine": training.epoch}

    history = train(network(), 9, callbacks=[interrupt])
    assert {len(values) for values in history.values()} == {3} and math.isnan(history["mine"][2])


def test_ctrl_c_while_the_history_is_written_leaves_lists_of_one_length(monkeypatch):
    record = nn.History.record

    def interrupted(history, epoch, row):
        if epoch == 3:
            record(history, epoch, {"loss": row["loss"]})
            history["validation_loss"].pop()
            raise KeyboardInterrupt
        record(history, epoch, row)

    monkeypatch.setattr(nn.History, "record", interrupted)
    assert {len(values) for values in train(network(), 9).values()} == {3}


# Checkpoints


def everything(model, optimizer, history, **others):
    """All that can differ between two trainings, as text."""
    state = optimizer.state_dict()
    kept = [{name: np.asarray(value).tolist() for name, value in part.items()} for part in state["state"].values()]
    return json.dumps(
        [
            {name: array.tolist() for name, array in model.state_dict().items()}, kept, repr(state["param_groups"]),
            dict(history), history.stopped, history.best, nn.get_rng_state(),
            {name: value() for name, value in others.items()},
        ]
    )  # fmt: skip


def setting(kind):
    """A model, an optimiser and options for one kind of training, always the same."""
    rng = np.random.default_rng(5)
    model = network(generator=rng if kind == "generators" else None)
    make = {"sgd": lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True), "float32": nn.optim.RMSprop,
            "groups": nn.optim.AdamW, "adagrad": nn.optim.Adagrad}.get(kind, nn.optim.Adam)  # fmt: skip
    params = model.to(np.float32).parameters() if kind == "float32" else model.parameters()
    if kind == "groups":
        params = [{"params": model[0].parameters(), "lr": 0.1, "betas": (0.8, 0.9)}, {"params": model[4].parameters()}]
        model[1].requires_grad_(False)
    optimizer = make(params)
    options, others = {}, {}
    if kind == "float32":
        options |= {"data": (X.astype(np.float32), Y), "validation": (V.X.astype(np.float32), V.y)}
    if kind == "schedule":
        schedule = nn.optim.CosineAnnealingLR(optimizer, 7)
        options["callbacks"] = [lambda training: schedule.step()]
        others["rate"] = schedule.get_last_lr
    if kind == "generators":
        shuffler = np.random.Generator(np.random.MT19937(8))
        options["generator"] = shuffler
        others["next"] = lambda: [int(g.integers(2**62)) for g in (rng, shuffler)]
    if kind == "early":
        worse = nn.datasets.Dataset(V.X, 1 - V.y, V.feature_names, V.target_names)
        options |= {"validation": worse, "callbacks": [nn.EarlyStopping(3)]}
    if kind == "measured":
        options["callbacks"] = [
            lambda t: {"accuracy": nn.evaluate(t.model, nn.accuracy, V)} if t.epoch % 2 == 0 else None
        ]
    return model, optimizer, options, others


KINDS = ["adam", "sgd", "float32", "groups", "adagrad", "schedule", "generators", "early", "measured"]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_training_is_the_unbroken_one(tmp_path, kind, suffix):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    model, optimizer, options, others = setting(kind)
    unbroken = everything(model, optimizer, train(model, 8, optimizer, **options), **others)
    path = tmp_path / f"run{suffix}"
    for epochs in (1, 2, 5, 5, 8):
        model, optimizer, options, others = setting(kind)
        if path.exists():  # what the checkpoint does not bring back stays wrong
            nn.manual_seed(99)
            for p in model.parameters():
                p.data = p.data + 1
        history = train(model, epochs, optimizer, **options, checkpoint=path, resume=True)
        assert len(history["loss"]) <= epochs
    assert everything(model, optimizer, history, **others) == unbroken
    assert os.listdir(tmp_path) == [path.name]


def test_ctrl_c_and_resume_is_the_unbroken_training(tmp_path):
    model, optimizer, options, others = setting("schedule")
    unbroken = everything(model, optimizer, train(model, 8, optimizer, **options), **others)
    model, optimizer, options, others = setting("schedule")

    def interrupt(training):
        if training.epoch == 5:
            raise KeyboardInterrupt

    broken = {**options, "callbacks": [*options["callbacks"], interrupt]}
    assert train(model, 8, optimizer, **broken, checkpoint=tmp_path / "run.npz").stopped == "interrupted"
    history = train(model, 8, optimizer, **options, checkpoint=tmp_path / "run.npz", resume=True)
    assert everything(model, optimizer, history, **others) == unbroken


def test_a_checkpoint_is_not_overwritten_unasked(tmp_path):
    path = tmp_path / "run.npz"
    train(network(), 2, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="there is a checkpoint already: resume=True goes on from it"):
        train(network(), 2, checkpoint=path)
    assert path.read_bytes() == before


def test_a_checkpoint_place_is_tried_before_the_training(tmp_path):
    for path, error in ((tmp_path / "absent" / "run.npz", OSError), (tmp_path / "run.pt", ValueError)):
        model = network()
        before = numbers(model)
        with pytest.raises(error):
            train(model, 2, checkpoint=path)
        assert numbers(model) == before


def test_a_checkpoint_is_no_model(tmp_path):
    train(network(), 1, checkpoint=tmp_path / "run.npz")
    with pytest.raises(ValueError, match=r"run\.npz' is the checkpoint of a training"):
        nn.load(network(), tmp_path / "run.npz")


def refused(path, message, kind="schedule"):
    """Resuming fails, and nothing has changed, not even what the generators will give."""
    model, optimizer, options, _ = setting(kind)
    train(model, 1, optimizer, **options)
    before = everything(model, optimizer, nn.History())
    with pytest.raises(ValueError, match=message) as caught:
        train(model, 3, optimizer, **options, checkpoint=path, resume=True)
    assert str(path) in str(caught.value)
    assert everything(model, optimizer, nn.History()) == before


@pytest.fixture
def checkpoint(tmp_path):
    model, optimizer, options, _ = setting("schedule")
    train(model, 2, optimizer, **options, checkpoint=tmp_path / "run.npz")
    return tmp_path / "run.npz"


def test_another_trainings_checkpoint_is_refused(checkpoint):
    refused(checkpoint, "its optimiser is Adam, and this one is SGD", "sgd")
    refused(checkpoint, "only one of the checkpoint and this training has a learning rate schedule", "adam")
    arrays, facts = storage.read(checkpoint)
    storage.write(checkpoint, arrays, {**facts, "generators": facts["generators"] * 2})
    refused(checkpoint, "the states of 2 random generators, and this training has 1")
    nn.save(network(), checkpoint)
    refused(checkpoint, "another kind of file")
    checkpoint.write_bytes(b"")
    refused(checkpoint, "cannot be read as .npz")


def changes():
    """What can be wrong in a checkpoint: each takes its arrays and facts and spoils one of them."""

    def put(*path):
        *places, last, value = path

        def change(arrays, facts):
            for place in places:
                facts = facts[place]
            facts[last] = value

        return change

    yield "no epoch", lambda arrays, facts: facts.pop("epoch")
    yield "no best", lambda arrays, facts: [arrays.pop(name) for name in list(arrays) if name.startswith("best/")]
    yield "a weight of another shape", lambda arrays, facts: arrays.update({"model/0.weight": np.zeros((9, 9))})
    yield "a moment of another shape", lambda arrays, facts: arrays.update({"optimizer/0/exp_avg": np.zeros(5)})
    yield "a moment of nothing", lambda arrays, facts: arrays.update({"optimizer/99/exp_avg": np.zeros(5)})
    yield "a moment without a number", lambda arrays, facts: arrays.update({"optimizer/x/exp_avg": np.zeros(5)})
    yield "a step of text", put("optimizer", "numbers", 0, 2, "many")
    yield "a negative rate", put("optimizer", "param_groups", 0, "lr", -1.0)
    yield "no groups", put("optimizer", "param_groups", None)
    yield "another schedule", put("scheduler", 0, "StepLR")
    yield "a schedule without numbers", put("scheduler", 1, {})
    yield "another generator", put("generators", 0, "bit_generator", "MT19937")
    yield "a generator of text", put("generators", 0, "state", "state", "much")
    yield "a generator of nothing", put("generators", 0, None)
    yield "a negative generator", put("generators", 0, "state", "state", -1)
    yield "an epoch too many", put("epoch", 3)
    yield "an epoch of text", put("epoch", "two")
    yield "a history of text", put("history", "loss", ["low", "lower"])
    yield "a history that is none", put("history", 7)
    yield "a stop that is none", put("stop", 7)
    yield "a best that is none", put("best", [7, "x"])


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in changes()])
def test_a_spoiled_checkpoint_is_refused(checkpoint, change):
    arrays, facts = storage.read(checkpoint)
    change(arrays, facts)
    storage.write(checkpoint, arrays, facts)
    refused(checkpoint, "is not a checkpoint of this training")


# What is refused


@pytest.mark.parametrize(
    "change, message",
    [
        ({"epochs": 0}, "epochs must be 1 or more"),
        ({"batch_size": 0}, "batch_size must be 1 or more"),
        ({"data": (X, Y[1:])}, "the inputs of data and its targets must have a row for each example"),
        ({"data": (X[:0], Y[:0])}, "no rows"),
        ({"data": X[:2]}, r"data must be a pair \(inputs, targets\).*got a ndarray"),
        ({"data": (X, Y, Y)}, "data must be a pair .*got 3 parts"),
        ({"validation": (X[:0], Y[:0])}, "the inputs of validation: there are no rows"),
        ({"callbacks": [3]}, "callbacks must be functions of the Training, got 3"),
        ({"model": lambda x: x}, r"model must be an nn\.Module, got function"),
        ({"optimizer": "adam"}, r"optimizer must be an nn\.optim optimiser, got str"),
        ({"loss": nn.CrossEntropyLoss(reduction="none")}, r"loss must give one number .*got shape \(32,\)"),
        ({"loss": lambda output, target: 1.0}, "loss must give one number that depends on the model.*got a float"),
        ({"callbacks": [lambda training: 0.5]}, "a callback returns None, or a dict"),
        ({"generator": 3}, "generator must be"),
        ({"data": (X * np.nan, Y)}, "the loss is nan in epoch 1 with the learning rate 0.001"),
    ],
)
def test_what_cannot_be_trained_is_refused(change, message):
    model = network()
    given = {"model": model, "loss": nn.CrossEntropyLoss(), "data": (X, Y), "epochs": 2, "progress": False,
             "optimizer": nn.optim.Adam(model.parameters()), **change}  # fmt: skip
    with pytest.raises((TypeError, ValueError), match=message):
        nn.fit(given.pop("model"), given.pop("loss"), given.pop("data"), **given)


def test_divergence_is_an_error_not_a_history_of_nan():
    model = nn.Sequential(nn.Linear(2, 2))
    optimizer = nn.optim.SGD(model.parameters(), lr=1e200)
    with pytest.raises(ValueError, match=r"the loss is (nan|inf) in epoch \d with the learning rate 1e\+200"):
        nn.fit(model, nn.MSELoss(), (X, X), epochs=50, optimizer=optimizer, progress=False)


def test_an_early_stopping_needs_patience():
    with pytest.raises(ValueError, match="patience must be 1 or more"):
        nn.EarlyStopping(0)


# Measures


def test_accuracy_counts_the_right_rows():
    scores = np.array([[3.0, 1, 2], [0, 5, 5.5], [1, 0, 0], [0, 0, 1]])
    assert nn.accuracy(scores, np.array([0, 1, 1, 2])) == 0.5
    assert nn.accuracy(np.array([[-1.0], [2.0], [0.5]]), np.array([[0], [1], [0]])) == pytest.approx(2 / 3)
    for output, target in ((scores, np.array([0, 1])), (scores[None], np.array([0])), (scores[:0], np.array([]))):
        with pytest.raises(ValueError, match="accuracy takes output of shape"):
            nn.accuracy(output, target)
    with pytest.raises(ValueError, match="nan"):
        nn.accuracy(scores * np.nan, np.array([0, 1, 1, 2]))


def test_evaluate_weighs_every_example_alike_and_changes_nothing():
    model = network()
    model.train()
    model[1].eval()
    modes, before = [m.training for m in model.modules()], numbers(model)
    whole = nn.evaluate(model, nn.CrossEntropyLoss(), V, batch_size=30)
    assert nn.evaluate(model, nn.CrossEntropyLoss(), V, batch_size=7) == pytest.approx(whole, rel=1e-12)
    assert [m.training for m in model.modules()] == modes and numbers(model) == before
    plain = nn.Sequential(*list(model))
    plain.eval()
    assert whole == pytest.approx(float(nn.CrossEntropyLoss()(plain(V.X), V.y).data), rel=1e-12)


# What is shown


def test_the_history_draws_itself():
    history = train(network(), 3, callbacks=[lambda t: {"accuracy": t.epoch / 4}])
    assert history == dict(history) and json.loads(json.dumps(history)) == dict(history)
    svg = ElementTree.fromstring(history._repr_svg_())
    texts = " ".join(svg.itertext())
    assert "loss over epochs: loss, validation loss" in texts and "accuracy" not in texts
    page = history._repr_html_()
    assert page.count("<svg") == 2 and "accuracy over epochs" in page
    assert page.count("class='line'") == 3


def test_what_is_not_finite_is_not_drawn():
    history = nn.History({"loss": [math.nan, 1.0, 2.0], "other": [math.nan] * 3})
    assert history._repr_html_().count("<svg") == 1
    assert "nan" not in history._repr_html_()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("tqdm", [False, True])
def test_progress_is_shown_on_a_terminal_only(monkeypatch, tqdm):
    if tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setattr(nn.progress, "find_spec", lambda name: None)
    monkeypatch.setattr(nn.progress, "REDRAWN_AFTER", 0.0)
    for stream, progress, shown in ((Terminal(), True, True), (Terminal(), False, False), (io.StringIO(), True, False)):
        monkeypatch.setattr(sys, "stderr", stream)
        train(network(), 2, progress=progress)
        text = stream.getvalue()
        assert ("training:   0%|" if tqdm else "training: 100 %, loss 0.") in text if shown else text == ""
