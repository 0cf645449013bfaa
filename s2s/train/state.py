"""Where a run stands, on disk: safetensors and JSON, written so that a kill leaves the last whole save."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from s2s.config import Config, from_dict, to_dict
from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.train.loop import Run


@dataclass
class Position:
    """Counters of a run, and the best dev scores so far."""

    step: int = 0
    epoch: int = 0
    batch: int = 0  # of the epoch under way
    loss_sum: float = 0.0  # so far in that epoch, over
    tokens: int = 0
    stale: int = 0  # epochs since the best
    seconds: float = 0.0
    train_loss: float = 0.0
    tokens_per_second: float = 0.0
    best: dict[str, Any] = field(default_factory=dict)


def save(directory: Path, config: Config, run: Run) -> None:
    """One file: weights, averages, Adam's moments, generators; the position in its header."""
    tensors = {"rng.torch": torch.get_rng_state(), "rng.objective": run.rng.get_state()}
    for i, parameter in enumerate(run.model.parameters()):
        tensors[f"weight.{i}"] = parameter.detach().contiguous()
        tensors[f"average.{i}"] = run.average[i]
        for key, value in run.optimizer.state[parameter].items():
            tensors[f"adam.{i}.{key}"] = value
    header = {"position": json.dumps(dataclasses.asdict(run.at)), "config": json.dumps(to_dict(config))}
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / "state.safetensors.new"
    try:
        save_file(tensors, fresh, metadata=header)
        os.replace(fresh, directory / "state.safetensors")
    except (OSError, RuntimeError, SafetensorError) as error:
        fresh.unlink(missing_ok=True)
        raise UserError("disk_write", directory=str(directory), reason=str(error)) from None


def load(directory: Path, config: Config, run: Run) -> None:
    """Put a run where its directory's save left it; nothing happens where there is none."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "state.safetensors"
    if not path.exists():
        return
    try:
        _restore(path, config, run)
    except (SafetensorError, RuntimeError, LookupError, TypeError, json.JSONDecodeError) as error:
        reason = str(error) or type(error).__name__
        raise UserError("resume_broken", directory=str(directory), reason=reason) from None
    _drop_later_rows(directory / "log.jsonl", run.at.epoch)


def _restore(path: Path, config: Config, run: Run) -> None:
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
        if (
            from_dict(Config, json.loads(header["config"])) != config
        ):  # a key that is newer than the save has its default
            raise UserError("resume_config", directory=str(path.parent))
        run.at = Position(**json.loads(header["position"]))
        for i, parameter in enumerate(run.model.parameters()):
            parameter.data.copy_(file.get_tensor(f"weight.{i}"))
            run.average[i].copy_(file.get_tensor(f"average.{i}"))
            moments = {k: file.get_tensor(f"adam.{i}.{k}") for k in ("step", "exp_avg", "exp_avg_sq")}
            run.optimizer.state[parameter] = {
                k: v if k == "step" else v.to(parameter.device) for k, v in moments.items()
            }
        torch.set_rng_state(file.get_tensor("rng.torch"))
        run.rng.set_state(file.get_tensor("rng.objective"))


def _drop_later_rows(log: Path, epoch: int) -> None:
    """A row written after the save that is being resumed will be written again."""
    if log.exists():
        rows = [row for row in log.read_text().splitlines() if json.loads(row)["epoch"] <= epoch]
        log.write_text("".join(f"{row}\n" for row in rows))
