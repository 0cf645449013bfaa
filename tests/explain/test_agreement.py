from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.explain.agreement import kendall, mean_tau, same_first, shares, verdict

ROWS = some.lists(some.tuples(some.integers(-3, 3), some.integers(-3, 3)), min_size=2, max_size=9)


def brute(pairs: list[tuple[int, int]]) -> float | None:
    """τ_b pair by pair (Kendall 1945)."""
    agree = differ = tied_a = tied_b = 0
    for (a, b), (c, d) in itertools.combinations(pairs, 2):
        tied_a += a == c
        tied_b += b == d
        agree += (a - c) * (b - d) > 0
        differ += (a - c) * (b - d) < 0
    n = math.comb(len(pairs), 2)
    return None if n in (tied_a, tied_b) else (agree - differ) / math.sqrt((n - tied_a) * (n - tied_b))


@given(ROWS)
def test_tau_is_counted_pair_by_pair(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    expected, found = brute(pairs), kendall(a, b)
    assert found is None if expected is None else found == pytest.approx(expected)


def test_tau_of_the_same_the_opposite_and_a_constant() -> None:
    assert kendall([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert kendall([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert kendall([1, 1, 1], [3, 2, 1]) is None and kendall([1], [2]) is None
    assert mean_tau([0.5, None, 0.1]) == pytest.approx(0.3) and mean_tau([None]) is None


def test_shares_sum_to_1_or_are_all_0() -> None:
    assert shares([-2, 1, 1]) == [0.5, 0.25, 0.25]
    assert shares([0.0, 0.0]) == [0, 0]


@pytest.mark.parametrize(
    ("length", "taus", "uniform", "permuted", "first", "expected"),
    [
        (2, [1.0, 1.0, 1.0], 0.9, 0.9, True, "few"),
        (5, [1.0, 1.0, 1.0], 0.09, 0.09, True, "idle"),
        (5, [1.0, 1.0, 1.0], 0.09, 0.2, False, "agrees"),
        (5, [0.5, 0.5, None], 0.3, 0.2, True, "agrees"),
        (5, [0.5, 0.5, 0.4], 0.3, 0.2, False, "partly"),
        (5, [0.2, None, None], 0.3, 0.2, False, "partly"),
        (5, [0.6, -0.2, 0.2], 0.3, 0.2, False, "partly"),  # 0.2, of which rounding leaves 0.19999999999999998
        (5, [0.5, 0.0, 0.0], 0.3, 0.2, False, "disagrees"),
        (5, [None, None, None], 0.3, 0.2, False, "disagrees"),
        (5, [0.5, 0.5, 0.4], 0.3, 0.2, True, "first"),
        (5, [None, None, None], 0.3, 0.2, True, "first"),
    ],
)
def test_verdicts(
    length: int, taus: list[float | None], uniform: float, permuted: float, first: bool, expected: str
) -> None:
    assert verdict(length, taus, uniform, permuted, first) == expected


def test_first_is_one_token_in_every_row() -> None:
    assert same_first([[0.1, 0.8, 0.1], [0.3, 0.4, 0.3]])
    assert not same_first([[0.1, 0.8, 0.1], [0.4, 0.3, 0.3]])
    assert not same_first([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2]]) and not same_first([[0.0, 0.0]])
