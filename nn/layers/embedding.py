"""Embedding: a row of learnt numbers for each of a few things, such as characters or words."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from nn import init
from nn.checks import class_indices, integer
from nn.module import Module, Parameter


class Embedding(Module):
    """The rows of ``weight`` at the given indices.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        How many rows, and how long each is.
    padding_idx : int, optional
        The row that stands for "nothing": it starts as zeros and gets no gradient. Negative counts from the end.
    generator : numpy.random.Generator, optional
        Draws the starting rows from the standard normal distribution.

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)

    Examples
    --------
    >>> import nn
    >>> nn.Embedding(10, 3)([[1, 2], [4, 1]]).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.num_embeddings = integer("num_embeddings", num_embeddings)
        self.embedding_dim = integer("embedding_dim", embedding_dim)
        if padding_idx is not None:
            if not -num_embeddings <= integer("padding_idx", padding_idx, -num_embeddings) < num_embeddings:
                raise ValueError(f"padding_idx must be one of the {num_embeddings} rows, got {padding_idx}")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.weight = Parameter(np.zeros((num_embeddings, embedding_dim)))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the starting rows anew."""
        init.normal_(self.weight, generator=generator)
        if self.padding_idx is not None:
            rows = self.weight.numpy()
            rows[self.padding_idx] = 0
            self.weight.data = rows

    def forward(self, indices: Any) -> Any:
        """Plain integers of shape (...) to rows of shape (..., embedding_dim)."""
        indices = class_indices("the indices of an Embedding", indices, self.num_embeddings)
        rows = self.weight[indices]
        if self.padding_idx is not None:
            rows = autograd.where((indices != self.padding_idx)[..., None], rows, rows.detach())
        return rows

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
