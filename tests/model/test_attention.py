from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s.model.attention import (
    AdditiveAttention,
    ConcatAttention,
    DotAttention,
    GeneralAttention,
    LocalAttention,
    LocationAttention,
    PredictiveAttention,
    context,
    weights,
)


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
def test_dot_scores_by_loops() -> None:
    attention, state_BH, memory_BSM = DotAttention(), random(2, 4), random(2, 6, 4, seed=1)
    scores_BS = attention.scores(state_BH, attention.keys(memory_BSM))
    for b in range(2):
        for s in range(6):
            total = sum(float(state_BH[b, i] * memory_BSM[b, s, i]) for i in range(4))
            assert float(scores_BS[b, s]) == pytest.approx(total, abs=1e-5)
    assert not list(attention.parameters())


@torch.no_grad()
def test_concat_scores_by_loops() -> None:
    attention = ConcatAttention(state_size=3, memory_size=4, size=5)
    state_BH, memory_BSM = random(2, 3), random(2, 6, 4, seed=1)
    scores_BS = attention.scores(state_BH, attention.keys(memory_BSM))
    w = torch.cat([attention.query.weight, attention.key.weight], dim=1).tolist()  # the paper's W
    for b in range(2):
        for s in range(6):
            joined = [*state_BH[b].tolist(), *memory_BSM[b, s].tolist()]
            total = sum(
                v * math.tanh(sum(x * y for x, y in zip(row, joined, strict=True)))
                for v, row in zip(attention.v.weight[0].tolist(), w, strict=True)
            )
            assert float(scores_BS[b, s]) == pytest.approx(total, abs=1e-5)


@pytest.mark.parametrize("length", [3, 5, 7])
@torch.no_grad()
def test_location_scores_by_loops(length: int) -> None:
    attention, state_BH, memory_BSM = LocationAttention(state_size=3, longest=5), random(2, 3), random(2, length, 4)
    scores_BS = attention.scores(state_BH, attention.keys(memory_BSM))
    w = attention.key.weight.tolist()
    assert scores_BS.shape == (2, length)
    for b in range(2):
        for s in range(min(5, length)):  # what lies beyond is padding
            total = sum(w[s][i] * float(state_BH[b, i]) for i in range(3))
            assert float(scores_BS[b, s]) == pytest.approx(total, abs=1e-6)
    assert scores_BS.equal(attention.scores(state_BH, attention.keys(-memory_BSM)))


@torch.no_grad()
def test_coverage_by_loops() -> None:
    attention = AdditiveAttention(3, 4, 5, coverage=True)
    state_BH, memory_BSM, coverage_BS = random(2, 3), random(2, 6, 4, seed=1), random(2, 6, seed=2).abs()
    scores_BS = attention.scores(state_BH, attention.keys(memory_BSM), coverage_BS)
    for b in range(2):
        for s in range(6):
            inner = attention.query.weight @ state_BH[b] + attention.key.weight @ memory_BSM[b, s]
            inner += attention.coverage.weight[:, 0] * coverage_BS[b, s]
            total = sum(v * math.tanh(x) for v, x in zip(attention.v.weight[0].tolist(), inner.tolist(), strict=True))
            assert float(scores_BS[b, s]) == pytest.approx(total, abs=1e-5)
    terms = attention.terms(state_BH[0], attention.keys(memory_BSM)[0, 1], 5, coverage_BS[0, 1])
    assert float((terms[:, 0] * torch.tanh(terms[:, 1:].sum(dim=1))).sum()) == pytest.approx(
        float(scores_BS[0, 1]), abs=1e-6
    )


@pytest.mark.parametrize("window", [1, 3, 20])
@pytest.mark.parametrize("kind", ["local-m", "local-p"])
@torch.no_grad()
def test_local_weights_by_loops(kind: str, window: int) -> None:
    torch.manual_seed(0)
    attention = LocalAttention(3, 4, window) if kind == "local-m" else PredictiveAttention(3, 4, window, 5)
    state_BH, memory_BSM, lengths, times = random(2, 3), random(2, 6, 4, seed=1), [6, 4], [2, 9]
    mask_BS = torch.tensor([[s < n for s in range(6)] for n in lengths])
    scores_BS = attention.scores(state_BH, attention.keys(memory_BSM))
    position_B, log_factors_BS = attention.focus(state_BH, torch.tensor(times), mask_BS)
    found_BS = weights(scores_BS + log_factors_BS, mask_BS)
    for b, (length, t) in enumerate(zip(lengths, times, strict=True)):
        p = float(min(t, length - 1))
        if isinstance(attention, PredictiveAttention):
            inner = torch.tanh(attention.query.weight @ state_BH[b])
            p = length / (1 + math.exp(-float(attention.v.weight[0] @ inner)))
        assert float(position_B[b]) == pytest.approx(p, abs=1e-5)
        exps = [math.exp(x) for x in scores_BS[b, :length].tolist()]
        softmax = [e / sum(exps) for e in exps]
        sigma = window / 2
        near = [math.exp(-((s - p) ** 2) / (2 * sigma**2)) if abs(s - p) <= window else 0.0 for s in range(length)]
        product = [a * g for a, g in zip(softmax, near, strict=True)]
        expected = [x / sum(product) for x in product] + [0.0] * (6 - length)
        assert found_BS[b].tolist() == pytest.approx(expected, abs=1e-5)
        assert [x == 0 for x in found_BS[b].tolist()] == [x == 0 for x in expected]
        assert float(found_BS[b].sum()) == pytest.approx(1, abs=1e-6)


@torch.no_grad()
def test_terms_add_up_to_the_score() -> None:
    state_H, memory_M = random(3), random(4, seed=1)
    additive = AdditiveAttention(3, 4, 5)
    terms = additive.terms(state_H, additive.keys(memory_M), 5)
    score = additive.scores(state_H[None], additive.keys(memory_M)[None, None])
    assert float((terms[:, 0] * torch.tanh(terms[:, 1] + terms[:, 2])).sum()) == pytest.approx(float(score), abs=1e-6)
    assert torch.equal(additive.terms(state_H, additive.keys(memory_M), 2), terms[:2])
    for general in (GeneralAttention(3, 4), LocationAttention(3, 7), LocalAttention(3, 4, 2)):
        key_A = general.keys(memory_M[None, None])[0, 0]
        score = general.scores(state_H[None], key_A[None, None])
        assert float(general.terms(state_H, key_A, 3).prod(dim=1).sum()) == pytest.approx(float(score), abs=1e-6)


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
