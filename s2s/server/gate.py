"""Who may use the models: one at a time, in the order in which they came."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator
from typing import Generic, TypeVar

T = TypeVar("T")
SHARE = 0.4  # seconds of computing for one request; what takes longer is gone on with at the next


class Gate:
    """A lock that is handed to whoever waited longest: one that lets go and asks again does not go first.

    torch gives up the interpreter lock at every call, so ungated decodes slow each other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting = deque[threading.Event]()

    def __enter__(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


class Work(Generic[T]):
    """Long work with pauses: everybody who wants what comes of it does a share of it, and others go in between."""

    def __init__(self, gate: Gate, parts: Generator[None, None, T]) -> None:
        self.gate, self.parts = gate, parts
        self.found: T | None = None
        self.error: Exception | None = None
        self.done = False

    def go_on(self, share: float = SHARE) -> T | None:
        """What comes of the work, None while it is not done; the error that it ended in is raised again each time."""
        began = time.thread_time()
        while not self.done:
            with self.gate:
                self._part()
            if time.thread_time() - began > share:
                break
        if self.error:
            raise self.error
        return self.found

    def _part(self) -> None:
        if self.done:  # by somebody else, meanwhile
            return
        try:
            next(self.parts)
        except StopIteration as end:
            self.found, self.done = end.value, True
        except Exception as error:
            self.error, self.done = error, True
