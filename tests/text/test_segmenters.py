from __future__ import annotations

import marshal
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s2s.text.segmenters import (
    SEGMENTERS,
    SPACE,
    characters,
    clean,
    dictionary,
    jieba_words,
    join_characters,
    join_chinese,
    join_latin,
    latin_words,
    simplify,
)

ODD = st.text(st.characters() | st.sampled_from("\u200b\u0301e\u0000\u3000\t ’'\ud800\ufeff각"))


@given(ODD)
@example("e\u200b\u0301")  # composes only when what stood between is gone
def test_clean_is_idempotent(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(ODD)
def test_clean_leaves_no_control_character_and_single_spaces(text: str) -> None:
    cleaned = clean(text)
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert [c for c in cleaned if c.isspace()] == [" "] * cleaned.count(" ")
    assert "  " not in cleaned and cleaned == cleaned.strip()


@given(ODD)
def test_no_segmenter_makes_an_empty_or_blank_token(text: str) -> None:
    for segmenter in SEGMENTERS.values():
        assert all(token.strip() for token in segmenter.cut(text))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I can't swim, but she'll try.", ["I", "ca", "n't", "swim", ",", "but", "she", "'ll", "try", "."]),
        ("They won't open before nine o'clock!", None),
        ("We've met; you're Ann's aunt, I'd say.", None),
        ('"Wait," he said, "it\'s only 3.50."', None),
        ("The well-known shop sold 1,250 maps (all old) at 10:30.", None),
        ("That costs $5: 20% less than O'Neill's?", None),
        ("The boys' room is upstairs…", ["The", "boys", "'", "room", "is", "upstairs", "…"]),
        ("Don't go; mustn't, needn't!", ["Do", "n't", "go", ";", "must", "n't", ",", "need", "n't", "!"]),
        ("¿Dónde está? ¡No lo sé!", ["¿", "Dónde", "está", "?", "¡", "No", "lo", "sé", "!"]),
        ("Er sagte „nein“ und „ja“. “Yes” too.", None),
        ("Ça coûte 5 € à Zürich.", ["Ça", "coûte", "5", "€", "à", "Zürich", "."]),
    ],
)
def test_latin_words_and_back(text: str, tokens: list[str] | None) -> None:
    cut = latin_words(text)
    assert tokens is None or cut == tokens
    assert join_latin(cut) == text


def test_latin_keeps_numbers_and_clock_times_whole() -> None:
    assert latin_words("At 10:30 o’clock 3.5 of 1,000") == ["At", "10:30", "o'clock", "3.5", "of", "1,000"]


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1))
def test_latin_round_trip_of_plain_words(words: list[str]) -> None:
    assert latin_words(" ".join(words)) == words
    assert join_latin(words) == " ".join(words)


@given(ODD.filter(lambda text: SPACE not in text))
def test_characters_round_trip(text: str) -> None:
    tokens = characters(text)
    assert all(len(token) == 1 and token != " " for token in tokens)
    assert join_characters(tokens) == clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "今天下午我们去图书馆看书。",
        "他说：“明天不来了！”",
        "我有3只猫和iPhone手机。",
        "她叫Mary Brown，是老师。",
        "𠮷野家在哪儿？",
    ],
)
def test_jieba_words_join_back(text: str) -> None:
    tokens = jieba_words(text)
    assert join_chinese(tokens) == text
    assert 1 < len(tokens) < len(text)


@given(st.text("我们今天去看书的他她不了一二三。，", min_size=1))
def test_jieba_drops_and_adds_nothing(text: str) -> None:
    assert "".join(jieba_words(text)) == text


def test_traditional_becomes_simplified() -> None:
    assert simplify("圖書館裡沒有電腦") == "图书馆里没有电脑"
    assert jieba_words("圖書館") == jieba_words("图书馆") == ["图书馆"]
    assert simplify("abc 我") == "abc 我"


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("你好吗?", "你好吗？"),
        ("好,走吧.", "好，走吧。"),
        ("现在10:30了", "现在10:30了"),
        ("圆周率是3.14", "圆周率是3.14"),
        ("ＡＢＣ１２", "ABC12"),
    ],
)
def test_chinese_marks_become_full_width_and_numbers_stay(text: str, joined: str) -> None:
    assert "".join(jieba_words(text)) == joined


KNOWN = (
    "jieba",
    "latin",
    "characters",
    "spaces",
    "ascii",
    "ascii-stops",
    "ascii-marks",
    "bpe",
    "sentencepiece",
    "keras",
)


def test_segmenters_are_known_by_name() -> None:
    assert {name: s.name for name, s in SEGMENTERS.items()} == {n: n for n in KNOWN}


def test_a_dictionary_that_another_user_planted_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """jieba's own ``initialize`` loads and writes this file."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = tmp_path / "jieba.cache"
    planted.write_bytes(marshal.dumps(({"我": 1, "喜": 0, "喜欢": 0, "欢": 1}, 2)))
    before = planted.read_bytes()
    assert dictionary.__wrapped__().lcut("我喜欢苹果", HMM=False) == ["我", "喜欢", "苹果"]
    assert planted.read_bytes() == before and [*tmp_path.iterdir()] == [planted]
