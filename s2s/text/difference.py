"""The words in which two texts differ."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import pairwise

from s2s.text.segmenters import UNSPACED

MOST = 1000  # words of a text that are compared, at most; later ones count as equal
Span = tuple[int, int]  # of a word: start and end in the text


def words(text: str) -> list[Span]:
    """The words of a text: runs of letters and digits, single characters in scripts without spaces, single signs.

    >>> [text[a:b] for text in ("Don't pay 3.50, 小王!",) for a, b in words(text)]
    ["Don't", 'pay', '3.50', ',', '小', '王', '!']
    """
    spans: list[Span] = []
    open_word = False  # whether the last span can go on
    for at, character in enumerate(text):
        touching = bool(spans) and spans[-1][1] == at
        spaced = character.isalnum() and not _unspaced(character)
        if touching and (_is_mark(character) or (open_word and (spaced or _joins(text, at)))):
            spans[-1] = spans[-1][0], at + 1
        elif not character.isspace():
            spans.append((at, at + 1))
            open_word = spaced
    return spans


def _joins(text: str, at: int) -> bool:
    """Whether a sign belongs to the word around it: an apostrophe between letters, a point between digits."""
    before, sign, after = text[at - 1], text[at], text[at + 1 : at + 2]
    if sign in "'’":
        return after.isalpha()
    return sign in ".,:" and before.isdigit() and after.isdigit()


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


@functools.lru_cache(maxsize=65536)
def _unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(("CJK ", *UNSPACED))


@functools.lru_cache(maxsize=1024)
def differing(a: str, b: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The indices of the words of each text that ``difflib.SequenceMatcher`` matches with none of the other.

    Two forms of one character, such as full width and half width, are equal.

    >>> differing("I like tea.", "I do like milk.")
    ((2,), (1, 3))
    """
    keys_a, keys_b = ([_key(text[start:end]) for start, end in words(text)[:MOST]] for text in (a, b))
    only_a, only_b = set(range(len(keys_a))), set(range(len(keys_b)))
    for start_a, start_b, size in SequenceMatcher(None, keys_a, keys_b, autojunk=False).get_matching_blocks():
        only_a.difference_update(range(start_a, start_a + size))
        only_b.difference_update(range(start_b, start_b + size))
    return tuple(sorted(only_a)), tuple(sorted(only_b))


def _key(word: str) -> str:
    return unicodedata.normalize("NFKC", word).replace("’", "'")


def parts(text: str, marked: Iterable[int], most: int | None = None) -> list[str]:
    """The text in parts, of which each second one consists of marked words; cut after ``most`` characters.

    >>> parts("I do like milk.", (1, 3)), parts("I do like milk.", (0, 1), 4)
    (['I ', 'do', ' like ', 'milk', '.'], ['', 'I do', '…'])
    """
    most = len(text) if most is None else most
    spans, chosen = words(text), sorted(marked)
    runs: list[Span] = []
    for last, index in zip([None, *chosen], chosen, strict=False):
        start = runs.pop()[0] if last is not None and index == last + 1 else spans[index][0]
        runs.append((start, spans[index][1]))
    edges = [
        0,
        *(min(edge, most) for start, end in runs if start < most for edge in (start, end)),
        min(len(text), most),
    ]
    cut = [text[start:end] for start, end in pairwise(edges)]
    return [*cut[:-1], cut[-1] + "…"] if most < len(text) else cut
