"""Jobs in a thread: progress, stop, end without polls, errors."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from s2s.errors import UserError
from s2s.server import job
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
