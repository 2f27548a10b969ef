"""`diagnose`: hand-written gradients against the engine's, and which mistake was made where they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from autograd.doctor.claims import as_mapping, flat
from autograd.doctor.convention import Claimed, searched
from autograd.doctor.diagnosis import Diagnosis
from autograd.doctor.findings import diagnosis_of
from autograd.doctor.measure import DIFFERENCES, EXACT, relative_error
from autograd.doctor.recording import Recording, other_data, record
from autograd.doctor.replay import Replay
from autograd.doctor.source import lines as source_lines
from autograd.doctor.steps import Array
from autograd.doctor.subject import Subject
from autograd.graph import Node, describe, tape
from autograd.sweep import sweep


def diagnose(
    claimed: Mapping[Any, Any] | Sequence[Any] | np.ndarray[Any, Any] | float | Callable[..., Any],
    loss: Node | Callable[..., Any],
    params: Any = None,
    X: Any = None,
    Y: Any = None,
    *,
    of: Mapping[Any, Any] | None = None,
    lr: float | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Say what is wrong with hand-written gradients.

    Each claim is compared with the engine's gradient. For what differs, the sweep is run again with mistakes made in
    it, one after the other out of `CATALOGUE`; a mistake that reproduces the claimed numbers is the explanation.

    Parameters
    ----------
    claimed : mapping of arrays, sequence, array, or callable
        Gradients by label, by a usual spelling of it ("dW1", "grad_W1", "dL_dW1"), or by node: of parameters, and if
        you have them, of results on the way (deltas). Or a list in the order of `params`. Or one array, or number,
        where there is one parameter. Or a function ``claimed(params, X, Y)`` that returns one of these: then it is run
        again on other data, and with another number of examples, which tells explanations apart that agree on this
        data.
    loss : node or callable
        The loss as it was recorded; or ``loss(params, X, Y)``, which gets the parameters as Tensors and returns the
        loss, or a dict of named nodes with "loss" among them.
    params : mapping or sequence of arrays
        Where `loss` is a function: the parameters by label.
    X, Y : array
        The data for the functions.
    of : mapping, optional
        What those keys mean that are no spelling of a label: ``{"d_out": "z2"}``.
    lr : float, optional
        The learning rate, if a step of it may have crept into the gradients.
    seed : int, optional
        Of the other data.

    Returns
    -------
    Diagnosis
        With one finding per claim, newest in the sweep first.

    Raises
    ------
    TypeError, ValueError
        Where a key means nothing, a claim holds no real numbers, or the functions return something else.
    RuntimeError
        Where the data of a leaf was changed after the loss was recorded, by a step for one.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor, diagnose
    >>> X, Y = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [0.0], [1.0]])
    >>> W = Tensor([[0.5], [-0.3]], label="W")
    >>> a = 1 / (1 + np.exp(-(X @ W)))
    >>> loss = np.sum((a - Y) ** 2) / 2
    >>> sigmoid_prime = lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2
    >>> diagnosis = diagnose({"dW": X.T @ ((a.data - Y) * sigmoid_prime(a.data))}, loss)
    >>> diagnosis["dW"].status, diagnosis.mistakes[0].name
    ('explained', 'at-output')
    """
    _check(claimed, loss, params, of, seed)
    asked = _Asked(claimed, loss, params, tuple(part for part in (X, Y) if part is not None))
    if any(isinstance(part, np.ndarray) and not part.size for part in asked.data):
        raise ValueError("X and Y must hold at least one example")
    recording = asked.recording(asked.data)
    claims = asked.claims(asked.data)
    asked.ask_again(recording, claims)
    notes = _without_loss(claims, recording)
    subject = Subject(recording, claims, of or {}, _rate(lr))
    notes += _unknown(subject, callable(claimed))
    cases = [Claimed(subject.body, subject.keyed(claims))]
    if callable(claimed) and not isinstance(loss, Node):
        cases += _elsewhere(asked, subject, cases[0], seed, notes)
    lines = source_lines(claimed) if callable(claimed) else {}
    return diagnosis_of(subject, searched(subject, cases), lines, notes)


class _Asked(NamedTuple):
    """What was asked, so that it can be asked again on other data."""

    claimed: Any
    loss: Any
    params: Any
    data: tuple[Any, ...]

    def recording(self, data: tuple[Any, ...]) -> Recording:
        """The loss on some data."""
        if isinstance(self.loss, Node):
            with np.errstate(all="ignore"):
                for _ in sweep(self.loss):  # it raises where data was changed since it was recorded
                    pass
            return Recording(self.loss)
        return record(self.loss, deepcopy(self.params), *deepcopy(data))

    def claims(self, data: tuple[Any, ...]) -> dict[Any, Array]:
        """What is claimed about some data. The function gets copies: it may step the parameters in place."""
        claimed = self.claimed
        if callable(claimed):
            claimed = claimed(deepcopy(self.params), *deepcopy(data))
        return as_mapping(claimed, self.params, self._wanted())

    def _wanted(self) -> list[Any]:
        """The keys of all parameters."""
        if self.params is not None or not isinstance(self.loss, Node):
            return list(flat(self.params))
        return [node for node in tape(self.loss) if node.is_leaf and node.requires_grad]

    def ask_again(self, recording: Recording, claims: Mapping[Any, Array]) -> None:
        """Make sure that functions give the same again: chance in them would look like a mistake."""
        if not isinstance(self.loss, Node):
            same = np.array_equal(self.recording(self.data).root.primal, recording.root.primal, equal_nan=True)
            _demand(same, "the loss function")
        if callable(self.claimed):
            again = self.claims(self.data)
            same = again.keys() == claims.keys() and all(
                np.array_equal(again[key], claims[key], equal_nan=True) for key in claims
            )
            _demand(same, "the claimed function")


def _demand(same: bool, which: str) -> None:
    if not same:
        raise ValueError(
            f"{which} gives different results on two calls with the same data: seed its random numbers inside it"
        )


_FAILURES = (ValueError, TypeError, IndexError, KeyError, ArithmeticError, RuntimeError)
"""What a function raises on data of another size than it was written for."""


def _check(claimed: Any, loss: Any, params: Any, of: Any, seed: Any) -> None:
    """Say what is missing, before anything is called."""
    if of is not None and not isinstance(of, Mapping):
        raise TypeError(
            f"of must be a dict of labels or nodes by key, such as {{'d_out': 'z2'}}, got {type(of).__name__}"
        )
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise TypeError(f"seed must be a whole number from 0 up, got {seed!r}")
    if not isinstance(loss, Node) and not callable(loss):
        raise TypeError(
            "loss must be the recorded loss (a Value or Tensor), or a function (params, X, Y) that returns it; got "
            f"{type(loss).__name__}"
        )
    if params is None and (callable(claimed) or not isinstance(loss, Node)):
        which = "claimed" if callable(claimed) else "loss"
        raise TypeError(f"{which} is a function and needs its arguments: diagnose(claimed, loss, params, X, Y)")
    if isinstance(loss, Node):
        if np.size(loss.primal) != 1:
            raise ValueError(f"loss must be one number, got {describe(loss)}: take its sum or its mean")
        if not loss.requires_grad:
            raise ValueError(f"loss must depend on something that requires a gradient, got {describe(loss)}")


def _rate(lr: float | None) -> float | None:
    if lr is not None and not (isinstance(lr, (int, float, np.number)) and 0 < lr < float("inf")):
        raise ValueError(f"lr must be a number above 0, got {lr!r}")
    return None if lr is None else float(lr)


def _without_loss(claims: dict[Any, Array], recording: Recording) -> list[str]:
    """Leave out the loss itself, which many functions return beside its gradients."""
    usual = {"loss", "cost", "J", "L", recording.root.label}
    found = [key for key, claim in claims.items() if isinstance(key, str) and key in usual and claim.size == 1]
    if len(found) == len(claims):
        return []
    for key in found:
        del claims[key]
    return [f"{key!r} is the loss itself, and is left out" for key in found]


def _unknown(subject: Subject, from_function: bool) -> list[str]:
    """A note about keys that mean nothing: a function may return other things too, a dict should not."""
    if not subject.unknown:
        return []
    keys = ", ".join(map(repr, subject.unknown))
    known = ", ".join(dict.fromkeys(subject.names.known.values()))
    if from_function and subject.targets:
        return [f"{keys} names nothing that was recorded, and is left out; say what it means with of={{key: label}}"]
    raise ValueError(
        f"claimed has {keys}, which names nothing that was recorded; there are {known}. Say what is meant with "
        f"of={{{subject.unknown[0]!r}: label}}"
    )


def _elsewhere(asked: _Asked, subject: Subject, here: Claimed, seed: int, notes: list[str]) -> list[Claimed]:
    """The same computation and claims on other data: with another number of examples, and with as many."""
    if len(asked.data) != 2:
        return []
    body = subject.body
    lengths = {n for step in body.steps if step.primitive is None and step.tracked for n in step.shape}
    cases: dict[int, Claimed] = {}
    failed = ""
    for count, *data in other_data(*asked.data, body.examples, lengths, np.random.default_rng(seed)):
        if count in cases or (body.examples == 1 and count > 1):  # code for one example need not work for several
            continue
        try:
            with np.errstate(all="ignore"):
                other = subject.on(asked.recording(tuple(data)))
        except _FAILURES:
            continue
        if other is None:
            continue
        try:
            with np.errstate(all="ignore"):
                claims = subject.keyed(asked.claims(tuple(data)))
        except _FAILURES as error:
            failed = f"with {count} examples instead of {body.examples} the claimed function fails: {error}"
            continue
        if claims.keys() != here.claims.keys():
            continue
        odd = _right_only_here(subject, here, Claimed(other, claims))
        if odd:
            failed = f"{odd} is right here, but not on other data of the same size"
            if count != body.examples:
                failed = (
                    f"{odd} is right for {body.examples} examples, but not for {count}: is their number written out?"
                )
        else:
            cases[count] = Claimed(other, claims)
    if failed:
        notes.append(failed)
    return list(cases.values())


def _right_only_here(subject: Subject, here: Claimed, there: Claimed) -> str:
    """The key of a claim that is right here, but not on other data; "" where there is none."""
    one, other = Replay(here.body), Replay(there.body)
    for target in subject.targets:
        key, true = target.key, target.read(other)
        if not relative_error(here.claims[key], target.read(one)) <= EXACT or not np.isfinite(true).all():
            continue
        if not relative_error(there.claims[key], true) <= DIFFERENCES:
            return key
    return ""
