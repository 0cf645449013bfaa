"""Percentile bootstrap over sentences (Efron 1979) for statistics that are functions of sums over sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2s.evaluate.measured import Estimate
from s2s.evaluate.resampling import WeightedSums, resample_counts
from s2s.text.rounding import significant

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]  # sums of columns (R, K) → values (R, M), NaN where undefined
DRAWS = 4_000_000  # sentences drawn at a time, at most
POSITIONS = 100  # positions of a curve, at most


@dataclass(frozen=True)
class Curve:
    """Estimates by position, from 0, as one tuple per field."""

    value: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    count: tuple[int, ...]

    def at(self, position: int) -> Estimate:
        """The estimate at a position."""
        return Estimate(self.value[position], self.low[position], self.high[position], self.count[position])


@dataclass(frozen=True)
class Bootstrap:
    """Settings: the number of resamples, the seed, and the confidence level of intervals."""

    resamples: int = 1000
    seed: int = 0
    level: float = 0.95

    def sums(self, columns_NK: Floats) -> Floats:
        """Sums of the columns over each resample of the N rows: (R, K)."""
        rng, count = np.random.default_rng(self.seed), len(columns_NK)
        block, parts, sums = max(1, DRAWS // count), [], WeightedSums(columns_NK)
        for start in range(0, self.resamples, block):
            times_RN = resample_counts(rng, min(block, self.resamples - start), count)
            parts.append(sums(times_RN))
        return np.concatenate(parts)

    def interval(self, columns_NK: Floats, statistic: Statistic) -> tuple[Floats, Floats, Floats]:
        """The statistic of all rows, and the percentiles that enclose ``level`` of its resampled values: (M,) each.

        Resamples in which the statistic is undefined are left out.
        """
        return self.enclose(statistic(columns_NK.sum(axis=0, keepdims=True))[0], statistic(self.sums(columns_NK)))

    def enclose(self, value_M: Floats, values_RM: Floats) -> tuple[Floats, Floats, Floats]:
        """Values with the percentiles that enclose ``level`` of their resampled values: (M,) each."""
        low_M, high_M = np.full_like(value_M, np.nan), np.full_like(value_M, np.nan)
        tail = (1 - self.level) / 2
        for m, values_R in enumerate(values_RM.T):
            defined = values_R[np.isfinite(values_R)]
            if len(defined) and np.isfinite(value_M[m]):
                low_M[m], high_M[m] = np.quantile(defined, [tail, 1 - tail])
        return value_M, low_M, high_M

    def mean(self, total_N: Floats, count_N: Floats) -> Estimate:
        """``Σ total / Σ count``: a mean over items, of which a sentence may have several."""
        return self.means(total_N[:, None], count_N[:, None]).at(0)

    def means(self, total_NK: Floats, count_NK: Floats) -> Curve:
        """``Σ total / Σ count`` of each of K columns."""
        return self.curve(np.hstack([total_NK, count_NK]), ratios, count_NK.sum(axis=0))

    def curve(self, columns_NK: Floats, statistic: Statistic, count_M: Floats) -> Curve:
        """The values of a statistic with their intervals."""
        value_M, low_M, high_M = self.interval(columns_NK, statistic)
        return Curve(plain(value_M), plain(low_M), plain(high_M), tuple(round(float(c)) for c in count_M))

    def estimate(self, columns_NK: Floats, statistic: Statistic, count: int) -> Estimate:
        """The first value of a statistic."""
        return self.curve(columns_NK, statistic, np.array([count])).at(0)


def ratios(sums_RK: Floats) -> Floats:
    """The first half of the columns divided by the second; NaN where the divisor is 0."""
    half = sums_RK.shape[1] // 2
    return divide(sums_RK[:, :half], sums_RK[:, half:])


def divide(above: Floats, below: Floats) -> Floats:
    """The quotient; NaN where the divisor is 0."""
    quotient: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient


def plain(values: Floats) -> tuple[float | None, ...]:
    """Python numbers, rounded to 6 significant digits; None for values that are not finite."""
    return tuple(significant(v, 6) if np.isfinite(v) else None for v in values)


def table(rows: Sequence[Any]) -> tuple[Floats, Floats]:
    """Rows of different lengths as two matrices: values, 0 where missing or NaN; and 1 where there is a value, else 0.

    At most ``POSITIONS`` columns.

    >>> table([[1.0, 2.0], [3.0]])[0].tolist()
    [[1.0, 2.0], [3.0, 0.0]]
    """
    width = min(POSITIONS, max((len(row) for row in rows), default=0))
    values_NK = np.full((len(rows), width), np.nan)
    for row, values in zip(values_NK, rows, strict=True):
        row[: len(values)] = values[:width]
    there_NK = np.isfinite(values_NK)
    return np.where(there_NK, values_NK, 0.0), there_NK.astype(float)
