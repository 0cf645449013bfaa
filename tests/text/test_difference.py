"""The words in which two texts differ."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.text.difference import MOST, differing, parts, words

TEXTS = st.text(st.sampled_from("ab1 .,'’我们喝茶ก่\u0301\t\n😀"), max_size=40)
INDICES = st.lists(st.integers(0, 60), max_size=8)


def words_of(text: str) -> list[str]:
    return [text[start:end] for start, end in words(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It's 3.5 o'clock.", ["It's", "3.5", "o'clock", "."]),
        ("'quoted' 1,000", ["'", "quoted", "'", "1,000"]),
        ("我喜欢iPhone手机", ["我", "喜", "欢", "iPhone", "手", "机"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("ก่อน", ["ก่", "อ", "น"]),  # a sign stays with its letter
        ("मेरा नाम", ["मेरा", "नाम"]),
        ("", []),
    ],
)
def test_words(text: str, wanted: list[str]) -> None:
    assert words_of(text) == wanted


@given(TEXTS)
def test_words_are_the_text_without_its_spaces(text: str) -> None:
    spans = words(text)
    assert "".join(words_of(text)) == "".join(text.split())
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(TEXTS, TEXTS)
def test_what_is_not_marked_is_common_and_in_order(a: str, b: str) -> None:
    only_a, only_b = differing(a, b)
    rest = [
        [word.replace("’", "'") for n, word in enumerate(words_of(text)) if n not in only]
        for text, only in ((a, only_a), (b, only_b))
    ]
    assert rest[0] == rest[1]
    assert differing(a, a) == ((), ()) and set(only_a) <= set(range(len(words(a))))


@given(TEXTS, INDICES, st.integers(0, 50))
def test_parts_are_the_text(text: str, indices: list[int], most: int) -> None:
    marked = sorted({index for index in indices if index < len(words(text))})
    whole = parts(text, marked)
    assert "".join(whole) == text and len(whole) % 2 == 1
    assert sorted(word for run in whole[1::2] for word in words_of(run)) == sorted(words_of(text)[n] for n in marked)
    cut = parts(text, marked, most)
    assert "".join(cut) == (text if len(text) <= most else text[:most] + "…") and len(cut) % 2 == 1


def test_chinese_is_compared_by_character_and_forms_of_one_are_equal() -> None:
    a, b = "我昨天买了一本书，很贵。", "我昨天买了两本新书,很贵。"
    only_a, only_b = differing(a, b)
    assert [words_of(a)[n] for n in only_a] == ["一"] and [words_of(b)[n] for n in only_b] == ["两", "新"]
    assert parts(b, only_b) == ["我昨天买了", "两", "本", "新", "书,很贵。"]


def test_long_texts_are_compared_up_to_a_limit_and_fast() -> None:
    long = "的 " * (3 * MOST)
    began = time.process_time()
    only_a, only_b = differing(long + "x", "得 " * MOST + long)
    assert time.process_time() - began < 2 and max(*only_a, *only_b) < MOST
