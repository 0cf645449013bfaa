"""Handle Ctrl-C and SIGTERM: at once if nothing is lost, otherwise after the current step has been saved."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143  # exit statuses


class Terminated(KeyboardInterrupt):
    """Raised for SIGTERM; handled like Ctrl-C."""


class Stop:
    """A request to stop. A signal raises at once, except within ``deferring``, where the first of each kind is kept."""

    def __init__(self) -> None:
        self.asked: set[int] = set()
        self.saved: int | None = None  # the step that was saved because of the signal
        self.deferred = False

    def heard(self, number: int, frame: FrameType | None = None) -> None:
        """The handler of both signals. The second signal of a kind always raises."""
        again = number in self.asked
        self.asked.add(number)
        if again or not self.deferred:
            raise self.exception()

    def exception(self) -> KeyboardInterrupt:
        """The exception to raise: SIGTERM's if both came, as torchrun sends it after Ctrl-C."""
        return Terminated() if signal.SIGTERM in self.asked else KeyboardInterrupt()

    @contextmanager
    def deferring(self, deferred: bool = True) -> Iterator[None]:
        """A context in which signals are kept; with False they raise at once, including those kept before."""
        before, self.deferred = self.deferred, deferred
        try:
            if self.asked and not deferred:
                raise self.exception()
            yield
        finally:
            self.deferred = before


@contextmanager
def stoppable() -> Iterator[Stop]:
    """A context whose ``Stop`` handles Ctrl-C and SIGTERM."""
    stop = Stop()
    before = {number: signal.signal(number, stop.heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def status(stopped: KeyboardInterrupt) -> int:
    """The exit status after this exception."""
    return TERMINATED if isinstance(stopped, Terminated) else INTERRUPTED
