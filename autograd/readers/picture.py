"""The picture of a graph: `draw` makes a `graphviz.Digraph` that can show itself even where Graphviz is missing."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import graphviz

from autograd.graph import Node
from autograd.readers import dot
from autograd.readers.diagram import Diagram, as_diagram
from autograd.readers.render import RenderError, Request, render, write_whole
from autograd.readers.svg import as_svg

__all__ = ["Picture", "draw"]

MOST_BOXES_UNASKED = 300
MOST_LINES = 60
IMAGE_SUFFIXES = {".svg", ".png", ".pdf"}
EMPTY = Diagram((), ())


def draw(node: Node) -> Picture:
    """Draw the graph that a result was computed from.

    Every node is a box with its operation or kind, label, shape, data and gradient; leaves are blue, constants grey,
    results yellow. Edges enter a box from top to bottom in the order of its arguments. A notebook shows the picture by
    itself.

    Parameters
    ----------
    node : Value or Tensor
        The result, for example a loss. Draw after ``backward()`` to see the gradients.

    Returns
    -------
    Picture
        A `graphviz.Digraph`. The boxes are called n0, n1, ..., oldest first.

    Raises
    ------
    TypeError
        If `node` is not part of a graph.

    Examples
    --------
    >>> import autograd
    >>> x = autograd.Value(3.0, label="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> autograd.draw(y)
    n0 = leaf x  data 3  grad 6
    n1 = *(n0, n0)  data 9  grad 1
    n2 = constant  data 1
    n3 = +(n1, n2)  data 10  grad 1
    """
    if not isinstance(node, Node):
        raise TypeError(
            f"draw: `node` must be a Value or a Tensor, such as a loss, not {type(node).__name__}; a plain number or "
            "array remembers nothing of how it was computed."
        )
    return _picture_of(as_diagram(node))


class Picture(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` of a computation that renders with whatever is there.

    All of Digraph's methods mean what they mean there, but `pipe` and `render` do not need a ``dot`` program: they use
    it if there is one, else pygraphviz, else a layout of our own, which knows svg only. `save` looks at the suffix.

    Attributes
    ----------
    diagram : Diagram
        What is shown: boxes and edges.
    """

    def __init__(self, *args: Any, diagram: Diagram = EMPTY, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.diagram = diagram

    def svg(self) -> str:
        """The picture as an ``<svg>`` element, ready to stand in an HTML page."""
        text: str = self.pipe("svg", encoding="utf-8")
        return text[text.index("<svg") :]

    def pipe(
        self,
        format: str | None = None,
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: bool | int | None = None,
        quiet: bool = True,
        *,
        engine: str | None = None,
        encoding: str | None = None,
    ) -> Any:
        """The rendered picture as bytes, or as a string if an encoding is given; like `graphviz.Digraph.pipe`.

        Raises
        ------
        ValueError
            For an unknown format or engine.
        RenderError
            If nothing here can make the format; the message says what to install.
        """
        options = {
            "renderer": renderer or self.renderer,
            "formatter": formatter or self.formatter,
            "neato_no_op": neato_no_op,
        }
        request = Request(
            source=self.source,
            own_svg=self._own_svg,
            format=format or self.format,
            engine=engine or self.engine,
            quiet=quiet,
            options={name: value for name, value in options.items() if value is not None},
        )
        content = render(request)
        return content if encoding is None else content.decode(encoding)

    def render(
        self,
        filename: os.PathLike[str] | str | None = None,
        directory: os.PathLike[str] | str | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: bool | int | None = None,
        quiet: bool = True,
        *,
        outfile: os.PathLike[str] | str | None = None,
        engine: str | None = None,
    ) -> str:
        """Save the source, render it beside it (``filename.svg``, or as `outfile`), and return the image's path.

        Like `graphviz.Digraph.render`; no file is touched unless the rendering succeeds.
        """
        if outfile is not None:
            format = format or Path(outfile).suffix[1:]
            filename = filename or Path(outfile).with_suffix(".gv")
        format = format or self.format
        image = self.pipe(format, renderer, formatter, neato_no_op, quiet, engine=engine)
        source = self._path(filename, directory)
        rendered = Path(".".join(filter(None, (str(source), formatter, renderer, format))))
        if outfile is not None:
            rendered = Path(self.directory if directory is None else "", outfile)
        write_whole(rendered, image)
        if not cleanup:
            write_whole(source, self.source.encode(self.encoding))
        if view:
            graphviz.view(str(rendered))
        return str(rendered)

    def save(
        self,
        filename: os.PathLike[str] | str | None = None,
        directory: os.PathLike[str] | str | None = None,
        *,
        skip_existing: bool | None = False,
    ) -> str:
        """Write the picture to a file and return its path: an image for .svg, .png and .pdf, otherwise DOT source."""
        path = self._path(filename, directory)
        if not (skip_existing and path.exists()):
            image = path.suffix.lower() in IMAGE_SUFFIXES
            write_whole(path, self.pipe(path.suffix[1:].lower()) if image else self.source.encode(self.encoding))
        return str(path)

    def _path(self, filename: os.PathLike[str] | str | None, directory: os.PathLike[str] | str | None) -> Path:
        if filename is not None:
            self.filename = os.fspath(filename)
        if directory is not None:
            self.directory = os.fspath(directory)
        return Path(self.filepath)

    def copy(self) -> Self:
        """An independent copy."""
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return _listing(self.diagram)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, **_: Any
    ) -> dict[str, Any]:
        """What a notebook shows: an image if the picture is of a reasonable size, and always the listing."""
        wanted = {"text/plain", "image/svg+xml", "image/png"} if include is None else set(include)
        wanted -= set(exclude or ())
        bundle: dict[str, Any] = {"text/plain": repr(self)} if "text/plain" in wanted else {}
        if len(self.diagram.boxes) > MOST_BOXES_UNASKED:
            return bundle
        for kind, format in (("image/svg+xml", "svg"), ("image/png", "png")):
            if kind in wanted:
                try:
                    bundle[kind] = self.svg() if format == "svg" else self.pipe(format)
                except Exception:  # a cell that shows a picture must not fail for want of a renderer
                    continue
        return bundle

    def _own_svg(self) -> str:
        original = _picture_of(self.diagram)
        if any(getattr(self, part) != getattr(original, part) for part in ("body", *dot.STYLE)):
            raise RenderError("cannot draw what was changed after draw()")
        return as_svg(self.diagram)


def _picture_of(diagram: Diagram) -> Picture:
    picture = Picture(diagram=diagram, format="svg", **dot.STYLE)
    for i, box in enumerate(diagram.boxes):
        picture.node(f"n{i}", dot.label(box))
    for tail, head in dot.edges(diagram):
        picture.edge(tail, head)
    return picture


def _listing(diagram: Diagram) -> str:
    """The picture in words, one line per box."""
    arguments: list[list[str]] = [[] for _ in diagram.boxes]
    for edge in diagram.edges:
        arguments[edge.head].append(f"n{edge.tail}")
    lines = []
    for i, box in enumerate(diagram.boxes[:MOST_LINES]):
        made_by = f"{box.symbol}({', '.join(arguments[i])})" if box.symbol else box.kind
        note = box.note.removeprefix(box.kind).strip()
        numbers = ""
        for row in box.rows:
            numbers += f"  {row.name} " if row.name else "; "
            numbers += " ".join(row.cells)
        lines.append(" ".join(filter(None, (f"n{i} =", made_by, box.label, note))) + numbers)
    if len(diagram.boxes) > MOST_LINES:
        lines.append(f"... and {len(diagram.boxes) - MOST_LINES:,} more")
    if len(diagram.boxes) > MOST_BOXES_UNASKED:
        lines.append(f'{len(diagram.boxes):,} boxes are too many to show unasked; .save("picture.svg") draws them all')
    return "\n".join(lines)
