"""Long work in its own thread: it reports progress, can be stopped, and ends when nobody polls it."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from s2s.errors import UserError

Result = TypeVar("Result")
QUEUE_INTERVAL = 0.1  # seconds between two checks of the queue
TURN = 5.0  # seconds that a job works while others wait; then it goes to the end of the queue
POLL_TIMEOUT = 180.0  # seconds without a poll until a job ends; a browser polls a hidden tab once a minute


class Stopped(Exception):
    """Raised inside the work where it reports progress, once it is to end."""


class WorkQueue:
    """A queue of which the first ``width`` members work and the others wait.

    With ``shared`` the members take turns; without it the first keeps its place until it leaves.
    """

    def __init__(self, width: int = 1, shared: bool = False) -> None:
        self.width, self.shared = width, shared
        self._order: list[object] = []
        self._lock = threading.Lock()

    def join(self, member: object) -> None:
        """Append a member."""
        with self._lock:
            self._order.append(member)

    def leave(self, member: object) -> None:
        """Remove a member; nothing happens if it is not in the queue."""
        with self._lock, suppress(ValueError):
            self._order.remove(member)

    def give_way(self, member: object) -> None:
        """Move a member to the end, if members take turns."""
        with self._lock:
            if self.shared and member in self._order:
                self._order.remove(member)
                self._order.append(member)

    def position(self, member: object) -> int:
        """0 for a working member or one that has left, 1 for the next to work, and so on."""
        with self._lock:
            return max(0, self._order.index(member) + 1 - self.width) if member in self._order else 0

    def size(self) -> int:
        """The number of members, working or waiting."""
        return len(self._order)


# One job at a time works on this server. Decoding a sentence does not wait for it: decoding has a gate of its own.
QUEUE = WorkQueue(shared=True)


class Job(Generic[Result]):
    """Runs ``work`` in a thread of its own when its turn in the queue comes.

    ``work`` gets a function that takes the share done, from 0 to 1, and raises ``Stopped`` once the job is to end.
    """

    def __init__(self, work: Callable[[Callable[[float], None]], Result], queue: WorkQueue = QUEUE) -> None:
        self.share, self.waiting, self.stopped = 0.0, True, False
        self.result: Result | None = None
        self.failure: BaseException | None = None
        self._work, self._end, self._queue = work, threading.Event(), queue
        self._last_poll = self._turn = time.monotonic()
        queue.join(self)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to end; it ends when it next reports progress."""
        self._end.set()

    def poll(self) -> bool:
        """Return whether the job runs or waits; a job that is not polled for ``POLL_TIMEOUT`` ends."""
        self._last_poll = time.monotonic()
        return self._thread.is_alive()

    @property
    def ending(self) -> bool:
        """Whether ``stop`` has been called."""
        return self._end.is_set()

    @property
    def queue_position(self) -> int:
        """The number of jobs that have to end before this one starts; 0 if it runs."""
        return self._queue.position(self)

    def user_error(self) -> UserError | None:
        """The UserError that ended the job, or None; any other failure is raised."""
        if self.failure is None or isinstance(self.failure, UserError):
            return self.failure
        raise self.failure

    def _report(self, share: float) -> None:
        self.share = share
        if time.monotonic() - self._turn > TURN:
            self._queue.give_way(self)
        self._wait()

    def _wait(self) -> None:
        """Wait for a turn, if it is not this job's. Raises Stopped once the job is to end."""
        while True:
            if self._end.is_set() or time.monotonic() - self._last_poll > POLL_TIMEOUT:
                raise Stopped
            self.waiting = self.queue_position > 0
            if not self.waiting:
                return
            time.sleep(QUEUE_INTERVAL)
            self._turn = time.monotonic()

    def _run(self) -> None:
        try:
            self._turn = time.monotonic()
            self._wait()
            self.result = self._work(self._report)
        except Stopped:
            self.stopped = True
        except BaseException as error:  # raised again by ``user_error``, in the page's thread
            traceback.clear_frames(error.__traceback__)  # sessions keep the error, but not what its frames held
            self.failure = error
        finally:
            self._queue.leave(self)
