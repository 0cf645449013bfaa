"""Weak references by unguessable name: an entry lives as long as some session holds it."""

from __future__ import annotations

import threading
import weakref
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """What a registry can hold: anything with a name."""

    name: str


Kept = TypeVar("Kept", bound=Named)


class Registry(Generic[Kept]):
    """Weak references by name, oldest first; hold ``lock`` to check and then add."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._known: dict[str, weakref.ref[Kept]] = {}

    def held(self) -> list[Kept]:
        """The entries that are still alive; dead ones are dropped."""
        with self.lock:
            found = {name: kept for name, known in self._known.items() if (kept := known())}
            self._known = {name: self._known[name] for name in found}
            return list(found.values())

    def add(self, kept: Kept) -> None:
        """Register an entry under its name."""
        with self.lock:
            self._known[kept.name] = weakref.ref(kept)

    def get(self, name: str) -> Kept | None:
        """The entry of this name; None for an unknown name."""
        known = self._known.get(name)
        return known() if known else None

    def forget(self, kept: Kept) -> None:
        """Drop the entry of this name."""
        with self.lock:
            self._known.pop(kept.name, None)
