"""Open a checkpoint directory, ours or Hugging Face's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from s2s import disk
from s2s.checkpoint import native
from s2s.checkpoint.files import read_object
from s2s.checkpoint.find import VIEW
from s2s.checkpoint.record import HUGGINGFACE, Checkpoint
from s2s.errors import UserError

ATTEMPTS = 100  # to read a directory that a training run is replacing


def load(directory: str | Path) -> Checkpoint:
    """A checkpoint directory as a model in float32 and evaluation mode; its name may end with ``@layer.head``.

    Raises UserError naming the file or the key that is missing, broken or does not fit.
    """
    directory = Path(directory)
    name, viewed, view = directory.name.partition(VIEW)
    if viewed and not directory.is_dir():
        from s2s.checkpoint import huggingface

        return huggingface.with_view(load(directory.with_name(name)), view)
    for _ in range(ATTEMPTS):
        path = disk.readable(directory)
        before = disk.identity(path)
        if before is None:
            continue
        try:
            checkpoint = _read(path)
        except UserError:
            if disk.identity(path) == before:
                raise
            continue
        if disk.identity(path) == before:
            return dataclasses.replace(checkpoint, name=directory.name)
    raise UserError("checkpoint_missing", checkpoint=str(directory))


def _read(directory: Path) -> Checkpoint:
    values = read_object(directory / "config.json")
    schema = values.pop("schema", None)
    if schema == HUGGINGFACE:
        from s2s.checkpoint import huggingface  # imports transformers, so only for such a model

        return huggingface.read_huggingface(directory, values)
    if schema != native.SCHEMA:
        raise UserError("checkpoint_schema", file=str(directory / "config.json"), expected=native.SCHEMA, found=schema)
    return native.read_native(directory, values)
