"""Invisible characters: joiners, which shape the letters around them, and all others. Light to import."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"


def is_joiner(text: str, at: int) -> bool:
    """Whether a character is a joiner after a letter or its mark."""
    return text[at] in JOINERS and at > 0 and unicodedata.category(text[at - 1])[0] in "LM"


def show_invisible(text: str) -> str:
    """The text with invisible characters as their code points; a joiner after a letter stays.

    >>> [show_invisible(text) for text in ("a\\u200b", "\\u200c", "a\\u00a0b")]
    ['a⟨200B⟩', '⟨200C⟩', 'a⟨00A0⟩b']
    >>> show_invisible("می\\u200c") == "می\\u200c"
    True
    """
    hidden = (c.isspace() or unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text)
    return "".join(
        f"⟨{ord(text[at]):04X}⟩" if one and not is_joiner(text, at) else text[at] for at, one in enumerate(hidden)
    )
