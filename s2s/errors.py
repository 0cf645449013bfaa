"""Messages and errors for the user: keys with values, and sentences by language in ``locales/``."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = ("zh", "en")


@functools.cache
def sentences(language: str) -> dict[str, str]:
    """Every text of the interface in one language, by key."""
    path = Path(__file__).parent / "locales" / f"{language}.json"
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def say(key: str, language: str, /, **values: object) -> str:
    """The sentence under ``key``, its ``{places}`` filled with the values.

    >>> say("error.text_empty", "en")
    'Type a sentence first.'
    """
    return sentences(language)[key].format(**values)


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

    @classmethod
    def again(cls, key: str, values: Mapping[str, object]) -> UserError:
        """Rebuild an error from its key and values, such as one of another process."""
        return cls(key, **values)

    def __str__(self) -> str:
        return self.say("en")

    def say(self, language: str, /) -> str:
        """The sentence in ``zh`` or ``en``."""
        return say(self.key, language, **self.values)
