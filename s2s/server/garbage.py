"""What visits that have ended held in memory: they refer to themselves, so that only a collection frees them."""

from __future__ import annotations

import functools
import gc
import time
from collections.abc import Callable

PAUSE = 10.0  # seconds between two collections for the sake of room
_ENDERS: list[Callable[[], object]] = []
_last = float("-inf")  # time.monotonic() of the last one


def before(end: Callable[[], object]) -> None:
    """Call ``end`` before each collection; it lets go of visits that have ended."""
    _ENDERS.append(end)


@functools.cache
def set_aside() -> None:
    """Once, when the libraries and a model are there: later collections need not look at them."""
    gc.collect()
    gc.freeze()


def collect_for_room() -> None:
    """Free what nobody refers to because something is full, unless that was done a moment ago.

    What was set aside is looked at, too: a visit that was there then may have ended.
    """
    global _last
    if time.monotonic() - _last < PAUSE:
        return
    _last = time.monotonic()
    for end in _ENDERS:
        end()
    gc.unfreeze()
    gc.collect()
    gc.freeze()
