from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s.config import TrainConfig
from s2s.data import Batch, collate
from s2s.train.objectives import OBJECTIVES, Progress
from tests.factory import make_config, make_model

PAIRS = [([4, 7, 12, 14], [4, 7, 12, 14]), ([5], [5]), ([6, 9, 11], [])]


class Fixed:
    """A model whose logits are given."""

    def __init__(self, logits_NV: torch.Tensor) -> None:
        self.logits_NV = logits_NV

    def __call__(self, batch: Batch) -> torch.Tensor:
        return self.logits_NV


def naive(logits: np.ndarray, targets: list[int], smoothing: float) -> float:
    """Mean over tokens of -Σ q log p with q = (1-ε) onehot + ε/V."""
    total = 0.0
    for row, target in zip(logits, targets, strict=True):
        p = np.exp(row) / np.exp(row).sum()
        q = np.full(len(row), smoothing / len(row))
        q[target] += 1 - smoothing
        total -= (q * np.log(p)).sum()
    return total / len(targets)


def loss(model: object, batch: Batch, smoothing: float) -> float:
    progress = Progress(0, 1, TrainConfig(label_smoothing=smoothing))
    return float(OBJECTIVES["cross_entropy"](model, batch, torch.Generator(), progress).detach())


@given(st.integers(0, 99), st.sampled_from([0.0, 0.1, 0.5]))
def test_cross_entropy_with_label_smoothing_by_loops(seed: int, smoothing: float) -> None:
    batch = collate(PAIRS)
    targets = [4, 7, 12, 14, 3, 5, 3, 3]  # row by row, without padding
    logits_NV = torch.randn(len(targets), 16, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    assert loss(Fixed(logits_NV), batch, smoothing) == pytest.approx(naive(logits_NV.numpy(), targets, smoothing))


def test_the_lectures_worked_example() -> None:
    batch = collate([([4], [])])  # one token is owed: <eos>, id 3
    logits_NV = torch.tensor([[1.0, -3.0, -np.inf, 3.0]])
    assert loss(Fixed(logits_NV), batch, 0.0) == pytest.approx(0.12911, abs=1e-5)


@pytest.mark.parametrize("attention", ["additive", "general"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_batch_is_the_mean_over_its_real_tokens(attention: str, smoothing: float) -> None:
    model = make_model(make_config(attention))
    counts = [len(target) + 1 for _, target in PAIRS]
    alone = [loss(model, collate([pair]), smoothing) for pair in PAIRS]
    mean = sum(n * x for n, x in zip(counts, alone, strict=True)) / sum(counts)
    assert loss(model, collate(PAIRS), smoothing) == pytest.approx(mean, abs=1e-5)
