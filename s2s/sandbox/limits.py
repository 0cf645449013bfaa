"""Limits of a confined process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one task. The memory of imported modules is not counted."""

    seconds: int = 60  # of wall-clock time and of CPU time
    memory: int = 2_000_000_000  # bytes of private memory
    file: int = 500_000_000  # bytes of a written file
    descriptors: int = 64  # open files


DEFAULT = Limits()
