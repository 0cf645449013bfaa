"""The loss of one sentence, token by token, as in training."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import Batch, collate
from s2s.decode.inputs import reference_ids, source_ids
from s2s.errors import UserError


@dataclass(frozen=True)
class SentenceLoss:
    """``-log p`` of each reference token including ``<eos>``, and the mean ``-log p`` over all words, in nats."""

    nll: tuple[float, ...]
    uniform: tuple[float, ...]
    words: int  # V

    @property
    def loss(self) -> float:
        """Mean ``-log p`` per token."""
        return sum(self.nll) / len(self.nll)

    def smoothed(self, epsilon: float) -> float:
        """The loss against ``(1-ε) onehot + ε/V``: ``(1-ε) loss + ε · mean over tokens and words of -log p``."""
        return (1 - epsilon) * self.loss + epsilon * sum(self.uniform) / len(self.uniform)


def batch(checkpoint: Checkpoint, text: str, reference: str, copies: int = 1) -> Batch:
    """A typed pair as a training batch; UserError as ``trace`` raises it."""
    source, gold = source_ids(checkpoint, text)[1], reference_ids(checkpoint, reference)[1]
    if not gold:
        raise UserError("reference_missing")
    return collate([(source, gold)] * copies)


@torch.inference_mode()
def sentence_loss(checkpoint: Checkpoint, text: str, reference: str) -> SentenceLoss:
    """The losses of a typed pair. UserError if it cannot be used."""
    pair = batch(checkpoint, text, reference)
    log_probs_NV = torch.log_softmax(checkpoint.model(pair).float(), dim=1)
    nll_N = -log_probs_NV.gather(1, pair.target_out_BT[0].unsqueeze(1)).squeeze(1)
    return SentenceLoss(tuple(nll_N.tolist()), tuple((-log_probs_NV.mean(dim=1)).tolist()), log_probs_NV.size(1))
