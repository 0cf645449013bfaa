"""What all objectives have in common."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from s2s.config import TrainConfig
from s2s.data.batches import collate
from s2s.errors import UserError
from s2s.train.objectives import OBJECTIVES
from tests.train.objectives.common import KINDS, LINKS, PAIRS, tiny, value

HALF: dict[str, dict[str, Any]] = {
    "scheduled_sampling": {"sampling_k": 0.5},
    "self_critical": {"reward_weight": 0.5},
    "replacement": {"replace_sentences": 1.0},
    "mask": {"mask_tokens": 0.5},
}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_given_generator_gives_a_given_loss_and_gradient(name: str, kind: dict[str, Any]) -> None:
    model, before = tiny(**kind), torch.get_rng_state()
    kept = {n: w.detach().clone() for n, w in model.named_parameters()}
    found = []
    for seed in (1, 1, 2):
        model.zero_grad()
        loss = value(name, model, seed, **HALF.get(name, {}))
        loss.backward()
        assert loss.dim() == 0 and torch.isfinite(loss)
        found.append((float(loss.detach()), [None if p.grad is None else p.grad.clone() for p in model.parameters()]))
    assert found[0][0] == found[1][0]
    for one, other in zip(found[0][1], found[1][1], strict=True):
        assert one is other is None or torch.equal(one, other)
    assert (found[0][0] != found[2][0]) == (name in HALF)
    assert torch.get_rng_state().equal(before)  # no random number but the generator's
    assert all(w.equal(kept[n]) for n, w in model.named_parameters()) and not model.training


@pytest.mark.parametrize("name", [n for n in OBJECTIVES if n not in HALF and n not in ("fgm", "gradient_penalty")])
def test_parts_weighted_by_tokens_are_the_whole(name: str) -> None:
    model = tiny()
    parts = [(collate(PAIRS[i::2], LINKS[i::2]), sum(len(t) + 1 for _, t in PAIRS[i::2])) for i in range(2)]
    whole = sum(float(value(name, model, data=data).detach()) * n for data, n in parts) / sum(n for _, n in parts)
    assert float(value(name, model).detach()) == pytest.approx(whole, rel=1e-5)


def test_self_critical_parts_weighted_by_tokens_are_the_whole() -> None:
    """With samples that are the greedy output nothing is random."""
    model = tiny(scale=40.0)
    parts = [(collate(PAIRS[i::2], LINKS[i::2]), sum(len(t) + 1 for _, t in PAIRS[i::2])) for i in range(2)]
    losses = [float(value("self_critical", model, data=data, reward_weight=0.3).detach()) * n for data, n in parts]
    whole = sum(losses) / sum(n for _, n in parts)
    assert float(value("self_critical", model, reward_weight=0.3).detach()) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_dropout_is_on_again_after_a_loss(name: str) -> None:
    model = tiny().train()
    value(name, model, **HALF.get(name, {}))
    assert model.training and model.decoder.training


@pytest.mark.parametrize("name", [n for n in OBJECTIVES if n != "cross_entropy"])
def test_coverage_loss_goes_with_cross_entropy_alone(name: str) -> None:
    with pytest.raises(UserError, match=name) as error:
        TrainConfig(objective=name, coverage_weight=1.0)
    assert name in error.value.say("zh")
