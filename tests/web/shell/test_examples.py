from __future__ import annotations

import pytest

from s2s.checkpoint.open import load
from s2s.decode.inputs import reference_ids, source_ids
from s2s.tasks.date import oracle
from s2s.text.segmenters import SEGMENTERS
from s2s.text.vocab import UNK
from s2s.web.shell.examples import EXAMPLES, examples
from tests.paths import ROOT

CHARACTERS = SEGMENTERS["characters"]
SHIPPED = sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/config.json"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_knows_the_words_of_its_examples(name: str) -> None:
    checkpoint = load(ROOT / "checkpoints" / name)
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
    assert examples("date-mine", "characters", "characters") == EXAMPLES["date"]
    assert examples("date-hard-mask-2", "characters", "characters") == EXAMPLES["date-hard"]
    assert examples("dates", "characters", "characters") == []


@pytest.mark.parametrize(("text", "reference"), EXAMPLES["date-hard"] + EXAMPLES["date"])
def test_dates_are_reckoned_right(text: str, reference: str) -> None:
    written = CHARACTERS.cut(reference)
    for length, token in enumerate([*written, "<eos>"]):
        assert oracle(text, "".join(written[:length]).replace("␣", " ")).get(token, 0) > 0
