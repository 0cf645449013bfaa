"""The queue at the models, and work in slices."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from s2s.server.gate import Gate, SlicedWork


def test_a_thread_that_releases_the_gate_goes_to_the_end_of_the_queue() -> None:
    gate, order = Gate(), list[str]()

    def visit(name: str) -> None:
        with gate:
            order.append(name)

    others = [threading.Thread(target=visit, args=(name,)) for name in ("first", "second")]
    with gate:
        for n, other in enumerate(others):
            other.start()
            while len(gate._waiting) <= n:
                pass
    visit("again")
    for other in others:
        other.join()
    assert order == ["first", "second", "again"]
    visit("alone")


def parts(broken: bool = False) -> Generator[None, None, str]:
    for _ in range(3):
        yield
    if broken:
        raise ValueError("no")
    return "done"


def test_each_request_computes_a_slice() -> None:
    gate = Gate()
    work = SlicedWork(gate, parts())
    assert [work.advance(seconds=-1) for _ in range(5)] == [None, None, None, "done", "done"]
    assert SlicedWork(gate, parts()).advance(seconds=60) == "done"


def test_an_error_of_sliced_work_is_raised_at_each_call() -> None:
    work = SlicedWork(Gate(), parts(broken=True))
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            work.advance(seconds=60)
