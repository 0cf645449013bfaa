"""Turns at the models, and work that is done in shares."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from s2s.server.gate import Gate, Work


def test_who_lets_go_and_asks_again_waits_for_those_before() -> None:
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


def test_work_is_done_in_shares_by_whoever_asks() -> None:
    gate = Gate()
    work = Work(gate, parts())
    assert [work.go_on(share=-1) for _ in range(5)] == [None, None, None, "done", "done"]
    assert Work(gate, parts()).go_on(share=60) == "done"


def test_work_that_fails_says_so_each_time() -> None:
    work = Work(Gate(), parts(broken=True))
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            work.go_on(share=60)
