"""Count how often the doctor names what was planted, calls right what is right, and leaves noise unexplained."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd import diagnose

from .mistakes import MISTAKES
from .pairs import AT_THE_END, EVERYWHERE, pair_trials
from .trial import Trial, right_trials, trials
from .verdict import VERDICTS, verdict

PAIRS = {"Pairs": AT_THE_END, "HiddenPairs": EVERYWHERE}
"""Two mistakes at once, of which claims show one alone, or none does."""

Row = dict[str, Any]


def asked(trial: Trial, functions: bool) -> Any:
    """The diagnosis of a trial, from arrays or from functions."""
    if functions:
        return diagnose(trial.claims, trial.loss_function(), trial.params, trial.X, trial.Y, lr=trial.hand.lr)
    return diagnose(trial.claimed, trial.recorded(), lr=trial.hand.lr)


def planted(name: str, cases: int, functions: bool, seed: int, verbose: bool) -> Row:
    """The verdicts on one mistake."""
    number = 2 * seed + functions
    drawn = pair_trials(number, PAIRS[name]) if name in PAIRS else trials(MISTAKES[name], number)
    return _counted(name, functions, itertools.islice(drawn, cases), verbose)


def _counted(name: str, functions: bool, of: Iterator[Trial], verbose: bool) -> Row:
    counts: Counter[str] = Counter()
    took = []
    for number, trial in enumerate(of):
        start = time.perf_counter()
        try:
            diagnosis = asked(trial, functions)
            said = verdict(trial, diagnosis)
            found = [mistake.name for mistake in diagnosis.mistakes]
        except Exception as error:  # a crash is a verdict too
            said, found = "crash", [repr(error)]
        took.append(time.perf_counter() - start)
        counts[said] += 1
        if verbose and said != "named":
            hand = trial.hand
            print(f"  {number} {said}: {found}; {trial.network}, m {len(trial.hand.a[0])}, layers {set(hand.layers)}, "
                  f"{hand.choice}, deltas {trial.deltas}")  # fmt: skip
    return {
        "mistake": name,
        "as": "functions" if functions else "arrays",
        "n": sum(counts.values()),
        **{each: counts[each] for each in (*VERDICTS, "crash")},
        "seconds": round(float(np.mean(took)), 3),
        "slowest": round(max(took), 2),
    }


def right(cases: int, seed: int) -> Row:
    """How many right gradients are called wrong: exact, in float32, with other rounding, by finite differences."""
    rng = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    for number, trial in enumerate(itertools.islice(right_trials(seed), cases)):
        kind = ("exact", "float32", "rounding", "differences")[number % 4]
        claimed = {key: _noisy(rng, g, kind) for key, g in trial.claimed.items()}
        diagnosis = diagnose(claimed, trial.recorded())
        precision = {finding.precision for finding in diagnosis.findings}
        counts[f"{kind}: {'right' if diagnosis.ok else 'called wrong'}"] += 1
        if diagnosis.ok and kind == "differences" and "finite differences" not in precision:
            counts["differences not noticed"] += 1
    return {"mistake": "none", "n": cases, **counts}


def _noisy(rng: np.random.Generator, g: Any, kind: str) -> Any:
    g = np.asarray(g)
    if kind == "float32":
        return g.astype(np.float32)
    if kind == "rounding":
        return g * (1 + 1e-15 * rng.normal(size=g.shape))
    if kind == "differences":
        return g + 1e-7 * np.abs(g).max() * rng.normal(size=g.shape)
    return g


def random_wrong(cases: int, seed: int) -> Row:
    """How many random wrong gradients are explained: noise for all, noise for one, noise on top of the right one."""
    rng = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    for number, trial in enumerate(itertools.islice(right_trials(seed + 1), cases)):
        kind = ("noise", "noise for one", "noise on top")[number % 3]
        claimed = trial.claimed
        chosen = [str(rng.choice(sorted(claimed)))] if kind == "noise for one" else list(claimed)
        size = 0.1 if kind == "noise on top" else 1.0
        noise = {key: size * np.abs(claimed[key]).max() * rng.normal(size=np.shape(claimed[key])) for key in chosen}
        for key in chosen:
            claimed[key] = noise[key] + (claimed[key] if kind == "noise on top" else 0)
        diagnosis = diagnose(claimed, trial.recorded(), lr=0.1)
        explained = [
            finding.key for finding in diagnosis.findings if finding.status != "unexplained" and finding.key in chosen
        ]
        counts[f"{kind}: {'explained' if explained else 'unexplained'}"] += 1
        if explained:
            print("  explained:", explained, [mistake.name for mistake in diagnosis.mistakes], trial.network)
    return {"mistake": "random", "n": cases, **counts}
