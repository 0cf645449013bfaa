"""Ctrl-C and SIGTERM: at once where nothing is lost, else when the step under way is done and saved."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143  # exit statuses


class Terminated(KeyboardInterrupt):
    """SIGTERM, to be handled as Ctrl-C is."""


class Stop:
    """What a signal asks for. It raises at once, except while it is ``deferred``: then the first of each is kept."""

    def __init__(self) -> None:
        self.asked: set[int] = set()
        self.saved: int | None = None  # the step that was saved because of it
        self.deferred = False

    def heard(self, number: int, frame: FrameType | None = None) -> None:
        """The handler of both signals; the second of a kind raises whatever happens."""
        again = number in self.asked
        self.asked.add(number)
        if again or not self.deferred:
            raise self.exception()

    def exception(self) -> KeyboardInterrupt:
        """What ends the program: SIGTERM's where both were heard, as torchrun sends it after Ctrl-C."""
        return Terminated() if signal.SIGTERM in self.asked else KeyboardInterrupt()

    @contextmanager
    def deferring(self, deferred: bool = True) -> Iterator[None]:
        """Signals are kept within, or (False) raise at once again, those kept so far too."""
        before, self.deferred = self.deferred, deferred
        try:
            if self.asked and not deferred:
                raise self.exception()
            yield
        finally:
            self.deferred = before


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Ctrl-C and SIGTERM are heard by what it yields."""
    stop = Stop()
    before = {number: signal.signal(number, stop.heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def status(stopped: KeyboardInterrupt) -> int:
    """The exit status after it."""
    return TERMINATED if isinstance(stopped, Terminated) else INTERRUPTED
