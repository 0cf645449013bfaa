"""Pieces with characters that cannot be seen: drawn so that they can be read, and put together to their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

import numpy as np
import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers, trainers

from s2s.api import load
from s2s.checkpoint import huggingface
from s2s.model.huggingface.pieces import Pieces, labels
from s2s.text.segmenters import is_token
from s2s.text.subwords import join_pieces, word_spans
from s2s.trace.grid import Grid
from tests.model.huggingface.random_models import network
from tests.model.huggingface.random_tokenizers import NAMES

PERSIAN = "من نمی‌خواهم کتاب‌های تو را بخوانم"  # a joiner in two words
HINDI = "क्‍ष शक्‍ति"
SPOKEN = (PERSIAN, HINDI, "co\u00adoperate now", "a\u200bb c\ufeffd", "x\u200ey z", "one\u3000two\u00a0three")


def unigram(pieces: list[str]) -> Any:
    """A tokenizer of these pieces, spaces marked, as SentencePiece has them."""
    listed = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        *((piece, -1.0 - n / 100) for n, piece in enumerate(pieces)),
    ]
    return transformers.T5Tokenizer(vocab=listed, extra_ids=0)


def bytelevel() -> Any:
    made = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trained = trainers.BpeTrainer(vocab_size=330, special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())  # fmt: skip
    made.train_from_iterator(SPOKEN, trained)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **NAMES)


CUTS = {
    "inside": (PERSIAN, ["▁من", "▁نمی‌", "خواهم", "▁کتاب‌های", "▁تو", "▁را", "▁بخوانم"]),
    "alone": (PERSIAN, ["▁من", "▁نمی", "‌", "خواهم", "▁کتاب", "های", "▁تو", "▁را", "▁بخوانم"]),
    "after": ("می‌ خواهم", ["▁می‌", "▁خواهم"]),
    "hindi": (HINDI, ["▁क्‍", "ष", "▁श", "क्", "‍", "ति"]),
    "hyphen": ("co\u00adoperate now", ["▁co", "\u00ad", "operate", "▁now"]),
}


@pytest.mark.parametrize("name", CUTS)
def test_pieces_can_be_read_and_make_the_words_of_the_text(name: str) -> None:
    text, pieces = CUTS[name]
    tokenizer = unigram(sorted({*pieces, "▁"}))
    names = labels(tokenizer, len(tokenizer))
    assert not [label for label in names if label.startswith("<id-") and label != "<id-0>" and label != "<id-2>"]
    assert len(set(names)) == len(names) and all(map(is_token, names))
    side = Pieces(tokenizer, names, tokenizer.all_special_ids, False)
    tokens = side.cut(text)
    assert side.join(tokens) == text
    words = [join_pieces(tokens[a:b]) for a, b in word_spans(tokens)]
    assert words == text.replace("\u00ad", "").split(" ")


@pytest.mark.parametrize("text", SPOKEN)
def test_byte_level_pieces_hide_nothing(text: str) -> None:
    tokenizer = bytelevel()
    names = labels(tokenizer, len(tokenizer))
    side = Pieces(tokenizer, names, tokenizer.all_special_ids, False)
    tokens = side.cut(text)
    assert side.join(tokens) == text and all(map(is_token, tokens)) and len(set(names)) == len(names)


def test_weights_of_a_word_with_a_joiner_are_summed(tmp_path: Path) -> None:
    """Through a checkpoint: source words are those of the text, and rows still sum to 1."""
    tokenizer = unigram(sorted({*CUTS["alone"][1], "▁"}))
    network("t5", tokenizer).save_pretrained(tmp_path / "theirs")
    tokenizer.save_pretrained(tmp_path / "theirs")
    huggingface.import_huggingface(str(tmp_path / "theirs"), tmp_path / "ours")
    lane = load(tmp_path / "ours").trace(PERSIAN, PERSIAN, mode="forced")
    grid = Grid.of(lane).words()
    said = ["کتابهای" if w == "کتاب‌های" else w for w in PERSIAN.split(" ")]
    assert [w.replace("\u200c", "") for w in grid.sources[:-1]] == [w.replace("\u200c", "") for w in said]
    assert [w.replace("\u200c", "") for w in grid.outputs[:-1]] == [w.replace("\u200c", "") for w in said]
    np.testing.assert_allclose(grid.weights.sum(axis=-1), 1, atol=1e-5)
