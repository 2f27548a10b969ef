"""The search, under each convention that the claimed deltas may follow.

Half of all backward passes start from ``dZ = A - Y`` and divide by the number of examples only where a parameter's
gradient is formed. Such deltas are the gradient of the loss without its constant: a convention, and no mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.case import Case
from autograd.doctor.constants import COMPOUND, SIMPLE
from autograd.doctor.measure import DIFFERENCES, EXACT, relative_error
from autograd.doctor.search import Search
from autograd.doctor.steps import Array
from autograd.doctor.subject import Subject


class Claimed(NamedTuple):
    """A computation, and the claims about it by key."""

    body: Anatomy
    claims: Mapping[str, Array]


class Convention(NamedTuple):
    """A constant that all claimed deltas have.

    Attributes
    ----------
    text : str
        "m"; "" where it has no name.
    factors : tuple of float
        Its value in each case.
    """

    text: str
    factors: tuple[float, ...]

    @property
    def factor(self) -> float:
        """Its value in the first case."""
        return self.factors[0]


class Searched(NamedTuple):
    """What was found.

    Attributes
    ----------
    together : Search
        All claims as one backward pass.
    alone : dict of str to Search
        By key, for claims that are explained only where each is taken as a formula by itself.
    convention : Convention
    """

    together: Search
    alone: dict[str, Search]
    convention: Convention

    def of(self, key: str) -> Search:
        """The search that explains a claim."""
        return self.alone.get(key, self.together)


def searched(subject: Subject, claimed: Sequence[Claimed]) -> Searched:
    """Search for mistakes: first single ones, then each claim by itself, then pairs.

    Claims that are no further from the gradient than finite differences are not worth the search for pairs.
    """
    convention = Convention("1", (1.0,) * len(claimed))
    best = _search(subject, claimed, convention)
    if best.made or best.open:
        for other in _conventions(subject, claimed, best):
            search = _search(subject, claimed, other)
            if _score(search) + 0.5 < _score(best):
                best, convention = search, other
    alone = {key: _alone(best, key) for key in best.open} if len(best.targets) > 1 else {}
    alone = {key: search for key, search in alone.items() if not search.open}
    if any(near_miss(best, key) > nearness(best) for key in best.open if key not in alone):
        best.run()
    return Searched(best, {key: search for key, search in alone.items() if key in best.open}, convention)


def _alone(search: Search, key: str) -> Search:
    """The search for a single mistake in one claim, whatever the others are."""
    other = Search([search.targets[key]], search.cases)
    other.run(pairs=False)
    return other


def nearness(search: Search) -> float:
    """How near a claim must come to count as finite differences: less near where all claims have such an error."""
    errors = [near_miss(search, key) for key in search.targets]
    return (
        10 * DIFFERENCES if len(errors) > 1 and min(errors) > EXACT and max(errors) <= 10 * DIFFERENCES else DIFFERENCES
    )


def near_miss(search: Search, key: str) -> float:
    """The relative error of a claim."""
    case = search.cases[0]
    return relative_error(case.claims[key], search.targets[key].read(case.true))


def _search(subject: Subject, claimed: Sequence[Claimed], convention: Convention) -> Search:
    cases = []
    for (body, claims), factor in zip(claimed, convention.factors, strict=True):
        scaled = {key: claim / factor if key in subject.inner else claim for key, claim in claims.items()}
        cases.append(Case(body, subject.targets, scaled))
    search = Search(subject.targets, cases)
    search.run(pairs=False)
    return search


def _score(search: Search) -> float:
    """How much there is to believe: mistakes, and right gradients that do not follow from the deltas claimed."""
    first = search.stages[0]
    odd = sum(not search.holds(key, first) for key in search.right)
    return 100.0 * len(search.open) + sum(fit.cost for fit in search.made) + 2.0 * odd


def _conventions(subject: Subject, claimed: Sequence[Claimed], search: Search) -> Iterator[Convention]:
    """The constants that claimed deltas may have: one that a claim shows, and the one that the loss has."""
    first, bodies = search.cases[0], [body for body, _ in claimed]
    tried: list[float] = [1.0]
    for key in subject.inner:
        target = search.targets[key]
        true = target.read(first.true)
        for constant in (*SIMPLE, *COMPOUND):
            factor = constant.value(first.body)
            if factor > 0 and factor not in tried and constant.text != "lr" and first.fits(target, factor * true):
                tried.append(factor)
                yield Convention(constant.text, tuple(map(constant.value, bodies)))
    heads = [body.head_known for body in bodies if body.head_known is not None]
    if subject.inner and len(heads) == len(bodies):
        factors = tuple(1 / abs(head.factor) for head in heads)
        if not any(abs(factors[0] - factor) <= 1e-9 * factor for factor in tried):
            names = [c.text for c in (*SIMPLE, *COMPOUND) if abs(c.value(first.body) - factors[0]) <= 1e-9 * factors[0]]
            yield Convention(names[0] if names else "", factors)
