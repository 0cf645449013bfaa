"""The slices of a test set in which a score is worst, with p values that are corrected for the whole search."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from s2s.evaluate.bootstrap import Bootstrap, Floats, plain, ratios
from s2s.inspect.columns import float_column
from s2s.inspect.matching import extra_columns, extra_values, mask, verdict_rows
from s2s.inspect.query import MOST, Query, Search
from s2s.inspect.table import Examples
from s2s.inspect.target_words import LAST_RANKS

HIGH_IS_WORSE = ("error", "nll")
LEAST, LEAST_SHARE = 20, 0.01  # rows of a slice, and of what is left; share of all rows
MOST_WORDS = 500  # words that are tried, the most frequent ones
BINS = 5  # of lengths, with about as many rows each
SIMILAR = 0.5  # Jaccard similarity of two slices from which they count as one
PERMUTATIONS = 999
FOUND = 10  # slices that are returned
BLOCK = 8_000_000  # permuted scores at a time
Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Candidate:
    """A slice to try: the kind of its condition, the condition's value, and the rows that meet it.

    - ``word``: a token of the source, in lower case.
    - ``source_length``, ``rarest_rank``: the least and the greatest value, None where there is no limit.
    - ``unknown``: the side (source, reference) that has a word outside the vocabulary.
    - ``extra``: a column of the user's own and its value.
    - ``given``: a key of the masks that a caller gave.
    """

    kind: str
    value: Any
    rows_N: Rows


@dataclass(frozen=True)
class WorstSlice:
    """A slice in which the score is worse than in the other rows.

    ``difference`` is the mean of the slice minus that of the rest, ``low`` and ``high`` its bootstrap interval, not
    corrected for the search; ``p`` is. ``also`` are slices of almost the same rows.
    """

    kind: str
    value: Any  # as that of a candidate
    count: int
    p: float
    also: tuple[tuple[str, Any], ...]
    mean: float | None
    rest: float | None
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class WorstSearch:
    """What was searched: the score, the number of rows and of candidates, and the worst slices, the worst first."""

    score: str
    rows: int
    candidates: int
    least: int
    found: tuple[WorstSlice, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON; each slice has ``slice``, its conditions (docs/INSPECT.md)."""
        values = asdict(self)
        for one in values["found"]:
            one["slice"] = json.loads(query_of(one["kind"], one["value"]).pack())
        return values


def query_of(kind: str, value: Any) -> Query:
    """The conditions that choose a slice. KeyError for a given mask.

    >>> query_of("word", "tea").pack()
    '{"searches":[{"text":"tea","how":"word","field":"source"}]}'
    """
    if kind == "word":
        return Query(searches=(Search(value, "word", "source"),))
    if kind in ("source_length", "rarest_rank"):
        return Query(ranges={kind: value})
    return {"unknown": lambda: Query(unknown=(value,)), "extra": lambda: Query(extra=dict([value]))}[kind]()


def worst_slices(
    examples: Examples,
    name: str = "chrf",
    rows_N: Rows | None = None,
    given: Mapping[Any, Rows] | None = None,
    high: bool | None = None,
    by: Bootstrap | None = None,
) -> WorstSearch:
    """Search words, lengths, ranks, unknown words and given masks for the slices in which a column's mean is worst.

    Only among some rows, if a mask is given. ``high``: high values are bad, by default as the column says. p values
    are those of a permutation test of the largest statistic over all candidates (Westfall and Young 1993): the share
    of shuffled scores in which *any* candidate is as bad.
    """
    by, high = by or Bootstrap(), name in HIGH_IS_WORSE if high is None else high
    score_N = verdict_rows(examples, name).astype(float) if name == "error" else float_column(examples.column(name))
    kept_N = np.isfinite(score_N) & (True if rows_N is None else rows_N)
    bad_N = score_N[kept_N] if high else -score_N[kept_N]
    least = max(LEAST, int(LEAST_SHARE * len(bad_N)))
    tried = [
        Candidate(one.kind, one.value, inside_N)
        for one in candidates(examples, kept_N, given or {}, least)
        if least <= (inside_N := one.rows_N[kept_N]).sum() <= len(bad_N) - least
    ]
    if not tried or bad_N.std() == 0:
        return WorstSearch(name, len(bad_N), len(tried), least, ())
    rows_CN = np.stack([one.rows_N for one in tried])
    z_C, p_C = max_t(rows_CN, bad_N, by.seed)
    kept = collapsed(rows_CN, np.argsort(-z_C, kind="stable")[: 20 * FOUND])
    found = [c for c in kept if z_C[c] > 0][:FOUND]
    effects = _effects(rows_CN[found], score_N[kept_N], by) if found else ()
    slices = []
    for c, effect in zip(found, effects, strict=True):
        also = tuple((tried[other].kind, tried[other].value) for other in kept[c])
        count = int(rows_CN[c].sum())
        slices.append(WorstSlice(tried[c].kind, tried[c].value, count, float(p_C[c]), also, **effect))
    return WorstSearch(name, len(bad_N), len(tried), least, tuple(slices))


def max_t(rows_CN: Rows, bad_N: Floats, seed: int = 0, permutations: int = PERMUTATIONS) -> tuple[Floats, Floats]:
    """The statistic of each candidate, and its p value by the permutation distribution of the largest statistic.

    The statistic is the sum of the slice, minus its mean and divided by its standard deviation over all permutations
    of the values. p is ``(c + 1) / (permutations + 1)``: c permutations have *some* candidate that is as large.
    """
    count_C, total = rows_CN.sum(axis=1), len(bad_N)
    scaled_N = ((bad_N - bad_N.mean()) / bad_N.std()).astype(np.float32)
    deviation_C = np.sqrt(count_C * (total - count_C) / (total - 1))
    weights_CN = (rows_CN / deviation_C[:, None]).astype(np.float32)
    z_C: Floats = (weights_CN @ scaled_N).astype(float)
    rng, largest, block = np.random.default_rng(seed), list[Floats](), max(1, BLOCK // total)
    for start in range(0, permutations, block):
        shuffled_PN = np.tile(scaled_N, (min(block, permutations - start), 1))
        largest.append((rng.permuted(shuffled_PN, axis=1, out=shuffled_PN) @ weights_CN.T).max(axis=1))
    largest_P = np.sort(np.concatenate(largest))
    reached_C = permutations - np.searchsorted(largest_P, z_C - 1e-3, side="left")  # equal up to rounding
    p_C: Floats = (reached_C + 1) / (permutations + 1)
    return z_C, p_C


def collapsed(rows_CN: Rows, order: Sequence[int] | NDArray[np.intp]) -> dict[int, list[int]]:
    """Candidates in an order without those similar to an earlier one; these are listed with that one."""
    kept: dict[int, list[int]] = {}
    for c in map(int, order):
        for other, same in kept.items():
            shared = np.count_nonzero(rows_CN[c] & rows_CN[other])
            if shared >= SIMILAR * np.count_nonzero(rows_CN[c] | rows_CN[other]):
                same.append(c)
                break
        else:
            kept[c] = []
    return kept


def candidates(examples: Examples, kept_N: Rows, given: Mapping[Any, Rows], least: int) -> Iterator[Candidate]:
    """All slices that are tried, also those that turn out too small."""
    yield from _words(examples.columns("source_tokens")["source_tokens"], kept_N, least)
    lengths_N = float_column(examples.column("source_length"))
    if kept_N.any():
        quantiles = np.quantile(lengths_N[kept_N], np.arange(1, BINS) / BINS, method="inverted_cdf")
        ends = [int(end) for end in np.unique(quantiles) if end < lengths_N[kept_N].max()]
        yield from _ranges("source_length", lengths_N, ends)
    yield from _ranges("rarest_rank", float_column(examples.column("rarest_rank")), LAST_RANKS)
    for name, values in extra_columns(examples).items():
        column = extra_values(examples, name)
        for value in values:
            yield Candidate("extra", (name, value), mask(pc.equal(column, value)))
    for side in ("source", "reference"):
        number = pc.list_value_length(examples.columns(f"{side}_unknown")[f"{side}_unknown"])
        yield Candidate("unknown", side, float_column(number) > 0)
    for key, rows_N in given.items():
        yield Candidate("given", key, rows_N)


def _words(tokens: pa.ChunkedArray, kept_N: Rows, least: int) -> Iterator[Candidate]:
    """The most frequent tokens that enough rows have."""
    lists = tokens.combine_chunks()
    row_M = np.repeat(np.arange(len(lists)), float_column(pc.list_value_length(lists)).astype(int))
    words = pc.utf8_lower(pc.utf8_normalize(lists.flatten(), form="NFC")).dictionary_encode()
    pair_M = np.unique(words.indices.to_numpy().astype(np.int64) * len(lists) + row_M)
    word_M, row_M = pair_M // max(1, len(lists)), pair_M % max(1, len(lists))
    count_V = np.bincount(word_M[kept_N[row_M]], minlength=len(words.dictionary))
    for word in np.argsort(-count_V, kind="stable")[:MOST_WORDS].tolist():
        text = words.dictionary[word].as_py()
        if count_V[word] >= least and text.split() == [text] and len(text) <= MOST:
            first, last = np.searchsorted(word_M, [word, word + 1])
            rows_N = np.zeros(len(lists), dtype=bool)
            rows_N[row_M[first:last]] = True
            yield Candidate("word", text, rows_N)


def _ranges(name: str, values_N: Floats, ends: Sequence[int]) -> Iterator[Candidate]:
    """Ranges of whole numbers that end at some values; the first and the last have no limit on one side."""
    for below, high in itertools.pairwise([None, *ends, None]):
        low = None if below is None else below + 1
        reach_N = values_N >= (-np.inf if low is None else low)
        if ends:
            yield Candidate(name, (low, high), reach_N & (values_N <= (np.inf if high is None else high)))


def _effects(rows_CN: Rows, score_N: Floats, by: Bootstrap) -> list[dict[str, float | None]]:
    """Mean of each slice, mean of its rest, their difference, and the interval of the difference."""
    inside_NC = rows_CN.T.astype(float)
    values_NC = score_N[:, None] * inside_NC
    columns_NK = np.hstack([values_NC, score_N[:, None] - values_NC, inside_NC, 1 - inside_NC])

    def means(sums_RK: Floats) -> Floats:
        inside_RC, rest_RC = np.split(ratios(sums_RK), 2, axis=1)
        return np.hstack([inside_RC, rest_RC, inside_RC - rest_RC])

    value_M, low_M, high_M = by.interval(columns_NK, means)
    parts = [*np.split(value_M, 3), *(np.split(end_M, 3)[2] for end_M in (low_M, high_M))]
    names = ("mean", "rest", "difference", "low", "high")
    return [dict(zip(names, one, strict=True)) for one in zip(*map(plain, parts), strict=True)]
