"""A model of another library converted to ours, and its writing to disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from s2s.checkpoint import card
from s2s.checkpoint.native import expected_shapes, write_checkpoint
from s2s.config import Config, DataConfig, to_dict
from s2s.errors import UserError
from s2s.text.vocab import Vocab


@dataclass(frozen=True)
class Texts:
    """How each side's text is cut, by a segmenter's name; None: as the library's files say."""

    source: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class ImportOptions(Texts):
    """What else a user says of a model whose files do not say it (``keras``, ``pytorch-tutorial``)."""

    vocabularies: tuple[Path, ...] = ()  # of the source, of the target
    layers: Mapping[str, str] = field(default_factory=dict)  # a layer's place in the model to its path in the file
    carries_state: bool | None = None  # whether the decoder's recurrent layer is called with its state
    marks: tuple[str, ...] = ()  # the words that begin and end a sentence
    padded_to: int = 0  # tokens that a source has been filled up to with padding, which the model reads


@dataclass(frozen=True)
class Origin:
    """Where a model comes from: library, version if its files name one, the files read, what was done, what it was."""

    library: str
    version: str  # "" where the files do not say
    files: tuple[str, ...]
    notes: tuple[str, ...]  # English sentences: what was folded, what the library does otherwise
    directions: int = 2  # of the encoder; of one the second direction's weights are zeros here


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
    unknown = DataConfig(train="", dev="")  # what it was trained on
    config = replace(imported.config, name=directory.name, data=unknown)
    parameters = sum(weight.numel() for weight in imported.weights.values())
    metrics: dict[str, Any] = {"imported": {**asdict(imported.origin), "parameters": parameters}}
    text = card.render(directory.name, to_dict(config), metrics)
    write_checkpoint(directory, config, imported.vocabs, imported.weights, metrics, text, precision=torch.float32)
