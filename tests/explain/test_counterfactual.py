from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from s2s.explain.counterfactual import AttentionMoment, changes, flip, permuted, uniform
from s2s.explain.counterfactual import log_probs_with as weighed
from s2s.model import Seq2Seq
from tests.explain.common import ALL, naive, one_moment, some_lane, tiny


def said(model: Seq2Seq, moment: AttentionMoment, weights: list[float]) -> torch.Tensor:
    """Probabilities of the step under other weights."""
    with torch.no_grad():
        output = model.step(moment.state, torch.tensor([moment.read]), moment.memory, torch.tensor([weights]))
    return output.log_probs_BV[0].exp()


@pytest.mark.parametrize("kind", ALL)
def test_the_models_own_weights_change_nothing(kind: dict[str, Any]) -> None:
    model = tiny(**kind)
    lane = some_lane(model)
    moment = one_moment(model, lane, 2)
    torch.testing.assert_close(moment.log_probs_V, naive(model, lane, list(lane.source), 2), atol=1e-5, rtol=0)
    with torch.no_grad():
        found = changes(model, moment, lane.words[2], moment.attention_S.repeat(3, 1))
    assert found == pytest.approx((0, 0), abs=1e-6)


@pytest.mark.parametrize("kind", ALL)
def test_uniform_and_permuted_weights_by_hand(kind: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny(**kind)
    lane = some_lane(model)
    moment, word = one_moment(model, lane, 3), lane.words[3]
    p_V, q_V = moment.log_probs_V.exp(), said(model, moment, [0.2] * 5)
    monkeypatch.setattr("s2s.evaluate.batching.FLOATS", 1)
    with torch.no_grad():
        found = uniform(model, moment, word)
        mixed = permuted(model, moment, word, torch.Generator().manual_seed(3), 4)
    assert found.variation == pytest.approx(float((p_V - q_V).clamp_min(0).sum()), abs=1e-5)
    assert found.drop == pytest.approx(float(p_V[word] - q_V[word]), abs=1e-5)
    rng = torch.Generator().manual_seed(3)
    rows = [moment.attention_S[torch.randperm(5, generator=rng)].tolist() for _ in range(4)]
    drops = [float(p_V[word] - said(model, moment, row)[word]) for row in rows]
    assert mixed.drop == pytest.approx(sum(drops) / 4, abs=1e-5)
    assert 0 <= mixed.variation <= 1


@given(some.sampled_from(ALL), some.integers(0, 40), some.integers(1, 6))
def test_flips_are_a_loop(kind: dict[str, Any], seed: int, length: int) -> None:
    model = tiny(scale=1.3, **kind)
    lane = some_lane(model, length, seed=seed)
    for t in (0, 3):
        moment = one_moment(model, lane, t)
        weights, expected = moment.attention_S.tolist(), None
        order = sorted(range(length), key=lambda s: -weights[s])
        for k in range(1, length):
            left = [0.0 if s in order[:k] else w for s, w in enumerate(weights)]
            if sum(left) == 0:
                break
            if said(model, moment, [w / sum(left) for w in left]).argmax() != moment.log_probs_V.argmax():
                expected = k
                break
        with torch.no_grad():
            assert flip(model, moment) == expected


def test_weights_for_several_rows_at_once_are_those_of_one() -> None:
    model = tiny(attention="general")
    moment = one_moment(model, some_lane(model), 1)
    rows = [[1.0, 0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4, 0.0]]
    with torch.no_grad():
        both = weighed(model, moment, torch.tensor(rows)).exp()
    for row, found in zip(rows, both, strict=True):
        torch.testing.assert_close(found, said(model, moment, row), atol=1e-6, rtol=1e-5)
