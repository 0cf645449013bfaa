"""Work in a thread: progress, an end on request, an end when nobody looks, failures."""

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
    until(lambda: not work.look())


def busy(tell: Tell) -> int:
    endless(tell, 0.5)


def test_a_job_gives_its_result_and_its_progress() -> None:
    def work(tell: Tell) -> int:
        tell(0.75)
        return 3

    done = Job(work)
    wait(done)
    assert (done.result, done.share, done.stopped, done.mistake()) == (3, 0.75, False, None)


def test_stop_ends_it_and_the_next_has_its_turn() -> None:
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


def test_it_ends_when_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "PATIENCE", 0.05)
    left = Job(busy)
    left._thread.join(10)
    assert left.stopped


def test_a_users_mistake_is_kept_and_any_other_failure_is_raised() -> None:
    def mistaken(tell: Tell) -> int:
        raise UserError("file_no_pairs", file="a.tsv")

    def broken(tell: Tell) -> int:
        raise ZeroDivisionError

    wrong, failed = Job(mistaken), Job(broken)
    wait(wrong)
    wait(failed)
    assert str(wrong.mistake()) == str(UserError("file_no_pairs", file="a.tsv"))
    with pytest.raises(ZeroDivisionError):
        failed.mistake()
    assert job.LINE.empty()
    assert threading.current_thread().is_alive()
