"""Reinforcement learning with the model's own greedy output as baseline (Rennie et al. 2017)."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.config import TrainConfig
from s2s.data.batches import Batch
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, EOS, PAD
from s2s.train.objectives.objective import TrainingProgress
from s2s.train.objectives.reward import REWARDS
from s2s.train.objectives.rollout import argmax, drawing, rollout


def self_critical(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """``γ L_rl + (1-γ) L_ml`` (Paulus et al. 2018, eq. 16), or MIXER's schedule (Ranzato et al. 2016, section 3.2.2).

    For each sentence ``L_rl = (r(greedy) - r(sample)) Σ_t log p(sample_t)`` and ``L_ml = -Σ_t log p(y_t)``, both
    divided by the number of reference tokens. With ``mixer_tokens`` Δ the first ``max(0, T - Δ k)`` tokens of a
    reference of T tokens (``<eos>`` counts) contribute L_ml, a sample that continues them L_rl, without γ;
    ``k = step // mixer_every``.
    """
    settings, lengths_B = progress.settings, (batch.target_out_BT != PAD).sum(dim=1)
    given_B, weight, rest = torch.zeros_like(lengths_B), settings.reward_weight, 1 - settings.reward_weight
    if settings.mixer_tokens:
        grown = settings.mixer_tokens * (progress.step // settings.mixer_every)
        given_B, weight, rest = (lengths_B - grown).clamp(min=0), 1.0, 1.0
    loss = torch.zeros((), device=lengths_B.device)
    if weight and bool((given_B < lengths_B).any()):
        loss = loss + weight * rl_loss(model, batch, given_B, rng, settings)
    forced_B = given_B if settings.mixer_tokens else lengths_B
    if rest and bool(forced_B.any()):
        loss = loss + rest * ml_loss(model, batch, forced_B, settings)
    return loss / lengths_B.sum()


def ml_loss(model: Seq2Seq, batch: Batch, forced_B: Tensor, settings: TrainConfig) -> Tensor:
    """The sum of the smoothed cross-entropy over the first ``forced_B`` tokens of each reference."""
    place_T = torch.arange(batch.target_out_BT.size(1), device=forced_B.device)
    owed_BT = batch.target_out_BT.masked_fill(place_T >= forced_B.unsqueeze(1), PAD)
    logits_NV = model(dataclasses.replace(batch, target_out_BT=owed_BT))
    return F.cross_entropy(
        logits_NV, owed_BT[owed_BT != PAD], label_smoothing=settings.label_smoothing, reduction="sum"
    )


def rl_loss(model: Seq2Seq, batch: Batch, given_B: Tensor, rng: torch.Generator, settings: TrainConfig) -> Tensor:
    """Sum over sentences of ``(r(greedy) - r(sample)) Σ_t log p(sample_t)``, t from ``given_B`` on.

    Outputs end with ``<eos>`` or after twice the reference's words plus 10. Rewards compare without ``<eos>``.
    """
    limit_B = 2 * (batch.target_out_BT != PAD).sum(dim=1) + 8
    sample_BT, lengths_B = rollout(model, batch, given_B, limit_B, drawing(rng))
    greedy_BT, greedy_lengths_B = rollout(model, batch, given_B, limit_B, argmax)
    greedy_B, sampled_B = (
        rewards(batch, *out, settings.reward) for out in ((greedy_BT, greedy_lengths_B), (sample_BT, lengths_B))
    )
    return policy_loss(model, batch, sample_BT, given_B, lengths_B, greedy_B - sampled_B)


def rewards(batch: Batch, ids_BT: Tensor, lengths_B: Tensor, name: str) -> Tensor:
    """The reward of each output against its reference: (B,)."""
    values = []
    for ids, length, gold in zip(ids_BT.tolist(), lengths_B.tolist(), batch.target_out_BT.tolist(), strict=True):
        output = [i for i in ids[:length] if i != EOS]
        values.append(REWARDS[name](output, [i for i in gold if i not in (PAD, EOS)]))
    return torch.tensor(values, device=ids_BT.device)


def policy_loss(
    model: Seq2Seq, batch: Batch, ids_BT: Tensor, given_B: Tensor, lengths_B: Tensor, cost_B: Tensor
) -> Tensor:
    """``Σ_b cost_b Σ_t log p(ids_bt)`` over the tokens ``given_b ≤ t < lengths_b``.

    Its expected gradient over samples is that of ``-E[reward]``. A sample may contain ``<pad>``, so the lengths
    decide which tokens are real, not the ids.
    """
    place_T = torch.arange(ids_BT.size(1), device=ids_BT.device)
    own_BT = (place_T >= given_B.unsqueeze(1)) & (place_T < lengths_B.unsqueeze(1))
    inputs_BT = torch.cat([torch.full_like(ids_BT[:, :1], BOS), ids_BT[:, :-1]], dim=1)
    marks_BT = torch.where(own_BT, EOS, PAD)  # only their positions are used: which tokens are real
    logits_NV = model(dataclasses.replace(batch, target_in_BT=inputs_BT, target_out_BT=marks_BT))
    nll_N = F.cross_entropy(logits_NV, ids_BT[own_BT], reduction="none")
    return -(cost_B.unsqueeze(1).expand_as(ids_BT)[own_BT] * nll_N).sum()
