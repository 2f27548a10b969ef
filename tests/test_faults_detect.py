"""detect_faults stops where the first nan or inf is made; faults name lines, print, and stand on pictures."""

import importlib
import inspect
import json
import re

import numpy as np
import pytest

import autograd
import nn
from autograd import FaultError, Tensor, Value, detect_faults, find_fault, trace_lines
from autograd.faults import activations, alike, causes, conditions, exploded, lost
from autograd.faults.formula import formula
from autograd.faults.patterns import FAMILIES, match

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

KINDS = pytest.mark.parametrize("kind", [Value, Tensor], ids=["Value", "Tensor"])


def line_number(text):
    """Where a piece of source stands in this file."""
    lines = inspect.getsource(importlib.import_module(__name__)).splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line and "line_number" not in line)


def make(kind, x):
    return kind(x if kind is Value else [x], label="x")


# --- detect_faults --------------------------------------------------------------------------------------------------


@KINDS
def test_forward_it_raises_at_the_operation(kind):
    x, made = make(kind, 0.0), []
    with pytest.raises(FaultError, match="log of 0") as caught, detect_faults():
        made.append(x * 2)
        made.append(np.log(made[0]))
        made.append(made[1] + 1)
    assert len(made) == 1
    fault = caught.value.fault
    assert (fault.kind, fault.phase, fault.operation) == ("inf", "forward", "log")
    assert fault.instead in str(caught.value)


@KINDS
def test_backward_it_raises_at_the_rule_and_leaves_every_gradient_as_it_was(kind):
    x = make(kind, 0.0)
    y = np.sqrt(x * 1.0) * 2.0
    with pytest.raises(FaultError, match=r"1/\(2·0\)") as caught, detect_faults():
        y.backward(None if kind is Value else [1.0])
    assert (caught.value.fault.kind, caught.value.fault.phase, caught.value.fault.operation) == (
        "inf",
        "backward",
        "sqrt",
    )
    assert x.grad is None


def test_backward_in_a_recorded_sweep_and_in_a_transform():
    x = Value(0.0)
    with pytest.raises(FaultError), detect_faults():
        autograd.grad(np.sqrt(x * 1.0), x, create_graph=True)
    with pytest.raises(FaultError), detect_faults():
        autograd.grad(lambda x: np.sum(np.sqrt(x)))(np.array([0.0, 1.0]))


def test_nan_of_infinities_and_nan_in_a_leaf():
    with detect_faults():
        masked = autograd.softmax(Tensor([[1.0, 2.0]]) + np.array([[0.0, -np.inf]]))
        assert np.isfinite(masked.data).all()
        with pytest.raises(FaultError, match="inf - inf"):
            Tensor([np.inf]) - np.inf
        with pytest.raises(FaultError, match="W holds nan before anything"):
            Tensor([1.0, np.nan], label="W") * 2.0
        with pytest.raises(FaultError, match="exp"):
            np.exp(Tensor([800.0, np.inf]))


def test_what_is_not_finite_before_is_not_the_rule_s_fault():
    x = Value(2.0)
    with detect_faults():
        (x * 3.0).backward(np.inf)
    assert x.grad == np.inf


def test_find_fault_looks_inside_a_block_too():
    with detect_faults():
        y = np.sqrt(Value(0.0) * 1.0)
        assert find_fault(y).operation == "sqrt"


def test_only_inside_the_block_and_again_after_an_error():
    x = Value(0.0)
    detect = detect_faults()
    for _ in range(2):
        with pytest.raises(FaultError), detect:
            np.log(x)
        assert np.log(x).data == -np.inf


def test_a_healthy_training_is_left_alone_and_has_the_same_numbers():
    results = []
    for block in (detect_faults, trace_lines):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
        with block():
            history = nn.fit(
                model,
                nn.CrossEntropyLoss(),
                nn.datasets.xor(),
                epochs=20,
                optimizer=nn.optim.SGD(model.parameters(), lr=0.5),
                progress=False,
            )
        results.append(history["loss"])
    assert results[0] == results[1]


def test_a_training_that_runs_away_is_stopped_at_its_operation():
    nn.manual_seed(0)
    model = nn.Linear(2, 1)
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(FaultError, match=r"(?s)is as large as .* a lower learning rate") as caught, detect_faults():
        nn.fit(
            model,
            nn.MSELoss(),
            (X, X[:, :1]),
            epochs=500,
            optimizer=nn.optim.SGD(model.parameters(), lr=10.0),
            progress=False,
        )
    assert caught.value.fault.operation in ("square", "matmul")


def test_fit_says_which_operation_made_its_loss_infinite():
    nn.manual_seed(0)
    model = nn.Linear(2, 1)
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    optimizer = nn.optim.SGD(model.parameters(), lr=10.0)
    with pytest.raises(ValueError, match=r"(?s)use a smaller one.*weight is as large as"):
        nn.fit(model, nn.MSELoss(), (X, X[:, :1]), epochs=500, optimizer=optimizer, progress=False)


def test_no_warning_of_numpy_stands_beside_the_error(recwarn):
    with pytest.raises(FaultError), detect_faults():
        np.log(Tensor([0.0]))
    assert not recwarn.list


# --- lines ----------------------------------------------------------------------------------------------------------


def cross_entropy(z):
    p = 1 / (1 + np.exp(-z))
    return -np.log(p)  # the line of the logarithm


@KINDS
def test_a_fault_names_the_line_that_made_it(kind):
    assert find_fault(cross_entropy(make(kind, -812.0))).line == ""
    with trace_lines():
        fault = find_fault(cross_entropy(make(kind, -812.0)))
        with pytest.raises(FaultError) as caught, detect_faults():
            cross_entropy(make(kind, -812.0))
    number = line_number("# the line of the logarithm")
    assert fault.line.startswith(f"test_faults_detect.py:{number} in cross_entropy: return -np.log(p)")
    assert fault.line in str(fault)
    assert f"test_faults_detect.py:{number - 1} in cross_entropy" in str(caught.value)


def test_a_rule_that_fails_names_the_line_of_its_operation():
    with trace_lines():
        y = np.sqrt(Tensor([0.0])) * 2  # the line of the root
    with pytest.raises(FaultError) as caught, detect_faults():
        y.backward([1.0])
    assert f"test_faults_detect.py:{line_number('# the line of the root')}" in str(caught.value)


def test_a_gradient_that_vanishes_names_a_line():
    with trace_lines():
        x = Value(-3.0, label="x")
        y = (autograd.relu(x * 2.0) - 1) ** 2  # the line of the relu
    assert f":{line_number('# the line of the relu')}" in find_fault(y).line


# --- what a fault shows ---------------------------------------------------------------------------------------------


def hostile():
    return find_fault(np.log(Value(0.0, label='<script>alert("x")</script>\n]]>{}')))


def test_as_text_html_and_json():
    fault = hostile()
    assert str(fault).splitlines()[0] == "inf in the forward pass: log"
    assert "\\n" in str(fault)
    assert "<script" not in fault._repr_html_()
    assert "&lt;script" in fault._repr_html_()
    facts = json.loads(json.dumps(fault.to_dict()))
    assert facts["operation"] == "log"
    assert facts["why"] == fault.why
    assert facts["instead"] == fault.instead
    assert bool(fault)


def test_the_entry_and_the_inputs():
    x, y = Tensor([[1.0, 2.0], [3.0, 4.0]], label="x"), Tensor([[1.0, 1.0], [0.0, 1.0]], label="y")
    fault = find_fault(np.sum(x / y))
    assert fault.entry == (1, 0)
    assert fault.inputs == {"x": "3", "y": "0"}
    assert fault.formula == "x / y"
    assert fault.then == ("inf at sum(x / y)",)
    assert fault.node.primitive.name == "div"


def test_broadcast_inputs_are_read_at_the_entry():
    fault = find_fault(np.sum(Tensor([[1.0], [2.0]], label="x") / Tensor([[3.0, 0.0]], label="y")))
    assert fault.entry == (0, 1)
    assert fault.inputs == {"x": "1", "y": "0"}


def test_the_entry_of_a_rule_whose_argument_was_broadcast():
    fault = find_fault(np.sum(np.hypot(np.array([1.0, 0.0]), Tensor(0.0, label="y"))))
    assert fault.entry == (1,)
    assert fault.inputs["y"] == "0"


def test_the_first_of_several_and_where_it_became_nan():
    x = Value(0.0, label="x")
    a = np.log(x)
    fault = find_fault((a - a) * np.sqrt(x - 1))
    assert fault.operation == "log"
    assert fault.then[0] == "nan at log(x) - log(x)"


def test_the_part_of_the_network():
    class Network(nn.Module):
        def __init__(self):
            self.first = nn.Linear(2, 2)

        def forward(self, x):
            with autograd.scope("head"):
                return np.sum(np.log(autograd.relu(self.first(x))))

    model = Network()
    model.first.bias.data = np.array([-9.0, -9.0])
    fault = find_fault(model(np.zeros((1, 2))))
    assert fault.part == fault.to_dict()["part"] == "Network, head"
    assert "part  Network, head" in str(fault)


def test_a_notebook_shows_the_picture_too(monkeypatch):
    fault = hostile()
    assert "data:image/svg+xml;base64," in fault._repr_html_()
    monkeypatch.setattr("autograd.readers.picture.Picture.svg", lambda self: 1 / 0)
    assert fault.why.split(",")[0] in fault._repr_html_()


def test_the_picture_marks_the_node():
    x = Value(0.0, label="x")
    fault = find_fault(np.log(x * 2.0) + 1)
    picture = fault.picture()
    (marked,) = [box for box in picture.diagram.boxes if getattr(box, "mark", "")]
    assert marked.symbol == "log"
    assert marked.mark == "inf in the forward pass"
    assert len(picture.diagram.boxes) == 6  # the whole computation


def test_formulas_stay_on_a_line():
    x = Value(1.0, label="x")
    y = x
    for _ in range(200):
        y = np.sin(y) * 2 + x
    assert len(formula(y)) <= 72
    assert formula(x**3.0 - -x / (x - 1)) == "x ** 3 - (-x) / (x - 1)"
    product = x * 3
    product.label = "p"
    assert (formula(product), formula(product, of_label=True), formula(product + 1)) == ("p", "p = x * 3", "p + 1")
    W = Tensor([[1.0, 2.0]], label="W")
    assert formula((W * 2).T @ W) == "(W * 2).T @ W"
    assert formula(x - (x - x)) == "x - (x - x)"
    assert formula(Value(2.0) * (x + x)) == "2 * (x + x)"


# --- the tables -----------------------------------------------------------------------------------------------------


def texts():
    yield from (text for cause in causes.CAUSES for text in (cause.why, cause.instead, cause.values))
    yield from (text for row in activations.ACTIVATIONS for text in (row.why, row.hidden, row.output))
    yield from map(inspect.getsource, (alike, exploded, lost))


def test_everything_that_the_tables_tell_to_write_exists():
    named = {name for text in texts() for name in re.findall(r"\b(?:nn|np|autograd)(?:\.[A-Za-z_]\w*)+", text)}
    named = {name for name in named if not name.startswith("autograd.faults")} - {"np.ndarray", "np.dtype"}
    assert len(named) > 30
    for name in named:
        package, *path = name.split(".")
        thing = {"nn": nn, "np": np, "autograd": autograd}[package]
        for part in path:
            thing = getattr(thing, part)


def test_every_row_of_the_table_is_reached():
    """A row that stands below a more general one would never be told."""
    general = {cause.on for cause in causes.CAUSES if not cause.within and cause.seen is conditions.anything}
    seen = set()
    for cause in causes.CAUSES[:-1]:
        assert cause.on not in seen
        if cause.seen is conditions.anything and not cause.within:
            seen.add(cause.on)
    assert general == {"", "*"}


def test_every_operation_of_the_tables_is_a_primitive():
    names = {name for cause in causes.CAUSES for name in cause.on.split() if name != "*"} | activations.ENDS
    known = {"raise_to", "power", "select"}
    for name in names - known:
        assert getattr(autograd, name).name == name


@pytest.mark.parametrize(
    ("pattern", "build"),
    [
        ("SIGMOID(z)", lambda z: 1 / (np.exp(-z) + 1)),
        ("SIGMOID(z)", lambda z: np.exp(z) / (1 + np.exp(z))),
        ("SIGMOID(z)", lambda z: 1 / (1 + np.exp(np.dot(-1, z)))),
        ("TANH(z)", lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(-z) + np.exp(z))),
        ("TANH(z)", lambda z: 2 * (1 / (1 + np.exp(-(2 * z)))) - 1),
        ("RELU(z)", lambda z: np.maximum(0, z)),
        ("SQUARES(z) ** 0.5", lambda z: np.sqrt(np.sum(z * z))),
        ("log(sum(exp(z)))", lambda z: np.log(np.sum(np.exp(z), axis=0, keepdims=True))),
        ("SOFTMAX(z)", lambda z: (lambda e: e / np.sum(e)[None])(np.exp(z))),
        ("VARIANCE(z)", np.var),
    ],
)
def test_patterns_find_a_formula_however_it_is_written(pattern, build):
    z = Tensor([1.0, 2.0], label="z")
    found = match(pattern, build(z))
    assert found is not None
    assert found.names["z"] is z


@pytest.mark.parametrize(
    ("pattern", "build"),
    [
        ("SIGMOID(z)", lambda z: 1 / (2 + np.exp(-z))),
        ("SIGMOID(z)", lambda z: 1 / (1 - np.exp(-z))),
        ("TANH(z)", lambda z: (np.exp(z) + np.exp(-z)) / (np.exp(z) - np.exp(-z))),
        ("SOFTMAX(z)", lambda z: np.exp(z) / np.sum(np.exp(z * 2))),
        ("RELU(z)", lambda z: np.maximum(z, 1)),
        ("z / z", lambda z: z / (z * 1)),
    ],
)
def test_patterns_find_nothing_else(pattern, build):
    assert match(pattern, build(Tensor([1.0, 2.0]))) is None


def test_a_sum_of_values_is_of_one_kind():
    z = [Value(1.0), Value(2.0)]
    e = [np.exp(part) for part in z]
    assert match("SOFTMAX(z)", e[0] / (e[0] + e[1])) is not None
    assert match("SOFTMAX(z)", e[0] / (e[0] + z[1])) is None


def test_every_formula_of_a_family_can_be_read():
    z = Tensor([1.0, 2.0])
    for family in FAMILIES:
        assert match(f"{family}(z)", z * 3.5) is None


# --- against random computations ------------------------------------------------------------------------------------

UNARY = [
    np.exp,
    np.log,
    np.sqrt,
    np.tanh,
    autograd.sigmoid,
    autograd.relu,
    np.square,
    np.negative,
    np.reciprocal,
    np.sin,
]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.maximum, lambda a, b: autograd.where(False, a, b)]
NUMBERS = [0.0, 1.0, -1.0, 0.5, 30.0, -30.0, 800.0, -800.0, 1e200, 1e-200]


def random_computation(rng, kind):
    nodes = leaves = [kind(rng.choice(NUMBERS, () if kind is Value else 3), label=f"x{i}") for i in range(3)]
    for _ in range(rng.integers(1, 8)):
        if rng.random() < 0.5:
            new = UNARY[rng.integers(len(UNARY))](nodes[rng.integers(len(nodes))])
        else:
            new = BINARY[rng.integers(len(BINARY))](*(nodes[i] for i in rng.integers(len(nodes), size=2)))
        nodes = [*nodes, new]
    return leaves, nodes[-1] if kind is Value else np.sum(nodes[-1])


@KINDS
@pytest.mark.parametrize("seed", range(4))
def test_nan_and_inf_are_found_exactly_where_they_are(kind, seed):
    rng = np.random.default_rng(seed)
    found = {"forward": 0, "backward": 0, None: 0}
    with np.errstate(all="ignore"):
        for _ in range(300):
            leaves, loss = random_computation(rng, kind)
            fault = find_fault(loss)
            numeric = fault if fault is not None and fault.kind in ("nan", "inf") else None
            gradients = autograd.grad(loss, leaves) if loss.requires_grad else []
            if not np.isfinite(loss.primal).all():
                assert numeric.phase == "forward"
                assert not np.isfinite(fault.node.primal).all()
            elif not all(np.isfinite(g).all() for g in gradients):
                assert numeric.phase == "backward"
            else:
                assert numeric is None
            if numeric is not None:
                assert fault.why
                assert fault.instead
            found[numeric and numeric.phase] += 1
    assert min(found.values()) >= 3
