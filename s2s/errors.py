"""Messages and errors for the user: keys with values, and sentences by language in ``locales/``."""

from __future__ import annotations

import difflib
import functools
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

LANGUAGES = ("zh", "en")
SCRIPT, MODULE = "lookback", "python -m s2s"  # the installed command, and the call from a clone
LONGEST = 160  # characters of a value in a sentence; of a longer one the middle is left out


@functools.cache
def sentences(language: str) -> dict[str, str]:
    """Every text of the interface in one language, by key."""
    path = Path(__file__).parent / "locales" / f"{language}.json"
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def say(key: str, language: str, /, **values: object) -> str:
    """The sentence under ``key``, its ``{places}`` filled with the values; ``{program}`` with how it was called.

    >>> say("error.text_empty", "en")
    'Type a sentence first.'
    """
    return sentences(language)[key].format(**{"program": program(), **values})


def program() -> str:
    """How this program was called: ``lookback`` or ``python -m s2s``."""
    return SCRIPT if Path(sys.argv[0]).stem == SCRIPT else MODULE


def strings(prefix: str, language: str) -> dict[str, str]:
    """All texts whose key begins with ``prefix.``, by the rest of the key, for a script in the browser."""
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in sentences(language).items() if k.startswith(start)}


class UserError(ValueError):
    """A mistake that the user can correct; ``str()`` is the English sentence, ``say`` has both languages.

    >>> str(UserError("text_empty")), UserError("text_empty").say("zh")
    ('Type a sentence first.', '请先输入一句话。')
    """

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = f"error.{key}", values
        self.told = False  # whether it has been counted as shown to a visitor

    @classmethod
    def again(cls, key: str, values: Mapping[str, object]) -> UserError:
        """Rebuild an error from its key and values, such as one of another process."""
        return cls(key, **values)

    def bare(self) -> UserError:
        """The same error to be kept: without its traceback, whose frames keep alive whatever their callers held."""
        return UserError.again(self.key.removeprefix("error."), self.values)

    def __str__(self) -> str:
        return self.say("en")

    def say(self, language: str, /) -> str:
        """The sentence in ``zh`` or ``en``. Values are often a stranger's: they are bounded, and steer no terminal."""
        return say(self.key, language, **{name: _bounded(value) for name, value in self.values.items()})


def _bounded(value: object) -> object:
    """Numbers as they are; anything else as a text of at most ``LONGEST`` printable characters.

    >>> _bounded(2.5), _bounded("a\x1b[1m"), len(str(_bounded("a" * 1000)))
    (2.5, 'a�[1m', 160)
    """
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 63):
        return value
    text = repr(value) if isinstance(value, bytes) else hex(value) if isinstance(value, int) else str(value)
    text = "".join(c if c.isprintable() else "�" for c in text.replace("\n", " "))
    return text if len(text) <= LONGEST else f"{text[:100]}…{text[101 - LONGEST :]}"


def nearest(name: str, names: Iterable[str]) -> str:
    """Names for a sentence, with commas between; too many for a value: those most like ``name``, and an ellipsis.

    >>> nearest("zh", ["en_XX", "zh_CN"])
    'en_XX, zh_CN'
    """
    known = list(names)
    if len(whole := ", ".join(known)) <= LONGEST:
        return whole
    like = difflib.get_close_matches(name, known, n=len(known), cutoff=0.5)
    like += [other for other in known if other[:2] == name[:2] and other not in like]
    while like and len(", ".join(like)) > LONGEST - 3:
        like.pop()
    for other in known:
        if other not in like:
            if len(", ".join([*like, other])) > LONGEST - 3:
                break
            like.append(other)
    return f"{', '.join(like)}, …"
