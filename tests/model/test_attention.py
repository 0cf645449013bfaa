from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s.model.attention import AdditiveAttention, GeneralAttention, context, weights


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_additive_scores_by_loops() -> None:
    attention = AdditiveAttention(state_size=3, memory_size=4, size=5)
    state_BH, memory_BSM = random(2, 3), random(2, 6, 4, seed=1)
    scores_BS = attention.scores(state_BH, attention.keys(memory_BSM))
    w, u, v = (part.weight.tolist() for part in (attention.query, attention.key, attention.v))
    for b in range(2):
        for s in range(6):
            total = 0.0
            for a in range(5):
                inner = sum(w[a][i] * float(state_BH[b, i]) for i in range(3))
                inner += sum(u[a][i] * float(memory_BSM[b, s, i]) for i in range(4))
                total += v[0][a] * math.tanh(inner)
            assert float(scores_BS[b, s]) == pytest.approx(total, abs=1e-5)


@torch.no_grad()
def test_general_scores_by_loops() -> None:
    attention = GeneralAttention(state_size=3, memory_size=4)
    state_BH, memory_BSM = random(2, 3), random(2, 6, 4, seed=1)
    scores_BS = attention.scores(state_BH, attention.keys(memory_BSM))
    w = attention.key.weight.tolist()
    for b in range(2):
        for s in range(6):
            total = sum(
                float(state_BH[b, i]) * w[i][j] * float(memory_BSM[b, s, j]) for i in range(3) for j in range(4)
            )
            assert float(scores_BS[b, s]) == pytest.approx(total, abs=1e-5)


@torch.no_grad()
def test_terms_add_up_to_the_score() -> None:
    state_H, memory_M = random(3), random(4, seed=1)
    additive = AdditiveAttention(3, 4, 5)
    terms = additive.terms(state_H, additive.keys(memory_M), 5)
    score = additive.scores(state_H[None], additive.keys(memory_M)[None, None])
    assert float((terms[:, 0] * torch.tanh(terms[:, 1] + terms[:, 2])).sum()) == pytest.approx(float(score), abs=1e-6)
    assert torch.equal(additive.terms(state_H, additive.keys(memory_M), 2), terms[:2])
    general = GeneralAttention(3, 4)
    terms = general.terms(state_H, general.keys(memory_M), 3)
    score = general.scores(state_H[None], general.keys(memory_M)[None, None])
    assert float(terms.prod(dim=1).sum()) == pytest.approx(float(score), abs=1e-6)


@given(st.lists(st.lists(st.floats(-80, 80, width=32), min_size=1, max_size=8), min_size=1, max_size=4))
def test_weights_sum_to_one_and_are_exactly_zero_on_padding(rows: list[list[float]]) -> None:
    width = max(map(len, rows))
    scores_BS = torch.tensor([row + [99.0] * (width - len(row)) for row in rows])
    mask_BS = torch.tensor([[True] * len(row) + [False] * (width - len(row)) for row in rows])
    weights_BS = weights(scores_BS, mask_BS)
    assert (weights_BS[~mask_BS] == 0).all()
    assert weights_BS.sum(dim=1).tolist() == pytest.approx([1.0] * len(rows), abs=1e-6)
    for row, found in zip(rows, weights_BS.tolist(), strict=True):
        exps = [math.exp(x - max(row)) for x in row]
        assert found[: len(row)] == pytest.approx([e / sum(exps) for e in exps], abs=1e-6)


def test_context_is_the_weighted_sum() -> None:
    attention_BS, memory_BSM = torch.tensor([[0.5, 0.3, 0.2]]), random(1, 3, 4)
    h_1, h_2, h_3 = memory_BSM[0]
    torch.testing.assert_close(context(attention_BS, memory_BSM)[0], 0.5 * h_1 + 0.3 * h_2 + 0.2 * h_3)
