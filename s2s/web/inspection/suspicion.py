"""The words of an output, each shaded by how likely it is wrong, from the model's own signals alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from s2s.figures.numbers import share

TOLD = 0.5  # least suspicion that is told in figures, too
HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"


def suspicion_html(tokens: Sequence[str], suspicion: Sequence[float]) -> str:
    """The tokens as escaped HTML; a screen reader hears the probability of those from ``TOLD`` on."""
    return " ".join(_word(token, value) for token, value in zip(tokens, suspicion, strict=True))


def _word(token: str, value: float) -> str:
    told = f'<span style="{HIDDEN}"> ({share(value)})</span>' if value >= TOLD else ""
    shade = f"background:color-mix(in srgb,#c8102e {round(45 * value)}%,transparent);border-radius:3px;padding:0 2px"
    line = ";text-decoration:underline dotted 1px;text-underline-offset:3px" if value >= TOLD else ""
    return f'<span style="{shade}{line}" title="{share(value)}">{escape(token)}{told}</span>'
