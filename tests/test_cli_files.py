"""The files that the command `chainrule` writes: a page that needs nothing else, in a folder never half-written."""

import os
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from commands import GOOD

import nn.report
from nn.articles import xor

# The page


class Page(HTMLParser):
    """Notes what a page is made of, and that every element is closed in the right order."""

    VOID = frozenset({"meta", "input", "br", "img", "link"})

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((data, self.open[-1] if self.open else ""))

    def all(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]


@pytest.fixture(scope="session")
def page(whole):
    return Page((whole[0] / "report.html").read_text("utf-8"))


def test_the_page_loads_nothing(page, whole):
    for tag, attrs, _ in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "img")
        for name, value in attrs.items():
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                assert value.startswith("#"), (tag, name, value)
            assert not name.startswith("on"), (tag, name)
            assert "url(" not in (value or ""), (tag, name, value)
    text = (whole[0] / "report.html").read_text("utf-8")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    (policy,) = [attrs["content"] for attrs in page.all("meta") if "http-equiv" in attrs]
    assert policy.startswith("default-src 'none'")


def test_the_page_holds_both_graphs_and_the_curves(page):
    assert [attrs["class"] for attrs in page.all("figure")] == [
        "xor-network",
        "xor-losses",
        "layers-network",
        "layers-losses",
        "table-losses",
    ]
    assert len(page.all("svg")) == 5
    written = [text.strip() for text, tag in page.texts if tag == "text"]
    for label in ("W1", "b2", "z1", "Z1", "data", "grad"):
        assert label in written, label
    # A line per training: two, four and one.
    assert len([attrs for attrs in page.all("path") if attrs.get("class") == "line"]) == 7
    # A dot for every printed loss, and one in the legend.
    assert len(page.all("circle")) == 8 + 1


def test_the_page_shows_every_formula_as_mathematics(page, whole):
    verdicts = [formula for article in whole[1]["articles"].values() for formula in article["formulas"]]
    wrong = sum(not verdict["right"] for verdict in verdicts)
    shown = [text for text, tag in page.texts if tag == "div" and text in ("WRONG", "right")]
    assert (shown.count("WRONG"), shown.count("right")) == (wrong, len(verdicts) - wrong)
    assert len(page.all("math")) >= len(verdicts) + wrong
    assert not [attrs for attrs in page.all("code") if attrs.get("class") == "latex"]
    text = "".join(text for text, _ in page.texts)
    for verdict in verdicts:
        for part in ("name", "code", "corrected_code", "why"):
            assert verdict[part] in text, (verdict["name"], part)


def test_the_page_can_be_navigated(page):
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"].removeprefix("#") for attrs in page.all("a")]
    assert targets == ["xor", "layers", "table"] and set(targets) <= set(ids)
    assert {"name": "color-scheme", "content": "light dark"} in page.all("meta")


def test_the_pictures_are_files_too(whole):
    folder, _ = whole
    pictures = sorted(folder.glob("*.svg"))
    assert len(pictures) == 5
    for path in pictures:
        root = ElementTree.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        shown = "".join(root.itertext())
        assert ("W1" in shown and "grad" in shown) == path.stem.endswith("-network")


def test_names_from_a_file_stay_text(short):
    table = GOOD.replace(",0\n", ",</td><script>alert(1)</script>\n").replace(",1\n", ",&amp;\n")
    Path("<b>.csv").write_text(table)
    assert short(["layers", "--csv", "<b>.csv", "--target", "y", "--epochs", "3", "--quiet"]) == 0
    page = Page(Path("chainrule-out", "report.html").read_text("utf-8"))
    assert page.all("script") == [] and page.all("b") == []
    text = "".join(text for text, _ in page.texts)
    assert "4 </td><script>alert(1)</script>" in text and "4 &amp;" in text and "<b>.csv" in text


# The folder


def test_the_same_findings_make_the_same_files(short):
    for name in ("one", "two"):
        assert short(["layers", "--csv", "good.csv", "--target", "y", "--epochs", "3", "--quiet", "--out", name]) == 0
    for path in Path("one").iterdir():
        assert path.read_bytes() == Path("two", path.name).read_bytes(), path.name


def test_an_existing_folder_is_updated_file_by_file(short):
    folder = Path("chainrule-out")
    folder.mkdir()
    (folder / "report.html").write_text("old")
    (folder / "notes.txt").write_text("mine")
    assert short(["xor", "--quiet"]) == 0
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert sorted(os.listdir(folder)) == ["notes.txt", "report.html", "xor-losses.svg", "xor-network.svg"]
    assert sorted(os.listdir()) == ["chainrule-out", "good.csv"]


def test_a_folder_is_made_with_its_parents(short):
    assert short(["xor", "--quiet", "--out", "a/b/c"]) == 0
    assert len(os.listdir("a/b/c")) == 3 and os.listdir("a/b") == ["c"] and os.listdir("a") == ["b"]


def failing(*args, **kwargs):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("where", ["pathlib.Path.write_text", "nn.report.folder.os.replace"])
def test_a_full_disk_leaves_the_folder_as_it_was(short, monkeypatch, capsys, existing, where):
    folder = Path("deep", "out")
    if existing:
        folder.mkdir(parents=True)
        (folder / "report.html").write_text("old")
    before = sorted(Path().rglob("*"))
    with monkeypatch.context() as context:
        context.setattr(where, failing)
        assert short(["xor", "--out", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"chainrule: cannot write to {str(folder)!r}: No space left on device\n"
    assert sorted(Path().rglob("*")) == before
    assert not existing or (folder / "report.html").read_text() == "old"


def test_a_failure_leaves_the_folder_as_it_was(short, monkeypatch):
    Path("chainrule-out").mkdir()
    Path("chainrule-out", "report.html").write_text("old")

    def crash(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn.report, "document", crash)
    assert short(["xor"]) == 130
    assert Path("chainrule-out", "report.html").read_text() == "old"
    assert os.listdir("chainrule-out") == ["report.html"]


def test_a_folder_in_the_place_of_a_file(short, capsys):
    Path("chainrule-out", "report.html").mkdir(parents=True)
    assert short(["xor"]) == 2
    assert capsys.readouterr().err == "chainrule: cannot write to 'chainrule-out': report.html is a folder there\n"
    assert os.listdir("chainrule-out") == ["report.html"]


def test_a_bad_folder_is_found_before_the_work(short, monkeypatch, capsys):
    monkeypatch.setattr(xor, "run", lambda bars: pytest.fail("worked for nothing"))
    assert short(["xor", "--out", "good.csv"]) == 2
    assert "it is a file" in capsys.readouterr().err
