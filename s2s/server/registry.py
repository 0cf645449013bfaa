"""Weak references by unguessable name: an entry lives as long as some session holds it."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

IN_USE = 3_600.0  # seconds: an entry whose visitor did something so lately does not give way


class Named(Protocol):
    """An object with a name, which a registry can hold, and when its visitor last did something, in seconds."""

    name: str
    used: float  # of time.monotonic()


Entry = TypeVar("Entry", bound=Named)


class Registry(Generic[Entry]):
    """Weak references by name, oldest first; hold ``lock`` to check and then add."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._references: dict[str, weakref.ref[Entry]] = {}

    def entries(self) -> list[Entry]:
        """The entries that are still alive; dead ones are dropped."""
        with self.lock:
            alive = {name: entry for name, reference in self._references.items() if (entry := reference())}
            self._references = {name: self._references[name] for name in alive}
            return list(alive.values())

    def add(self, entry: Entry) -> None:
        """Register an entry under its name."""
        with self.lock:
            self._references[entry.name] = weakref.ref(entry)

    def get(self, name: str) -> Entry | None:
        """The entry of this name; None for an unknown name."""
        reference = self._references.get(name)
        return reference() if reference else None

    def remove(self, entry: Entry) -> None:
        """Drop the entry of this name; nothing happens if there is no such entry."""
        with self.lock:
            self._references.pop(entry.name, None)

    def touch(self, entry: Entry) -> bool:
        """Count an entry as used now; returns whether it is still there."""
        entry.used = time.monotonic()
        return self.get(entry.name) is not None

    def make_room(self, is_full: Callable[[Sequence[Entry]], bool], discard: Callable[[Entry], None]) -> bool:
        """Discard the entries that were not used for longest until the rest is not full; returns whether that is so.

        It raises nothing itself where the rest is in use: an error keeps what its frames hold.
        """
        held = sorted(self.entries(), key=lambda entry: entry.used)
        while is_full(held):
            if not held or time.monotonic() - held[0].used < IN_USE:
                return False
            discard(held.pop(0))
        return True
