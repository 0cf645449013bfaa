from __future__ import annotations

import math

import pytest
import torch

from s2s.model.prior import Prior, blend
from s2s.text.vocab import PAD, UNK


@torch.no_grad()
def test_prior_by_loops() -> None:
    prior, source = Prior(9), [[5, 7, 7, UNK], [4, 8, PAD, PAD]]
    prior.log_scale.copy_(torch.randn(9, generator=torch.Generator().manual_seed(0)))
    prior.shift.copy_(torch.randn(9, generator=torch.Generator().manual_seed(1)))
    logits_BV = torch.randn(2, 9, generator=torch.Generator().manual_seed(2))
    found_BV = blend(logits_BV, prior(torch.tensor(source)))
    for b in range(2):
        for v in range(9):
            x = 1.0 if v > 3 and v in source[b] else 0.0
            y_hat = math.exp(float(prior.log_scale[v])) * x + float(prior.shift[v])
            assert float(found_BV[b, v]) == pytest.approx((float(logits_BV[b, v]) + y_hat) / 2, abs=1e-6)


@torch.no_grad()
def test_at_first_the_odds_of_a_source_word_rise_by_the_root_of_e() -> None:
    row_V = torch.log_softmax(blend(torch.zeros(1, 9), Prior(9)(torch.tensor([[5, UNK, PAD]]))), dim=1)[0]
    assert float((row_V[5] - row_V[6]).exp()) == pytest.approx(1.6487, abs=1e-4)
    assert row_V[[PAD, UNK, 2, 3]].tolist() == pytest.approx([float(row_V[6])] * 4)  # the specials are no words
