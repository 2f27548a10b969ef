"""The tests of operations are complete, and notice a rule that is wrong by 0.1 %."""

import functools
import importlib
import pkgutil

import pytest
from cases import CASES
from checker import check_first, check_second

import autograd
from autograd import Primitive, Tensor, primitives, tape
from autograd.graph import Node
from autograd.primitive import numpy_functions, primitive


def modules():
    names = [f"{primitives.__name__}.{module.name}" for module in pkgutil.iter_modules(primitives.__path__)]
    return [importlib.import_module(name) for name in names]


def all_primitives():
    return {thing for module in modules() for thing in vars(module).values() if isinstance(thing, Primitive)}


def all_public_operations():
    public = {name: thing for name, thing in vars(autograd).items() if callable(thing) and not isinstance(thing, type)}
    return {
        thing
        for name, thing in public.items()
        if not name.startswith("_") and thing.__module__.startswith(primitives.__name__)
    }


def recorded_by(case):
    """The primitives in the graph of a case."""
    try:
        outputs = case.apply(case.operation, [Tensor(x) for x in case.inputs])
    except (ValueError, IndexError, TypeError):  # it has a test of its own
        outputs = []
    return {node.primitive for out in outputs if isinstance(out, Node) for node in tape(out)} - {None}


@functools.cache
def cases_of():
    """The primitives that cases record, and which cases."""
    found = {}
    for case in CASES:
        for recorded in recorded_by(case):
            found.setdefault(recorded, []).append(case)
    return found


# --- the table is complete --------------------------------------------------------------------------------------------


def without_case():
    """What the table lacks: primitives that no case records, operations and NumPy functions that no case calls."""
    operations = {case.operation for case in CASES}
    called = {way for case in CASES for way in case.also}
    answered = {theirs for theirs, ours in numpy_functions.items() if ours.__module__.startswith(primitives.__name__)}
    missing = [*(all_primitives() - cases_of().keys()), *(all_public_operations() - operations), *(answered - called)]
    return sorted({thing.__name__ for thing in missing})


def test_every_operation_has_a_case():
    assert len(all_primitives()) > 60
    assert len(all_public_operations()) >= 100
    assert without_case() == []


def test_a_primitive_without_a_case_is_missed(monkeypatch):
    @primitive(lambda g, out, x: g)
    def overlooked(x):
        return x

    monkeypatch.setattr(primitives.elementwise, "overlooked", overlooked, raising=False)
    assert without_case() == ["overlooked"]


def test_a_public_operation_without_a_case_is_missed(monkeypatch):
    def twice(x):
        return x + x

    twice.__module__ = "autograd.primitives.elementwise"
    monkeypatch.setattr(autograd, "twice", twice, raising=False)
    assert without_case() == ["twice"]


def test_a_numpy_function_without_a_case_is_missed(monkeypatch):
    def sinc(x):
        return x

    monkeypatch.setitem(numpy_functions, sinc, autograd.sin)
    assert without_case() == ["sinc"]


# --- wrong rules are noticed ------------------------------------------------------------------------------------------

PLACES = sorted(((p, i) for p in all_primitives() for i in range(len(p.rules) or 2)), key=lambda place: str(place))
each_rule = pytest.mark.parametrize(("broken", "place"), PLACES, ids=[f"{p.name}-{i}" for p, i in PLACES])


def break_rule(monkeypatch, broken, place, wrong):
    """Let the rule of one argument answer ``wrong(g, d)`` in place of d."""
    if broken.every is None:
        rules = list(broken.rules)
        right = rules[place]
        rules[place] = lambda g, *args, **params: wrong(g, right(g, *args, **params))
        monkeypatch.setattr(broken, "rules", tuple(rules))
    else:
        every = broken.every
        monkeypatch.setattr(
            broken,
            "every",
            lambda i, g, *args, **params: (wrong if i == place else lambda g, d: d)(g, every(i, g, *args, **params)),
        )


def noticed(check, broken):
    """Whether any of the cases that record the primitive fails."""
    for case in cases_of()[broken]:
        try:
            check(case)
        except AssertionError:
            return True
    return False


@each_rule
def test_a_first_derivative_wrong_by_a_thousandth_is_noticed(monkeypatch, broken, place):
    # sign's derivative is 0, and a thousandth of 0 is no error: there the thousandth is one of g.
    wrong = (lambda g, d: d + 0.001 * g) if broken is autograd.sign else (lambda g, d: 1.001 * d)
    break_rule(monkeypatch, broken, place, wrong)
    assert noticed(check_first, broken)


@each_rule
def test_a_second_derivative_wrong_by_a_thousandth_is_noticed(monkeypatch, broken, place):
    """The rule's answer stays right; only what is recorded for its own derivative is wrong."""

    def wrong(g, d):
        wrong_from = g if broken is autograd.sign else d
        return d + 0.001 * (wrong_from - wrong_from.detach()) if isinstance(d, Node) else d

    break_rule(monkeypatch, broken, place, wrong)
    assert noticed(check_second, broken)
