"""The steps of a backward pass: every number is the engine's, the words fit the graph, the page can be trusted."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from cases import CASES

import autograd
from autograd import Tensor, Value, no_grad, sweep, tape
from autograd.readers.steps.trace import ORDERS, trace
from nn.articles import layers_network, xor_network

HOSTILE = [
    "\"quotes\" & 'apostrophes'",
    "<script>window.hacked = 1</script>",
    "</script><img src=x onerror='window.hacked=1'>",
    "]]> --> <!--",
    "two\nlines\r\n\u2028\u2029",
    "\u202eright to left\u202c אבג",
    "x" * 10_000,
    "\ue000fraction\ue001of\ue002 \ue003nan\ue004",
    "${window.hacked=1} {{window.hacked=1}} \\u003cscript\\u003e",
]


def neuron():
    w, b = Value(-0.5, label="w"), Value(0.25, label="b")
    loss = (autograd.sigmoid(w * 2.0 + b) - 1.0) ** 2 + 0.1 * w**2
    loss.label = "loss"
    return loss


def thirty_nodes():
    x, y = Value(0.3, label="x"), Value(-1.2, label="y")
    z = x * y
    while len(tape(z)) < 30:
        z = autograd.tanh(z * x + y) - z / 3
    return z


def broadcast():
    X = np.arange(12.0).reshape(4, 3) / 10
    W, b = Tensor(np.full((3, 2), 0.5), label="W"), Tensor([0.1, -0.2], label="b")
    return np.sum(np.tanh(X @ W + b) * Tensor(2.0, label="scale"))


def trap():
    """Below the `where`, 0 meets an infinite derivative."""
    x = Tensor([0.0, 4.0], label="x")
    return np.sum(autograd.where(x.data > 0, np.sqrt(x * 1.0), 0.0))


GRAPHS = {
    "square": lambda: Value(3.0, label="x") * 1.0,
    "neuron": neuron,
    "thirty": thirty_nodes,
    "xor": lambda: xor_network.record(xor_network.init_params())["loss"],
    "layers": lambda: layers_network.record(layers_network.init_params((2, 4, 1), scale=None))["loss"],
    "broadcast": broadcast,
    "trap": trap,
    "float32": lambda: np.sum(np.exp(Tensor(np.float32([0.1, 0.2, 1e-8]), label="x")) / 3),
    "stack": lambda: np.mean(Tensor(np.ones((2, 3, 4)), label="A") @ Tensor(np.ones((4, 2)), label="B")),
    "unused": lambda: np.max(Tensor(np.arange(100.0).reshape(10, 10), label="big")[2:5].T),
}


@pytest.fixture(params=list(GRAPHS))
def graph(request):
    return GRAPHS[request.param]()


def unpacked(value, dtype=float):
    """An array or number again, from what a page is given."""
    if isinstance(value, dict):
        return np.array(value["rows"], dtype=dtype).reshape(value["shape"])
    return np.array(float(value), dtype=dtype)


def same(told, engine):
    """Whether what a page is given is the engine's number, bit for bit; of a large array, its corner."""
    engine = np.asarray(engine)
    if isinstance(told, dict) and "norm" in told:
        rows = engine.reshape(-1, engine.shape[-1])[:8, :8]
        assert (told["low"], told["high"]) == (engine.min(), engine.max())
        return np.array_equal(np.array(told["rows"], engine.dtype), rows)
    return np.array_equal(unpacked(told, engine.dtype), engine, equal_nan=True)


# --- the numbers ----------------------------------------------------------------------------------------------------


def test_every_number_is_the_engines(graph):
    nodes = tape(graph)
    engine = {node.serial: g for node, g in sweep(graph)}
    told = autograd.steps(graph).told
    visits = told["orders"][0]["visits"]
    assert [nodes[visit["node"]].serial for visit in visits] == list(engine)
    for visit in visits:
        assert same(visit["cotangent"], engine[nodes[visit["node"]].serial])
    for place, gradient in told["orders"][0]["gradients"].items():
        assert same(gradient, engine[nodes[int(place)].serial])
    for node, shown in zip(nodes, told["nodes"], strict=True):
        assert same(shown["data"], node.primal)


def test_what_is_passed_on_adds_up_to_what_comes_in(graph):
    nodes = tape(graph)
    engine = {node.serial: g for node, g in sweep(graph)}
    sums = {graph.serial: engine[graph.serial]}
    for visit in trace(graph, None, ORDERS[0]).visits:
        for share in visit.shares:
            arg = visit.node.args[share.position]
            assert (share.before is None) == (arg.serial not in sums)
            sums[arg.serial] = share.share if share.before is None else sums[arg.serial] + share.share
            assert np.array_equal(sums[arg.serial], share.after, equal_nan=True)
            assert not share.late
    assert sums.keys() == engine.keys()
    for serial, total in engine.items():
        assert np.array_equal(sums[serial], total, equal_nan=True)
    assert len(nodes) >= len(engine)


def test_the_local_derivative_times_what_comes_in_is_the_product():
    told = autograd.steps(neuron()).told
    products = 0
    for visit in told["orders"][0]["visits"]:
        for share in visit["shares"]:
            edge = told["edges"][share["edge"]]
            assert visit["cotangent"] * edge["local"] == pytest.approx(share["share"], rel=1e-15)
            products += 1
    assert products == 10


def test_an_arrays_local_derivative_times_what_comes_in_is_the_product():
    told = autograd.steps(GRAPHS["xor"]()).told
    kinds = set()
    for visit in told["orders"][0]["visits"]:
        g = unpacked(visit["cotangent"])
        for share in visit["shares"]:
            edge = told["edges"][share["edge"]]
            if "local" not in edge:
                continue
            local = unpacked(edge["local"])
            expected = {"left": lambda x, y: y @ x, "right": lambda x, y: x @ y}.get(edge.get("side"), np.multiply)
            np.testing.assert_allclose(
                expected(g, local), unpacked(share.get("product", share["share"])), rtol=1e-12, atol=1e-15
            )
            kinds.add((edge["times"], edge.get("side")))
    assert kinds == {("·", None), ("⊙", None), ("@", "left"), ("@", "right")}


def test_a_node_used_twice_by_one_operation_gets_two_shares():
    x = Value(3.0, label="x")
    first, last = autograd.steps(x * x).told["orders"][0]["visits"]
    assert [(share["before"], share["share"], share["after"]) for share in first["shares"]] == [
        (None, 3.0, 3.0),
        (3.0, 3.0, 6.0),
    ]
    assert last["cotangent"] == 6.0


def test_below_a_where_zero_times_infinity_is_zero_as_in_the_engine():
    x = trap()
    visits = autograd.steps(x).told["orders"][0]["visits"]
    assert unpacked(visits[-1]["cotangent"]).tolist() == [0.0, 0.25]


def test_the_seed_is_the_one_that_was_given():
    t = Tensor([1.0, 2.0], label="t")
    told = autograd.steps(t * t, seed=[10.0, 100.0]).told
    assert unpacked(told["orders"][0]["visits"][-1]["cotangent"]).tolist() == [20.0, 400.0]
    with pytest.raises(ValueError, match="needs a seed"):
        autograd.steps(t * t)


def test_nan_and_infinity_are_told():
    x = Value(0.0, label="x")
    visits = autograd.steps(autograd.log(x) * 0.0).told["orders"][0]["visits"]
    assert [visit["cotangent"] for visit in visits] == [1.0, 0.0, "nan"]
    assert "nan" in autograd.steps(autograd.log(x) * 0.0).html


def test_steps_leaves_the_graph_as_it_was():
    loss = neuron()
    before = [(node.serial, node.args, node.primal, node.grad) for node in tape(loss)]
    autograd.steps(loss).html  # noqa: B018
    assert [(node.serial, node.args, node.primal, node.grad) for node in tape(loss)] == before
    with no_grad():
        assert autograd.steps(loss).told == autograd.steps(loss).told


def test_an_operation_that_changes_its_mind_is_noticed():
    answers = iter(range(100))

    @autograd.primitive(lambda g, out, x: g * float(next(answers)))
    def moody(x):
        return x

    with pytest.raises(RuntimeError, match="does not add up"):
        autograd.steps(moody(Value(1.0, label="x")))


def test_a_rule_that_works_on_plain_numbers_only_is_shown_by_its_numbers():
    @autograd.primitive(lambda g, out, x: float(np.multiply(float(g), 3.0)))
    def thrice(x):
        return 3.0 * x

    told = autograd.steps(thrice(Value(2.0, label="x"))).told
    assert told["edges"][0]["rule"] == "the rule of thrice, read on numbers"
    assert told["orders"][0]["visits"][-1]["cotangent"] == 3.0


@pytest.mark.parametrize("case", {case.operation: case for case in CASES}.values(), ids=lambda case: case.id)
def test_every_operation_can_be_stepped_and_its_rule_read(case):
    for out in case.apply(case.operation, [Tensor(x) for x in case.inputs]):
        if getattr(out, "requires_grad", False):
            seed = np.linspace(1.0, 2.0, out.data.size).reshape(out.shape)
            engine = [g for _, g in sweep(out, seed)]
            told = autograd.steps(out, seed=seed).told
            for visit, g in zip(told["orders"][0]["visits"], engine, strict=True):
                assert same(visit["cotangent"], g)
            assert all("reasons" in edge for edge in told["edges"] if "constant" not in edge)


# --- the wrong orders -----------------------------------------------------------------------------------------------


def shared():
    a = Value(2.0, label="a")
    b = 3 * a
    b.label = "b"
    y = b * (b + 1)
    y.label = "y"
    return y


def test_the_wrong_orders_lose_what_comes_too_late():
    told = autograd.steps(shared()).told
    right, breadth, depth = told["orders"]
    names = [node["name"] for node in told["nodes"]]
    a = str(names.index("a"))
    assert right["gradients"][a] == 39.0  # y = 9 a² + 3 a
    for order in (breadth, depth):
        assert order["gradients"][a] == 21.0
        assert [names[i] for i in order["wrong"]] == ["a"]
    assert breadth["lost"] == [
        "b was visited in step 2 and passed on what it had. In step 3 v1 gave it 6 more: too late, nothing below it "
        "has heard of that."
    ]
    late = [share for visit in breadth["visits"] for share in visit["shares"] if share["late"]]
    assert [(share["before"], share["share"], share["after"]) for share in late] == [(7.0, 6.0, 13.0)]


def test_where_no_result_is_used_twice_every_order_is_right():
    for order in autograd.steps(GRAPHS["xor"]()).told["orders"][1:]:
        assert order["wrong"] == [] and order["lost"] == []


def test_each_order_visits_every_node_once():
    graph = GRAPHS["layers"]()
    wanted = {node.serial for node, _ in sweep(graph)}
    visited = [[visit.node.serial for visit in trace(graph, None, order).visits] for order in ORDERS]
    assert all(len(serials) == len(wanted) and set(serials) == wanted for serials in visited)
    assert visited[0] == sorted(wanted, reverse=True) != visited[1] != visited[2]


# --- refusals -------------------------------------------------------------------------------------------------------


def test_what_is_no_graph_is_refused():
    with pytest.raises(TypeError, match=r"`loss` must be a Value or a Tensor, such as a loss, not float"):
        autograd.steps(1.0)
    with pytest.raises(RuntimeError, match="depends on nothing that requires a gradient"):
        autograd.steps(Value(1.0, requires_grad=False) * 2)


def test_a_large_graph_is_refused_with_advice():
    x = Value(1.0, label="x")
    y = x
    for _ in range(500):
        y = y * x
    with pytest.raises(ValueError, match=r"501 nodes.*limit=500.*fewer examples.*steps\(loss, limit=501\)"):
        autograd.steps(y)
    for limit in (501, None):
        assert len(autograd.steps(y, limit=limit).told["nodes"]) == 501


def test_changed_data_is_refused():
    x = Tensor([1.0, 2.0])
    y = np.sum(x * x)
    x.data += 1
    with pytest.raises(RuntimeError, match="changed after it was used"):
        autograd.steps(y)


# --- the page -------------------------------------------------------------------------------------------------------


class Elements(HTMLParser):
    """The elements of a page, their attributes, and the text of its scripts."""

    def __init__(self, html):
        super().__init__()
        self.found, self.scripts, self.inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "script"

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data


def hostile():
    total = Value(1.0, label=HOSTILE[0])
    for label in HOSTILE[1:]:
        total = total * Value(1.1, label=label)
        total.label = label
    return total


def test_hostile_labels_stay_text():
    reader = autograd.steps(hostile())
    page = Elements(reader.html)
    assert [attributes.get("type") for tag, attributes in page.found if tag == "script"] == ["application/json", None]
    assert json.loads(page.scripts[0]) == reader.told
    assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)
    assert {tag for tag, _ in page.found} <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "div", "svg", "g", "rect", "path", "text",
        "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "script",
    }  # fmt: skip
    names = [node["name"] for node in reader.told["nodes"]]
    assert all(name.isprintable() and len(name) <= 32 for name in names)
    assert len(reader.html) < 150_000
    frame = Elements(reader._repr_html_())
    assert frame.scripts == [] and [tag for tag, _ in frame.found][:2] == ["iframe", "details"]


def test_the_page_needs_nothing_else(graph):
    html = autograd.steps(graph).html
    addresses = set(re.findall(r"""(?:https?:)?//[\w.]+[^\s"'<)]*""", re.sub(r"(?m)^\s*//.*$", "", html)))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert " src=" not in html and " href=" not in html and "@import" not in html
    assert "default-src 'none'" in html
    assert "{" not in re.findall(r"<title>(.*?)</title>", html)[0]


@pytest.mark.parametrize("name", ["xor", "layers", "thirty"])
def test_pages_are_small(name):
    assert len(autograd.steps(GRAPHS[name]()).html.encode()) < 300_000


def test_the_same_computation_gives_the_same_bytes():
    assert autograd.steps(neuron()).html == autograd.steps(neuron()).html
    assert autograd.steps(GRAPHS["xor"]()).html == autograd.steps(GRAPHS["xor"]()).html


def test_saving(tmp_path):
    reader = autograd.steps(neuron())
    path = tmp_path / "new" / "steps.html"
    assert reader.save(path) == str(path)
    assert path.read_text("utf-8") == reader.html
    with pytest.raises(ValueError, match=r"must end in \.html"):
        reader.save(tmp_path / "steps.png")
    assert [p.name for p in tmp_path.rglob("*.*")] == ["steps.html"]


def test_ipython_shows_it_and_keeps_a_text_for_others():
    formatters = pytest.importorskip("IPython.core.formatters")
    reader = autograd.steps(shared())
    bundle, _ = formatters.DisplayFormatter().format(reader)
    assert bundle == {"text/html": reader._repr_html_(), "text/plain": repr(reader)}


def test_a_notebook_gets_a_frame_and_a_table_in_case_frames_are_taken_out():
    reader = autograd.steps(shared())
    shown = Elements(reader._repr_html_())
    attributes = dict(shown.found)["iframe"]
    assert attributes["srcdoc"] == reader.html
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["title"] == "Backward through y"
    assert sum(tag == "tr" for tag, _ in shown.found) == 5
