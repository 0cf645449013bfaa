"""Does a wider beam find what the model likes better, and is that better?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sacrebleu

from s2s.checkpoint.record import Side
from s2s.data.batches import Ids
from s2s.decode.search import Hypothesis, beams
from s2s.decode.strategy import Settings
from s2s.evaluate.batching import Progress, chunks, quiet
from s2s.evaluate.bootstrap import Bootstrap, Floats
from s2s.evaluate.measured import Estimate
from s2s.evaluate.metrics import bleu_tokenizer
from s2s.model import Model
from s2s.text.vocab import EOS

SIZES = (1, 2, 3, 5, 10)
ORDERS = 4  # of BLEU's n-grams


@dataclass(frozen=True)
class BeamScores:
    """What a beam size gives: mean ``log P`` of the best output in nats, its length, its BLEU (0 to 100)."""

    beam: int
    log_prob: Estimate
    length_ratio: Estimate  # tokens of all outputs over those of all references, <eos> left out
    bleu: Estimate


def searched(
    model: Model, sources: Sequence[list[int]], size: int, length_penalty: float = 0.0, progress: Progress = quiet
) -> list[Hypothesis]:
    """The best output of each source; by default nothing but the model's probability ranks them."""
    settings, out = Settings(strategy="beam", beam=size, length_penalty=length_penalty), dict[int, Hypothesis]()
    for index in chunks([(s, s) for s in sources], model.vocabulary * size, progress):
        for i, found in zip(index, beams(model, [sources[i] for i in index], settings), strict=True):
            out[i] = found[0]
    return [out[i] for i in range(len(sources))]


def bleu_counts(output: str, reference: str, tokenizer: str) -> list[float]:
    """Matches and n-grams of each order, and both lengths: what corpus BLEU is a function of."""
    made = sacrebleu.sentence_bleu(output, [reference], tokenize=tokenizer, use_effective_order=True)
    return [*made.counts, *made.totals, made.sys_len, made.ref_len]


def bleu(sums_RK: Floats) -> Floats:
    """Corpus BLEU (0 to 100) of sums of ``bleu_counts``, smoothed as sacrebleu's default does (R, 1)."""
    right, total = sums_RK[:, :ORDERS], sums_RK[:, ORDERS : 2 * ORDERS]
    made, gold = sums_RK[:, -2], sums_RK[:, -1]
    halvings = np.where(right == 0, 1, 0).cumsum(axis=1)
    smoothed = np.where(right == 0, 0.5**halvings, right)
    usable = (total > 0).all(axis=1) & (right[:, 0] > 0)
    logs = np.log(smoothed / np.maximum(total, 1)).mean(axis=1)
    brevity = np.minimum(0.0, 1 - gold / np.maximum(made, 1))
    found: Floats = np.where(usable, 100 * np.exp(logs + brevity), 0.0)[:, None]
    return found


def beam_scores(
    size: int, found: Sequence[Hypothesis], pairs: Sequence[Ids], references: Sequence[str], target: Side, by: Bootstrap
) -> BeamScores:
    """The summary of one beam size; ``references`` are the pairs' target texts."""
    own = [[i for i in h.ids if i != EOS] for h in found]
    one_N, lengths = (
        np.ones(len(found)),
        np.array([[float(len(o)), float(len(t))] for o, (_, t) in zip(own, pairs, strict=True)]),
    )
    tokenizer = bleu_tokenizer(target.segmenter, references)
    texts = zip(map(target.decode, own), map(target.written, references), strict=True)
    counts = [bleu_counts(output, reference, tokenizer) for output, reference in texts]
    return BeamScores(
        size,
        by.mean(np.array([h.log_prob for h in found]), one_N),
        by.mean(lengths[:, 0], lengths[:, 1]),
        by.estimate(np.array(counts, dtype=float), bleu, len(found)),
    )
