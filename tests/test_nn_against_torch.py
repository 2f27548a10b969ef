"""Every layer, loss, optimiser and schedule against PyTorch's in float64, with weights exchanged by state_dict."""

import math

import numpy as np
import pytest

import nn
from autograd import Tensor

torch = pytest.importorskip("torch")

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def theirs_of(array):
    return torch.from_numpy(np.array(array))


def ours_and_theirs(array):
    """The same numbers as a tracked leaf on both sides."""
    return Tensor(array), theirs_of(array).requires_grad_()


def assert_close(ours, theirs, what):
    theirs = theirs.detach().numpy()
    ours = np.asarray(getattr(ours, "primal", ours))
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, what
    np.testing.assert_allclose(ours, theirs, **CLOSE, err_msg=what)


def assert_same_backward(ours, theirs, inputs, modules, rng):
    """Both results and, for one random cotangent, the gradients of all inputs and parameters."""
    assert_close(ours, theirs, "output")
    g = rng.normal(size=ours.shape)
    ours.backward(g)
    theirs.backward(theirs_of(g))
    for i, (mine, other) in enumerate(inputs):
        assert_close(mine.grad, other.grad, f"gradient of input {i}")
    mine, other = modules
    wanted = dict(other.named_parameters())
    found = dict(mine.named_parameters())
    assert list(found) == list(wanted)
    for name in wanted:
        assert_close(found[name].grad, wanted[name].grad, f"gradient of {name}")


# --- layers ---------------------------------------------------------------------------------------------------------

LAYERS = [
    ("Identity", {}, (3, 4)),
    ("Linear", {"in_features": 4, "out_features": 3}, (5, 4)),
    ("Linear", {"in_features": 4, "out_features": 3, "bias": False}, (2, 5, 4)),
    ("Linear", {"in_features": 4, "out_features": 3}, (4,)),
    ("Sigmoid", {}, (3, 4)),
    ("Tanh", {}, (3, 4)),
    ("ReLU", {}, (3, 4)),
    ("LeakyReLU", {}, (3, 4)),
    ("LeakyReLU", {"negative_slope": 0.2}, (3, 4)),
    ("GELU", {}, (3, 4)),
    ("GELU", {"approximate": "tanh"}, (3, 4)),
    ("SiLU", {}, (3, 4)),
    ("Softmax", {"dim": 1}, (3, 4, 2)),
    ("Softmax", {"dim": -1}, (3, 4, 2)),
    ("LogSoftmax", {"dim": 0}, (3, 4)),
    ("Dropout", {"p": 0.0}, (3, 4)),
    ("Dropout", {"p": 1.0}, (3, 4)),
    ("BatchNorm1d", {"num_features": 4}, (5, 4)),
    ("BatchNorm1d", {"num_features": 4, "momentum": None, "eps": 0.1}, (2, 4, 3)),
    ("BatchNorm1d", {"num_features": 4, "affine": False}, (5, 4)),
    ("BatchNorm1d", {"num_features": 4, "track_running_stats": False}, (5, 4)),
    ("BatchNorm2d", {"num_features": 3, "momentum": 0.3}, (2, 3, 4, 5)),
    ("LayerNorm", {"normalized_shape": 4}, (5, 4)),
    ("LayerNorm", {"normalized_shape": (3, 4), "eps": 0.1}, (2, 3, 4)),
    ("LayerNorm", {"normalized_shape": 4, "bias": False}, (5, 4)),
    ("LayerNorm", {"normalized_shape": 4, "elementwise_affine": False}, (5, 4)),
    ("Flatten", {}, (3, 4, 2)),
    ("Flatten", {"start_dim": 0, "end_dim": -2}, (3, 4, 2)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3}, (2, 2, 5, 6)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": (2, 3), "padding": (1, 2)}, (2, 2, 4, 4)),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": (2, 1), "bias": False}, (2, 2, 6, 7)),
    ("Conv2d", {"in_channels": 1, "out_channels": 2, "kernel_size": 2, "dilation": (2, 3), "stride": 2}, (2, 1, 7, 8)),
    ("Conv2d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "groups": 2, "padding": 1}, (3, 4, 4, 5)),
    ("Conv2d", {"in_channels": 4, "out_channels": 4, "kernel_size": 1, "groups": 4}, (3, 4, 4, 5)),
    ("MaxPool2d", {"kernel_size": 2}, (2, 3, 4, 6)),
    ("MaxPool2d", {"kernel_size": 2}, (2, 3, 5, 7)),
    ("MaxPool2d", {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 1)}, (2, 3, 5, 6)),
    ("AvgPool2d", {"kernel_size": 2}, (2, 3, 5, 6)),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 3, 5, 6)),
]  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("name", "options", "shape"), LAYERS)
def test_layer(name, options, shape, training, rng):
    ours = getattr(nn, name)(**options)
    theirs = getattr(torch.nn, name)(**options).double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    if name == "Dropout":
        assert repr(ours) == repr(theirs).replace(".0, inplace=False", "")
    for parameter in theirs.parameters():  # BatchNorm's ones and zeros would hide a missing weight
        torch.nn.init.normal_(parameter)
    ours.load_state_dict(theirs.state_dict())
    for _ in range(3):  # which moves running averages away from where they start
        before = rng.normal(size=shape)
        ours(Tensor(before)), theirs(theirs_of(before))
    ours.train(training), theirs.train(training)
    x = ours_and_theirs(rng.normal(size=shape))
    assert_same_backward(ours(x[0]), theirs(x[1]), [x], (ours, theirs), rng)
    for key, value in theirs.state_dict().items():
        assert_close(ours.state_dict()[key], value, key)


@pytest.mark.parametrize(("name", "options", "shape"), LAYERS)
def test_a_state_dict_goes_over_to_torch(name, options, shape, rng):
    nn.manual_seed(3)
    ours = getattr(nn, name)(**options).eval()
    theirs = getattr(torch.nn, name)(**options).double().eval()
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in ours.state_dict().items()})
    x = rng.normal(size=shape)
    assert_close(ours(Tensor(x)), theirs(theirs_of(x)), "output")


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "Sigmoid", "GELU", "SiLU", "Tanh"])
def test_activations_at_zero_and_far_out(name):
    x = ours_and_theirs([0.0, -0.0, 30.0, -30.0, 700.0, -700.0])
    ours, theirs = getattr(nn, name)()(x[0]), getattr(torch.nn, name)()(x[1])
    assert_close(ours, theirs, "output")
    ours.sum().backward()
    theirs.sum().backward()
    assert_close(x[0].grad, x[1].grad, "gradient")


def test_maxpool_gives_the_gradient_of_equal_entries_to_the_first():
    x = ours_and_theirs(np.zeros((1, 1, 4, 4)))
    nn.MaxPool2d(2)(x[0]).sum().backward()
    torch.nn.MaxPool2d(2)(x[1]).sum().backward()
    assert_close(x[0].grad, x[1].grad, "gradient")


@pytest.mark.parametrize("padding_idx", [None, 2, -1])
def test_embedding(padding_idx, rng):
    ours, theirs = nn.Embedding(5, 3, padding_idx), torch.nn.Embedding(5, 3, padding_idx).double()
    assert ours.padding_idx == theirs.padding_idx
    ours.load_state_dict(theirs.state_dict())
    indices = np.array([[0, 2, 2], [4, 0, 4]])
    assert_same_backward(ours(indices), theirs(torch.from_numpy(indices)), [], (ours, theirs), rng)


@pytest.mark.parametrize(
    ("name", "options"),
    [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("LSTMCell", {"bias": False})],
)
@pytest.mark.parametrize("batch", [(2,), ()])
@pytest.mark.parametrize("given", [True, False])
def test_recurrent_cell_over_four_steps(name, options, batch, given, rng):
    ours = getattr(nn, name)(3, 4, **options)
    theirs = getattr(torch.nn, name)(3, 4, **options).double()
    ours.load_state_dict(theirs.state_dict())
    xs = [ours_and_theirs(rng.normal(size=(*batch, 3))) for _ in range(4)]
    states = [ours_and_theirs(rng.normal(size=(*batch, 4))) for _ in range(2 if name == "LSTMCell" else 1)]
    starts = [tuple(side) if name == "LSTMCell" else side[0] for side in zip(*states, strict=True)]
    mine, other = starts if given else (None, None)
    for x, y in xs:
        mine, other = ours(x, mine), theirs(y, other)
    if name == "LSTMCell":
        mine, other = mine[0] * mine[1], other[0] * other[1]
    assert_same_backward(mine, other, [*xs, *(states if given else [])], (ours, theirs), rng)


# --- attention ------------------------------------------------------------------------------------------------------

L, S, N, E, H = 3, 5, 2, 8, 4
CAUSAL = np.triu(np.ones((L, S), bool), 1)
PADDING = np.array([[False, True, False, False, True], [False] * 5])


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ({}, {}),
        ({"bias": False}, {}),
        ({"batch_first": True}, {}),
        ({}, {"attn_mask": CAUSAL}),
        ({}, {"attn_mask": np.where(CAUSAL, -np.inf, 0.5)}),
        ({}, {"attn_mask": np.random.default_rng(1).normal(size=(N * H, L, S))}),
        ({}, {"key_padding_mask": PADDING}),
        ({"batch_first": True}, {"attn_mask": CAUSAL, "key_padding_mask": PADDING}),
        ({}, {"average_attn_weights": False}),
        ({}, {"need_weights": False}),
    ],
)
@pytest.mark.parametrize("batched", [True, False])
def test_multihead_attention(options, call, batched, rng):
    ours = nn.MultiheadAttention(E, H, **options)
    theirs = torch.nn.MultiheadAttention(E, H, **options).double()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter)
    ours.load_state_dict(theirs.state_dict())
    call = dict(call)
    if not batched:
        if "key_padding_mask" in call:
            call["key_padding_mask"] = call["key_padding_mask"][0]
        if np.ndim(call.get("attn_mask")) == 3:
            call["attn_mask"] = call["attn_mask"][:H]
    first = options.get("batch_first", False)
    shapes = [((N, n, E) if first else (n, N, E)) if batched else (n, E) for n in (L, S, S)]
    inputs = [ours_and_theirs(rng.normal(size=shape)) for shape in shapes]
    out, weights = ours(*(x for x, _ in inputs), **call)
    in_torch = {
        name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value for name, value in call.items()
    }
    wanted, wanted_weights = theirs(*(x for _, x in inputs), **in_torch)
    if call.get("need_weights", True):
        assert_close(weights, wanted_weights, "weights")
    else:
        assert weights is None and wanted_weights is None
    assert_same_backward(out, wanted, inputs, (ours, theirs), rng)


def test_causal_attention_makes_its_own_mask(rng):
    ours, theirs = nn.MultiheadAttention(E, H), torch.nn.MultiheadAttention(E, H).double()
    ours.load_state_dict(theirs.state_dict())
    x = ours_and_theirs(rng.normal(size=(L, N, E)))
    mask = torch.nn.Transformer.generate_square_subsequent_mask(L, dtype=torch.float64)
    wanted, _ = theirs(x[1], x[1], x[1], attn_mask=mask, is_causal=True)
    out, _ = ours(x[0], x[0], x[0], is_causal=True)
    assert_same_backward(out, wanted, [x], (ours, theirs), rng)


# --- losses ---------------------------------------------------------------------------------------------------------

REDUCTIONS = ["mean", "sum", "none"]


def assert_same_loss(ours, theirs, x, target, *, of_target=False):
    """Both losses and the gradient of the input, and of the target where it is to have one."""
    x = ours_and_theirs(x)
    y = ours_and_theirs(target) if of_target else (target, torch.from_numpy(np.array(target)))
    mine, other = ours(x[0], y[0]), theirs(x[1], y[1])
    assert_close(mine, other, "loss")
    g = np.random.default_rng(2).normal(size=mine.shape)
    mine.backward(g)
    other.backward(theirs_of(g))
    assert_close(x[0].grad, x[1].grad, "gradient of the input")
    if of_target:
        assert_close(y[0].grad, y[1].grad, "gradient of the target")


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("name", "options"), [("MSELoss", {}), ("L1Loss", {}), ("HuberLoss", {}), ("HuberLoss", {"delta": 0.3})]
)
def test_regression_loss(name, options, reduction, rng):
    pair = [getattr(module, name)(reduction=reduction, **options) for module in (nn, torch.nn)]
    x, y = rng.normal(size=(2, 4, 3))
    y[0, 0] = x[0, 0]
    y[1, 1], x[1, 1] = 0.0, 0.3
    assert_same_loss(*pair, x, y, of_target=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("of_target", [True, False])
def test_binary_cross_entropy(reduction, of_target, rng):
    x = rng.uniform(size=(4, 3))
    for y in (rng.uniform(size=(4, 3)), np.zeros((4, 3)), np.ones((4, 3))):
        assert_same_loss(nn.BCELoss(reduction), torch.nn.BCELoss(reduction=reduction), x, y, of_target=of_target)


def test_binary_cross_entropy_of_certainties():
    x, y = np.array([0.0, 0.0, 1.0, 1.0, 1e-14, 1e-300]), np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.5])
    mine, other = ours_and_theirs(x)
    ours = nn.BCELoss("none")(mine, y)
    theirs = torch.nn.BCELoss(reduction="none")(other, torch.from_numpy(y))
    assert_close(ours, theirs, "loss")
    ours.sum().backward()
    theirs.sum().backward()
    np.testing.assert_allclose(mine.grad, other.grad, rtol=1e-8)  # torch has 1e-12 in single precision here


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("pos_weight", [None, 3.0, [0.5, 2.0, 1.0]])
def test_binary_cross_entropy_with_logits(reduction, pos_weight, rng):
    x = rng.normal(size=(4, 3)) * 3
    x[0] = -800.0, 800.0, 0.0
    weight = None if pos_weight is None else torch.tensor(pos_weight).double()
    ours = nn.BCEWithLogitsLoss(reduction, pos_weight)
    theirs = torch.nn.BCEWithLogitsLoss(reduction=reduction, pos_weight=weight)
    for y in (rng.uniform(size=(4, 3)), (rng.uniform(size=(4, 3)) > 0.5) * 1.0):
        assert_same_loss(ours, theirs, x, y)


CLASSES = [((4, 3), (4,)), ((3,), ()), ((4, 3, 2), (4, 2)), ((4, 3, 2, 5), (4, 2, 5))]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
@pytest.mark.parametrize(("shape", "targets"), CLASSES)
def test_cross_entropy_of_indices(shape, targets, reduction, weight, label_smoothing, rng):
    of_torch = None if weight is None else torch.tensor(weight).double()
    y = rng.integers(0, 3, size=targets)
    for ignored in (-100, 1):
        if np.all(y == ignored):
            continue
        options = {"ignore_index": ignored, "reduction": reduction, "label_smoothing": label_smoothing}
        ours = nn.CrossEntropyLoss(weight, **options)
        theirs = torch.nn.CrossEntropyLoss(of_torch, **options)
        assert_same_loss(ours, theirs, rng.normal(size=shape), y)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
@pytest.mark.parametrize("shape", [shape for shape, _ in CLASSES])
def test_cross_entropy_of_probabilities(shape, reduction, weight, label_smoothing, rng):
    of_torch = None if weight is None else torch.tensor(weight).double()
    y = rng.dirichlet(np.ones(3), size=shape[:1] + shape[2:] if len(shape) > 1 else ())
    y = np.ascontiguousarray(np.moveaxis(y, -1, 1) if len(shape) > 1 else y)
    options = {"reduction": reduction, "label_smoothing": label_smoothing}
    ours, theirs = nn.CrossEntropyLoss(weight, **options), torch.nn.CrossEntropyLoss(of_torch, **options)
    assert_same_loss(ours, theirs, rng.normal(size=shape), y)
    assert_same_loss(ours, theirs, rng.normal(size=shape), y, of_target=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
@pytest.mark.parametrize(("shape", "targets"), CLASSES)
def test_nll(shape, targets, reduction, weight, rng):
    of_torch = None if weight is None else torch.tensor(weight).double()
    ours, theirs = nn.NLLLoss(weight, reduction=reduction), torch.nn.NLLLoss(of_torch, reduction=reduction)
    assert_same_loss(ours, theirs, rng.normal(size=shape), rng.integers(0, 3, size=targets))


def test_cross_entropy_where_a_wrong_class_is_impossible():
    x = np.array([[1.0, -np.inf, 0.5], [800.0, 0.0, -800.0]])
    assert_same_loss(nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss(), x, np.array([0, 1]))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_hinge(reduction, rng):
    def theirs(x, y):
        losses = torch.clamp(1 - y * x, min=0)
        return losses if reduction == "none" else getattr(losses, reduction)()

    assert_same_loss(
        nn.HingeLoss(reduction), theirs, rng.normal(size=9) * 2, np.array([1.0, -1, 1, -1, 1, -1, 1, -1, 1])
    )


# --- whole networks -------------------------------------------------------------------------------------------------


def convnet(module):
    layers = [
        module.Conv2d(1, 4, 3, padding=1, bias=False), module.BatchNorm2d(4), module.ReLU(), module.MaxPool2d(2),
        module.Conv2d(4, 6, 3), module.ReLU(), module.Flatten(), module.Linear(24, 5),
    ]  # fmt: skip
    return module.Sequential(*layers)


def mlp(module):
    return module.Sequential(module.Linear(6, 8), module.Tanh(), module.LayerNorm(8), module.Linear(8, 5))


def test_a_network_has_torchs_keys_order_and_text():
    ours, theirs = convnet(nn), convnet(torch.nn)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    assert [name for name, _ in ours.named_modules()] == [name for name, _ in theirs.named_modules()]
    ours, theirs = (
        m.Sequential(m.Conv2d(2, 4, 3), m.GELU(), m.Sequential(m.Linear(3, 2, bias=False), m.Softmax(dim=1)))
        for m in (nn, torch.nn)
    )
    assert repr(ours) == repr(theirs)


def test_shared_weights_are_listed_as_in_torch():
    def tied(module):
        class Tied(module.Module):
            def __init__(self):
                super().__init__()
                self.read = module.Embedding(5, 3)
                self.write = module.Linear(3, 5, bias=False)
                self.again = self.write
                self.write.weight = self.read.weight

        return Tied()

    ours, theirs = tied(nn), tied(torch.nn).double()
    assert (
        [name for name, _ in ours.named_parameters()]
        == [name for name, _ in theirs.named_parameters()]
        == ["read.weight"]
    )
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["read.weight", "write.weight", "again.weight"]
    ours.load_state_dict(theirs.state_dict())
    assert_close(ours.write.weight, theirs.read.weight, "tied weight")


# --- optimisers -----------------------------------------------------------------------------------------------------

OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.5, "dampening": 0.3}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.02, "amsgrad": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.3, "amsgrad": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.005, "alpha": 0.9, "momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
]  # fmt: skip


def train_both(steps, make_optimizer, *, schedules=None, clip=None, network=mlp, shape=(16, 6)):
    """Train the same network on both sides; yields the two of everything after each step."""
    rng = np.random.default_rng(11)
    theirs = network(torch.nn).double()
    ours = network(nn)
    ours.load_state_dict(theirs.state_dict())
    X, y = rng.normal(size=(40, *shape)), rng.integers(0, 5, size=(40, shape[0]))
    optimizers = make_optimizer(nn, ours), make_optimizer(torch, theirs)
    plans = (
        [None, None]
        if schedules is None
        else [schedules(nn.optim, optimizers[0]), schedules(torch.optim.lr_scheduler, optimizers[1])]
    )
    losses = nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    for i in range(steps):
        loss = losses[0](ours(X[i % 40]), y[i % 40])
        wanted = losses[1](theirs(torch.from_numpy(X[i % 40])), torch.from_numpy(y[i % 40]))
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        wanted.backward()
        if clip is not None:
            norm, wanted_norm = clip(nn.optim, ours), clip(torch.nn.utils, theirs)
            assert norm is wanted_norm is None or math.isclose(norm, wanted_norm, rel_tol=1e-10)
        for optimizer in optimizers:
            optimizer.step()
        for plan in plans:
            if plan is not None:
                plan.step()
        np.testing.assert_allclose(loss.data, wanted.item(), **CLOSE)
        yield (ours, theirs), optimizers, plans
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), **CLOSE, err_msg=key)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_optimizer_over_100_steps(name, options):
    def make(module, model):
        return getattr(module.optim, name)(model.parameters(), **options)

    start = None
    for (ours, _), _, _ in train_both(100, make):
        start = ours.state_dict() if start is None else start
    assert all(np.abs(ours.state_dict()[key] - start[key]).max() > 1e-3 for key in start)  # it did move


def test_a_convnet_over_100_steps():
    def make(module, model):
        return module.optim.Adam(model.parameters(), lr=0.003)

    for _ in train_both(100, make, network=convnet, shape=(6, 1, 8, 8)):
        pass


def test_parameter_groups_with_options_of_their_own():
    def make(module, model):
        optimizer = module.optim.SGD([{"params": model[0].parameters(), "lr": 0.2}], lr=0.01, momentum=0.5)
        optimizer.add_param_group({"params": list(model[3].parameters()), "momentum": 0.9, "weight_decay": 0.1})
        optimizer.add_param_group({"params": model[2].weight})
        optimizer.add_param_group({"params": [model[2].bias]})
        return optimizer

    for _ in train_both(30, make):
        pass


@pytest.mark.parametrize(
    "clip",
    [
        lambda module, model: module.clip_grad_norm_(list(model.parameters()), 0.3),
        lambda module, model: module.clip_grad_norm_(list(model.parameters()), 0.05, norm_type=math.inf),
        lambda module, model: module.clip_grad_norm_(list(model.parameters()), 0.5, norm_type=1.0),
        lambda module, model: module.clip_grad_value_(list(model.parameters()), 0.01),
    ],
)
def test_clipping(clip):
    def make(module, model):
        return module.optim.SGD(model.parameters(), lr=0.5)

    for _ in train_both(30, make, clip=clip):
        pass


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_an_optimizers_state_goes_over_to_torch_and_back(name, options):
    def make(module, model):
        return getattr(module.optim, name)(model.parameters(), **options)

    for i, (_, optimizers, _) in enumerate(train_both(30, make)):
        if i == 9:  # swap the states: each side goes on from the other's
            mine, other = optimizers[0].state_dict(), optimizers[1].state_dict()
            to_torch = {
                place: {k: torch.tensor(float(v)) if k == "step" else torch.from_numpy(v) for k, v in state.items()}
                for place, state in mine["state"].items()
            }
            optimizers[1].load_state_dict({"state": to_torch, "param_groups": mine["param_groups"]})
            optimizers[0].load_state_dict(other)


SCHEDULES = [
    ("StepLR", {"step_size": 7, "gamma": 0.5}, 40),
    ("ExponentialLR", {"gamma": 0.9}, 40),
    ("CosineAnnealingLR", {"T_max": 12, "eta_min": 0.001}, 40),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 40}, 40),
    ("OneCycleLR", {"max_lr": 0.5, "epochs": 4, "steps_per_epoch": 10, "anneal_strategy": "linear"}, 40),
    ("OneCycleLR", {"max_lr": [0.5, 0.1], "total_steps": 41, "three_phase": True, "pct_start": 0.4}, 41),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 40, "cycle_momentum": False, "div_factor": 5.0}, 40),
]  # fmt: skip


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options", "steps"), SCHEDULES)
def test_schedule(name, options, steps, optimizer):
    def make(module, model):
        groups = [{"params": model[0].parameters(), "lr": 0.2}, {"params": model[3].parameters()}]
        if module is torch:
            model[2].requires_grad_(False)
        return getattr(module.optim, optimizer)(groups, lr=0.01)

    rates = set()
    for _, optimizers, (mine, other) in train_both(
        steps, make, schedules=lambda module, made: getattr(module, name)(made, **options)
    ):
        np.testing.assert_allclose(mine.get_last_lr(), other.get_last_lr(), rtol=1e-10, atol=1e-15)
        for option in ("momentum", "betas"):
            if option in optimizers[0].defaults:
                np.testing.assert_allclose(
                    *([group[option] for group in o.param_groups] for o in optimizers), rtol=1e-12
                )
        rates.add(mine.get_last_lr()[0])
    assert len(rates) > 5


# --- initialisation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_"]
)
@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (60, 40, 3, 3)])
def test_initialisers_have_torchs_spread_and_range(name, shape):
    nn.manual_seed(1), torch.manual_seed(1)
    ours = getattr(nn.init, name)(nn.Parameter(np.zeros(shape))).data
    theirs = getattr(torch.nn.init, name)(torch.empty(shape).double()).numpy()
    assert abs(ours.std() / theirs.std() - 1) < 0.03
    if "uniform" in name:
        assert abs(np.abs(ours).max() / np.abs(theirs).max() - 1) < 1e-2
    else:
        assert np.abs(ours).max() > 3 * ours.std()


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains(name):
    assert math.isclose(nn.init.calculate_gain(name), torch.nn.init.calculate_gain(name), rel_tol=1e-15)
    assert math.isclose(nn.init.calculate_gain("leaky_relu", 0.3), torch.nn.init.calculate_gain("leaky_relu", 0.3))


STARTS = [
    ("Linear", (50, 400)), ("Conv2d", (8, 300, 3)), ("Embedding", (300, 40)), ("RNNCell", (30, 90)),
    ("LSTMCell", (30, 90)), ("MultiheadAttention", (120, 4)), ("BatchNorm1d", (9,)), ("LayerNorm", (9,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), STARTS)
def test_layers_start_with_torchs_spread_and_range(name, options):
    nn.manual_seed(1), torch.manual_seed(1)
    theirs = getattr(torch.nn, name)(*options).state_dict()
    for key, ours in getattr(nn, name)(*options).state_dict().items():
        wanted = theirs[key].numpy()
        assert abs(ours.std() - wanted.std()) <= 0.12 * wanted.std(), key
        assert abs(ours.mean() - wanted.mean()) <= 0.2 * wanted.std(), key
        if name != "Embedding":
            assert abs(np.abs(ours).max() - np.abs(wanted).max()) <= 0.05 * np.abs(wanted).max(), key
