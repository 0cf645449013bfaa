"""Log-probability, length and BLEU of the best output by beam size."""

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
ORDERS = 4  # n-gram orders of BLEU


@dataclass(frozen=True)
class BeamScores:
    """The best outputs of one beam size: mean ``log P`` in nats, length ratio, BLEU (0 to 100)."""

    beam: int
    log_prob: Estimate
    length_ratio: Estimate  # tokens of all outputs divided by those of all references, without <eos>
    bleu: Estimate


def best_hypotheses(
    model: Model, sources: Sequence[list[int]], size: int, length_penalty: float = 0.0, progress: Progress = quiet
) -> list[Hypothesis]:
    """The best output of each source by beam search; without a length penalty the log-probability alone ranks."""
    settings, out = Settings(strategy="beam", beam=size, length_penalty=length_penalty), dict[int, Hypothesis]()
    for index in chunks([(s, s) for s in sources], model.vocabulary * size, progress):
        for i, hypotheses in zip(index, beams(model, [sources[i] for i in index], settings), strict=True):
            out[i] = hypotheses[0]
    return [out[i] for i in range(len(sources))]


def bleu_counts(output: str, reference: str, tokenizer: str) -> list[float]:
    """Matches and n-grams of each order, and both lengths: the sums that corpus BLEU is a function of."""
    sentence = sacrebleu.sentence_bleu(output, [reference], tokenize=tokenizer, use_effective_order=True)
    return [*sentence.counts, *sentence.totals, sentence.sys_len, sentence.ref_len]


def bleu_from_counts(sums_RK: Floats) -> Floats:
    """Corpus BLEU (Papineni et al. 2002), 0 to 100, from sums of ``bleu_counts``, smoothed as by sacrebleu: (R, 1)."""
    right, total = sums_RK[:, :ORDERS], sums_RK[:, ORDERS : 2 * ORDERS]
    output_length, gold_length = sums_RK[:, -2], sums_RK[:, -1]
    halvings = np.where(right == 0, 1, 0).cumsum(axis=1)
    smoothed = np.where(right == 0, 0.5**halvings, right)
    usable = (total > 0).all(axis=1) & (right[:, 0] > 0)
    logs = np.log(smoothed / np.maximum(total, 1)).mean(axis=1)
    brevity = np.minimum(0.0, 1 - gold_length / np.maximum(output_length, 1))
    scores: Floats = np.where(usable, 100 * np.exp(logs + brevity), 0.0)[:, None]
    return scores


def beam_scores(
    size: int,
    hypotheses: Sequence[Hypothesis],
    pairs: Sequence[Ids],
    references: Sequence[str],
    target: Side,
    by: Bootstrap,
) -> BeamScores:
    """The summary of one beam size; ``hypotheses`` are the best outputs, ``references`` the pairs' target texts."""
    outputs = [[i for i in h.ids if i != EOS] for h in hypotheses]
    one_N = np.ones(len(hypotheses))
    lengths_N2 = np.array([[float(len(o)), float(len(t))] for o, (_, t) in zip(outputs, pairs, strict=True)])
    tokenizer = bleu_tokenizer(target.segmenter, references)
    texts = zip(map(target.decode, outputs), map(target.written, references), strict=True)
    counts = [bleu_counts(output, reference, tokenizer) for output, reference in texts]
    return BeamScores(
        size,
        by.mean(np.array([h.log_prob for h in hypotheses]), one_N),
        by.mean(lengths_N2[:, 0], lengths_N2[:, 1]),
        by.estimate(np.array(counts, dtype=float), bleu_from_counts, len(hypotheses)),
    )
