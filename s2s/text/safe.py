"""Text from files and other libraries, made safe to show: nothing that steers a terminal, and not too long."""

from __future__ import annotations


def printable(text: str, most: int | None = None) -> str:
    """The first ``most`` characters, or all; a mark stands for every character that could steer a terminal.

    >>> printable("a\\x1b[31m"), printable("model.weight", 5)
    ('a\ufffd[31m', 'model')
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:most])


def shortened(text: str, most: int) -> str:
    """The text if it has at most ``most`` characters, else its beginning and … in as many.

    >>> shortened("model", 5), shortened("models", 5)
    ('model', 'mode…')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"
