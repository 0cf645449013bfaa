"""Long work in its own thread: it reports progress, can be stopped, and ends when nobody polls it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from s2s.errors import UserError

Result = TypeVar("Result")
WAIT = 0.1  # seconds between two checks of the queue
PATIENCE = 180.0  # seconds without a poll until a job ends; a browser polls a hidden tab once a minute


class Stopped(Exception):
    """Raised inside the work where it reports progress, once it is to end."""


class Line:
    """A first-come, first-served queue; its first ``width`` members work, the others wait."""

    def __init__(self, width: int = 1) -> None:
        self.width = width
        self._order: list[object] = []
        self._lock = threading.Lock()

    def join(self, who: object) -> None:
        """Append a member."""
        with self._lock:
            self._order.append(who)

    def leave(self, who: object) -> None:
        """Remove a member; nothing happens if it is not in the queue."""
        with self._lock, suppress(ValueError):
            self._order.remove(who)

    def place(self, who: object) -> int:
        """0 for a working member or one that has left, 1 for the next to work, and so on."""
        with self._lock:
            return max(0, self._order.index(who) + 1 - self.width) if who in self._order else 0

    def empty(self) -> bool:
        """Whether the queue has no member."""
        return not self._order


# One such job at a time on the server; decoding one sentence does not wait for it, as it has its own gate.
LINE = Line()


class Job(Generic[Result]):
    """``work`` is given a function that reports the share done and raises ``Stopped`` once the job is to end."""

    def __init__(self, work: Callable[[Callable[[float], None]], Result], line: Line = LINE) -> None:
        self.share, self.waiting, self.stopped = 0.0, True, False
        self.result: Result | None = None
        self.failure: BaseException | None = None
        self._work, self._end, self._seen, self._line = work, threading.Event(), time.monotonic(), line
        line.join(self)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to end; it ends when it next reports progress."""
        self._end.set()

    def look(self) -> bool:
        """Whether it still runs; the call also counts as a poll that keeps it alive."""
        self._seen = time.monotonic()
        return self._thread.is_alive()

    @property
    def ending(self) -> bool:
        """Whether it has been asked to end."""
        return self._end.is_set()

    @property
    def place(self) -> int:
        """Its position in the queue: 0 if it runs."""
        return self._line.place(self)

    def mistake(self) -> UserError | None:
        """The UserError that ended it, or None; any other failure is raised."""
        if self.failure is None or isinstance(self.failure, UserError):
            return self.failure
        raise self.failure

    def _tell(self, share: float) -> None:
        self.share = share
        if self._end.is_set() or time.monotonic() - self._seen > PATIENCE:
            raise Stopped

    def _run(self) -> None:
        try:
            while self.place:
                self._tell(0.0)
                time.sleep(WAIT)
            self.waiting = False
            self._tell(0.0)
            self.result = self._work(self._tell)
        except Stopped:
            self.stopped = True
        except BaseException as error:  # the page raises it where its user sees it
            self.failure = error
        finally:
            self._line.leave(self)
