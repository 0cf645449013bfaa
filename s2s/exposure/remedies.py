"""Comparisons of remedies for exposure bias on one task: small JSON files, specified in docs/FORMATS.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2s.evaluate import measured
from s2s.evaluate.measured import Measured, read_measured

SCHEMA = "lookback-remedies/1"
FOLDER = Path(__file__).with_name("results")


@dataclass(frozen=True)
class System:
    """One trained model: its objective, its seed, its extra training steps, and its measures by name."""

    name: str
    objective: str
    seed: int
    extra_steps: int
    measures: Mapping[str, Measured]


@dataclass(frozen=True)
class Pooled:
    """All seeds of one objective: means, with the lowest and the highest end of the seeds' intervals."""

    objective: str
    extra_steps: int
    seeds: int
    measures: Mapping[str, Measured]


@dataclass(frozen=True)
class Comparison:
    """Systems that were trained on from one base and measured on one file."""

    task: str
    train: str  # ``data.train`` of the systems' configs
    test: str
    sentences: int
    level: float  # confidence level of the intervals, 0 to 1
    systems: tuple[System, ...]

    def __post_init__(self) -> None:
        if not self.systems:
            raise ValueError("systems must not be empty")
        names = [system.name for system in self.systems]
        if len(set(names)) < len(names):
            raise ValueError("two systems have the same name")

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of all measures, in order of first appearance."""
        return tuple(dict.fromkeys(name for system in self.systems for name in system.measures))

    @property
    def pooled(self) -> tuple[Pooled, ...]:
        """One row for the base and one for each objective."""
        kinds: dict[tuple[str, int], list[System]] = {}
        for system in self.systems:
            kinds.setdefault((system.objective, system.extra_steps), []).append(system)
        return tuple(Pooled(*kind, len(some), self._means(some)) for kind, some in kinds.items())

    def _means(self, systems: list[System]) -> dict[str, Measured]:
        """Means of the measures that all the systems have."""
        values = {name: [s.measures[name] for s in systems if name in s.measures] for name in self.measures}
        return {
            name: Measured(sum(m.value for m in some) / len(some), min(m.low for m in some), max(m.high for m in some))
            for name, some in values.items()
            if len(some) == len(systems)
        }


def load_comparison(path: Path) -> Comparison:
    """Read one file; ValueError names the file and the fault."""
    return measured.load_table(path, SCHEMA, comparison_from_dict, "comparison of remedies")


def comparisons_about(train: str, folder: Path) -> list[Comparison]:
    """The comparisons in a folder whose systems were trained on the file ``train``."""
    return measured.tables_about(train, folder, load_comparison)


def comparison_from_dict(values: Mapping[str, Any]) -> Comparison:
    """Parse the values of a file; ValueError, KeyError or TypeError if they are not a comparison."""
    return Comparison(
        task=str(values["task"]),
        train=str(values["train"]),
        test=str(values["test"]),
        sentences=int(values["sentences"]),
        level=float(values["level"]),
        systems=tuple(_system(value) for value in values["systems"]),
    )


def _system(value: Mapping[str, Any]) -> System:
    measures = {str(name): read_measured(m) for name, m in value["measures"].items()}
    return System(str(value["name"]), str(value["objective"]), int(value["seed"]), int(value["extra_steps"]), measures)
