"""Quality of models on one test file by source length: small JSON files, specified in docs/FORMATS.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2s.evaluate import measured
from s2s.evaluate.measured import Measured, read_measured

SCHEMA = "lookback-lengths/1"
FOLDER = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Bin:
    """The sentences with ``low`` to ``high`` source tokens, both included."""

    low: int
    high: int
    sentences: int

    def __post_init__(self) -> None:
        if not (1 <= self.low <= self.high and self.sentences > 0):
            raise ValueError(f"no sentences of {self.low} to {self.high} tokens")


@dataclass(frozen=True)
class System:
    """One model: its attention, its epochs of training, and chrF with its interval for every bin."""

    name: str
    attention: str
    epochs: int
    chrf: tuple[Measured, ...]


@dataclass(frozen=True)
class Lengths:
    """Models measured on the file ``test``; ``train`` is ``data.train`` of their configs."""

    train: str
    test: str
    level: float
    bins: tuple[Bin, ...]
    systems: tuple[System, ...]

    def __post_init__(self) -> None:
        if not self.bins or not self.systems or any(len(s.chrf) != len(self.bins) for s in self.systems):
            raise ValueError("every system needs one value for each bin, and there must be some of both")


def load_lengths(path: Path) -> Lengths:
    """Read one file; ValueError names the file and the fault."""
    return measured.load_table(path, SCHEMA, lengths_from_dict, "table of lengths")


def lengths_from_dict(values: Mapping[str, Any]) -> Lengths:
    """Parse the values of a file; ValueError, KeyError or TypeError if they are not a table of lengths."""
    return Lengths(
        train=str(values["train"]),
        test=str(values["test"]),
        level=float(values["level"]),
        bins=tuple(Bin(int(b["low"]), int(b["high"]), int(b["sentences"])) for b in values["bins"]),
        systems=tuple(
            System(
                str(s["name"]),
                str(s["attention"]),
                int(s["epochs"]),
                tuple(map(read_measured, s["chrf"])),
            )
            for s in values["systems"]
        ),
    )


def lengths_about(train: str, folder: Path = FOLDER) -> list[Lengths]:
    """The tables in a folder whose models were trained on the file ``train``."""
    return measured.tables_about(train, folder, load_lengths)
