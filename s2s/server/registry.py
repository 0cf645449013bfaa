"""Weak references by unguessable name: an entry lives as long as some session holds it."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from s2s.server import garbage

IN_USE = 3_600.0  # seconds: an entry whose visitor did something so lately does not give way


class Named(Protocol):
    """An object with a name, which a registry can hold, and when its visitor last did something, in seconds."""

    name: str
    client: str  # the client that it came from
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

    def make_room(
        self,
        is_full: Callable[[Sequence[Entry]], bool],
        discard: Callable[[Entry], None],
        client: str | None = None,
    ) -> bool:
        """Whether one more fits, of all or of a client's.

        If not, it lets go of the entries of visits that have ended, and then of those that were not used for longest.
        It raises nothing itself where the rest is in use: an error keeps what its frames hold.
        """

        def held() -> list[Entry]:
            entries = [entry for entry in self.entries() if client in (None, entry.client)]
            return sorted(entries, key=lambda entry: entry.used)

        if is_full(held()):
            garbage.collect_for_room()
        while is_full(entries := held()):
            if not entries or time.monotonic() - entries[0].used < IN_USE:
                return False
            discard(entries[0])
        return True
