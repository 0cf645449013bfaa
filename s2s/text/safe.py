"""Text from files and other libraries, made safe to print: without control characters, and short."""

from __future__ import annotations

import json
import re
from typing import Any

from s2s.errors import UserError

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")  # in JSON: half of a character, or of a pair


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


def has_surrogate(text: str) -> bool:
    """Whether the text holds half of a character, which JSON can name but no file in UTF-8 and no page can hold.

    >>> has_surrogate("a\\ud800"), has_surrogate("😀")
    (True, False)
    """
    return not text.isascii() and _SURROGATE.search(text) is not None


def parse_json(text: str) -> Any:
    """``json.loads``, but UserError for half of a character anywhere in the value.

    >>> parse_json('["\\\\ud83d\\\\ude00"]')
    ['😀']
    """
    value = json.loads(text)
    if has_surrogate(text) or (_ESCAPED.search(text) and has_surrogate(json.dumps(value, ensure_ascii=False))):
        raise UserError("reason_surrogate")
    return value
