"""Reads idx files, the format of MNIST and Fashion-MNIST: a few bytes that give type and shape, then the numbers."""

import math
import os
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["load_idx"]

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_AXES = 8
MOST_BYTES = 2**31
AT_ONCE = 2**20
GZIP = b"\x1f\x8b"


def load_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an idx file, plain or compressed with gzip, such as ``train-images-idx3-ubyte.gz``.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    ndarray
        Of the file's type and shape: uint8 (60000, 28, 28) for MNIST's training images, (60000,) for their labels.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it is not an idx file, or holds fewer or more numbers than it says; no memory is taken on its word.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     load_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    import gzip  # here, because it takes longer to import than all else in this module
    import zlib

    with open(path, "rb") as file:
        compressed = file.read(2) == GZIP
        file.seek(0)
        try:
            return _read(gzip.GzipFile(fileobj=file) if compressed else file)  # type: ignore[arg-type]
        except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            problem = str(error) if isinstance(error, ValueError) else f"its compression is damaged ({error})"
            raise ValueError(f"{os.fspath(path)!r} cannot be read as an idx file: {problem}") from None


def _read(file: BinaryIO) -> NDArray[Any]:
    zeros, kind, axes = struct.unpack(">HBB", _exactly(file, 4, "the magic number"))
    if zeros or kind not in TYPES or not 1 <= axes <= MOST_AXES:
        raise ValueError(
            f"it starts with {zeros:04x} {kind:02x} {axes:02x}, where 0000, a type (08 for bytes) and the number of "
            f"axes, 1 to {MOST_AXES}, are expected"
        )
    shape = struct.unpack(f">{axes}I", _exactly(file, 4 * axes, "the lengths of the axes"))
    dtype = np.dtype(TYPES[kind])
    size = math.prod(shape) * dtype.itemsize
    if not 0 < size <= MOST_BYTES:
        raise ValueError(f"it says that its shape is {shape}, {size:,} bytes; expected 1 to {MOST_BYTES:,}")
    numbers = np.frombuffer(_exactly(file, size, f"numbers of shape {shape}"), dtype).reshape(shape)
    if file.read(1):
        raise ValueError(f"it goes on after {size:,} bytes of numbers, all that shape {shape} has room for")
    return numbers.astype(dtype.newbyteorder("="), copy=False)


def _exactly(file: BinaryIO, size: int, what: str) -> bytearray:
    """So many bytes; they are read piece by piece, because the file may not have them."""
    content = bytearray()
    while len(content) < size:
        piece = file.read(min(AT_ONCE, size - len(content)))
        if not piece:
            raise ValueError(f"it ends after {len(content):,} of {size:,} bytes of {what}; is the download complete?")
        content += piece
    return content
