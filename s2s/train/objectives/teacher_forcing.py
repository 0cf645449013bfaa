"""Teacher forcing: the decoder reads the reference, and the loss is on its next token."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.data.batches import Batch
from s2s.model import Seq2Seq
from s2s.text.vocab import PAD
from s2s.train.objectives.objective import TrainingProgress


def cross_entropy(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Mean over real tokens of ``-Σ_v q_v log p_v``, ``q = (1-ε) onehot + ε/V``.

    With ``coverage_weight`` λ each token adds ``λ Σ_i min(α_ti, c_ti)`` (See, Liu and Manning 2017, eq. 13).
    """
    settings, target_N = progress.settings, batch.target_out_BT[batch.target_out_BT != PAD]
    if settings.coverage_weight == 0:
        return F.cross_entropy(model(batch), target_N, label_smoothing=settings.label_smoothing)
    logits_NV, coverage_N, *_ = model.forced(batch)
    loss = F.cross_entropy(logits_NV, target_N, label_smoothing=settings.label_smoothing)
    return loss if coverage_N is None else loss + settings.coverage_weight * coverage_N.mean()
