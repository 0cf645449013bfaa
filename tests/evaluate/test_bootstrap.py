from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.evaluate.bootstrap import POSITIONS, Bootstrap, plain, ratios, table


@given(st.floats(-50, 50), st.integers(1, 30))
def test_of_a_constant_it_is_the_constant(value: float, count: int) -> None:
    made = Bootstrap(resamples=50).mean(np.full(count, value), np.ones(count))
    for found in (made.value, made.low, made.high):
        assert found == pytest.approx(value, rel=1e-5, abs=1e-9)
    assert made.count == count


def test_an_interval_of_a_mean_is_about_two_standard_errors_wide() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, size=400)
    made = Bootstrap(resamples=2000).mean(values, np.ones(400))
    error = values.std() / 20
    assert made.value == pytest.approx(values.mean(), rel=1e-5)
    assert made.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert made.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_resamples_are_of_sentences_and_of_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = np.array([[1.0, 0.0], [0.0, 10.0], [100.0, 100.0]])
    once, again, other = (Bootstrap(200, seed).sums(columns) for seed in (1, 1, 2))
    assert np.array_equal(once, again) and not np.array_equal(once, other)
    counts = Bootstrap(200, 1).sums(np.eye(3))
    assert (counts.sum(axis=1) == 3).all() and np.array_equal(once, counts @ columns)
    monkeypatch.setattr("s2s.evaluate.bootstrap.DRAWS", 7)  # blocks of two resamples
    assert np.array_equal(Bootstrap(200, 1).sums(columns), once)


def test_what_is_undefined_is_none() -> None:
    total, count = np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    made = Bootstrap(50).means(total, count)
    assert made.value == (2.0, None) and made.low[1] is made.high[1] is None and made.count == (2, 0)
    rare = Bootstrap(50).means(np.array([[5.0]] + [[0.0]] * 9), np.array([[1.0]] + [[0.0]] * 9))
    assert (rare.value, rare.low, rare.high) == ((5.0,), (5.0,), (5.0,))  # resamples without it are left out


def test_tables_of_ragged_rows() -> None:
    values, there = table([[1.0, np.nan, 3.0], [4.0], []])
    assert values.tolist() == [[1, 0, 3], [4, 0, 0], [0, 0, 0]] and there.tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 0]]
    assert table([np.ones(300)])[0].shape == (1, POSITIONS)
    assert plain(np.array([1 / 3, np.nan, np.inf])) == (0.333333, None, None)
    assert ratios(np.array([[1.0, 4.0, 2.0, 0.0]])).tolist()[0][0] == 0.5
