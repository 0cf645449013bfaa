"""Which visitor's request comes next: that of the visitor who has used least, so that nobody waits for a greedy one.

This is start-time fair queuing (Goyal, Vin and Cheng 1997) at two levels: among the clients of the server, which are
network addresses, and among the visits of each. Whoever comes after a pause may go ahead of those who are being
served, within a credit that all who come share. The unit is processor seconds, not requests, and there is no clock.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
AHEAD = 0.5  # CPU seconds by which one who comes is ahead of those who are being served, at most
SHARE = 0.25  # of the CPU seconds, how many go to those who are ahead, in the long run
SAVED = 2.0  # CPU seconds of that share that are saved up while nobody needs them, at most
REMEMBERED = 1_000  # clients whose use is known, and visits of each, at most; a forgotten one comes like a new one


class Visitor(NamedTuple):
    """Who asks: a visit, and the client that it comes from."""

    client: str = ""
    visit: str = ""


class Accounts:
    """What each of several has used, in CPU seconds."""

    def __init__(self) -> None:
        self.used = OrderedDict[str, float]()  # whoever was charged last is at the end
        self._behind: dict[str, float] = {}  # the use with which each would have come without credit
        self._level = 0.0  # the largest use of one at the time of being served
        self._credit = SAVED

    def come(self, name: str, waiting: Collection[str]) -> None:
        """Somebody new, or back after a pause, joins those who wait.

        With credit that is a place ahead of those who are being served, without it one behind all who wait. So whoever
        comes again and again under new names cannot keep the others waiting.
        """
        behind = self._behind[name] = max([self._level, *(self.used[other] for other in waiting)])
        start = self._level - AHEAD if self._credit > 0 else behind
        self.used[name] = max(self.used.get(name, 0.0), start)

    def first(self, waiting: Collection[str]) -> str:
        """Who of those who wait has used least; among equals, who came first. That one is served."""
        name = min(waiting, key=self.used.__getitem__)
        self._level = max(self._level, self.used[name])
        return name

    def charge(self, name: str, seconds: float, waiting: Collection[str]) -> list[str]:
        """Count what one has used; returns who is forgotten for it."""
        before = self.used.get(name, 0.0)
        after = self.used[name] = before + seconds
        ahead = max(0.0, min(after, self._behind.get(name, 0.0)) - before)
        self._credit = min(SAVED, self._credit + SHARE * seconds - ahead)
        self.used.move_to_end(name)
        surplus = len(self.used) - REMEMBERED
        forgotten = [other for other in self.used if other not in waiting][:surplus] if surplus > 0 else []
        for other in forgotten:
            del self.used[other]
            self._behind.pop(other, None)
        return forgotten


class FairQueue(Generic[T]):
    """Waiting requests. Of the clients that wait the one that has used least is next, and of its visits likewise."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, deque[T]]] = {}  # client → visit → requests
        self._clients = Accounts()
        self._visits: dict[str, Accounts] = {}  # by client

    def __len__(self) -> int:
        return sum(len(requests) for visits in self._waiting.values() for requests in visits.values())

    def put(self, visitor: Visitor, request: T, first: bool = False) -> None:
        """Add a request, after the visitor's others, or before them if it is continued."""
        client, visit = visitor
        if client not in self._waiting and not (first and client in self._clients.used):
            self._clients.come(client, self._waiting)
        visits = self._waiting.setdefault(client, {})
        accounts = self._visits.setdefault(client, Accounts())
        if visit not in visits and not (first and visit in accounts.used):
            accounts.come(visit, visits)
        requests = visits.setdefault(visit, deque())
        if first:
            requests.appendleft(request)
        else:
            requests.append(request)

    def take(self) -> T | None:
        """Remove and return the request that comes next; None if nobody waits."""
        if not self._waiting:
            return None
        client = self._clients.first(self._waiting)
        visit = self._visits[client].first(self._waiting[client])
        request = self._waiting[client][visit].popleft()
        self._tidy(client, visit)
        return request

    def remove(self, visitor: Visitor, request: T) -> None:
        """Drop a waiting request."""
        client, visit = visitor
        self._waiting[client][visit].remove(request)
        self._tidy(client, visit)

    def _tidy(self, client: str, visit: str) -> None:
        if not self._waiting[client][visit]:
            del self._waiting[client][visit]
        if not self._waiting[client]:
            del self._waiting[client]

    def charge(self, visitor: Visitor, seconds: float) -> None:
        """Count what a request of this visitor used, to the visit and to its client."""
        client, visit = visitor
        self._visits.setdefault(client, Accounts()).charge(visit, seconds, self._waiting.get(client, ()))
        for forgotten in self._clients.charge(client, seconds, self._waiting):
            del self._visits[forgotten]
