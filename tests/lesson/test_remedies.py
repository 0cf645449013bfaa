from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.config import TrainConfig
from s2s.errors import UserError
from s2s.lesson import remedies
from s2s.lesson.loss import batch, sentence_loss
from s2s.train.objectives import OBJECTIVES, TrainingProgress
from s2s.train.objectives.policy import rl_loss
from s2s.train.objectives.reward import REWARDS
from tests.factory import make_checkpoint

TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
KINDS: list[dict[str, Any]] = [
    {"attention": "additive"},
    {"attention": "general", "shared_embeddings": True, "tied_embeddings": False},
    {"attention": "additive", "coverage": True, "pointer": True, "shared_embeddings": True},
]


@pytest.fixture(params=KINDS, ids=["additive", "shared", "pointer"])
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpoint:
    return load(make_checkpoint(tmp_path, **request.param))


def test_draws_are_the_reference_but_where_marked(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    for kind in ("sampling", "replacement", "mask"):
        found = remedies.drawn(checkpoint, TEXT, REFERENCE, kind, 3)
        assert found.reference == tuple(checkpoint.target.tokens(REFERENCE)) and len(found.draws) == 6
        for draw in found.draws:
            for word, gold, changed in zip(draw.tokens, found.reference, draw.changed, strict=True):
                assert (word != gold) == changed
        assert found.unknown + found.other + found.kept == pytest.approx(1)
        assert remedies.drawn(checkpoint, TEXT, REFERENCE, kind, 3) == found
        assert remedies.drawn(checkpoint, TEXT, REFERENCE, kind, 4) != found


def test_the_measured_shares_are_those_of_the_definition(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    mask = [remedies.drawn(checkpoint, TEXT, REFERENCE, "mask", seed) for seed in range(8)]
    assert sum(m.unknown for m in mask) / 8 == pytest.approx(0.15 * 0.8, abs=0.015)
    assert sum(m.other for m in mask) / 8 == pytest.approx(0.15 * 0.1, abs=0.01)
    replaced = [remedies.drawn(checkpoint, TEXT, REFERENCE, "replacement", seed) for seed in range(8)]
    words = len(replaced[0].reference)  # all different: one in that many draws is the word itself
    assert sum(r.other for r in replaced) / 8 == pytest.approx(0.5 * 0.3 * (1 - 1 / words), abs=0.015)
    assert all(r.unknown == 0 for r in replaced)


def test_scheduled_sampling_with_the_teacher_alone_changes_nothing(tiny_checkpoint: Path) -> None:
    found = remedies.drawn(load(tiny_checkpoint), TEXT, REFERENCE, "sampling", 0, teacher=1.0)
    assert found.kept == 1 and not any(any(draw.changed) for draw in found.draws)


def test_shares_are_the_schedules_of_training() -> None:
    assert remedies.shares("linear", 1.0, 0.25, [0, 1, 5]) == [1.0, 0.75, 0.0]
    assert remedies.shares("exponential", 0.5, 0, [0, 3]) == [1.0, 0.125]
    assert remedies.shares("inverse_sigmoid", 1.0, 0, [0]) == [0.5]


def test_fgm_on_one_sentence_is_the_objectives(checkpoint: Checkpoint) -> None:
    before = {name: value.clone() for name, value in checkpoint.model.state_dict().items()}
    found = remedies.adversarial(checkpoint, TEXT, REFERENCE, (0.0, 0.5, 2.0), 0)
    loss = sentence_loss(checkpoint, TEXT, REFERENCE).loss
    assert found.worst[0] == found.random[0] == pytest.approx(loss, rel=1e-5)
    assert found.worst[1] > found.random[1] and found.worst[1] > loss
    model, pair = checkpoint.model, batch(checkpoint, TEXT, REFERENCE)
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
    assert not any(p.requires_grad for p in model.parameters())
    model.requires_grad_(True)
    settings = TrainingProgress(0, 1, TrainConfig(fgm_epsilon=0.5, label_smoothing=0.0))
    both = float(OBJECTIVES["fgm"](model, pair, torch.Generator(), settings).detach())
    assert loss + found.worst[1] == pytest.approx(both, rel=1e-4)
    plain = TrainingProgress(0, 1, TrainConfig(penalty_weight=1.0, label_smoothing=0.0))
    penalised = float(OBJECTIVES["gradient_penalty"](model, pair, torch.Generator(), plain).detach())
    assert loss + 0.5 * found.gradient**2 == pytest.approx(penalised, rel=1e-4)
    shares = [share for _, share in found.moved]
    assert shares == sorted(shares, reverse=True) and 0 < sum(s * s for s in shares) <= 1 + 1e-5


def test_samples_are_rewarded_as_in_training(checkpoint: Checkpoint) -> None:
    found = remedies.rewarded(checkpoint, TEXT, REFERENCE, 5, count=6)
    pair = batch(checkpoint, TEXT, REFERENCE, 6)
    with torch.no_grad():
        given_B, rng = torch.zeros(6, dtype=torch.long), torch.Generator().manual_seed(5)
        wanted = float(rl_loss(checkpoint.model, pair, given_B, rng, TrainConfig()))
    assert sum(one.loss for one in found.samples) == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    assert [one.reward for one in found.samples] == sorted((s.reward for s in found.samples), reverse=True)
    for one in found.samples:
        assert one.loss == pytest.approx((found.baseline - one.reward) * one.log_prob)
    said = checkpoint.target.encode(found.greedy)
    assert found.baseline == pytest.approx(REWARDS["rouge_l"](said, checkpoint.target.encode(REFERENCE)), abs=1e-6)


def test_a_missing_reference_is_said(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    for call in (
        lambda: remedies.drawn(checkpoint, TEXT, "", "mask", 0),
        lambda: remedies.adversarial(checkpoint, TEXT, "", (0.5,), 0),
        lambda: remedies.rewarded(checkpoint, TEXT, "", 0),
    ):
        with pytest.raises(UserError) as error:
            call()
        assert error.value.key == "error.reference_missing"
