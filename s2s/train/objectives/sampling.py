"""Scheduled sampling (Bengio et al. 2015): the decoder sometimes reads its own last token."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor

from s2s.config import TrainConfig
from s2s.data.batches import Batch
from s2s.model import Seq2Seq
from s2s.text.vocab import PAD
from s2s.train.objectives.objective import TrainingProgress
from s2s.train.objectives.rollout import argmax, drawing, mixed_inputs
from s2s.train.objectives.teacher_forcing import cross_entropy


def teacher_share(step: int, settings: TrainConfig) -> float:
    """ε_i, the probability that an input at step i is the reference's (Bengio et al. 2015, section 2.4).

    linear ``max(ε_min, k - c i)``, exponential ``k^i``, inverse_sigmoid ``k / (k + e^{i/k})``.

    >>> [teacher_share(i, TrainConfig(sampling_slope=0.25, sampling_floor=0.4)) for i in (0, 1, 2, 3)]
    [1.0, 0.75, 0.5, 0.4]
    """
    k = settings.sampling_k
    if settings.sampling_schedule == "linear":
        return max(settings.sampling_floor, k - settings.sampling_slope * step)
    if settings.sampling_schedule == "exponential":
        return k**step
    return k / (k + math.exp(min(step / k, 700.0)))


def mixed(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Decoder inputs (B, T): for each token a random choice of the reference's or the model's own.

    The model's own token is drawn from its distribution (``sampling_argmax``: the most probable) after the
    mixed inputs before it.
    """
    share = teacher_share(progress.step, progress.settings)
    coins_BT = torch.rand(batch.target_in_BT.shape, generator=rng).to(batch.target_in_BT.device)
    own_BT = (coins_BT >= share) & (batch.target_in_BT != PAD)
    own_BT[:, 0] = False  # <bos>
    pick = argmax if progress.settings.sampling_argmax else drawing(rng)
    return mixed_inputs(model, batch, own_BT, pick)


def scheduled_sampling(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Cross-entropy with the reference after mixed inputs, without gradient through the samples.

    Known caveat: this objective is not consistent (Huszár 2015).
    """
    inputs_BT = mixed(model, batch, rng, progress)
    return cross_entropy(model, dataclasses.replace(batch, target_in_BT=inputs_BT), rng, progress)
