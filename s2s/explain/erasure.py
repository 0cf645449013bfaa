"""Erasure of source tokens: they are deleted before the encoder reads, while the output prefix stays.

A source with no tokens left is replaced by a single ``<unk>``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from torch import Tensor

from s2s.explain.replay import Lane, Pausing, run_to_end, walking, walking_each
from s2s.model import Model
from s2s.text.vocab import UNK

EXACT = 8  # source tokens, at most, of which every subset is tried
SEARCHED = 20  # source tokens, at most, for which the best and the worst order are searched


def select_tokens(source: Sequence[int], kept: Collection[int]) -> list[int]:
    """The source tokens at the positions ``kept``, in source order; ``<unk>`` if there are none.

    >>> select_tokens([7, 8, 9], {2, 0}), select_tokens([7, 8, 9], [])
    ([7, 9], [1])
    """
    return [token for s, token in enumerate(source) if s in kept] or [UNK]


def leave_one_out(model: Model, lane: Lane, steps: Sequence[int]) -> Tensor:
    """``leaving_one_out`` without pauses."""
    return run_to_end(leaving_one_out(model, lane, steps))


def leaving_one_out(model: Model, lane: Lane, steps: Sequence[int]) -> Pausing[Tensor]:
    """``log p(w | x) - log p(w | x without token s)`` of each step's word: (len(steps), S) nats.

    Erasure after Li, Monroe and Jurafsky (2016), as a difference of log-probabilities.
    """
    every = range(len(lane.source))
    kept = [list(every), *([i for i in every if i != s] for s in every)]
    log_probs_NK = yield from walking(model, lane, [select_tokens(lane.source, places) for places in kept], steps, kept)
    return (log_probs_NK[0] - log_probs_NK[1:]).t()


def counts(length: int) -> list[int]:
    """The values of k: 1 … S-1, or about every tenth of S if S is above 11, symmetric around S/2.

    >>> counts(5), counts(31)
    ([1, 2, 3, 4], [3, 6, 9, 12, 15, 16, 19, 22, 25, 28])
    """
    below = {i * length // 10 for i in range(1, 6)} if length > 11 else {*range(1, length // 2 + 1)}
    return sorted({k for n in below if n for k in (n, length - n)})


class Bounds(NamedTuple):
    """The lowest and the highest mean of ``p(w)`` over ``counts`` that any order of deletions reaches.

    ``exact``: all orders were tried; otherwise a greedy search gave the values.
    """

    low: float
    high: float
    exact: bool


class Removal(NamedTuple):
    """``p(w)`` when tokens are deleted, or kept alone, in the order of attention (DeYoung et al. 2020, section 4).

    For every k of ``counts``, ``without`` has ``p(w)`` without the k tokens of largest weight, ``with_only`` has it
    with these alone. Both are empty for a source of one token.
    """

    counts: tuple[int, ...]
    full: float  # p(w | x)
    without: tuple[float, ...]
    with_only: tuple[float, ...]
    bounds: Bounds | None

    @property
    def comprehensiveness(self) -> float | None:
        """The mean over k of ``p(w | x) - p(w | x without its top k)``, an area over a curve (AOPC)."""
        return None if not self.counts else self.full - _mean(self.without)

    @property
    def sufficiency(self) -> float | None:
        """The mean over k of ``p(w | x) - p(w | its top k alone)``."""
        return None if not self.counts else self.full - _mean(self.with_only)

    @property
    def normalised(self) -> tuple[float | None, float | None]:
        """Comprehensiveness and sufficiency, 0 for the worst order and 1 for the best (NAOPC, Edin et al. 2025).

        Both are None if the bounds are missing or too close together.
        """
        if self.bounds is None or not self.counts:
            return None, None
        without, with_only = _mean(self.without), _mean(self.with_only)
        low, high = (f(bound, without, with_only) for f, bound in ((min, self.bounds.low), (max, self.bounds.high)))
        if high - low < 1e-6:
            return None, None
        return (high - without) / (high - low), (with_only - low) / (high - low)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def removals(model: Model, lane: Lane, steps: Sequence[int], attention_KS: Tensor) -> list[Removal]:
    """``removing`` without pauses."""
    return run_to_end(removing(model, lane, steps, attention_KS))


def removing(model: Model, lane: Lane, steps: Sequence[int], attention_KS: Tensor) -> Pausing[list[Removal]]:
    """One ``Removal`` per step, without bounds; ``attention_KS`` has the weights of each step."""
    sizes = counts(len(lane.source))
    kept, places = [list(range(len(lane.source)))] * len(steps), list(steps)
    for t, attention_S in zip(steps, attention_KS, strict=True):
        order = attention_S.argsort(descending=True, stable=True).tolist()
        kept += [sorted(order[k:]) for k in sizes]
        kept += [sorted(order[:k]) for k in sizes]
        places += [t] * 2 * len(sizes)
    sources = [select_tokens(lane.source, row) for row in kept]
    log_probs_N = yield from walking_each(model, lane, sources, places, kept)
    p = log_probs_N.exp()
    full, rest_KCN = p[: len(steps)].tolist(), p[len(steps) :].view(len(steps), 2, len(sizes)).tolist()
    return [
        Removal(tuple(sizes), whole_p, tuple(without), tuple(alone), None)
        for whole_p, (without, alone) in zip(full, rest_KCN, strict=True)
    ]


def bounds(model: Model, lane: Lane, steps: Sequence[int]) -> list[Bounds]:
    """``bounding`` without pauses."""
    return run_to_end(bounding(model, lane, steps))


def bounding(model: Model, lane: Lane, steps: Sequence[int]) -> Pausing[list[Bounds]]:
    """The bounds of each step: exact up to ``EXACT`` source tokens, by greedy search above."""
    if len(lane.source) > EXACT:
        low = yield from _greedy(model, lane, steps, 1)
        high = yield from _greedy(model, lane, steps, -1)
        return [Bounds(a, b, False) for a, b in zip(low, high, strict=True)]
    every = range(len(lane.source))
    sets = [kept for size in every[1:] for kept in combinations(every, size)]
    log_probs_NK = yield from walking(model, lane, [select_tokens(lane.source, kept) for kept in sets], steps, sets)
    names = [frozenset(kept) for kept in sets]
    by_subset = [dict(zip(names, p_N.tolist(), strict=True)) for p_N in log_probs_NK.exp().t()]
    return [Bounds(_chain(p, min), _chain(p, max), True) for p in by_subset]


def _chain(p: dict[frozenset[int], float], choose: Callable[[Iterable[float]], float]) -> float:
    """The lowest or highest mean of p over a chain of token sets that grows by one token, from one to S-1 tokens."""
    reached = dict[frozenset[int], float]()
    for kept, value in p.items():  # smaller sets come first
        before = [reached[kept - {s}] for s in kept if len(kept) > 1]
        reached[kept] = value + (choose(before) if before else 0.0)
    size = max(map(len, p))
    return choose(value for kept, value in reached.items() if len(kept) == size) / size


def _greedy(model: Model, lane: Lane, steps: Sequence[int], sign: int) -> Pausing[list[float]]:
    """The mean of p(w) if each deletion is the one that leaves p(w) lowest (sign 1) or highest (sign -1)."""
    kept = [set(range(len(lane.source))) for _ in steps]
    sizes = counts(len(lane.source))
    totals = [0.0] * len(steps)
    for gone in range(1, max(sizes) + 1):
        tried = [(n, s) for n in range(len(steps)) for s in sorted(kept[n])]
        left = [sorted(kept[n] - {s}) for n, s in tried]
        sources, places = [select_tokens(lane.source, row) for row in left], [steps[n] for n, _ in tried]
        log_probs_N = yield from walking_each(model, lane, sources, places, left)
        best = [(math.inf, 0)] * len(steps)
        for (n, s), value in zip(tried, log_probs_N.tolist(), strict=True):
            best[n] = min(best[n], (sign * value, s))
        for n, (value, s) in enumerate(best):
            kept[n].remove(s)
            if gone in sizes:
                totals[n] += math.exp(sign * value)
    return [total / len(sizes) for total in totals]
