from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s.config import TrainConfig
from s2s.data.batches import Batch, collate
from s2s.text.vocab import BOS, EOS
from s2s.train.objectives import OBJECTIVES, TrainingProgress
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
    progress = TrainingProgress(0, 1, TrainConfig(label_smoothing=smoothing))
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


@pytest.mark.parametrize("pointer", [False, True])
def test_coverage_loss_by_loops(pointer: bool) -> None:
    model, weight = make_model(make_config(coverage=True, pointer=pointer)), 0.7
    owed, count = 0.0, 0
    with torch.no_grad():
        for source, target in PAIRS:
            memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
            covered = [0.0] * len(source)
            for token in [BOS, *target]:
                step = model.step(state, torch.tensor([token]), memory)
                attention, state, count = step.attention_BS[0].tolist(), step.state, count + 1
                owed += sum(min(a, c) for a, c in zip(attention, covered, strict=True))
                covered = [c + a for c, a in zip(covered, attention, strict=True)]
    progress = TrainingProgress(0, 1, TrainConfig(label_smoothing=0.1, coverage_weight=weight))
    both = float(OBJECTIVES["cross_entropy"](model, collate(PAIRS), torch.Generator(), progress).detach())
    assert owed > 0.1 and both - loss(model, collate(PAIRS), 0.1) == pytest.approx(weight * owed / count, abs=1e-5)


def test_the_pointers_loss_is_that_of_its_steps() -> None:
    model, total = make_model(make_config(pointer=True, prior=True, cell="lstm")), 0.0
    with torch.no_grad():
        for source, target in PAIRS:
            memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
            for read, owed in zip([BOS, *target], [*target, EOS], strict=True):
                step = model.step(state, torch.tensor([read]), memory)
                state, total = step.state, total - float(step.log_probs_BV[0, owed])
    assert loss(model, collate(PAIRS), 0.0) == pytest.approx(total / 8, abs=1e-4)
