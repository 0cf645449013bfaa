"""A person's label of an example, a filter on labels, and the cleaning of their texts.

``labels.py`` stores them in a database.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from s2s.errors import UserError

VERDICTS = ("right", "acceptable", "wrong", "reference_wrong")
NAME, NOTE = 60, 4000  # characters at most, of a person's or a category's name, of a note


@dataclass(frozen=True)
class Label:
    """One person's verdict, categories (names, sorted) and note on one example."""

    person: str
    verdict: str | None
    categories: tuple[str, ...]
    note: str
    changed: datetime


@dataclass(frozen=True)
class Asked:
    """A filter on examples: what is given must hold for some person's label, or for the named person's.

    ``verdict`` may be ``any``, or ``none``: no verdict yet, from anyone or from the named person.
    """

    person: str = ""
    verdict: str = ""
    category: int | None = None

    def __bool__(self) -> bool:
        return self != Asked()

    def pack(self) -> str:
        """The filter as a short text, for a link.

        >>> Asked("Ann", "wrong").pack(), Asked().pack()
        ('{"person":"Ann","verdict":"wrong"}', '')
        """
        changed = {name: value for name, value in vars(self).items() if value != getattr(Asked, name)}
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":")) if changed else ""

    @classmethod
    def unpack(cls, text: str) -> Asked:
        """What ``pack`` wrote; ValueError for anything else."""
        try:
            asked = cls(**(json.loads(text) if text else {}))
        except (TypeError, RecursionError):
            raise ValueError(text) from None
        known = asked.verdict in ("", "any", "none", *VERDICTS) if isinstance(asked.verdict, str) else False
        number = asked.category is None or (type(asked.category) is int and 0 < asked.category < 2**31)
        if not (known and number and isinstance(asked.person, str) and asked.person == cleaned(asked.person, NAME)):
            raise ValueError(text)
        return asked


def cleaned(text: str, most: int) -> str:
    """A text as it is stored: composed (NFC), without control characters but line ends, cut to a length.

    >>> cleaned(" wrong\\x00 word ", 60)
    'wrong word'
    """
    kept = (c for c in unicodedata.normalize("NFC", text).replace("\r\n", "\n") if c == "\n" or _printed(c))
    return "".join(kept)[:most].strip()


def _printed(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs")


def named(text: str) -> str:
    """The cleaned name of a person or a category, on one line; UserError if it is empty."""
    name = cleaned(" ".join(text.split()), NAME)
    if not name:
        raise UserError("label_name")
    return name


def texts(labels: Iterable[Label]) -> list[dict[str, Any]]:
    """Labels as plain values, for a file."""
    return [
        {
            "person": label.person,
            "verdict": label.verdict,
            "categories": list(label.categories),
            "note": label.note,
            "changed": label.changed.isoformat(timespec="seconds"),
        }
        for label in labels
    ]
