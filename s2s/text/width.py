"""How wide a text is in a terminal, or in any type whose wide characters take two columns."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """Columns of a terminal: two for a wide character, none for a combining one.

    >>> width("喝tea")
    5
    """
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)
