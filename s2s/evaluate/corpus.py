"""Scores of a model on a corpus: teacher-forced loss and accuracy, decoded output and its metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F

from s2s.checkpoint.record import Side
from s2s.config import DataConfig
from s2s.data.batches import MAX_TOKENS, Ids, Pair, collate
from s2s.decode.search import beams, greedy
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.evaluate.batching import chunks
from s2s.evaluate.metrics import score_outputs
from s2s.model import Model
from s2s.text.vocab import EOS, PAD, UNK

LOGITS = 60_000_000  # numbers in the logits of a batch, at most (240 MB)


@torch.inference_mode()
def forced_scores(model: Model, pairs: Sequence[Ids], batch_size: int = 100) -> dict[str, float]:
    """Mean NLL in nats over tokens with ``<eos>`` and without padding, perplexity, and token accuracy.

    ``<unk>`` for an unknown word is never right.
    """
    nll, hits, tokens = 0.0, 0, 0
    device = model.device
    for index in chunks(pairs, model.vocabulary, sources_first=True, rows=batch_size, floats=LOGITS):
        batch = collate([pairs[i] for i in index]).to(device)
        logits_NV, target_N = model(batch), batch.target_out_BT[batch.target_out_BT != PAD]
        nll += float(F.cross_entropy(logits_NV, target_N, reduction="sum"))
        hits += int(((logits_NV.argmax(dim=1) == target_N) & (target_N != UNK)).sum())
        tokens += len(target_N)
    loss = nll / max(1, tokens)
    return {"loss": loss, "perplexity": math.exp(min(loss, 700)), "token_accuracy": hits / max(1, tokens)}


def translate(
    model: Model, sources: Sequence[list[int]], batch_size: int = 100, settings: Settings | None = None
) -> list[list[int]]:
    """Output ids without ``<eos>``, in the order of the sources: greedy, or beam search with ``settings``."""
    outputs: list[list[int]] = [[] for _ in sources]
    for index in chunks([(s, []) for s in sources], 1, sources_first=True, rows=batch_size, floats=LOGITS):
        batch = [sources[i] for i in index]
        if settings is None:
            decoded = greedy(model, batch)
        else:
            decoded = [[i for i in best.ids if i != EOS] for best, *_ in beams(model, batch, settings)]
        for i, output in zip(index, decoded, strict=True):
            outputs[i] = output
    return outputs


def max_scored_tokens(data: DataConfig) -> int:
    """The largest number of tokens of a side that is scored: the training limit, but at least 400."""
    return max(MAX_TOKENS, data.max_tokens)


def fitting(model: Model, ids: Sequence[Ids], most: int = MAX_TOKENS) -> list[int]:
    """Indices of pairs with 1 to ``most`` tokens on each side and a source that the model can read.

    The limit bounds time, which grows with the square of the length.
    """
    source = min(model.longest_source or most, most)
    return [n for n, (s, t) in enumerate(ids) if 0 < len(s) <= source and 0 < len(t) <= most]


def scored_pairs(
    model: Model, source: Side, target: Side, pairs: Sequence[Pair], most: int = MAX_TOKENS
) -> tuple[list[Pair], list[Ids]]:
    """The pairs that are ``fitting``, as texts and as ids; UserError if there is none."""
    encoded = [(source.encode(s), target.encode(t)) for s, t in pairs]
    fit = fitting(model, encoded, most)
    if not fit:
        raise UserError("exposure_no_pairs", limit=most)
    return [pairs[n] for n in fit], [encoded[n] for n in fit]


def corpus_scores(
    model: Model,
    source: Side,
    target: Side,
    pairs: Sequence[Pair],
    settings: Settings | None = None,
    most: int = MAX_TOKENS,
) -> dict[str, Any]:
    """BLEU, chrF and ROUGE of ``translate``'s output, and teacher-forced loss, perplexity and accuracy.

    Pairs that are not ``fitting`` are counted as ``left_out``; raises UserError if no pair is fitting.
    """
    scored, ids = scored_pairs(model, source, target, pairs, most)
    outputs = [target.decode(o) for o in translate(model, [s for s, _ in ids], settings=settings)]
    return {
        **score_outputs(outputs, [reference for _, reference in scored], target),
        **forced_scores(model, ids),
        "sentences": len(scored),
        "left_out": len(pairs) - len(scored),
    }
