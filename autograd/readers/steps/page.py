"""Puts a page together that needs nothing else: data, script and style stand in it, and nothing is loaded.

The script is named by its hash in the page's own policy, so no other text in the page can ever run. Data is JSON in
which every character that HTML could read is escaped; the script puts it into the page as text only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Any

__all__ = ["frame", "page", "table"]


def page(name: str, title: str, data: Mapping[str, Any], body: str) -> str:
    """A whole HTML page.

    Parameters
    ----------
    name : str
        Of the script beside this file, without its suffix.
    title : str
    data : mapping
        What the script is given.
    body : str
        What stands in the page before the script runs: HTML, already escaped.
    """
    script = _part("common.js") + _part(f"{name}.js")
    style = _part("page.css")
    policy = f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'unsafe-inline'; img-src data:"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            body,
            f'<script type="application/json" class="data">{_json(data)}</script>',
            f"<script>{script}</script>",
            "</body>",
            "</html>\n",
        ]
    )


def frame(html: str, title: str, height: int, table: str) -> str:
    """A page inside another, apart from everything there; and a table, for where frames are taken out."""
    return (
        f'<iframe srcdoc="{escape(html)}" title="{escape(title)}" sandbox="allow-scripts" loading="lazy"'
        f' style="width: 100%; height: {height}px; border: 0"></iframe>\n'
        f"<details><summary>{escape(title)}: the steps as a table</summary>\n{table}\n</details>"
    )


def table(caption: str, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A plain table of texts."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    top = f"<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>"
    return f"<table>{top}\n<tbody>\n{body}\n</tbody></table>"


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029"})


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_ESCAPES)
