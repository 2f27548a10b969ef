"""A PNG with a palette in place of four bytes for each pixel: a picture of boxes and lines needs few colours."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["slimmed"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
EIGHT_BIT_RGBA = (8, 6, 0, 0, 0)
KEPT = (b"pHYs",)
MOST_PIXELS = 4_000_000

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def slimmed(png: bytes) -> bytes:
    """The same picture in fewer bytes; anything but an 8-bit RGBA file, as Graphviz writes it, as it is.

    Colours that cover much stay what they are; those in the soft edges of letters may change a little.
    """
    if not png.startswith(SIGNATURE):
        return png
    chunks = list(_chunks(png))
    width, height, *form = struct.unpack(">IIBBBBB", chunks[0][1])
    if tuple(form) != EIGHT_BIT_RGBA or width * height > MOST_PIXELS:
        return png
    data = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    pixels = _unfiltered(np.frombuffer(data, np.uint8).reshape(height, 1 + 4 * width))
    palette, indices = _indexed(pixels)
    lines = np.zeros((height, 1 + width), np.uint8)
    lines[:, 1:] = indices
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    slim = SIGNATURE + b"".join(
        _chunk(kind, content)
        for kind, content in (
            (b"IHDR", header),
            *(chunk for chunk in chunks if chunk[0] in KEPT),
            (b"PLTE", palette[:, :3].tobytes()),
            (b"tRNS", palette[:, 3].tobytes()),
            (b"IDAT", zlib.compress(lines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )
    return min(slim, png, key=len)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _unfiltered(lines: Pixels) -> Pixels:
    """The pixels of lines that each begin with the number of their filter.

    A filter guesses a pixel from those to the left, above, and in the corner between. So all pixels on one slant can be
    had at once; they are kept in one row, `slants[column + row + 2, row + 1]`, below two rows and beside a column of 0.
    """
    height, width = lines.shape[0], (lines.shape[1] - 1) // 4
    differences = lines[:, 1:].reshape(height, width, 4)
    slants = np.zeros((height + width + 1, height + 1, 4), np.int16)
    rows = np.arange(height)
    for column in range(width):
        slants[column + rows + 2, rows + 1] = differences[:, column]
    kinds = [(lines[:, 0] == kind)[:, None] for kind in range(5)]
    for slant in range(2, height + width + 1):
        span = slice(max(0, slant - 2 - (width - 1)), min(height, slant - 1))
        here = slice(span.start + 1, span.stop + 1)
        left, up, corner = slants[slant - 1, here], slants[slant - 1, span], slants[slant - 2, span]
        guess = left + up - corner
        a, b, c = np.abs(guess - left), np.abs(guess - up), np.abs(guess - corner)
        paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, up, corner))
        guess = np.where(kinds[4][span], paeth, 0)
        for kind, value in ((1, left), (2, up), (3, (left + up) >> 1)):
            np.copyto(guess, value, where=kinds[kind][span])
        slants[slant, here] = (slants[slant, here] + guess) & 255
    pixels = np.empty((height, width, 4), np.uint8)
    for column in range(width):
        pixels[:, column] = slants[column + rows + 2, rows + 1]
    return pixels


def _indexed(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """The palette, and for each pixel its place there: alike colours are the most frequent of them."""
    flat = np.ascontiguousarray(pixels).view(np.uint32).reshape(-1)
    colours, place, counts = np.unique(flat, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    channels = colours.view(np.uint8).reshape(-1, 4)
    for bits in range(9):
        alike = np.ascontiguousarray(channels[order] >> bits).view(np.uint32).reshape(-1)
        _, first, kind = np.unique(alike, return_index=True, return_inverse=True)
        if len(first) <= 256:
            break
    index = np.empty(len(colours), np.uint8)
    index[order] = kind.reshape(-1)
    return channels[order][first], index[place.reshape(-1)].reshape(pixels.shape[:2])
