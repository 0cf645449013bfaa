"""A lock around the models that serves visitors in turn, in slices; long work that goes on at the next request."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from s2s.server.fair_queue import FairQueue, Visitor

T = TypeVar("T")
NOBODY = Visitor()  # who asks outside of a visit
SLICE = 0.05  # seconds that a visitor holds the gate while others wait; a part that cannot pause may take longer
ADVANCE = 0.4  # CPU seconds of sliced work for one request; longer work continues at the next request
CHECK = 0.1  # seconds between two checks whether a waiting request is still wanted


def still_wanted() -> None:
    """The check of a request that nobody takes back."""


class Gate:
    """One thread at a time, that of the visitor who has used least; it gives way to others after ``SLICE``.

    torch gives up the interpreter lock at every call, so ungated decodes slow each other. A thread must not wait for
    anything that another one may hold at a pause: take such locks, caches' too, before the gate.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue = FairQueue[Turn]()
        self._holder: Turn | None = None

    @property
    def waiting(self) -> int:
        """The number of threads that wait."""
        with self._lock:
            return len(self._queue)

    @contextmanager
    def turn(self, visitor: Visitor = NOBODY, check: Callable[[], None] = still_wanted) -> Iterator[None]:
        """Hold the gate; wait for it first. ``check`` may end the work with an exception where it waits or pauses."""
        if _TURN.get() is not None:
            raise RuntimeError("this thread has the gate")  # it would wait for itself
        turn = Turn(self, visitor, check)
        try:
            self.enter(turn)
            token = _TURN.set(turn)
            try:
                yield
            finally:
                _TURN.reset(token)
        finally:
            self.leave(turn)

    def enter(self, turn: Turn, again: bool = False) -> None:
        """Queue a turn, or the holder's ``again``, and wait for it."""
        with self._lock:
            turn.granted.clear()
            self._queue.put(turn.visitor, turn, first=again)
            if again:
                self._queue.charge(turn.visitor, turn.used())
            if again or self._holder is None:
                self._next()
        while not turn.granted.wait(CHECK):
            turn.check()
        turn.begin()

    def leave(self, turn: Turn) -> None:
        """End a turn, or give up waiting for it."""
        with self._lock:
            if self._holder is turn:
                self._queue.charge(turn.visitor, turn.used())
                self._next()
            else:
                self._queue.remove(turn.visitor, turn)

    def _next(self) -> None:
        self._holder = self._queue.take()
        if self._holder is not None:
            self._holder.granted.set()


class Turn:
    """One thread's stay at a gate."""

    def __init__(self, gate: Gate, visitor: Visitor, check: Callable[[], None]) -> None:
        self.gate, self.visitor, self.check = gate, visitor, check
        self.granted = threading.Event()
        self.begin()

    def begin(self) -> None:
        """A slice begins."""
        self._began, self._cpu = time.monotonic(), time.thread_time()

    def used(self) -> float:
        """CPU seconds of this slice. Call it in the thread of the turn."""
        return time.thread_time() - self._cpu

    def pause(self) -> None:
        """After a slice: let others go first who have used less."""
        if time.monotonic() - self._began > SLICE:
            self.check()
            self.gate.enter(self, again=True)


_TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


def pause(*_: Any) -> None:
    """Where work can be interrupted: give way to others if this thread has held a gate for a slice."""
    turn = _TURN.get()
    if turn is not None:
        turn.pause()


def pause_at(modules: Iterable[Any]) -> None:
    """Call ``pause`` whenever one of these torch modules is about to run, and when a backward pass has come to it."""
    for module in modules:
        module.register_forward_pre_hook(pause)
        module.register_forward_hook(_pause_backward)


def _pause_backward(_: Any, __: Any, output: Any) -> None:
    for tensor in output if isinstance(output, tuple) else (output,):
        if getattr(tensor, "requires_grad", False):
            tensor.register_hook(pause)


class SlicedWork(Generic[T]):
    """Long work in slices: each request for the result computes one slice, and other requests run in between."""

    def __init__(self, gate: Gate, parts: Generator[None, None, T]) -> None:
        self.gate, self.parts = gate, parts
        self.result: T | None = None
        self.error: Exception | None = None
        self.done = False
        self._lock = threading.Lock()  # one thread computes a part, while others may have the gate at its pauses

    def advance(
        self, visitor: Visitor = NOBODY, check: Callable[[], None] = still_wanted, seconds: float = ADVANCE
    ) -> T | None:
        """Compute a slice; returns the result, or None while unfinished. An error that ended it is raised each time."""
        began = time.thread_time()
        while not self.done:
            check()  # not inside of a part: whoever asks next goes on
            with self._lock, self.gate.turn(visitor):
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
