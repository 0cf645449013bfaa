"""Long work in a thread of its own: its progress is looked at, it can be stopped, and it ends when nobody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from s2s.errors import UserError

Result = TypeVar("Result")
WAIT = 0.1  # seconds between two looks at one's place
PATIENCE = 180.0  # seconds without a look; a browser's hidden tab asks once a minute


class Stopped(Exception):
    """Raised inside the work where it tells its progress."""


class Line:
    """Who works and who waits, in the order of coming; ``width`` of them work at a time."""

    def __init__(self, width: int = 1) -> None:
        self.width = width
        self._order: list[object] = []
        self._lock = threading.Lock()

    def join(self, who: object) -> None:
        """Stand at the end."""
        with self._lock:
            self._order.append(who)

    def leave(self, who: object) -> None:
        """Make way; whoever is not in the line has left already."""
        with self._lock, suppress(ValueError):
            self._order.remove(who)

    def place(self, who: object) -> int:
        """0 for those who work, 1 for the next one; 0 too for those who have left."""
        with self._lock:
            return max(0, self._order.index(who) + 1 - self.width) if who in self._order else 0

    def empty(self) -> bool:
        """Whether nobody works or waits."""
        return not self._order


# One such job at a time in the server; sentences do not wait for it, as they have a gate of their own.
LINE = Line()


class Job(Generic[Result]):
    """``work`` is given a function to tell the share that is done, which raises ``Stopped`` once it is to end."""

    def __init__(self, work: Callable[[Callable[[float], None]], Result], line: Line = LINE) -> None:
        self.share, self.waiting, self.stopped = 0.0, True, False
        self.result: Result | None = None
        self.failure: BaseException | None = None
        self._work, self._end, self._seen, self._line = work, threading.Event(), time.monotonic(), line
        line.join(self)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to end; it does so at its next word of progress."""
        self._end.set()

    def look(self) -> bool:
        """Whether it still runs; also tells it that somebody waits."""
        self._seen = time.monotonic()
        return self._thread.is_alive()

    @property
    def ending(self) -> bool:
        """Whether it has been asked to end."""
        return self._end.is_set()

    @property
    def place(self) -> int:
        """How many turns it is from its own."""
        return self._line.place(self)

    def mistake(self) -> UserError | None:
        """What its user got wrong; any other failure is raised."""
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
