"""Random programs made of the primitives, smooth where they are taken: all of their gradients are right.

``python tests/random_programs.py 2000`` checks that many of them and says how many were failed; none should be.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

import numpy as np

import autograd as ad
from autograd import GradientError, Tensor, Value, check_grads

UNARY: list[Callable[[Any], Any]] = [
    ad.sin, ad.cos, ad.tanh, ad.sigmoid, ad.softplus, ad.logsigmoid, ad.gelu, ad.silu, ad.atan, ad.erf, ad.asinh,
    ad.square, ad.relu, ad.leaky_relu, ad.elu, ad.abs, ad.neg, ad.positive,
    lambda x: ad.log(x * x + 0.1), lambda x: ad.sqrt(x * x + 0.1), lambda x: ad.reciprocal(x * x + 0.5),
    lambda x: ad.log1p(x * x), lambda x: ad.log2(1.5 + ad.sin(x)), lambda x: ad.log10(1 + ad.exp(ad.tanh(x))),
    lambda x: ad.acosh(1.5 + x * x), lambda x: ad.asin(0.9 * ad.tanh(x)), lambda x: ad.acos(0.8 * ad.sin(x)),
    lambda x: ad.atanh(0.9 * ad.sin(x)), lambda x: ad.tan(ad.atan(x) / 2), lambda x: ad.exp(-x * x),
    lambda x: ad.expm1(ad.tanh(x)), lambda x: ad.exp2(ad.sin(x)), lambda x: ad.cosh(ad.tanh(x)),
    lambda x: ad.sinh(ad.sin(x)), lambda x: ad.cbrt(x * x + 0.1), lambda x: x**3, lambda x: (x * x + 0.2) ** -1.5,
    lambda x: ad.where(ad.sign(x) > 0, x, x * x), lambda x: ad.clip(x, -1.1, 0.9),
]  # fmt: skip
"""Functions of one argument that are defined everywhere."""

BINARY: list[Callable[[Any, Any], Any]] = [
    ad.add, ad.sub, ad.mul, ad.maximum, ad.minimum, ad.logaddexp,
    lambda x, y: x / (y * y + 0.5), lambda x, y: ad.hypot(x, y * y + 0.1), lambda x, y: ad.atan2(x, y * y + 0.5),
    lambda x, y: (x * x + 0.5) ** ad.tanh(y),
]  # fmt: skip

ARRAY: list[Callable[[Any], Any]] = [
    ad.sum, ad.mean, ad.softmax, ad.log_softmax, ad.logsumexp, ad.prod, ad.max, ad.min, ad.cumsum, ad.norm, ad.sort,
    lambda x: ad.sum(x, axis=-1, keepdims=True), lambda x: ad.var(x, axis=0), lambda x: ad.mean(x, axis=0),
    lambda x: x[..., ::-1], lambda x: x[..., :1], lambda x: x[..., [0, 2, 2]], lambda x: ad.roll(x, 1),
    lambda x: ad.reshape(x, (-1, 3)), lambda x: ad.flip(x, -1), lambda x: ad.pad(x, 1)[..., :3],
    lambda x: ad.reshape(x, (-1, 3)) @ np.array([[1.0, -0.5, 0.2], [0.3, 0.7, -1.0], [0.4, 0.1, 0.9]]),
    lambda x: ad.einsum("...i,...j->...", x, x), lambda x: ad.stack([x, ad.sin(x)])[1],
    lambda x: ad.concatenate([x, x * x], axis=-1)[..., 1:4],
]  # fmt: skip
"""Functions of an array whose last axis has length 3."""

SHAPES = [(), (3,), (2, 3), (1, 3)]
SCALES = [1.0, 1.0, 1.0, 1e-8, 1e-3, 3.0]


def random_program(seed: int) -> tuple[Callable[..., Any], list[Any]]:
    """A function of one to three arguments and a point to take it at, where it is finite and no two numbers are equal.

    Every third one works on Values. Every other one returns all that it has computed, the others the last of it.
    """
    rng = np.random.default_rng(seed)
    scalar = seed % 3 == 0
    scale = SCALES[rng.integers(len(SCALES))]
    count = int(rng.integers(1, 4))
    args: list[Any] = [scale * rng.normal(size=() if scalar else SHAPES[rng.integers(4)]) for _ in range(count)]
    steps = [(rng.random(), int(rng.integers(1000)), int(rng.integers(1000))) for _ in range(rng.integers(1, 7))]

    def f(*xs: Any) -> Any:
        pool = list(xs)
        for kind, i, j in steps:
            x, y = pool[-1 - i % min(3, len(pool))], pool[-1 - j % len(pool)]
            if kind < 0.5:
                pool.append(UNARY[j % len(UNARY)](x))
            elif kind < 0.75 or scalar:
                pool.append(BINARY[(i + j) % len(BINARY)](x, y))
            else:
                pool.append(ARRAY[j % len(ARRAY)](x if np.ndim(x.data) and x.shape[-1] == 3 else x + np.arange(3.0)))
        return pool[count:] if seed % 2 else pool[-1]

    return f, [Value(float(arg)) for arg in args] if scalar else args


def random_programs(start: int = 0) -> Iterator[tuple[int, Callable[..., Any], list[Any]]]:
    """The programs from a seed on whose shapes fit, each with its seed."""
    for seed in count(start):
        f, args = random_program(seed)
        try:
            f(*[arg if isinstance(arg, Value) else Tensor(arg) for arg in args])
        except (ValueError, IndexError):
            continue
        yield seed, f, args


def checked(how_many: int, start: int = 0) -> Counter[str]:
    """What the check says of so many programs: how often it fails them, and how often it meets which limit."""
    found: Counter[str] = Counter()
    for seed, f, args in islice(random_programs(start), how_many):
        try:
            report = check_grads(f, *args)
        except GradientError as error:
            found["failed"] += 1
            print(f"seed {seed}: {error}", file=sys.stderr)
            continue
        found.update({"checked", *(row.verdict for row in report.comparisons if row.verdict not in ("right", "flat"))})
    return found


if __name__ == "__main__":
    print(dict(checked(*map(int, sys.argv[1:]))))
