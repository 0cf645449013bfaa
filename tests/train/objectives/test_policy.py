from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.data.batches import Batch, Ids, collate
from s2s.decode.search import greedy
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, EOS, PAD
from s2s.train.objectives import policy as module
from s2s.train.objectives.policy import policy_loss, rl_loss
from s2s.train.objectives.reward import REWARDS
from tests.factory import make_config
from tests.train.objectives.common import batch, generator, progress, tiny, value

V, LONGEST = 5, 3  # <eos> and one word beside the other specials, any of which may be said
PAIR: Ids = ([4, 5], [4, 4])
Outputs = dict[tuple[int, ...], Tensor]


def small(**changes: Any) -> Seq2Seq:
    torch.manual_seed(3)
    model = Seq2Seq(make_config("general", **changes).model, 8, V).eval().double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2.0)
    return model


def enumerated(model: Seq2Seq, pair: Ids, given: tuple[int, ...] = ()) -> Outputs:
    """Every output after the given tokens, up to ``<eos>`` or the longest, with its probability (a graph)."""
    found: Outputs = {}
    for n in range(1, LONGEST + 1):
        for ids in itertools.product(range(V), repeat=n):
            ended = ids[-1] == EOS
            if ids[: len(given)] != given or EOS in ids[:-1] or not (ended or n == LONGEST):
                continue
            memory, state = model.encode(torch.tensor([pair[0]]), torch.tensor([len(pair[0])]))
            total = torch.zeros((), dtype=torch.float64)
            for t, (read, said) in enumerate(zip((BOS, *ids), ids, strict=False)):
                step = model.step(state, torch.tensor([read]), memory)
                state, total = step.state, total + (step.log_probs_BV[0, said] if t >= len(given) else 0)
            found[ids] = total.exp()
    return found


def reward(ids: tuple[int, ...], name: str = "rouge_l") -> float:
    return REWARDS[name]([i for i in ids if i != EOS], PAIR[1])


def gradients(loss: Tensor, model: Seq2Seq) -> list[Tensor]:
    found = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, model.parameters(), strict=True)]


@pytest.mark.parametrize("given", [(), (4,)])
@pytest.mark.parametrize("name", REWARDS)
def test_the_expected_gradient_is_that_of_the_expected_reward(name: str, given: tuple[int, ...]) -> None:
    """Σ_y P(y) ∇ (b - r(y)) log P(y) = -∇ Σ_y P(y) r(y), whatever the baseline b; over all 85 outputs."""
    model = small()
    outputs = enumerated(model, PAIR, given)
    assert float(sum(outputs.values()).detach()) == pytest.approx(1.0)  # type: ignore[union-attr]
    wanted = gradients(-sum(p * reward(ids, name) for ids, p in outputs.items()), model)  # type: ignore[arg-type]
    baseline, got = 0.37, [torch.zeros_like(p) for p in model.parameters()]
    for ids, p in outputs.items():
        padded = torch.tensor([[*ids, *[PAD] * (LONGEST - len(ids))]])
        lengths_B, cost_B = torch.tensor([len(ids)]), torch.tensor([baseline - reward(ids, name)])
        loss = policy_loss(model, collate([PAIR]), padded, torch.tensor([len(given)]), lengths_B, cost_B.double())
        got = [g + float(p.detach()) * own for g, own in zip(got, gradients(loss, model), strict=True)]
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-7)


def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs of at most ``LONGEST`` tokens."""
    whole = module.rollout

    def short(model: Any, data: Any, given_B: Tensor, limit_B: Tensor, pick: Any) -> tuple[Tensor, Tensor]:
        return whole(model, data, given_B, torch.full_like(limit_B, LONGEST), pick)

    monkeypatch.setattr(module, "rollout", short)


def test_the_mean_of_many_samples_is_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch)
    model, rows = small(), 4000
    (best,) = greedy(model, [PAIR[0]], max_length=LONGEST)
    outputs = enumerated(model, PAIR)
    wanted = gradients(-sum(p * reward(ids) for ids, p in outputs.items()), model)  # type: ignore[arg-type]
    values = [(ids, float(p.detach())) for ids, p in outputs.items()]
    expected = sum(p * (reward(tuple(best)) - reward(ids)) * math.log(p) for ids, p in values)
    many = collate([PAIR] * rows)
    loss = rl_loss(model, many, torch.zeros(rows, dtype=torch.long), generator(1), progress().settings) / rows
    assert float(loss.detach()) == pytest.approx(expected, abs=0.05)
    got = torch.cat([g.flatten() for g in gradients(loss, model)])
    flat = torch.cat([g.flatten() for g in wanted])
    assert float(F.cosine_similarity(got, flat, dim=0)) > 0.98
    assert float(got.norm()) == pytest.approx(float(flat.norm()), rel=0.1)


def expected_mixture(model: Seq2Seq, weight: float, smoothing: float) -> float:
    data = batch()
    ce = float(value("cross_entropy", model, label_smoothing=smoothing).detach())
    count = int((data.target_out_BT != PAD).sum())
    told = progress(label_smoothing=smoothing).settings
    rl = float(rl_loss(model, data, torch.zeros(4, dtype=torch.long), generator(0), told).detach()) / count
    assert rl != 0
    return weight * rl + (1 - weight) * ce


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_the_mixed_objective(weight: float) -> None:
    model = tiny()
    found = float(value("self_critical", model, reward_weight=weight, label_smoothing=0.1).detach())
    assert found == pytest.approx(expected_mixture(model, weight, 0.1), rel=1e-5)


def test_mixers_schedule_moves_from_cross_entropy_to_reward() -> None:
    model, data, told = tiny(), batch(), {"mixer_tokens": 2, "mixer_every": 10}
    lengths_B = (data.target_out_BT != PAD).sum(dim=1)
    count = int(lengths_B.sum())
    start = float(value("self_critical", model, step=9, **told).detach())
    assert start == pytest.approx(float(value("cross_entropy", model).detach()), rel=1e-6)
    end = float(value("self_critical", model, step=1000, **told).detach())
    free = rl_loss(model, data, torch.zeros_like(lengths_B), generator(0), progress().settings)
    assert end == pytest.approx(float(free.detach()) / count, rel=1e-5)
    given_B = (lengths_B - 2).clamp(min=0)  # k = 1
    assert given_B.tolist() == [3, 1, 0, 4]
    rest = float(rl_loss(model, data, given_B, generator(0), progress().settings).detach())
    first = forced_sum(model, data, given_B)
    middle = float(value("self_critical", model, step=19, **told).detach())
    assert middle == pytest.approx((first + rest) / count, rel=1e-5)


@torch.no_grad()
def forced_sum(model: Seq2Seq, data: Batch, given_B: Tensor) -> float:
    total = 0.0
    memory, state = model.encode(data.source_BS, data.lengths_B)
    for t, (read_B, gold_B) in enumerate(zip(data.target_in_BT.T, data.target_out_BT.T, strict=True)):
        step = model.step(state, read_B, memory)
        state = step.state
        total -= float(step.log_probs_BV.gather(1, gold_B.unsqueeze(1))[t < given_B].sum())
    return total


def test_no_gain_over_greedy_is_no_gradient() -> None:
    model = tiny(scale=40.0)  # so sure that a sample is the greedy output
    value("self_critical", model, reward_weight=1.0).backward()
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())
