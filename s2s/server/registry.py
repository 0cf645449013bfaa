"""What sessions hold, by names that nobody else can guess; what no session holds any more is not there."""

from __future__ import annotations

import threading
import weakref
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """What can be kept: it has a name."""

    name: str


Kept = TypeVar("Kept", bound=Named)


class Registry(Generic[Kept]):
    """Weak references by name, in the order of their coming; ``lock`` is for who looks and then adds."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._known: dict[str, weakref.ref[Kept]] = {}

    def held(self) -> list[Kept]:
        """All that somebody still holds; the rest is forgotten."""
        with self.lock:
            found = {name: kept for name, known in self._known.items() if (kept := known())}
            self._known = {name: self._known[name] for name in found}
            return list(found.values())

    def add(self, kept: Kept) -> None:
        """From now on it is found by its name."""
        with self.lock:
            self._known[kept.name] = weakref.ref(kept)

    def get(self, name: str) -> Kept | None:
        """The one of this name; None for a name that is nobody's."""
        known = self._known.get(name)
        return known() if known else None

    def forget(self, kept: Kept) -> None:
        """Its name is nobody's any more."""
        with self.lock:
            self._known.pop(kept.name, None)
