"""Shows a report as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files

from nn.report.document import Block, Cell, Document, Figure, Line, Paragraph, Section, Table
from nn.report.mathml import mathml

__all__ = ["page"]

# Whatever might slip into the page, a browser loads nothing from elsewhere for it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(document: Document) -> str:
    """The report as HTML.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        A whole page, in UTF-8 when it is written.
    """
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(document.title)}: {escape(_outline(document))}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            "<header>",
            f"<h1>{escape(document.title)}</h1>",
            f"<p>{escape(document.introduction)}</p>",
            '<ul class="facts">',
            *(
                f'<li class="{fact.tone}"><strong>{escape(fact.value)}</strong> {escape(fact.about)}</li>'
                for fact in document.facts
            ),
            "</ul>",
            "<nav><ul>",
            *(f'<li><a href="#{section.key}">{escape(section.title)}</a></li>' for section in document.sections),
            "</ul></nav>",
            "</header>",
            "<main>",
            *map(_section, document.sections),
            "</main>",
            "</body>",
            "</html>\n",
        ]
    )


def _outline(document: Document) -> str:
    return ", ".join(section.title for section in document.sections)


def _section(section: Section) -> str:
    byline = f'<p class="byline">{escape(section.byline)}</p>' if section.byline else ""
    blocks = "\n".join(map(_block, section.blocks))
    return f'<section id="{section.key}">\n<h2>{escape(section.title)}</h2>{byline}\n{blocks}\n</section>'


def _block(block: Block) -> str:
    if isinstance(block, Figure):
        return _figure(block)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Paragraph):
        return f"{_heading(block.title)}<p>{escape(block.text)}</p>"


def _heading(title: str) -> str:
    return f"<h3>{escape(title)}</h3>\n" if title else ""


def _figure(figure: Figure) -> str:
    """A picture in a frame that scrolls where it is wider than the page; ticking the box shows the whole of it."""
    name, picture = escape(figure.title), _anonymous(figure.svg)
    return (
        f'<figure class="{figure.name}">\n{_heading(figure.title)}'
        f'<label class="fit"><input type="checkbox"> fit the width</label>\n'
        f'<div class="frame" tabindex="0" role="group" aria-label="{name}">{picture}</div>\n'
        f"<figcaption>{escape(figure.caption)}</figcaption>\n</figure>"
    )


def _anonymous(svg: str) -> str:
    """A picture without Graphviz's ids, which would meet those of the next picture, and without its nodes' tooltips."""
    return re.sub(r'<title>(%\d+|n\d+(&#45;&gt;n\d+)?)</title>\n?| id="[^"]*"', "", svg)


def _table(table: Table) -> str:
    caption = f'<p class="caption">{escape(table.caption)}</p>\n' if table.caption else ""
    kinds = [' class="number"' if column.number else "" for column in table.columns]
    headed = any(column.heading for column in table.columns)
    headings = "".join(
        f'<th scope="col"{kind}>{escape(column.heading)}</th>'
        for column, kind in zip(table.columns, kinds, strict=True)
    )
    rows = "".join(
        "<tr>" + "".join(f"<td{kind}>{_cell(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>\n"
        for row in table.rows
    )
    head = f"<thead><tr>{headings}</tr></thead>\n" if headed else ""
    # On a narrow screen the cells of such a table stand below each other.
    tall = ' class="tall"' if table.tall else ""
    body = f"<table{tall}>\n{head}<tbody>\n{rows}</tbody>\n</table>"
    return f'{_heading(table.title)}{caption}<div class="frame">{body}</div>'


def _cell(cell: Cell) -> str:
    return "".join(map(_line, cell))


def _line(line: Line) -> str:
    label = f'<span class="label">{escape(line.label)}</span> ' if line.label else ""
    shown = f"<code>{escape(line.text)}</code>" if line.tone == "code" else escape(line.text)
    return f'<div class="{line.tone}">{label}<div>{_mathematics(line.latex)}{shown}</div></div>'


def _mathematics(latex: str) -> str:
    """The formula as MathML; what that cannot say, as the source that it was printed from."""
    if not latex:
        return ""
    try:
        return mathml(latex)
    except ValueError:
        return f'<code class="latex">{escape(latex)}</code>'
