"""Tasks of the confined child: functions of plain values, called by name."""

from __future__ import annotations

from pathlib import Path

from s2s.checkpoint.archive import load_archive, load_brought


def unpack_checkpoint(title: str, archive: str, into: str) -> None:
    """Unpack a checkpoint's zip file to ``into`` and load it once, which raises UserError for anything else."""
    load_archive(title, Path(archive).read_bytes(), Path(into))


def check_checkpoint(directory: str) -> None:
    """Load a checkpoint directory once, which raises UserError for anything else."""
    load_brought(Path(directory))
