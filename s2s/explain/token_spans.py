"""Two tokenisations of one text as character spans, to map links between the tokens of one to those of the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from s2s.checkpoint.record import Side
from s2s.data.batches import Links
from s2s.text.segmenters import SPACE

if TYPE_CHECKING:
    from s2s.explain.gold_links import Gold

Span = tuple[int, int]  # start and end, counted in characters without spaces


def spans(tokens: Sequence[str]) -> list[Span]:
    """The span of each token among the characters of all tokens, spaces not counted.

    >>> spans(["ab", "␣", "c"])
    [(0, 2), (2, 2), (2, 3)]
    """
    ends = list(accumulate(len(token.replace(SPACE, "").replace(" ", "")) for token in tokens))
    return list(zip([0, *ends], ends, strict=False))


def text_of(side: Side, given: Sequence[str]) -> str:
    """The text of given tokens as the side's language writes it, with or without spaces."""
    spaced = side.segmenter.name not in ("jieba", "characters")
    return " ".join(given) if spaced else side.segmenter.join(list(given))


def texts_of(source: Side, target: Side, golds: Sequence[Gold]) -> list[tuple[str, str]]:
    """Pairs whose words people have linked, as texts."""
    return [(text_of(source, gold.source), text_of(target, gold.target)) for gold in golds]


def cut(side: Side, given: Sequence[str]) -> tuple[list[str], list[Span], list[Span]] | None:
    """A side's tokens of a text that is given in tokens, their spans, and the spans of the given tokens.

    The special tokens that a model reads around a text have empty spans. Each given token is also cut alone, so that
    both lengths are counted after the same cleaning. None if the two lengths differ, as characters cannot be matched.
    """
    words = side.words(text_of(side, given))
    alone = ["".join(side.words(token)) for token in given]
    own, theirs = spans(words), spans(alone)
    if not own or own[-1][1] != theirs[-1][1]:
        return None
    end, marked, leading = own[-1][1], side.vocab.marked(words), side.vocab.leading
    after = len(marked) - leading - len(own)
    return marked, [(0, 0)] * leading + own + [(end, end)] * after, theirs


def project(links: Links, source: Overlap, target: Overlap) -> Links:
    """Replace both tokens of each link by all tokens that overlap them in the other tokenisation."""
    return frozenset((i, j) for s, t in links for i in source[s] for j in target[t])


Overlap = Sequence[Sequence[int]]


def overlap(spans: Sequence[Span], others: Sequence[Span]) -> list[list[int]]:
    """For each span the indices of the other spans that share a character with it.

    >>> overlap([(0, 2), (2, 3)], [(0, 1), (1, 3)])
    [[0, 1], [1]]
    """
    return [[k for k, (c, d) in enumerate(others) if max(a, c) < min(b, d)] for a, b in spans]
