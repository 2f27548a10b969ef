"""Modules: what they find, what they refuse, how their state goes out and in; and where random numbers come from."""

import copy
import math
import pickle

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn.module import IncompatibleKeys


class Network(nn.Module):
    def __init__(self):
        self.scale = nn.Parameter([2.0])
        self.first = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.blocks = nn.ModuleList([nn.Linear(3, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 1, bias=False))])
        self.shift = nn.Parameter([0.5])

    def forward(self, x):
        x = self.blocks[0](self.norm(self.first(x)))
        return self.blocks[1](x) * self.scale + self.shift


NAMES = ["scale", "shift", "first.weight", "first.bias", "norm.weight", "norm.bias", "blocks.0.weight", "blocks.0.bias",
         "blocks.1.1.weight"]  # fmt: skip


# --- what a module finds ----------------------------------------------------------------------------------------------


def test_parameters_come_in_definition_order_and_are_labelled_with_their_path():
    model = Network()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert [parameter.label for parameter in model.parameters()] == NAMES
    assert all(isinstance(parameter, nn.Parameter) for parameter in model.parameters())


def test_a_label_that_was_given_stays():
    class Own(nn.Module):
        def __init__(self):
            self.W = nn.Parameter([1.0], label="W of the article")

    assert nn.Sequential(Own())[0].W.label == "W of the article"


def test_modules_and_children():
    model = Network()
    names = ["", "first", "norm", "blocks", "blocks.0", "blocks.1", "blocks.1.0", "blocks.1.1"]
    assert [name for name, _ in model.named_modules()] == names
    assert [name for name, _ in model.named_children()] == ["first", "norm", "blocks"]
    twice = nn.Sequential(model.first, model.first)
    assert [name for name, _ in twice.named_children()] == ["0"] and len(twice) == 2
    assert next(model.children()) is model.first and next(model.modules()) is model


def test_shared_weights_and_modules_count_once():
    class Tied(nn.Module):
        def __init__(self):
            self.read, self.write = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
            self.write.weight = self.read.weight
            self.again = self.write

    model = Tied()
    assert [name for name, _ in model.named_parameters()] == ["read.weight"]
    assert model.read.weight.label == "read.weight"
    assert list(model.state_dict()) == ["read.weight", "write.weight", "again.weight"]
    x = np.ones((1, 3))
    (model.write(x).sum() + model.read([0]).sum()).backward()
    assert model.read.weight.grad.tolist() == [[2.0, 2.0, 2.0]] + [[1.0, 1.0, 1.0]] * 4


def test_sixty_levels_of_sharing_are_walked_once():
    module = nn.Linear(1, 1)
    for _ in range(60):
        module = nn.Sequential(module, module)
    assert len(list(module.parameters())) == 2 and len(list(module.modules())) == 61
    assert module.eval().training is False
    module.zero_grad()


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"Module has no forward\(\)"):
        nn.Module()(1.0)


def test_the_repr_is_a_tree():
    assert repr(Network()) == (
        "Network(\n"
        "  (first): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (norm): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)\n"
        "  (blocks): ModuleList(\n"
        "    (0): Linear(in_features=3, out_features=3, bias=True)\n"
        "    (1): Sequential(\n"
        "      (0): Tanh()\n"
        "      (1): Linear(in_features=3, out_features=1, bias=False)\n"
        "    )\n"
        "  )\n"
        ")"
    )


# --- what it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hide", [list, tuple, lambda parts: dict(enumerate(parts))])
@pytest.mark.parametrize("part", [lambda: nn.Linear(1, 1), lambda: nn.Parameter([1.0])])
def test_parts_in_a_plain_container_would_never_train(hide, part):
    with pytest.raises(TypeError, match=r"layers is a plain (list|tuple|dict).*never train.*nn\.ModuleList"):
        nn.Module().layers = hide([part()])


HIDDEN = {
    "a list of lists": [[nn.Linear(1, 1)]],
    "a dict of lists": {"a": [nn.Linear(1, 1)]},
    "a set": {nn.Linear(1, 1)},
    "a list of Tensors": [Tensor([1.0])],
    "a module without parameters, which eval() would not reach": [nn.Dropout(0.5)],
}


@pytest.mark.parametrize("container", HIDDEN.values(), ids=HIDDEN)
def test_nor_would_parts_deeper_down(container):
    with pytest.raises(TypeError, match=r"layers is a plain (list|dict|set).*never train"):
        nn.Module().layers = container


@pytest.mark.parametrize("part", [nn.Linear(1, 1), nn.Parameter([1.0]), nn.Dropout(0.5)])
def test_parts_that_are_put_into_a_plain_list_later_are_noticed_when_parameters_are_asked_for(part):
    inner, outer = nn.Module(), nn.Module()
    inner.layers, outer.inner = [], inner
    inner.layers.append(part)
    for ask in (outer.parameters, outer.named_parameters, outer.zero_grad, lambda: nn.optim.SGD(outer.parameters())):
        with pytest.raises(TypeError, match=r"inner\.layers is a plain list.*never train.*nn\.ModuleList"):
            ask()
    outer.also = part
    assert len(list(outer.parameters())) == len(list(part.parameters() if isinstance(part, nn.Module) else [part]))


def test_inputs_may_be_kept_in_a_list():
    module = nn.Module()
    module.seen = []
    module.seen.append(Tensor([1.0]))
    assert list(module.parameters()) == []


def test_a_list_of_modules_takes_several():
    with pytest.raises(TypeError, match="takes a list of modules, got one Linear"):
        nn.ModuleList(nn.Linear(1, 1))
    assert len(nn.ModuleList(nn.Sequential(nn.ReLU(), nn.Tanh()))) == 2


def test_a_tracked_tensor_that_is_no_parameter_would_never_train():
    module = nn.Module()
    with pytest.raises(TypeError, match=r"W is a Tensor.*never train.*wrap it in nn\.Parameter"):
        module.W = Tensor([1.0])
    module.mask, module.seen = Tensor([1.0], requires_grad=False), Tensor([1.0]) * 2
    assert list(module.parameters()) == []


def test_a_parameter_or_module_cannot_become_something_else():
    layer = nn.Linear(2, 1)
    with pytest.raises(TypeError, match=r"weight is a Parameter and cannot become a ndarray; assign to its \.data"):
        layer.weight = np.ones((1, 2))
    model = nn.Sequential(layer)
    with pytest.raises(TypeError, match="0 is a Linear and cannot become a int"):
        setattr(model, "0", 3)
    layer.bias = None
    assert [name for name, _ in model.named_parameters()] == ["0.weight"]
    assert model(np.ones((1, 2))).data == layer.weight.data.sum()


def test_a_parameter_takes_options_by_name_only():
    with pytest.raises(TypeError, match="positional"):
        nn.Parameter([1.0], False)
    assert nn.Parameter(Tensor([1.0]) * 2).data.tolist() == [2.0]
    assert nn.Parameter(np.ones(2, np.float32)).dtype == np.float32


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_module_list_behaves_like_a_list():
    layers = [nn.Linear(1, 1) for _ in range(4)]
    modules = nn.ModuleList(layers)
    assert len(modules) == 4 and list(modules) == layers and modules[-1] is layers[3]
    assert list(modules[1:3]) == layers[1:3]
    assert layers[2] in modules and nn.Linear(1, 1) not in modules
    new = nn.Tanh()
    modules[-1] = new
    assert list(modules) == [*layers[:3], new]
    assert modules.append(layers[3])[4] is layers[3]
    with pytest.raises(IndexError):
        modules[5]


def test_sequential_takes_the_same_module_twice_and_keeps_names_in_a_slice():
    double = nn.Linear(1, 1, bias=False)
    double.weight.data = [[2.0]]
    model = nn.Sequential(double, double, nn.ReLU())
    assert len(model) == 3 and model([[3.0]] * np.ones((1, 1))).data.tolist() == [[12.0]]
    assert list(model[1:].state_dict()) == ["1.weight"]
    assert list(nn.Sequential({"a": double, "b": nn.ReLU()}).state_dict()) == ["a.weight"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: nn.Sequential(nn.ReLU(), np.tanh),
            TypeError,
            "Sequential holds modules, got <ufunc 'tanh'> as number 1",
        ),
        (lambda: nn.ModuleList([3]), TypeError, "ModuleList holds modules, got 3 as number 0"),
        (lambda: nn.Sequential({"a.b": nn.ReLU()}), ValueError, "text without dots, got 'a.b'"),
    ],
)
def test_lists_refuse_what_is_no_module(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- state ------------------------------------------------------------------------------------------------------------


def test_state_dict_holds_copies():
    model = nn.Linear(2, 1)
    state = model.state_dict()
    before = state["weight"].copy()
    model.weight.data = model.weight.numpy() + 1
    assert (state["weight"] == before).all()
    state["weight"][:] = 7
    assert not (model.weight.data == 7).any()
    model.load_state_dict(state)
    state["weight"][:] = 8
    assert (model.weight.data == 7).all()


def test_a_state_dict_moves_everything_to_another_network():
    one, other = Network(), Network()
    x = np.random.default_rng(0).normal(size=(6, 2))
    one(x)  # which moves the running averages
    assert list(one.state_dict()) == [*NAMES[:6], "norm.running_mean", "norm.running_var", "norm.num_batches_tracked",
                                      *NAMES[6:]]  # fmt: skip
    assert other.load_state_dict(one.state_dict()) == IncompatibleKeys([], [])
    assert (one.eval()(x).data == other.eval()(x).data).all()
    assert other.norm.num_batches_tracked == 1 and other.norm.num_batches_tracked.dtype == np.int64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("shift"), "Network cannot load this state_dict: no 'shift'$"),
        (lambda s: s.update(extra=np.ones(1)), "unexpected 'extra'$"),
        (lambda s: s.update({"first.bias": np.ones(4)}), r"'first.bias' has shape \(4,\), here \(3,\)$"),
        (lambda s: s.update({"first.bias": np.ones((3, 1))}), r"'first.bias' has shape \(3, 1\), here \(3,\)$"),
        (lambda s: s.update({"first.bias": np.ones(3) * 1j}), "'first.bias' has dtype complex128, here float64$"),
        (lambda s: s.update({"first.bias": ["a", "b", "c"]}), "'first.bias' has dtype <U1, here float64$"),
        (lambda s: s.update({"norm.num_batches_tracked": np.array(0.5)}), "has dtype float64, here int64$"),
        (lambda s: (s.pop("shift"), s.update(extra=1, scale=1.0)), "no 'shift'; unexpected 'extra'; 'scale' has shape"),
    ],
)
def test_a_state_dict_that_does_not_fit_names_what_and_changes_nothing(change, message):
    model = Network()
    before = model.state_dict()
    state = {key: value + 1 for key, value in before.items()}
    change(state)
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(state)
    assert all((model.state_dict()[key] == before[key]).all() for key in before)


def test_not_strict_passes_over_keys_but_not_over_shapes():
    model = nn.Linear(2, 1)
    result = model.load_state_dict({"weight": [[5.0, 6.0]], "other": 1}, strict=False)
    assert result.missing_keys == ["bias"] and result.unexpected_keys == ["other"]
    assert model.weight.data.tolist() == [[5.0, 6.0]]
    with pytest.raises(ValueError, match="'weight' has shape"):
        model.load_state_dict({"weight": [5.0, 6.0]}, strict=False)
    with pytest.raises(TypeError, match="state_dict must be a dict"):
        model.load_state_dict([1, 2])


def test_one_shared_weight_cannot_be_loaded_with_two_values():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    state = model.state_dict()
    model.load_state_dict(state)
    state["1.weight"] = state["1.weight"] + 1
    with pytest.raises(ValueError, match=r"'0\.weight' and '1\.weight' differ, but are one shared parameter here"):
        model.load_state_dict(state)


def test_loading_between_forward_and_backward_is_noticed():
    model = nn.Linear(2, 1)
    loss = (model(np.ones((1, 2))) ** 2).sum()
    model.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match=r"'(weight|bias)' .*changed after it was used"):
        loss.backward()


def test_copies_and_pickles_keep_sharing_and_are_independent():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.BatchNorm1d(2), nn.Linear(2, 2, bias=False))
    model[2].weight = model[0].weight
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin[2].weight is twin[0].weight and isinstance(twin[0].weight, nn.Parameter)
        assert twin[0].weight.label == "0.weight"
        twin[0].weight.data = np.zeros((2, 2))
        twin(np.ones((3, 2)))
        assert model[0].weight.data.any() and not model[1].running_mean.any()
        assert model[1].num_batches_tracked == 0


def test_to_changes_every_floating_number_and_keeps_sharing():
    model = Network().to(np.float32)
    assert all(p.dtype == np.float32 for p in model.parameters())
    assert {key: value.dtype.name for key, value in model.state_dict().items() if "norm" in key} == {
        "norm.weight": "float32", "norm.bias": "float32", "norm.running_mean": "float32",
        "norm.running_var": "float32", "norm.num_batches_tracked": "int64",
    }  # fmt: skip
    out = model(np.ones((4, 2), np.float32))
    assert out.dtype == np.float32 and model.norm.running_mean.dtype == np.float32
    out.sum().backward()
    assert all(p.grad.dtype == np.float32 for p in model.parameters())
    with pytest.raises(TypeError, match="float32 or float64, got int64"):
        model.to(int)


# --- modes ------------------------------------------------------------------------------------------------------------


def test_train_eval_zero_grad_freeze_and_apply():
    model = Network()
    assert model.training and all(m.training for m in model.modules())
    assert model.eval() is model and not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())
    model(np.eye(2)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    model.first.requires_grad_(False)
    model(np.eye(2)).sum().backward()
    assert [p.label for p in model.parameters() if p.grad is None] == ["first.weight", "first.bias"]
    assert not model.first.weight.requires_grad
    assert all(p.requires_grad for p in model.requires_grad_().parameters())
    seen = []
    model.apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "BatchNorm1d", "Linear", "Tanh", "Linear", "Sequential", "ModuleList", "Network"]


def test_buffers():
    module = nn.Module()
    array = np.arange(3)
    module.register_buffer("counts", array)
    array[:] = 9
    assert module.counts.tolist() == [0, 1, 2]
    outer = nn.Sequential(module)
    assert [name for name, _ in outer.named_buffers()] == ["0.counts"] and len(list(outer.buffers())) == 1
    assert nn.Module().state_dict() == {}
    outer.load_state_dict({"0.counts": [3, 4, 5]})
    assert module.counts.tolist() == [3, 4, 5] and module.counts.dtype == np.int64


# --- random numbers ---------------------------------------------------------------------------------------------------


def everything_random():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2))
    weight = nn.init.orthogonal_(nn.Parameter(np.zeros((3, 3))))
    return [*model.state_dict().values(), model(np.ones((5, 3))).data, weight.data, nn.MLP(2, [3, 1])([1.0, 2.0]).data]


def test_manual_seed_fixes_everything_and_leaves_numpys_global_state_alone():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    nn.manual_seed(7)
    first = everything_random()
    nn.manual_seed(7)
    again = everything_random()
    nn.manual_seed(8)
    other = everything_random()
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert (np.random.get_state()[1] == before).all()


def test_a_generator_that_is_passed_in_decides_alone():
    state = nn.get_rng_state()

    def made(seed):
        rng = np.random.default_rng(seed)
        layers = [nn.Linear(3, 2, generator=rng), nn.Conv2d(1, 2, 2, generator=rng), nn.Embedding(3, 2, generator=rng),
                  nn.LSTMCell(2, 2, generator=rng), nn.MultiheadAttention(4, 2, generator=rng)]  # fmt: skip
        dropped = nn.Dropout(0.5, generator=rng)(np.ones(30))
        return [*(array for layer in layers for array in layer.state_dict().values() if array.any()), dropped]

    assert all(np.array_equal(a, b) for a, b in zip(made(3), made(3), strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(made(3), made(4), strict=True))
    assert nn.get_rng_state() == state
    for wrong in (3, np.random):
        with pytest.raises(TypeError, match=r"generator must be a numpy\.random\.Generator"):
            nn.Linear(3, 2, generator=wrong)


def test_the_state_of_nns_own_generator_can_be_kept():
    nn.manual_seed(5)
    state = nn.get_rng_state()
    first = nn.Dropout(0.5)(np.ones(50))
    nn.set_rng_state(state)
    assert (nn.Dropout(0.5)(np.ones(50)) == first).all()
    with pytest.raises(ValueError, match="state must be what get_rng_state"):
        nn.set_rng_state({"bit_generator": "MT19937"})
    for seed, error in ((-1, ValueError), (1.5, TypeError), (None, TypeError)):
        with pytest.raises(error, match="seed must be"):
            nn.manual_seed(seed)


# --- initialisation ---------------------------------------------------------------------------------------------------


def test_orthogonal_matrices_are_orthogonal_and_scaled():
    for shape in ((4, 7), (7, 4), (5, 2, 3, 1)):
        W = nn.init.orthogonal_(nn.Parameter(np.zeros(shape)), gain=2.0).data.reshape(shape[0], -1)
        small = W @ W.T if W.shape[0] < W.shape[1] else W.T @ W
        np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


WIDE, CONV = (300, 200), (60, 40, 3, 3)  # fan in and fan out are 200 and 300, 360 and 540

SPREADS = [
    ("xavier_uniform_", {}, WIDE, 6 / 500 / 3), ("xavier_uniform_", {"gain": 2.0}, CONV, 4 * 6 / 900 / 3),
    ("xavier_normal_", {}, WIDE, 2 / 500), ("xavier_normal_", {"gain": 2.0}, CONV, 4 * 2 / 900),
    ("kaiming_uniform_", {}, WIDE, 2 / 200), ("kaiming_uniform_", {"a": 1.0, "mode": "fan_out"}, CONV, 1 / 540),
    ("kaiming_normal_", {}, WIDE, 2 / 200), ("kaiming_normal_", {"a": 2.0}, CONV, 2 / 5 / 360),
    ("kaiming_normal_", {"nonlinearity": "tanh"}, WIDE, 25 / 9 / 200),
    ("uniform_", {}, WIDE, 1 / 12), ("normal_", {}, WIDE, 1.0), ("orthogonal_", {}, WIDE, 1 / 300),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "shape", "variance"), SPREADS)
def test_initialisers_have_their_spread(name, options, shape, variance):
    nn.manual_seed(1)
    numbers = getattr(nn.init, name)(nn.Parameter(np.zeros(shape)), **options).data
    centre = 0.5 if name == "uniform_" else 0
    assert abs(numbers.mean() - centre) < 0.02 * math.sqrt(variance)
    assert abs(numbers.var() / variance - 1) < 0.03
    furthest = np.abs(numbers - centre).max() / math.sqrt(3 * variance)
    assert 0.999 < furthest <= 1 if "uniform" in name else furthest > 2


def test_gains_of_the_nonlinearities():
    gains = {"linear": 1, "conv2d": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": 2**0.5, "selu": 0.75}
    assert {name: nn.init.calculate_gain(name) for name in gains} == gains
    assert nn.init.calculate_gain("conv1d") == nn.init.calculate_gain("conv3d") == 1
    assert nn.init.calculate_gain("leaky_relu") == math.sqrt(2 / 1.0001)
    assert nn.init.calculate_gain("leaky_relu", 3) == math.sqrt(0.2)


STARTS = [  # how far each parameter reaches, evenly to both sides; 0 stands for zeros, 1 for ones
    (lambda: nn.Linear(100, 300), {"weight": 0.1, "bias": 0.1}),
    (lambda: nn.Conv2d(8, 300, (2, 4), groups=4), {"weight": 0.25, "bias": 0.25}),  # 2 * 8 entries in a window
    (lambda: nn.RNNCell(50, 400), {"weight_ih": 0.05, "weight_hh": 0.05, "bias_ih": 0.05, "bias_hh": 0.05}),
    (lambda: nn.LSTMCell(50, 100), {"weight_ih": 0.1, "weight_hh": 0.1, "bias_ih": 0.1, "bias_hh": 0.1}),
    (lambda: nn.MultiheadAttention(96, 4), {"in_proj_weight": 0.125, "in_proj_bias": 0,
                                            "out_proj.weight": 96**-0.5, "out_proj.bias": 0}),
    (lambda: nn.BatchNorm1d(9), {"weight": 1, "bias": 0}),
    (lambda: nn.LayerNorm(9), {"weight": 1, "bias": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "reach"), STARTS)
def test_layers_start_within_their_range(make, reach):
    nn.manual_seed(2)
    parameters = dict(make().named_parameters())
    assert parameters.keys() == reach.keys()
    for name, parameter in parameters.items():
        if reach[name] in (0, 1):
            assert (parameter.data == reach[name]).all()
        else:
            assert 0.98 < np.abs(parameter.data).max() / reach[name] <= 1, name
            assert abs(parameter.data.std() / reach[name] - 3**-0.5) < 0.03, name


def test_an_embedding_starts_normally_distributed():
    nn.manual_seed(2)
    rows = nn.Embedding(300, 100).weight.data
    assert abs(rows.mean()) < 0.02 and abs(rows.std() - 1) < 0.02


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4)])
def test_every_orthogonal_matrix_is_equally_likely(shape):
    rng = np.random.default_rng(0)
    drawn = [nn.init.orthogonal_(nn.Parameter(np.zeros(shape)), generator=rng).data for _ in range(800)]
    assert np.abs(np.mean(drawn, axis=0)).max() < 0.08  # no entry has a preferred sign


def test_initialisers_fill_in_place_and_refuse_what_they_cannot():
    weight = nn.Parameter(np.zeros((2, 3)), dtype=np.float32)
    assert nn.init.ones_(weight) is weight and (weight.data == 1).all() and weight.dtype == np.float32
    assert (nn.init.constant_(weight, 0.5).data == 0.5).all() and not nn.init.zeros_(weight).data.any()
    drawn = nn.init.uniform_(nn.Parameter(np.zeros(9999)), 2, 3).data
    assert drawn.min() >= 2 and drawn.max() < 3 and abs(drawn.mean() - 2.5) < 0.02
    drawn = nn.init.normal_(nn.Parameter(np.zeros(9999)), 2, 3).data
    assert abs(drawn.mean() - 2) < 0.15 and abs(drawn.std() - 3) < 0.15
    for act, error, message in [
        (lambda: nn.init.zeros_(np.zeros(3)), TypeError, "fills a Tensor or a Parameter in place, got ndarray"),
        (lambda: nn.init.xavier_uniform_(nn.Parameter(np.zeros(3))), ValueError, r"two axes or more, got shape \(3,\)"),
        (lambda: nn.init.orthogonal_(nn.Parameter(np.zeros(3))), ValueError, "two axes or more"),
        (lambda: nn.init.kaiming_uniform_(nn.Parameter(np.zeros(3))), ValueError, "two axes or more"),
        (lambda: nn.init.uniform_(weight, 1, 0), ValueError, "b must be a finite number from 1 up, got 0"),
        (lambda: nn.init.normal_(weight, 0, -1), ValueError, "std must be a finite number from 0 up, got -1"),
        (lambda: nn.init.kaiming_normal_(weight, mode="fan"), ValueError, "mode must be one of 'fan_in', 'fan_out'"),
        (lambda: nn.init.calculate_gain("swish"), ValueError, "nonlinearity must be one of 'linear'"),
        (lambda: nn.init.constant_(weight, float("nan")), ValueError, "val must be a finite number, got nan"),
    ]:  # fmt: skip
        with pytest.raises(error, match=message):
            act()
