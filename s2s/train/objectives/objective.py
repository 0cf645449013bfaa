"""The signature of an objective, and what it knows of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s.config import TrainConfig
from s2s.data.batches import Batch
from s2s.model import Seq2Seq


@dataclass(frozen=True)
class TrainingProgress:
    """The state of the run: ``step`` of ``steps``, and its settings."""

    step: int
    steps: int
    settings: TrainConfig


Objective = Callable[[Seq2Seq, Batch, torch.Generator, TrainingProgress], Tensor]
