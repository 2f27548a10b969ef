"""The XOR network of "Creating Neural Network from Scratch in Python" (Ashwin Vaidya, 2019), as a specimen.

Rows are examples: ``a1 = sigmoid(X @ W1 + b1)``, ``a2 = sigmoid(a1 @ W2 + b2)``. The article states the mean squared
error ("mse"); its code follows the gradient of half the sum of squares, so that is "loss", the one to train on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nn.articles.formula import Expression, Formula, Recorder, backward
from nn.articles.specimen import Article, Fault, Result, attempt, examine
from nn.articles.training import OnStep, Params, Progress, Run, descend, differentiate
from nn.articles.xor_chaos import chaos
from nn.articles.xor_network import X, Y, forward, init_params, record, sigmoid, sigmoid_prime

__all__ = [
    "PRINTED",
    "X",
    "Y",
    "article",
    "chaos",
    "faults",
    "formulas",
    "forward",
    "gradient",
    "init_params",
    "record",
    "run",
    "train",
]

Array = NDArray[np.float64]

PRINTED = {
    0: 0.5013730688788007,
    1000: 0.4664830127093482,
    2000: 0.24207358013744795,
    3000: 0.09891100378926312,
    4000: 0.087323152676015,
    5000: 0.06892222408037366,
    6000: 0.05528837086156295,
    7000: 0.027425185939300573,
}
"""The losses that the article prints, by the number of updates."""


_NAMES = {
    "hidden_weights": "W1",
    "output_weights": "W2",
    "hidden_bias": "b1",
    "output_bias": "b2",
    "hidden_activation": "a1",
    "output_activation": "a2",
    "delta_output_weights": "d_out",
    "delta_hidden_weights": "d_hid",
}
_FUNCTIONS = {"np": np, "sigmoid": sigmoid, "sigmoid_prime": sigmoid_prime}


def _expression(latex: str, code: str, **names: str) -> Expression:
    return Expression(latex, code, names or _NAMES, _FUNCTIONS)


def formulas() -> list[Formula]:
    """Every formula of the article: three from its text, then its backward pass, then the rule that it states for it.

    d_out and d_hid are the gradients of "loss" with respect to z2 and z1. A formula is judged on its own, given the
    right value of what it builds on; what becomes of it in the whole backward pass is in `Verdict.chained`.
    """
    return [*_text(), *_backward_pass(), _rule()]


def _text() -> list[Formula]:
    slope = _expression(r"\sigma'(x) = \sigma*(1-\sigma(x))", "sigmoid(x)*(1-sigmoid(x))", x="u")
    return [
        Formula(
            name="dJ/dw",
            of="w",
            loss="J",
            written=_expression(
                r"\frac{\partial J}{\partial w} = 2*(\sigma'(x*w + b)*x)",
                "2 * (sigmoid_prime(np.dot(x, w) + b) * x)",
            ),
            corrected=_expression(
                r"\frac{\partial J}{\partial w} = 2\,(\sigma(x w + b) - y)\,\sigma'(x w + b)\,x",
                "2 * (sigmoid(np.dot(x, w) + b) - y) * sigmoid_prime(np.dot(x, w) + b) * x",
            ),
        ),
        Formula(
            name="dJ/db",
            of="b",
            loss="J",
            written=_expression(
                r"\frac{\partial J}{\partial w} = 2*(\sigma'(x*w + b))",
                "2 * sigmoid_prime(np.dot(x, w) + b)",
            ),
            corrected=_expression(
                r"\frac{\partial J}{\partial b} = 2\,(\sigma(x w + b) - y)\,\sigma'(x w + b)",
                "2 * (sigmoid(np.dot(x, w) + b) - y) * sigmoid_prime(np.dot(x, w) + b)",
            ),
            remark="The symbol on the left should be dJ/db.",
        ),
        Formula(
            name="sigma'",
            of="u",
            loss="s",
            written=slope,
            corrected=_expression(r"\sigma'(x) = \sigma(x)\,(1-\sigma(x))", slope.code, x="u"),
            remark="A misprint only: the first sigma has lost its argument x.",
        ),
    ]


def _backward_pass() -> list[Formula]:
    """The formulas whose values the code subtracts, and the deltas they need, in the order of the code."""
    dW2 = _expression(r"h^T \delta_{out}", "hidden_activation.T.dot(delta_output_weights)")
    dW1 = _expression(r"X^T \delta_{hid}", "X.T.dot(delta_hidden_weights)")
    return [
        Formula(
            name="d_out",
            of="z2",
            loss="loss",
            written=_expression(
                r"\delta_{out} = (o - Y)\,\sigma'(o)",
                "(output_activation - Y) * sigmoid_prime(output_activation)",
            ),
            corrected=_expression(
                r"\delta_{out} = (o - Y)\,o\,(1 - o)",
                "(output_activation - Y) * output_activation * (1 - output_activation)",
            ),
        ),
        Formula(
            name="d_hid",
            of="z1",
            loss="loss",
            written=_expression(
                r"\delta_{hid} = \delta_{out} W_2^T\,\sigma'(h)",
                "delta_output_weights.dot(output_weights.T) * sigmoid_prime(hidden_activation)",
            ),
            corrected=_expression(
                r"\delta_{hid} = \delta_{out} W_2^T\,h\,(1 - h)",
                "delta_output_weights.dot(output_weights.T) * hidden_activation * (1 - hidden_activation)",
            ),
        ),
        Formula(name="dW2", of="W2", loss="loss", written=dW2, corrected=dW2),
        Formula(name="dW1", of="W1", loss="loss", written=dW1, corrected=dW1),
        Formula(
            name="db2",
            of="b2",
            loss="loss",
            written=_expression(
                r"\frac{1}{n} \sum_{i=1}^n \delta_{out,i}",
                "np.mean(delta_output_weights)",
            ),
            corrected=_expression(
                r"\sum_{i=1}^n \delta_{out,i}",
                "np.sum(delta_output_weights, axis=0)",
            ),
        ),
        Formula(
            name="db1",
            of="b1",
            loss="loss",
            written=_expression(
                r"\frac{1}{4} \sum_{j=1}^4 \delta_{hid,ij}",
                "np.mean(delta_hidden_weights, axis=1)",
            ),
            corrected=_expression(
                r"\sum_{i=1}^n \delta_{hid,ij}",
                "np.sum(delta_hidden_weights, axis=0)",
            ),
        ),
    ]


def _rule() -> Formula:
    return Formula(
        name="w - (1/n) sum dJ/dw",
        of="W2",
        loss="mse",
        written=_expression(
            r"w = w - \frac{1}{n}\sum_{i=1}^n \frac{\partial J}{\partial w}",
            "hidden_activation.T.dot(delta_output_weights)",
        ),
        corrected=_expression(
            r"w = w - \frac{2}{n}\,h^T \delta_{out}",
            "2 / n * hidden_activation.T.dot(delta_output_weights)",
        ),
        remark="The rule is a step down the mean squared error; the code has neither its 1/n nor the 2 of dJ/dw.",
    )


_BACKWARD_PASS = _backward_pass()

_RUNS = {"written": "the article's update", "engine": "the engine's gradient", "corrected": "the corrected formulas"}


def article(params: Params | None = None, X: Array = X, Y: Array = Y) -> Article:
    """The article with its network recorded at given parameters, by default its initial ones, on its own data."""
    params = init_params() if params is None else params
    nodes = record(params, X, Y)
    error, mse = _error(nodes["a2"].data, Y), float(nodes["mse"].data)
    return Article(
        name="xor",
        title="Creating Neural Network from Scratch in Python",
        author="Ashwin Vaidya",
        year="2019",
        nodes=nodes,
        formulas=tuple(formulas()),
        remarks=(
            f"The first loss that it prints, {PRINTED[0]}, is the mean of |o - Y|, here {error}, and not the mean "
            f"squared error of its text, here {mse}.",
            "Its text has y and y-hat the wrong way round: there y-hat is the actual label.",
            "It states no learning rate, so the rate is 1.",
        ),
        again=Recorder(record, params, X, Y),
    )


def _error(output: Array, Y: Array) -> float:
    """What the article prints as its loss."""
    return float(np.mean(np.abs(output - Y)))


def gradient(params: Params, X: Array = X, Y: Array = Y, *, by: str = "engine") -> tuple[float, Params]:
    """The mean of ``|o - Y|``, and the gradient of half the sum of squares.

    Parameters
    ----------
    params : dict of str to ndarray
        As `init_params` makes them.
    X, Y : ndarray, optional
        Examples in rows.
    by : {"engine", "written", "corrected"}, optional
        Who computes the gradient: the engine, the article's formulas as written, or the corrected ones.

    Returns
    -------
    error : float
    slopes : dict of str to ndarray
        By the label of the parameter; formulas also give those of z2 and z1.

    Raises
    ------
    ValueError
        If `by` is none of the three.
    """
    if by == "engine":
        nodes, slopes = differentiate(forward, params, X, Y)
        return _error(nodes["a2"].data, Y), slopes
    if by not in ("written", "corrected"):
        raise ValueError(f"by={by!r}: expected 'engine', 'written' or 'corrected'")
    values = {"X": X, "Y": Y, **params, **forward(X, Y, **params)}
    results = backward(_BACKWARD_PASS, values, corrected=by == "corrected")
    return _error(values["a2"], Y), {formula.of: results[formula.name] for formula in _BACKWARD_PASS}


def train(steps: int = 8000, *, by: str = "engine", on_step: OnStep | None = None) -> Run:
    """Train on the article's data from its initial parameters, at its rate of 1.

    Parameters
    ----------
    steps : int, optional
        The number of updates.
    by : {"engine", "written", "corrected"}, optional
        Who computes the gradient, see `gradient`.
    on_step : callable, optional
        Called ``steps + 1`` times with the number of updates made and the loss.

    Returns
    -------
    Run
        With the losses that the article prints, if the update is the article's own.
    """
    params, history = descend(init_params(), lambda params: gradient(params, by=by), steps, 1.0, on_step)
    published = PRINTED if by == "written" else {}
    return Run(_RUNS[by], 1.0, by, "mean |o - Y|", history, params, published)


def faults() -> list[Fault]:
    """What the article's code does when it is given a fifth example."""
    params = init_params()
    five = np.vstack([X, X[:1]]), np.vstack([Y, Y[:1]])
    values = {"X": five[0], "Y": five[1], **params, **forward(*five, **params)}
    line = "hidden_bias -= np.mean(delta_hidden_weights, axis=1)"
    scope = {
        "np": np,
        "hidden_bias": params["b1"],
        "delta_hidden_weights": backward(_BACKWARD_PASS, values)["d_hid"],
    }
    happened = attempt(line, scope)
    return [
        Fault(
            name="five examples",
            code=line,
            happened=happened or "it ran",
            found=bool(happened),
            repair="hidden_bias -= np.sum(delta_hidden_weights, axis=0)",
        )
    ]


def run(progress: Progress | None = None, *, steps: int = 8000) -> Result:
    """Examine the article: check every formula, train with its update and with the engine, and show the chaos.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(name, total)`` before each training; what it returns is called `total` times.
    steps : int, optional
        The number of updates of each training.

    Returns
    -------
    Result
    """
    specimen = article()
    specimen.loss.backward()
    runs = []
    for by in ("written", "engine"):
        runs.append(train(steps, by=by, on_step=progress(_RUNS[by], steps + 1) if progress else None))
    return Result(specimen, examine(specimen), runs, faults(), chaos())
