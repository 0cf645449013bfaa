"""Is a prettier heatmap a truer one? Models measured side by side: a small JSON file, specified in docs/FORMATS.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2s.evaluate import measured
from s2s.evaluate.measured import Measured, read_measured

SCHEMA = "lookback-heatmaps/1"
SHIPPED = Path(__file__).with_name("results") / "zh-en.json"  # the shipped models from Chinese to English

LINKED = ("attention", "gradient", "integrated", "erasure")  # rows of evidence that are scored against gold links
PRETTY = tuple(f"{kind}_{row}" for kind in ("short", "long") for row in LINKED)  # alignment error rates, 0 to 1
TRUE = (
    *("tau_gradient", "tau_integrated", "tau_erasure"),
    *("uniform_variation", "permuted_variation", "flips", "flip_share"),
    *("comprehensiveness_normalised", "sufficiency_normalised", "idle", "disagrees"),
)
MEASURES = ("bleu", *PRETTY, *TRUE)
PERCENT = frozenset((*PRETTY, "flips", "flip_share", "idle", "disagrees"))  # measures that are shares


@dataclass(frozen=True)
class System:
    """One model: the digest of its weights and its ``MEASURES``."""

    name: str
    digest: str
    measures: Mapping[str, Measured]


@dataclass(frozen=True)
class Difference:
    """BLEU of ``name`` minus that of ``base`` over the same sentences; p of a paired randomisation test."""

    name: str
    base: str
    bleu: Measured
    p: float


@dataclass(frozen=True)
class Heatmaps:
    """Models trained on the file ``train``; ``sentences`` by file: ``test``, ``short``, ``long`` and ``evidence``."""

    train: str
    date: str
    level: float
    sentences: Mapping[str, int]
    diagonal: Mapping[str, Measured]  # alignment error rates of the diagonal, ``short`` and ``long``
    systems: tuple[System, ...]
    differences: tuple[Difference, ...]

    def __post_init__(self) -> None:
        if not self.systems or any(set(system.measures) != set(MEASURES) for system in self.systems):
            raise ValueError("every system needs all measures, and there must be one")


def load_heatmaps(path: Path) -> Heatmaps:
    """Read one file; ValueError names the file and the fault."""
    return measured.load_table(path, SCHEMA, heatmaps_from_dict, "comparison of heatmaps")


def heatmaps_from_dict(values: Mapping[str, Any]) -> Heatmaps:
    """Parse the values of a file; ValueError, KeyError or TypeError if they are not a comparison of heatmaps."""
    return Heatmaps(
        train=str(values["train"]),
        date=str(values["date"]),
        level=float(values["level"]),
        sentences={kind: int(values["sentences"][kind]) for kind in ("test", "short", "long", "evidence")},
        diagonal={kind: read_measured(values["diagonal"][kind]) for kind in ("short", "long")},
        systems=tuple(
            System(str(s["name"]), str(s["digest"]), {name: read_measured(s["measures"][name]) for name in MEASURES})
            for s in values["systems"]
        ),
        differences=tuple(
            Difference(str(d["name"]), str(d["base"]), read_measured(d["bleu"]), float(d["p"]))
            for d in values["differences"]
        ),
    )
