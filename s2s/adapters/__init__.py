"""Converts other libraries' model files to checkpoints. What cannot be converted exactly is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from s2s.adapters import joeynmt, keras, opennmt, pytorch_tutorial
from s2s.adapters.imported import Imported, ImportOptions, Texts

__all__ = ["READERS", "ImportOptions", "Imported", "Texts"]

READERS: dict[str, Callable[[Sequence[Path], ImportOptions], Imported]] = {
    "joeynmt": joeynmt.read_joeynmt,
    "opennmt": opennmt.read_opennmt,
    "keras": keras.read_keras,
    "pytorch-tutorial": pytorch_tutorial.read_pytorch_tutorial,
}
