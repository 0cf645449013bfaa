"""The words of an output, each shaded by a number: how likely it is wrong, or how much of it comes from the source."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from s2s.figures.numbers import share
from s2s.figures.palette import BLUE

TOLD = 0.5  # suspicion from which on, and share below which, a word is told in figures, too
RED = "#c8102e"
HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"


def suspicion_html(tokens: Sequence[str], suspicion: Sequence[float]) -> str:
    """The tokens as escaped HTML; a screen reader hears the probability of those from ``TOLD`` on."""
    return " ".join(_word(*pair, pair[1] >= TOLD, RED) for pair in zip(tokens, suspicion, strict=True))


def shares_html(tokens: Sequence[str], shares: Sequence[float | None]) -> str:
    """The tokens shaded by the source's share; a screen reader hears that of those below ``TOLD``."""
    pairs = zip(tokens, shares, strict=True)
    return " ".join(escape(word) if value is None else _word(word, value, value < TOLD, BLUE) for word, value in pairs)


def _word(token: str, value: float, is_told: bool, colour: str) -> str:
    told = f'<span style="{HIDDEN}"> ({share(value)})</span>' if is_told else ""
    shade = f"background:color-mix(in srgb,{colour} {round(45 * value)}%,transparent);border-radius:3px;padding:0 2px"
    line = ";text-decoration:underline dotted 1px;text-underline-offset:3px" if is_told else ""
    return f'<span style="{shade}{line}" title="{share(value)}">{escape(token)}{told}</span>'
