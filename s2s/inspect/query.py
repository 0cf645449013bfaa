"""What chooses an inspection's rows: conditions, searches and an order, packed as a short text for a link."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from s2s.data.extra_columns import MOST_EXTRA, MOST_EXTRA_NAME, MOST_EXTRA_VALUE
from s2s.errors import UserError, nearest
from s2s.inspect.causes import TAGS
from s2s.inspect.schema import TABLE
from s2s.text.safe import has_surrogate

SEARCHED = ("source", "reference", "output")
HOW = ("text", "word", "regex")
UNKNOWN = ("source", "reference", "output")  # sides that may have words outside the vocabulary
VERDICTS = ("same", "doubtful", "error")
WORDS = ("wanted", "said")
LENGTHS = {"source_length": "source_tokens", "reference_length": "reference_tokens"}  # lengths of list columns
DIFFERENCE = "difference"  # column of ``Paired``: by how much the first inspection is better
LABEL = "label"  # sort key for labels, which are not in the file but in the database (s2s/store/labels.py)
MOST = 400  # characters of a text in a query, at most
MOST_SEARCHES = 5
PLAIN = ("errors", "verdict", "ids")  # conditions with one value; the others are named ``kind:name``


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


NUMBERS = (*(column.name for column in TABLE if _is_number(column.type)), *LENGTHS, DIFFERENCE)
SORTS = (*NUMBERS, LABEL)


@dataclass(frozen=True)
class Search:
    """A search in source, reference or output; ``field`` "" is any of the three, ``negated`` means in none of them.

    - ``text``: they contain the text, in upper or lower case.
    - ``word``: the text is one of their tokens, or several in a row separated by spaces, in upper or lower case.
    - ``regex``: they contain a match of the regular expression (RE2, whose time is linear in the text).

    Raises UserError for another expression.
    """

    text: str
    how: str = "text"
    field: str = ""
    negated: bool = False

    def __post_init__(self) -> None:
        _choose("how", self.how, HOW)
        _choose("field", self.field, ("", *SEARCHED))
        _check(_is_text(self.text, MOST) and bool(self.text.strip()) and type(self.negated) is bool, "searches")
        if self.how == "regex":
            check_expression(self.text)


def check_expression(expression: str) -> None:
    """Raise UserError unless RE2 can read a regular expression."""
    try:
        pc.match_substring_regex(pa.array([""]), expression)
    except pa.ArrowInvalid as error:
        found = re.search(r"expression: ([^:]+)(?:: (.*))?$", str(error), re.DOTALL)
        place = (found[2] or "") if found else ""
        large = found is not None and ("too large" in found[1] or "repetition size" in found[1])
        raise UserError("regex_large" if large else "regex", expression=expression, place=place or expression) from None


@dataclass(frozen=True)
class Query:
    """A filter and an order of rows; a row must meet all conditions.

    Rows with equal values stay in the file's order, and rows without a value come last.

    - ``errors``: the row is an error. ``verdict``: its verdict is this one.
    - ``causes``: the row has each of them.
    - ``ranges``: the value of a column lies between two numbers; None is no limit.
    - ``words``: ``wanted`` or ``said`` is this word.
    - ``searches``: each finds something in the row.
    - ``unknown``: each of these sides has a word outside the vocabulary.
    - ``extra``: a column of the user's own has this value.
    - ``ids``: only these examples, in rising order; empty means all.
    - ``negated``: the conditions, as ``conditions`` names them, that a row must *not* meet; searches have their own.

    Raises UserError for unknown columns or causes, and for anything too long.
    """

    sort: str = "id"
    descending: bool = False
    errors: bool = False
    verdict: str = ""
    causes: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    searches: tuple[Search, ...] = ()
    unknown: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[int, ...] = ()
    negated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _choose("sort", self.sort, SORTS)
        _choose("verdict", self.verdict, ("", *VERDICTS))
        listed = {"ranges": NUMBERS, "causes": tuple(TAGS), "words": WORDS, "unknown": UNKNOWN}
        for kind, known in listed.items():
            for name in getattr(self, kind):
                _choose(kind, name, known)
            _check(len(set(getattr(self, kind))) == len(getattr(self, kind)), kind)
        _check(all(_is_text(word, MOST) for word in self.words.values()), "words")
        _check(len(self.searches) <= MOST_SEARCHES, "searches")
        _check(len(self.extra) <= MOST_EXTRA, "extra")
        for name, value in self.extra.items():
            _check(_is_text(name, MOST_EXTRA_NAME) and _is_text(value, MOST_EXTRA_VALUE), "extra")
        negated = tuple(name for name in self.conditions() if name in self.negated)
        object.__setattr__(self, "negated", negated)  # without those of conditions that are gone

    def conditions(self) -> list[str]:
        """The name of each condition: ``errors``, ``causes:word``, ``ranges:chrf``, ``searches:0`` and so on."""
        names = [name for name in PLAIN if getattr(self, name)]
        for kind in ("causes", "ranges", "words", "unknown", "extra"):
            names += [f"{kind}:{name}" for name in getattr(self, kind)]
        return names + [f"searches:{n}" for n in range(len(self.searches))]

    def is_negated(self, condition: str) -> bool:
        """Whether rows must not meet a condition."""
        kind, _, name = condition.partition(":")
        return self.searches[int(name)].negated if kind == "searches" else condition in self.negated

    def negate(self, condition: str) -> Query:
        """A copy in which rows must not meet a condition, or must meet it again. KeyError for an unknown one."""
        if condition not in self.conditions():
            raise KeyError(condition)
        kind, _, name = condition.partition(":")
        if kind == "searches":
            turned = [replace(s, negated=s.negated != (str(n) == name)) for n, s in enumerate(self.searches)]
            return replace(self, searches=tuple(turned))
        return replace(self, negated=tuple({*self.negated} ^ {condition}))

    def without(self, condition: str) -> Query:
        """A copy without one condition, named as in ``conditions``."""
        kind, _, name = condition.partition(":")
        rest: Any = {"errors": False, "verdict": "", "ids": ()}.get(kind)
        if kind in ("ranges", "words", "extra"):
            rest = {key: value for key, value in getattr(self, kind).items() if key != name}
        elif kind in ("causes", "unknown"):
            rest = tuple(key for key in getattr(self, kind) if key != name)
        elif kind == "searches":
            rest = tuple(search for n, search in enumerate(self.searches) if str(n) != name)
        return replace(self, **{kind: rest})

    def pack(self) -> str:
        """The query as a short text for a link; empty for the default query.

        >>> Query(sort="nll", ranges={"chrf": (None, 20.0)}, searches=(Search("tea"),)).pack()
        '{"sort":"nll","ranges":{"chrf":[null,20.0]},"searches":[{"text":"tea"}]}'
        """
        changed = {name: value for name, value in vars(self).items() if value != getattr(Query(), name)}
        if self.ids:
            changed["ids"] = np.diff(self.ids, prepend=0).tolist()  # differences have fewer digits
        if self.searches:
            usual = asdict(Search("-")) | {"text": None}
            found = [{k: v for k, v in vars(search).items() if v != usual[k]} for search in self.searches]
            changed["searches"] = found
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":"), default=dict) if changed else ""

    @classmethod
    def unpack(cls, text: str) -> Query:
        """Parse a text from ``pack``; ValueError for anything else, and a UserError for a wrong regular expression."""
        try:
            values = json.loads(text) if text else {}
            if old := values.pop("text", None):  # a search, in links of earlier versions
                values["searches"] = [{"text": old}]
            return cls(**{name: READ[name](value) for name, value in values.items()})
        except UserError as error:
            if error.key in ("error.regex", "error.regex_large"):
                raise
            raise ValueError(text) from None
        except (TypeError, AttributeError, KeyError, RecursionError):
            raise ValueError(text) from None


def _choose(name: str, found: object, known: Sequence[str]) -> None:
    if found not in known:
        raise UserError("setting_choice", name=name, found=found, known=nearest(str(found), [k for k in known if k]))


def _check(holds: bool, name: str) -> None:
    if not holds:
        raise UserError("query_value", name=name)


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and not has_surrogate(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(value)
    return value


def _names(value: Any) -> tuple[str, ...]:
    if type(value) is not list:
        raise TypeError(value)
    return tuple(map(_text, value))


def _texts(value: Any) -> dict[str, str]:
    return {name: _text(text) for name, text in value.items()}


def _pairs(value: Any) -> dict[str, tuple[float | None, float | None]]:
    """Ranges: pairs of finite numbers or None."""
    for low, high in value.values():
        if not all(x is None or (type(x) in (int, float) and abs(x) < 1e300) for x in (low, high)):
            raise TypeError(value)
    return {name: (low, high) for name, (low, high) in value.items()}


def _searches(value: Any) -> tuple[Search, ...]:
    return tuple(Search(**search) for search in value)


def _ids(value: Any) -> tuple[int, ...]:
    if type(value) is not list or not all(type(x) is int for x in value):
        raise TypeError(value)
    ids = tuple(itertools.accumulate(value))
    if not all(0 < x < 2**63 for x in ids):
        raise TypeError(value)
    return ids


READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("sort", "verdict"), _text),
    **dict.fromkeys(("descending", "errors"), _flag),
    **dict.fromkeys(("causes", "unknown", "negated"), _names),
    **dict.fromkeys(("words", "extra"), _texts),
    "ranges": _pairs,
    "searches": _searches,
    "ids": _ids,
}
