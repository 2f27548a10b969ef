"""The picture of a graph: `draw` makes a `graphviz.Digraph` that shows itself, also where Graphviz is missing."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal, Self

import graphviz

from autograd.graph import Node
from autograd.readers import dot
from autograd.readers.diagram import Diagram, Options, as_diagram
from autograd.readers.names import variables
from autograd.readers.options import LIMIT
from autograd.readers.render import RenderError, Request, render, write_whole
from autograd.readers.svg import as_svg

__all__ = ["Picture", "draw", "node_bundle"]

MOST_BOXES_UNASKED = 600
MOST_BOXES_IN_PIXELS = 60
MOST_LINES = 60
EMPTY = Diagram((), ())


def draw(
    node: Node | Sequence[Node],
    *,
    label: bool = True,
    symbol: bool = True,
    shape: bool = True,
    data: bool = True,
    grad: bool = True,
    heat: bool | Literal["data", "grad"] = False,
    derivatives: bool = False,
    colour: Literal["kind", "grad"] = "kind",
    depth: int | None = None,
    fold: bool | None = None,
    limit: int | None = LIMIT,
    hide: str | Iterable[str] = (),
    only_path: tuple[Node, Node] | None = None,
    backward: bool = False,
    mark: Mapping[Node, str] | None = None,
) -> Picture:
    """Draw the graph that a result was computed from.

    Every node is a box with its operation or kind, label, shape, data and gradient; leaves are blue, constants grey,
    results yellow, scopes green. A node without a label is called as the variable that holds it where `draw` is called.
    Edges enter a box from top to bottom in the order of its arguments. A notebook shows the picture by itself.

    Parameters
    ----------
    node : Value or Tensor, or several
        The result, for example a loss. Draw after ``backward()`` to see the gradients.
    label, symbol, shape, data, grad : bool
        What a box shows. An array of more than 12 numbers is written as its range.
    heat : bool, "data" or "grad"
        Arrays as small heat pictures: blue below zero, red above.
    derivatives : bool
        The local derivative on each edge: a number for Values, the rule for Tensors.
    colour : "kind" or "grad"
        Paint boxes by what they are, or by the size of their gradients on a logarithmic scale.
    depth : int, optional
        Draw so many scopes (module calls, ``with autograd.scope("name")``) in one another as frames and each below
        them as one box. 0 draws every scope as a box.
    fold : bool, optional
        Draw what repeats one after the other once, with "×12". By default where the picture would be too large, and
        where more than 50 boxes become much fewer.
    limit : int or None
        The largest number of boxes. What has more is folded, and the picture says how; None draws everything, which for
        thousands of boxes without a pattern takes some seconds.
    hide : "constants", "broadcasts" or both
        What to leave out.
    only_path : (Node, Node), optional
        Only what lies on a way from the first of two nodes to the second.
    backward : bool
        Draw the gradient's own graph too, beside that of the result: the sweep as it computes, through one operation
        after the other. The result is computed from the top down, its gradient from the bottom up, each operation
        about level with the way back through it. White boxes stand for boxes of the forward part.
    mark : dict of Node to str, optional
        Boxes to frame red, and what to write into them.

    Returns
    -------
    Picture
        A `graphviz.Digraph`. The boxes are called n0, n1, ..., oldest first.

    Raises
    ------
    TypeError
        If `node` is not part of a graph.
    ValueError
        If an option does not exist.

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
    n3 = +(n1, n2) y  data 10  grad 1
    """
    roots = [node] if isinstance(node, Node) else list(node) if isinstance(node, list | tuple) else []
    if not roots or not all(isinstance(root, Node) for root in roots):
        raise TypeError(
            f"draw: `node` must be a Value or a Tensor, such as a loss, not {type(node).__name__}; a plain number or "
            "array remembers nothing of how it was computed."
        )
    options = Options(
        label=label,
        symbol=symbol,
        shape=shape,
        data=data,
        grad=grad,
        heat=heat,
        derivatives=derivatives,
        colour=colour,
        depth=depth,
        fold=fold,
        limit=limit,
        hide=hide,
        only_path=only_path,
        backward=backward,
        mark=mark or {},
    )
    return _picture_of(as_diagram(roots, options, variables(sys._getframe(1))))


class Picture(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` of a computation that renders with whatever is there.

    All of Digraph's methods mean what they mean there, but `pipe` and `render` need no ``dot`` program for svg,
    png and pdf: the drawing is our own, and the same everywhere. Graphviz makes the other formats, and draws what was
    changed by hand. `save` looks at the suffix.

    Attributes
    ----------
    diagram : Diagram
        What is shown: boxes, edges, frames, legend, notes.
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
        dpi: int = 144,
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
            dpi=dpi,
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
        """Write the picture to a file and return its path; the suffix says what it becomes.

        ``.svg``, ``.png``, ``.pdf`` and ``.html`` need nothing else; ``.dot`` and ``.gv`` are the source.

        Raises
        ------
        ValueError
            For another suffix.
        RenderError
            If nothing here can make the format; the message says what to install.
        """
        path = self._path(filename, directory)
        suffix = path.suffix.lower()
        if suffix not in _WRITERS:
            raise ValueError(
                f"save: {path.name!r} does not end in {', '.join(_WRITERS)}. For another format of Graphviz's use "
                "render(filename, format=...)."
            )
        if not (skip_existing and path.exists()):
            write_whole(path, _WRITERS[suffix](self))
        return str(path)

    def html(self, title: str = "A computation") -> str:
        """A page of its own, light or dark as the reader's system is, that needs nothing else."""
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{escape(title)}</title>\n"
            "<style>:root{color-scheme:light dark}body{margin:1rem;background:Canvas;color:CanvasText}</style>\n"
            f"</head>\n<body>\n{self.svg()}</body>\n</html>\n"
        )

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
                if format == "png" and len(self.diagram.boxes) > MOST_BOXES_IN_PIXELS:
                    continue
                try:
                    bundle[kind] = self.svg() if format == "svg" else self.pipe(format, dpi=72)
                except Exception:  # a cell that shows a picture must not fail for want of a renderer
                    continue
        return bundle

    def _own_svg(self) -> str:
        original = _picture_of(self.diagram)
        if any(getattr(self, part) != getattr(original, part) for part in ("body", *dot.STYLE)):
            raise RenderError("cannot draw what was changed after draw()")
        return as_svg(self.diagram)


_WRITERS: dict[str, Callable[[Picture], bytes]] = {
    ".svg": lambda picture: picture.pipe("svg"),
    ".html": lambda picture: picture.html().encode(),
    ".png": lambda picture: picture.pipe("png"),
    ".pdf": lambda picture: picture.pipe("pdf"),
    ".dot": lambda picture: picture.source.encode(picture.encoding),
    ".gv": lambda picture: picture.source.encode(picture.encoding),
}


def _picture_of(diagram: Diagram) -> Picture:
    picture = Picture(diagram=diagram, format="svg", **dot.STYLE)
    dot.write(diagram, picture)
    return picture


def node_bundle(
    node: Node, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
) -> dict[str, Any]:
    """What a notebook shows of a node: its repr, and of a result the picture too. It never raises."""
    bundle: dict[str, Any] = {"text/plain": repr(node)}
    if not node.is_leaf:
        try:
            bundle = {**draw(node)._repr_mimebundle_(include, exclude), **bundle}
        except Exception:  # a cell that shows a node must not fail for its picture
            return bundle
    wanted = bundle.keys() if include is None else set(include)
    return {kind: content for kind, content in bundle.items() if kind in wanted and kind not in set(exclude or ())}


def _listing(diagram: Diagram) -> str:
    """The picture in words, one line per box, then the notes."""
    arguments: list[list[str]] = [[] for _ in diagram.boxes]
    for edge in diagram.edges:
        arguments[edge.head].append(f"n{edge.tail}")
    lines = []
    for i, box in enumerate(diagram.boxes[:MOST_LINES]):
        made_by = f"{box.symbol or box.kind}({', '.join(arguments[i])})" if arguments[i] else box.symbol or box.kind
        times = f"×{box.times:,}" if box.times > 1 else ""
        note = box.note.removeprefix(box.kind).strip()
        numbers = ""
        for row in box.rows:
            numbers += f"  {row.name} " if row.name else "; "
            numbers += " ".join(row.cells)
        mark = f"  ! {box.mark}" if box.mark else ""
        lines.append(" ".join(filter(None, (f"n{i} =", made_by, box.label, times, note))) + numbers + mark)
    if len(diagram.boxes) > MOST_LINES:
        lines.append(f"... and {len(diagram.boxes) - MOST_LINES:,} more")
    lines += diagram.notes
    if len(diagram.boxes) > MOST_BOXES_UNASKED:
        lines.append(f'{len(diagram.boxes):,} boxes are too many to show unasked; .save("picture.svg") draws them all')
    return "\n".join(lines)
