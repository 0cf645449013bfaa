"""Weak references by unguessable name: an entry lives as long as some session holds it."""

from __future__ import annotations

import threading
import weakref
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """An object with a name, which a registry can hold."""

    name: str


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
