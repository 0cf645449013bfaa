"""Rewards: how well an output matches its reference, from 0 to 1, compared by token ids."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import sacrebleu
from rouge_score import rouge_scorer, tokenizers

Reward = Callable[[Sequence[int], Sequence[int]], float]  # (output, reference) → 0 to 1


class _Words(tokenizers.Tokenizer):  # type: ignore[misc]
    def tokenize(self, text: str) -> list[str]:
        return text.split()


@functools.cache
def _rouge() -> rouge_scorer.RougeScorer:
    return rouge_scorer.RougeScorer(["rougeL"], tokenizer=_Words())


def _words(ids: Sequence[int]) -> str:
    return " ".join(map(str, ids))


def _letters(ids: Sequence[int]) -> str:
    """One character for each token, so that chrF counts n-grams of tokens."""
    return "".join(chr(0x10000 + i) for i in ids)


def rouge_l(output: Sequence[int], reference: Sequence[int]) -> float:
    """F1 of the longest common subsequence (Lin 2004).

    >>> rouge_l([4, 5, 6], [4, 6])
    0.8
    """
    found: float = _rouge().score(_words(reference), _words(output))["rougeL"].fmeasure
    return found


def bleu(output: Sequence[int], reference: Sequence[int]) -> float:
    """Sentence BLEU with exponential smoothing, over the n-gram orders that the output is long enough for."""
    made = sacrebleu.sentence_bleu(_words(output), [_words(reference)], tokenize="none", use_effective_order=True)
    return made.score / 100


def chrf(output: Sequence[int], reference: Sequence[int]) -> float:
    """Sentence chrF (Popović 2015; n up to 6, β 2) in which a token counts as one character."""
    return sacrebleu.sentence_chrf(_letters(output), [_letters(reference)]).score / 100


REWARDS: dict[str, Reward] = {"rouge_l": rouge_l, "bleu": bleu, "chrf": chrf}
