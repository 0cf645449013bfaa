"""Alignment error rate (Och and Ney 2003): links of a model's tokens against those that annotators drew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from s2s.checkpoint.record import Side
from s2s.data.batches import MAX_TOKENS, Ids, Links
from s2s.evaluate.bootstrap import Bootstrap, Floats, divide
from s2s.evaluate.measured import Estimate
from s2s.explain.gold_links import Gold
from s2s.explain.token_spans import Overlap, cut, overlap, project


def error_rate(predicted: Iterable[Links], golds: Iterable[tuple[Links, Links]]) -> float | None:
    """``AER = 1 - (Σ|A∩S| + Σ|A∩P|) / (Σ|A| + Σ|S|)`` (Och and Ney 2003, eq. 21); ``golds`` has (S, P) per sentence.

    None if there are no links at all.

    >>> error_rate([frozenset({(0, 0), (1, 2)})], [(frozenset({(0, 0)}), frozenset({(0, 0), (1, 1)}))])
    0.33333333333333337
    """
    return rate([_counts(a, sure, possible) for a, (sure, possible) in zip(predicted, golds, strict=True)])


def rate(counts: Sequence[Sequence[int]]) -> float | None:
    """The error rate from (|A∩S|, |A∩P|, |A|, |S|) per sentence; None without sentences or links."""
    sums_1K = np.array(counts, dtype=np.float64).reshape(-1, 4).sum(axis=0, keepdims=True)
    value = float(_rates(sums_1K)[0, 0])
    return None if np.isnan(value) else value


def _counts(predicted: Links, sure: Links, possible: Links) -> list[int]:
    """|A∩S|, |A∩P|, |A| and |S| of one sentence."""
    return [len(predicted & sure), len(predicted & possible), len(predicted), len(sure)]


def _rates(sums_RK: Floats) -> Floats:
    """AER, precision ``|A∩P|/|A|`` and recall ``|A∩S|/|S|`` from sums of ``_counts``: (R, 3)."""
    hit_sure, hit_possible, predicted, sure = sums_RK.T
    error_rate_R = 1 - divide(hit_sure + hit_possible, predicted + sure)
    return np.stack([error_rate_R, divide(hit_possible, predicted), divide(hit_sure, sure)], axis=1)


@dataclass(frozen=True)
class Score:
    """The scores of one way of linking over the whole file."""

    error_rate: Estimate
    precision: Estimate
    recall: Estimate


def alignment_score(counts: Sequence[Sequence[int]], bootstrap: Bootstrap) -> Score:
    """The rates with intervals over sentences, from (|A∩S|, |A∩P|, |A|, |S|) per sentence."""
    columns_NK = np.array(counts, dtype=np.float64)
    total = columns_NK.sum(axis=0)
    rates = bootstrap.curve(columns_NK, _rates, np.array([total[2] + total[3], total[2], total[3]]))
    return Score(*map(rates.at, range(3)))


@dataclass(frozen=True)
class GoldPair:
    """A gold pair in the model's tokens and ids; by model token the gold tokens that it overlaps, and the inverse."""

    gold: Gold
    tokens: tuple[list[str], list[str]]
    ids: Ids
    source: Overlap
    target: Overlap
    inverse: tuple[Overlap, Overlap]


def gold_pair(source: Side, target: Side, gold: Gold, longest: int | None = None) -> GoldPair | None:
    """None if a side is empty, too long (``longest`` limits the source), or cannot be mapped to the gold tokens."""
    both = cut(source, gold.source), cut(target, gold.target)
    if both[0] is None or both[1] is None or not all(side and 0 < len(side[0]) <= MAX_TOKENS for side in both):
        return None
    (source_tokens, own_s, gold_s), (target_tokens, own_t, gold_t) = both[0], both[1]
    if longest is not None and len(source_tokens) > longest:
        return None
    ids = source.vocab.encode(source_tokens), target.vocab.encode(target_tokens)
    inverse = overlap(gold_s, own_s), overlap(gold_t, own_t)
    return GoldPair(gold, (source_tokens, target_tokens), ids, overlap(own_s, gold_s), overlap(own_t, gold_t), inverse)


def gold_counts(pair: GoldPair, predicted: Links, positions: set[int]) -> list[int]:
    """Counts in gold tokens, limited to those that overlap the model's target tokens at ``positions``."""
    covered = {j for t in positions for j in pair.target[t]}
    sure, possible = (frozenset(x for x in gold if x[1] in covered) for gold in (pair.gold.sure, pair.gold.possible))
    predicted = frozenset(link for link in predicted if link[1] in positions)
    return _counts(project(predicted, pair.source, pair.target), sure, possible)


def token_counts(pair: GoldPair, predicted: Links, positions: set[int]) -> list[int]:
    """Counts in the model's tokens; a gold link links all model tokens that its two tokens overlap."""
    return _counts(predicted, *(project(gold, *pair.inverse) for gold in (pair.gold.sure, pair.gold.possible)))
