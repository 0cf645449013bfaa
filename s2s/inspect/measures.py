"""Measures of one example that need no model: repetition, coverage and entropy of attention (docs/INSPECT.md)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2s.text.vocab import SPECIALS

Array = NDArray[np.float32]
NEVER = 0.1  # attention summed over the steps; a source token with less counts as never attended
OFTEN = 2.5  # attention summed over the steps; a source token with more counts as attended too often


def repetition(tokens: Sequence[str]) -> float:
    """The share of pairs of neighbouring tokens that occurred before; 0 if there are no pairs.

    >>> repetition("no no no".split()), repetition("a b a c".split())
    (0.5, 0.0)
    """
    pairs = list(itertools.pairwise(tokens))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0


def mean_probability(log_prob_T: NDArray[np.float64]) -> float:
    """The mean probability of the output's tokens."""
    return float(np.exp(log_prob_T).mean())


def attention(attention_TS: Array) -> dict[str, Any]:
    """The columns about attention: coverage ``Σ_t α_ts`` with its low and high positions, entropy, last token."""
    coverage_S: Array = attention_TS.sum(axis=0)
    return {
        "coverage": coverage_S.tolist(),
        "never_looked": never_looked(coverage_S),
        "looked_often": looked_often(coverage_S),
        "attention_entropy": entropy(attention_TS),
        "attention_last": float(attention_TS[:, -1].mean()),
    }


def never_looked(coverage_S: Array) -> list[int]:
    """Source positions with ``Σ_t α_ts`` below 0.1."""
    return [int(s) for s in np.flatnonzero(coverage_S < NEVER)]


def looked_often(coverage_S: Array) -> list[int]:
    """Source positions with ``Σ_t α_ts`` above 2.5."""
    return [int(s) for s in np.flatnonzero(coverage_S > OFTEN)]


def entropy(attention_TS: Array) -> float:
    """``-Σ_s α_ts log α_ts`` in nats, averaged over the steps.

    >>> round(entropy(np.array([[0.5, 0.5], [1.0, 0.0]], np.float32)), 4)
    0.3466
    """
    logs_TS = np.log(np.maximum(attention_TS, np.finfo(np.float32).tiny))
    return float(-(attention_TS * logs_TS).sum(axis=1).mean())


def rarest_rank(ids: Sequence[int]) -> int | None:
    """The rank of the rarest known token, from 1, in a vocabulary sorted by frequency; None without a known token.

    >>> rarest_rank([4, 1, 19]), rarest_rank([1])
    (16, None)
    """
    known = [i - len(SPECIALS) + 1 for i in ids if i >= len(SPECIALS)]
    return max(known, default=None)


def first_miss(hits: Sequence[bool]) -> int | None:
    """The index of the first False; None if there is none."""
    return next((t for t, hit in enumerate(hits) if not hit), None)
