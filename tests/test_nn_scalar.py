"""Networks of single numbers: micrograd's names, its arithmetic, and its demo."""

import math

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, tape
from nn import MLP, Layer, Neuron


def moons(count, noise, seed):
    """Two half circles that reach into each other, as scikit-learn makes them: the points, and 0 or 1 for each."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, math.pi, count // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    X = np.concatenate([upper, lower]) + rng.normal(0, noise, (count // 2 * 2, 2))
    return X, np.repeat([0, 1], count // 2)


def test_the_moons_cannot_be_told_apart_by_a_straight_line():
    X, y = moons(100, 0.1, seed=0)
    design = np.column_stack([X, np.ones(len(X))])
    weights = np.linalg.lstsq(design, y * 2 - 1, rcond=None)[0]
    assert ((design @ weights > 0) == (y == 1)).mean() < 0.95


def test_microgads_demo_with_its_own_training_loop_learns_the_moons():
    nn.manual_seed(1337)
    X, y = moons(100, 0.1, seed=1337)
    y = y * 2 - 1
    model = MLP(2, [16, 16, 1])
    assert len(model.parameters()) == 2 * 16 + 16 + 16 * 16 + 16 + 16 + 1

    def loss():
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        return total, sum(accuracy) / len(accuracy)

    reached = []
    for k in range(100):
        total, accuracy = loss()
        reached.append(accuracy)
        if accuracy == 1.0:
            break
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
    assert reached[0] < 0.9 and reached[-1] == 1.0, reached
