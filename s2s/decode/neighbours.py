"""Nearest words by the cosine of the encoder's embeddings."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.checkpoint.record import Checkpoint
from s2s.text.vocab import SPECIALS


@torch.inference_mode()
def nearest(embedding_VE: Tensor, token: int, k: int) -> list[tuple[int, float]]:
    """The ids whose embeddings have the greatest cosine with the token's, without itself and specials."""
    cosine_V = F.cosine_similarity(embedding_VE, embedding_VE[token], dim=1)
    cosine_V[[*range(len(SPECIALS)), token]] = -torch.inf
    best = cosine_V.topk(min(k, int(cosine_V.isfinite().sum())))
    return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))


def neighbours(checkpoint: Checkpoint, token: str, k: int = 8) -> list[tuple[str, float]]:
    """The k nearest words of the source vocabulary and their cosines, nearest first; empty for an unknown word."""
    vocab = checkpoint.source.vocab
    if (own := vocab.find(token)) is None:
        return []
    weight_VE = checkpoint.model.embed(torch.arange(len(vocab)))
    return [(vocab.tokens[i], cosine) for i, cosine in nearest(weight_VE, own, k)]
