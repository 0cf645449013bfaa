"""Models of other libraries, read from their own files and written as checkpoints of ours; exactly, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from s2s.adapters import joeynmt, opennmt
from s2s.adapters.imported import Imported, Texts

__all__ = ["READERS", "Imported", "Texts"]

READERS: dict[str, Callable[[Sequence[Path], Texts], Imported]] = {"joeynmt": joeynmt.read, "opennmt": opennmt.read}
