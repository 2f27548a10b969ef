"""Random numbers: from a Generator that is passed in, or from nn's own; NumPy's global state is never touched."""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np

from nn.checks import integer

__all__ = ["get_rng_state", "manual_seed", "set_rng_state"]


@functools.cache
def own() -> np.random.Generator:
    """What initialisation and dropout draw from where no generator is given; unpredictable until `manual_seed`."""
    return np.random.default_rng()  # when first needed: importing NumPy's random module takes a while


def manual_seed(seed: int) -> np.random.Generator:
    """Start nn's own generator anew: the same seed gives the same weights and the same dropout.

    Parameters
    ----------
    seed : int
        0 or more.

    Returns
    -------
    numpy.random.Generator
        nn's own generator.

    Examples
    --------
    >>> import nn
    >>> first = nn.manual_seed(3).random()
    >>> first == nn.manual_seed(3).random()
    True
    """
    own().bit_generator.state = np.random.PCG64(integer("seed", seed, least=0)).state
    return own()


def get_rng_state() -> dict[str, Any]:
    """The state of nn's own generator: a dict of integers and strings."""
    return copy.deepcopy(dict(own().bit_generator.state))


def set_rng_state(state: dict[str, Any]) -> None:
    """Continue from a state that `get_rng_state` gave."""
    try:
        own().bit_generator.state = state
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"state must be what get_rng_state() returned: {error}") from None


def chosen(generator: np.random.Generator | None) -> np.random.Generator:
    """The generator that was passed in, or nn's own."""
    if generator is None:
        return own()
    if not isinstance(generator, np.random.Generator):
        raise TypeError(
            f"generator must be a numpy.random.Generator such as np.random.default_rng(0), got {generator!r:.60}"
        )
    return generator
