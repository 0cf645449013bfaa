"""Text from files and other libraries, made safe to print: without control characters, and short."""

from __future__ import annotations

import json
import re
from typing import Any

from s2s.errors import UserError

_SURROGATE = re.compile("[\ud800-\udfff]")
_OUT_OF_MEMORY = (  # RuntimeErrors of torch; SystemError of an interpreter that could not make the exception itself
    "std::bad_alloc",
    "can't allocate memory",
    "returned NULL without setting an exception",
)
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


def reason(error: Exception, most: int = 200) -> str:
    """What a library's exception says, for the end of a sentence: one printable line of at most ``most`` characters.

    >>> reason(KeyError("weight")), reason(RecursionError("maximum recursion depth exceeded"))
    ("'weight' is missing", 'nested too deeply')
    """
    if isinstance(error, UserError) and "reason" in error.values:
        return str(error.values["reason"])
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, MemoryError) or any(words in str(error) for words in _OUT_OF_MEMORY):
        return "it needs more memory than there is"
    text = printable(" ".join(str(error).split())) or type(error).__name__
    return shortened(f"{text} is missing" if isinstance(error, KeyError) else text, most)


def has_surrogate(text: str) -> bool:
    """Whether the text holds half of a character, which JSON can name but no file in UTF-8 and no page can hold.

    >>> has_surrogate("a\\ud800"), has_surrogate("😀")
    (True, False)
    """
    return not text.isascii() and _SURROGATE.search(text) is not None


def parse_json(text: str) -> Any:
    """``json.loads``, but ValueError for half of a character anywhere in the value.

    >>> parse_json('["\\\\ud83d\\\\ude00"]')
    ['😀']
    """
    value = json.loads(text)
    if has_surrogate(text) or (_ESCAPED.search(text) and has_surrogate(json.dumps(value, ensure_ascii=False))):
        raise ValueError("half of a character (a lone surrogate)")
    return value
