"""Turns the LaTeX of a formula into MathML, which browsers show without any library.

It knows what formulas are made of: letters, numbers, operators, indices, exponents, fractions, sums. Anything else is
an error, and whoever asked shows the source instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

__all__ = ["mathml"]

_IDENTIFIERS = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "lambda": "λ"},
    **{"mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "ell": "ℓ", "partial": "∂"},
}
_OPERATORS = {"cdot": "⋅", "times": "×", "odot": "⊙", "prime": "′", "nabla": "∇", "approx": "≈", "le": "≤", "ge": "≥"}
_FUNCTIONS = {"log", "ln", "exp", "max", "min", "tanh", "sin", "cos"}
_SPACES = {",": "0.17em", ";": "0.28em", " ": "0.33em", "quad": "1em"}
_CHARACTERS = {"-": "−", "*": "∗"}

_TOKEN = re.compile(r"\s*(\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S)")


def mathml(latex: str) -> str:
    r"""Translate a formula.

    Parameters
    ----------
    latex : str
        What would stand between dollar signs.

    Returns
    -------
    str
        A ``<math>`` element.

    Raises
    ------
    ValueError
        If it holds something unknown.

    Examples
    --------
    >>> mathml(r"\sigma' x_1")
    "<math display='block'><msup><mi>σ</mi><mo>′</mo></msup><msub><mi>x</mi><mn>1</mn></msub></math>"
    >>> mathml(r"\includegraphics{x}")
    Traceback (most recent call last):
        ...
    ValueError: no MathML for '\\includegraphics'
    """
    tokens = _Tokens(latex)
    row = "".join(_terms(tokens, end=""))
    return f"<math display='block'>{row}</math>"


class _Tokens:
    """The tokens of a formula, with a look at the next; after the last comes "" for ever."""

    def __init__(self, latex: str) -> None:
        self._tokens = _TOKEN.findall(latex.strip())
        self._next = 0

    @property
    def peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek
        if expected and token != expected:
            raise ValueError(f"expected {expected!r}, found {token or 'the end'!r}")
        self._next += 1
        return token


def _terms(tokens: _Tokens, end: str) -> Iterator[str]:
    """Yield the terms up to the token `end`, each with its index and exponent; takes `end` too."""
    while tokens.peek != end:
        if not tokens.peek:
            raise ValueError(f"expected {end!r}, found the end")
        yield _scripted(tokens)
    tokens.take()


def _scripted(tokens: _Tokens) -> str:
    limits = tokens.peek == r"\sum"
    base = "<mrow></mrow>" if tokens.peek in ("^", "_", "'") else _atom(tokens)
    scripts: dict[str, str] = {}
    while tokens.peek in ("^", "_", "'"):
        mark = tokens.take()
        place, script = ("^", "<mo>′</mo>") if mark == "'" else (mark, _argument(tokens))
        if place in scripts:
            raise ValueError(f"two {place!r} on one symbol")
        scripts[place] = script
    names = {"_": "munder" if limits else "msub", "^": "mover" if limits else "msup"}
    if len(scripts) == 2:
        name = "munderover" if limits else "msubsup"
        return f"<{name}>{base}{scripts['_']}{scripts['^']}</{name}>"
    for place, script in scripts.items():
        return f"<{names[place]}>{base}{script}</{names[place]}>"
    return base


def _argument(tokens: _Tokens) -> str:
    if tokens.peek[:1].isdigit() and len(tokens.peek) > 1:
        raise ValueError(f"put braces around {tokens.peek!r}, of which LaTeX would take the first digit only")
    return _atom(tokens)


def _atom(tokens: _Tokens) -> str:
    token = tokens.take()
    if token == "{":
        return f"<mrow>{''.join(_terms(tokens, end='}'))}</mrow>"
    if token.startswith("\\"):
        return _command(token[1:], tokens)
    if token.isalpha():
        return f"<mi>{escape(token)}</mi>"
    if token[:1].isdigit():
        return f"<mn>{token}</mn>"
    if token in ("(", ")", "[", "]", "|"):
        return f"<mo stretchy='false'>{token}</mo>"
    if token in tuple("+-*/=<>,.:;!"):
        return f"<mo>{escape(_CHARACTERS.get(token, token))}</mo>"
    raise ValueError(f"no MathML for {token or 'the end'!r}")


def _command(name: str, tokens: _Tokens) -> str:
    if name in _IDENTIFIERS:
        return f"<mi>{_IDENTIFIERS[name]}</mi>"
    if name in _OPERATORS:
        return f"<mo>{_OPERATORS[name]}</mo>"
    if name in _FUNCTIONS:
        return f"<mi>{name}</mi>"
    if name in _SPACES:
        return f"<mspace width='{_SPACES[name]}'/>"
    if name == "sum":
        return "<mo>∑</mo>"
    if name == "frac":
        return f"<mfrac>{_argument(tokens)}{_argument(tokens)}</mfrac>"
    if name == "left":
        opening = escape(tokens.take())
        inner = "".join(_terms(tokens, end=r"\right"))
        return f"<mrow><mo>{opening}</mo>{inner}<mo>{escape(tokens.take())}</mo></mrow>"
    raise ValueError(f"no MathML for {chr(92) + name!r}")
