"""What the model says when source tokens are gone: deleted before the encoder reads, the prefix kept.

A source of which nothing would be left is a single ``<unk>``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from torch import Tensor

from s2s.explain.replay import Lane, Pausing, walking, walking_each, whole
from s2s.model import Model
from s2s.text.vocab import UNK

EXACT = 8  # source tokens of which every subset is tried
SEARCHED = 20  # of more the best and the worst order are not sought


def only(source: Sequence[int], kept: Collection[int]) -> list[int]:
    """The source's tokens at these positions, in their order.

    >>> only([7, 8, 9], {2, 0}), only([7, 8, 9], [])
    ([7, 9], [1])
    """
    return [token for s, token in enumerate(source) if s in kept] or [UNK]


def leave_one_out(model: Model, lane: Lane, steps: Sequence[int]) -> Tensor:
    """``leaving_one_out``, all at once."""
    return whole(leaving_one_out(model, lane, steps))


def leaving_one_out(model: Model, lane: Lane, steps: Sequence[int]) -> Pausing[Tensor]:
    """``log p(w | x) - log p(w | x without token s)`` of each step's word: (len(steps), S) nats."""
    every = range(len(lane.source))
    kept = [list(every), *([i for i in every if i != s] for s in every)]
    log_probs_NK = yield from walking(model, lane, [only(lane.source, places) for places in kept], steps, kept)
    return (log_probs_NK[0] - log_probs_NK[1:]).t()


def counts(length: int) -> list[int]:
    """How many tokens are taken: 1 … S-1, of longer sources about every tenth, as many below the half as above.

    >>> counts(5), counts(31)
    ([1, 2, 3, 4], [3, 6, 9, 12, 15, 16, 19, 22, 25, 28])
    """
    below = {i * length // 10 for i in range(1, 6)} if length > 11 else {*range(1, length // 2 + 1)}
    return sorted({k for n in below if n for k in (n, length - n)})


class Bounds(NamedTuple):
    """Lowest and highest mean of ``p(w)`` over ``counts`` that any order of taking tokens away reaches."""

    low: float
    high: float
    exact: bool


class Removal(NamedTuple):
    """What is left of ``p(w)`` when tokens go, or stay, in the order of attention (DeYoung et al. 2020, section 4).

    ``without`` and ``with_only`` have ``p(w)`` without the k tokens of most attention, and with these alone,
    for every k of ``counts``; empty for a source of one token.
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
        """Both between the worst order, 0, and the best, 1 (NAOPC: Edin et al. 2025)."""
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
    """``removing``, all at once."""
    return whole(removing(model, lane, steps, attention_KS))


def removing(model: Model, lane: Lane, steps: Sequence[int], attention_KS: Tensor) -> Pausing[list[Removal]]:
    """A removal a step, without bounds."""
    sizes = counts(len(lane.source))
    kept, places = [list(range(len(lane.source)))] * len(steps), list(steps)
    for t, attention_S in zip(steps, attention_KS, strict=True):
        order = attention_S.argsort(descending=True, stable=True).tolist()
        kept += [sorted(order[k:]) for k in sizes]
        kept += [sorted(order[:k]) for k in sizes]
        places += [t] * 2 * len(sizes)
    sources = [only(lane.source, row) for row in kept]
    log_probs_N = yield from walking_each(model, lane, sources, places, kept)
    p = log_probs_N.exp()
    full, rest_KCN = p[: len(steps)].tolist(), p[len(steps) :].view(len(steps), 2, len(sizes)).tolist()
    return [
        Removal(tuple(sizes), whole_p, tuple(without), tuple(alone), None)
        for whole_p, (without, alone) in zip(full, rest_KCN, strict=True)
    ]


def bounds(model: Model, lane: Lane, steps: Sequence[int]) -> list[Bounds]:
    """``bounding``, all at once."""
    return whole(bounding(model, lane, steps))


def bounding(model: Model, lane: Lane, steps: Sequence[int]) -> Pausing[list[Bounds]]:
    """The best and the worst order of each step, exactly for few tokens, else as a greedy search finds them."""
    if len(lane.source) > EXACT:
        low = yield from _greedy(model, lane, steps, 1)
        high = yield from _greedy(model, lane, steps, -1)
        return [Bounds(a, b, False) for a, b in zip(low, high, strict=True)]
    every = range(len(lane.source))
    sets = [kept for size in every[1:] for kept in combinations(every, size)]
    log_probs_NK = yield from walking(model, lane, [only(lane.source, kept) for kept in sets], steps, sets)
    names = [frozenset(kept) for kept in sets]
    found = [dict(zip(names, p_N.tolist(), strict=True)) for p_N in log_probs_NK.exp().t()]
    return [Bounds(_chain(p, min), _chain(p, max), True) for p in found]


def _chain(p: dict[frozenset[int], float], choose: Callable[[Iterable[float]], float]) -> float:
    """The lowest or highest mean of p over a chain of sets that grows token by token, from one to S-1."""
    reached = dict[frozenset[int], float]()
    for kept, value in p.items():  # smaller sets come first
        before = [reached[kept - {s}] for s in kept if len(kept) > 1]
        reached[kept] = value + (choose(before) if before else 0.0)
    size = max(map(len, p))
    return choose(value for kept, value in reached.items() if len(kept) == size) / size


def _greedy(model: Model, lane: Lane, steps: Sequence[int], sign: int) -> Pausing[list[float]]:
    """The mean of p(w) when at every turn the token goes without which p(w) is lowest (sign 1) or highest (-1)."""
    kept = [set(range(len(lane.source))) for _ in steps]
    sizes = counts(len(lane.source))
    totals = [0.0] * len(steps)
    for gone in range(1, max(sizes) + 1):
        tried = [(n, s) for n in range(len(steps)) for s in sorted(kept[n])]
        left = [sorted(kept[n] - {s}) for n, s in tried]
        sources, places = [only(lane.source, row) for row in left], [steps[n] for n, _ in tried]
        log_probs_N = yield from walking_each(model, lane, sources, places, left)
        best = [(math.inf, 0)] * len(steps)
        for (n, s), value in zip(tried, log_probs_N.tolist(), strict=True):
            best[n] = min(best[n], (sign * value, s))
        for n, (value, s) in enumerate(best):
            kept[n].remove(s)
            if gone in sizes:
                totals[n] += math.exp(sign * value)
    return [total / len(sizes) for total in totals]
