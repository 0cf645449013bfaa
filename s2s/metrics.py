"""Scores of outputs against references: BLEU and chrF by sacrebleu, ROUGE by rouge-score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sacrebleu
from rouge_score import rouge_scorer, tokenizers

from s2s.text import Segmenter


class SegmenterTokens(tokenizers.Tokenizer):  # type: ignore[misc]
    """rouge-score's own tokenizer drops everything but a-z and 0-9; this one cuts as the model does."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.cut = segmenter.cut

    def tokenize(self, text: str) -> list[str]:
        """The text's tokens."""
        return self.cut(text)


def bleu_tokenizer(segmenter: Segmenter) -> str:
    """sacrebleu's tokenizer for a side: ``13a`` for words with spaces, ``zh`` otherwise."""
    return "13a" if segmenter.name == "latin" else "zh"


def score(outputs: Sequence[str], references: Sequence[str], segmenter: Segmenter) -> dict[str, Any]:
    """Corpus BLEU and chrF (0 to 100, cased, with sacrebleu's signatures) and mean ROUGE-1, -2 and -L F1 (0 to 100)."""
    bleu = sacrebleu.BLEU(tokenize=bleu_tokenizer(segmenter))
    chrf = sacrebleu.CHRF()
    result = {
        "bleu": bleu.corpus_score(outputs, [references]).score,
        "chrf": chrf.corpus_score(outputs, [references]).score,
        **rouge(outputs, references, segmenter),
    }
    return {**result, "signatures": {"bleu": str(bleu.get_signature()), "chrf": str(chrf.get_signature())}}


ROUGE = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}


def rouge(outputs: Sequence[str], references: Sequence[str], segmenter: Segmenter) -> dict[str, float]:
    """Means over sentences of F1, 0 to 100: shared tokens, pairs of tokens, longest common subsequence (Lin 2004)."""
    scorer = rouge_scorer.RougeScorer(list(ROUGE.values()), tokenizer=SegmenterTokens(segmenter))
    scores = [scorer.score(r, o) for o, r in zip(outputs, references, strict=True)]
    return {
        name: 100 * sum(found[key].fmeasure for found in scores) / max(1, len(scores)) for name, key in ROUGE.items()
    }
