"""A model of another library as one of ours, and its way to disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from s2s import card
from s2s.checkpoint import expected_shapes, save
from s2s.config import Config, to_dict
from s2s.errors import UserError
from s2s.vocab import Vocab


@dataclass(frozen=True)
class Texts:
    """How each side's text is cut, by a segmenter's name; None: as the library's files say."""

    source: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Origin:
    """Where a model comes from, for its card: library, version if its files name one, the files read, what was done."""

    library: str
    version: str  # "" where the files do not say
    files: tuple[str, ...]
    notes: tuple[str, ...]  # English sentences: what was folded, what the library does otherwise


@dataclass(frozen=True)
class Imported:
    """What a reader of another library's files gives; the weights are those that the config asks for."""

    config: Config
    vocabs: tuple[Vocab, Vocab]
    weights: Mapping[str, Tensor]
    origin: Origin

    def __post_init__(self) -> None:
        expected = expected_shapes(self.config, *self.vocabs)
        found = {name: tuple(weight.shape) for name, weight in self.weights.items()}
        for name in expected | found:
            if expected.get(name) != found.get(name):
                raise UserError("import_converted", key=name, expected=expected.get(name), found=found.get(name))
        for name, weight in self.weights.items():
            if not torch.isfinite(weight).all():
                raise UserError("weight_not_finite", file=", ".join(self.origin.files), key=name)


def write(imported: Imported, directory: Path) -> None:
    """The model as a checkpoint directory of its own name, weights in float32; UserError where there is one already."""
    if directory.exists():
        raise UserError("import_exists", directory=str(directory))
    config = replace(imported.config, name=directory.name)
    parameters = sum(weight.numel() for weight in imported.weights.values())
    metrics: dict[str, Any] = {"imported": {**asdict(imported.origin), "parameters": parameters}}
    text = card.render(directory.name, to_dict(config), metrics)
    save(directory, config, imported.vocabs, imported.weights, metrics, text, precision=torch.float32)
