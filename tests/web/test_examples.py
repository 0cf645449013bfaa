from __future__ import annotations

import pytest

from s2s.checkpoint import load
from s2s.decode import reference_ids, source_ids
from s2s.vocab import UNK
from s2s.web.examples import EXAMPLES, examples
from tests.web.conftest import REPOSITORY

SHIPPED = sorted(path.parent.name for path in (REPOSITORY / "checkpoints").glob("*/config.json"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_knows_the_words_of_its_examples(name: str) -> None:
    checkpoint = load(REPOSITORY / "checkpoints" / name)
    pairs = examples(name, checkpoint.config.text.source, checkpoint.config.text.target)
    assert pairs
    for text, reference in pairs:
        tokens, ids = source_ids(checkpoint, text)
        assert UNK not in ids, tokens
        tokens, ids = reference_ids(checkpoint, reference)
        assert UNK not in ids, tokens


def test_a_model_of_ones_own_gets_what_suits_its_segmentation_or_nothing() -> None:
    assert examples("mine", "jieba", "latin") == EXAMPLES["zh-en"]
    assert examples("mine", "characters", "characters") == []
    assert examples("date-hard", "characters", "characters") == EXAMPLES["date"]
    assert examples("dates", "characters", "characters") == []
