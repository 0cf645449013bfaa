"""Turns at the models, pauses within them, and work in slices."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator

import pytest
import torch

from s2s.server import gate as gates
from s2s.server.fair_queue import Visitor
from s2s.server.gate import Gate, SlicedWork, pause, pause_at
from tests.wait import until


class Gone(BaseException):
    """As Streamlit ends a script."""


def leave() -> None:
    raise Gone


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pause ends a slice."""
    monkeypatch.setattr(gates, "SLICE", -1.0)


def began(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_who_has_used_least_goes_first_and_within_a_visitor_who_came_first() -> None:
    gate, order = Gate(), list[str]()
    gate._queue.charge(Visitor("greedy"), 1.0)

    def visit(visitor: str, name: str) -> None:
        with gate.turn(Visitor(visitor)):
            order.append(name)

    threads = list[threading.Thread]()
    with gate.turn(Visitor("other")):
        for visitor, name in (("greedy", "g1"), ("greedy", "g2"), ("honest", "h1"), ("honest", "h2")):
            threads.append(began(lambda visitor=visitor, name=name: visit(visitor, name)))  # type: ignore[misc]
            until(lambda: gate.waiting == len(threads), every=0.001)
    for thread in threads:
        thread.join()
    assert order == ["h1", "h2", "g1", "g2"]


def test_long_work_gives_way_at_its_pauses_and_to_itself_alone_it_goes_on(eager: None) -> None:
    gate, end = Gate(), threading.Event()

    def work() -> None:
        with gate.turn(Visitor("greedy")):
            while not end.is_set():  # for ever, if the other never gets the gate
                pause()

    greedy = began(work)
    until(lambda: gate._holder is not None)
    for _ in range(3):
        with gate.turn(Visitor("honest")):
            assert gate._holder is not None and gate._holder.visitor == Visitor("honest")
    end.set()
    greedy.join()
    assert gate._holder is None


def test_work_without_a_gate_has_no_pauses() -> None:
    pause()


def test_a_visitor_who_leaves_ends_the_wait_and_the_work(eager: None) -> None:
    gate = Gate()
    with gate.turn(Visitor("stays")):
        ended = list[str]()

        def wait() -> None:
            try:
                with gate.turn(Visitor("leaves"), leave):
                    ended.append("worked")
            except Gone:
                ended.append("gone")

        began(wait).join()
        assert ended == ["gone"] and gate.waiting == 0
    with pytest.raises(Gone), gate.turn(Visitor("leaves"), leave):
        pause()
    with gate.turn(Visitor("next")):
        assert gate._holder is not None


def test_no_second_gate_in_one_thread() -> None:
    gate = Gate()
    with gate.turn():
        for other in (gate, Gate()):
            with pytest.raises(RuntimeError), other.turn():
                pass
    with gate.turn():
        pass


def test_one_at_a_time_whoever_waits_pauses_and_leaves(eager: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "CHECK", 0.0001)
    gate, inside, most, ends = Gate(), list[int](), list[int](), list[str]()

    def visit(n: int) -> None:
        rng = random.Random(n)

        def moody() -> None:
            if rng.random() < 0.02:
                raise Gone

        for _ in range(40):
            try:
                with gate.turn(Visitor(str(n % 5)), moody):
                    for _ in range(3):
                        inside.append(n)
                        most.append(len(inside))
                        inside.remove(n)
                        pause()
                ends.append("done")
            except Gone:
                ends.append("gone")

    for thread in [began(lambda n=n: visit(n)) for n in range(8)]:  # type: ignore[misc]
        thread.join()
    assert max(most) == 1 and len(ends) == 320 and {"done", "gone"} == set(ends)
    assert gate._holder is None and gate.waiting == 0


def parts(broken: bool = False) -> Generator[None, None, str]:
    for _ in range(3):
        pause()
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


def test_several_visitors_advance_one_work(eager: None) -> None:
    gate, found = Gate(), list[str | None]()
    work = SlicedWork(gate, parts())
    threads = [began(lambda n=n: found.append(work.advance(Visitor(str(n)), seconds=60))) for n in range(6)]  # type: ignore[misc]
    for thread in threads:
        thread.join()
    assert found == ["done"] * 6


def test_a_visitor_who_leaves_sliced_work_spoils_it_for_nobody(eager: None) -> None:
    work = SlicedWork(Gate(), parts())
    assert work.advance(seconds=-1) is None
    with pytest.raises(Gone):
        work.advance(Visitor("leaves"), leave)
    assert work.advance(seconds=60) == "done"


def test_modules_pause_before_they_run_and_within_a_backward_pass(eager: None) -> None:
    gate, module, checks = Gate(), torch.nn.Linear(2, 2), list[int]()
    pause_at([module])
    x = torch.ones(1, 2, requires_grad=True)
    with gate.turn(Visitor("a"), lambda: checks.append(1)):
        out = module(x)
        assert len(checks) == 1
        out.sum().backward()
    assert len(checks) == 2
    with pytest.raises(Gone), gate.turn(Visitor("a")):
        out = module(x)
        gate._holder.check = leave  # type: ignore[union-attr]
        out.sum().backward()
    assert gate._holder is None
