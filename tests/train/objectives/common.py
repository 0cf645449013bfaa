"""Tiny models and batches that the tests of objectives share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from s2s.config import TrainConfig
from s2s.data.batches import Batch, Ids, Links, collate
from s2s.model import Seq2Seq
from s2s.train.objectives import OBJECTIVES, TrainingProgress
from tests.factory import make_config, make_model

PAIRS: list[Ids] = [([4, 7, 12, 14], [4, 7, 12, 14]), ([5], [5, 9]), ([6, 9, 11], []), ([8, 4], [6, 6, 7, 10, 11])]
LINKS: list[Links] = [
    frozenset({(0, 0), (1, 1), (3, 1)}),  # a word with two links, a word with none
    frozenset({(0, 0), (0, 1)}),
    frozenset(),
    frozenset({(1, 0), (0, 4)}),
]
KINDS: list[dict[str, Any]] = [
    {"attention": "additive"},
    {"attention": "general", "cell": "lstm", "tied_embeddings": False},
    {"attention": "general", "decoder_layers": 2, "shared_embeddings": True},
    {"attention": "additive", "coverage": True, "pointer": True, "prior": True, "shared_embeddings": True},
]


def tiny(scale: float = 0.4, **model: Any) -> Seq2Seq:
    """A model whose distributions are neither flat nor certain."""
    return make_model(make_config(**model), scale=scale)


def batch() -> Batch:
    """Rows of different lengths, one of them an empty target."""
    return collate(PAIRS, LINKS)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def progress(step: int = 0, **train: Any) -> TrainingProgress:
    return TrainingProgress(step, 100, TrainConfig(**{"label_smoothing": 0.0, **train}))


def value(name: str, model: Seq2Seq, seed: int = 0, step: int = 0, data: Batch | None = None, **train: Any) -> Tensor:
    """An objective's loss."""
    told = progress(step, objective=name, **train)
    return OBJECTIVES[name](model, batch() if data is None else data, generator(seed), told)
