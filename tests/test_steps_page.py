"""The page of steps in a real browser: opened from disk, stepped through by keyboard, read number by number."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from test_steps import GRAPHS, HOSTILE, hostile, neuron, shared, thirty_nodes
from test_steps_training import trained

import autograd
from autograd import TrainingSteps, Value, sweep, tape
from autograd.readers.steps.trace import ORDERS, trace


@pytest.fixture
def shown(chromium, tmp_path):
    """Open the page of something that can be saved; returns the browser and the page's address."""

    def show(reader, hash_="", **how):
        path = tmp_path / "page.html"
        reader.save(path)
        chromium.open(path.as_uri() + hash_, **how)
        return chromium

    return show


def read(page, selector):
    """The texts of all elements, as Python would write the numbers among them."""
    texts = page.run(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")
    return [text.replace("−", "-") for text in texts]


def put(page, selector, value, event):
    """Set a field as a user would."""
    found = f"document.querySelector({json.dumps(selector)})"
    page.run(f"(() => {{ {found}.value = {json.dumps(value)}; {found}.dispatchEvent(new Event('{event}')); }})()")


def wait(page, condition):
    page.run(f"new Promise(done => {{ (function ask() {{ {condition} ? done() : setTimeout(ask, 10); }})(); }})")


def all_digits(page):
    page.run("document.querySelectorAll('.tools input')[0].click()")


def numbers_in(page, selector):
    return [float(text) for text in read(page, f"{selector} .n")]


def clean(page, address):
    """Nothing in the console, and nothing asked for but the page itself."""
    assert page.complaints == []
    assert [url.partition("#")[0] for url in page.requests] == [address]
    words = page.run("document.body.innerText").split()
    assert not {"null", "undefined", "NaN", "[object"} & set(words)


# --- the numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [neuron, shared, thirty_nodes])
def test_stepping_to_the_end_shows_the_engines_numbers(shown, tmp_path, make):
    loss = make()
    nodes = tape(loss)
    engine = list(sweep(loss))
    visits = trace(loss, None, ORDERS[0]).visits
    page = shown(autograd.steps(loss))
    all_digits(page)
    assert read(page, ".counter") == ["start"]
    for number, ((node, cotangent), visit) in enumerate(zip(engine, visits, strict=True), 1):
        page.key("ArrowRight")
        assert read(page, ".counter") == [f"step {number} of {len(engine)}"]
        assert float(read(page, ".cotangent")[0]) == cotangent
        current = page.run("[...document.querySelectorAll('.node.current')].map(e => Number(e.dataset.node))")
        assert [nodes[i] for i in current] == [node]
        assert [float(text) for text in read(page, ".passing .numbers strong")] == [s.share for s in visit.shares]
        assert [float(text) for text in read(page, ".passing .after")] == [s.after for s in visit.shares]
        fed = page.run("[...document.querySelectorAll('.node.fed')].map(e => Number(e.dataset.node))")
        assert {nodes[i].serial for i in fed} == {node.args[s.position].serial for s in visit.shares}
    page.key("ArrowRight")
    assert read(page, ".counter") == ["done"]
    loss.backward()
    leaves = [node for node in nodes if node.is_leaf and node.requires_grad]
    assert sorted(numbers_in(page, ".ledger")) == sorted(leaf.grad for leaf in leaves)
    page.key("ArrowRight")
    assert read(page, ".counter") == ["done"]
    clean(page, (tmp_path / "page.html").as_uri())


@pytest.mark.parametrize("name", ["xor", "layers"])
def test_the_articles_networks_show_the_engines_arrays(shown, tmp_path, name):
    loss = GRAPHS[name]()
    visits = trace(loss, None, ORDERS[0]).visits
    page = shown(autograd.steps(loss))
    all_digits(page)
    checked = 0
    for visit in visits:
        page.key("ArrowRight")
        shares = page.run(
            "[...document.querySelectorAll('.passing')].map(p => [...p.querySelectorAll('.operands')].map(o =>"
            " [...o.querySelectorAll(':scope > .operand')].pop().innerText))"
        )
        for cells, share in zip(shares, visit.shares, strict=True):
            if not cells:  # a number has a line instead
                continue
            text = cells[-1].replace("−", "-").replace("\t", " ").split()
            expected = [repr(float(entry)) for entry in np.ravel(share.share)]
            assert [float(word) for word in text[: len(expected)]] == [float(entry) for entry in expected]
            checked += 1
        state = (
            page.run("document.querySelector('.node.current .heat.grad').querySelectorAll('.cell').length")
            if (np.ndim(visit.cotangent))
            else 0
        )
        assert state == (visit.cotangent.size if np.ndim(visit.cotangent) else 0)
    assert checked >= 16
    page.key("ArrowRight")
    assert read(page, ".counter") == ["done"]
    clean(page, (tmp_path / "page.html").as_uri())


def test_four_digits_until_all_are_wanted(shown):
    page = shown(autograd.steps(neuron()), "#4")
    few = read(page, ".cotangent, .numbers .n")
    all_digits(page)
    many = read(page, ".cotangent, .numbers .n")
    assert [len(text) for text in few] < [len(text) for text in many]
    np.testing.assert_allclose([float(text) for text in few], [float(text) for text in many], rtol=1e-3)


# --- moving about ---------------------------------------------------------------------------------------------------


def pixels(page, node):
    """What is seen of one node."""
    box = page.run(
        f"(() => {{ const r = document.querySelector('.node[data-node=\"{node}\"] .box').getBoundingClientRect();"
        " return {x: r.x, y: r.y, width: r.width, height: r.height, scale: 1}; })()"
    )
    return page.send("Page.captureScreenshot", format="png", clip=box)["data"]


def test_the_highlight_moves_from_node_to_node(shown):
    reader = autograd.steps(shared())
    names = [node["name"] for node in reader.told["nodes"]]
    page = shown(reader)
    tracked = [i for i, node in enumerate(reader.told["nodes"]) if node["kind"] != "constant"]
    before = {names[i]: pixels(page, i) for i in tracked}
    for visited, others in (("y", {"b", "v1"}), ("v1", {"b", "y"}), ("b", {"a", "v1"}), ("a", {"b"})):
        page.key("ArrowRight")
        after = {names[i]: pixels(page, i) for i in tracked}
        changed = {name for name in before if before[name] != after[name]}
        assert changed == others | {visited}, "those fed get a mark, the node visited before loses its own"
        before = after


def test_keys_buttons_slider_and_clicks_lead_to_the_same_places(shown):
    page = shown(autograd.steps(shared()))
    page.key("End")
    assert read(page, ".counter") == ["done"]
    page.key("ArrowLeft")
    assert read(page, ".counter") == ["step 4 of 4"]
    page.key("Home")
    assert read(page, ".counter") == ["start"]
    page.key("ArrowLeft")
    assert read(page, ".counter") == ["start"]
    press = "document.querySelector('[aria-label=\"{}\"]').click()"
    for label, place in (
        ("forward", "step 1 of 4"),
        ("to the end", "done"),
        ("back", "step 4 of 4"),
        ("to the start", "start"),
    ):
        page.run(press.format(label))
        assert read(page, ".counter") == [place]
    put(page, "input[type=range]", 3, "input")
    assert read(page, ".counter") == ["step 3 of 4"]
    page.run("document.querySelector('.node.leaf').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert read(page, ".counter") == ["step 4 of 4"]


def test_it_plays_by_itself_until_the_end_and_stops_when_told(shown):
    page = shown(autograd.steps(shared()))
    page.run("document.querySelector('[aria-label=speed]').options[2].value = '10'")
    put(page, "[aria-label=speed]", "10", "change")
    page.key(" ")
    wait(page, "document.querySelector('.counter').textContent === 'done'")
    assert page.run("document.querySelector('.play').getAttribute('aria-label')") == "play"
    page.run("document.querySelector('[aria-label=speed]').options[2].value = '100000'")
    page.key("Home")
    page.key(" ")
    assert page.run("document.querySelector('.play').getAttribute('aria-label')") == "pause"
    page.key("ArrowRight")
    assert page.run("document.querySelector('.play').getAttribute('aria-label')") == "play"
    assert read(page, ".counter") == ["step 1 of 4"]


def test_the_wrong_order_can_be_tried(shown, tmp_path):
    page = shown(autograd.steps(shared()))
    put(page, ".order", 1, "change")
    assert read(page, ".counter") == ["start"]
    for _ in range(2):
        page.key("ArrowRight")
    assert "1 more share is still to come, and b does not wait." in read(page, ".incoming")[0]
    page.key("ArrowRight")
    assert "too late: b was visited in step 2" in read(page, ".passing.late")[0]
    page.key("End")
    assert read(page, ".card h2") == ["Wrong: a"]
    assert [float(text) for text in read(page, ".verdict .n")] == [21.0, 39.0]
    assert page.run("[...document.querySelectorAll('.node.wrong .name')].map(e => e.textContent)") == ["a"]
    assert "gave it 6 more: too late" in read(page, ".reasons")[0]
    clean(page, (tmp_path / "page.html").as_uri())


def test_a_tree_says_why_no_order_harms_it(shown):
    page = shown(autograd.steps(GRAPHS["xor"]()), "#breadth-99")
    assert read(page, ".card h2") == ["Done, and nothing is lost"]


# --- everybody can use it, and nobody can misuse it -----------------------------------------------------------------


def test_a_screen_reader_is_told_each_step_and_every_control_has_a_name(shown):
    page = shown(autograd.steps(shared()))
    page.key("ArrowRight")
    assert read(page, "[aria-live=polite]") == [
        "Step 1 of 4: y, which is b · v1. Its cotangent is 1. b gets 7 and has 7. v1 gets 6 and has 6."
    ]
    tree = page.send("Accessibility.getFullAXTree")["nodes"]
    wanted = {"button", "slider", "combobox", "checkbox", "image", "region"}
    named = [
        (n["role"]["value"], n.get("name", {}).get("value")) for n in tree if n.get("role", {}).get("value") in wanted
    ]
    assert {role for role, _ in named} >= {"button", "slider", "combobox", "checkbox"}
    assert [role for role, name in named if not name] == []
    for _ in range(4):
        page.key("Tab")
    assert (
        page.run("document.activeElement !== document.body && getComputedStyle(document.activeElement).outlineStyle")
        == "solid"
    )


def test_motion_stops_for_those_who_ask(shown):
    moving = "getComputedStyle(document.querySelector('.wire.active .line')).animationName"
    assert shown(autograd.steps(shared()), "#1", calm=True).run(moving) == "none"
    assert shown(autograd.steps(shared()), "#1", calm=False).run(moving) == "flow"


CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("hash_", ["#4", "#10", "#depth-99"])
def test_texts_stand_out_in_light_and_dark(shown, dark, hash_):
    page = shown(autograd.steps(GRAPHS["layers"]()), hash_, dark=dark)
    ground = page.run("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")
    assert page.run(CONTRAST) == []


@pytest.mark.parametrize("width", [420, 1280])
@pytest.mark.parametrize("hash_", ["#0", "#15", "#depth-99"])
def test_the_page_is_never_wider_than_the_window(shown, width, hash_):
    page = shown(autograd.steps(GRAPHS["layers"]()), hash_, width=width)
    assert page.run("document.scrollingElement.scrollWidth") <= width


def test_hostile_labels_run_no_script(shown, tmp_path):
    page = shown(autograd.steps(hostile()))
    told = autograd.steps(hostile()).told
    for _ in range(len(told["orders"][0]["visits"]) + 1):
        page.key("ArrowRight")
        assert page.run("document.querySelectorAll('img, iframe, script').length") == 2
    assert page.run("typeof window.hacked") == "undefined"
    assert "</script>" in page.run("document.querySelector('.ledger').textContent")
    clean(page, (tmp_path / "page.html").as_uri())


def test_the_pages_own_policy_stops_other_scripts(shown):
    page = shown(autograd.steps(shared()))
    page.run(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hacked = 1'}))"
    )
    assert page.run("typeof window.hacked") == "undefined"
    assert "Content Security Policy" in json.dumps(page.complaints)


# --- in a notebook --------------------------------------------------------------------------------------------------


def until(page, script, expected, again=lambda: None):
    """Ask the frames of the page until they answer as expected: they live in processes of their own."""
    deadline = time.monotonic() + 20
    while (answer := page.run_in_frames(script)) != expected and time.monotonic() < deadline:
        page.screenshot()
        again()
    assert answer == expected


def test_two_of_them_stand_in_one_notebook_page(chromium, tmp_path):
    html = autograd.steps(shared())._repr_html_() + autograd.steps(neuron())._repr_html_()
    path = tmp_path / "notebook.html"
    listening = "<script>addEventListener('keydown', () => window.heard = 1)</script>"
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body>{listening}{html.replace("lazy", "eager")}', "utf-8")
    chromium.open(path.as_uri(), height=2000)
    counter, focused = "document.querySelector('.counter').textContent", "document.hasFocus() ? document.title : ''"
    until(chromium, counter, ["start", "start"])
    for y, title, places in (
        (600, "y", ["start", "step 1 of 4"]),
        (600, "y", ["start", "step 2 of 4"]),
        (1500, "loss", ["step 1 of 10", "step 2 of 4"]),
    ):
        until(chromium, focused, ["", f"Backward through {title}"], again=lambda y=y: chromium.click(1200, y))
        chromium.key("ArrowRight")
        until(chromium, counter, places)
    assert chromium.run("typeof window.heard") == "undefined"
    assert chromium.complaints == []


# --- a training -----------------------------------------------------------------------------------------------------


def test_the_page_shows_the_bars_grow(shown, tmp_path):
    record, grads, owns = trained(8, zero_after=(5,))
    page = shown(record, "#0")
    all_digits(page)
    for step in range(1, 9):
        page.key("ArrowRight")
        assert read(page, ".counter") == [f"step {step} of 8"]
        lengths = [[float(text) for text in read(page, f".track:nth-child({row}) .n")] for row in range(2, 6)]
        for (used, own), name in zip(lengths, record.parameters, strict=True):
            assert used == pytest.approx(np.linalg.norm(grads[step - 1][name]), rel=1e-12)
            assert own == pytest.approx(np.linalg.norm(owns[step - 1][name]), rel=1e-12)
        fresh, first = step in (1, 6), 1 if step < 6 else 6
        assert read(page, ".card h2") == [
            "Every .grad is the gradient of this step's loss"
            if fresh
            else f"zero_grad was forgotten before step {step}: .grad is the sum of step {first} to {step}"
        ]
        shown_grad = read(page, "[data-name=W2] .operand:last-child .n")
        assert [float(text) for text in shown_grad] == list(grads[step - 1]["W2"].ravel())
    bars = page.run(
        "[...document.querySelectorAll('.track:nth-child(2) .used')].map(b => Number(b.getAttribute('height')))"
    )
    expected = np.array([np.linalg.norm(grad["W1"]) for grad in grads])
    np.testing.assert_allclose(np.array(bars) - 1, 90 * expected / expected.max(), rtol=1e-9)
    assert bars[:5] == sorted(bars[:5])
    page.run("document.querySelector('.bar[data-step=\"2\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert read(page, ".counter") == ["step 2 of 8"]
    clean(page, (tmp_path / "page.html").as_uri())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_its_texts_stand_out_and_fit(shown, dark):
    page = shown(trained(6)[0], "#4", dark=dark, width=420)
    assert page.run(CONTRAST) == []
    assert page.run("document.scrollingElement.scrollWidth") <= 420


def test_hostile_parameter_names_run_no_script(shown, tmp_path):
    leaves = {label: Value(1.0) for label in HOSTILE}
    record = TrainingSteps(leaves)
    loss = sum(leaf * leaf for leaf in leaves.values())
    loss.backward()
    record(loss)
    page = shown(record, width=420)
    assert page.run("typeof window.hacked") == "undefined"
    assert page.run("document.querySelectorAll('img, iframe, script').length") == 2
    assert page.run("document.scrollingElement.scrollWidth") <= 420
    clean(page, (tmp_path / "page.html").as_uri())
