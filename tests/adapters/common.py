"""An imported model asked for what its library's own model gives, in the library's ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from s2s.adapters.imported import Imported, write_imported
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint


def stored(imported: Imported, directory: Path) -> Checkpoint:
    """The model as it comes back from disk."""
    write_imported(imported, directory)
    return load(directory)


@torch.inference_mode()
def run(
    checkpoint: Checkpoint, words: tuple[list[int], list[int]], source: list[int], read: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities (T, V) in the library's order and attention (T, S).

    ``words``: of each side our id of every id of the library's. ``source``, ``read``: the library's ids.
    """
    ids = torch.tensor([[words[0][i] for i in source]])
    memory, state = checkpoint.model.encode(ids, torch.tensor([len(source)]))
    rows, looks = [], []
    for token in read:
        output = checkpoint.model.step(state, torch.tensor([words[1][token]]), memory)
        state = output.state
        rows.append(output.log_probs_BV[0, words[1]].numpy())
        looks.append(output.attention_BS[0].numpy())
    return np.array(rows), np.array(looks)
