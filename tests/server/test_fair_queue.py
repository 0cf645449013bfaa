"""Who comes next, on a clock that the test turns: an honest visitor's wait is bounded, whatever others ask for."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from s2s.server import fair_queue
from s2s.server.fair_queue import CREDIT, FairQueue

SLICE = 0.05  # the longest slice of the simulated server, seconds


@dataclass
class Request:
    visitor: str
    arrival: float
    work: float  # seconds
    done: float = 0.0
    first: float = -1.0  # time of its first slice


def serve(requests: list[Request]) -> None:
    """One server, which works a slice of the request that the queue gives it; fills ``done`` and ``first``."""
    queue, coming, now = FairQueue[Request](), sorted(requests, key=lambda r: r.arrival), 0.0
    while True:
        while coming and coming[0].arrival <= now:
            queue.put(coming[0].visitor, coming.pop(0))
        request = queue.take()
        if request is None:
            if not coming:
                return
            now = coming[0].arrival
            continue
        request.first = now if request.first < 0 else request.first
        part = min(SLICE, request.work)
        now, request.work = now + part, request.work - part
        queue.charge(request.visitor, part)
        if request.work > 1e-9:
            while coming and coming[0].arrival <= now:
                queue.put(coming[0].visitor, coming.pop(0))
            queue.put(request.visitor, request, first=True)
        else:
            request.done = now


seconds = st.floats(0.001, 3.0)
crowds = st.lists(st.tuples(st.integers(0, 7), st.floats(0, 10), seconds), max_size=40)


@given(crowds, st.floats(0, 12), st.floats(0.001, SLICE))
def test_a_request_waits_no_longer_than_a_credit_and_two_slices_of_each_other_visitor(
    crowd: list[tuple[int, float, float]], arrival: float, work: float
) -> None:
    mine = Request("honest", arrival, work)
    serve([*(Request(str(name), at, long) for name, at, long in crowd), mine])
    others = len({name for name, _, _ in crowd})
    assert mine.first - arrival <= SLICE + others * (CREDIT + 2 * SLICE) + 1e-6


@given(st.integers(1, 20), st.lists(st.tuples(st.floats(2.0, 5.0), st.floats(0.01, 0.08)), min_size=1, max_size=8))
def test_who_uses_less_than_a_share_waits_for_one_slice_alone(greedy: int, visits: list[tuple[float, float]]) -> None:
    """The greedy ones have work without end; the honest one asks for less than an equal share, once all have begun."""
    now, mine = greedy * 2 * CREDIT, list[Request]()
    for pause, work in visits:
        now += pause
        mine.append(Request("honest", now, work))
    serve([*(Request(str(n), 0.0, 2 * now / greedy + 60) for n in range(greedy)), *mine])
    for request in mine:
        assert request.first - request.arrival <= SLICE + 1e-6


@given(st.lists(seconds, min_size=2, max_size=6))
def test_equal_needs_get_equal_shares(works: list[float]) -> None:
    """Of visitors who begin together, none is more than a slice ahead of one whose work is not done."""
    requests = [Request(str(n), 0.0, work) for n, work in enumerate(works)]
    serve(requests)
    for a, work_a in zip(requests, works, strict=True):
        before = sum(min(work_b, work_a + SLICE) for work_b in works) - min(work_a, work_a + SLICE)
        assert a.done <= before + work_a + 1e-6


def test_within_a_visitor_the_first_comes_first_and_a_continued_one_before_it() -> None:
    queue = FairQueue[int]()
    for request in (1, 2):
        queue.put("a", request)
    queue.put("a", 0, first=True)
    assert [queue.take() for _ in range(4)] == [0, 1, 2, None]


def test_a_request_that_is_taken_back_does_not_come() -> None:
    queue = FairQueue[int]()
    queue.put("a", 1)
    queue.put("b", 2)
    queue.remove("a", 1)
    assert [queue.take(), queue.take()] == [2, None]


def test_use_is_forgotten_of_those_who_came_long_ago() -> None:
    queue = FairQueue[int]()
    queue.put("waits", 1)
    for n in range(fair_queue.REMEMBERED + 10):
        queue.charge(str(n), 0.01)
    assert len(queue._used) <= fair_queue.REMEMBERED + 1
    assert queue.take() == 1
