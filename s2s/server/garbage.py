"""What visits that have ended held in memory: they refer to themselves, so that only a collection frees them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

PAUSE = 10.0  # seconds between two collections for the sake of room
_ENDERS: list[Callable[[], object]] = []
_last = float("-inf")  # time.monotonic() of the last one


def before(end: Callable[[], object]) -> None:
    """Call ``end`` before each collection; it lets go of visits that have ended."""
    _ENDERS.append(end)


def collect() -> None:
    """Free what nobody refers to; what is left is set aside, so that later collections need not look at it.

    What was set aside earlier is looked at again: a visit that was there then may have ended.
    """
    global _last
    _last = time.monotonic()
    for end in _ENDERS:
        end()
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def collect_for_room() -> bool:
    """Collect because something is full, unless that was done a moment ago; returns whether it was done."""
    if time.monotonic() - _last < PAUSE:
        return False
    collect()
    return True
