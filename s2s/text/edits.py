"""A source as tokens that one changes: each function gives new tokens and leaves the old ones alone."""

from __future__ import annotations

from collections.abc import Sequence

from s2s.text.vocab import SPECIALS, UNK

MASK = SPECIALS[UNK]
Tokens = tuple[str, ...]


def replace(tokens: Sequence[str], place: int, *words: str) -> Tokens:
    """Other words, one or more, for the token at a place; IndexError where there is none.

    >>> replace(("我", "爱", "你"), 1, "不", "爱")
    ('我', '不', '爱', '你')
    """
    if not 0 <= place < len(tokens):
        raise IndexError(place)
    return (*tokens[:place], *words, *tokens[place + 1 :])


def delete(tokens: Sequence[str], place: int) -> Tokens:
    """Without the token at a place."""
    return replace(tokens, place)


def mask(tokens: Sequence[str], place: int) -> Tokens:
    """With ``<unk>`` for the token at a place."""
    return replace(tokens, place, MASK)


def split(tokens: Sequence[str], place: int, pieces: Sequence[str]) -> Tokens:
    """The token at a place as smaller ones, which must spell it.

    >>> split(("骑", "自行车"), 1, ["自行", "车"])
    ('骑', '自行', '车')
    """
    if "".join(pieces) != tokens[place] or not all(pieces):
        raise ValueError(f"{' '.join(pieces)} does not spell {tokens[place]}")
    return replace(tokens, place, *pieces)


def join(tokens: Sequence[str], place: int) -> Tokens:
    """The token at a place and the next one as one token.

    >>> join(("骑", "自行", "车"), 1)
    ('骑', '自行车')
    """
    return replace(delete(tokens, place + 1), place, tokens[place] + tokens[place + 1])


def can_join(tokens: Sequence[str], place: int) -> bool:
    """Whether there is a next token and both are words: a mask has no letters to join."""
    return 0 <= place < len(tokens) - 1 and not {tokens[place], tokens[place + 1]} & set(SPECIALS)
