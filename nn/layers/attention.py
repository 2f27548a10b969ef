"""Attention: every position of a sequence asks all positions of another, and takes a weighted mean of what they say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from nn import init
from nn.checks import integer, shape_of
from nn.layers.linear import Linear
from nn.layers.regularisation import Dropout
from nn.module import Module, Parameter


class MultiheadAttention(Module):
    """softmax(Q Kᵀ / √d) V in several heads, each of which sees its own d = embed_dim / num_heads projected features.

    Parameters
    ----------
    embed_dim, num_heads : int
        embed_dim must be a multiple of num_heads.
    dropout : float
        The probability with which, in training, an attention weight is dropped.
    bias : bool
    batch_first : bool
        Whether sequences come as (N, L, embed_dim) instead of PyTorch's default (L, N, embed_dim).
    generator : numpy.random.Generator, optional
        Draws the starting weights, and decides what is dropped.

    Attributes
    ----------
    in_proj_weight : Parameter, shape (3 * embed_dim, embed_dim)
        The projections of query, key and value, one below the other.
    in_proj_bias : Parameter of shape (3 * embed_dim,), or None
    out_proj : Linear

    Examples
    --------
    >>> import nn
    >>> attention = nn.MultiheadAttention(8, num_heads=2, batch_first=True)
    >>> x = np.ones((5, 7, 8))
    >>> out, weights = attention(x, x, x, is_causal=True)
    >>> out.shape, weights.shape
    ((5, 7, 8), (5, 7, 7))
    """

    in_proj_bias: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        batch_first: bool = False,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.embed_dim = integer("embed_dim", embed_dim)
        self.num_heads = integer("num_heads", num_heads)
        if embed_dim % num_heads:
            raise ValueError(f"embed_dim must be a multiple of num_heads, got {embed_dim} and {num_heads}")
        self.batch_first = batch_first
        self.in_proj_weight = Parameter(np.zeros((3 * embed_dim, embed_dim)))
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, generator=generator)
        self.drop = Dropout(dropout, generator=generator)
        init.xavier_uniform_(self.in_proj_weight, generator=generator)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """Let each of L queries attend to S keys and take from their values.

        Parameters
        ----------
        query, key, value : (L, N, embed_dim), (S, N, embed_dim) twice
            (N, L, ...) with batch_first; without the axis N for a single sequence.
        key_padding_mask : (N, S), optional
            True where a key is only padding; or numbers, added to the scores.
        need_weights : bool
            Whether the attention weights are returned too.
        attn_mask : (L, S) or (N * num_heads, L, S), optional
            True where a query must not see a key; or numbers, added to the scores.
        average_attn_weights : bool
            Whether the weights are averaged over the heads.
        is_causal : bool
            Whether no position may see a later one.

        Returns
        -------
        out : of the query's shape
        weights : (N, L, S), or (N, num_heads, L, S), or None

        Raises
        ------
        ValueError
            Where shapes do not fit, or a query is left with no key at all.
        """
        name = type(self).__name__
        given = [(shape_of(name, x, self.embed_dim, more=True), x) for x in (query, key, value)]
        ndim = len(given[0][0])
        if ndim not in (2, 3) or any(len(shape) != ndim for shape, _ in given) or given[1][0] != given[2][0]:
            raise ValueError(
                f"{name} takes query, key and value as sequences, or batches of them, key and value of one shape; got "
                f"shapes {', '.join(str(shape) for shape, _ in given)}"
            )
        sequences = [x for _, x in given]
        if ndim == 2:
            sequences = [autograd.expand_dims(x, 0) for x in sequences]
        elif not self.batch_first:
            sequences = [autograd.swapaxes(x, 0, 1) for x in sequences]

        weights = autograd.split(self.in_proj_weight, 3)
        biases = [None] * 3 if self.in_proj_bias is None else autograd.split(self.in_proj_bias, 3)
        q, k, v = (self._heads(x, w, b) for x, w, b in zip(sequences, weights, biases, strict=True))

        scores = q @ k.mT / math.sqrt(self.embed_dim // self.num_heads)
        mask = self._mask(scores.shape, key_padding_mask, attn_mask, is_causal)
        attention = self.drop(autograd.softmax(scores if mask is None else scores + mask.astype(scores.dtype)))
        out = self.out_proj(self._joined(attention @ v))

        if ndim == 2:
            out, attention = out[0], attention[0]
        elif not self.batch_first:
            out = out.swapaxes(0, 1)
        if not need_weights:
            return out, None
        return out, autograd.mean(attention, axis=-3) if average_attn_weights else attention

    def _heads(self, x: Any, weight: Any, bias: Any) -> Any:
        """Project a batch of sequences, and cut the features into heads: (N, heads, L, features of a head)."""
        x = x @ weight.T if bias is None else x @ weight.T + bias
        count, length, _ = x.shape
        return x.reshape(count, length, self.num_heads, -1).swapaxes(1, 2)

    def _joined(self, x: Any) -> Any:
        """Undo `_heads`: (N, heads, L, features of a head) to (N, L, embed_dim)."""
        count, _, length, _ = x.shape
        return x.swapaxes(1, 2).reshape(count, length, self.embed_dim)

    def _mask(self, scores: tuple[int, ...], padding: Any, attention: Any, is_causal: bool) -> Any:
        """What is added to scores of shape (N, heads, L, S): -inf where a key is not to be seen; None for nothing."""
        count, heads, length, keys = scores
        parts = []
        if padding is not None:
            parts.append(_added("key_padding_mask", padding, [(count, keys)]).reshape(count, 1, 1, keys))
        if attention is not None:
            added = _added("attn_mask", attention, [(length, keys), (count * heads, length, keys)])
            parts.append(added.reshape(-1, heads if added.ndim == 3 else 1, length, keys))
        if is_causal:
            parts.append(_added("is_causal", ~np.tri(length, keys, dtype=bool), [(length, keys)]))
        if not parts:
            return None
        mask = sum(parts[1:], parts[0])
        if np.isneginf(mask).all(axis=-1).any():
            raise ValueError("the masks leave a query without any key to attend to, so that its weights are undefined")
        return mask

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, num_heads={self.num_heads}, batch_first={self.batch_first}"


def _added(name: str, mask: Any, shapes: list[tuple[int, ...]]) -> Any:
    """A mask of bools (True: not to be seen) or numbers as the numbers that are added to the scores."""
    mask = np.asarray(mask)
    if mask.ndim == 1 and shapes[0][0] == 1:  # the padding of a single sequence
        mask = mask[None]
    if mask.shape not in shapes:
        raise ValueError(f"{name} must have shape {' or '.join(map(str, shapes))}, got {mask.shape}")
    if mask.dtype.kind not in "bf":
        raise TypeError(f"{name} must hold bools (True: not to be seen) or floats (added), got dtype {mask.dtype}")
    return np.where(mask, -np.inf, 0.0) if mask.dtype.kind == "b" else mask
