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
MAX_NAME = 60  # characters of a person's or a category's name
MAX_NOTE = 4000  # characters of a note


@dataclass(frozen=True)
class Label:
    """One person's verdict, categories (their names, oldest first) and note on one example."""

    person: str
    verdict: str | None
    categories: tuple[str, ...]
    note: str
    changed: datetime


@dataclass(frozen=True)
class LabelFilter:
    """A filter on examples: one label of the example must meet all given conditions. The fields are keys of links.

    ``verdict`` may also be ``any``, or ``none``: the example has no verdict, from anyone or from the given person.
    ``negated``: the example must not meet the filter.
    """

    person: str = ""
    verdict: str = ""
    category: int | None = None
    negated: bool = False

    def __bool__(self) -> bool:
        return bool(self.person or self.verdict or self.category is not None)

    def pack(self) -> str:
        """The filter as a short text, for a link.

        >>> LabelFilter("Ann", "wrong").pack(), LabelFilter().pack()
        ('{"person":"Ann","verdict":"wrong"}', '')
        """
        changed = {name: value for name, value in vars(self).items() if value != getattr(LabelFilter, name)}
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":")) if self else ""

    @classmethod
    def unpack(cls, text: str) -> LabelFilter:
        """The filter that ``pack`` wrote. Raises ValueError for another text."""
        try:
            read = cls(**(json.loads(text) if text else {}))
        except (TypeError, RecursionError):
            raise ValueError(text) from None
        person, verdict, category = read.person, read.verdict, read.category
        if not isinstance(person, str) or person != clean_text(person, MAX_NAME):
            raise ValueError(text)
        if not isinstance(verdict, str) or verdict not in ("", "any", "none", *VERDICTS):
            raise ValueError(text)
        if category is not None and not (type(category) is int and 0 < category < 2**31):
            raise ValueError(text)
        if type(read.negated) is not bool:
            raise ValueError(text)
        return read


def clean_text(text: str, length: int) -> str:
    """A text as it is stored: in NFC, without control characters except line ends, at most ``length`` characters long.

    >>> clean_text(" wrong\\x00 word ", 60)
    'wrong word'
    """
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    return "".join(c for c in composed if c == "\n" or _is_printable(c))[:length].strip()


def _is_printable(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs")


def clean_name(text: str) -> str:
    """The name of a person or a category, cleaned, on one line. Raises UserError if nothing is left."""
    name = clean_text(" ".join(text.split()), MAX_NAME)
    if not name:
        raise UserError("label_name")
    return name


def labels_as_dicts(labels: Iterable[Label]) -> list[dict[str, Any]]:
    """Labels as values for JSON."""
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
