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


def test_micrograds_demo_with_its_own_training_loop_learns_the_moons():
    nn.manual_seed(5)
    X, y = moons(50, 0.1, seed=5)
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


def test_a_neuron_is_a_weighted_sum_and_a_relu():
    neuron = Neuron(3)
    for weight, number in zip(neuron.parameters(), [1.0, -2.0, 3.0, 0.5], strict=True):
        weight.data = number
    out = neuron([2.0, 1.0, Value(1.0, label="x")])  # 2 - 2 + 3 + 0.5
    out.backward()
    assert out.data == 3.5 and [p.grad for p in neuron.parameters()] == [2.0, 1.0, 1.0, 1.0]
    assert neuron([-2.0, 0.0, 0.0]).data == 0.0
    linear = Neuron(3, nonlin=False)
    for weight, number in zip(linear.parameters(), [1.0, -2.0, 3.0, 0.5], strict=True):
        weight.data = number
    assert linear(np.array([-2.0, 0.0, 0.0])).data == -1.5


def test_starting_weights_lie_within_one_and_biases_at_zero():
    nn.manual_seed(0)
    neurons = Layer(100, 50).neurons
    weights = np.array([[w.data for w in neuron.w] for neuron in neurons])
    assert abs(weights).max() <= 1 and abs(weights.std() - 3**-0.5) < 0.02 and {n.b.data for n in neurons} == {0.0}


def test_a_network_computes_what_the_same_network_of_tensors_does():
    model = MLP(3, [4, 1, 2], generator=np.random.default_rng(2))  # with a layer of a single neuron inside
    x = [0.5, -1.0, 2.0]
    tensors = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1), nn.ReLU(), nn.Linear(1, 2))
    for number, layer in enumerate(model.layers):
        tensors[2 * number].weight.data = [[w.data for w in neuron.w] for neuron in layer.neurons]
        tensors[2 * number].bias.data = [neuron.b.data for neuron in layer.neurons]
    a, b = model(x)
    out = tensors(Tensor(x))
    np.testing.assert_allclose([a.data, b.data], out.data, rtol=1e-14)
    (a * 3 + b).backward()
    out.backward(np.array([3.0, 1.0]))
    gradients = np.concatenate([np.ravel(p.grad) for p in tensors.parameters()])
    assert np.abs(gradients).min() < 1e-15 < 0.01 < np.abs(gradients).max()  # some units are off, some on
    found = []
    for layer in model.layers:
        found += [w.grad or 0.0 for neuron in layer.neurons for w in neuron.w] + [
            n.b.grad or 0.0 for n in layer.neurons
        ]
    np.testing.assert_allclose(found, gradients, rtol=1e-13)


def test_one_output_is_a_value_and_several_are_a_list():
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)
    out = MLP(2, [3, 2])([1.0, 2.0])
    assert isinstance(out, list) and len(out) == 2


def test_zero_grad_text_and_labels():
    model = MLP(2, [2, 1])
    out = model([1.0, -1.0])
    out.backward()
    assert model.parameters()[-1].grad == 1.0
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {None}
    assert repr(model) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    assert repr(Layer(3, 1)) == "Layer of [ReLUNeuron(3)]"
    labels = ["W1[0,0]", "W1[0,1]", "b1[0]", "W1[1,0]", "W1[1,1]", "b1[1]", "W2[0,0]", "W2[0,1]", "b2[0]"]
    assert [p.label for p in model.parameters()] == labels
    assert set(labels) <= {node.label for node in tape(out)}


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Neuron(2)([1.0]), ValueError, r"ReLUNeuron\(2\) takes 2 inputs, got 1"),
        (lambda: MLP(2, [3, 1])([1.0, 2.0, 3.0]), ValueError, "takes 2 inputs, got 3"),
        (lambda: MLP(2, []), ValueError, "nouts must name the size of at least one layer"),
        (lambda: MLP(2, [0]), ValueError, "nout must be 1 or more, got 0"),
        (lambda: Neuron(2.5), TypeError, "nin must be an integer, got 2.5"),
        (lambda: Neuron(2, generator=3), TypeError, r"generator must be a numpy\.random\.Generator"),
    ],
)
def test_refusals(act, error, message):
    with pytest.raises(error, match=message):
        act()
