"""Which visitor's request comes next: that of the visitor who has used least, so that nobody waits for a greedy one.

This is start-time fair queuing (Goyal, Vin and Cheng 1997) with a credit for those who come after a pause. It counts
processor seconds, not requests, and has no clock of its own.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")
CREDIT = 0.5  # CPU seconds by which a visitor who comes or comes back is ahead of those who are being served
REMEMBERED = 10_000  # visitors whose use is known, at most


class FairQueue(Generic[T]):
    """Waiting requests by visitor. Within a visitor the first comes first; among visitors, who used least.

    A visitor's use never counts as less than that of the visitor served last minus ``CREDIT``: nobody saves up more.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[T]] = {}
        self._used = OrderedDict[str, float]()  # CPU seconds, the visitor charged last at the end
        self._level = 0.0  # the largest use of a visitor at the time of being served

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, visitor: str, request: T, first: bool = False) -> None:
        """Add a request, after the visitor's others, or before them if it is continued."""
        if visitor not in self._waiting:
            self._waiting[visitor] = deque()
            self._used[visitor] = max(self._used.get(visitor, 0.0), self._level - CREDIT)
        if first:
            self._waiting[visitor].appendleft(request)
        else:
            self._waiting[visitor].append(request)

    def take(self) -> T | None:
        """Remove and return the request that comes next; None if nobody waits."""
        if not self._waiting:
            return None
        visitor = min(self._waiting, key=self._used.__getitem__)  # among equals who came first
        self._level = max(self._level, self._used[visitor])
        request = self._waiting[visitor].popleft()
        if not self._waiting[visitor]:
            del self._waiting[visitor]
        return request

    def remove(self, visitor: str, request: T) -> None:
        """Drop a waiting request."""
        self._waiting[visitor].remove(request)
        if not self._waiting[visitor]:
            del self._waiting[visitor]

    def charge(self, visitor: str, seconds: float) -> None:
        """Count what a request of this visitor used."""
        self._used[visitor] = self._used.get(visitor, 0.0) + seconds
        self._used.move_to_end(visitor)
        while len(self._used) > REMEMBERED + len(self._waiting):
            self._used.pop(next(name for name in self._used if name not in self._waiting))
