"""The width of a text in a terminal, where wide characters take two columns."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """The number of columns: two for a wide character, 0 for a combining one.

    >>> width("喝tea")
    5
    """
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)
