from __future__ import annotations

import json
from pathlib import Path

import pytest

from s2s.adapters import wordlist
from s2s.errors import UserError

WORDS = ["<start>", "<end>", "水", "茶"]


def tokenizer(words: list[str], **config: object) -> str:
    """As ``Tokenizer.to_json`` of Keras writes it: its tables are JSON texts."""
    index = json.dumps({word: i for i, word in enumerate(words, start=1)}, ensure_ascii=False)
    return json.dumps({"class_name": "Tokenizer", "config": {"num_words": None, **config, "word_index": index}})


FILES = {
    "tokenizer": tokenizer(WORDS),
    "tokenizer twice": json.dumps(tokenizer(WORDS)),
    "list": json.dumps(["", *WORDS]),
    "without padding": json.dumps(WORDS),
    "word to id": json.dumps({word: i for i, word in enumerate(WORDS, start=1)}),
    "id to word": json.dumps(dict(enumerate(WORDS, start=1))),
    "lines": "\n".join(["", *WORDS]) + "\n",
    "lines of Windows": "\r\n".join(["", *WORDS]) + "\r\n",
    "lines with ids": "\n".join(f"{word}\t{i}" for i, word in enumerate(WORDS, start=1)),
    "ids before words": "\n".join(f"{i}\t{word}" for i, word in enumerate(WORDS, start=1)) + "\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_gives_the_words_by_id(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "words"
    path.write_text(FILES[kind], encoding="utf-8", newline="")
    assert wordlist.read_word_list(path).sized(5).words == ["", *WORDS]


def test_words_that_are_numbers_are_told_from_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "vocab.txt"
    for text in ("10\t0\n20\t1\n30\t2\n", "0\t10\n1\t20\n2\t30\n"):
        path.write_text(text, encoding="utf-8")
        assert wordlist.read_word_list(path).words == ["10", "20", "30"]


def test_the_word_for_unknown_ones_and_those_that_are_never_used(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_text(tokenizer(["<unk>", *WORDS], num_words=4, oov_token="<unk>"), encoding="utf-8")
    found = wordlist.read_word_list(path)
    assert found.unknown == "<unk>"
    assert [len(found.sized(rows).words) for rows in (4, 5, 6)] == [4, 5, 6]
    with pytest.raises(UserError):
        found.sized(3)


def test_a_list_that_begins_with_padding_gets_no_second_one(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_text(json.dumps(["<PAD>", *WORDS]), encoding="utf-8")
    with pytest.raises(UserError, match="5 words, but the embedding has 6 rows"):
        wordlist.read_word_list(path).sized(6)


BROKEN = {
    "numbers": "[1, 2]",
    "nested": "[" * 100_000,
    "gap": json.dumps({"a": 1, "b": 3}),
    "one id": json.dumps({"a": 1, "b": 1}),
    "no ids": json.dumps({"a": "b"}),
    "empty": "",
    "empty word": json.dumps(["", "a", ""]),
    "no tables": json.dumps({"class_name": "Tokenizer", "config": 3}),
    "half a tokenizer": json.dumps({"class_name": "Tokenizer", "config": {"word_index": '{"a": '}}),
    "true": json.dumps({"a": True}),
    "ids on both sides": "0\t1\n1\t2\n2\t0",
    "words with counts": "tea\t90\nmilk\t70\nwater\t70",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_vocabulary_gets_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "words"
    path.write_text(BROKEN[kind], encoding="utf-8")
    with pytest.raises(UserError) as error:
        wordlist.read_word_list(path).sized(3)
    assert error.value.key in ("error.words_broken", "error.words_count")


def test_repeated_words_missing_files_and_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    for content, key in ((b"a\nb\na", "vocab_repeated"), ("茶".encode("gb18030"), "words_broken")):
        path.write_bytes(content)
        with pytest.raises(UserError) as error:
            wordlist.read_word_list(path)
        assert error.value.key == f"error.{key}"
    with pytest.raises(UserError, match="Cannot read"):
        wordlist.read_word_list(tmp_path / "none")
