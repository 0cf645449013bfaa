r"""The lesson's formulas as MathML, which browsers draw without a library.

It knows the LaTeX of ``s2s/lesson/formulas.py`` only. A symbol, a command or a group
is an atom; an atom with ``_`` or ``^`` behind it gets them as its scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

TOKEN = re.compile(r"\\text\{[^}]*\}|\\mathrm\{[^}]*\}|\\begin\{\w+\}|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S")
SYMBOLS = {
    "alpha": "α", "varepsilon": "ε", "sigma": "σ", "partial": "∂", "top": "⊤", "cdot": "·", "otimes": "⊗",
    "mid": "∣", "sum": "∑", "prod": "∏", "ge": "≥", "lVert": "‖", "rVert": "‖", "nabla": "∇",
}  # fmt: skip
FUNCTIONS = ("ln", "exp", "tanh", "max", "Pr")
SPACES = {",": "0.17em", ";": "0.28em", "!": "-0.17em", "qquad": "2em", "quad": "1em"}
IGNORED = ("bigl", "bigr", "left", "right", "textstyle")  # sizes, which browsers choose themselves
LIMITS = ("sum", "prod")  # whose scripts stand below and above
OPERATORS = "+-=()[]<>,/|"


def mathml(latex: str) -> str:
    r"""A formula as one ``math`` element. ValueError for a command that the lesson's formulas do not have.

    >>> mathml(r"e^{z_i}")
    '<math display="block"><mrow><msup><mi>e</mi><mrow><msub><mi>z</mi><mi>i</mi></msub></mrow></msup></mrow></math>'
    """
    tokens = TOKEN.findall(latex)
    body = _row(tokens, "")
    if tokens:
        raise ValueError(f"an unexpected {tokens[0]} in {latex}")
    return f'<math display="block">{body}</math>'


def _row(tokens: list[str], end: str) -> str:
    """Atoms with their scripts until ``end``, which is taken, too."""
    parts = list[str]()
    while tokens and tokens[0] != end:
        if tokens[0].startswith("\\") and tokens[0][1:] in IGNORED:
            tokens.pop(0)
            continue
        parts.append(_scripted(tokens))
    if tokens:
        tokens.pop(0)
    return f"<mrow>{''.join(parts)}</mrow>"


def _scripted(tokens: list[str]) -> str:
    first = tokens[0]
    base, scripts = _atom(tokens), dict[str, str]()
    while tokens and tokens[0] in ("_", "^"):
        mark = tokens.pop(0)
        scripts[mark] = _atom(tokens)
    under, over = ("munder", "mover") if first.lstrip("\\") in LIMITS else ("msub", "msup")
    if len(scripts) == 2:
        both = "munderover" if under == "munder" else "msubsup"
        return f"<{both}>{base}{scripts['_']}{scripts['^']}</{both}>"
    for mark, name in (("_", under), ("^", over)):
        if mark in scripts:
            return f"<{name}>{base}{scripts[mark]}</{name}>"
    return base


def _atom(tokens: list[str]) -> str:
    token = tokens.pop(0)
    if token == "{":
        return _row(tokens, "}")
    if token.startswith(("\\text{", "\\mathrm{")):
        return f"<mtext>{escape(token[token.index('{') + 1 : -1]).replace(' ', '&#160;')}</mtext>"
    if token.startswith("\\"):
        return _command(token[1:], tokens)
    if token[0].isdigit():
        return f"<mn>{token}</mn>"
    return f"<mo>{escape(token.replace('-', '−'))}</mo>" if token in OPERATORS else f"<mi>{escape(token)}</mi>"


def _command(name: str, tokens: list[str]) -> str:
    if name in BUILT:
        return BUILT[name](tokens)
    if name in SPACES:
        return f'<mspace width="{SPACES[name]}"></mspace>'
    if name in FUNCTIONS:
        return f"<mi>{name}</mi>"
    if name in LIMITS:
        return f'<mo movablelimits="false">{SYMBOLS[name]}</mo>'
    if name in SYMBOLS:
        return f"<mi>{SYMBOLS[name]}</mi>"
    raise ValueError(f"\\{name} is no command of the lesson's formulas")


def _fraction(tokens: list[str]) -> str:
    return f"<mfrac>{_atom(tokens)}{_atom(tokens)}</mfrac>"


BUILT: dict[str, Callable[[list[str]], str]] = {
    "dfrac": _fraction,
    "tfrac": _fraction,
    "sqrt": lambda tokens: f"<msqrt>{_atom(tokens)}</msqrt>",
    "hat": lambda tokens: f'<mover accent="true">{_atom(tokens)}<mo>^</mo></mover>',
}
