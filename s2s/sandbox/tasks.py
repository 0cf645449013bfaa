"""Tasks of the confined child: functions of plain values, called by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from s2s.adapters import tf_archive
from s2s.checkpoint.archive import load_archive, load_brought
from s2s.sandbox.convert import convert_archive


def unpack_checkpoint(title: str, archive: str, into: str, options: Mapping[str, Any]) -> None:
    """Unpack a checkpoint's zip file to ``into`` and load it once, which raises UserError for anything else.

    One of TensorFlow is converted; ``options`` say what its files do not.
    """
    content = Path(archive).read_bytes()
    if not tf_archive.holds_checkpoint(content):
        load_archive(title, content, Path(into))
        return
    convert_archive(title, content, Path(into), options)
    load_brought(Path(into))


def check_checkpoint(directory: str) -> None:
    """Load a checkpoint directory once, which raises UserError for anything else."""
    load_brought(Path(directory))
