from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from s2s.checkpoint.open import load
from s2s.data.batches import collate
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.evaluate.corpus import forced_scores
from s2s.lesson.cross_entropy import perplexity
from s2s.lesson.loss import sentence_loss

TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."


def test_the_loss_of_a_sentence_is_that_of_evaluation_training_and_the_players_steps(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    found = sentence_loss(checkpoint, TEXT, REFERENCE)
    steps = trace(checkpoint, TEXT, REFERENCE, "forced").steps
    assert found.nll == pytest.approx([-s.log_prob for s in steps], abs=1e-5)
    pair = checkpoint.source.encode(TEXT), checkpoint.target.encode(REFERENCE)
    scores = forced_scores(checkpoint.model, [pair])
    assert found.loss == pytest.approx(scores["loss"], rel=1e-5)
    assert perplexity(found.loss) == pytest.approx(scores["perplexity"], rel=1e-5)
    data = collate([pair])
    for epsilon in (0.0, 0.1, 0.9):
        wanted = F.cross_entropy(checkpoint.model(data), data.target_out_BT[0], label_smoothing=epsilon)
        assert found.smoothed(epsilon) == pytest.approx(float(wanted), rel=1e-5)
    assert found.words == len(checkpoint.target.vocab)
    assert not torch.is_grad_enabled() or not any(p.requires_grad for p in checkpoint.model.parameters())


def test_without_a_reference_there_is_no_loss(tiny_checkpoint: Path) -> None:
    with pytest.raises(UserError) as error:
        sentence_loss(load(tiny_checkpoint), TEXT, " ")
    assert error.value.key == "error.reference_missing"
