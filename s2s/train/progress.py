"""What a training run changes step by step, and what of it a save holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from s2s.checkpoint.native import unique_weights
from s2s.checkpoint.record import Checkpoint, Side
from s2s.config import Config
from s2s.model import Seq2Seq
from s2s.train.distributed import Group


@dataclass
class Position:
    """Counters of a run, and the best dev scores so far."""

    step: int = 0
    epoch: int = 0
    batch: int = 0  # of the epoch under way
    loss_sum: float = 0.0  # so far in that epoch, over
    tokens: int = 0
    moment_loss: float = 0.0  # the same since the film's last moment
    moment_tokens: int = 0
    stale: int = 0  # epochs since the best
    seconds: float = 0.0
    train_loss: float = 0.0
    tokens_per_second: float = 0.0
    best: dict[str, Any] = field(default_factory=dict)


class RunState:
    """The model, its averaged weights, the optimizer, the generators and the counters of one run in one process."""

    config: Config
    checkpoint: Path  # the directory that the run writes
    source: Side
    target: Side
    model: Seq2Seq
    average: list[Tensor]  # one for each of the model's parameters, in their order
    optimizer: torch.optim.Optimizer
    rng: torch.Generator  # what objectives draw from
    at: Position
    group: Group
    device: torch.device

    def averaged_weights(self) -> dict[str, Tensor]:
        """The moving average under the names that a checkpoint stores."""
        named = dict(zip((n for n, _ in self.model.named_parameters()), self.average, strict=True))
        return {name: named[name] for name in unique_weights(self.model)}

    def averaged_model(self) -> Seq2Seq:
        """A model of the averaged weights as they will be stored; draws no random number."""
        sizes = len(self.source.vocab), len(self.target.vocab)
        with torch.random.fork_rng(devices=[]):
            model = Seq2Seq(self.config.model, *sizes).to(self.device).requires_grad_(False).eval()
        weights = {n: w.half().float() for n, w in self.averaged_weights().items()}
        model.load_state_dict(weights, strict=False)  # what is tied is stored once
        return model

    def averaged_checkpoint(self) -> Checkpoint:
        """That model on the CPU, with its text."""
        model = self.averaged_model().cpu()
        return Checkpoint(self.checkpoint.name, self.config, self.source, self.target, model, {}, "")
