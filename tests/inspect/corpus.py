"""A small inspection with kept states, made in a moment."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.inspect import run
from s2s.inspect.run import Input, Inspection
from s2s.inspect.states.capture import StateWriter
from s2s.inspect.table import Examples
from s2s.train.distributed import Group
from tests.factory import SOURCE, TARGET, make_checkpoint

ONE = Group(0, 1, torch.device("cpu"))


def write_pairs(path: Path, count: int) -> Path:
    """Random pairs of the factory's words."""
    rng, rows = random.Random(0), []
    for _ in range(count):
        source = "".join(rng.choices(SOURCE.tokens[4:], k=rng.randint(1, 6)))
        rows.append(f"{source}\t{' '.join(rng.choices(TARGET.tokens[4:], k=rng.randint(1, 6)))}\n")
    path.write_text("".join(rows), encoding="utf-8")
    return path


def inspected(
    place: Path, attention: str = "general", count: int = 23, mode: str = "both", **model: object
) -> tuple[Examples, Checkpoint]:
    """An inspection of ``count`` pairs in windows of 5, and its checkpoint; without states."""
    checkpoint = load(make_checkpoint(place, attention, scale=0.7, **model))
    source = Input(write_pairs(place / "pairs.tsv", count))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "WINDOW", 5)
        Inspection(place / "made", checkpoint, source, mode).run(ONE, lambda done: None)
    return Examples(place / "made"), checkpoint


def with_states(place: Path, **more: object) -> Examples:
    """The same with states."""
    examples, checkpoint = inspected(place, **more)  # type: ignore[arg-type]
    StateWriter(examples, checkpoint).make(ONE, lambda done: None)
    return examples
