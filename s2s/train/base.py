"""Training from a checkpoint: a run starts with the checkpoint's weights and vocabularies."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.config import Config
from s2s.errors import UserError


def base_checkpoint(config: Config, checkpoint: Path) -> Checkpoint:
    """The checkpoint that ``train.start`` names.

    Raises UserError if it cannot be read, if its model or text section differs from the config's, or if the run would
    overwrite it.
    """
    if Path(config.train.start).resolve() == checkpoint.resolve():
        raise UserError("start_itself", directory=str(checkpoint))
    found = load(config.train.start)
    for section in ("model", "text"):
        own, others = (dataclasses.asdict(getattr(c, section)) for c in (config, found.config))
        for key in own:
            if own[key] != others[key] and not key.endswith(("min_count", "max_vocab")):  # of vocabularies
                raise UserError(
                    "start_differs", key=f"{section}.{key}", found=own[key], start=config.train.start, needs=others[key]
                )
    return found
