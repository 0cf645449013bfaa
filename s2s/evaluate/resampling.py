"""How often each row comes in a bootstrap resample, which rows two systems swap, and the sums that follow; fast."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEW = 20_000  # rows; up to this many, each draw of a resample is made by itself
MARGIN = 3.0  # standard deviations by which Poisson counts are expected to stay below the number of draws
TAIL = 40  # no Poisson count of rate 1 reaches this: the probability is below 1e-47
BLOCK = 4096  # rows that are multiplied at a time
EXACT = 2**24  # sums of whole numbers below this are exact in float32


def resample_counts(rng: np.random.Generator, resamples: int, count: int) -> NDArray[Any]:
    """How often each of N rows comes in each of R resamples of N draws with replacement: (R, N).

    Many rows get independent Poisson counts of a rate below 1, and then single draws until there are N. Given their
    sum, Poisson counts of one rate are multinomial, so both ways draw from the same distribution.
    """
    if count <= FEW:
        places = _places(rng, np.full(resamples, count), count)
        return np.bincount(places, minlength=resamples * count).reshape(resamples, count)
    rate = 1 - MARGIN / math.sqrt(count)
    times_RN = _poisson(rng, rate, resamples, count)
    while (over_R := (total_R := times_RN.sum(axis=1, dtype=np.int64)) > count).any():
        times_RN[over_R] = _poisson(rng, rate, int(over_R.sum()), count)
    np.add.at(times_RN.reshape(-1), _places(rng, count - total_R, count), 1)
    return times_RN


def random_swaps(rng: np.random.Generator, trials: int, count: int) -> NDArray[np.uint8]:
    """For each trial and row whether two systems swap: 1 with probability 1/2, else 0: (R, N)."""
    width = -(-count // 8)
    return np.unpackbits(_random_bytes(rng, trials * width).reshape(trials, width), axis=1, count=count)


class WeightedSums:
    """``times @ columns``, (R, K). Columns of whole numbers are multiplied in float32 where that is exact."""

    def __init__(self, columns_NK: Floats) -> None:
        whole_K = (columns_NK == np.rint(columns_NK)).all(axis=0)
        self.width = len(whole_K)
        self.parts = [(np.flatnonzero(of_K), columns_NK[:, of_K]) for of_K in (whole_K, ~whole_K)]
        whole_NK = np.abs(self.parts[0][1])
        self.most = max((float(whole_NK[n : n + BLOCK].sum(axis=0).max(initial=0)) for n in self._starts()), default=0)
        self.single_NK = self.parts[0][1].astype(np.float32)

    def __call__(self, times_RN: NDArray[Any]) -> Floats:
        """The sums of the columns, each row as often as it comes."""
        sums_RK = np.zeros((len(times_RN), self.width))
        parts: list[tuple[NDArray[Any], NDArray[Any]]] = [*self.parts]
        if self.most * int(times_RN.max(initial=0)) < EXACT:
            parts[0] = self.parts[0][0], self.single_NK
        for at, part_NK in parts:
            for n in self._starts() if len(at) else ():
                sums_RK[:, at] += times_RN[:, n : n + BLOCK].astype(part_NK.dtype) @ part_NK[n : n + BLOCK]
        return sums_RK

    def _starts(self) -> range:
        return range(0, len(self.parts[0][1]), BLOCK)


def _poisson(rng: np.random.Generator, rate: float, resamples: int, count: int) -> NDArray[np.uint8]:
    """Poisson counts: one random byte chooses among the whole 256ths of the probabilities, a float among the rest."""
    chance_K = np.array([math.exp(k * math.log(rate) - rate - math.lgamma(k + 1)) for k in range(TAIL)])
    whole_K = np.floor(256 * chance_K)
    ends = np.cumsum(whole_K[whole_K > 0]).astype(int).tolist()
    bytes_N = _random_bytes(rng, resamples * count)
    times_N = np.zeros(len(bytes_N), dtype=np.uint8)
    for end in ends[:-1]:
        times_N += (bytes_N >= end).view(np.uint8)
    rest_N = np.flatnonzero(bytes_N >= ends[-1])
    left_K = np.cumsum(chance_K - whole_K / 256)
    times_N[rest_N] = np.searchsorted(left_K, left_K[-1] * rng.random(len(rest_N)), side="right")
    return times_N.reshape(resamples, count)


def _places(rng: np.random.Generator, draws_R: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Rows drawn one by one, some for each resample, as places in a flat (R, N)."""
    places: NDArray[np.int64] = rng.integers(count, size=int(draws_R.sum()))
    return places + np.repeat(count * np.arange(len(draws_R)), draws_R)


def _random_bytes(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    raw = np.asarray(rng.bit_generator.random_raw(-(-count // 8)), dtype=np.uint64)
    return raw.view(np.uint8)[:count]
