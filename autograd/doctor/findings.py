"""From a search to a diagnosis: what each claim is, which mistakes touched it, and where each shows first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from autograd.doctor.case import Target
from autograd.doctor.catalogue.bookkeeping import KEY_CLASH
from autograd.doctor.convention import Searched, near_miss, nearness
from autograd.doctor.diagnosis import EXPLAINED, RIGHT, UNEXPLAINED, Diagnosis, Explanation, Finding
from autograd.doctor.measure import EXACT, cosine, difference, is_float32, norm, relative_error
from autograd.doctor.reach import Reach
from autograd.doctor.replay import Change
from autograd.doctor.steps import Array
from autograd.doctor.subject import Subject
from autograd.doctor.wording import Wording

CLOSE = 0.3
"""From which residual on a mistake has so little to do with a claim that to name it would mislead."""


class Made(NamedTuple):
    """A mistake that was made.

    Attributes
    ----------
    change : Change
        At all its places.
    explanation : Explanation
    own : dict
        By key, for the claims whose own formula it is in, the change at the place in that formula.
    """

    change: Change
    explanation: Explanation
    own: Mapping[str, Change]


def diagnosis_of(subject: Subject, searched: Searched, lines: Mapping[str, int], notes: Sequence[str]) -> Diagnosis:
    """Write down what a search has found."""
    found = _Findings(subject, searched, lines)
    findings = tuple(map(found.finding, searched.together.targets.values()))
    shown = [finding.formula for finding in findings if finding.status != RIGHT]
    return Diagnosis(
        findings,
        (*(made.explanation for made in found.made), *_key_clash(subject, searched.together.right)),
        tuple(subject.missing),
        (*found.notes(), *notes),
        found.words.formulas.definitions(shown),
    )


class _Findings:
    """What there is to say about each claim of a search."""

    def __init__(self, subject: Subject, searched: Searched, lines: Mapping[str, int]) -> None:
        self.subject = subject
        self.searched = searched
        self.search = searched.together
        self.lines = lines
        self.case = self.search.cases[0]
        self.reach = Reach(self.case.body)
        self.nearness = nearness(self.search)
        self.words = Wording(self.case.body, subject.names, searched.convention.factor)

    @cached_property
    def made(self) -> list[Made]:
        """The mistakes, upstream first."""
        alone = self.searched.alone
        together = [key for key in self.search.targets if key in self.search.settled]
        pairs = [(change, together) for fit in self.search.made for change in fit.changes]
        pairs += [(change, [key]) for key, search in alone.items() for fit in search.made for change in fit.changes]
        places: dict[Any, tuple[Change, list[str]]] = {}
        for change, keys in pairs:
            edges, steps = frozenset(change.edges), frozenset(change.steps)
            place = change.mistake.name, edges, steps, change.words.get("constant")
            places.setdefault(place, (change, []))[1].extend(keys)
        found = [made for change, keys in places.values() if (made := self._made(change, keys)) is not None]
        return sorted(found, key=lambda made: -self.reach.first(made.change))

    def _known(self, target: Target) -> bool:
        """Whether the engine's gradient is finite."""
        return bool(np.isfinite(target.read(self.case.true)).all())

    def _made(self, change: Change, keys: Sequence[str]) -> Made | None:
        """A mistake with the claims among these that it touches; None where there is none."""
        targets = [self.search.targets[key] for key in keys]
        touched = [target for target in targets if self._known(target) and self.reach.touches(change, target)]
        if not touched:
            return None
        own = self.reach.own(change, touched)
        key = next(iter(own))
        return Made(
            change, _explanation(change, self._sentence(own[key], key), [target.key for target in touched], own), own
        )

    def _sentence(self, change: Change, key: str) -> str:
        target = self.search.targets.get(key)
        return self.words.sentence(change, key, None if target is None else target.step)

    # --- one claim -----------------------------------------------------------------------------------------------

    def finding(self, target: Target) -> Finding:
        """What there is to say about a claim."""
        key = target.key
        claim, true = self.case.claims[key], target.read(self.case.true)
        bare = Finding(
            key=key,
            label=self.subject.label(target),
            status=RIGHT,
            sentence="",
            formula="" if target.step is None else self.words.formulas.gradient(target.step),
            relative_error=relative_error(claim, true),
            residual=relative_error(claim, true),
            shape=claim.shape,
            true_shape=true.shape,
            cosine=cosine(claim, true),
            line=self.lines.get(key),
        )
        if not self._known(target):
            said = "The gradient of the recorded loss is nan or inf here, so there is nothing to compare with."
            return replace(bare, status=UNEXPLAINED, sentence=said, residual=np.nan, relative_error=np.nan)
        if key in self.search.right:
            return self._right(bare, claim)
        if key in self.searched.of(key).settled:
            return self._explained(bare, target, claim, true)
        if bare.relative_error <= self.nearness:
            return _right_but_for_differences(bare)
        return replace(bare, status=UNEXPLAINED, sentence=self._of_unexplained(key, claim))

    def _right(self, bare: Finding, claim: Array) -> Finding:
        if bare.relative_error > EXACT and is_float32(claim):
            return replace(
                bare, precision="float32", sentence="Right, as far as float32 goes, in which it was computed."
            )
        return replace(bare, precision="exact")

    def _explained(self, bare: Finding, target: Target, claim: Array, true: Array) -> Finding:
        """The mistakes that reach a claim, and those in its own formula in words."""
        search = self.searched.of(target.key)
        left = difference(target.read(search.stages[search.settled[target.key]][0]), claim)
        touching = [made for made in self.made if target.key in made.explanation.claims]
        if not touching and bare.relative_error <= self.nearness:  # it builds on claims that are so themselves
            return _right_but_for_differences(bare)
        bare = replace(
            bare,
            status=EXPLAINED,
            residual=left / max(norm(claim), norm(true)) if left else 0.0,
            explanations=tuple(made.explanation for made in touching),
        )
        own = [made.own[target.key] for made in touching if target.key in made.own]
        if own:
            said = " ".join(dict.fromkeys(self._sentence(change, target.key) for change in own))
            return replace(bare, sentence=said, alternatives=self._alternatives(target.key))
        return replace(bare, inherited=True, sentence=self._of_inherited(touching))

    def _of_inherited(self, touching: Sequence[Made]) -> str:
        sources = [next(iter(made.own)) for made in touching if made.own]
        if not sources:
            return "Right in itself, but it builds on something that is wrong."
        source, delta = sources[-1], self._delta(sources[-1])
        if source == delta:
            return f"Right in itself, but it builds on {source}, which is wrong."
        return f"Right in itself, but it builds on the same {delta} as {source}, and that is wrong."

    def _of_unexplained(self, key: str, claim: Array) -> str:
        if not claim.size:
            return "It is empty."
        if not np.isfinite(claim).all():
            return "It holds nan, inf, or numbers beyond all bounds."
        if not claim.any():
            return "It is zero throughout: no gradient arrives."
        none = "No single mistake of the catalogue gives these numbers, and no two."
        said = [f"{none} {self._where(key)}"]
        true = self.search.targets[key].read(self.case.true)
        if claim.size != true.size:
            said.insert(0, f"Its shape is {claim.shape}, that of the gradient {true.shape}.")
        distance, change = self.search.closest(key)
        if change is None:
            return " ".join(said)
        near = change.mistake.description
        if distance <= EXACT:
            said.append(f"On this data alone it would be this, so look for a number that is written out: {near}.")
        elif distance < CLOSE and distance < relative_error(claim, true) / 2:
            said.append(f"The closest still leaves {distance:.2g}, so it is not the reason: {near}.")
        return " ".join(said)

    def _where(self, key: str) -> str:
        """From which delta on things go wrong."""
        unexplained = [k for k in self.search.open if near_miss(self.search, k) > self.nearness]
        right = {self._delta(k): k for k in self.search.right if k != key}
        delta = self._delta(key)
        if delta in right:
            return f"{right[delta]} is read off {delta} too and is right, so look at {key} itself."
        beside = [k for k in self.search.settled if self._delta(k) == delta]
        if beside:
            return f"{beside[0]} is read off {delta} too and is not wrong in this way, so look at {key} itself."
        first = next(self._delta(k) for k in (*unexplained, key) if self._delta(k) not in right)
        if first == delta:
            return f"On the way back from the loss, {delta} is the first to go wrong: look there."
        return f"On the way back from the loss, {first} goes wrong first: look there."

    def _delta(self, key: str) -> str:
        """The delta that a claim is read off."""
        station = self.reach.station(int(self.search.targets[key].steps.flat[0]))
        return self.subject.names.delta(station)

    def _alternatives(self, key: str) -> tuple[Explanation, ...]:
        """Other mistakes that explain a claim as well on this data."""
        found: list[Explanation] = []
        for fit in self.searched.of(key).made:
            for other in fit.alternatives if key in fit.explains else ():
                said = " ".join(dict.fromkeys(self._sentence(change, key) for change in other.changes))
                claims = [k for k in self.search.targets if k in other.explains]
                found.append(_explanation(other.changes[0], said, claims))
        return tuple(dict.fromkeys(found))

    def notes(self) -> list[str]:
        """What holds for all claims."""
        said = []
        if not all(map(self._known, self.search.targets.values())):
            said.append(
                "The recorded loss has no finite gradient here: look for a log or a root of 0, or a division by 0."
            )
        if len(self.case.claims) > 1 and not any(claim.any() for claim in self.case.claims.values()):
            said.append("Every claim is zero: was there no backward pass, or were they read after zero_grad?")
        deltas = [key for key in self.subject.inner if key in self.search.right]
        if self.searched.convention.factor != 1 and deltas:
            text = self.searched.convention.text or f"{self.searched.convention.factor:.6g}"
            said.append(
                f"{', '.join(deltas)}: {text} times the gradient of the loss, the constant of which comes in with the "
                "parameters. A convention, and no mistake."
            )
        return said


def _right_but_for_differences(bare: Finding) -> Finding:
    said = f"It is {bare.relative_error:.1g} away, as finite differences are; a wrong formula is further."
    return replace(bare, precision="finite differences", sentence=said)


def _explanation(change: Change, said: str, claims: Sequence[str], own: Iterable[str] = ()) -> Explanation:
    mistake, kind = change.mistake, change.everywhere
    return Explanation(mistake.name, mistake.description, said, tuple(claims), tuple(own), bool(kind), kind)


def _key_clash(subject: Subject, right: Set[str]) -> Iterator[Explanation]:
    """Where gradients are there for all layers but the last, two layers were stored under one key."""
    layers, names = subject.body.layers, subject.names
    keys = {target.step: target.key for target in subject.targets}
    parts = [[part for part in (layer.weight, layer.bias) if part is not None] for layer in layers]
    if len(layers) < 2 or any(part in keys for part in parts[-1]):
        return
    if any(keys.get(part) not in right for layer in parts[:-1] for part in layer):
        return
    clash = [keys[part] for part in parts[-2]]
    said = KEY_CLASH.says.format(lost=" and ".join(map(names.of, parts[-1])), claim=" and ".join(clash))
    yield Explanation(KEY_CLASH.name, KEY_CLASH.description, said, tuple(clash), tuple(clash))
