"""A fair lock around the models, and long work that is computed in slices between other requests."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Generator
from typing import Generic, TypeVar

T = TypeVar("T")
SLICE = 0.4  # CPU seconds for one request; longer work continues at the next request


class Gate:
    """A first-come, first-served lock: a thread that releases it and asks again goes to the end of the queue.

    torch gives up the interpreter lock at every call, so ungated decodes slow each other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting = deque[threading.Event]()

    @property
    def waiting(self) -> int:
        """The number of threads that wait."""
        return len(self._waiting)

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


class SlicedWork(Generic[T]):
    """Long work in slices: each request for the result computes one slice, and other requests run in between."""

    def __init__(self, gate: Gate, parts: Generator[None, None, T]) -> None:
        self.gate, self.parts = gate, parts
        self.result: T | None = None
        self.error: Exception | None = None
        self.done = False

    def advance(self, seconds: float = SLICE) -> T | None:
        """Compute a slice; returns the result, or None while unfinished. An error that ended it is raised each time."""
        began = time.thread_time()
        while not self.done:
            with self.gate:
                self._part()
            if time.thread_time() - began > seconds:
                break
        if self.error:
            raise self.error
        return self.result

    def _part(self) -> None:
        if self.done:  # another thread computed the last part meanwhile
            return
        try:
            next(self.parts)
        except StopIteration as end:
            self.result, self.done = end.value, True
        except Exception as error:
            traceback.clear_frames(error.__traceback__)  # a cache keeps it: not what the frames held
            self.error, self.done = error, True
