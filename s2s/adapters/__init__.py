"""Models of other libraries, read from their own files and written as checkpoints of ours; exactly, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from s2s.adapters import keras
from s2s.adapters.imported import Imported, Told

READERS: dict[str, Callable[[Sequence[Path], Told], Imported]] = {"keras": keras.read}
