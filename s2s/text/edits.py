"""Edits of a tokenized source: each function returns new tokens and leaves its argument unchanged."""

from __future__ import annotations

from collections.abc import Sequence

from s2s.text.vocab import SPECIALS, UNK

MASK = SPECIALS[UNK]
Tokens = tuple[str, ...]


def replace(tokens: Sequence[str], index: int, *words: str) -> Tokens:
    """Replace the token at an index by one or more words; IndexError beyond the end.

    >>> replace(("我", "爱", "你"), 1, "不", "爱")
    ('我', '不', '爱', '你')
    """
    if not 0 <= index < len(tokens):
        raise IndexError(index)
    return (*tokens[:index], *words, *tokens[index + 1 :])


def delete(tokens: Sequence[str], index: int) -> Tokens:
    """Remove the token at an index."""
    return replace(tokens, index)


def mask(tokens: Sequence[str], index: int) -> Tokens:
    """Replace the token at an index by ``<unk>``."""
    return replace(tokens, index, MASK)


def split(tokens: Sequence[str], index: int, pieces: Sequence[str]) -> Tokens:
    """Split the token at an index into pieces, which must spell it.

    >>> split(("骑", "自行车"), 1, ["自行", "车"])
    ('骑', '自行', '车')
    """
    if "".join(pieces) != tokens[index] or not all(pieces):
        raise ValueError(f"{' '.join(pieces)} does not spell {tokens[index]}")
    return replace(tokens, index, *pieces)


def join(tokens: Sequence[str], index: int) -> Tokens:
    """Join the token at an index with the next one.

    >>> join(("骑", "自行", "车"), 1)
    ('骑', '自行车')
    """
    return replace(delete(tokens, index + 1), index, tokens[index] + tokens[index + 1])


def can_join(tokens: Sequence[str], index: int) -> bool:
    """Whether there is a next token and neither is ``<unk>``, which has no letters."""
    return 0 <= index < len(tokens) - 1 and not {tokens[index], tokens[index + 1]} & set(SPECIALS)
