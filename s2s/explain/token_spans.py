"""Tokens cut in two ways as spans of one text, so that links between the ones become links between the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from s2s.checkpoint.record import Side
from s2s.text.segmenters import SPACE

Span = tuple[int, int]  # from and to, in characters that are no spaces
Links = frozenset[tuple[int, int]]  # (source token, target token), from 0


def spans(tokens: Sequence[str]) -> list[Span]:
    """Where each token stands among the characters of all; a space is none.

    >>> spans(["ab", "␣", "c"])
    [(0, 2), (2, 2), (2, 3)]
    """
    ends = list(accumulate(len(token.replace(SPACE, "").replace(" ", "")) for token in tokens))
    return list(zip([0, *ends], ends, strict=False))


def cut(side: Side, given: Sequence[str]) -> tuple[list[str], list[Span], list[Span]] | None:
    """A side's own tokens of a text that is given in tokens, where they stand, and where the given ones stand.

    The marks that a model reads around them stand at no character. Each given token is cut alone, too, so that what
    cleaning makes of it is measured alike. None where the two do not come to the same length, as then nothing says
    which character is which.
    """
    spaced = side.segmenter.name not in ("jieba", "characters")
    words = side.words(" ".join(given) if spaced else side.segmenter.join(list(given)))
    alone = ["".join(side.words(token)) for token in given]
    own, theirs = spans(words), spans(alone)
    if not own or own[-1][1] != theirs[-1][1]:
        return None
    end, marked, leading = own[-1][1], side.vocab.marked(words), side.vocab.leading
    after = len(marked) - leading - len(own)
    return marked, [(0, 0)] * leading + own + [(end, end)] * after, theirs


def project(links: Links, source: Overlap, target: Overlap) -> Links:
    """The links between the tokens that each link's two tokens share a character with."""
    return frozenset((i, j) for s, t in links for i in source[s] for j in target[t])


Overlap = Sequence[Sequence[int]]


def overlap(spans: Sequence[Span], others: Sequence[Span]) -> list[list[int]]:
    """For each span the others that share a character with it.

    >>> overlap([(0, 2), (2, 3)], [(0, 1), (1, 3)])
    [[0, 1], [1]]
    """
    return [[k for k, (c, d) in enumerate(others) if max(a, c) < min(b, d)] for a, b in spans]
