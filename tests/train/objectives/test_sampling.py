from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from s2s.config import TrainConfig
from s2s.errors import UserError
from s2s.text.vocab import PAD
from s2s.train.objectives.rollout import drawing, mixed_inputs
from s2s.train.objectives.sampling import teacher_share
from tests.train.objectives.common import batch, generator, tiny, value


def shares(**train: object) -> list[float]:
    return [teacher_share(i, TrainConfig(**train)) for i in (0, 1, 10, 1000, 10**7)]  # type: ignore[arg-type]


def test_the_three_schedules() -> None:
    linear = shares(sampling_k=0.9, sampling_slope=0.01, sampling_floor=0.2)
    assert linear == pytest.approx([0.9, 0.89, 0.8, 0.2, 0.2])
    exponential = shares(sampling_schedule="exponential", sampling_k=0.99)
    assert exponential == pytest.approx([1, 0.99, 0.99**10, 0.99**1000, 0])
    inverse = shares(sampling_schedule="inverse_sigmoid", sampling_k=50.0)
    expected = [50 / (50 + math.exp(i / 50)) for i in (0, 1, 10, 1000)]
    assert inverse == pytest.approx([*expected, 0])
    assert inverse[0] == pytest.approx(50 / 51)


@pytest.mark.parametrize(("schedule", "k"), [("linear", 1.5), ("exponential", 1.0), ("inverse_sigmoid", 0.5)])
def test_k_outside_its_schedules_range(schedule: str, k: float) -> None:
    with pytest.raises(UserError, match=r"train\.sampling_k"):
        TrainConfig(objective="scheduled_sampling", sampling_schedule=schedule, sampling_k=k)
    TrainConfig(sampling_schedule=schedule, sampling_k=k)  # another objective does not mind
    with pytest.raises(UserError, match="linear, exponential, inverse_sigmoid"):
        TrainConfig(sampling_schedule="cosine")


def test_with_the_teacher_alone_it_is_cross_entropy() -> None:
    for model in (tiny(), tiny().train()):  # training: dropout is drawn alike, too
        model.dropout.p = 0.2
        losses = []
        for name in ("scheduled_sampling", "cross_entropy"):
            torch.manual_seed(5)
            losses.append(value(name, model, sampling_slope=0.0, label_smoothing=0.1))
        assert losses[0].equal(losses[1])


@pytest.mark.parametrize("argmax", [False, True])
def test_without_the_teacher_it_is_the_loss_of_its_own_samples(argmax: bool) -> None:
    model, data = tiny(), batch()
    found = value("scheduled_sampling", model, seed=7, sampling_k=0.0, sampling_argmax=argmax)
    rng = generator(7)
    torch.rand(data.target_in_BT.shape, generator=rng)  # the coins
    total, count = 0.0, 0
    with torch.no_grad():
        memory, state = model.encode(data.source_BS, data.lengths_B)
        read_B, draw = data.target_in_BT[:, 0], drawing(rng)
        for gold_B in data.target_out_BT.T:
            step = model.step(state, read_B, memory)
            real_B = gold_B != PAD
            total -= float(step.log_probs_BV.gather(1, gold_B.unsqueeze(1))[real_B].sum())
            count += int(real_B.sum())
            read_B = step.log_probs_BV.argmax(dim=1) if argmax else draw(step.log_probs_BV)
            state = step.state
    assert float(found.detach()) == pytest.approx(total / count, rel=1e-5)


def test_a_coin_a_token_and_never_for_padding_or_bos() -> None:
    model, data = tiny(), batch()
    seen = []

    def watched(changed: object) -> torch.Tensor:
        seen.append(changed.target_in_BT)  # type: ignore[attr-defined]
        return forward(changed)

    forward, model.forward = model.forward, watched  # type: ignore[method-assign, assignment]
    for seed in range(300):
        value("scheduled_sampling", model, seed=seed, sampling_k=0.7)
    changed_NBT = torch.stack([inputs_BT != data.target_in_BT for inputs_BT in seen])
    word_BT = (data.target_in_BT != PAD) & (torch.arange(data.target_in_BT.size(1)) > 0)
    assert not changed_NBT[:, ~word_BT].any()
    rate = float(changed_NBT[:, word_BT].float().mean())
    assert 0.2 < rate <= 0.32  # of the 30 % some draw the reference's token
    pairs_N2 = changed_NBT[:, 3, 1:3].float()  # two places of a row: not one coin a sentence
    assert 0 < float((pairs_N2[:, 0] * pairs_N2[:, 1]).mean()) < 0.6 * float(pairs_N2.mean())


def test_no_gradient_flows_through_a_sample() -> None:
    model, data = tiny(), batch()
    loss = value("scheduled_sampling", model, seed=3, sampling_k=0.0)
    loss.backward()
    found = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    rng = generator(3)
    torch.rand(data.target_in_BT.shape, generator=rng)
    own_BT = data.target_in_BT != PAD
    own_BT[:, 0] = False
    inputs_BT = mixed_inputs(model, data, own_BT, drawing(rng))
    model.zero_grad()
    value("cross_entropy", model, data=dataclasses.replace(data, target_in_BT=inputs_BT)).backward()
    expected = [p.grad for p in model.parameters() if p.grad is not None]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
