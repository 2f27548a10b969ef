"""Two articles that build a sigmoid network and derive its gradients by hand, as specimens: `xor` and `layers`.

Each is its data, its forward pass, every formula as written and as it should be, and what came out of comparing them
with the engine. A third article is one more module with an `article` and a `run`.
"""

from nn.articles import layers, xor
from nn.articles.classify import classify
from nn.articles.formula import (
    TOLERANCE,
    Comparison,
    Expression,
    Formula,
    Recorder,
    Verdict,
    backward,
    check,
    compare,
    why,
)
from nn.articles.specimen import Accuracy, Article, Chaos, Fault, Result, examine
from nn.articles.training import Run

__all__ = [
    "TOLERANCE",
    "Accuracy",
    "Article",
    "Chaos",
    "Comparison",
    "Expression",
    "Fault",
    "Formula",
    "Recorder",
    "Result",
    "Run",
    "Verdict",
    "backward",
    "check",
    "classify",
    "compare",
    "examine",
    "layers",
    "why",
    "xor",
]
