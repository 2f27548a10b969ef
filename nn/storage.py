"""Arrays in files, as .npz or .safetensors: nothing that is read is ever run, and nothing is ever half-written.

A file is also given a dict of plain facts, as JSON. In an .npz file, which knows only arrays, its text is one of them.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    import zipfile

__all__ = ["check_place", "read", "replacing", "write"]

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]
Facts = dict[str, Any]

FACTS = "__metadata__"
"""The member of an .npz file, and the entry of a .safetensors file's own metadata, that holds the facts."""


def write(path: str | os.PathLike[str], arrays: Mapping[str, Array], facts: Facts) -> None:
    """Write arrays of numbers to a file, in the place of an older one when all is written.

    Parameters
    ----------
    path : str or path-like
        Ends in .npz or .safetensors.
    arrays : mapping of str to ndarray
    facts : dict
        What JSON can hold.

    Raises
    ------
    ValueError
        If the file's name ends in something else.
    OSError
        If it cannot be written; what was there before is there still.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "numbers.npz")
    ...     write(path, {"x": np.arange(3)}, {"unit": "cm"})
    ...     read(path)
    ({'x': array([0, 1, 2])}, {'unit': 'cm'})
    """
    writer, _ = _format(path)
    text = json.dumps(facts)
    with replacing(path) as file:
        writer(file, arrays, text)


def read(path: str | os.PathLike[str]) -> tuple[Arrays, Facts]:
    """Read what `write` wrote, or any other file of arrays in these formats.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    arrays : dict of str to ndarray
    facts : dict
        Empty in a file that `write` did not write.

    Raises
    ------
    ValueError
        If the file is damaged, or not of the format that its name ends in, or holds anything but numbers.
    OSError
        If there is no such file, or it cannot be read.
    """
    _, reader = _format(path)
    try:
        with open(path, "rb") as file:
            arrays, text = reader(file)
        facts = json.loads(text or "{}")
        if not isinstance(facts, dict):
            raise ValueError("its metadata are no JSON object")
    except OSError as error:
        if error.errno is not None:
            raise
        raise _unreadable(path, error) from None
    except (Exception, RecursionError) as error:  # what a hostile file can raise in zipfile and NumPy has no end
        raise _unreadable(path, error) from None
    return arrays, facts


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise what `write` would raise, before a long training depends on it.

    Raises
    ------
    ValueError, OSError
    """
    _format(path)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    with _unfinished(path):
        pass


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of the one at `path` when the ``with`` block ends well."""
    with _unfinished(path) as unfinished:
        with open(unfinished, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, os.path.realpath(path))


@contextmanager
def _unfinished(path: str | os.PathLike[str]) -> Iterator[Path]:
    """An empty file beside the one at `path`, on the same disk, removed in the end."""
    target = Path(os.path.realpath(path))
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.touch()
        yield unfinished
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _unreadable(path: str | os.PathLike[str], error: BaseException) -> ValueError:
    what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    suffix = Path(path).suffix
    return ValueError(f"{os.fspath(path)!r} cannot be read as {suffix}: {' '.join(what.split())[:300]}")


Writer = Callable[[BinaryIO, Mapping[str, Array], str], None]
Reader = Callable[[BinaryIO], tuple[Arrays, str]]


def _format(path: str | os.PathLike[str]) -> tuple[Writer, Reader]:
    suffix = Path(path).suffix
    if suffix not in FORMATS:
        raise ValueError(f"the file's name must end in {' or '.join(FORMATS)}, got {os.fspath(path)!r}")
    if suffix == ".safetensors" and importlib.util.find_spec("safetensors") is None:
        raise ValueError(f"{os.fspath(path)!r} needs a package: pip install safetensors, or use .npz")
    return FORMATS[suffix]


# --- .npz: a zip archive of .npy files, not compressed ----------------------------------------------------------------


def _write_npz(file: BinaryIO, arrays: Mapping[str, Array], text: str) -> None:
    import zipfile  # here, because it takes longer to import than all else in this module

    with zipfile.ZipFile(file, "w") as archive:
        for name, array in {**arrays, FACTS: np.frombuffer(text.encode(), np.uint8)}.items():
            # A ZipInfo made by hand has a fixed date: the same numbers make the same file.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def _read_npz(file: BinaryIO) -> tuple[Arrays, str]:
    """The arrays. None is larger than its place in the file, so no file can ask for more memory than it has bytes."""
    import zipfile

    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members):
            raise ValueError("it is compressed or encrypted; expected what nn.save or np.savez writes")
        if sum(member.file_size for member in members) > os.fstat(file.fileno()).st_size:
            raise ValueError("its parts overlap")
        arrays: Arrays = {}
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in arrays:
                raise ValueError(f"it holds {member.filename!r}, which is no array, or holds it twice")
            arrays[name] = _read_npy(archive, member)
    text = arrays.pop(FACTS, np.zeros(0, np.uint8))
    if text.dtype != np.uint8:
        raise ValueError("its metadata are no text")
    return arrays, text.tobytes().decode()


def _read_npy(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    with archive.open(member) as content:
        version = np.lib.format.read_magic(content)
        if version not in HEADERS:
            raise ValueError(f"{member.filename!r} has version {version} of the .npy format; expected 1.0 or 2.0")
        shape, _, dtype = HEADERS[version](content)
        _check_numbers(member.filename, dtype)
        size = dtype.itemsize
        for length in shape:
            size *= length
        if size != member.file_size - content.tell():
            raise ValueError(f"{member.filename!r} has {member.file_size} bytes, which do not fit its shape {shape}")
    with archive.open(member) as content:
        array = np.lib.format.read_array(content, allow_pickle=False)
        if content.read(1):
            raise ValueError(f"{member.filename!r} goes on after its numbers")
    return np.ascontiguousarray(array).reshape(shape)


HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def _check_numbers(name: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind not in "biuf":
        raise ValueError(f"{name!r} holds {dtype}, not numbers")


# --- .safetensors -----------------------------------------------------------------------------------------------------


def _write_safetensors(file: BinaryIO, arrays: Mapping[str, Array], text: str) -> None:
    from safetensors.numpy import save

    file.write(
        save(
            {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()},
            metadata={FACTS: text},
        )
    )


def _read_safetensors(file: BinaryIO) -> tuple[Arrays, str]:
    from safetensors import safe_open

    with safe_open(file.name, framework="np") as tensors:
        arrays = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
        text = (tensors.metadata() or {}).get(FACTS, "")
    for name, array in arrays.items():
        _check_numbers(name, array.dtype)
    return arrays, text


FORMATS: dict[str, tuple[Writer, Reader]] = {
    ".npz": (_write_npz, _read_npz),
    ".safetensors": (_write_safetensors, _read_safetensors),
}
