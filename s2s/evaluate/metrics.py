"""Scores of outputs against references: BLEU and chrF from sacrebleu, ROUGE from rouge-score."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import sacrebleu
from rouge_score import rouge_scorer, tokenizers

from s2s.text.segmenters import UNSPACED, Segmenter

if TYPE_CHECKING:
    from s2s.checkpoint.record import Side

SAMPLE = 1000  # references, at most, that decide the tokenizer


class SegmenterTokens(tokenizers.Tokenizer):  # type: ignore[misc]
    """A tokenizer for rouge-score that cuts as the model does; the default one drops everything but a-z and 0-9."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.cut = segmenter.cut

    def tokenize(self, text: str) -> list[str]:
        """The text's tokens."""
        return self.cut(text)


def bleu_tokenizer(segmenter: Segmenter, references: Iterable[str]) -> str:
    """The name of sacrebleu's tokenizer that suits the references, by the script of the first 1,000.

    - ``char`` (single characters) if more than a tenth of the letters are of a script without spaces that the other
      tokenizers do not cut, such as Thai or Japanese; otherwise a whole sentence would be one token.
    - ``zh`` for Chinese.
    - ``13a`` for words with spaces.

    References without letters, such as dates, get ``13a`` for the ``latin`` segmenter and ``zh`` for others.

    >>> from s2s.text.segmenters import SEGMENTERS
    >>> bleu_tokenizer(SEGMENTERS["characters"], ["ผมไปตลาด"]), bleu_tokenizer(SEGMENTERS["latin"], ["Le café."])
    ('char', '13a')
    """
    kinds = Counter(_kind(c) for text in islice(references, SAMPLE) for c in text if c.isalpha())
    letters = kinds.total()
    if kinds["unspaced"] > letters / 10:
        return "char"
    if segmenter.name == "jieba" or kinds["han"] > letters / 4:
        return "zh"
    return "13a" if letters or segmenter.name == "latin" else "zh"


@functools.lru_cache(maxsize=65536)
def _kind(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return "han" if name.startswith("CJK ") else "unspaced" if name.startswith(UNSPACED) else ""


def score_outputs(outputs: Sequence[str], references: Sequence[str], target: Side) -> dict[str, Any]:
    """Corpus BLEU and chrF (Popović 2015), cased, with sacrebleu's signatures, and mean ROUGE-1, -2 and -L F1.

    All are 0 to 100. References are normalised by ``Side.written``, so that a perfect output can reach 100.
    """
    segmenter, written = target.segmenter, list(map(target.written, references))
    bleu = sacrebleu.BLEU(tokenize=bleu_tokenizer(segmenter, references))
    chrf = sacrebleu.CHRF()
    result = {
        "bleu": bleu.corpus_score(outputs, [written]).score,
        "chrf": chrf.corpus_score(outputs, [written]).score,
        **rouge(outputs, written, segmenter),
    }
    signatures = {"bleu": str(bleu.get_signature()), "chrf": str(chrf.get_signature())}
    return {**result, "signatures": signatures, "references": segmenter.name}


def rank(scores: Mapping[str, Any]) -> tuple[float, float, float]:
    """The sort key that chooses between models: higher BLEU, then higher chrF, then lower loss."""
    return scores["bleu"], scores["chrf"], -scores["loss"]


ROUGE = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}


def rouge(outputs: Sequence[str], references: Sequence[str], segmenter: Segmenter) -> dict[str, float]:
    """Mean F1 over sentences, 0 to 100, of ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004)."""
    scorer = rouge_scorer.RougeScorer(list(ROUGE.values()), tokenizer=SegmenterTokens(segmenter))
    scores = [scorer.score(r, o) for o, r in zip(outputs, references, strict=True)]
    return {
        name: 100 * sum(found[key].fmeasure for found in scores) / max(1, len(scores)) for name, key in ROUGE.items()
    }
