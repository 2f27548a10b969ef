"""From a picture to bytes, by the best renderer that is there.

A ladder: our own drawing as SVG, PNG or PDF, which looks the same everywhere; for other formats and for what was
changed by hand, the ``dot`` program; and Graphviz in this process (pygraphviz). A rung of Graphviz's may fail in
whatever way its platform likes (no program, no permission to start one, a crash, a missing library): the next one does
not ask.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import graphviz

from autograd.readers.pdf import as_pdf
from autograd.readers.png import slimmed
from autograd.readers.raster import as_png

__all__ = ["RenderError", "Request", "render", "write_whole"]


class RenderError(RuntimeError):
    """No renderer here can make what was asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to render: DOT source, our own SVG of the same thing (a function: drawn only where needed), the format."""

    source: str
    own_svg: Callable[[], str]
    format: str
    engine: str = "dot"
    quiet: bool = True
    dpi: int = 144
    options: Mapping[str, Any] = field(default_factory=dict)


def render(request: Request) -> bytes:
    """The picture in the format asked for.

    Raises
    ------
    ValueError
        For a format or an engine that Graphviz has never heard of.
    RenderError
        If no rung can do it. The message says what to install, and why each rung could not.
    """
    _check("format", request.format, graphviz.FORMATS)
    _check("engine", request.engine, graphviz.ENGINES)
    reasons = []
    for rung in (_by_ourselves, _by_program, _in_process):
        try:
            image = rung(request)
            return slimmed(image) if request.format == "png" else image
        except RenderError as error:
            reasons.append(f"{(rung.__doc__ or '').rstrip('.')}: {_first_line(error)}")
        except Exception as error:  # of a foreign renderer: the next rung does not ask why
            if rung is _by_ourselves:
                raise
            reasons.append(f"{(rung.__doc__ or '').rstrip('.')}: {_first_line(error)}")
    raise RenderError(
        f"Cannot draw {request.format!r} here: install Graphviz, or pygraphviz with "
        f"`pip install \"chainrule[demo]\"`; without them there are 'svg', 'png', 'pdf', 'html' and 'dot' of what "
        f"draw() made. ({'; '.join(reasons)})"
    )


def _by_ourselves(request: Request) -> bytes:
    """Our own layout."""
    if request.format not in ("svg", "png", "pdf") or (request.engine, request.options) != ("dot", {}):
        raise RenderError("makes plain svg, png and pdf only, in layers")
    svg = request.own_svg()
    if request.format == "svg":
        return svg.encode()
    return as_png(svg, request.dpi) if request.format == "png" else as_pdf(svg)


def _by_program(request: Request) -> bytes:
    """The dot program."""
    source = request.source.encode()
    image: bytes = graphviz.pipe(request.engine, request.format, source, quiet=request.quiet, **request.options)
    return image


def _in_process(request: Request) -> bytes:
    """pygraphviz."""
    if request.options:
        raise RenderError(f"has no option {', '.join(request.options)}")
    import pygraphviz

    graph = pygraphviz.AGraph(string=request.source)
    image: bytes = graph.draw(format=request.format, prog=request.engine)
    return image


def _check(name: str, given: str, known: set[str]) -> None:
    if given not in known:
        raise ValueError(f"{name} {given!r} is not one that Graphviz knows; use one of {', '.join(sorted(known))}.")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, creating its folder: afterwards it is there as a whole, or as it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
