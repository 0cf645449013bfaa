"""The sidebar's description of a model's architecture."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.facts import bounded_facts
from s2s.config import ATTENTIONS, CELLS, ModelConfig
from s2s.errors import LANGUAGES, say, sentences
from s2s.web.shell.architecture import described, parts

Visit = Callable[..., AppTest]


def entry(imported: object = None, **model: object) -> dict[str, dict[str, object]]:
    return bounded_facts({"model": model}, {} if imported is None else {"imported": imported})


def caption(language: str, imported: object = None, **model: object) -> str:
    found = parts(entry(imported, **model))
    return say("card.join", language).join(say(key, language, **values) for key, values in found)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_attention_and_cell_has_a_name_of_its_own(language: str, cell: str) -> None:
    captions = [caption(language, attention=attention, cell=cell) for attention in ATTENTIONS]
    assert len(set(captions)) == len(ATTENTIONS)
    assert all(cell.upper() in text for text in captions)


def test_a_sentence_is_composed() -> None:
    one = "1 + 1 layers (encoder + decoder)"
    assert caption("en", attention="additive") == f"Bahdanau additive attention, bidirectional GRU, {one}"
    found = caption("zh", attention="general", encoder_layers=2)
    assert found == "Luong 乘性注意力（general），输入馈送，双向 GRU，编码器 2 层、解码器 1 层"
    found = caption("en", attention="dot", input_feeding=False, cell="lstm", decoder_layers=3)
    assert found == "Luong dot attention, bidirectional LSTM, 1 + 3 layers (encoder + decoder)"
    model = ModelConfig(coverage=True, pointer=True, prior=True, shared_embeddings=True)
    assert len(parts(entry(**dataclasses.asdict(model)))) == 7


@pytest.mark.parametrize(
    ("imported", "english", "chinese"),
    [
        ({"directions": 1}, "unidirectional GRU", "单向 GRU"),
        ({"directions": 2}, "bidirectional GRU", "双向 GRU"),
        ({"library": "Keras"}, "GRU", "GRU"),  # imported before directions were told
        ("odd", "bidirectional GRU", "双向 GRU"),
        ({"directions": [1]}, "GRU", "GRU"),
    ],
)
def test_directions_are_those_of_the_import(imported: object, english: str, chinese: str) -> None:
    assert caption("en", imported).split(", ")[1] == english
    assert caption("zh", imported).split("，")[1] == chinese


def test_a_config_that_cannot_be_read_has_no_name() -> None:
    for model in ({"attention": "cosine"}, {"cell": 3}, {"attention": ["dot"]}):
        assert parts(entry(**model)) == []
    assert described(bounded_facts({}, {})) == described(bounded_facts({"model": 1}, {})) == ""


def test_every_name_is_used() -> None:
    used = {f"card.kind.{name}" for name in (*ATTENTIONS, "given", "cross")}
    used |= {f"card.cell.{name}" for name in ("both", "one", "unknown")}
    used |= {f"card.part.{name}" for name in ("input_feeding", "coverage", "pointer", "prior", "shared_embeddings")}
    assert used == {key for key in sentences("en") if key.startswith(("card.kind.", "card.cell.", "card.part."))}


@pytest.mark.parametrize(("lang", "told"), [("zh", "单向 GRU"), ("en", "unidirectional GRU")])
def test_the_models_card_says_it(visit: Visit, root: Path, lang: str, told: str) -> None:
    file = root / "tiny-additive" / "metrics.json"
    metrics = json.loads(file.read_text())
    file.write_text(json.dumps({"dev": metrics["dev"], "imported": {"directions": 1}}))
    app = visit(lang=lang, model="tiny-additive", text="我喝茶。")
    assert any(told in caption.value for caption in app.caption)
    app = visit(lang=lang, model="tiny-general", text="我喝茶。")
    assert not any(told in caption.value for caption in app.caption)


def test_a_models_own_words_are_described_as_they_are() -> None:
    """Whoever renders the line as Markdown escapes it; a card and a table do not."""
    assert "a*b" in described(entry(attention="cross", kind="a*b", layers=2, heads=2))
