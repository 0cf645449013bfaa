"""Rate limits: a token bucket for each client."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

CLIENTS = 10_000  # whose buckets are remembered; those who asked longest ago are forgotten


class RateLimit:
    """Each client may act ``burst`` times at once, and ``per_second`` times a second in the long run."""

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.burst, self.per_second = burst, per_second
        self._clock, self._lock = clock, threading.Lock()
        self._buckets = OrderedDict[str, tuple[float, float]]()  # client → tokens, and when they were counted

    def take(self, client: str) -> bool:
        """Whether the client may act now; if so, that counts."""
        with self._lock:
            now = self._clock()
            tokens, counted = self._buckets.pop(client, (float(self.burst), now))
            tokens = min(float(self.burst), tokens + self.per_second * (now - counted))
            allowed = tokens >= 1
            self._buckets[client] = (tokens - allowed, now)
            while len(self._buckets) > CLIENTS:
                self._buckets.popitem(last=False)
            return allowed
