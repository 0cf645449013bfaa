"""A source is read as the Tokenizer that its vocabulary comes from would read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.__main__ import main
from s2s.adapters import keras, wordlist
from s2s.adapters.imported import ImportOptions
from s2s.api import LoadedCheckpoint, load
from s2s.errors import LANGUAGES, UserError
from s2s.text import keras_tokenizer as keras_text
from tests.adapters.common import stored
from tests.adapters.keras_model import TARGET, KerasModel, save_h5
from tests.adapters.keras_tokenizer import FILTERS, Tokenizer, text_to_word_sequence

TEXTS = ("<start> Ana comes. <end>", "<start> Don't drink|water, IBM! <end>", "<start> NO, <end>")
MARKS = ("<start>", "<end>", "start", "end")
OTHERS = ("Ana, don't come!", "ANA drink|water", "tea for Ana-Maria\tand IBM", "no no (no)", "<start>?")


def imported(folder: Path, made: Tokenizer, **told: Any) -> LoadedCheckpoint:
    """A random model whose source is read by this Tokenizer."""
    rows = len(made.word_index) + 1
    model = KerasModel.random()
    table, *rest = model.weights["encoder/embedding"]
    model.weights["encoder/embedding"] = (np.resize(table, (rows, table.shape[1])), *rest)
    save_h5(folder / "m.h5", model.named())
    (folder / "source.json").write_text(made.to_json(), encoding="utf-8")
    (folder / "target.json").write_text(json.dumps(TARGET), encoding="utf-8")
    files = folder / "source.json", folder / "target.json"
    given = {"carries_state": True, "layers": {"attention.query": "W1"}, "vocabularies": files} | told
    stored(keras.read_keras([folder / "m.h5"], ImportOptions(**given)), folder / "ours")
    return load(folder / "ours")


@given(
    st.text(max_size=40), st.text(alphabet="a!.B\t ,é", max_size=5), st.booleans(), st.sampled_from([" ", "|", "--"])
)
def test_words_are_cut_as_keras_cuts_them(text: str, filters: str, lower: bool, split: str) -> None:
    if not set(filters) & set(split):
        assert keras_text.keras_words(text, lower, filters, split) == text_to_word_sequence(text, filters, lower, split)
    assert keras_text.keras_words(text) == text_to_word_sequence(text, FILTERS, True, " ")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"lower": False},
        {"filters": ""},
        {"filters": "", "lower": False},
        {"filters": '!"#$%&()*+.,-/:;=?@[\\]^_`{|}~ '},  # as later courses have it
        {"oov_token": "<unk>"},
        {"oov_token": "UNKNOWN", "num_words": 5},
        {"num_words": 4},
        {"char_level": True},
        {"char_level": True, "lower": False, "oov_token": "?"},
        {"split": "|", "filters": " ,"},
    ],
    ids=str,
)
def test_every_setting_is_honoured(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Whatever is read, known words are known, and what Keras leaves out is left out."""
    made = Tokenizer(**settings)
    made.fit_on_texts(TEXTS)
    found = imported(tmp_path, made)
    vocab, names = found.source.vocab, {i: word for word, i in made.word_index.items()}
    used = 0
    for text in (*TEXTS, *OTHERS):
        wanted = [names[i] for i in made.texts_to_sequences([text])[0] if names[i] not in MARKS]
        expected = ["<unk>" if word == settings.get("oov_token") else word.replace(" ", "␣") for word in wanted]
        read = vocab.encode([token for token in found.source.words(text) if token not in MARKS])
        assert [vocab.tokens[i] for i in read] == expected, text
        used += len(expected)
    assert used >= 4


def test_the_tutorial_and_chinese_are_read_as_they_were_prepared(tmp_path: Path) -> None:
    """Its Tokenizer filters nothing, as the text was cut before: by a to z and marks, by jieba."""
    made = Tokenizer(filters="")
    made.fit_on_texts(["<start> ana come pan . <end>", "<start> ¿ no bebe agua ? <end>"])
    found = imported(tmp_path, made)
    assert found.config.text.source == "ascii"
    assert found.source.words("¿No bebe pan, Ana?") == ["¿", "no", "bebe", "pan", "ana", "?"]  # no comma is listed
    (tmp_path / "zh").mkdir()
    made = Tokenizer(filters="")
    made.fit_on_texts(["<start> 我们 喜欢 ibm 。 <end>", "<start> 今天 天气 很 好 <end>"])
    found = imported(tmp_path / "zh", made)
    assert (
        found.source.words("我们喜欢IBM。") == found.source.words("我们 喜欢 IBM 。") == ["我们", "喜欢", "ibm", "。"]
    )


def test_it_is_in_the_checkpoint_and_on_the_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Tokenizer(lower=False, oov_token="<unk>")
    made.fit_on_texts(TEXTS)
    found = imported(tmp_path, made)
    config = json.loads((tmp_path / "ours" / "config.json").read_text(encoding="utf-8"))
    assert config["text"]["source"] == "keras" and config["text"]["source_keras"]["lower"] is False
    assert load(tmp_path / "ours").config == found.config
    assert "follows its Tokenizer: lower = `false`" in (tmp_path / "ours" / "README.md").read_text(encoding="utf-8")
    assert main(["trace", str(tmp_path / "ours"), "Ana drink!", "--json", "-"]) == 0
    tokens = json.loads(capsys.readouterr().out)["source"]["tokens"]
    assert [t for t in tokens if t not in ("<bos>", "<eos>")] == ["Ana", "drink"]


def test_a_text_of_which_nothing_is_left_says_so(tmp_path: Path) -> None:
    made = Tokenizer()
    made.fit_on_texts(TEXTS)
    found = imported(tmp_path, made)
    for text, key in (("tea cake", "text_unknown"), ("!!", "text_no_words")):
        with pytest.raises(UserError) as caught:
            found.trace(text)
        assert caught.value.key == f"error.{key}"


@pytest.mark.parametrize(
    ("key", "value"), [("split", ""), ("filters", 7), ("lower", "yes"), ("char_level", 1), ("split", None)]
)
def test_what_cannot_be_honoured_is_named(tmp_path: Path, key: str, value: object) -> None:
    made = Tokenizer()
    made.fit_on_texts(TEXTS)
    whole = json.loads(made.to_json())
    whole["config"][key] = value
    (tmp_path / "words.json").write_text(json.dumps(whole), encoding="utf-8")
    if value is None:  # written so where it was not set
        assert wordlist.read_word_list(tmp_path / "words.json").rules is not None
        return
    with pytest.raises(UserError) as caught:
        wordlist.read_word_list(tmp_path / "words.json")
    assert caught.value.values["key"] == key and all(repr(value) in caught.value.say(lang) for lang in LANGUAGES)
