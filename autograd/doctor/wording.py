"""What a change means, in a sentence for a student: the catalogue's words with the names of this computation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from autograd.doctor.anatomy import Anatomy
from autograd.doctor.expression import bracketed
from autograd.doctor.formula import Formulas
from autograd.doctor.names import Names
from autograd.doctor.replay import Change
from autograd.doctor.steps import Step

_SYMBOLS = {"sigmoid": "sigma", "raise_to": "power"}
"""What a derivative is called after: sigma'(z1)."""

_OPTIONAL = {"aside", "after", "too", "turned"}
"""Fields of a sentence that may be empty."""

_FIELD = re.compile(r"\{(\w+)\}")


class Wording:
    """Fills in the sentences of the catalogue.

    Parameters
    ----------
    body : Anatomy
    names : Names
    scale : float
        How many times the gradient the claimed deltas are, by convention.
    """

    def __init__(self, body: Anatomy, names: Names, scale: float) -> None:
        self.body = body
        self.names = names
        self.formulas = Formulas(body, names, scale)

    def sentence(self, change: Change, claim: str, index: int | None) -> str:
        """What a change did to a claim, which is the gradient of a step."""
        places = {name: word for name, word in change.words.items() if name in ("a", "z") and isinstance(word, int)}
        nameless = {place: name for name, place in places.items() if self.names.unwieldy(place)}
        if nameless:
            said = self._calling(nameless).sentence(change, claim, index)
            return f"{said} (a is its result, and z what it is taken of.)"
        plain = {name: self._word(name, word, index) for name, word in change.words.items()}
        words = {name: _filled(word, plain) if "{" in word else word for name, word in plain.items()}
        if "path" in words:
            claim = f"the part of {claim} that comes back through {words['path']}"
        parts = [_filled(part, {**words, "claim": claim}) for part in _sentences(change.mistake.says)]
        return " ".join(part[0].upper() + part[1:] if part.startswith("the ") else part for part in parts if part)

    def _calling(self, nicknames: Mapping[int, str]) -> Wording:
        """The same, with other names for steps that have none."""
        other = copy(self)
        other.names = self.names.calling(nicknames)
        other.formulas = copy(self.formulas)
        other.formulas.names = other.names
        return other

    def _word(self, name: str, word: Any, index: int | None) -> str:
        """A word of a change: a text, the number of a step, or a request for a formula."""
        if isinstance(word, int) and name != "times":
            return self._function(word) if name == "f" else self.names.of(word)
        if name == "constant":
            return re.sub(r"\bm\b", self.formulas.count, str(word))
        if not isinstance(word, tuple) or not word:
            return str(word)
        if name == "path":
            return self._path(*word)
        if isinstance(word[0], int):
            return " and ".join(map(self.names.of, word))
        kind, *where = word
        if kind == "formula":
            return self._formula(index if where[0] is None else where[0], index)
        requests: dict[str, Callable[..., str]] = {
            "aside": self._aside,
            "branch": self.names.of,
            "delta": self.names.delta,
            "factor": lambda s, i: bracketed(self.formulas.slope(s, i)),
            "output": self.formulas.output,
            "product": self.formulas.product,
            "slip": self.formulas.slip,
            "slope": self.formulas.slope,
            "target": self.formulas.target,
        }
        return requests[kind](*where)

    def _formula(self, wanted: int | None, index: int | None) -> str:
        """The right formula for a step, with the name of its gradient where the claim is about another."""
        formula = "" if wanted is None else self.formulas.gradient(wanted)
        if wanted is None or not formula or wanted == index:
            return formula
        return f"{self.names.delta(wanted)} = {formula}"

    def _path(self, s: int, i: int) -> str:
        """A way from the loss back to a parameter."""
        arg = self.body.steps[s].args[i]
        if {s, arg} & self.body.penalties:
            return "the regulariser"
        return self.names.of(arg if self.body.steps[s].kind in ("add", "sub") else s)

    def _function(self, index: int) -> str:
        """What the derivative of a step is called."""
        step: Step = self.body.steps[index]
        kind = "square" if step.kind == "raise_to" and step.params["exponent"] == 2 else step.kind
        last, head = self.body.last, self.body.head_known
        if last is not None and index == last.z:
            kind = self.body.output_functions()[0] if head is None else str(head.function)
        return _SYMBOLS.get(kind, kind)

    def _aside(self, index: int) -> str:
        """What to say where the delta is the difference alone, which is right for another loss."""
        return f" {self.names.of(index)} - {self.formulas.target()} alone is the delta of cross-entropy."


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=\.) (?=[A-Z{])", text)


def _filled(sentence: str, words: dict[str, str]) -> str:
    """A sentence with its words; "" where one of them is empty that it needs."""
    if not words.get("slope", "-"):
        sentence = sentence.replace("{slope}, or ", "")
    needed = set(_FIELD.findall(sentence)) - _OPTIONAL
    if any(not words.get(name) for name in needed):
        return ""
    return sentence.format_map(words)
