"""Measured values with intervals, and the small JSON files that hold tables of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from s2s.errors import reason

Value = TypeVar("Value", float, float | None)


@dataclass(frozen=True)
class Interval(Generic[Value]):
    """A value with its interval, and the number of items that it was computed from (0 if unknown)."""

    value: Value
    low: Value
    high: Value
    count: int = 0


Estimate = Interval[float | None]  # from a bootstrap; None if undefined
Measured = Interval[float]  # from a file


def read_measured(values: Mapping[str, Any]) -> Measured:
    """Read value, low and high of a file's entry, ignoring other keys; ValueError if the value lies outside.

    >>> read_measured({"value": 1, "low": 0.5, "high": 2, "count": 9})
    Interval(value=1.0, low=0.5, high=2.0, count=0)
    """
    value, low, high = (float(values[name]) for name in ("value", "low", "high"))
    if not (low <= value <= high and math.isfinite(high - low)):  # also true of NaN
        raise ValueError(f"value {value} does not lie in its interval, {low} to {high}")
    return Measured(value, low, high)


class Table(Protocol):
    """The content of a file about checkpoints that were trained on ``train``."""

    @property
    def train(self) -> str:
        """``data.train`` of their configs."""


Parsed = TypeVar("Parsed")
Loaded = TypeVar("Loaded", bound=Table)


def load_table(path: Path, schema: str, read: Callable[[Mapping[str, Any]], Parsed], kind: str) -> Parsed:
    """Parse a file of this schema with ``read``; ValueError names the file, its ``kind`` and the fault."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.get("schema") != schema:
            raise ValueError(f"its schema must be {schema}")
        return read(values)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no {kind}: {reason(error)}") from None


def tables_about(train: str, folder: Path, load: Callable[[Path], Loaded]) -> list[Loaded]:
    """The tables in a folder whose checkpoints were trained on the file ``train``."""
    return [table for table in map(load, sorted(folder.glob("*.json"))) if table.train == train]
