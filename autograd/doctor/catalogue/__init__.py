"""The catalogue of mistakes: what each is, in a line, and every place of a computation where it can be made."""

from __future__ import annotations

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.catalogue import activations, bookkeeping, factors, losses, paths, products, reductions, shapes
from autograd.doctor.replay import Change, Mistake

_FAMILIES = (activations, factors, reductions, products, shapes, paths, losses, bookkeeping)

CATALOGUE: tuple[Mistake, ...] = tuple(
    entry for family in _FAMILIES for entry in vars(family).values() if isinstance(entry, Mistake)
)
"""Every mistake that the doctor knows."""


def changes(body: Anatomy) -> list[Change]:
    """Every mistake at every place, and at every place of a kind at once."""
    single = [
        *activations.activations(body),
        *factors.factors(body),
        *reductions.reductions(body),
        *products.products(body),
        *products.sums(body),
        *shapes.shapes(body),
        *paths.paths(body),
        *losses.losses(body),
        *bookkeeping.bookkeeping(body),
    ]
    return [*everywhere(single), *single]


def everywhere(single: list[Change]) -> list[Change]:
    """The same mistake at every place of a kind, made at once."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in single:
        for kind in change.kinds:
            groups.setdefault((change.mistake.name, kind), []).append(change)
    found, known = [], set()
    for (_, kind), members in groups.items():
        places = frozenset(place for change in members for place in (*change.edges, *change.steps))
        if len(members) < 2 or len(places) < 2:
            continue
        key = members[0].mistake.name, places, kind.partition("/")[2]
        if key in known:
            continue
        known.add(key)
        if members[0].mistake is products.UPDATED_WEIGHT:  # one rate for all of them
            weights = {edge: change.words["operand"] for change in members for edge in change.edges}
            found.append(products.updated(weights, "weight"))
        else:
            found.append(Change.together(members, kind.partition("/")[0]))
    return found
