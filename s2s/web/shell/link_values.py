"""Readers of a link's parameters: each returns the value of a text, or raises UserError with the reason against it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from s2s.errors import UserError
from s2s.text.safe import shortened
from s2s.trace.branch import MAX_BRANCHES, PARENT, Branch, unpack

MAX_VALUE = 4_000  # most characters of one parameter
MAX_REFUSED = 40  # characters shown of a refused one
MAX_NOTE = 500  # characters of a teacher's note
WHOLE = re.compile("-?[0-9]+")
DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")


class Refused(NamedTuple):
    """A parameter of a link that was refused: its value, the reason, and what is used instead; empty: nothing."""

    name: str
    value: str
    reason: UserError
    used: str = ""


def refuse(name: str, value: str, reason: UserError, used: str = "") -> Refused:
    """A refused parameter; of a long value only the beginning is kept."""
    return Refused(shortened(name, MAX_REFUSED), shortened(value, MAX_REFUSED), reason, used)


def number(low: float, high: float) -> Callable[[str], Any]:
    """A reader of numbers in a range, of whole ones if both ends are whole. Digits are ASCII, as in the player."""
    whole = isinstance(low, int) and isinstance(high, int)

    def read(value: str) -> Any:
        number: float | None = None
        if len(value) <= MAX_REFUSED and (WHOLE if whole else DECIMAL).fullmatch(value):
            number = int(value) if whole else float(value)
        if number is None or not low <= number <= high:
            if whole:
                raise UserError("link_whole", low=low, high=high)
            raise UserError("link_number", low=low, high=high)
        return number

    return read


def choice(*allowed: str) -> Callable[[str], str]:
    """A reader of one of some words; the empty one is not named where it is refused."""

    def read(value: str) -> str:
        if value not in allowed:
            raise UserError("link_choice", known=", ".join(filter(None, allowed)))
        return value

    return read


def numbered(*allowed: str) -> Callable[[str], str]:
    """A reader of one of some words or of its number, from 1, as the page shows it; the empty word is allowed, too."""
    numbers = {str(number): name for number, name in enumerate(allowed, 1)}

    def read(value: str) -> str:
        if (word := numbers.get(value, value)) not in ("", *allowed):
            raise UserError("link_numbered", high=len(allowed), known=", ".join(allowed))
        return word

    return read


def text(value: str, limit: int = MAX_VALUE) -> str:
    """A text of at most ``limit`` characters."""
    if len(value) > limit:
        raise UserError("link_long", count=len(value), limit=limit)
    return value


def flag(value: str) -> bool:
    """A switch, which a link names only where it is on."""
    if value != "1":
        raise UserError("link_flag")
    return True


def lane(value: str) -> str:
    """The name of a lane."""
    if not PARENT.fullmatch(value):
        raise UserError("link_lane")
    return value


def tokens(value: str) -> str:
    """Tokens separated by single spaces, each valid for a segmenter."""
    if value:
        from s2s.text.segmenters import is_token  # with jieba, so only when it is needed

        if len(text(value)) != len(value.strip()) or not all(map(is_token, value.split(" "))):
            raise UserError("link_tokens")
    return value


def some_of(*allowed: str) -> Callable[[str], str]:
    """A reader of some of the words in their order, separated by commas."""

    def read(value: str) -> str:
        chosen = value.split(",") if value else []
        if chosen != [name for name in allowed if name in chosen]:
            raise UserError("link_differs", known=",".join(allowed))
        return value

    return read


def note(value: str) -> str:
    """A teacher's note."""
    written = text(value.replace("\r\n", "\n").strip(), MAX_NOTE)
    if not all(c.isprintable() or c in "\n\t" for c in written):
        raise UserError("link_unseen")
    return written


def inspection(value: str) -> str:
    """The name of an inspection, or an empty text."""
    if value:
        from s2s.server.inspections import VALID_NAME

        if not VALID_NAME.fullmatch(value):
            raise UserError("link_inspection")
    return value


def query(value: str) -> str:
    """A filter of an inspection's rows, as ``Query.pack`` writes it."""
    if value:
        from s2s.inspect.query import Query

        return _repacked(Query, value)
    return value


def labelled(value: str) -> str:
    """A filter of an inspection's rows by their labels, as ``LabelFilter.pack`` writes it."""
    if value:
        from s2s.store.label import LabelFilter

        return _repacked(LabelFilter, value)
    return value


def _repacked(kind: Any, value: str) -> str:
    try:
        return str(kind.unpack(text(value, MAX_VALUE)).pack())
    except UserError:
        raise
    except ValueError:
        raise UserError("link_filter") from None


def branches(value: str) -> tuple[Branch, ...]:
    """The branches of a player."""
    try:
        return unpack(value)
    except ValueError:
        raise UserError("link_branches", limit=MAX_BRANCHES) from None
