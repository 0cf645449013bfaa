"""The speed of a run, in target tokens a second over the last minutes, and the time left, with scoring on dev."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

BAR = "{desc}{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"  # tqdm's, the time left in postfix
SPAN = 1.0  # seconds of steps that make one measurement
RECENT = 5  # measurements that tell whether it has become slow
KEPT = 180  # measurements: of the last three minutes of training


class Clock(Protocol):
    """A monotonic clock, in seconds."""

    def __call__(self) -> float:
        """Now."""


@dataclass
class Pace:
    """Measures every step; the rate is the median over spans of a second, so that stalls and bursts do not count."""

    clock: Clock = perf_counter
    spans: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))  # tokens a second
    tokens: int = 0  # of the span under way
    seconds: float = 0.0
    scored: list[float] = field(default_factory=list)  # seconds of each scoring on dev
    aside: float = 0.0  # seconds spent saving and filming
    trained: float = 0.0  # seconds spent in steps

    @contextmanager
    def step(self, tokens: int) -> Iterator[None]:
        """Time one training step on this number of target tokens."""
        began = self.clock()
        yield
        passed = self.clock() - began
        self.trained += passed
        self.tokens, self.seconds = self.tokens + tokens, self.seconds + passed
        if self.seconds >= SPAN:
            self.spans.append(self.tokens / self.seconds)
            self.tokens, self.seconds = 0, 0.0

    @contextmanager
    def scoring(self) -> Iterator[None]:
        """Time the scoring after an epoch."""
        began = self.clock()
        yield
        self.scored.append(self.clock() - began)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Time a save or a moment of the film."""
        began = self.clock()
        yield
        self.aside += self.clock() - began

    @property
    def rate(self) -> float:
        """Target tokens a second during training steps; 0 before the first."""
        if self.spans:
            return statistics.median(self.spans)
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def recent(self) -> float:
        """Target tokens a second over the last seconds."""
        return statistics.median(list(self.spans)[-RECENT:]) if len(self.spans) >= RECENT else self.rate

    def left(self, tokens: int, scorings: int, first_scoring: float = 0.0) -> float | None:
        """Estimated seconds for more target tokens and scorings; None before the first step.

        ``first_scoring`` is the assumed cost of a scoring, in target tokens of training, before one was timed.
        """
        if not self.rate:
            return None
        one = statistics.median(self.scored[-5:]) if self.scored else first_scoring / self.rate
        share = self.aside / self.trained if self.trained else 0.0
        return tokens / self.rate * (1 + share) + scorings * one


def duration(seconds: float) -> str:
    """Hours and minutes, or minutes and seconds below an hour.

    >>> duration(59.6), duration(3599), duration(15840)
    ('1:00 min', '59:59 min', '4:24 h')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes >= 60 else f"{minutes}:{rest:02} min"
