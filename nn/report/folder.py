"""Writes a report's files into a folder, none of them before all of them are complete."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

__all__ = ["check_folder", "write_folder"]


def check_folder(folder: Path, names: Iterable[str] = ()) -> None:
    """Find out whether a folder can be written to, before a long run depends on it.

    Parameters
    ----------
    folder : Path
        It need not exist yet.
    names : iterable of str
        The files that will be written.

    Raises
    ------
    OSError
        If it cannot.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder", str(folder))
    with tempfile.TemporaryDirectory(prefix=".chainrule-", dir=_standing(folder)):
        pass
    for name in names:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, f"{name} is a folder there", str(folder / name))


def write_folder(folder: Path, contents: Mapping[str, str]) -> None:
    """Write files, each in the place of an older one of its name; whatever else is in the folder stays.

    All are written in a temporary folder on the same disk first, and are then moved: if the disk is full, nothing has
    changed, and no file is ever seen half-written.

    Parameters
    ----------
    folder : Path
        Made with its parents if it is not there.
    contents : mapping of str to str
        The text of each file by its name.

    Raises
    ------
    OSError
        If that cannot be done.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_folder(Path(place, "a", "b"), {"x.txt": "σ"})
    ...     Path(place, "a", "b", "x.txt").read_text("utf-8")
    'σ'
    """
    check_folder(folder, contents)
    made = [missing for missing in (folder, *folder.parents) if not missing.exists()]
    with tempfile.TemporaryDirectory(prefix=".chainrule-", dir=_standing(folder)) as unfinished:
        for name, text in contents.items():
            Path(unfinished, name).write_text(text, encoding="utf-8", newline="\n")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in contents:
                os.replace(Path(unfinished, name), folder / name)
        except BaseException:
            for parent in made:
                with suppress(OSError):  # not empty, or not made yet
                    parent.rmdir()
            raise


def _standing(folder: Path) -> Path:
    """The folder, or the innermost of the folders around it that is there."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
