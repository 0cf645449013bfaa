"""Scores of one output, and the counts from which those of a corpus are put together again."""

from __future__ import annotations

from typing import Any

import numpy as np
import sacrebleu
from rouge_score import rouge_scorer

from s2s.checkpoint.record import Side
from s2s.evaluate.bootstrap import Floats
from s2s.evaluate.metrics import SegmenterTokens, bleu_tokenizer

ORDERS = 6  # of chrF's character n-grams
BETA2 = 4  # of chrF2: recall counts twice as much as precision


class SentenceScores:
    """Sentence BLEU (effective order, smoothed), chrF and ROUGE-L against one reference, 0 to 100 each.

    References are compared as ``Side.written`` has them; ``tokenizer`` is the corpus's, else the side's
    (``metrics.bleu_tokenizer``).
    """

    def __init__(self, target: Side, tokenizer: str | None = None) -> None:
        self.target = target
        tokenizer = tokenizer or bleu_tokenizer(target.segmenter, ())
        self.bleu = sacrebleu.BLEU(tokenize=tokenizer, effective_order=True)
        self.characters = sacrebleu.CHRF()
        self.rouge = rouge_scorer.RougeScorer(["rougeL"], tokenizer=SegmenterTokens(target.segmenter))

    def columns(self, output: str, reference: str) -> dict[str, Any]:
        """``bleu``, ``chrf``, ``rouge_l``; ``bleu_counts`` as ``exposure.beams.bleu`` reads them, ``chrf_counts``."""
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
        """chrF alone."""
        counts = self._chrf_counts(output, self.target.written(reference))
        return float(chrf(np.array([counts], dtype=float))[0, 0])

    def _chrf_counts(self, output: str, reference: str) -> list[int]:
        (counts,) = self.characters._extract_corpus_statistics([output], [[reference]])
        found: list[int] = counts
        return found


def chrf(sums_RK: Floats) -> Floats:
    """Corpus chrF (0 to 100) of sums of ``chrf_counts`` (R, 1).

    They are n-grams of outputs, of references and shared ones, three numbers an order.
    ``(1 + β²) P R / (β² P + R)`` of the means of precision and recall over the orders that both have (Popović 2015).
    """
    made, gold, right = (sums_RK[:, i : 3 * ORDERS : 3] for i in range(3))
    both = (made > 0) & (gold > 0)
    orders = np.maximum(both.sum(axis=1), 1)
    precision = np.where(both, right / np.maximum(made, 1), 0.0).sum(axis=1) / orders
    recall = np.where(both, right / np.maximum(gold, 1), 0.0).sum(axis=1) / orders
    below = BETA2 * precision + recall
    found: Floats = (100 * (1 + BETA2) * precision * recall / np.where(below > 0, below, 1.0))[:, None]
    return found
