"""Training with partly wrong decoder inputs and unchanged labels: random replacement, and masks."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from s2s.data.batches import Batch
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, PAD, SPECIALS, UNK
from s2s.train.objectives.objective import TrainingProgress
from s2s.train.objectives.teacher_forcing import cross_entropy

MASKED, RANDOM = 0.8, 0.1  # of the chosen tokens; the rest is kept (Devlin et al. 2019, section 3.1)


def words(batch: Batch) -> Tensor:
    """Where a decoder input is a word of the reference, not ``<bos>`` or padding: (B, T)."""
    return (batch.target_in_BT != PAD) & (batch.target_in_BT != BOS)


def replaced(batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Decoder inputs (B, T) in which a share of the words of a share of the sentences is replaced.

    A replacement is drawn uniformly from the positions of the same target sentence, or of source and
    target (``both``).
    """
    settings, word_BT = progress.settings, words(batch)
    shape, device = word_BT.shape, word_BT.device
    sentence_B1 = torch.rand(len(word_BT), 1, generator=rng).to(device) < settings.replace_sentences
    token_BT = torch.rand(shape, generator=rng).to(device) < settings.replace_tokens
    pool_BP, real_BP = batch.target_in_BT, word_BT
    if settings.replace_from == "both":
        pool_BP = torch.cat([pool_BP, batch.source_BS], dim=1)
        real_BP = torch.cat([real_BP, batch.source_BS != PAD], dim=1)
    order_BP = (~real_BP).to(torch.int8).argsort(dim=1, stable=True)  # real positions first
    count_B1 = real_BP.sum(dim=1, keepdim=True)
    nth_BT = (torch.rand(shape, generator=rng, dtype=torch.float64).to(device) * count_B1).long()
    drawn_BT = pool_BP.gather(1, order_BP.gather(1, nth_BT))
    return torch.where(word_BT & sentence_B1 & token_BT, drawn_BT, batch.target_in_BT)


def replacement(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Cross-entropy after partly replaced inputs: negative samples by random replacement (Su Jianlin)."""
    return cross_entropy(model, dataclasses.replace(batch, target_in_BT=replaced(batch, rng, progress)), rng, progress)


def masked(batch: Batch, vocab_size: int, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Decoder inputs (B, T): of the chosen words 80 % become ``<unk>``, 10 % any word of the vocabulary.

    The vocabulary has no mask token; ``<unk>`` stands for it.
    """
    shape, device = batch.target_in_BT.shape, batch.target_in_BT.device
    chosen_BT = words(batch) & (torch.rand(shape, generator=rng).to(device) < progress.settings.mask_tokens)
    kind_BT = torch.rand(shape, generator=rng).to(device)
    any_BT = torch.randint(len(SPECIALS), max(vocab_size, len(SPECIALS) + 1), shape, generator=rng).to(device)
    changed_BT = torch.where(kind_BT < MASKED + RANDOM, any_BT, batch.target_in_BT)
    changed_BT = torch.where(kind_BT < MASKED, UNK, changed_BT)
    return torch.where(chosen_BT, changed_BT, batch.target_in_BT)


def mask(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """Cross-entropy after partly masked inputs, BERT's 80/10/10."""
    inputs_BT = masked(batch, model.embedding.num_embeddings, rng, progress)
    return cross_entropy(model, dataclasses.replace(batch, target_in_BT=inputs_BT), rng, progress)
