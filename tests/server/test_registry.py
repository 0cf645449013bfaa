"""A registry's entry can be found as long as something holds it."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from s2s.server.registry import Registry


@dataclass(eq=False)
class Thing:
    name: str
    used: float = 0.0
    client: str = ""


def test_an_entry_lives_as_long_as_something_holds_it() -> None:
    registry: Registry[Thing] = Registry()
    first, second = Thing("a"), Thing("b")
    registry.add(first)
    registry.add(second)
    assert registry.entries() == [first, second] and registry.get("a") is first and registry.get("c") is None
    del first
    gc.collect()
    assert registry.get("a") is None and registry.entries() == [second]
    registry.remove(second)
    registry.remove(second)
    assert registry.entries() == [] and registry.get("b") is None
