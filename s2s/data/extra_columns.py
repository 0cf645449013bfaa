"""Further columns of a file of pairs, which an inspection keeps: so many, with names and values so long."""

from __future__ import annotations

from collections.abc import Iterable

from s2s.text.safe import has_surrogate

MOST_EXTRA = 20  # columns
MOST_EXTRA_NAME = 60  # characters
MOST_EXTRA_VALUE = 200  # characters; longer values are cut
Extra = dict[str, str]


def bounded(fields: Iterable[tuple[str, object]]) -> Extra:
    """The first columns with their values as text, without empty ones, lists, objects and names that are too long.

    >>> bounded([("domain", " news "), ("year", 2020), ("checked", True), ("note", ""), ("tags", ["a"])])
    {'domain': 'news', 'year': '2020', 'checked': 'true'}
    """
    extra: Extra = {}
    for name, value in fields:
        if len(extra) == MOST_EXTRA:
            break
        text, name = _text(value), name.strip()
        if text and 0 < len(name) <= MOST_EXTRA_NAME and not has_surrogate(name + text):
            extra.setdefault(name, text)
    return extra


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip()[:MOST_EXTRA_VALUE] if isinstance(value, str | int | float) else ""
