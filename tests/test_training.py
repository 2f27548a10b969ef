"""Real trainings: digits, breast cancer, text as PyTorch learns it, and a training that is killed again and again."""

import os
import random
import signal
import subprocess
import sys

import numpy as np
import pytest
from commands import ROOT
from language import constants, mlp, poem, samples, transformer
from training_figures import CANCER, DIGITS, IMAGES, learn

import nn
from nn import storage

# What is learned


def test_a_network_tells_97_percent_of_the_digits_it_never_saw():
    shares = [learn(DIGITS, seed).accuracy for seed in range(3)]
    assert np.mean(shares) > 0.97 and min(shares) > 0.96, shares


def test_a_convolutional_network_tells_98_percent():
    assert learn(IMAGES, 1).accuracy > 0.98


def test_a_network_tells_96_percent_of_the_tumours_it_never_saw():
    shares = [learn(CANCER, seed).accuracy for seed in range(5)]
    assert np.mean(shares) >= 0.96, shares


def test_text_is_learned():
    X, Y, alphabet = samples(poem())
    nn.manual_seed(0)
    model = mlp(nn, len(alphabet))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    history = nn.fit(
        model, nn.CrossEntropyLoss(), (X, Y[:, -1]), epochs=10, optimizer=optimizer, batch_size=64, progress=False
    )
    assert 2.5 < history["loss"][0] < np.log(len(alphabet)) and history["loss"][-1] < 1.2


# As PyTorch learns


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_text_is_learned_as_pytorch_does(kind):
    torch = pytest.importorskip("torch")
    X, Y, alphabet = samples(poem())
    nn.manual_seed(0)
    ours = (mlp if kind == "mlp" else transformer)(nn, len(alphabet))
    theirs = (mlp if kind == "mlp" else transformer)(torch.nn, len(alphabet)).double()
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    extra = () if kind == "mlp" else constants()

    def step(lib, array, model, optimizer, rows):
        optimizer.zero_grad()
        target = Y[rows, -1] if kind == "mlp" else Y[rows].reshape(-1)
        loss = lib.CrossEntropyLoss()(model(array(X[rows]), *map(array, extra)), array(target))
        loss.backward()
        optimizer.step()
        return float(loss.data)

    steps = [
        (nn, np.asarray, ours, nn.optim.Adam(ours.parameters(), lr=0.01)),
        (torch.nn, torch.tensor, theirs, torch.optim.Adam(theirs.parameters(), lr=0.01)),
    ]
    rng = np.random.default_rng(0)
    losses = np.array([[step(*one, rows) for one in steps] for rows in rng.integers(len(X), size=(20, 64))])
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=0, atol=1e-6)
    assert losses[-1, 0] < losses[0, 0] - 0.5
    for name, array in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], array, atol=1e-5)


# Killed again and again

TRAINING = """
import sys, nn
nn.manual_seed(3)
model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
schedule = nn.optim.CosineAnnealingLR(optimizer, 500)
print("ready", flush=True)
history = nn.fit(
    model, nn.CrossEntropyLoss(), nn.datasets.moons(48, seed=1), epochs=500, batch_size=16, optimizer=optimizer,
    validation=nn.datasets.moons(20, seed=2), callbacks=[lambda training: schedule.step()],
    checkpoint=sys.argv[1] if len(sys.argv) > 1 else None, resume=True,
)
print(dict(history), history.best, {name: array.tolist() for name, array in model.state_dict().items()})
"""


def start(*args):
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, *map(str, args)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL here")
def test_a_training_killed_at_20_random_moments_is_the_unbroken_one(tmp_path):
    unbroken = start().communicate()[0]
    path, moments, epochs = tmp_path / "run.npz", random.Random(1), [0]
    for _ in range(20):
        process = start(path)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        if path.exists():
            _, facts = storage.read(path)
            epochs.append(facts["epoch"])
    assert epochs == sorted(epochs) and len(set(epochs)) > 3 and 0 < epochs[-1] < 500
    assert start(path).communicate()[0] == unbroken
