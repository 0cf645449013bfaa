"""What sessions hold is found by its name as long as somebody holds it."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from s2s.server.registry import Registry


@dataclass(eq=False)
class Thing:
    name: str


def test_what_is_held_is_found_and_what_is_not_is_gone() -> None:
    registry: Registry[Thing] = Registry()
    first, second = Thing("a"), Thing("b")
    registry.add(first)
    registry.add(second)
    assert registry.held() == [first, second] and registry.get("a") is first and registry.get("c") is None
    del first
    gc.collect()
    assert registry.get("a") is None and registry.held() == [second]
    registry.forget(second)
    registry.forget(second)
    assert registry.held() == [] and registry.get("b") is None
