"""Subwords as words: which pieces belong together, and the weights of words. numpy alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

BEGIN, GOES_ON, FOLLOWS = "▁", "@@", "##"  # SentencePiece and byte-level pairs; subword-nmt; WordPiece
HIDDEN = re.compile("⟨([0-9A-F]{4,6})⟩")  # a character that cannot be seen, as labels write it
CHINESE = ("\u2e80", "\uffef")  # no spaces: every piece is a word
Spans = tuple[tuple[int, int], ...]


def spans(tokens: Sequence[str]) -> Spans:
    """From where to where each word goes; without marks of subwords every token is one.

    Punctuation, special tokens and Chinese pieces stand for themselves, as no mark says which belong together.

    >>> spans(["▁ri", "des", ".", "</s>"]), spans(["well@@", "known"]), spans(["ab", "cd"])
    (((0, 2), (2, 3), (3, 4)), ((0, 2),), ((0, 1), (1, 2)))
    """
    spaced = any(token.startswith(BEGIN) for token in tokens)
    starts = [s for s, token in enumerate(tokens) if s == 0 or not _joined(tokens[s - 1], token, spaced)]
    return tuple(zip(starts, [*starts[1:], len(tokens)], strict=True))


def _joined(before: str, token: str, spaced: bool) -> bool:
    """Whether a token goes on with the word before it."""
    if token.startswith(FOLLOWS) or before.endswith(GOES_ON):
        return True
    last, first = before[-1:], token[:1]
    if not spaced or token.startswith(BEGIN) or not _letters(before) or not _letters(token):
        return before == BEGIN and not token.startswith(BEGIN)
    return not any(CHINESE[0] <= c <= CHINESE[1] for c in (last, first))


def _letters(token: str) -> bool:
    """Whether a token spells a part of a word: it has letters, or what only shapes them (a joiner, a soft hyphen)."""
    plain = HIDDEN.sub("", token)
    shapes = any(unicodedata.category(chr(int(code, 16))) == "Cf" for code in HIDDEN.findall(token))
    marks = any(unicodedata.category(c)[0] == "M" for c in plain)
    return (shapes or marks or any(c.isalnum() for c in plain)) and not (plain.startswith("<") and plain.endswith(">"))


def word(tokens: Sequence[str]) -> str:
    """The pieces of one word put together.

    >>> word(["▁ri", "des"]), word(["well@@", "known"]), word(["▁"]), word(["▁co", "⟨00AD⟩", "op"])
    ('rides', 'wellknown', '▁', 'coop')
    """
    parts = [token.removesuffix(GOES_ON) if n + 1 < len(tokens) else token for n, token in enumerate(tokens)]
    parts = [token.removeprefix(FOLLOWS) if n else token for n, token in enumerate(parts)]
    whole = "".join(parts) if len(parts) == 1 else HIDDEN.sub(_shape, "".join(parts))
    return whole.removeprefix(BEGIN) or tokens[0]


def _shape(found: re.Match[str]) -> str:
    """What cannot be seen, between pieces that are put together: a joiner as it is, of all else nothing."""
    return chr(int(found[1], 16)) if found[1] in ("200C", "200D") else ""
