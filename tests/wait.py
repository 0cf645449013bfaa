"""Waits for a condition, and work that ends only on request; no other test code sleeps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

import pytest

Result = TypeVar("Result")


def until(true: Callable[[], object], within: float = 120.0, every: float = 0.01) -> None:
    """Return as soon as a condition holds; it fails after ``within`` seconds, which a busy machine may need."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            pytest.fail("it did not come true")
        time.sleep(every)


def endless(tell: Callable[[float], object], share: float) -> NoReturn:
    """Work that says how far it is and never ends by itself; it leaves the processor to others."""
    while True:
        tell(share)
        time.sleep(0.005)


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a thread of its own: in this one, another test's browser may have an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
