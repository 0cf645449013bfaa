"""Choose the number of threads with the fastest training step, at the start and when steps become slow."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import torch
from tqdm import tqdm

MOST = 2  # threads: more hardly help for models of these sizes
ROUNDS, ENOUGH = 3, 0.6  # timings of each number, and seconds after which no more are made
GAIN = 1.1  # speed-up that a second thread must bring
SLOWER = 0.5  # share of the measured speed below which the number is chosen again
REST = 30.0  # seconds between two choices at least


def candidates() -> tuple[int, ...]:
    """The numbers to try: 1, and 2 if this process has two cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return tuple(range(1, min(MOST, cores) + 1))


class Threads:
    """The number of threads: the config's, or with 0 the one with which ``work`` is fastest.

    ``work`` always does the same and changes nothing. ``say`` receives what was chosen and why.
    """

    def __init__(
        self,
        wanted: int,
        work: Callable[[], None],
        say: Callable[[str], None] = lambda text: tqdm.write(text, file=sys.stderr),
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.work, self.say, self.clock = work, say, clock
        self.choices = (wanted,) if wanted else candidates()
        self.number, self.rate, self.chosen = self.choices[0], 0.0, clock()
        torch.set_num_threads(self.number)

    def choose(self) -> None:
        """Time each number in turn and use the fastest; 1 if a second thread hardly helps."""
        if len(self.choices) == 1:
            return
        best = {number: float("inf") for number in self.choices}
        began = self.clock()
        for turn in range(ROUNDS):
            for number in self.choices:
                torch.set_num_threads(number)
                before = self.clock()
                self.work()
                if turn:  # the first round only warms up
                    best[number] = min(best[number], self.clock() - before)
            if turn and self.clock() - began > ENOUGH:
                break
        most = min(self.choices, key=best.__getitem__)
        number = most if best[1] > GAIN * best[most] else 1
        torch.set_num_threads(number)
        ratio = best[1] / best[self.choices[-1]]
        self.say(f"threads: {number} ({self.choices[-1]} are {ratio:.2f} times as fast as 1)")
        self.number, self.chosen, self.rate = number, self.clock(), 0.0

    def watch(self, rate: float) -> bool:
        """Choose again if the rate has halved since the last choice; returns whether it did."""
        self.rate = max(self.rate, rate)
        if len(self.choices) == 1 or rate >= SLOWER * self.rate or self.clock() - self.chosen < REST:
            return False
        self.choose()
        return True


@contextmanager
def same_randomness(*generators: torch.Generator) -> Iterator[None]:
    """A context that restores the random generators afterwards."""
    states = [generator.get_state() for generator in generators]
    with torch.random.fork_rng(devices=[]):
        yield
    for generator, state in zip(generators, states, strict=True):
        generator.set_state(state)
