from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from s2s.model.pointer import Pointer, mix


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_mixture_by_loops() -> None:
    logits_NV, gate_N, source = random(2, 8), random(2, seed=1), [[4, 6, 4, 1], [5, 7, 0, 0]]
    attention = [[0.1, 0.2, 0.3, 0.4], [0.75, 0.25, 0.0, 0.0]]
    found_NV = mix(logits_NV, gate_N, torch.tensor(attention), torch.tensor(source))
    for n in range(2):
        exps = [math.exp(x) for x in logits_NV[n].tolist()]
        p_gen = 1 / (1 + math.exp(-float(gate_N[n])))
        for v in range(8):
            copied = sum(a for a, word in zip(attention[n], source[n], strict=True) if word == v)
            expected = p_gen * exps[v] / sum(exps) + (1 - p_gen) * copied
            assert float(found_NV[n, v].exp()) == pytest.approx(expected, abs=1e-6)
    assert found_NV.exp().sum(dim=1).tolist() == pytest.approx([1, 1], abs=1e-6)


@torch.no_grad()
def test_gate_by_loops() -> None:
    pointer, parts = Pointer(3, 4, 5), (random(2, 3), random(2, 4, seed=1), random(2, 5, seed=2))
    gate_N = pointer(*parts)
    w, b = pointer.gate.weight[0].tolist(), float(pointer.gate.bias)
    for n in range(2):
        read = [x for part in parts for x in part[n].tolist()]
        assert float(gate_N[n]) == pytest.approx(b + sum(x * y for x, y in zip(w, read, strict=True)), abs=1e-6)


@pytest.mark.parametrize("gate", [-200.0, 0.0, 200.0])
def test_a_sure_gate_keeps_numbers_and_gradients_finite(gate: float) -> None:
    logits_NV, gate_N = random(1, 8).requires_grad_(), torch.tensor([gate], requires_grad=True)
    scores_NS = torch.zeros(1, 3).requires_grad_()
    log_probs_NV = mix(logits_NV, gate_N, torch.softmax(scores_NS, dim=1), torch.tensor([[4, 5, 4]]))
    assert torch.isfinite(log_probs_NV).all()
    F.cross_entropy(log_probs_NV, torch.tensor([4]), label_smoothing=0.1).backward()
    assert all(torch.isfinite(t.grad).all() for t in (logits_NV, gate_N, scores_NS))
