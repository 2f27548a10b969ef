"""Regularisation: Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.checks import number, shape_of
from nn.module import Module
from nn.seeding import chosen


class Dropout(Module):
    """In training: 0 in place of each entry with probability p, and the others divided by 1 - p. Else nothing.

    Parameters
    ----------
    p : float
        From 0 to 1.
    generator : numpy.random.Generator, optional
        Decides which; nn's own by default.

    Examples
    --------
    >>> import nn
    >>> nn.Dropout(0.5, generator=np.random.default_rng(0))(np.ones(6))
    array([2., 0., 0., 0., 2., 2.])
    >>> nn.Dropout(0.5).eval()(np.ones(6))
    array([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, generator: np.random.Generator | None = None) -> None:
        self.p = number("p", p, 0, 1)
        chosen(generator)
        self.generator = generator

    def forward(self, x: Any) -> Any:
        """x of any shape."""
        if not self.training or self.p == 0:
            return x
        kept = chosen(self.generator).random(shape_of(self, x, more=True)) >= self.p
        scale = 0.0 if self.p == 1 else 1 / (1 - self.p)
        return x * (kept * scale).astype(np.result_type(x.dtype, np.float32))

    def extra_repr(self) -> str:
        return f"p={self.p:g}"
