"""find_fault says nothing about what is healthy: networks of every kind, before, during and after training."""

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, find_fault
from nn.articles import xor
from nn.articles.layers_network import X as X_XOR
from nn.articles.layers_network import Y as Y_XOR
from nn.articles.layers_network import forward, init_params

rng = np.random.default_rng(3)
CLASSES = rng.integers(0, 4, 24)
ROWS = rng.normal(size=(24, 6)) + np.eye(6)[CLASSES]
IMAGES = rng.normal(size=(8, 1, 8, 8))
TOKENS = rng.integers(0, 20, (6, 5))


def layers(*parts):
    return lambda: nn.Sequential(*[part() for part in parts])


def linear(n, m):
    return lambda: nn.Linear(n, m)


class Residual(nn.Module):
    def __init__(self):
        self.parts = nn.ModuleList(nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 6), nn.GELU()) for _ in range(30))
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        for part in self.parts:
            x = x + part(x)
        return self.head(x)


class Recurrent(nn.Module):
    """100 steps of an RNN: early states get no gradient, the shared weights do."""

    def __init__(self, cell=nn.RNNCell, steps=100):
        self.cell, self.head, self.steps = cell(6, 8), nn.Linear(8, 4), steps

    def forward(self, x):
        state = None
        for _ in range(self.steps):
            state = self.cell(x, state)
        return self.head(state[0] if isinstance(state, tuple) else state)


class Attention(nn.Module):
    """The gradient of a key's bias is 0 but for rounding, whatever one does."""

    def __init__(self):
        self.tokens, self.attention = nn.Embedding(20, 8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        h = self.tokens(x)
        return self.head(autograd.mean(self.attention(h, h, h, is_causal=True)[0], axis=1))


def log_of_softmax(scores, classes):
    return -np.mean(np.log(autograd.softmax(scores)[np.arange(len(classes)), classes] + 1e-12))


def squares_of_softmax(scores, classes):
    return np.mean((autograd.softmax(scores) - np.eye(4)[classes]) ** 2)


CE = nn.CrossEntropyLoss()
MODELS = {
    "linear": (linear(6, 4), ROWS, CLASSES, CE),
    "one hidden layer, relu": (layers(linear(6, 16), nn.ReLU, linear(16, 4)), ROWS, CLASSES, CE),
    "one hidden layer, tanh": (layers(linear(6, 16), nn.Tanh, linear(16, 4)), ROWS, CLASSES, CE),
    "one hidden layer, sigmoid": (layers(linear(6, 16), nn.Sigmoid, linear(16, 4)), ROWS, CLASSES, CE),
    "three, sigmoid": (layers(*[linear(6, 6), nn.Sigmoid] * 3, linear(6, 4)), ROWS, CLASSES, CE),
    "eight, relu": (layers(linear(6, 24), *[linear(24, 24), nn.ReLU] * 8, linear(24, 4)), ROWS, CLASSES, CE),
    "eight, tanh": (layers(*[linear(6, 6), nn.Tanh] * 8, linear(6, 4)), ROWS, CLASSES, CE),
    "gelu, silu, leaky": (layers(linear(6, 9), nn.GELU, linear(9, 9), nn.SiLU, linear(9, 9), nn.LeakyReLU,
                                 linear(9, 4)), ROWS, CLASSES, CE),
    "batch normalisation": (layers(linear(6, 9), lambda: nn.BatchNorm1d(9), nn.ReLU, linear(9, 4)), ROWS, CLASSES, CE),
    "layer normalisation": (layers(linear(6, 9), lambda: nn.LayerNorm(9), nn.ReLU, linear(9, 4)), ROWS, CLASSES, CE),
    "dropout": (layers(linear(6, 16), nn.ReLU, lambda: nn.Dropout(0.5), linear(16, 4)), ROWS, CLASSES, CE),
    "residual, 30 deep": (Residual, ROWS, CLASSES, CE),
    "recurrent, 100 steps": (Recurrent, ROWS, CLASSES, CE),
    "lstm, 50 steps": (lambda: Recurrent(nn.LSTMCell, 50), ROWS, CLASSES, CE),
    "attention": (Attention, TOKENS, CLASSES[:6], CE),
    "convolution": (layers(lambda: nn.Conv2d(1, 4, 3), nn.ReLU, lambda: nn.MaxPool2d(2), nn.Flatten, linear(36, 4)),
                    IMAGES, CLASSES[:8], CE),
    "log softmax and nll": (layers(linear(6, 4), lambda: nn.LogSoftmax(1)), ROWS, CLASSES, nn.NLLLoss()),
    "softmax, and the log with an epsilon": (layers(linear(6, 16), nn.GELU, linear(16, 4)), ROWS, CLASSES,
                                             log_of_softmax),
    "softmax and squares": (layers(linear(6, 16), nn.SiLU, linear(16, 4)), ROWS, CLASSES, squares_of_softmax),
    "root of the mean square": (layers(linear(6, 8), nn.SiLU, linear(8, 1)), ROWS, CLASSES[:, None] * 1.0,
                                lambda z, y: np.sqrt(np.mean((z - y) ** 2))),
    "sigmoid and bce": (layers(linear(6, 8), nn.Tanh, linear(8, 1), nn.Sigmoid),
                        ROWS, (CLASSES[:, None] > 1) * 1.0, nn.BCELoss()),
    "bce with logits": (layers(linear(6, 8), nn.Tanh, linear(8, 1)),
                        ROWS, (CLASSES[:, None] > 1) * 1.0, nn.BCEWithLogitsLoss()),
    "sigmoid and squares": (layers(linear(6, 8), nn.Tanh, linear(8, 1), nn.Sigmoid),
                            ROWS, (CLASSES[:, None] > 1) * 1.0, nn.MSELoss()),
    "squares": (layers(linear(6, 8), nn.ReLU, linear(8, 1)), ROWS, CLASSES[:, None] * 1.0, nn.MSELoss()),
    "large targets": (layers(linear(6, 8), nn.ReLU, linear(8, 1)), ROWS, CLASSES[:, None] * 1e5, nn.MSELoss()),
    "absolute": (layers(linear(6, 8), nn.ReLU, linear(8, 1)), ROWS, CLASSES[:, None] * 1.0, nn.L1Loss()),
    "huber": (layers(linear(6, 8), nn.ReLU, linear(8, 1)), ROWS, CLASSES[:, None] * 1.0, nn.HuberLoss()),
    "hinge": (layers(linear(6, 8), nn.ReLU, linear(8, 1)), ROWS, (CLASSES[:, None] > 1) * 2.0 - 1, nn.HingeLoss()),
    "summed": (layers(linear(6, 8), nn.ReLU, linear(8, 1)), ROWS, CLASSES[:, None] * 1.0, nn.MSELoss("sum")),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_network_before_during_and_after_training(name):
    make, inputs, targets, loss = MODELS[name]
    nn.manual_seed(1)
    model = make()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    before = None
    for step in range(60):
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        if step % 10 == 0:
            assert find_fault(value) is None
        value.backward()
        optimizer.step()
        before = before or value.item()
    final = loss(model(inputs), targets)
    assert find_fault(final) is None
    assert final.item() < before  # it did learn


@pytest.mark.parametrize("seed", range(20))
def test_a_network_of_values(seed):
    nn.manual_seed(seed)
    model = nn.MLP(2, [8, 8, 1])
    X, y = nn.datasets.moons(10, seed=seed)
    scores = [model(row) for row in X]
    assert find_fault(sum(((1 + -(2 * t - 1) * s).relu() for s, t in zip(scores, y, strict=True)), Value(0.0))) is None


@pytest.mark.parametrize("steps", [1, 10, 3000])
def test_trained_until_nothing_is_left_to_learn(steps):
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    X, y = nn.datasets.xor()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = CE(model(X), y)
        loss.backward()
        optimizer.step()
    loss = CE(model(X), y)
    assert find_fault(loss) is None
    assert steps < 3000 or loss.item() < 1e-4


@pytest.mark.parametrize(
    "build",
    [
        lambda x: (x - x.data) ** 2,  # at the minimum
        lambda x: autograd.relu(1 - np.sign(x.data) * x),  # a hinge with its margin kept
        lambda x: np.abs(x * 0.0 + x.data - x.data),
        lambda x: np.exp(-(x**2)) * 0 + x,
        lambda x: (autograd.sigmoid(50 * x) - (1.0 if x.data > 0 else 0.0)) ** 2,  # flat on the right side
        lambda x: np.log(1 + np.exp(x)),
        lambda x: np.exp(x * 200.0) / 1e260,  # large, and finite
        lambda x: 1e-200 * x**2,
        lambda x: np.where(x.data > 0, x * 2, x * 3) if isinstance(x, Tensor) else x * 2,
        lambda x: np.maximum(x, x - 1),
        lambda x: np.clip(x, -10, 10),
        lambda x: np.sqrt(x * x + 1e-12),
        lambda x: np.exp(-np.abs(x) * 300.0),  # 0, and as small as it can be
        lambda x: autograd.softplus(-np.abs(x) * 300.0),
        lambda x: autograd.sigmoid(-np.abs(x) * 300.0),
        lambda x: 1 / (1 + np.exp(np.abs(x) * 80.0)),
        lambda x: (x * 0.0) * (x * 0.0),
        lambda x: (x - x.data) * (x - x.data),
        lambda x: (x - x.data) ** 4,
    ],
)
@pytest.mark.parametrize("x", [3.0, -3.0])
def test_numbers(build, x):
    assert find_fault(build(Value(x, label="x"))) is None


def test_infinities_that_do_no_harm():
    x = Tensor([[1.0, 2.0, 3.0]], label="x")
    mask = np.array([[0.0, -np.inf, 0.0]])
    assert find_fault(np.sum(autograd.softmax(x + mask) ** 2)) is None
    assert find_fault(autograd.logsumexp(x + mask)) is None
    assert find_fault(np.max(np.where(mask < 0, -np.inf, x))) is None
    assert find_fault(np.sum(1 / (1 + np.exp(x * 230.0 - 0 * x))[0, :1])) is None
    scale = np.array([[1.0, np.inf, 1.0]])  # a column without spread
    assert find_fault(np.sum(x / scale)) is None


def test_a_parameter_that_nothing_uses_and_one_that_is_frozen():
    W, frozen = Tensor(np.ones((3, 1)), "W"), Tensor(np.ones((6, 3)), "frozen", requires_grad=False)
    assert find_fault(np.mean((np.tanh(ROWS @ frozen) @ W) ** 2)) is None


def test_article_a():
    for steps in (1, 100, 2000):
        assert find_fault(xor.article(xor.train(steps).params).loss) is None


def test_a_number_that_nothing_was_computed_from():
    assert find_fault(Value(3.0)) is None
    assert find_fault(Value(3.0, requires_grad=False) * 2) is None
    assert find_fault(Value(np.nan)).operation == ""
    with pytest.raises(TypeError, match="find_fault takes a Value or a Tensor"):
        find_fault(3.0)


def test_no_gradient_is_touched():
    x = Value(2.0)
    y = x * x
    assert find_fault(y) is None
    assert x.grad is None


def test_a_branch_and_an_entry_that_are_not_taken_are_not_blamed():
    zero, large = Tensor([0.0, 1.0], label="zero"), Tensor([1.0, 800.0], label="large")
    older, newer = np.log(zero), np.exp(large)
    assert find_fault(np.sum(autograd.where(np.array([True, False]), older[::-1], newer))).operation == "exp"
    assert find_fault(np.sum(autograd.where(np.array([False, True]), newer, older[::-1]))).operation == "exp"
    assert find_fault(np.sum(autograd.where(np.array([True, False]), newer, older[::-1]))).operation == "log"
    assert find_fault((older + newer)[1]).operation == "exp"
    assert find_fault((older + newer)[0]).operation == "log"


@pytest.mark.parametrize("activation", [autograd.relu, np.tanh])
def test_one_example_that_finds_every_unit_flat_among_others_that_do_not(activation):
    W1, W2 = Tensor(rng.normal(size=(3, 5)), "W1"), Tensor(rng.normal(size=(5, 1)), "W2")
    inputs = rng.normal(size=(8, 3))
    z = inputs @ W1 + np.where(np.arange(8)[:, None] == 3, -15.0, 0.0)
    assert find_fault(((activation(z) @ W2)[3, 0] - 1) ** 2) is None


def test_a_product_with_zeros_that_are_given():
    W1, W2 = Tensor(rng.normal(size=(6, 5)), "W1"), Tensor(rng.normal(size=(5, 1)), "W2")
    assert find_fault(np.mean(((ROWS @ W1) * 0.0 @ W2 + 1) ** 2)) is None


def two_layers(W1, b1, W2, b2, inputs, targets):
    parts = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    W1, b1, W2, b2 = (Tensor(array, name) for name, array in parts.items())
    return np.mean((autograd.sigmoid(inputs @ W1 + b1) @ W2 + b2 - targets) ** 2)


def test_hidden_units_that_are_alike_and_learn_all_the_same():
    """The article's network at its small weights, on classes that a straight line parts."""
    params = init_params((2, 4, 1))
    leaves = {name: Tensor(array, name) for name, array in params.items()}
    assert find_fault(forward(X_XOR, X_XOR[:1], **leaves)["loss"]) is None
    assert find_fault(forward(X_XOR, Y_XOR, **leaves)["loss"]) is not None


def test_a_fit_whose_residuals_cancel():
    """At the best fit the gradients of the examples cancel, and that is as it should be."""
    x, scale = np.linspace(-1, 1, 40)[:, None], 1e-3
    targets = 3 * x + rng.normal(size=x.shape)
    hidden = 1 / (1 + np.exp(-scale * x))
    centred = hidden - hidden.mean()
    slope = (centred.T @ targets) / (centred.T @ centred)
    fit = two_layers([[scale]], [0.0], slope, [targets.mean() - slope.item() * hidden.mean()], x, targets)
    assert find_fault(fit) is None


@pytest.mark.parametrize("size", [0.0, 1e-7, 1e-5, 1e-3])
def test_a_last_layer_that_starts_small(size):
    params = rng.normal(size=(2, 4)), np.zeros(4), size * rng.normal(size=(4, 1)), [0.5]
    assert find_fault(two_layers(*params, X_XOR.T, Y_XOR.T)) is None


def test_a_number_that_is_small_by_itself():
    x, small = Value(2.0, label="x"), Value(1e-9, label="small")
    assert find_fault(x * small) is None
    assert find_fault(small / (x * x + 1)) is None
    assert find_fault(x * np.tanh(small) * 2) is None
    rows, smalls = Tensor([2.0, 3.0], label="x"), Tensor([1e-9, 1e-9], label="small")
    assert find_fault(np.sum(np.sin(rows) * smalls)) is None
    assert find_fault(np.sum(np.sin(rows) * Tensor([0.0, 0.0], label="zeros"))) is None


def test_a_bound_that_is_a_parameter_and_a_triangle():
    x, bound = Value(-3.0, label="x"), Value(0.5, label="bound")
    assert find_fault((np.maximum(x * 1.0, bound) - 1) ** 2) is None
    W = Tensor(-np.abs(rng.normal(size=(4, 4))), "W")
    assert find_fault(np.mean((np.tril(W @ np.eye(4)) - 1) ** 2)) is None
