"""Training in several processes (torchrun): each computes a part of every batch; gradients are summed exactly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")
PATIENCE = timedelta(hours=12)  # how long the other processes wait while the first computes the dev scores


@dataclass(frozen=True)
class Group:
    """One process of ``size``. Only the ``first`` writes files."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def part(self, items: Sequence[T]) -> Sequence[T]:
        """This process's part of a batch: every ``size``-th item, so that all parts have similar lengths."""
        return items[self.rank :: self.size]

    def combine(self, parameters: Iterable[Tensor], loss: float, tokens: int) -> tuple[float, int]:
        """Turn gradients and loss, means over this part's ``tokens``, into means over all parts: Σ n_r g_r / Σ n_r."""
        if self.size == 1:
            return loss, tokens
        weights = list(parameters)
        gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
        flat = torch.cat([g.flatten() * tokens for g in gradients])
        sums = torch.tensor([loss * tokens, tokens], dtype=torch.float64, device=self.device)
        dist.all_reduce(flat)
        dist.all_reduce(sums)
        total = float(sums[1])
        for weight, gradient in zip(weights, torch.split(flat, [w.numel() for w in weights]), strict=True):
            weight.grad = (gradient / total).view_as(weight)
        return float(sums[0]) / total, round(total)

    def share(self, number: int) -> int:
        """Broadcast the first process's number; waits for all processes."""
        if self.size == 1:
            return number
        value = torch.tensor([number], device=self.device)
        dist.broadcast(value, src=0)
        return int(value)

    def any(self, asked: bool) -> bool:
        """Whether the flag is true in any process; all processes get the answer at the same step."""
        if self.size == 1:
            return asked
        value = torch.tensor([int(asked)], device=self.device)
        dist.all_reduce(value, dist.ReduceOp.MAX)
        return bool(value)

    def gather(self, state: Tensor) -> list[Tensor]:
        """Every process's tensor of bytes, by rank."""
        if self.size == 1:
            return [state]
        parts = [torch.empty_like(state, device=self.device) for _ in range(self.size)]
        dist.all_gather(parts, state.to(self.device))
        return [part.cpu() for part in parts]


def join() -> Group:
    """Join the processes that torchrun started, or be the only one. Each uses a GPU of its own if there are any."""
    rank, size = (int(os.environ.get(name, default)) for name, default in (("RANK", "0"), ("WORLD_SIZE", "1")))
    cuda = torch.cuda.is_available()
    device = torch.device("cuda" if cuda else "cpu")
    if size > 1:
        if cuda:
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(device)
        if not dist.is_initialized():
            dist.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
    return Group(rank, size, device)


def leave() -> None:
    """Leave the process group, if there is one."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def finish(status: int) -> NoReturn:
    """Exit one of several processes at once: gloo's threads would abort during the interpreter's shutdown."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
