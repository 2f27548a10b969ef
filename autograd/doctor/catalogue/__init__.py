"""The catalogue of mistakes: what each is, in a line, and every place of a computation where it can be made."""

from __future__ import annotations

from dataclasses import replace

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.catalogue import activations, bookkeeping, factors, losses, paths, products, reductions
from autograd.doctor.replay import Change, Mistake

_FAMILIES = (activations, factors, reductions, products, paths, losses, bookkeeping)

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
        edges = {edge: rule for change in members for edge, rule in change.edges.items()}
        steps = {index: rule for change in members for index, rule in change.steps.items()}
        if members[0].mistake is products.UPDATED_WEIGHT:
            weights = {e: change.words["operand"] for change in members for e in change.edges}
            found.append(products.updated(weights, "weight"))
            continue
        found.append(
            replace(members[0], edges=edges, steps=steps, everywhere=kind.partition("/")[0], kinds=(), solve=None)
        )
    return found
