"""Measured values with intervals, and the small JSON files that hold tables of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar


@dataclass(frozen=True)
class Measured:
    """A measure's value with its interval.

    >>> Measured.of({"value": 1, "low": 0.5, "high": 2, "count": 9})
    Measured(value=1.0, low=0.5, high=2.0)
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (self.low <= self.value <= self.high and math.isfinite(self.high - self.low)):  # also true of NaN
            raise ValueError(f"value {self.value} does not lie in its interval, {self.low} to {self.high}")

    @staticmethod
    def of(values: Mapping[str, Any]) -> Measured:
        """What a file says of it; other keys are passed over."""
        return Measured(float(values["value"]), float(values["low"]), float(values["high"]))


class Table(Protocol):
    """What a file holds, about checkpoints that were trained on ``train``."""

    @property
    def train(self) -> str:
        """``data.train`` of their configs."""


Made = TypeVar("Made")
Found = TypeVar("Found", bound=Table)


def load_table(path: Path, schema: str, read: Callable[[Mapping[str, Any]], Made], kind: str) -> Made:
    """What ``read`` makes of a file of this schema; ValueError names the file and says what is wrong."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.get("schema") != schema:
            raise ValueError(f"its schema must be {schema}")
        return read(values)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no {kind}: {error}") from None


def about(train: str, folder: Path, load: Callable[[Path], Found]) -> list[Found]:
    """The tables in a folder that are about checkpoints trained on this file."""
    return [table for table in map(load, sorted(folder.glob("*.json"))) if table.train == train]
