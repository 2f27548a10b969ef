"""Checkpoints: all that a training needs to go on as if it had never been interrupted, in one file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nn import storage
from nn.seeding import own

if TYPE_CHECKING:
    from nn.training.fit import Training

__all__ = ["open", "write"]

Path = str | os.PathLike[str]


def open(path: Path, training: Training, resume: bool) -> None:
    """Go on from a checkpoint if it is there and that is wanted; else find out whether one can be written.

    Raises
    ------
    FileExistsError
        If it is there, and the training is not to be resumed.
    ValueError
        If it is damaged, or belongs to another training; nothing has changed then.
    """
    storage.check_place(path)
    if not os.path.lexists(path):
        return
    if not resume:
        raise FileExistsError(
            errno.EEXIST, "there is a checkpoint already: resume=True goes on from it, or delete it", os.fspath(path)
        )
    arrays, facts = storage.read(path)
    before = capture(training)
    try:
        restore(training, arrays, facts)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        restore(training, *before)
        why = str(error) if isinstance(error, ValueError) else repr(error)
        raise ValueError(f"{os.fspath(path)!r} is not a checkpoint of this training: {why}") from None


def write(path: Path, training: Training) -> None:
    """Write a checkpoint, in the place of the last one when all is written."""
    storage.write(path, *capture(training))


def capture(training: Training) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state of a training as arrays by name, and as facts that JSON can hold."""
    optimizer = training.optimizer.state_dict()
    remembered = {(i, name): value for i, state in optimizer["state"].items() for name, value in state.items()}
    scheduler = training.optimizer.scheduler
    arrays = {
        **{f"model/{key}": array for key, array in training.model.state_dict().items()},
        **{f"best/{key}": array for key, array in training.best.state.items()},
        **{f"optimizer/{i}/{name}": value for (i, name), value in remembered.items() if isinstance(value, np.ndarray)},
    }
    facts = {
        "kind": "checkpoint",
        "epoch": training.epoch,
        "best": [training.best.epoch, training.best.value],
        "stop": training.stop,
        "history": dict(training.history),
        "optimizer": {
            "name": type(training.optimizer).__name__,
            "param_groups": optimizer["param_groups"],
            "numbers": [
                [i, name, value] for (i, name), value in remembered.items() if not isinstance(value, np.ndarray)
            ],
        },
        "scheduler": None if scheduler is None else [type(scheduler).__name__, scheduler.state_dict()],
        "generators": [_plain(generator.bit_generator.state) for generator in _generators(training)],
    }
    return arrays, facts


def restore(training: Training, arrays: dict[str, Any], facts: dict[str, Any]) -> None:
    """Put a training into the state that `capture` gave.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError
        If it does not fit; a part may have changed then.
    """
    from nn.training.fit import Best
    from nn.training.history import History

    if facts.get("kind") != "checkpoint":
        raise ValueError("it is another kind of file")
    training.model.load_state_dict(_below("best/", arrays))  # which shows that it could
    training.model.load_state_dict(_below("model/", arrays))
    _restore_optimizer(training.optimizer, arrays, facts)
    generators, states = list(_generators(training)), facts["generators"]
    if len(states) != len(generators):
        raise ValueError(
            f"it has the states of {len(states)} random generators, and this training has {len(generators)}"
        )
    for generator, state in zip(generators, states, strict=True):
        generator.bit_generator.state = _arrays_again(state, generator.bit_generator.state)
    epoch, (best_epoch, best_value), history = facts["epoch"], facts["best"], facts["history"]
    lists_fit = all(len(values) == epoch for values in history.values())
    if not (isinstance(epoch, int) and 0 <= best_epoch <= epoch and lists_fit and isinstance(facts["stop"], str)):
        raise ValueError("its history does not fit its number of epochs")
    training.history = History({name: [float(value) for value in values] for name, values in history.items()})
    training.epoch, training.stop = epoch, facts["stop"]
    training.best = Best(int(best_epoch), float(best_value), _below("best/", arrays))


def _restore_optimizer(optimizer: Any, arrays: dict[str, Any], facts: dict[str, Any]) -> None:
    name, groups = facts["optimizer"]["name"], facts["optimizer"]["param_groups"]
    if name != type(optimizer).__name__:
        raise ValueError(f"its optimiser is {name}, and this one is {type(optimizer).__name__}")
    state: dict[int, dict[str, Any]] = {}
    for i, key, value in facts["optimizer"]["numbers"]:
        state.setdefault(i, {})[key] = value
    for path, array in _below("optimizer/", arrays).items():
        i, _, key = path.partition("/")
        state.setdefault(int(i), {})[key] = array
    # JSON knows lists, where options such as betas are tuples.
    tuples = [
        {k: tuple(v) if isinstance(v, list) and k != "params" else v for k, v in group.items()} for group in groups
    ]
    optimizer.load_state_dict({"state": state, "param_groups": tuples})
    scheduler = optimizer.scheduler
    if (scheduler is None) != (facts["scheduler"] is None):
        raise ValueError("only one of the checkpoint and this training has a learning rate schedule")
    if scheduler is not None:
        name, numbers = facts["scheduler"]
        if name != type(scheduler).__name__:
            raise ValueError(f"its schedule is {name}, and this one is {type(scheduler).__name__}")
        scheduler.load_state_dict(numbers)


def _below(prefix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _generators(training: Training) -> Iterator[np.random.Generator]:
    """Whatever the training draws from: nn's own generator, the one that shuffles, those of Dropout; each once."""
    seen: set[int] = set()
    owned = (getattr(module, "generator", None) for module in training.model.modules())
    for generator in (own(), training.generator, *owned):
        if isinstance(generator, np.random.Generator) and id(generator) not in seen:
            seen.add(id(generator))
            yield generator


def _plain(state: Any) -> Any:
    """A generator's state as JSON can hold it: some kinds have arrays in theirs."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def _arrays_again(state: Any, like: Any) -> Any:
    """The same with arrays where the present state of the generator has arrays."""
    if isinstance(like, dict):
        return {key: _arrays_again(state[key], value) for key, value in like.items()}
    return np.array(state, like.dtype) if isinstance(like, np.ndarray) else state
