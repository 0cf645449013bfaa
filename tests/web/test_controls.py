"""What the sidebar says a model is made of."""

from __future__ import annotations

import dataclasses

import pytest

from s2s.config import ATTENTIONS, CELLS, ModelConfig
from s2s.errors import LANGUAGES, say, sentences
from s2s.web.controls import parts


def caption(language: str, **model: object) -> str:
    return say("card.join", language).join(say(key, language) for key in parts(model))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_attention_and_cell_has_a_name_of_its_own(language: str, cell: str) -> None:
    captions = [caption(language, attention=attention, cell=cell) for attention in ATTENTIONS]
    assert len(set(captions)) == len(ATTENTIONS)
    assert all(cell.upper() in text for text in captions)


def test_a_sentence_is_composed() -> None:
    assert caption("en", attention="additive") == "Bahdanau additive attention, bidirectional GRU"
    assert caption("zh", attention="general") == "Luong 乘性注意力（general），输入馈送，双向 GRU"
    assert caption("en", attention="dot", input_feeding=False, cell="lstm") == "Luong dot attention, bidirectional LSTM"
    model = ModelConfig(coverage=True, pointer=True, prior=True, shared_embeddings=True)
    assert len(parts(dataclasses.asdict(model))) == 6


def test_a_config_that_cannot_be_read_has_no_name() -> None:
    assert parts({"attention": "cosine"}) == parts({"cell": 3}) == parts({"attention": ["dot"]}) == []


def test_every_name_is_used() -> None:
    used = {f"card.kind.{name}" for name in (*ATTENTIONS, "given")} | {f"card.cell.{name}" for name in CELLS}
    used |= {f"card.part.{name}" for name in ("input_feeding", "coverage", "pointer", "prior", "shared_embeddings")}
    assert used == {key for key in sentences("en") if key.startswith(("card.kind.", "card.cell.", "card.part."))}
