from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from s2s.checkpoint.open import load
from s2s.decode.neighbours import nearest, neighbours
from s2s.text.vocab import SPECIALS


@pytest.mark.parametrize("k", [1, 5, 100])
def test_the_nearest_are_those_of_a_naive_cosine(k: int) -> None:
    embedding_VE = torch.randn(30, 7, generator=torch.Generator().manual_seed(1))
    embedding_VE[12] = 0
    rows = embedding_VE.double().numpy()
    for token in (0, 4, 29):
        norms = np.linalg.norm(rows, axis=1)
        cosine = [
            float(row @ rows[token] / max(norm * norms[token], 1e-8)) for row, norm in zip(rows, norms, strict=True)
        ]
        allowed = [i for i in range(len(SPECIALS), 30) if i != token]
        expected = sorted(allowed, key=lambda i: -cosine[i])[:k]
        found = nearest(embedding_VE, token, k)
        assert [i for i, _ in found] == expected
        assert [c for _, c in found] == pytest.approx([cosine[i] for i in expected], abs=1e-5)


def test_neighbours_are_words_of_the_source_and_an_unknown_word_has_none(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    found = neighbours(checkpoint, "苹果", 3)
    weight_VE = checkpoint.model.encoder.embedding.weight
    assert found == [
        (checkpoint.source.vocab.tokens[i], c) for i, c in nearest(weight_VE, checkpoint.source.vocab.ids["苹果"], 3)
    ]
    assert "苹果" not in dict(found) and not set(dict(found)) & set(SPECIALS)
    assert len(neighbours(checkpoint, "苹果", 100)) == len(checkpoint.source.vocab) - len(SPECIALS) - 1
    for token in ("龘", "<unk>", "<pad>", ""):
        assert neighbours(checkpoint, token) == []
