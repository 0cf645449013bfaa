"""Jobs in a thread: progress, stop, end without polls, errors."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from s2s.errors import UserError
from s2s.server import job, trainings
from s2s.server.job import Job
from tests.wait import endless, until

Tell = Callable[[float], None]


def wait(work: Job[int]) -> None:
    until(lambda: not work.poll())


def busy(tell: Tell) -> int:
    endless(tell, 0.5)


def test_a_job_gives_its_result_and_its_progress() -> None:
    def work(tell: Tell) -> int:
        tell(0.75)
        return 3

    done = Job(work)
    wait(done)
    assert (done.result, done.share, done.stopped, done.user_error()) == (3, 0.75, False, None)


def test_stop_ends_a_job_and_starts_the_next() -> None:
    first, second = Job(busy), Job(busy)
    until(lambda: not first.waiting)
    assert second.waiting
    first.stop()
    wait(first)
    assert first.stopped and first.result is None
    until(lambda: not second.waiting)
    second.stop()
    wait(second)
    assert second.stopped


def test_a_waiting_job_can_be_stopped() -> None:
    first, second = Job(busy), Job(busy)
    second.stop()
    wait(second)
    assert second.stopped and second.waiting
    first.stop()
    wait(first)


def test_jobs_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "TURN", -1.0)
    monkeypatch.setattr(job, "QUEUE_INTERVAL", 0.001)
    parts, working, all_here = [0, 0, 0], list[int](), threading.Event()

    def work(n: int, tell: Tell) -> int:
        all_here.wait(60)
        while parts[n] < 10:
            working.append(n)
            assert working == [n]  # one at a time
            working.remove(n)
            parts[n] += 1
            others = [parts[other] for other in range(3) if other != n]
            assert parts[n] <= min(others) + 2
            tell(parts[n] / 10)
        return n

    jobs = [Job(lambda tell, n=n: work(n, tell)) for n in range(3)]  # type: ignore[misc]
    all_here.set()
    for one in jobs:
        wait(one)
    assert [one.user_error() for one in jobs] == [None] * 3 and [one.result for one in jobs] == [0, 1, 2]


def test_trainings_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their processes would go on meanwhile."""
    monkeypatch.setattr(job, "TURN", -1.0)
    queue = job.WorkQueue()
    first, second = Job(busy, queue), Job(lambda tell: 2, queue)
    until(lambda: not first.waiting and first.share)
    assert not trainings.QUEUE.shared and second.waiting and queue.position(first) == 0
    first.stop()
    wait(second)
    assert second.result == 2


def test_a_job_ends_when_nobody_polls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "POLL_TIMEOUT", 0.05)
    left = Job(busy)
    left._thread.join(10)
    assert left.stopped


def test_a_user_error_is_returned_and_any_other_error_raised() -> None:
    def mistaken(tell: Tell) -> int:
        raise UserError("file_no_pairs", file="a.tsv")

    def broken(tell: Tell) -> int:
        raise ZeroDivisionError

    wrong, failed = Job(mistaken), Job(broken)
    wait(wrong)
    wait(failed)
    assert str(wrong.user_error()) == str(UserError("file_no_pairs", file="a.tsv"))
    with pytest.raises(ZeroDivisionError):
        failed.user_error()
    assert job.QUEUE.size() == 0
    assert threading.current_thread().is_alive()
