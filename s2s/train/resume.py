"""Save and restore a run, as safetensors with JSON in the header. After a kill the last complete save is there."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from s2s import disk
from s2s.config import Config, from_dict, to_dict
from s2s.errors import UserError, reason
from s2s.trace import film
from s2s.train import differences
from s2s.train.progress import Position, RunState

STATE = "state.safetensors"


def save_state(directory: Path, config: Config, run: RunState) -> None:
    """Write one file with weights, averages, Adam's moments and generators; the position is in its header."""
    tensors = {}
    for kind, generator in _generators(run).items():
        for rank, own in enumerate(run.group.gather(generator)):
            tensors[_key(kind, rank)] = own
    if not run.group.first:
        return
    for i, parameter in enumerate(run.model.parameters()):
        tensors[f"weight.{i}"] = parameter.detach().contiguous()
        tensors[f"average.{i}"] = run.average[i]
        for key, value in run.optimizer.state[parameter].items():
            tensors[f"adam.{i}.{key}"] = value
    header = {"position": json.dumps(dataclasses.asdict(run.at)), "config": json.dumps(to_dict(config))}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        disk.replace_file(directory / STATE, lambda fresh: save_file(tensors, fresh, metadata=header))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise UserError("disk_write", directory=str(directory), reason=reason(error)) from None


def restore(directory: Path, config: Config, run: RunState) -> None:
    """Set a run to the save in its directory, and remove rows of logs that were written later."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / STATE
    if path.exists():
        with _broken(directory):
            _restore(path, config, run)
    if run.group.first:
        _drop_later_rows(directory / "log.jsonl", "epoch", run.at.epoch)
        for name in (film.NAME, film.CURVE):
            _drop_later_rows(directory / name, "step", run.at.step or -1)  # the film's first moment is recorded again


def _restore(path: Path, config: Config, run: RunState) -> None:
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
        run.at = _position(header, config, path.parent)
        for i, parameter in enumerate(run.model.parameters()):
            parameter.data.copy_(file.get_tensor(f"weight.{i}"))
            run.average[i].copy_(file.get_tensor(f"average.{i}"))
            moments = {k: file.get_tensor(f"adam.{i}.{k}") for k in ("step", "exp_avg", "exp_avg_sq")}
            run.optimizer.state[parameter] = {
                k: v if k == "step" else v.to(parameter.device) for k, v in moments.items()
            }
        keys = {kind: _key(kind, run.group.rank) for kind in _generators(run)}
        kept = {kind: file.get_tensor(key) for kind, key in keys.items() if key in file.keys()}  # noqa: SIM118
    if "torch" in kept:  # missing for a process that did not exist when the run was saved
        torch.set_rng_state(kept["torch"])
        run.rng.set_state(kept["objective"])
    if "cuda" in kept:
        torch.cuda.set_rng_state(kept["cuda"], run.device)


def check_resumable(directory: Path, config: Config) -> bool:
    """Whether the directory has a saved run. UserError if it cannot be resumed with this config."""
    path = directory / STATE
    if not path.exists():
        return False
    with _broken(directory), safe_open(path, framework="pt") as file:
        _position(file.metadata(), config, directory)
    return True


def _position(header: Mapping[str, str], config: Config, directory: Path) -> Position:
    """The saved position. UserError if the config does not allow the run to resume."""
    at = Position(**json.loads(header["position"]))
    held = from_dict(Config, json.loads(header["config"]))  # keys that were added later have their defaults
    differences.check_differences(held, config, at.epoch + (at.batch > 0), str(directory))
    return at


@contextmanager
def _broken(directory: Path) -> Iterator[None]:
    """Turn any error in reading a save into a UserError."""
    try:
        yield
    except (SafetensorError, RuntimeError, LookupError, TypeError, json.JSONDecodeError, RecursionError) as error:
        raise UserError("resume_broken", directory=str(directory), reason=reason(error)) from None


def _generators(run: RunState) -> dict[str, Tensor]:
    """The states of this process's random number generators."""
    states = {"torch": torch.get_rng_state(), "objective": run.rng.get_state()}
    return states | ({"cuda": torch.cuda.get_rng_state(run.device)} if run.device.type == "cuda" else {})


def _key(kind: str, rank: int) -> str:
    return f"rng.{kind}.{rank}" if rank else f"rng.{kind}"


def _drop_later_rows(path: Path, counter: str, last: int) -> None:
    """Remove rows written after the save, which will be written again, and a last row that a kill cut off."""
    if not path.exists():
        return
    rows = path.read_bytes().decode("utf-8", errors="replace").split("\n")
    kept = [row for row in rows if _count(row, counter) <= last]
    if kept != rows[:-1] or rows[-1]:
        disk.write_text(path, "".join(f"{row}\n" for row in kept))


def _count(row: str, counter: str) -> float:
    try:
        return int(json.loads(row)[counter])
    except (ValueError, LookupError, TypeError):
        return math.inf
