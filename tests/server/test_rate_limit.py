"""Rate limits against their definition, with a clock of the test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.server import clients, rate_limit
from s2s.server.rate_limit import RateLimit
from tests.setting import Setting

TIMES = st.lists(st.floats(0, 30), max_size=60).map(sorted)


@given(TIMES, st.integers(1, 9), st.floats(0.1, 3))
def test_no_stretch_of_time_has_more_than_the_burst_and_what_it_refills(
    times: list[float], burst: int, rate: float
) -> None:
    now = [0.0]
    limit = RateLimit(burst, rate, lambda: now[0])
    allowed = []
    for now[0] in times:
        if limit.take("one"):
            allowed.append(now[0])
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            assert last - first + 1 <= burst + rate * (allowed[last] - allowed[first]) + 1e-6


@given(st.integers(1, 60), st.integers(1, 9), st.floats(0.1, 3))
def test_who_stays_within_the_rate_is_never_refused(count: int, burst: int, rate: float) -> None:
    now = [0.0]
    limit = RateLimit(burst, rate, lambda: now[0])
    for number in range(count):
        now[0] = number * (1 / rate + 1e-6)
        assert limit.take("one")


def test_clients_do_not_share_a_bucket_and_the_memory_is_bounded() -> None:
    limit = RateLimit(1, 0.001, lambda: 0.0)
    assert limit.take("a") and not limit.take("a") and limit.take("b")
    for number in range(rate_limit.CLIENTS + 10):
        limit.take(str(number))
    assert len(limit._buckets) == rate_limit.CLIENTS


def test_one_address_begins_a_bounded_number_of_inspections(setting: Setting) -> None:
    setting(inspections_per_client=3)
    clients._limit.cache_clear()
    for _ in range(3):
        clients.check_inspection("192.0.2.1")
    with pytest.raises(UserError) as error:
        clients.check_inspection("192.0.2.1")
    assert error.value.key == "error.inspections_of_client"
    clients.check_inspection("192.0.2.2")
    clients._limit.cache_clear()
