"""Compares the engine's first and second derivatives of a `Case` with the slopes of its reference."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from notation import Array, Case
from numeric import assert_gradients, central_difference

import autograd as ad
from autograd import Tensor, Value
from autograd.graph import Node


def raw(x: Any) -> Any:
    """The number or array of a node; anything else as it is."""
    return x.primal if isinstance(x, Node) else x


def reference(case: Case, xs: Sequence[Any]) -> list[Any]:
    """The results that NumPy or the formula gives."""
    with np.errstate(all="ignore"):
        return case.apply(case.reference, xs)


def seeded(case: Case, purpose: str) -> np.random.Generator:
    """Random numbers, for each case and purpose the same in every run."""
    return np.random.default_rng(zlib.crc32(f"{purpose} of {case.id}".encode()))


def weights(case: Case, arrays: Sequence[Any], purpose: str = "weights") -> list[Array]:
    """Random numbers for each entry, none near 0.

    Ones would not do: the entries of a softmax add up to a constant.
    """
    rng = seeded(case, purpose)
    return [np.asarray(rng.uniform(0.5, 2, np.shape(a)) * rng.choice([-1, 1], np.shape(a))) for a in arrays]


def cotangents(case: Case) -> list[Array]:
    """Random cotangents of the results."""
    return weights(case, reference(case, case.inputs), "cotangents")


def paired(outputs: Sequence[Any], weights: Sequence[Any]) -> Any:
    """The sum of all outputs times their weights: the one number that is differentiated."""
    products = [out * weight for out, weight in zip(outputs, weights, strict=True)]
    return sum(product if isinstance(product, Value) else np.sum(product) for product in products)


def first(case: Case, xs: Sequence[Any], cs: Sequence[Any], *, create_graph: bool = False) -> list[Any]:
    """The gradients of <f(xs), cs> for those of the inputs that are nodes."""
    nodes = [x for x in xs if isinstance(x, Node)]
    found: list[Any] = ad.grad(paired(case.apply(case.operation, xs), cs), nodes, create_graph=create_graph)
    return found


def second(case: Case, xs: Sequence[Any], cs: Sequence[Any], rs: Sequence[Any]) -> list[Any]:
    """The gradients of <first(xs, cs), rs> for the inputs and the cotangents that are nodes.

    A rule is a function of the cotangent too, so its derivative for the cotangent is as much a part of it.
    """
    slopes = first(case, xs, cs, create_graph=True)
    found: list[Any] = ad.grad(paired(slopes, rs), [x for x in (*xs, *cs) if isinstance(x, Node)])
    return found


class Variables:
    """The inputs of a case, of which some vary (as nodes of one kind) and the others are plain constants."""

    def __init__(self, case: Case, kind: type[Node], only: int | None) -> None:
        self.kind = kind
        self.inputs = case.inputs
        self.places = range(len(case.inputs)) if only is None else [only]
        self.varying = [case.inputs[i] for i in self.places]

    def filled(self, parts: Sequence[Any]) -> list[Any]:
        """All inputs, with ``parts`` in the places of those that vary."""
        xs: list[Any] = list(self.inputs)
        for place, part in zip(self.places, parts, strict=True):
            xs[place] = part
        return xs

    def nodes(self) -> list[Any]:
        """All inputs, with nodes in the places of those that vary."""
        return self.filled([self.kind(x) for x in self.varying])  # type: ignore[call-arg]


def assert_same_kind(gradients: Sequence[Any], xs: Sequence[Array], kind: type[Node]) -> None:
    """Assert that each gradient has the shape and dtype of its input; of a Value, that it is a float."""
    for gradient, x in zip(gradients, xs, strict=True):
        if kind is Value:
            assert type(gradient) is float
        else:
            assert gradient.shape == x.shape
            assert gradient.dtype == x.dtype


def check_first(case: Case, kind: type[Node] = Tensor, only: int | None = None, **how: Any) -> None:
    """Assert that the gradients are the slopes of the reference; ``only`` names the one input that is no constant."""
    variables, cs = Variables(case, kind, only), cotangents(case)
    gradients = first(case, variables.nodes(), cs)
    assert_same_kind(gradients, variables.varying, kind)

    def value(parts: Sequence[Array]) -> Any:
        return paired(reference(case, variables.filled(parts)), cs)

    how = {"slope": central_difference, **how}
    assert_gradients(value, variables.varying, gradients, seeded(case, "directions"), symmetric=case.symmetric, **how)


def check_second(case: Case, kind: type[Node] = Tensor, only: int | None = None, *, at_zero: bool = False) -> None:
    """Assert that the gradients of the gradients are the slopes of the gradients.

    With ``at_zero`` the cotangents are 0, and vary around it: there a rule's derivative for them still counts.
    """
    variables, cs = Variables(case, kind, only), cotangents(case)
    cs = [0 * c for c in cs] if at_zero else cs
    rs = weights(case, variables.varying)
    gradients = second(case, variables.nodes(), [kind(c) for c in cs], rs)  # type: ignore[call-arg]
    assert_same_kind(gradients, [*variables.varying, *cs], kind)

    def value(parts: Sequence[Array]) -> Any:
        xs, at_cs = parts[: len(variables.varying)], parts[len(variables.varying) :]
        return paired(first(case, variables.filled([kind(x) for x in xs]), at_cs), rs)  # type: ignore[call-arg]

    assert_gradients(value, [*variables.varying, *cs], gradients, seeded(case, "directions"), symmetric=case.symmetric)
