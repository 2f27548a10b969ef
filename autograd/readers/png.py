"""A PNG with a palette in place of four bytes for each pixel: a picture of boxes and lines needs few colours."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["encoded", "slimmed"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
EIGHT_BIT_RGBA = (8, 6, 0, 0, 0)
KEPT = (b"pHYs",)
MOST_PIXELS = 4_000_000
COLOURS = 256

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
    return min(_with_palette(pixels, [chunk for chunk in chunks if chunk[0] in KEPT]), png, key=len)


def encoded(pixels: Pixels, dpi: float) -> bytes:
    """Pixels as a PNG with a palette.

    Parameters
    ----------
    pixels : array, (height, width, 4)
        Red, green, blue, opacity.
    dpi
        How many of them make an inch.
    """
    per_metre = round(dpi / 0.0254)
    return _with_palette(pixels, [(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))])


def _with_palette(pixels: Pixels, kept: list[tuple[bytes, bytes]]) -> bytes:
    height, width = pixels.shape[:2]
    palette, indices = _indexed(pixels)
    lines = np.zeros((height, 1 + width), np.uint8)
    lines[:, 1:] = indices
    return SIGNATURE + b"".join(
        _chunk(kind, content)
        for kind, content in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            *kept,
            (b"PLTE", palette[:, :3].tobytes()),
            (b"tRNS", palette[:, 3].tobytes()),
            (b"IDAT", zlib.compress(lines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


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
    """The palette, and for each pixel its place there: a rare colour becomes the one nearest to it."""
    flat = np.ascontiguousarray(pixels).view(np.uint32).reshape(-1)
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))  # of runs of one colour: a tenth to sort
    lengths = np.diff(starts, append=len(flat))
    colours, place = np.unique(flat[starts], return_inverse=True)
    counts = np.bincount(place, lengths)
    order = np.argsort(-counts, kind="stable")
    channels = colours.view(np.uint8).reshape(-1, 4)
    palette = channels[order[:COLOURS]]
    index = np.empty(len(colours), np.uint8)
    index[order[:COLOURS]] = np.arange(len(palette))
    rare = order[COLOURS:]
    for some in np.split(rare, range(COLOURS, len(rare), COLOURS)):
        apart = channels[some, None].astype(np.int32) - palette[None]
        index[some] = np.argmin((apart**2).sum(axis=2), axis=1)
    return palette, np.repeat(index[place], lengths).reshape(pixels.shape[:2])
