"""Scores of one output, and the counts whose sums give the scores of a corpus."""

from __future__ import annotations

from typing import Any

import numpy as np
import sacrebleu
from rouge_score import rouge_scorer

from s2s.checkpoint.record import Side
from s2s.evaluate.bootstrap import Floats
from s2s.evaluate.metrics import SegmenterTokens, bleu_tokenizer

ORDERS = 6  # character n-gram orders of chrF
BETA2 = 4  # β² of chrF2: recall counts twice as much as precision


class SentenceScores:
    """Sentence BLEU (effective order, smoothed), chrF and ROUGE-L against one reference, 0 to 100 each.

    References are normalised by ``Side.written``. ``tokenizer`` is BLEU's for the corpus; by default
    ``metrics.bleu_tokenizer`` chooses it from the side's segmenter.
    """

    def __init__(self, target: Side, tokenizer: str | None = None) -> None:
        self.target = target
        tokenizer = tokenizer or bleu_tokenizer(target.segmenter, ())
        self.bleu = sacrebleu.BLEU(tokenize=tokenizer, effective_order=True)
        self.characters = sacrebleu.CHRF()
        self.rouge = rouge_scorer.RougeScorer(["rougeL"], tokenizer=SegmenterTokens(target.segmenter))

    def columns(self, output: str, reference: str) -> dict[str, Any]:
        """The columns ``bleu``, ``chrf`` and ``rouge_l``, and the counts for ``bleu_from_counts`` and ``chrf``."""
        reference = self.target.written(reference)
        bleu = self.bleu.sentence_score(output, [reference])
        counts = self._chrf_counts(output, reference)
        rouge = self.rouge.score(reference, output)["rougeL"]
        return {
            "bleu": bleu.score,
            "chrf": float(chrf(np.array([counts], dtype=float))[0, 0]),
            "rouge_l": 100 * rouge.fmeasure,
            "bleu_counts": [*bleu.counts, *bleu.totals, bleu.sys_len, bleu.ref_len],
            "chrf_counts": counts,
        }

    def chrf(self, output: str, reference: str) -> float:
        """The chrF of an output, 0 to 100."""
        counts = self._chrf_counts(output, self.target.written(reference))
        return float(chrf(np.array([counts], dtype=float))[0, 0])

    def _chrf_counts(self, output: str, reference: str) -> list[int]:
        (counts,) = self.characters._extract_corpus_statistics([output], [[reference]])
        typed: list[int] = counts
        return typed


def chrf(sums_RK: Floats) -> Floats:
    """Corpus chrF (Popović 2015), 0 to 100, from sums of ``chrf_counts``: (R, 1).

    The counts of each order are the n-grams of the output, of the reference, and the shared ones. chrF is
    ``(1 + β²) P R / (β² P + R)``; P and R are means over the orders that both output and reference have.
    """
    output, gold, right = (sums_RK[:, i : 3 * ORDERS : 3] for i in range(3))
    both = (output > 0) & (gold > 0)
    orders = np.maximum(both.sum(axis=1), 1)
    precision = np.where(both, right / np.maximum(output, 1), 0.0).sum(axis=1) / orders
    recall = np.where(both, right / np.maximum(gold, 1), 0.0).sum(axis=1) / orders
    below = BETA2 * precision + recall
    scores: Floats = (100 * (1 + BETA2) * precision * recall / np.where(below > 0, below, 1.0))[:, None]
    return scores
