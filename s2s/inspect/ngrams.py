"""The n-grams that one of two systems says more often and rightly, as in compare-mt (Neubig et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from s2s.evaluate.bootstrap import Floats
from s2s.evaluate.resampling import random_swaps
from s2s.inspect.target_words import Ints, Tokens, matches

ORDERS = 4  # lengths of n-grams
SMOOTHING = 1.0  # added to both counts of a share
MOST = 10  # n-grams of each system
LEAST = 5  # rows in which two systems must differ for an n-gram to be tested
TRIALS, FEWEST, WORK = 999, 199, 200_000_000  # of the test; fewer where they would add up more numbers


def ngrams(
    references: pa.ChunkedArray, first: pa.ChunkedArray, second: pa.ChunkedArray, most: int = MOST, seed: int = 0
) -> list[list[dict[str, Any]]]:
    """For each of two systems the n-grams that it says rightly more often, the most certain first.

    ``right`` and ``said`` are how often each system says the n-gram, rightly and at all; ``share`` is
    ``(own right + 1) / (both right + 2)``. ``p`` is of a randomisation test, corrected for all n-grams. Of n-grams
    within each other with equal counts only the longest is kept.
    """
    tokens = Tokens.of([references, first, second])
    gram_M, place_M, order_M = _all_orders(tokens)
    size = int(gram_M.max(initial=-1)) + 1
    counts, matched = matches(tokens, gram_M, place_M)
    said_2G, right_2G = (
        np.stack([np.bincount(gram, number, minlength=size) for _, gram, number in part])
        for part in (counts[1:], matched)
    )
    z_G, p_G = _tested(matched, tokens.rows, size, seed)
    place_G, order_G = np.zeros((2, size), dtype=np.int64)
    place_G[gram_M], order_G[gram_M] = place_M, order_M
    found = []
    for side, sign in enumerate((1, -1)):
        best_G = np.lexsort((-order_G, -sign * z_G))[: 20 * most]
        listed = [
            {
                "tokens": tokens.words.take(pa.array(tokens.word_M[place_G[g] : place_G[g] + order_G[g]])).to_pylist(),
                "right": right_2G[:, g].astype(int).tolist(),
                "said": said_2G[:, g].astype(int).tolist(),
                "share": float((right_2G[side, g] + SMOOTHING) / (right_2G[:, g].sum() + 2 * SMOOTHING)),
                "p": float(p_G[g]),
            }
            for g in best_G[sign * z_G[best_G] > 0].tolist()
        ]
        found.append(_longest(listed)[:most])
    return found


def _all_orders(tokens: Tokens) -> tuple[Ints, Ints, Ints]:
    """All n-grams by number, where each begins, and their lengths; equal ones have one number."""
    gram_M, place_M, first = tokens.word_M, np.arange(len(tokens.word_M)), len(tokens.words)
    parts = [(gram_M, place_M)]
    for order in range(2, ORDERS + 1):
        gram_M, place_M = _longer(tokens, gram_M, place_M, order)
        parts.append((gram_M + first, place_M))
        first += int(gram_M.max(initial=-1)) + 1
    order_M = np.repeat(np.arange(1, ORDERS + 1), [len(place) for _, place in parts])
    return np.concatenate([gram for gram, _ in parts]), np.concatenate([place for _, place in parts]), order_M


def _longer(tokens: Tokens, gram_M: Ints, place_M: Ints, order: int) -> tuple[Ints, Ints]:
    """N-grams with one more token, numbered from 0, and where each begins; from those with one less."""
    inside_M = place_M + order - 1 < len(tokens.word_M)
    gram_M, place_M = gram_M[inside_M], place_M[inside_M]
    end_M = place_M + order - 1
    same_M = (tokens.row_M[place_M] == tokens.row_M[end_M]) & (tokens.column_M[place_M] == tokens.column_M[end_M])
    number_M = gram_M[same_M] * max(1, len(tokens.words)) + tokens.word_M[end_M[same_M]]
    return np.unique(number_M, return_inverse=True)[1].astype(np.int64), place_M[same_M]


def _tested(matched: Sequence[tuple[Ints, ...]], rows: int, size: int, seed: int) -> tuple[Floats, Floats]:
    """By how many standard deviations the first system is ahead in each n-gram, and the corrected p value.

    A trial swaps the two outputs of each row with probability 1/2. p is the share of trials in which *any* n-gram is as
    far ahead, on either side; it is 1 for n-grams in which fewer than ``LEAST`` rows differ.
    """
    key_E = np.concatenate([row * max(1, size) + gram for row, gram, _ in matched])
    ahead_E = np.concatenate([matched[0][2], -matched[1][2]]).astype(float)
    key_E, place_E = np.unique(key_E, return_inverse=True)
    ahead_E = np.bincount(place_E, ahead_E, minlength=len(key_E))
    row_E, gram_E = key_E[ahead_E != 0] // max(1, size), key_E[ahead_E != 0] % max(1, size)
    ahead_E = ahead_E[ahead_E != 0]
    spread_G = np.sqrt(np.bincount(gram_E, ahead_E**2, minlength=size))
    z_G = np.bincount(gram_E, ahead_E, minlength=size) / np.maximum(spread_G, 1)
    often_G = np.bincount(gram_E, minlength=size) >= LEAST
    p_G = np.ones(size)
    if often_G.any():
        kept_E = often_G[gram_E]
        row_E, number_E, ahead_E = row_E[kept_E], (np.cumsum(often_G) - 1)[gram_E[kept_E]], ahead_E[kept_E]
        trials = max(FEWEST, min(TRIALS, WORK // len(row_E)))
        rng, largest = np.random.default_rng(seed), np.zeros(trials)
        for trial in range(trials):
            signs_N = 1.0 - 2.0 * random_swaps(rng, 1, rows)[0]
            sums = np.bincount(number_E, ahead_E * signs_N[row_E], minlength=int(often_G.sum()))
            largest[trial] = np.abs(sums / spread_G[often_G]).max()
        reached = (largest[:, None] >= np.abs(z_G[often_G]) - 1e-9).sum(axis=0)
        p_G[often_G] = (reached + 1) / (trials + 1)
    return z_G, p_G


def _longest(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are not within an earlier one with equal counts."""
    kept = list[dict[str, Any]]()
    for one in found:
        if not any(one["right"] == other["right"] and _within(one["tokens"], other["tokens"]) for other in kept):
            kept.append(one)
    return kept


def _within(short: Sequence[str], long: Sequence[str]) -> bool:
    return any(list(long[n : n + len(short)]) == list(short) for n in range(len(long) - len(short) + 1))
