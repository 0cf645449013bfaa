"""Groups subword pieces into words, and sums attention by word. numpy only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

BEGIN, GOES_ON, FOLLOWS = "▁", "@@", "##"  # marks of SentencePiece and byte-level BPE, subword-nmt, WordPiece
HIDDEN = re.compile("⟨([0-9A-F]{4,6})⟩")  # an invisible character as ``show_invisible`` writes it
CHINESE = ("\u2e80", "\uffef")  # first and last character of scripts without spaces, where every piece is a word
Spans = tuple[tuple[int, int], ...]


def word_spans(tokens: Sequence[str]) -> Spans:
    """The (start, end) indices of each word; without subword marks every token is a word.

    Punctuation, special tokens and Chinese pieces are separate words, as no mark joins them.

    >>> word_spans(["▁ri", "des", ".", "</s>"]), word_spans(["well@@", "known"]), word_spans(["ab", "cd"])
    (((0, 2), (2, 3), (3, 4)), ((0, 2),), ((0, 1), (1, 2)))
    """
    spaced = any(token.startswith(BEGIN) for token in tokens)
    starts = [s for s, token in enumerate(tokens) if s == 0 or not _joined(tokens[s - 1], token, spaced)]
    return tuple(zip(starts, [*starts[1:], len(tokens)], strict=True))


def _joined(before: str, token: str, spaced: bool) -> bool:
    """Whether a token continues the word before it."""
    if token.startswith(FOLLOWS) or before.endswith(GOES_ON):
        return True
    last, first = before[-1:], token[:1]
    if not spaced or token.startswith(BEGIN) or not _letters(before) or not _letters(token):
        return before == BEGIN and not token.startswith(BEGIN)
    return not any(CHINESE[0] <= c <= CHINESE[1] for c in (last, first))


def _letters(token: str) -> bool:
    """Whether a token spells part of a word: it has letters, or characters that shape them (joiner, soft hyphen)."""
    plain = HIDDEN.sub("", token)
    shapes = any(unicodedata.category(chr(int(code, 16))) == "Cf" for code in HIDDEN.findall(token))
    marks = any(unicodedata.category(c)[0] == "M" for c in plain)
    return (shapes or marks or any(c.isalnum() for c in plain)) and not (plain.startswith("<") and plain.endswith(">"))


def join_pieces(tokens: Sequence[str]) -> str:
    """Join the pieces of one word.

    >>> join_pieces(["▁ri", "des"]), join_pieces(["well@@", "known"])
    ('rides', 'wellknown')
    >>> join_pieces(["▁"]), join_pieces(["▁co", "⟨00AD⟩", "op"])
    ('▁', 'coop')
    """
    parts = [token.removesuffix(GOES_ON) if n + 1 < len(tokens) else token for n, token in enumerate(tokens)]
    parts = [token.removeprefix(FOLLOWS) if n else token for n, token in enumerate(parts)]
    whole = "".join(parts) if len(parts) == 1 else HIDDEN.sub(_shape, "".join(parts))
    return whole.removeprefix(BEGIN) or tokens[0]


def _shape(found: re.Match[str]) -> str:
    """An invisible character's text between joined pieces: a joiner stays, all others are dropped."""
    return chr(int(found[1], 16)) if found[1] in ("200C", "200D") else ""
