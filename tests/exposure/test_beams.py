from __future__ import annotations

import random

import numpy as np
import pytest
import sacrebleu
import torch

from s2s.checkpoint.record import make_side
from s2s.decode.search import Hypothesis, beam, greedy
from s2s.decode.strategy import Settings
from s2s.evaluate.bootstrap import Bootstrap
from s2s.exposure.beams import beam_scores, best_hypotheses, bleu_counts, bleu_from_counts
from s2s.text.vocab import EOS
from tests.exposure.common import some_pairs, tiny
from tests.factory import TARGET

WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "then", "it", "went", "home", "again"]


@pytest.mark.parametrize("seed", range(12))
def test_bleu_of_sums_is_sacrebleus(seed: int) -> None:
    rng = random.Random(seed)
    outputs = [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) for _ in range(1 + seed)]
    keep = rng.random()
    references = [" ".join(w if rng.random() < keep else "dog" for w in o.split()) + " ." for o in outputs]
    counts = np.array([bleu_counts(o, r, "13a") for o, r in zip(outputs, references, strict=True)], dtype=float)
    expected = sacrebleu.corpus_bleu(outputs, [references]).score
    assert bleu_from_counts(counts.sum(axis=0, keepdims=True))[0, 0] == pytest.approx(expected, abs=1e-6)


def test_bleu_of_nothing_is_0() -> None:
    assert bleu_from_counts(np.array([bleu_counts("", "a cat", "13a")]).astype(float))[0, 0] == 0


def test_the_best_output_of_each_source() -> None:
    model, sources = tiny(), [s for s, _ in some_pairs()]
    for size in (1, 3):
        settings = Settings(strategy="beam", beam=size, length_penalty=0.0)
        for found, source in zip(best_hypotheses(model, sources, size), sources, strict=True):
            alone = beam(model, source, settings)[0]
            assert found.ids == alone.ids and found.log_prob == pytest.approx(alone.log_prob, abs=1e-4)
    alone = [[i for i in h.ids if i != EOS] for h in best_hypotheses(model, sources, 1)]
    assert alone == greedy(model, sources)


def test_a_summary_by_hand() -> None:
    found = [Hypothesis([4, 5, EOS], -2.0, -2.0, torch.ones(3, 1)), Hypothesis([6, EOS], -1.0, -1.0, torch.ones(2, 1))]
    target = make_side("latin", TARGET)
    pairs = [([4], [4, 5, 6]), ([4], [6])]
    references = [target.decode(t) for _, t in pairs]
    scores = beam_scores(3, found, pairs, references, target, Bootstrap(20))
    assert (scores.beam, scores.log_prob.value, scores.length_ratio.value) == (3, -1.5, 0.75)
    outputs = [target.decode([4, 5]), target.decode([6])]
    assert scores.bleu.value == pytest.approx(sacrebleu.corpus_bleu(outputs, [references]).score, abs=1e-3)
