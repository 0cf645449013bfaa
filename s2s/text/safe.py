"""Text from files and other libraries, made safe to print: without control characters, and short."""

from __future__ import annotations


def printable(text: str, most: int | None = None) -> str:
    """The first ``most`` characters, or all; unprintable characters are replaced by U+FFFD.

    >>> printable("a\\x1b[31m"), printable("model.weight", 5)
    ('a\ufffd[31m', 'model')
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:most])


def shortened(text: str, most: int) -> str:
    """The text cut to at most ``most`` characters; a cut one ends with ``…``.

    >>> shortened("model", 5), shortened("models", 5)
    ('model', 'mode…')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"
