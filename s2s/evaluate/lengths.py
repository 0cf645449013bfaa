"""Quality by the length of the source, of models on one test file: small JSON files that docs/FORMATS.md specifies."""

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
    """The sentences of ``low`` to ``high`` source tokens."""

    low: int
    high: int
    sentences: int

    def __post_init__(self) -> None:
        if not (1 <= self.low <= self.high and self.sentences > 0):
            raise ValueError(f"no sentences of {self.low} to {self.high} tokens")


@dataclass(frozen=True)
class System:
    """A model: its kind of attention, its epochs of training, and chrF with its interval for every bin."""

    name: str
    attention: str
    epochs: int
    chrf: tuple[Measured, ...]


@dataclass(frozen=True)
class Lengths:
    """Models measured on one file; ``train`` is ``data.train`` of the checkpoints that it is about."""

    train: str
    test: str
    level: float
    bins: tuple[Bin, ...]
    systems: tuple[System, ...]

    def __post_init__(self) -> None:
        if not self.bins or not self.systems or any(len(s.chrf) != len(self.bins) for s in self.systems):
            raise ValueError("every system needs one value for each bin, and there must be some of both")


def load_lengths(path: Path) -> Lengths:
    """One file; ValueError names it and says what is wrong."""
    return measured.load_table(path, SCHEMA, lengths_from_dict, "table of lengths")


def lengths_from_dict(values: Mapping[str, Any]) -> Lengths:
    """What a file's values are; ValueError, KeyError or TypeError where they are no such table."""
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


def about(train: str, folder: Path = FOLDER) -> list[Lengths]:
    """The tables in a folder that are about checkpoints trained on this file."""
    return measured.about(train, folder, load_lengths)
