"""Guided attention (Mi, Wang and Ittycheriah 2016; Chen et al. 2016): attention is to follow word alignments, too."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.data.batches import Batch
from s2s.model import Seq2Seq
from s2s.text.vocab import PAD
from s2s.train.objectives.objective import TrainingProgress
from s2s.train.objectives.teacher_forcing import cross_entropy


def guidance(progress: TrainingProgress) -> float:
    """The weight λ_i at step i: constant, ``λ max(0, 1 - i/N)`` or λ at the first N steps alone.

    >>> from s2s.config import TrainConfig
    >>> settings = TrainConfig(guided_weight=0.5, guided_schedule="linear", guided_steps=4)
    >>> [guidance(TrainingProgress(i, 100, settings)) for i in (0, 1, 3, 9)]
    [0.5, 0.375, 0.125, 0.0]
    """
    settings, schedule = progress.settings, progress.settings.guided_schedule
    steps = settings.guided_steps or progress.steps
    if schedule == "constant":
        return settings.guided_weight
    left = max(0.0, 1 - progress.step / steps) if schedule == "linear" else float(progress.step < steps)
    return settings.guided_weight * left


def guided_attention(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Cross-entropy and ``-λ_i (1/N) Σ_t Σ_s A_ts log α_ts``, N the target tokens, A the rows of the links.

    A token without links, such as ``<eos>``, has no part in the second sum.
    """
    if batch.links_BTS is None:
        raise ValueError("guided attention needs a batch with links")
    weight, settings = guidance(progress), progress.settings
    if weight == 0:
        return cross_entropy(model, batch, rng, progress)
    forced, target_N = model.forced(batch), batch.target_out_BT[batch.target_out_BT != PAD]
    loss = F.cross_entropy(forced.logits_NV, target_N, label_smoothing=settings.label_smoothing)
    attention_BTS = torch.stack([step.attention_BS for step in forced.attentions], dim=1)
    return loss + weight * disagreement(attention_BTS, batch.links_BTS) / len(target_N)


def disagreement(attention_BTS: Tensor, links_BTS: Tensor) -> Tensor:
    """``-Σ A log α`` over all links; a weight that is 0 counts as the smallest normal number."""
    linked_BTS = links_BTS > 0
    log_N = attention_BTS[linked_BTS].clamp(min=torch.finfo(attention_BTS.dtype).tiny).log()
    return -(links_BTS[linked_BTS] * log_N).sum()
