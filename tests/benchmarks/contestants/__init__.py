"""The contestants on networks: one module each, which nothing imports before the process that measures it does.

A module's `TRAINERS` holds its ways of writing the same training step, by the name they have in the tables.
"""

import importlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]

HAND = "by hand"
CHAINRULE = "chainrule"

MODULES = {
    "hand": "by_hand",
    "chainrule": "with_chainrule",
    "torch": "with_torch",
    "jax": "with_jax",
    "mygrad": "with_mygrad",
    "hips": "with_hips",
}

PEERS = ("hand", "micrograd", "torch", "jax", "mygrad", "hips")

HIPS_FOLDER = Path.home() / ".cache" / "chainrule-benchmarks" / "hips-autograd"


class Trainer(Protocol):
    """A training step of a network of sigmoid layers with mean squared error.

    Made from X, shape (batch, n_0), Y, shape (batch, n_L), the parameters [W_1, b_1, …, W_L, b_L] with shapes
    (n_{l-1}, n_l) and (n_l,), the learning rate, and how the sigmoid is written: as the library's own operation
    ("sigmoid") or as 1 / (1 + exp(-z)) ("composed").
    """

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None: ...

    def step(self) -> Any:
        """Forward, loss, every gradient, and the update by gradient descent; returns the loss in the library's type."""

    def parameters(self) -> list[Array]:
        """The parameters as they are now, in the order they were given."""


def trainers(peer: str) -> dict[str, type[Trainer]]:
    """The trainers of one peer, by name; imports the peer."""
    found: dict[str, type[Trainer]] = importlib.import_module(f"{__name__}.{MODULES[peer]}").TRAINERS
    return found


def missing(peers: Iterable[str], hips: Path) -> dict[str, str]:
    """The peers that are not installed, each with what would install it."""
    reasons = {}
    for peer in peers:
        if peer == "hips" and not (hips / "autograd").is_dir():
            reasons[peer] = f"pip install --no-deps --target {hips} autograd"
        elif peer not in ("hand", "hips") and importlib.util.find_spec(peer) is None:
            reasons[peer] = f"pip install {peer}"
    return reasons
