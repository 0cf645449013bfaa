"""Paired approximate randomisation (Noreen 1989; Riezler and Maxwell 2005), and Holm's correction (1979)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from s2s.evaluate.bootstrap import DRAWS, Floats, Statistic
from s2s.evaluate.resampling import WeightedSums, random_swaps

ROUNDING = 1e-9  # relative; differences that are this close count as equal
MOST_TRIALS, LEAST_TRIALS, SWAPS = 10_000, 1_000, 100_000_000


@dataclass(frozen=True)
class Randomisation:
    """Settings: the seed, and the number of trials; by default 10,000, fewer for many rows but at least 1,000."""

    trials: int | None = None
    seed: int = 0

    def trials_of(self, count: int) -> int:
        """The number of trials for N rows.

        >>> [Randomisation().trials_of(count) for count in (2_000, 20_000, 1_000_000)]
        [10000, 5000, 1000]
        """
        return self.trials or max(LEAST_TRIALS, min(MOST_TRIALS, SWAPS // max(1, count)))

    def p(self, first_NK: Floats, second_NK: Floats, statistic: Statistic) -> float:
        """``(c + 1) / (trials + 1)``: c trials have a difference of the statistic at least as large as the observed.

        A trial swaps the two systems' rows with probability 1/2 each. The statistic is a function of sums of columns;
        rows in which both systems are equal do not matter. The test is two-sided.
        """
        count, apart_NK = len(first_NK), first_NK - second_NK
        trials = self.trials_of(count)
        apart_NK = apart_NK[(apart_NK != 0).any(axis=1)]
        moved = WeightedSums(apart_NK)
        sums = [side_NK.sum(axis=0, keepdims=True) for side_NK in (first_NK, second_NK)]
        observed = abs(float((statistic(sums[0]) - statistic(sums[1]))[0, 0]))
        rng, block, reached = np.random.default_rng(self.seed), max(1, DRAWS // max(1, len(apart_NK))), 0
        for start in range(0, trials, block):
            swaps_RN = random_swaps(rng, min(block, trials - start), len(apart_NK))
            moved_RK = moved(swaps_RN)
            difference_R = (statistic(sums[0] - moved_RK) - statistic(sums[1] + moved_RK))[:, 0]
            reached += int((np.abs(difference_R) >= observed * (1 - ROUNDING)).sum())
        return (reached + 1) / (trials + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for their number, step down: the i-th smallest of m times m - i + 1, never below one before.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(np.argsort(p_values, kind="stable").tolist()):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
