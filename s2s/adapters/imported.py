"""The result of an import, and how it is written as a checkpoint."""

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
    """The name of each side's segmenter; None: as the library's files say."""

    source: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class ImportOptions(Texts):
    """What the user states about a model because its files do not say it."""

    vocabularies: tuple[Path, ...] = ()  # the source's and the target's file
    layers: Mapping[str, str] = field(default_factory=dict)  # a layer's role in the model → its path in the file
    carries_state: bool | None = None  # whether each step of the decoder starts from its last state
    marks: tuple[str, ...] = ()  # the words that mark the beginning and the end of a sentence
    padded_to: int = 0  # tokens; sources were padded to this length in training, and the model reads the padding
    source_marks: bool = True  # whether sources were read between these words, if their vocabulary has them
    query: str = ""  # the decoder's state that looks back: before its GRU's step (previous), or after it (current)
    gru_reads: str = ""  # how the GRU's input is joined: context,word or word,context; "" for the tutorial's, the first
    output_reads: str = ""  # how the output layer's is: state,context or context,state, if it reads both


@dataclass(frozen=True)
class Origin:
    """The origin of an imported model."""

    library: str
    version: str  # of the library; "" if the files do not say
    files: tuple[str, ...]
    notes: tuple[str, ...]  # English sentences: what was merged, and how the library differs
    directions: int = 2  # of the encoder; with 1 the backward weights of the checkpoint are zeros


@dataclass(frozen=True)
class Imported:
    """A converted model. UserError unless the weights have the shapes that the config requires and are finite."""

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


def write_imported(imported: Imported, directory: Path) -> None:
    """Write a checkpoint directory with float32 weights. UserError if the directory exists."""
    if directory.exists():
        raise UserError("import_exists", directory=str(directory))
    unknown = DataConfig(train="", dev="")
    config = replace(imported.config, name=directory.name, data=unknown)
    parameters = sum(weight.numel() for weight in imported.weights.values())
    metrics: dict[str, Any] = {"imported": {**asdict(imported.origin), "parameters": parameters}}
    text = card.render_card(directory.name, to_dict(config), metrics)
    write_checkpoint(directory, config, imported.vocabs, imported.weights, metrics, text, precision=torch.float32)
