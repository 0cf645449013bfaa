"""The record that a task's generator yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Example:
    """A pair, and known facts about it."""

    source: str
    target: str
    facts: Mapping[str, Any] = field(default_factory=dict)
