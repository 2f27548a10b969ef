"""What the doctor hands back: a `Diagnosis` of `Finding`s, each with its `Explanation`s, as text, HTML and JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

RIGHT, EXPLAINED, UNEXPLAINED = "right", "explained", "unexplained"


@dataclass(frozen=True)
class Explanation:
    """A mistake that was made, at its place.

    Attributes
    ----------
    name : str
        Its name in `CATALOGUE`: "at-output".
    description : str
        Its line in the catalogue.
    sentence : str
        What happened, for a student.
    claims : tuple of str
        The keys of the claims that it made wrong, newest in the sweep first.
    own : tuple of str
        Those of them whose own formula it is in; the others build on these.
    everywhere : bool
        Whether it was made at every place of a kind.
    kind : str
        Of that kind: "sigmoid"; "" otherwise.
    """

    name: str
    description: str
    sentence: str
    claims: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    everywhere: bool = False
    kind: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**vars(self), "claims": list(self.claims), "own": list(self.own)}


@dataclass(frozen=True)
class Finding:
    """What there is to say about one claim.

    Attributes
    ----------
    key : str
        What the claim was called.
    label : str
        The node that it is the gradient of.
    status : {"right", "explained", "unexplained"}
    sentence : str
        For a student.
    formula : str
        The right formula, in the names of the computation; "" where it would be none that one writes by hand.
    relative_error : float
        Of the claim, against the engine's gradient; inf where the shapes do not fit.
    residual : float
        Of the claim, against what the explanation predicts; `relative_error` where there is none.
    precision : {"exact", "float32", "finite differences", ""}
        How exactly a right claim is right.
    inherited : bool
        Whether the formula is right, and only what it builds on is wrong.
    explanations : tuple of Explanation
        The mistakes that were made, upstream first.
    alternatives : tuple of Explanation
        Mistakes that explain it as well: this data cannot tell them apart.
    shape, true_shape : tuple of int
    cosine : float
        Of the angle to the engine's gradient; nan where there is none.
    line : int, optional
        Where the source of the claimed function computes it.
    """

    key: str
    label: str
    status: str
    sentence: str
    formula: str = ""
    relative_error: float = 0.0
    residual: float = 0.0
    precision: str = ""
    inherited: bool = False
    explanations: tuple[Explanation, ...] = ()
    alternatives: tuple[Explanation, ...] = ()
    shape: tuple[int, ...] = ()
    true_shape: tuple[int, ...] = ()
    cosine: float = math.nan
    line: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it: infinite and undefined numbers are None."""
        plain = {name: _finite(value) for name, value in vars(self).items()}
        return {
            **plain,
            "explanations": [each.to_dict() for each in self.explanations],
            "alternatives": [each.to_dict() for each in self.alternatives],
            "shape": list(self.shape),
            "true_shape": list(self.true_shape),
        }


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found.

    Attributes
    ----------
    findings : tuple of Finding
        One for each claim, in the order of the sweep: newest first.
    mistakes : tuple of Explanation
        Each mistake once, in the order of the sweep.
    missing : tuple of str
        The labels of parameters for which nothing is claimed.
    notes : tuple of str
        What else there is to know.
    deltas : dict of str to str
        The formulas of deltas for which nothing is claimed, but of which other formulas speak.
    """

    findings: tuple[Finding, ...]
    mistakes: tuple[Explanation, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    deltas: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every claim is right."""
        return all(finding.status == RIGHT for finding in self.findings)

    def __getitem__(self, key: str) -> Finding:
        """The finding about a claim, by its key or by the label of its node."""
        for finding in self.findings:
            if finding.key == key:
                return finding
        for finding in self.findings:
            if finding.label == key:
                return finding
        raise KeyError(f"nothing is claimed for {key!r}; there are {', '.join(f.key for f in self.findings)}")

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        from autograd.doctor.report import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from autograd.doctor.report import as_html

        return as_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON takes it; infinite and undefined numbers are None."""
        return {
            "ok": self.ok,
            "findings": [finding.to_dict() for finding in self.findings],
            "mistakes": [mistake.to_dict() for mistake in self.mistakes],
            "missing": list(self.missing),
            "notes": list(self.notes),
            "deltas": dict(self.deltas),
        }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
