"""Long work in a thread of its own: its progress is looked at, it can be stopped, and it ends when nobody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from s2s.errors import UserError

Result = TypeVar("Result")
PATIENCE = 180.0  # seconds without a look; a browser's hidden tab asks once a minute
# One such job at a time in the server; sentences do not wait for it, as they have a gate of their own.
_TURN = threading.Lock()


class Stopped(Exception):
    """Raised inside the work where it tells its progress."""


class Job(Generic[Result]):
    """``work`` is given a function to tell the share that is done, which raises ``Stopped`` once it is to end."""

    def __init__(self, work: Callable[[Callable[[float], None]], Result]) -> None:
        self.share, self.waiting, self.stopped = 0.0, True, False
        self.result: Result | None = None
        self.failure: BaseException | None = None
        self._work, self._end, self._seen = work, threading.Event(), time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to end; it does so at its next word of progress."""
        self._end.set()

    def look(self) -> bool:
        """Whether it still runs; also tells it that somebody waits."""
        self._seen = time.monotonic()
        return self._thread.is_alive()

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
            while not _TURN.acquire(timeout=0.2):
                self._tell(0.0)
            self.waiting = False
            try:
                self._tell(0.0)
                self.result = self._work(self._tell)
            finally:
                _TURN.release()
        except Stopped:
            self.stopped = True
        except BaseException as error:  # the page raises it where its user sees it
            self.failure = error
