"""Colours of the figures, by what they mean."""

from __future__ import annotations

ATTENTION_RGB = (234, 88, 12)  # the orange of attention; a weight is its opacity, so that light and dark show through
ORANGE = "#{:02x}{:02x}{:02x}".format(*ATTENTION_RGB)
BLUE, GREEN, GREY = "#3b82f6", "#16a34a", "#94a3b8"


def attention(opacity: float | str) -> str:
    """The orange of attention for CSS and plotly.

    >>> attention(0.25), attention("0.500")
    ('rgba(234,88,12,0.25)', 'rgba(234,88,12,0.500)')
    """
    return f"rgba({','.join(map(str, ATTENTION_RGB))},{opacity})"


def shade(weight: float) -> str:
    """The shade of an attention weight, 0 to 1; small weights stay visible.

    >>> shade(0.5)
    'rgba(234,88,12,0.616)'
    """
    return attention(f"{weight**0.7:.3f}")
