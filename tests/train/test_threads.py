"""The number of threads that is chosen, with work whose time the test decides."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from s2s.openmp import SLEEP
from s2s.train import threads
from s2s.train.threads import REST, Threads, same_randomness


class Machine:
    """A step takes so many seconds with each number of threads."""

    def __init__(self, **seconds: float) -> None:
        self.seconds, self.now, self.said = seconds, 0.0, list[str]()

    def work(self) -> None:
        self.now += self.seconds["two" if torch.get_num_threads() == 2 else "one"]

    def threads(self, wanted: int = 0) -> Threads:
        return Threads(wanted, self.work, self.said.append, lambda: self.now)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "candidates", lambda: (1, 2))
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("one", "two", "chosen"), [(0.1, 0.06, 2), (0.1, 0.098, 1), (0.1, 0.9, 1), (0.1, 0.1, 1)])
def test_the_faster_number_is_chosen_and_said(one: float, two: float, chosen: int) -> None:
    machine = Machine(one=one, two=two)
    made = machine.threads()
    made.choose()
    assert made.number == chosen == torch.get_num_threads()
    assert machine.said == [f"threads: {chosen} (2 are {one / two:.2f} times as fast as 1)"]
    assert machine.now < 6 * (one + two)


def test_a_number_that_was_asked_for_is_not_measured() -> None:
    machine = Machine(one=1.0, two=0.1)
    made = machine.threads(1)
    made.choose()
    assert not made.watch(1000) and not made.watch(1)
    assert (made.number, machine.now, machine.said) == (1, 0.0, [])


def test_it_is_chosen_again_when_the_speed_has_fallen_by_half() -> None:
    machine = Machine(one=0.1, two=0.06)
    made = machine.threads()
    made.choose()
    machine.seconds["two"] = 0.8  # another program has begun
    machine.now += 2 * REST
    assert not made.watch(2000) and not made.watch(1100)
    assert made.watch(900) and made.number == 1
    assert not made.watch(900)  # that is its speed now
    assert not made.watch(400)  # and it has been chosen just now
    machine.now += 2 * REST
    assert made.watch(400)


def test_what_is_measured_draws_nothing() -> None:
    own, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    torch.manual_seed(2)
    with same_randomness(own):
        torch.rand(3), torch.rand(3, generator=own)
    drawn = torch.rand(3)
    torch.manual_seed(2)
    assert torch.equal(drawn, torch.rand(3)) and torch.equal(own.get_state(), other.get_state())


def test_a_command_s_threads_sleep_while_they_wait() -> None:
    """Set before torch is loaded, and not where the environment says otherwise."""
    code = "import os, sys; from s2s.__main__ import main; assert 'torch' not in sys.modules; main(['--help'])"
    show = f"{code[:-17]}\ntry: main(['--help'])\nfinally: print([os.environ.get(n) for n in {list(SLEEP)!r}])"
    for given, seen in (({}, list(SLEEP.values())), ({"OMP_WAIT_POLICY": "ACTIVE"}, ["ACTIVE", "0", "0"])):
        environment = {name: value for name, value in os.environ.items() if name not in SLEEP} | given
        done = subprocess.run([sys.executable, "-c", show], env=environment, capture_output=True, text=True)
        assert str(seen) in done.stdout, done.stderr
