from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.record import make_side
from s2s.errors import UserError
from s2s.text.segmenters import SEGMENTERS
from s2s.text.vocab import BOS, EOS, PAD, SPECIALS, UNK, Vocab

VOCAB = Vocab((*SPECIALS, "猫", "狗", "喜", "喜欢"), back_off=True)


def test_specials_have_the_first_ids() -> None:
    assert [SPECIALS[i] for i in (PAD, UNK, BOS, EOS)] == ["<pad>", "<unk>", "<bos>", "<eos>"]
    assert len(VOCAB) == 8
    assert VOCAB.encode(["猫", "喜欢", "鱼"]) == [4, 7, UNK]


@pytest.mark.parametrize("special", SPECIALS)
def test_a_typed_special_is_an_unknown_word(special: str) -> None:
    assert VOCAB.encode([special]) == [UNK]


def test_back_off_cuts_only_what_is_unknown() -> None:
    assert VOCAB.known(["猫", "喜欢", "喜狗", "大鱼"]) == ["猫", "喜欢", "喜", "狗", "大", "鱼"]
    assert Vocab(VOCAB.tokens).known(["喜狗"]) == ["喜狗"]


@given(st.lists(st.text(min_size=1)))
def test_known_and_encode_agree_in_length_and_lose_no_character(tokens: list[str]) -> None:
    known = VOCAB.known(tokens)
    assert len(VOCAB.encode(known)) == len(known)
    assert "".join(known) == "".join(tokens)


def test_repeated_token_and_missing_specials_are_named() -> None:
    with pytest.raises(UserError, match="猫"):
        Vocab((*SPECIALS, "猫", "狗", "猫"))
    with pytest.raises(UserError, match="begins with 猫"):
        Vocab(("猫", *SPECIALS))


def test_build_orders_by_count_then_code_point() -> None:
    sentences = [["b", "a", "c"], ["a", "b", "d", "<pad>", "<pad>"], ["a"]]
    assert Vocab.build(sentences, 1, 100).tokens == (*SPECIALS, "a", "b", "c", "d")
    assert Vocab.build(sentences, 2, 100).tokens == (*SPECIALS, "a", "b")
    assert Vocab.build(sentences, 1, 6).tokens == (*SPECIALS, "a", "b")


def test_build_counts_the_characters_of_rare_words_where_it_backs_off() -> None:
    vocab = Vocab.build([["苹果", "苹果", "果汁", "果酱", "汁"]], 2, 100, back_off=True)
    assert vocab.tokens == (*SPECIALS, "果", "汁", "苹果")
    assert vocab.known(["果汁", "苹果"]) == ["果", "汁", "苹果"]


def test_a_word_of_latin_letters_stays_whole_and_unknown() -> None:
    letters = Vocab((*SPECIALS, "h", "i", "1", "9"), back_off=True)
    assert letters.known(["hi", "19", "i"]) == ["hi", "1", "9", "i"]
    assert letters.encode(["hi", "café"]) == [1, 1]
    assert letters.known(["café"]) == ["café"]


SPELT = ("می\u200cخواهم", "cafe\u0301", "क्\u200dष", unicodedata.normalize("NFD", "각"), "l’eau", "喜歡", "\ufeffmot")


@pytest.mark.parametrize("cut", SEGMENTERS)
@pytest.mark.parametrize(
    "word",
    ["می\u200cخواهم", "cafe\u0301", "क्\u200dष", "각", unicodedata.normalize("NFD", "각"), "l’eau", "喜歡", "\ufeffmot"],
)
def test_a_word_is_read_however_its_list_spells_it(word: str, cut: str) -> None:
    """Text is cleaned and composed, by some cuts more; the list of an imported model need not be."""
    segmenter = SEGMENTERS[cut]
    known = make_side(cut, Vocab((*SPECIALS, "x", word)))
    for typed in (word, unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word)):
        if len(segmenter.cut(typed)) == 1:  # else it has no word of this kind
            assert known.encode(typed) == [5], (typed, segmenter.cut(typed))
    assert known.vocab.encode([word]) == [5] and known.vocab.tokens[5] == word  # as tokens, and as it is said


def test_the_first_of_two_spellings_is_found_and_each_under_its_own() -> None:
    composed, apart = "é", "e\u0301"
    vocab = make_side("spaces", Vocab((*SPECIALS, apart, composed))).vocab
    assert vocab.encode([composed, apart]) == [5, 4]
    vocab = make_side("spaces", Vocab((*SPECIALS, "a\u200cb", "a\u200db", "<pad>\u200c"))).vocab
    assert vocab.encode(["ab", "a\u200cb", "a\u200db", "<pad>"]) == [4, 4, 5, UNK]


def test_half_of_a_character_is_no_token() -> None:
    with pytest.raises(UserError) as error:
        Vocab((*SPECIALS, "猫", "\ud800"))
    assert error.value.key == "error.vocab_surrogate" and error.value.values == {"id": 5}
    assert len(Vocab((*SPECIALS, "😀"))) == 5
