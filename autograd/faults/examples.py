"""Single examples whose gradient gets lost: saturated under a cross-entropy, or a vector of length 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.faults.activations import LOGITS, Use
from autograd.faults.case import is_elementwise
from autograd.faults.patterns import MOVEMENT, match
from autograd.faults.sweeping import swept
from autograd.graph import Node, tape

__all__ = ["Lost", "Probability", "given_up", "lost_length", "meets_logarithm", "probability", "wrong_and_flat"]

Array = np.ndarray[Any, np.dtype[np.float64]]

LOGARITHMS = {"log", "log2", "log10", "log1p", "binary_cross_entropy"}


class Probability(NamedTuple):
    """A way to make probabilities of scores z.

    Attributes
    ----------
    name : str
    patterns : tuple of str
        Formulas for it.
    logits : str
        The loss to write, which takes the scores themselves.
    """

    name: str
    patterns: tuple[str, ...]
    logits: str

    def clipped(self) -> tuple[str, ...]:
        """Formulas for it with a bound, and without."""
        bounds = ("maximum", "minimum")
        return (*self.patterns, *(f"{bound}({p}, c)" for bound in bounds for p in self.patterns))


PROBABILITIES = (
    Probability("sigmoid", ("SIGMOID(z)", "1 - SIGMOID(z)"), LOGITS),
    Probability(
        "softmax",
        ("SOFTMAX(z)",),
        "nn.CrossEntropyLoss()(z, classes), whose gradient at z does not vanish where the answer is wrong",
    ),
)

HARDLY = 1e-3
"""Of its own pull an example that is entirely wrong gets so little, when it is called lost."""

FLAT = 1e-6
"""The slope of a unit that is out of reach."""

STEEP = 50
"""So many times its share of the seed is the cotangent of a wrong probability at least: that of log(p) is 1/p."""

MOST_LENGTHS = 32
"""So many vectors of length 0 are tried in search of one that could move."""


class Lost(NamedTuple):
    """A vector of length 0: the length, and which entry of it."""

    node: Node
    entry: tuple[int, ...] | None


def wrong_and_flat(use: Use, g: Array, out: Array, seed: float) -> Any:
    """Which units are flat on the wrong side, and get next to nothing of what a cross-entropy would give them.

    A unit that is right has a cotangent of 0, or one that pulls further to where it is.
    """
    size = np.abs(g)
    passed = size * use.slope
    share = seed / max(1, size.size)
    wrong = np.asarray(use.activation.against(g, use.z, out), bool)
    return wrong & (use.slope <= FLAT) & (size >= STEEP * share) & (passed <= HARDLY * min(share, float(passed.max())))


def given_up(p: Array, g: Array, seed: float) -> Any:
    """Which probabilities of a softmax a logarithm pulls up, and are so near to 0 that nothing of that gets through.

    What gets to the scores is p times the cotangent, and for the logarithm of p that is 1, however small p is.
    """
    share = seed / max(1, g.size)
    return (g <= -STEEP * share) & (p * -g <= HARDLY * share)


def probability(node: Node, name: str) -> tuple[Probability, Any] | None:
    """Which probability an activation of this name is, or the bound of one, and the scores that it is of."""
    starts = {"sigmoid": (node,), "softmax": (node,), "clip": node.args}.get(name, ())
    for made in PROBABILITIES:
        for pattern in made.clipped():
            for start in starts:
                names = found.names if (found := match(pattern, start)) else {}
                if names:
                    return made, names["z"].primal if "z" in names else -names["minus_z"].primal
    return None


def meets_logarithm(node: Node, users: Mapping[int, list[Node]]) -> bool:
    """Whether a logarithm is taken of it, entry by entry, as in a cross-entropy."""
    level = [node]
    seen: set[int] = set()
    while level:
        above = {user.serial: user for part in level for user in users.get(part.serial, ())}
        if any(user.primitive is not None and user.primitive.name in LOGARITHMS for user in above.values()):
            return True
        seen.update(part.serial for part in level)
        level = [user for serial, user in above.items() if serial not in seen and _keeps_entries(user)]
    return False


def _keeps_entries(node: Node) -> bool:
    return is_elementwise(node) or (node.primitive is not None and node.primitive.name in (*MOVEMENT, "concat"))


def lost_length(nodes: list[Node], cotangents: Mapping[int, Any]) -> Lost | None:
    """A vector of length 0 that the loss wants to move, seen from the loss.

    It does where the length should grow. Where it should shrink, 0 is the minimum, except of a parameter that nothing
    else holds there.
    """
    for node in reversed(nodes):
        if node.primitive is None or node.primitive.name != "euclidean_norm" or not node.requires_grad:
            continue
        g = np.broadcast_to(np.asarray(cotangents.get(node.serial, 0.0), float), np.shape(node.primal))
        zero = np.asarray(node.primal) == 0
        (vector,) = node.args
        alone = vector.is_leaf and not np.any(cotangents.get(vector.serial, 0.0) * _spread(node, zero))
        wanted = zero & ((g != 0) if alone else (g < 0))
        for entry in np.argwhere(wanted)[:MOST_LENGTHS]:
            at = tuple(int(i) for i in entry)
            if _can_move(vector, _spread(node, _only(at, zero))):
                return Lost(node, at or None)
    return None


def _only(entry: tuple[int, ...], like: Any) -> Any:
    mask = np.zeros(np.shape(like), bool)
    mask[entry] = True
    return mask


def _spread(node: Node, mask: Any) -> Any:
    """A mask of lengths as one of the numbers that they are the lengths of."""
    axis, shape = node.params.get("axis"), np.shape(node.args[0].primal)
    if axis is None:
        return np.broadcast_to(np.asarray(mask).reshape(()), shape)
    mask = mask if node.params.get("keepdims") else np.expand_dims(mask, axis)
    return np.broadcast_to(mask, shape)


def _can_move(vector: Node, mask: Any) -> bool:
    """Whether a parameter moves the vector: not x - x, and not one below a relu that is flat."""
    if vector.is_leaf:
        return True
    seed = np.where(mask, np.random.default_rng(0).normal(size=np.shape(mask)), 0.0).astype(vector.primal.dtype)
    leaves = {node.serial for node in tape(vector) if node.is_leaf and node.requires_grad}
    moved = swept(vector, seed).cotangents
    return any(np.abs(moved[serial]).max(initial=0.0) > 1e-9 for serial in leaves if serial in moved)
