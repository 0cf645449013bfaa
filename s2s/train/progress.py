"""The state of a training run: what changes with every step, and what a save contains."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from s2s.checkpoint import card
from s2s.checkpoint.native import unique_weights
from s2s.checkpoint.record import Checkpoint, Side
from s2s.config import Config
from s2s.data.batches import Ids
from s2s.model import Seq2Seq
from s2s.trace.film import LARGEST
from s2s.train.distributed import Group
from s2s.train.threads import Threads


@dataclass
class Position:
    """Counters of a run, and the best dev scores so far."""

    step: int = 0
    epoch: int = 0
    batch: int = 0  # batches done in the current epoch
    loss_sum: float = 0.0  # summed loss of the current epoch so far, over
    tokens: int = 0
    moment_loss: float = 0.0  # summed loss since the film's last moment
    moment_tokens: int = 0
    epoch_norm: float = 0.0  # greatest gradient norm, before clipping, of the current epoch so far
    moment_norm: float = 0.0  # and since the film's last moment
    stale: int = 0  # epochs since the best score
    seconds: float = 0.0
    train_loss: float = 0.0
    gradient_norm: float = 0.0
    tokens_per_second: float = 0.0
    best: dict[str, Any] = field(default_factory=dict)

    def met_norm(self, norm: float) -> None:
        """Keep the greatest gradient norm; one that is no number counts as the greatest that a log can hold."""
        norm = norm if norm <= LARGEST else float(LARGEST)
        self.epoch_norm, self.moment_norm = max(self.epoch_norm, norm), max(self.moment_norm, norm)


class RunState:
    """The model, its averaged weights, the optimizer, the generators and the counters of one run in one process."""

    config: Config
    command: str
    directory: Path  # of the files that a run needs to be resumed
    pairs: list[Ids]
    threads: Threads
    checkpoint: Path  # directory of the checkpoint that the run writes
    source: Side
    target: Side
    model: Seq2Seq
    average: list[Tensor]  # one tensor for each parameter, in the model's order
    optimizer: torch.optim.Optimizer
    rng: torch.Generator  # the objectives' source of random numbers
    at: Position
    group: Group
    device: torch.device

    def facts(self) -> dict[str, Any]:
        """What a checkpoint says of its training, under the names of ``metrics.json``."""
        return {
            "command": self.command,
            "seconds": round(self.at.seconds),
            "epoch": self.at.epoch,
            "pairs": len(self.pairs),
            "hardware": card.hardware(self.threads.number),
            "parameters": sum(p.numel() for p in self.model.parameters()),
        }

    def averaged_weights(self) -> dict[str, Tensor]:
        """The moving average of the weights, by the names that a checkpoint stores."""
        named = dict(zip((n for n, _ in self.model.named_parameters()), self.average, strict=True))
        return {name: named[name] for name in unique_weights(self.model)}

    def averaged_model(self) -> Seq2Seq:
        """A model with the averaged weights in the precision of the file; draws no random numbers."""
        sizes = len(self.source.vocab), len(self.target.vocab)
        with torch.random.fork_rng(devices=[]):
            model = Seq2Seq(self.config.model, *sizes).to(self.device).requires_grad_(False).eval()
        weights = {n: w.half().float() for n, w in self.averaged_weights().items()}
        model.load_state_dict(weights, strict=False)  # tied weights are stored once
        return model

    def averaged_checkpoint(self) -> Checkpoint:
        """The averaged model on the CPU as a checkpoint."""
        model = self.averaged_model().cpu()
        return Checkpoint(self.checkpoint.name, self.config, self.source, self.target, model, {}, "")
