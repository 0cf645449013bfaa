"""The colours of the project by what they mean; no other file writes one of them as a number.

``python -m s2s.figures.palette`` writes them into ``palette.css`` as custom properties, which styles use as
``var(--lb-attention)`` and scripts read through ``palette.js``.
"""

from __future__ import annotations

from pathlib import Path

SHEET = Path(__file__).parents[1] / "player" / "browser" / "palette.css"

LIGHT = {
    "attention": "#ea580c",  # attention weights, and what is selected; of two models the second
    "accent": "#b93b0a",  # the same orange as text or under text: dark enough to be read
    "other": "#2563eb",  # what stands beside attention: the model's words, marks; of two models the first
    "gold": "#15803d",  # the reference
    "alarm": "#dc2626",  # mistakes and the step where two lanes part
    "blue": "#3b82f6",  # bars and lines
    "green": "#16a34a",
    "red": "#ef4444",
    "grey": "#94a3b8",
    "single": "#78808c",  # a token that only one of two models has
    "first": "#2f6fd0",  # the checkpoints of a report
    "second": "#b4690e",
}
# What dark pages show instead. Attention has one shade in the app; a report, whose ground is darker, a brighter one.
DARK = {
    "attention": "#f97316",
    "accent": "#fb923c",
    "other": "#60a5fa",
    "gold": "#4ade80",
    "alarm": "#f87171",
    "first": "#6ea0ee",
    "second": "#e0a050",
}
ORANGE, BLUE, GREEN, GREY = (LIGHT[name] for name in ("attention", "blue", "green", "grey"))
MODELS = (ORANGE, BLUE, LIGHT["gold"], "#9333ea")
CLUSTERS = (BLUE, ORANGE, GREEN, "#a855f7", "#e11d48", "#0891b2", "#ca8a04", "#db2777")
PATH = "#b45309"  # a sentence's way through a cloud of states


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of a hexadecimal colour, each from 0 to 255.

    >>> channels("#ea580c")
    (234, 88, 12)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def transparent(colour: str, opacity: float | str) -> str:
    """A hexadecimal colour with an opacity, for CSS and plotly.

    >>> transparent("#3b82f6", 0.16)
    'rgba(59,130,246,0.16)'
    """
    return f"rgba({','.join(map(str, channels(colour)))},{opacity})"


def attention(opacity: float | str) -> str:
    """The orange of attention. A weight is its opacity, so that light and dark pages show through.

    >>> attention(0.25), attention("0.500")
    ('rgba(234,88,12,0.25)', 'rgba(234,88,12,0.500)')
    """
    return transparent(ORANGE, opacity)


def shade(weight: float) -> str:
    """The shade of an attention weight from 0 to 1 below a word, which stays readable; small weights stay visible.

    >>> shade(0.5), shade(1.0)
    ('rgba(234,88,12,0.443)', 'rgba(234,88,12,0.720)')
    """
    return attention(f"{0.72 * weight**0.7:.3f}")


def css() -> str:
    """The style sheet: ``--lb-NAME`` for each colour, and ``--lb-NAME-dark`` where dark pages show another one."""
    properties = LIGHT | {f"{name}-dark": colour for name, colour in DARK.items()}
    lines = "".join(f"  --lb-{name}: {colour};\n" for name, colour in properties.items())
    return f"/* Written by python -m s2s.figures.palette. */\n:root, :host {{\n{lines}}}\n"


if __name__ == "__main__":
    SHEET.write_text(css(), encoding="utf-8")
