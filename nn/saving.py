"""Saves a model's numbers to a file, and loads them into a model of the same shape."""

from __future__ import annotations

import os
from typing import Any, TypeVar

from nn import storage
from nn.module import Module

__all__ = ["load", "save"]

M = TypeVar("M", bound=Module)


def save(model: Module, path: str | os.PathLike[str]) -> None:
    """Write a model's parameters and buffers to a file; an older one is replaced when all is written, not before.

    Parameters
    ----------
    model : Module
    path : str or path-like
        Ends in .npz, which NumPy reads as it is, or in .safetensors, where that package is installed.

    Raises
    ------
    ValueError
        If the file's name ends in something else.
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import nn, numpy as np, os, tempfile
    >>> model, other = nn.Linear(2, 3), nn.Linear(2, 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.save(model, os.path.join(folder, "model.npz"))
    ...     nn.load(other, os.path.join(folder, "model.npz"))
    Linear(in_features=2, out_features=3, bias=True)
    >>> bool(np.all(other.weight.data == model.weight.data))
    True
    """
    storage.write(path, _module(model).state_dict(), {"kind": "model"})


def load(model: M, path: str | os.PathLike[str]) -> M:
    """Copy the numbers in a file into a model; all of them, or, where something does not fit, none.

    Parameters
    ----------
    model : Module
        Of the shape of the one that was saved. PyTorch's numbers, saved with ``np.savez`` or safetensors, do as well.
    path : str or path-like
        Ends in .npz or .safetensors.

    Returns
    -------
    Module
        The model.

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else, or the numbers of another model; the message says what.
    OSError
        If there is no such file, or it cannot be read.
    """
    _module(model)
    arrays, facts = storage.read(path)
    if facts.get("kind") == "checkpoint":
        raise ValueError(
            f"{os.fspath(path)!r} is the checkpoint of a training: nn.fit(..., checkpoint=..., resume=True) goes on "
            "with it"
        )
    try:
        model.load_state_dict(arrays)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)!r} does not fit: {error}") from None
    return model


def _module(model: Any) -> Module:
    if not isinstance(model, Module):
        raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
    return model
