"""Who comes next, on a clock that the test turns: an honest visitor's wait is bounded, whatever others ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import example, given
from hypothesis import strategies as st

from s2s.server import fair_queue
from s2s.server.fair_queue import AHEAD, SAVED, SHARE, FairQueue, Visitor

SLICE = 0.05  # the longest slice of the simulated server, seconds


@dataclass
class Request:
    visitor: Visitor
    arrival: float
    work: float  # seconds
    done: float = 0.0
    first: float = -1.0  # time of its first slice


def visits(*names: object) -> list[Visitor]:
    """Visits of one client."""
    return [Visitor("school", str(name)) for name in names]


def clients(*names: object) -> list[Visitor]:
    """Clients with one visit each."""
    return [Visitor(str(name), "visit") for name in names]


Level = Callable[..., list[Visitor]]
each_level = st.sampled_from([visits, clients])  # what holds of visits holds of clients


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


@given(each_level, crowds, st.floats(0, 12), st.floats(0.001, SLICE))
def test_a_request_waits_no_longer_than_a_place_ahead_and_two_slices_of_each_other_visitor(
    level: Level, crowd: list[tuple[int, float, float]], arrival: float, work: float
) -> None:
    (honest,) = level("honest")
    mine = Request(honest, arrival, work)
    serve([*(Request(*level(name), at, long) for name, at, long in crowd), mine])
    others = len({name for name, _, _ in crowd})
    assert mine.first - arrival <= SLICE + others * (AHEAD + 2 * SLICE) + 1e-6


@given(
    each_level,
    st.integers(1, 20),
    st.lists(st.tuples(st.floats(2.0, 5.0), st.floats(0.01, 0.08)), min_size=1, max_size=8),
)
def test_who_uses_less_than_a_share_waits_for_one_slice_alone(
    level: Level, greedy: int, pauses: list[tuple[float, float]]
) -> None:
    """The greedy ones have work without end; the honest one asks for less than an equal share, once all have begun."""
    now, mine = greedy * 2 * AHEAD, list[Request]()
    for pause, work in pauses:
        now += pause
        mine.append(Request(*level("honest"), now, work))
    serve([*(Request(who, 0.0, 2 * now / greedy + 60) for who in level(*range(greedy))), *mine])
    for request in mine:
        assert request.first - request.arrival <= SLICE + 1e-6


@given(each_level, st.lists(seconds, min_size=2, max_size=6))
def test_equal_needs_get_equal_shares(level: Level, works: list[float]) -> None:
    """Of visitors who begin together, none is more than a slice ahead of one whose work is not done."""
    requests = [Request(who, 0.0, work) for who, work in zip(level(*range(len(works))), works, strict=True)]
    serve(requests)
    for a, work_a in zip(requests, works, strict=True):
        before = sum(min(work_b, work_a + SLICE) for work_b in works) - min(work_a, work_a + SLICE)
        assert a.done <= before + work_a + 1e-6


@given(each_level, st.integers(1, 12), st.floats(0.02, 1.2), st.floats(0.5, 4.0), st.floats(0, 3))
@example(visits, 12, 0.45, 2.0, 1.0)
@example(clients, 12, 0.45, 2.0, 1.0)
def test_who_comes_again_and_again_under_new_names_keeps_nobody_waiting(
    level: Level, loops: int, each: float, work: float, arrival: float
) -> None:
    """Each loop asks anew, as somebody else, as soon as its last request is done; the honest one gets its share."""
    queue, mine = FairQueue[Request](), Request(*level("honest"), arrival, work)
    now, names, came = 0.0, 0, False
    waiting = list[Request]()
    share = work + (loops + 1) * (work + 2 * SLICE) + AHEAD * (loops + 1)
    while not mine.done:
        assert now - arrival <= (share + SAVED) / (1 - SHARE)
        while len(waiting) < loops:
            names += 1
            waiting.append(Request(*level(names), now, each))
            queue.put(waiting[-1].visitor, waiting[-1])
        if not came and now >= arrival:
            queue.put(mine.visitor, mine)
            came = True
        request = queue.take()
        assert request is not None
        part = min(SLICE, request.work)
        now, request.work = now + part, request.work - part
        queue.charge(request.visitor, part)
        if request.work > 1e-9:
            queue.put(request.visitor, request, first=True)
        else:
            request.done = now
            waiting = [other for other in waiting if other is not request]


@given(st.integers(1, 30), st.floats(0.1, 3.0))
def test_many_visits_of_one_client_have_together_what_a_client_with_one_has(many: int, work: float) -> None:
    alone = Request(*clients("home"), 0.0, work)
    serve([*(Request(who, 0.0, 2 * work + 1) for who in visits(*range(many))), alone])
    assert alone.done <= 2 * work + 2 * SLICE


def test_within_a_visitor_the_first_comes_first_and_a_continued_one_before_it() -> None:
    queue, (a,) = FairQueue[int](), visits("a")
    for request in (1, 2):
        queue.put(a, request)
    queue.put(a, 0, first=True)
    assert [queue.take() for _ in range(4)] == [0, 1, 2, None]


def test_a_request_that_is_taken_back_does_not_come() -> None:
    queue, (a, b) = FairQueue[int](), visits("a", "b")
    queue.put(a, 1)
    queue.put(b, 2)
    queue.remove(a, 1)
    assert [queue.take(), queue.take()] == [2, None]


def test_use_is_forgotten_of_those_who_came_long_ago() -> None:
    queue, most = FairQueue[int](), fair_queue.REMEMBERED
    waits = [*visits("waits"), *clients("waits")]
    for n, visitor in enumerate(waits):
        queue.put(visitor, n)
    for n in range(most + 10):
        for visitor in [*visits(n), *clients(n)]:
            queue.charge(visitor, 0.01)
    assert len(queue._clients.used) == len(queue._visits) == len(queue._visits["school"].used) == most
    assert {queue.take(), queue.take()} == {0, 1}


def test_whoever_is_forgotten_while_served_goes_on() -> None:
    queue, (holder,) = FairQueue[int](), visits("holder")
    queue.put(holder, 1)
    queue.take()
    for visitor in clients(*range(fair_queue.REMEMBERED)):
        queue.put(visitor, 2)
        queue.charge(visitor, 0.01)
    queue.charge(holder, 0.05)
    queue.put(holder, 1, first=True)
    assert len(queue) == fair_queue.REMEMBERED + 1
