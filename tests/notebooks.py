"""Runs the notebooks, each in a kernel of its own; ``python -m tests.notebooks`` writes them anew, outputs and all.

A notebook with its outputs is the source of truth: edit it anywhere, then run that command, which needs the ``test``
extra. Give names (``python -m tests.notebooks xor``) to write only those. What is written depends on nothing but the
notebook: no times, no versions, no random names of cells, so that running it again changes no byte. With another
Graphviz, or other fonts, pictures may come out differently; `shown` does not mind.
"""

from __future__ import annotations

import copy
import os
import re
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

__all__ = ["FOLDER", "METADATA", "execute", "main", "name_cells", "paths", "read", "shown", "traces", "words", "write"]

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
SECONDS = 300
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
TRACES = {
    "a memory address": r"\b0x[0-9a-fA-F]{6,}",
    "an absolute path": r"(?<![\w./<])/(?:[\w.@-]+/)+[\w.@-]*|\b[A-Za-z]:\\+\w+|file://|~/",
    "a time of day": r"\b\d{1,2}:\d{2}(?::\d{2})?\b",
    "a date": r"\b(?:19|20)\d\d-\d\d-\d\d\b",
    "a duration": r"\b\d+(?:\.\d+)? ?(?:ns|µs|us|ms|s|secs?|seconds?|minutes?|it/s)\b",
}


class Kernel(AsyncKernelManager):
    """Runs the Python that runs this, whatever kernels are installed on the machine."""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        # What libraries say behind Python's back, such as about a machine's fonts, is no output of a cell.
        argv += ["--IPKernelApp.capture_fd_output=False"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def paths() -> list[Path]:
    """Every notebook, by name."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def execute(notebook: NotebookNode) -> NotebookNode:
    """A copy of a notebook, run from its first cell to its last in a fresh kernel.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    fresh = copy.deepcopy(notebook)
    with tempfile.TemporaryDirectory() as folder:
        # Nobody's startup files, and the packages that stand beside this file.
        own = dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"), folder)
        places = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
        env = {**os.environ, **own, "PYTHONPATH": os.pathsep.join(places)}
        # Sockets in that folder, where there are such, instead of open ports.
        transport = "tcp" if sys.platform == "win32" else "ipc"
        kernel = {"connection_file": os.path.join(folder, "kernel.json"), "transport": transport}
        client = NotebookClient(
            fresh,
            config=Config(KernelManager=kernel),
            kernel_manager_class=Kernel,
            timeout=SECONDS,
            record_timing=False,
            resources={"metadata": {"path": str(FOLDER)}},
        )
        client.execute(env=env)
    fresh.metadata = nbformat.from_dict(METADATA)
    return fresh


def name_cells(notebook: NotebookNode) -> None:
    """Give every cell an id that says where it stands, as editors' own are drawn at random."""
    for place, cell in enumerate(notebook.cells):
        cell.id = f"{cell.cell_type}-{place:02}"


def write(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook: afterwards the file is there as a whole, or as it was before."""
    nbformat.validate(notebook)
    unfinished = path.with_suffix(".unfinished")
    try:
        unfinished.write_text(nbformat.writes(notebook) + "\n", "utf-8")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def shown(cell: NotebookNode) -> list[dict[str, object]]:
    """What a cell shows, as far as it is the same on every machine: all texts, and the words in each picture."""
    outputs: list[dict[str, object]] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            outputs.append({output.name: output.text})
            continue
        texts = {kind: text for kind, text in output.data.items() if kind in ("text/plain", "text/markdown")}
        outputs.append(texts)
        if "image/svg+xml" in output.data:
            texts["image/svg+xml"] = words(output.data["image/svg+xml"])
    return outputs


def words(svg: str) -> list[str]:
    """The words in a picture, without regard to where they stand and how a renderer cuts them into pieces.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        If it is not well-formed.
    """
    elements = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return sorted(" ".join("".join(element.itertext()) for element in elements).split())


def traces(text: str) -> list[str]:
    """What in a text tells where or when it was made.

    Examples
    --------
    >>> traces("ran in 3 ms")
    ['a duration: 3 ms']
    """
    return [f"{name}: {match.group()}" for name, pattern in TRACES.items() for match in re.finditer(pattern, text)]


def main(names: list[str]) -> None:
    """Run notebooks and write them anew, all of them or those named."""
    found = {path.stem: path for path in paths()}
    if unknown := set(names) - found.keys():
        sys.exit(f"no notebook is called {', '.join(sorted(unknown))}: there are {', '.join(found)}")
    for name in names or found:
        notebook = execute(read(found[name]))
        name_cells(notebook)
        write(found[name], notebook)
        print(f"{found[name].name}: {len(notebook.cells)} cells, {found[name].stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
