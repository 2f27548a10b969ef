"""Layers and losses against their formulas in plain NumPy, their gradients against slopes, and what they refuse."""

import math

import numpy as np
import pytest
from numeric import assert_gradients

import nn
from autograd import Tensor, no_grad

# --- references: the definition of each layer, entry by entry ---------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def linear(layer, x):
    W, b = layer.weight.data, 0 if layer.bias is None else layer.bias.data
    return np.array([[np.dot(W[i], row) for i in range(len(W))] for row in x.reshape(-1, x.shape[-1])]).reshape(
        *x.shape[:-1], -1
    ) + b  # fmt: skip


def batch_norm(layer, x):
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        channel = x[:, c]
        out[:, c] = (channel - channel.mean()) / math.sqrt(channel.var() + layer.eps)
        if layer.weight is not None:
            out[:, c] = out[:, c] * layer.weight.data[c] + layer.bias.data[c]
    return out


def layer_norm(layer, x):
    rows = x.reshape(-1, math.prod(layer.normalized_shape))
    rows = [(row - row.mean()) / math.sqrt(row.var() + layer.eps) for row in rows]
    weight, bias = (1 if p is None else p.data for p in (layer.weight, layer.bias))
    return np.reshape(rows, x.shape) * weight + (0 if layer.bias is None else bias)


def conv2d(layer, x):
    (kh, kw), (sh, sw), (dh, dw) = layer.kernel_size, layer.stride, layer.dilation
    (ph, pw), W = layer.padding, layer.weight.data
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    rows, columns = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1, (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((len(x), len(W), rows, columns))
    into = len(W) // layer.groups
    for n, o, i, j in np.ndindex(out.shape):
        for c, a, b in np.ndindex(W.shape[1:]):
            source = o // into * W.shape[1] + c
            out[n, o, i, j] += W[o, c, a, b] * x[n, source, i * sh + a * dh, j * sw + b * dw]
        out[n, o, i, j] += 0 if layer.bias is None else layer.bias.data[o]
    return out


def pooled(reduce, border):
    def pool(layer, x):
        (kh, kw), (sh, sw), (ph, pw) = layer.kernel_size, layer.stride, layer.padding
        x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=border)
        rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
        out = np.zeros((*x.shape[:2], rows, columns))
        for n, c, i, j in np.ndindex(out.shape):
            out[n, c, i, j] = reduce(x[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw])
        return out

    return pool


def rnn_cell(layer, x, h):
    return np.tanh(x @ layer.weight_ih.data.T + layer.bias_ih.data + h @ layer.weight_hh.data.T + layer.bias_hh.data)


def lstm_cell(layer, x, h, c):
    sums = x @ layer.weight_ih.data.T + layer.bias_ih.data + h @ layer.weight_hh.data.T + layer.bias_hh.data
    i, f, g, o = np.split(sums, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return np.stack([sigmoid(o) * np.tanh(c), c])


def attention(layer, query, key, value, mask=None):
    return attention_and_weights(layer, query, key, value, mask)[0]


def attention_and_weights(layer, query, key, value, mask):
    """Of sequences (L, N, E), with a mask of shape (N, heads, L, S) that is added to the scores."""
    W, b = layer.in_proj_weight.data, 0 if layer.in_proj_bias is None else layer.in_proj_bias.data
    b = np.zeros(len(W)) + b
    q, k, v = (x @ w.T + c for x, w, c in zip((query, key, value), np.split(W, 3), np.split(b, 3), strict=True))
    out = np.zeros_like(q)
    weights = np.zeros((q.shape[1], layer.num_heads, len(q), len(k)))
    mask = weights if mask is None else mask
    d = layer.embed_dim // layer.num_heads
    for n in range(q.shape[1]):
        for head in range(layer.num_heads):
            mine = slice(head * d, (head + 1) * d)
            scores = np.exp(q[:, n, mine] @ k[:, n, mine].T / math.sqrt(d) + mask[n, head])
            weights[n, head] = scores / scores.sum(axis=1, keepdims=True)
            out[:, n, mine] = weights[n, head] @ v[:, n, mine]
    out = out @ layer.out_proj.weight.data.T
    return out if layer.out_proj.bias is None else out + layer.out_proj.bias.data, weights


def elementwise(f):
    return lambda layer, x: f(x)


def softmax(layer, x):
    return np.exp(x) / np.exp(x).sum(axis=layer.dim, keepdims=True)


CASES = [
    (lambda: nn.Identity(), [(3, 2)], elementwise(np.positive)),
    (lambda: nn.Linear(4, 3), [(5, 4)], linear),
    (lambda: nn.Linear(4, 3, bias=False), [(2, 5, 4)], linear),
    (lambda: nn.Sigmoid(), [(3, 2)], elementwise(sigmoid)),
    (lambda: nn.Tanh(), [(3, 2)], elementwise(np.tanh)),
    (lambda: nn.ReLU(), [(3, 2)], elementwise(lambda x: x * (x > 0))),
    (lambda: nn.LeakyReLU(0.2), [(3, 2)], elementwise(lambda x: x * np.where(x > 0, 1, 0.2))),
    (lambda: nn.GELU(), [(3, 2)], elementwise(lambda x: x * [[(1 + math.erf(v / 2**0.5)) / 2 for v in r] for r in x])),
    (lambda: nn.GELU("tanh"), [(3, 2)], elementwise(
        lambda x: x / 2 * (1 + np.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x**3))))),
    (lambda: nn.LeakyReLU(), [(3, 2)], elementwise(lambda x: x * np.where(x > 0, 1, 0.01))),
    (lambda: nn.SiLU(), [(3, 2)], elementwise(lambda x: x * sigmoid(x))),
    (lambda: nn.Softmax(dim=0), [(3, 2)], softmax),
    (lambda: nn.LogSoftmax(dim=-1), [(3, 2)], lambda layer, x: np.log(softmax(layer, x))),
    (lambda: nn.BatchNorm1d(3), [(5, 3)], batch_norm),
    (lambda: nn.BatchNorm1d(3, affine=False, eps=0.1), [(2, 3, 4)], batch_norm),
    (lambda: nn.BatchNorm2d(2), [(2, 2, 3, 2)], batch_norm),
    (lambda: nn.LayerNorm((3, 2)), [(4, 3, 2)], layer_norm),
    (lambda: nn.LayerNorm(4, elementwise_affine=False), [(3, 4)], layer_norm),
    (lambda: nn.LayerNorm(4, bias=False), [(3, 4)], layer_norm),
    (lambda: nn.Conv2d(2, 3, 2), [(2, 2, 4, 5)], conv2d),
    (lambda: nn.Conv2d(2, 4, (3, 2), (2, 1), (1, 0), (1, 2), groups=2), [(2, 2, 5, 6)], conv2d),
    (lambda: nn.Conv2d(3, 2, 1, bias=False), [(2, 3, 2, 2)], conv2d),
    (lambda: nn.Conv2d(1, 2, (1, 4), padding=(0, 1)), [(2, 1, 2, 2)], conv2d),
    (lambda: nn.MaxPool2d(2), [(2, 2, 5, 4)], pooled(np.max, -np.inf)),
    (lambda: nn.MaxPool2d(3, 1, 1), [(1, 2, 4, 4)], pooled(np.max, -np.inf)),
    (lambda: nn.AvgPool2d((2, 3), 2, 1), [(2, 2, 5, 4)], pooled(np.mean, 0)),
    (lambda: nn.Flatten(), [(3, 2, 2)], lambda layer, x: x.reshape(3, 4)),
    (lambda: nn.Flatten(0, 1), [(3, 2, 4)], lambda layer, x: x.reshape(6, 4)),
    (lambda: nn.Flatten(-3, -2), [(3, 2, 2, 5)], lambda layer, x: x.reshape(3, 4, 5)),
    (lambda: nn.RNNCell(3, 4), [(2, 3), (2, 4)], rnn_cell),
    (lambda: nn.RNNCell(3, 4), [(3,), (4,)], rnn_cell),
    (lambda: nn.MultiheadAttention(6, 3), [(3, 2, 6), (5, 2, 6), (5, 2, 6)], attention),
    (lambda: nn.MultiheadAttention(6, 3, bias=False), [(3, 1, 6), (5, 1, 6), (5, 1, 6)], attention),
]  # fmt: skip


def computed(layer, xs):
    out = layer(*xs)
    return out[0] if isinstance(layer, nn.MultiheadAttention) else out


@pytest.mark.parametrize(("make", "shapes", "reference"), CASES)
def test_layer_computes_its_definition_and_its_gradient(make, shapes, reference):
    nn.manual_seed(2)
    rng = np.random.default_rng(3)
    layer = make()
    for parameter in layer.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    xs = [Tensor(rng.normal(size=shape)) for shape in shapes]
    out = computed(layer, xs)
    np.testing.assert_allclose(out.data, reference(layer, *(x.data for x in xs)), rtol=1e-12, atol=1e-12)

    cotangent = rng.uniform(0.5, 2, out.shape) * rng.choice([-1, 1], out.shape)
    out.backward(cotangent)
    leaves = [*xs, *layer.parameters()]

    def loss(arrays):
        for leaf, array in zip(leaves, arrays, strict=True):
            leaf.data = array
        with no_grad():
            return float(np.sum(computed(layer, xs).data * cotangent))

    assert_gradients(loss, [leaf.numpy() for leaf in leaves], [leaf.grad for leaf in leaves], rng)


def test_lstm_cell_over_two_steps():
    rng = np.random.default_rng(3)
    cell = nn.LSTMCell(3, 4)
    xs, h, c = rng.normal(size=(2, 2, 3)), np.zeros((2, 4)), np.zeros((2, 4))
    state = None
    for x in xs:
        state = cell(x, state)
        h, c = lstm_cell(cell, x, h, c)
    np.testing.assert_allclose(state[0].data, h, rtol=1e-12)
    np.testing.assert_allclose(state[1].data, c, rtol=1e-12)


L, S, N, E, H = 3, 5, 2, 6, 3
FORBIDDEN = np.triu(np.ones((L, S), bool), 1)
PADDING = np.array([[False, True, False, False, True], [False] * 5])
ADDED = np.random.default_rng(5).normal(size=(N * H, L, S))


def as_added(mask):
    return np.where(mask, -np.inf, 0.0)


MASKS = [
    ({}, np.zeros((N, H, L, S))),
    ({"attn_mask": FORBIDDEN}, np.broadcast_to(as_added(FORBIDDEN), (N, H, L, S))),
    ({"attn_mask": ADDED[0]}, np.broadcast_to(ADDED[0], (N, H, L, S))),
    ({"attn_mask": ADDED}, ADDED.reshape(N, H, L, S)),
    ({"key_padding_mask": PADDING}, np.broadcast_to(as_added(PADDING)[:, None, None], (N, H, L, S))),
    ({"key_padding_mask": PADDING, "attn_mask": ADDED, "is_causal": True},
     as_added(PADDING)[:, None, None] + ADDED.reshape(N, H, L, S) + as_added(FORBIDDEN)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "mask"), MASKS)
@pytest.mark.parametrize("bias", [True, False])
def test_attention_masks_layouts_and_weights(given, mask, bias):
    rng = np.random.default_rng(1)
    xs = [rng.normal(size=(n, N, E)) for n in (L, S, S)]
    layer = nn.MultiheadAttention(E, H, bias=bias)
    for parameter in layer.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    wanted, weights = attention_and_weights(layer, *xs, mask)

    out, found = layer(*xs, **given)
    np.testing.assert_allclose(out.data, wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.data, weights.mean(axis=1), rtol=1e-12, atol=1e-12)
    out, found = layer(*xs, **given, average_attn_weights=False)
    np.testing.assert_allclose(found.data, weights, rtol=1e-12, atol=1e-12)
    assert layer(*xs, **given, need_weights=False)[1] is None

    layer.batch_first = True
    out, found = layer(*(x.swapaxes(0, 1) for x in xs), **given)
    np.testing.assert_allclose(out.data, wanted.swapaxes(0, 1), rtol=1e-12, atol=1e-12)
    layer.batch_first = False

    one = dict(given)
    if "key_padding_mask" in given:
        one["key_padding_mask"] = PADDING[:1]
    if np.ndim(given.get("attn_mask")) == 3:
        one["attn_mask"] = ADDED[:H]
    np.testing.assert_allclose(layer(*(x[:, :1] for x in xs), **one)[0].data, wanted[:, :1], rtol=1e-12, atol=1e-12)

    single = dict(one)
    if "key_padding_mask" in given:
        single["key_padding_mask"] = PADDING[0]
    out, found = layer(*(x[:, 0] for x in xs), **single)
    np.testing.assert_allclose(out.data, wanted[:, 0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.data, weights[0].mean(axis=0), rtol=1e-12, atol=1e-12)


def test_maxpool_gives_the_gradient_of_equal_entries_to_the_first():
    x = Tensor(np.zeros((1, 1, 2, 4)))
    nn.MaxPool2d(2)(x).sum().backward()
    assert x.grad.tolist() == [[[[1, 0, 1, 0], [0, 0, 0, 0]]]]


TEXTS = [
    (lambda: nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"),
    (lambda: nn.Linear(2, 3, bias=False), "Linear(in_features=2, out_features=3, bias=False)"),
    (lambda: nn.LeakyReLU(), "LeakyReLU(negative_slope=0.01)"),
    (lambda: nn.GELU(), "GELU(approximate='none')"),
    (lambda: nn.Softmax(1), "Softmax(dim=1)"),
    (lambda: nn.Dropout(), "Dropout(p=0.5)"),
    (lambda: nn.BatchNorm1d(3), "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)"),
    (lambda: nn.LayerNorm(4), "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)"),
    (lambda: nn.LayerNorm(4, bias=False), "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=False)"),
    (lambda: nn.Embedding(3, 2), "Embedding(3, 2)"),
    (lambda: nn.Embedding(3, 2, -1), "Embedding(3, 2, padding_idx=2)"),
    (lambda: nn.Embedding(3, 2, -3), "Embedding(3, 2, padding_idx=0)"),
    (lambda: nn.Conv2d(2, 4, 3), "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1))"),
    (lambda: nn.Conv2d(2, 4, 3, 2, 1, (1, 2), 2, bias=False),
     "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(1, 2), groups=2, bias=False)"),
    (lambda: nn.MaxPool2d(2), "MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))"),
    (lambda: nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    (lambda: nn.RNNCell(2, 3), "RNNCell(2, 3)"),
    (lambda: nn.LSTMCell(2, 3, bias=False), "LSTMCell(2, 3, bias=False)"),
    (lambda: nn.MSELoss(), "MSELoss()"),
    (lambda: nn.NLLLoss(reduction="sum"), "NLLLoss(reduction='sum')"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "text"), TEXTS)
def test_the_text_of_a_layer_tells_its_options(make, text):
    assert repr(make()) == text


def test_plain_arrays_and_float32_stay_what_they_are():
    x = np.ones((2, 3, 4, 4), np.float32)
    for layer in (nn.ReLU(), nn.MaxPool2d(2, padding=1), nn.AvgPool2d(2), nn.Dropout(0.5), nn.Flatten(), nn.Softmax(1)):
        out = layer(x)
        assert isinstance(out, np.ndarray) and out.dtype == np.float32, layer
    for layer in (nn.Conv2d(3, 2, 3, padding=1), nn.BatchNorm2d(3), nn.LayerNorm(4), nn.Linear(4, 2), nn.GELU("tanh")):
        assert layer.to(np.float32)(Tensor(x)).dtype == np.float32, layer
    cell, attention = nn.LSTMCell(4, 2).to(np.float32), nn.MultiheadAttention(4, 2).to(np.float32)
    assert all(part.dtype == np.float32 for part in cell(x[0, 0]))
    out, weights = attention(x[0], x[0], x[0], is_causal=True, key_padding_mask=np.zeros((4, 3), bool))
    assert out.dtype == weights.dtype == np.float32
    losses = (nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(), nn.BCEWithLogitsLoss(pos_weight=2.0), nn.CrossEntropyLoss())
    for loss in (*losses, nn.BCELoss(), nn.CrossEntropyLoss([1.0, 2.0, 3.0], label_smoothing=0.1)):
        target = np.array([0, 1]) if isinstance(loss, nn.CrossEntropyLoss) else x[:, :, 0, 0]
        assert loss(Tensor(x[:, :, 0, 0]), target).dtype == np.float32, loss


def test_whole_numbers_go_in_as_numbers():
    image = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    assert nn.MaxPool2d(2)(image).tolist() == [[[[5, 7], [13, 15]]]]
    assert nn.MaxPool2d(2, padding=1)(image)[0, 0, -1].tolist() == [12, 14, 15]
    assert nn.AvgPool2d(4)(image) == 7.5
    assert nn.Dropout(0.2)(np.ones(1000, int)).max() == 1.25
    layer = nn.Conv2d(1, 1, 4, bias=False)
    layer.weight.data = np.full((1, 1, 4, 4), 20.0)
    assert layer(image).data == 2400


# --- training and evaluation ------------------------------------------------------------------------------------------


def test_batch_norm_keeps_running_averages_and_uses_them_in_evaluation():
    layer = nn.BatchNorm1d(2, momentum=0.25)
    x = np.array([[1.0, 10.0], [3.0, 50.0]])
    layer(x)
    # the batch has means 2 and 30, unbiased variances 2 and 800: a quarter of each, three quarters of 0 and 1
    assert layer.running_mean.tolist() == [0.5, 7.5] and layer.running_var.tolist() == [1.25, 200.75]
    layer(x)
    assert layer.running_mean.tolist() == [0.875, 13.125] and layer.running_var.tolist() == [1.4375, 350.5625]
    longer = nn.BatchNorm1d(2, momentum=1.0)
    longer(np.array([[1.0, 10.0], [3.0, 50.0], [5.0, 30.0]]))  # squared deviations 8 and 800 over two
    np.testing.assert_allclose(longer.running_var, [4, 400], rtol=1e-15)
    images = nn.BatchNorm2d(1, momentum=0.5)
    images(np.array([[[[1.0, 3.0]]], [[[3.0, 5.0]]]]))
    assert images.running_mean.shape == images.running_var.shape == (1,) and images.running_mean == 1.5
    layer.eval()
    wanted = (x - [0.875, 13.125]) / np.sqrt(np.array([1.4375, 350.5625]) + 1e-5)
    np.testing.assert_allclose(layer(x).data, wanted, rtol=1e-12)
    assert layer(x[:1]).shape == (1, 2) and layer.num_batches_tracked == 2
    average = nn.BatchNorm1d(2, momentum=None)
    for batch in (x, 3 * x, 8 * x):
        average(batch)
    np.testing.assert_allclose(average.running_mean, [8, 120])  # the mean of 2, 6 and 16


def test_batch_norm_needs_two_values_in_training():
    for layer, x in ((nn.BatchNorm1d(2), np.ones((1, 2))), (nn.BatchNorm2d(2), np.ones((1, 2, 1, 1)))):
        with pytest.raises(ValueError, match=r"needs more than one value per channel .* got \(1, 2"):
            layer(x)
        assert not layer.running_mean.any() and layer.num_batches_tracked == 0
    assert nn.BatchNorm1d(2)(np.ones((1, 2, 3))).shape == (1, 2, 3)
    with pytest.raises(ValueError, match="more than one value"):
        nn.BatchNorm1d(2, track_running_stats=False).eval()(np.ones((1, 2)))


def test_batch_norm_without_running_averages_measures_every_batch():
    layer, x = nn.BatchNorm1d(2, affine=False, track_running_stats=False), np.array([[1.0, 10.0], [3.0, 50.0]])
    assert layer.state_dict() == {}
    np.testing.assert_array_equal(layer(x).data, layer.eval()(x).data)
    np.testing.assert_allclose(layer(x).data, batch_norm(layer, x), rtol=1e-12)


def test_dropout_drops_the_share_p_and_keeps_the_mean():
    nn.manual_seed(4)
    x = Tensor(np.full(40_000, 3.0))
    out = nn.Dropout(0.3)(x)
    assert set(out.data.tolist()) == {0.0, 3 / 0.7}
    assert abs((out.data == 0).mean() - 0.3) < 0.01 and abs(out.data.mean() - 3) < 0.05
    out.sum().backward()
    assert (x.grad == out.data / 3).all()
    assert nn.Dropout(0.3).eval()(x) is x and nn.Dropout(0.0)(x) is x
    assert not nn.Dropout(1.0)(x).data.any()
    layer = nn.Dropout(0.5)
    assert (layer(x).data != layer(x).data).any()


def test_dropout_of_attention_weights_only_in_training():
    x = np.random.default_rng(0).normal(size=(4, 1, 6))
    layer = nn.MultiheadAttention(6, 2, dropout=0.5, generator=np.random.default_rng(1))
    training, evaluation = layer(x, x, x)[0].data, layer.eval()(x, x, x)[0].data
    np.testing.assert_allclose(evaluation, attention(layer, x, x, x), rtol=1e-12)
    assert np.abs(training - evaluation).max() > 0.01


def test_embedding_picks_rows_and_adds_up_their_gradients():
    layer = nn.Embedding(4, 2, padding_idx=0)
    assert layer.weight.data[0].tolist() == [0, 0] and layer.weight.data[1:].all()
    out = layer(np.array([[1, 1], [0, 3]]))
    assert (out.data == layer.weight.data[[[1, 1], [0, 3]]]).all()
    out.sum().backward()
    assert layer.weight.grad.tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]
    assert layer([]).shape == (0, 2)


# --- losses -----------------------------------------------------------------------------------------------------------

X = np.array([[0.2, -1.0, 3.0], [0.5, 0.0, -2.0]])
Y = np.array([[0.0, -1.0, 0.5], [1.0, 0.4, 2.0]])
P, Q = np.array([[0.2, 0.7], [0.5, 0.9]]), np.array([[0.0, 1.0], [0.25, 1.0]])
LOG_P = X - np.log(np.exp(X).sum(axis=1, keepdims=True))

LOSSES = [
    (nn.MSELoss, {}, X, Y, (X - Y) ** 2),
    (nn.L1Loss, {}, X, Y, abs(X - Y)),
    (nn.HuberLoss, {}, X, Y, [[0.02, 0, 2.0], [0.125, 0.08, 3.5]]),  # |d| is 0.2, 0, 2.5 and 0.5, 0.4, 4
    (nn.HuberLoss, {"delta": 2.0}, X, Y, [[0.02, 0, 3.0], [0.125, 0.08, 6.0]]),
    (nn.BCELoss, {}, P, Q, -(Q * np.log(P) + (1 - Q) * np.log(1 - P))),
    (nn.BCEWithLogitsLoss, {}, np.log(P / (1 - P)), Q, -(Q * np.log(P) + (1 - Q) * np.log(1 - P))),
    (nn.BCEWithLogitsLoss, {"pos_weight": 3.0}, np.log(P / (1 - P)), Q, -(3 * Q * np.log(P) + (1 - Q) * np.log(1 - P))),
    (nn.CrossEntropyLoss, {}, X, [2, 0], [-LOG_P[0, 2], -LOG_P[1, 0]]),
    (nn.CrossEntropyLoss, {"label_smoothing": 0.3}, X, [2, 0],
     [-(0.7 * LOG_P[0, 2] + 0.1 * LOG_P[0].sum()), -(0.7 * LOG_P[1, 0] + 0.1 * LOG_P[1].sum())]),
    (nn.CrossEntropyLoss, {}, X, np.array([[0.5, 0.5, 0], [0, 0, 1]]), [-LOG_P[0, :2].mean(), -LOG_P[1, 2]]),
    (nn.NLLLoss, {}, LOG_P, [2, 0], [-LOG_P[0, 2], -LOG_P[1, 0]]),
    (nn.HingeLoss, {}, X, np.array([[1, 1, 1], [-1, -1, 1]]), [[0.8, 2, 0], [1.5, 1, 3]]),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "options", "x", "y", "wanted"), LOSSES)
def test_loss_is_its_definition_in_every_reduction_and_its_gradient(loss, options, x, y, wanted):
    for reduction, of in (("none", wanted), ("sum", np.sum(wanted)), ("mean", np.mean(wanted))):
        np.testing.assert_allclose(loss(reduction=reduction, **options)(Tensor(x), y).data, of, rtol=1e-12, atol=1e-15)
    node = Tensor(x)
    loss(**options)(node, y).backward()
    if loss not in (nn.L1Loss, nn.HingeLoss):  # which have corners at these points
        assert_gradients(lambda xs: float(loss(**options)(xs[0], y)), [x], [node.grad], np.random.default_rng(0))


def test_weighted_and_ignored_classes():
    weight = [1.0, 2.0, 5.0]
    losses = np.array([-5 * LOG_P[0, 2], -LOG_P[1, 0]])
    loss = nn.CrossEntropyLoss(weight)
    np.testing.assert_allclose(float(loss(X, np.array([2, 0]))), losses.sum() / 6, rtol=1e-12)
    ignoring = nn.CrossEntropyLoss(weight, ignore_index=2)
    np.testing.assert_allclose(float(ignoring(X, np.array([2, 0]))), losses[1], rtol=1e-12)
    assert nn.CrossEntropyLoss(reduction="none")(X, np.array([-100, 0])).tolist()[0] == 0


def test_losses_of_several_places_and_of_one_row():
    scores = np.random.default_rng(0).normal(size=(2, 3, 4))
    y = np.array([[0, 1, 2, 1], [2, 2, 0, 1]])
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    wanted = [[-log_p[n, y[n, i], i] for i in range(4)] for n in range(2)]
    np.testing.assert_allclose(nn.CrossEntropyLoss(reduction="none")(scores, y), wanted, rtol=1e-12)
    one_hot = (y[:, None] == np.arange(3)[:, None]) * 1.0
    np.testing.assert_allclose(float(nn.CrossEntropyLoss()(scores, one_hot)), np.mean(wanted), rtol=1e-12)
    np.testing.assert_allclose(float(nn.CrossEntropyLoss()(scores, one_hot.tolist())), np.mean(wanted), rtol=1e-12)
    weighted = nn.CrossEntropyLoss([1.0, 2.0, 5.0])(scores, one_hot)  # probabilities: the mean is over the rows
    np.testing.assert_allclose(float(weighted), np.mean(wanted * np.array([1.0, 2, 5])[y]), rtol=1e-12)
    np.testing.assert_allclose(float(nn.CrossEntropyLoss()(scores[0, :, 0], 0)), wanted[0][0], rtol=1e-12)


def test_targets_that_are_computed_get_a_gradient():
    x, y = Tensor(P), Tensor(Q)
    nn.BCELoss("sum")(x, y).backward()
    np.testing.assert_allclose(y.grad, np.log(1 - P) - np.log(P), rtol=1e-12)
    scores, soft = Tensor(X), Tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    nn.CrossEntropyLoss(reduction="sum")(scores, soft).backward()
    np.testing.assert_allclose(soft.grad, -LOG_P, rtol=1e-12)  # also where the target is 0


def test_targets_that_are_ignored_by_default_are_minus_100():
    for loss in (nn.CrossEntropyLoss(reduction="none", label_smoothing=0.5), nn.NLLLoss(reduction="none")):
        losses = loss(LOG_P, np.array([-100, 0]))
        assert losses[0] == 0 and losses[1] > 0


def test_losses_stay_finite_where_the_formula_does_not():
    x = Tensor([-1000.0, 1000.0, 1000.0])
    loss = nn.BCEWithLogitsLoss("sum")(x, np.array([0.0, 1.0, 0.0]))
    loss.backward()
    assert loss.data == 1000 and x.grad.tolist() == [0, 0, 1]
    certain = Tensor([0.0, 1.0, 0.0])
    loss = nn.BCELoss("none")(certain, np.array([0.0, 1.0, 1.0]))
    loss.backward(np.ones(3))
    assert loss.data.round(9).tolist() == [0, 0, 100] and np.isfinite(certain.grad).all() and certain.grad[2] < -1e11
    scores = Tensor([[1e5, 0.0], [0.0, -np.inf]])
    loss = nn.CrossEntropyLoss()(scores, np.array([1, 0]))
    loss.backward()
    assert loss.data == 5e4 and scores.grad.tolist() == [[0.5, -0.5], [0, 0]]


# --- what they refuse -------------------------------------------------------------------------------------------------

ONE = np.ones((2, 3))
REFUSED = [
    (lambda: nn.Linear(3, 0), ValueError, "out_features must be 1 or more, got 0"),
    (lambda: nn.Linear(True, 2), TypeError, "in_features must be an integer, got True"),
    (lambda: nn.Linear(3.0, 2), TypeError, "in_features must be an integer, got 3.0"),
    (lambda: nn.Linear(3, 2)(np.ones((5, 4))), ValueError,
     r"Linear\(in_features=3, .*takes input of shape \(\.\.\., 3\), got \(5, 4\)"),
    (lambda: nn.Linear(3, 2)([[1.0, 2.0, 3.0]]), TypeError, "takes an array or a Tensor, got list"),
    (lambda: nn.Dropout(1.5), ValueError, "p must be a finite number from 0 to 1, got 1.5"),
    (lambda: nn.Dropout(-0.1), ValueError, "p must be a finite number from 0 to 1"),
    (lambda: nn.Dropout(float("nan")), ValueError, "p must be a finite number from 0 to 1, got nan"),
    (lambda: nn.Dropout(0.5, generator=0), TypeError, r"generator must be a numpy\.random\.Generator"),
    (lambda: nn.Dropout("0.5"), TypeError, "p must be a number, got '0.5'"),
    (lambda: nn.GELU("fast"), ValueError, "approximate must be one of 'none', 'tanh', got 'fast'"),
    (lambda: nn.Softmax(), TypeError, "dim"),
    (lambda: nn.BatchNorm1d(3)(np.ones((4, 2))), ValueError,
     r"takes input of shape \(N, C\) or \(N, C, L\), C = 3, got \(4, 2\)"),
    (lambda: nn.BatchNorm1d(3)(np.ones(3)), ValueError, r"takes input of shape \(N, C\)"),
    (lambda: nn.BatchNorm1d(3)(np.ones((2, 3, 4, 4))), ValueError, r"takes input of shape \(N, C\) or \(N, C, L\)"),
    (lambda: nn.BatchNorm2d(3)(ONE), ValueError, r"takes input of shape \(N, C, H, W\), C = 3"),
    (lambda: nn.BatchNorm1d(3, momentum=2), ValueError, "momentum must be a finite number from 0 to 1, got 2"),
    (lambda: nn.LayerNorm(()), ValueError, "normalized_shape must name at least one axis"),
    (lambda: nn.LayerNorm((2, 4))(ONE), ValueError, r"takes input of shape \(\.\.\., 2, 4\), got \(2, 3\)"),
    (lambda: nn.Embedding(5, 2)([0, 5]), ValueError, r"indices of an Embedding must lie from 0 to 4, got 5 at \(1,\)"),
    (lambda: nn.Embedding(5, 2)([[0], [-1]]), ValueError, r"must lie from 0 to 4, got -1 at \(1, 0\)"),
    (lambda: nn.Embedding(5, 2)([0.0]), TypeError, r"must be plain integers, got dtype float64; use \.astype\(int\)"),
    (lambda: nn.Embedding(5, 2, padding_idx=5), ValueError, "padding_idx must be one of the 5 rows, got 5"),
    (lambda: nn.Embedding(5, 2, padding_idx=-6), ValueError, "padding_idx must be -5 or more"),
    (lambda: nn.Conv2d(3, 4, 2, groups=2), ValueError, "groups must divide in_channels 3 and out_channels 4, got 2"),
    (lambda: nn.Conv2d(3, 4, (2, 2, 2)), ValueError, "kernel_size must be one integer or a pair"),
    (lambda: nn.Conv2d(3, 4, 2, padding="same"), TypeError, "padding must be an integer, got 'same'"),
    (lambda: nn.Conv2d(3, 4, 2, stride=0), ValueError, "stride must be 1 or more, got 0"),
    (lambda: nn.Conv2d(3, 4, 2)(np.ones((1, 2, 5, 5))), ValueError,
     r"Conv2d\(3, 4,.*takes input of shape \(\.\.\., 3, any, any\), got \(1, 2, 5, 5\)"),
    (lambda: nn.Conv2d(3, 4, 2)(np.ones((3, 5, 5))), ValueError,
     r"takes input of shape \(any, any, any, any\), got \(3, 5, 5\)"),
    (lambda: nn.Conv2d(1, 1, 3, dilation=2)(np.ones((1, 1, 4, 9))), ValueError,
     r"a window that reaches \(5, 5\) does not fit in input of shape \(1, 1, 4, 9\)"),
    (lambda: nn.Conv2d(1, 1, 6, padding=1)(np.ones((1, 1, 3, 9))), ValueError, "does not fit in input"),
    (lambda: nn.MaxPool2d(3)(np.ones((1, 1, 2, 9))), ValueError, "does not fit in input"),
    (lambda: nn.MaxPool2d(2, padding=2), ValueError,
     r"padding must be at most half of kernel_size \(2, 2\), got \(2, 2\)"),
    (lambda: nn.Flatten(2, 1)(np.ones((2, 3, 4))), ValueError, "has no such axes"),
    (lambda: nn.Flatten(1, 3)(np.ones((2, 3, 4))), ValueError, "has no such axes"),
    (lambda: nn.Flatten()(np.ones(3)), ValueError, r"has no such axes in input of shape \(3,\)"),
    (lambda: nn.RNNCell(3, 4)(np.ones((5, 2, 3))), ValueError,
     r"takes one step at a time, \(N, 3\) or \(3,\), got \(5, 2, 3\)"),
    (lambda: nn.RNNCell(3, 4)(ONE, np.ones((2, 5))), ValueError,
     r"takes h of shape \(2, 4\) with this input, got \(2, 5\)"),
    (lambda: nn.RNNCell(3, 4)(ONE, np.ones(4)), ValueError, r"takes h of shape \(2, 4\)"),
    (lambda: nn.LSTMCell(3, 4)(ONE, (np.ones((2, 4)), np.ones((1, 4)))), ValueError, r"takes c of shape \(2, 4\)"),
    (lambda: nn.RNNCell(3, 4, nonlinearity="relu6"), ValueError, "nonlinearity must be one of 'tanh', 'relu'"),
    (lambda: nn.MultiheadAttention(6, 4), ValueError, "embed_dim must be a multiple of num_heads, got 6 and 4"),
    (lambda: nn.MultiheadAttention(3, 1)(ONE, ONE, np.ones((1, 3))), ValueError, "key and value of one shape"),
    (lambda: nn.MultiheadAttention(3, 1)(ONE, ONE[None], ONE[None]), ValueError, "as sequences, or batches of them"),
    (lambda: nn.MultiheadAttention(3, 1)(ONE, ONE, ONE, attn_mask=np.ones((2, 3), bool)), ValueError,
     r"attn_mask must have shape \(2, 2\) or \(1, 2, 2\), got \(2, 3\)"),
    (lambda: nn.MultiheadAttention(3, 1)(ONE, ONE, ONE, attn_mask=np.ones((2, 2), int)), TypeError,
     "attn_mask must hold bools .* or floats"),
    (lambda: nn.MultiheadAttention(3, 1)(ONE, ONE, ONE, key_padding_mask=[True, True]), ValueError,
     "leave a query without any key"),
    (lambda: nn.MSELoss("average"), ValueError, "reduction must be one of 'mean', 'sum', 'none', got 'average'"),
    (lambda: nn.MSELoss()(np.ones((4, 1)), np.ones(4)), ValueError,
     r"takes input and target of one shape, got \(4, 1\) and \(4,\)"),
    (lambda: nn.L1Loss()(ONE, 1.0), ValueError, r"of one shape, got \(2, 3\) and \(\)"),
    (lambda: nn.MSELoss()(np.ones(0), np.ones(0)), ValueError, "nothing to take the mean of"),
    (lambda: nn.HuberLoss(delta=0), ValueError, "delta must be above 0"),
    (lambda: nn.BCELoss()(ONE * 1.1, ONE), ValueError, "the input of BCELoss must lie from 0 to 1, got 1.1 to 1.1"),
    (lambda: nn.BCELoss()(ONE * np.nan, ONE), ValueError, "the input of BCELoss must lie from 0 to 1, got nan"),
    (lambda: nn.BCELoss()(ONE, -ONE), ValueError, "the target of BCELoss must lie from 0 to 1"),
    (lambda: nn.BCEWithLogitsLoss()(ONE, 2 * ONE), ValueError, "the target of BCEWithLogitsLoss must lie from 0 to 1"),
    (lambda: nn.HingeLoss()(ONE, 0 * ONE), ValueError, "the target of HingeLoss must hold -1 and 1 only"),
    (lambda: nn.CrossEntropyLoss()(ONE, [0, 3]), ValueError,
     r"target of CrossEntropyLoss\(\) must lie from 0 to 2, got 3 at \(1,\)"),
    (lambda: nn.CrossEntropyLoss()(ONE, [-1, 0]), ValueError, r"must lie from 0 to 2, got -1 at \(0,\)"),
    (lambda: nn.CrossEntropyLoss()(ONE, [1.0, 0.0]), TypeError,
     r"must be plain integers, got dtype float64; use \.astype\(int\)"),
    (lambda: nn.CrossEntropyLoss()(ONE, Tensor([1, 0])), TypeError, "must be plain integers"),
    (lambda: nn.CrossEntropyLoss()(ONE, [[1], [0]]), ValueError,
     r"shape \(2,\) for input of shape \(2, 3\), got \(2, 1\)"),
    (lambda: nn.CrossEntropyLoss()(np.ones((2, 3, 4)), [[0] * 5] * 2), ValueError,
     r"shape \(2, 4\) for input of shape \(2, 3, 4\), got \(2, 5\)"),
    (lambda: nn.CrossEntropyLoss()(ONE, ONE / 3 + 0.001), ValueError, "must hold probabilities that sum to 1"),
    (lambda: nn.CrossEntropyLoss()(ONE, ONE), ValueError, "must hold probabilities that sum to 1"),
    (lambda: nn.CrossEntropyLoss()(ONE, ONE - [0, 0, 2]), ValueError, "must lie from 0 to 1, got -1 to 1"),
    (lambda: nn.CrossEntropyLoss([1.0, 2.0])(ONE, [0, 1]), ValueError,
     r"weight must hold one number for each of 3 classes, got \(2,\)"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=1.1), ValueError,
     "label_smoothing must be a finite number from 0 to 1"),
    (lambda: nn.CrossEntropyLoss()(ONE, [-100, -100]), ValueError, "nothing to take the mean of"),
    (lambda: nn.NLLLoss()(np.array(1.0), 0), ValueError, r"takes input of shape \(\.\.\., any\), got \(\)"),
    (lambda: nn.NLLLoss()(ONE, ONE), TypeError, "must be plain integers"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "error", "message"), REFUSED)
def test_refusals_say_what_was_expected_and_what_came(act, error, message):
    with pytest.raises(error, match=message) as caught:
        act()
    assert "\n" not in str(caught.value)
