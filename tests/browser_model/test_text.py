"""Text in JavaScript: the same tokens, spellings and ids as in Python, for texts of all scripts and of none."""

from __future__ import annotations

import functools
import random
import re
import unicodedata
from typing import Any

import pytest

from s2s.browser_model import pack
from s2s.config import TextConfig
from s2s.errors import UserError
from s2s.text.keras_tokenizer import FILTERS, KerasConfig
from s2s.text.segmenters import SEGMENTERS, clean, dictionary, is_token, keras_segmenter, simplify
from s2s.text.subwords import join_pieces, word_spans
from s2s.text.vocab import FILL, SPECIALS, Vocab
from tests.browser_model.node import run_script

LETTERS = (
    "我喜歡喝茶不发發后後乾干里裡麵面台臺着著云雲只隻了瞭苹果蘋",  # both forms of characters
    "abcXYZ019._%#&+-' ,.?!;:'’\"“”„¿¡()…␣▁@\u3000",
    "ＡｂＣ１２３，。！？：；、「」①⑨㊀Ⅳ½²ﬁ㍿ｱｶﾞ",  # full width, half width, compatibility
    "éèüñøİıẞßΣσςǅΩÅÅ\u0301\u0308\u0327\u0345\u0300",  # case and combining marks
    "カガか゛가각한국ไทยនिनेက་ལمیخعבאनिक्ष்",
    "😀👩\u200d🚀👍🏽🇨🇳♀\ufe0f𝒳𠮷𪚥豈\U0002f800",
    "\t\n\r\x0b\x1c\x1f\x85\xa0\u2003\u2028\u200b\u200c\u200d\u202e\xad\ufeff\x00\x1b\ue000\ufffd\ud800\udfff",
)
SENTENCES = (
    "I don't know, Tom's here: well-known e.g. 3.5 or 1,000 at 10:30, o'clock.",
    "我在2024年3月9日買了3個iPhone 15 Pro,價格是5,999.00元!",
    "哈哈哈哈哈哈哈，中華人民共和國萬歲；乾隆皇帝的乾坤，著名的著作。",
    "“Wer?”, fragte „Anna“. ¿Qué haces? Le cœur a ses raisons",
    "می‌خواهم به خانه بروم، क्‍ष में",
    "ΟΔΥΣΣΕΥΣ İstanbul IĞDIR Straße ẞ",
)
TOKENS = (*SPECIALS, FILL, "''", "'s", "n't", '"', "“", "„", "(", "@@", "a@@", "▁a", "▁", "##b", "⟨200D⟩", "⟨00AD⟩")

MARKS: list[dict[str, Any]] = [{}, {"back_off": True, "eos": True}, {"bos": True, "fill": 5}, {"skip": True}]


def known(character: str) -> bool:
    """Whether this Python knows the character; Node may know newer ones. U+1171E changed its category since."""
    return unicodedata.category(character) != "Cn" and character != "\U0001171e"


@functools.cache
def texts() -> list[str]:
    rng = random.Random(11)
    everything = [chr(code) for code in range(0x110000) if known(chr(code)) and not 0xD800 <= code < 0xE000]
    listed = sorted(word for word, frequency in dictionary().FREQ.items() if frequency)
    found = ["", *SENTENCES]
    for _ in range(1_500):
        pools = rng.sample(LETTERS, rng.randint(1, 3))
        found.append("".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(1, 24))))
        found.append("".join(rng.sample(everything, rng.randint(1, 12))))
        words = rng.sample(listed, rng.randint(1, 6))
        found.append(rng.choice(("", "", " ", "，")).join(words * rng.randint(1, 2)))
        found.append("".join(word[: rng.randint(1, 4)] for word in words) + rng.choice(words[0]) * rng.randint(0, 9))
    pair = re.compile("[\ud800-\udbff][\udc00-\udfff]")  # JavaScript holds two halves as one character
    return [text for text in found if not pair.search(text)]


@functools.cache
def tools() -> Any:
    return pack.tools(TextConfig())


def ask(*jobs: dict[str, Any]) -> list[Any]:
    found: list[Any] = run_script("text.mjs", {"tools": tools(), "jobs": list(jobs)})
    return found


def differing(given: list[Any], expected: list[Any], found: list[Any]) -> list[Any]:
    return [(one, a, b) for one, a, b in zip(given, expected, found, strict=True) if a != b][:5]


@functools.cache
def lists() -> list[list[str]]:
    """Lists of tokens: some of a text, some with special tokens and marks of subwords."""
    rng = random.Random(5)
    pool = [*TOKENS, *(token for text in texts()[:300] for token in SEGMENTERS["latin"].cut(text))]
    return [[], *(rng.choices(pool, k=rng.randint(1, 8)) for _ in range(600))]


def test_texts_are_cleaned_alike() -> None:
    (found,) = ask({"segmenter": "clean", "texts": texts()})
    assert not differing(texts(), [[clean(text), is_token(text), text.strip()] for text in texts()], found)


def test_every_character_and_phrase_is_simplified_as_opencc_does() -> None:
    rng = random.Random(3)
    phrases = [phrase for phrase, _ in tools()["simplifier"]["phrases"]]
    characters = [chr(code) for code in range(0x20, 0x30000) if not 0xD800 <= code < 0xE000 and known(chr(code))]
    mixed = ["".join(rng.choice(phrases)[: rng.randint(1, 5)] for _ in range(4)) for _ in range(3_000)]
    given = [*phrases, *mixed, *texts(), *("".join(characters[at : at + 50]) for at in range(0, len(characters), 50))]
    given = [text for text in given if not re.search("[\ud800-\udfff]", text)]  # OpenCC reads UTF-8
    (found,) = ask({"segmenter": "simplify", "texts": given})
    assert len(phrases) > 400
    assert not differing(given, [simplify(text) for text in given], found)


@pytest.mark.parametrize("name", SEGMENTERS)
def test_a_segmenter_cuts_joins_and_spells_alike(name: str) -> None:
    segmenter = SEGMENTERS[name]
    given = [text for text in texts() if segmenter.name != "keras" or text]
    (found,) = ask({"segmenter": name, "texts": given, "tokens": lists()})
    assert not differing(given, [segmenter.cut(text) for text in given], found["cut"])
    assert not differing(given, [segmenter.spell(text) for text in given], found["spell"])
    assert not differing(lists(), [segmenter.join(tokens) for tokens in lists()], found["join"])


@pytest.mark.parametrize(
    "rules",
    [
        {"filters": FILTERS},
        {"lower": False, "filters": "。，😀", "split": "|"},
        {"filters": "a", "split": "ab", "jieba": True},
        {"jieba": True, "filters": "，"},
        {"characters": True},
    ],
    ids=str,
)
def test_keras_rules_are_followed_alike(rules: dict[str, Any]) -> None:
    segmenter, given = keras_segmenter(KerasConfig(**rules)), [*texts(), "ab茶ab", "ab茶ab茶b", "|a|b|"]
    (found,) = ask({"segmenter": "keras", "rules": rules, "texts": given, "tokens": lists()})
    assert not differing(given, [segmenter.cut(text) for text in given], found["cut"])
    assert not differing(lists(), [segmenter.join(tokens) for tokens in lists()], found["join"])


@pytest.mark.parametrize("name", ["jieba", "latin", "characters", "ascii"])
@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_a_vocabulary_finds_the_same_ids(name: str, marks: dict[str, Any]) -> None:
    rng, segmenter = random.Random(7), SEGMENTERS[name]
    cut = [segmenter.cut(text) for text in texts()[::7]]
    words = sorted({token for tokens in [*cut, *lists()] for token in tokens} - {*SPECIALS, FILL})
    words = [word for word in words if not re.search("[\ud800-\udfff]", word)]
    tokens = (*SPECIALS, FILL, "CAFÉ", "cafe\u0301", "１２", "\xa0", *rng.sample(words, len(words) // 2))
    vocab, given = Vocab(tuple(dict.fromkeys(tokens)), **marks).spelt(segmenter.spell), [*cut, *lists()]
    (found,) = ask(
        {"segmenter": name, "tokens": given, "vocab": {"tokens": list(vocab.tokens), "marks": marks}},
    )
    assert dict(found["ids"]) == vocab.ids
    known = [vocab.known(tokens) for tokens in given]
    assert not differing(given, known, found["known"])
    assert not differing(given, [[vocab.words(tokens), vocab.encode(tokens)] for tokens in given], found["listed"])
    assert not differing(known, [[vocab.words(tokens), vocab.encode(tokens)] for tokens in known], found["read"])


def test_subwords_are_grouped_alike() -> None:
    given = [tokens for tokens in lists() if tokens]
    (found,) = ask({"segmenter": "subwords", "tokens": given})
    spans = [[[a, b, join_pieces(tokens[a:b])] for a, b in word_spans(tokens)] for tokens in given]
    assert not differing(given, spans, found)


def test_only_a_checkpoint_that_cuts_chinese_words_carries_tools() -> None:
    assert pack.tools(TextConfig("characters", "latin")) is None
    assert pack.tools(TextConfig("latin", "keras", target_keras=KerasConfig(jieba=True))) == tools()


def test_a_missing_tool_of_opencc_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pack.simplifier_values.cache_clear()
    monkeypatch.setattr(pack, "PHRASES", "NoPhrases")
    with pytest.raises(UserError) as error:
        pack.simplifier_values()
    assert error.value.key == "error.browser_opencc"
