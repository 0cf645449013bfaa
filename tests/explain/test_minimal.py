from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from s2s.explain.counterfactual import log_probs_with as weighed
from s2s.explain.minimal import divergence, lead, minimal_attention, unbeatable_rival
from tests.explain.common import ALL, one_moment, some_lane, tiny

GRID = 60
KINDS: list[dict[str, Any]] = [
    {"attention": "additive"},
    {"attention": "general"},
    {"attention": "general", "cell": "lstm", "prior": True},
    {"attention": "additive", "coverage": True, "pointer": True},
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_point_of_a_dense_grid_is_much_nearer(kind: dict[str, Any], seed: int) -> None:
    model = tiny(scale=1.2, **kind)
    lane = some_lane(model, 3, seed=seed)
    moment = one_moment(model, lane, 3)
    grid = torch.tensor([(i, j, GRID - i - j) for i in range(GRID + 1) for j in range(GRID + 1 - i)]) / GRID
    with torch.no_grad():
        said_N = weighed(model, moment, grid).argmax(dim=1)
    far_N, outcomes = divergence(grid, moment.attention_S), set()
    for word in moment.log_probs_V.topk(4).indices.tolist():
        found = minimal_attention(model, moment, word)
        outcomes.add(found.outcome)
        if (said_N == word).any():
            assert found.outcome in ("already", "found") and found.divergence is not None
            assert found.divergence <= 1.05 * float(far_N[said_N == word].min()) + 0.01
        if found.outcome == "found":
            alpha = torch.tensor([found.attention])
            with torch.no_grad():
                made = weighed(model, moment, alpha)
            assert float(lead(made, word)) > -1e-4
            assert float(alpha.sum()) == pytest.approx(1, abs=1e-5) and bool((alpha >= 0).all())
            assert float(made[0, word].exp()) == pytest.approx(found.probability, abs=1e-4)
            assert float(divergence(alpha, moment.attention_S)) == pytest.approx(found.divergence, abs=1e-4)
    assert "already" in outcomes


@given(some.sampled_from([kind for kind in ALL if kind["attention"] != "additive"]), some.integers(0, 30))
def test_what_is_proven_unreachable_is_never_reached(kind: dict[str, Any], seed: int) -> None:
    model = tiny(scale=1.0, **kind)
    moment = one_moment(model, some_lane(model, 4, seed=seed), 2)
    rng = torch.Generator().manual_seed(seed)
    alpha_NS = torch.rand(200, 4, generator=rng) ** 4 * (moment.attention_S > 0)
    alpha_NS = torch.cat([torch.eye(4)[moment.attention_S > 0], alpha_NS / alpha_NS.sum(dim=1, keepdim=True)])
    with torch.no_grad():
        log_probs_NV = weighed(model, moment, alpha_NS)
    for word in range(4, 16):
        with torch.no_grad():
            rival = unbeatable_rival(model, moment, word)
        if rival is not None:
            assert rival != word
            assert bool((log_probs_NV[:, rival] > log_probs_NV[:, word]).all())


def test_what_is_proven_and_what_is_only_not_found_are_told_apart() -> None:
    general, additive = tiny(attention="general"), tiny(attention="additive")
    said = {minimal_attention(general, one_moment(general, some_lane(general, 3), 2), w).outcome for w in (4, 8)}
    assert "none_exists" in said
    said = {minimal_attention(additive, one_moment(additive, some_lane(additive, 3), 2), w).outcome for w in (8, 9)}
    assert "none_found" in said and "none_exists" not in said


def test_a_single_source_word_leaves_no_choice() -> None:
    model = tiny(attention="additive")
    moment = one_moment(model, some_lane(model, 1), 1)
    best, other = moment.log_probs_V.topk(2).indices.tolist()
    assert minimal_attention(model, moment, best).outcome == "already"
    assert minimal_attention(model, moment, other).outcome == "none_found"
