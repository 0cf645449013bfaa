"""The conditions of a query in words, for the page's chips and for a report."""

from __future__ import annotations

from collections.abc import Callable

from s2s.inspect.query import Query, Search

Say = Callable[..., str]  # the sentence under a key, in a language
POSITIONS = ("divergence", "attended", "moved_to")  # columns that count from 0 in the file, from 1 for a reader


def describe_conditions(query: Query, say: Say) -> list[tuple[str, str]]:
    """Each condition as its name and its words; searches, words and the user's own columns are foreign text."""
    described = []
    for condition in query.conditions():
        words = _words(query, condition, say)
        described.append((condition, say("inspect.not", what=words) if query.is_negated(condition) else words))
    return described


def _words(query: Query, condition: str, say: Say) -> str:
    kind, _, name = condition.partition(":")
    if kind == "ranges":
        return _range(name, *query.ranges[name], say)
    if kind == "searches":
        return _search(query.searches[int(name)], say)
    if kind == "extra":
        return f"{name}: {query.extra[name]}"
    if kind == "words":
        return say(f"inspect.chip_{name}", word=query.words[name])
    return {
        "errors": lambda: say("inspect.only_errors"),
        "verdict": lambda: say("inspect.chip_verdict", verdict=say(f"inspect.verdict.{query.verdict}")),
        "ids": lambda: say("inspect.chip_ids", count=len(query.ids)),
        "causes": lambda: say(f"cause.{name}"),
        "unknown": lambda: say(f"inspect.unknown.{name}"),
    }[kind]()


def _search(search: Search, say: Say) -> str:
    what = say(f"inspect.chip_{search.how}", text=search.text)
    return say("inspect.chip_in", where=say(f"inspect.column.{search.field}"), what=what) if search.field else what


def _range(name: str, low: float | None, high: float | None, say: Say) -> str:
    column, first = say(f"inspect.column.{name}"), first_number(name)
    low, high = (None if x is None else x + first for x in (low, high))
    if low is None or high is None:
        return f"{column} {'≤' if low is None else '≥'} {format_number(high if low is None else low)}"
    between = format_number(low) if low == high else f"{format_number(low)}–{format_number(high)}"
    return f"{column} {between}"


def first_number(name: str) -> int:
    """The number at which a reader starts to count a column: 1 for steps and source positions."""
    return 1 if name in POSITIONS else 0


def format_number(value: float | None) -> str:
    """A limit as text: whole numbers in full, others with three digits.

    >>> format_number(12345), format_number(-0.12345), format_number(None)
    ('12,345', '−0.123', '')
    """
    if value is None:
        return ""
    whole = abs(value) < 1e15 and value == int(value)
    return (f"{value:,.0f}" if whole else f"{value:.3g}").replace("-", "−")
