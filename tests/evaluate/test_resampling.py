"""Resamples against the multinomial distribution, sums against plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

from s2s.evaluate import resampling
from s2s.evaluate.bootstrap import Bootstrap
from s2s.evaluate.resampling import WeightedSums, random_swaps, resample_counts


@pytest.mark.parametrize(("few", "margin"), [(resampling.FEW, 3.0), (0, 3.0), (0, 0.3)])  # the last often starts anew
def test_counts_are_multinomial(few: int, margin: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "FEW", few)
    monkeypatch.setattr(resampling, "MARGIN", margin)
    count, resamples = 100, 20_000
    times_RN = resample_counts(np.random.default_rng(3), resamples, count)
    assert times_RN.shape == (resamples, count) and (times_RN.sum(axis=1) == count).all()
    for k in range(5):  # each row is drawn k times as often as a binomial variable is k
        chance = math.comb(count, k) * 0.01**k * 0.99 ** (count - k)
        error = math.sqrt(chance * (1 - chance) / (resamples * count))
        assert (times_RN == k).mean() == pytest.approx(chance, abs=5 * error)
    covariance = np.cov(times_RN.astype(float), rowvar=False)
    assert np.diag(covariance).mean() == pytest.approx(0.99, abs=0.01)
    assert covariance[~np.eye(count, dtype=bool)].mean() == pytest.approx(-0.01, abs=0.001)


def test_two_ways_of_drawing_give_one_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).exponential(size=1_500)
    single = Bootstrap(4_000).mean(values, np.ones(1_500))
    monkeypatch.setattr(resampling, "FEW", 0)
    poisson = Bootstrap(4_000).mean(values, np.ones(1_500))
    assert single.value == poisson.value and single.low != poisson.low
    error = values.std() / math.sqrt(1_500)
    assert poisson.low == pytest.approx(single.low, abs=0.15 * error)
    assert poisson.high == pytest.approx(single.high, abs=0.15 * error)


def test_swaps_are_fair_and_independent() -> None:
    swaps_RN = random_swaps(np.random.default_rng(0), 4_000, 21).astype(float)
    assert swaps_RN.shape == (4_000, 21) and set(np.unique(swaps_RN)) == {0, 1}
    assert np.abs(swaps_RN.mean(axis=0) - 0.5).max() < 0.04
    assert np.abs(np.corrcoef(swaps_RN, rowvar=False) - np.eye(21)).max() < 0.08
    assert random_swaps(np.random.default_rng(0), 3, 0).shape == (3, 0)


@pytest.mark.parametrize("largest", [50, 10**6])
def test_sums_are_those_of_integers(largest: int) -> None:
    rng = np.random.default_rng(0)
    columns = rng.integers(-largest, largest, size=(9_001, 3))
    times = rng.integers(0, 12, size=(4, 9_001)).astype(np.uint8)
    wanted = [[sum(int(t) * int(x) for t, x in zip(row, column, strict=True)) for column in columns.T] for row in times]
    mixed = np.insert(columns.astype(float), 1, rng.normal(size=9_001), axis=1)
    sums = WeightedSums(mixed)(times)
    assert sums[:, [0, 2, 3]].tolist() == wanted
    assert sums[:, 1] == pytest.approx(
        [math.fsum(t * x for t, x in zip(row, mixed[:, 1], strict=True)) for row in times]
    )
    assert WeightedSums(np.zeros((0, 2)))(np.zeros((3, 0))).tolist() == [[0, 0]] * 3
