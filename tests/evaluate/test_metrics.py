from __future__ import annotations

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.card import bleu_name
from s2s.checkpoint.record import Side, make_side
from s2s.evaluate.metrics import bleu_tokenizer, rank, rouge, score_outputs
from s2s.text.segmenters import SEGMENTERS, Segmenter
from s2s.text.vocab import SPECIALS, Vocab

LATIN, CHINESE, CHARACTERS = (SEGMENTERS[name] for name in ("latin", "jieba", "characters"))
EMPTY = {name: make_side(name, Vocab(SPECIALS)) for name in SEGMENTERS}
OUTPUTS = ["The cat sleeps on the old chair.", "We don't eat before noon.", "Rain!"]
REFERENCES = ["The cat is asleep on the old chair.", "We never eat before noon.", "It is raining."]
CHINESE_OUTPUTS = ["猫在旧椅子上睡觉。", "我们中午以前不吃饭。"]
CHINESE_REFERENCES = ["猫睡在那把旧椅子上。", "我们中午以前从不吃饭。"]


def test_equals_sacrebleu() -> None:
    found = score_outputs(OUTPUTS, REFERENCES, EMPTY["latin"])
    assert found["bleu"] == sacrebleu.corpus_bleu(OUTPUTS, [REFERENCES]).score
    assert found["chrf"] == sacrebleu.corpus_chrf(OUTPUTS, [REFERENCES]).score
    assert 0 < found["bleu"] < 100
    assert "tok:13a" in found["signatures"]["bleu"] and "case:mixed" in found["signatures"]["bleu"]


@pytest.mark.parametrize("segmenter", [CHINESE, CHARACTERS], ids=lambda s: s.name)
def test_chinese_is_scored_by_characters(segmenter: object) -> None:
    found = score_outputs(CHINESE_OUTPUTS, CHINESE_REFERENCES, make_side(segmenter.name, Vocab(SPECIALS)))
    assert found["bleu"] == sacrebleu.corpus_bleu(CHINESE_OUTPUTS, [CHINESE_REFERENCES], tokenize="zh").score > 10
    assert "tok:zh" in found["signatures"]["bleu"]
    assert bleu_tokenizer(segmenter, CHINESE_REFERENCES) == "zh"


@pytest.mark.parametrize(("texts", "segmenter"), [(REFERENCES, "latin"), (CHINESE_REFERENCES, "jieba")])
def test_a_perfect_output_has_a_hundred(texts: list[str], segmenter: str) -> None:
    found = score_outputs(texts, texts, EMPTY[segmenter])
    assert [found[name] for name in ("bleu", "chrf", "rouge_l")] == pytest.approx([100, 100, 100])


def naive_lcs(a: list[str], b: list[str]) -> int:
    if not a or not b:
        return 0
    if a[-1] == b[-1]:
        return 1 + naive_lcs(a[:-1], b[:-1])
    return max(naive_lcs(a[:-1], b), naive_lcs(a, b[:-1]))


WORDS = st.lists(st.sampled_from(["tea", "Tea", "is", "hot", "n't", ","]), min_size=1, max_size=6)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3))
def test_rouge_l_by_a_naive_longest_common_subsequence(pairs: list[tuple[list[str], list[str]]]) -> None:
    expected = []
    for output, reference in pairs:
        common = naive_lcs(output, reference)
        precision, recall = common / len(output), common / len(reference)
        expected.append(2 * precision * recall / (precision + recall) if common else 0.0)
    outputs, references = ([" ".join(pair[i]) for pair in pairs] for i in (0, 1))
    assert rouge(outputs, references, LATIN)["rouge_l"] == pytest.approx(100 * sum(expected) / len(expected))


def test_rouge_of_chinese_counts_its_words() -> None:
    assert rouge(["我喜欢茶"], ["我喜欢水"], CHINESE)["rouge_l"] == pytest.approx(100 * 2 / 3)
    assert rouge(["我喜欢茶"], ["我喜欢水"], CHARACTERS)["rouge_l"] == pytest.approx(75)
    assert set(rouge(["水"], ["茶"], CHINESE).values()) == {0}


def test_rouge_1_and_2_count_tokens_and_pairs_of_tokens_in_any_order() -> None:
    found = rouge(["茶我喜欢"], ["我喜欢茶"], CHARACTERS)
    assert (found["rouge_1"], found["rouge_2"]) == pytest.approx((100, 100 * 2 / 3))
    assert found["rouge_l"] == pytest.approx(75)


TEXTS = {
    "french": "L'homme qu'il a vu aujourd'hui n'est pas là : « C'est l'été ! »",
    "spanish": "¿Dónde está? ¡No lo sé! Dijo: «¿Qué?»",
    "german": "Er sagte: „Das geht nicht“, und ging.",
    "english": "Narcissism means 'to be more confident'. The boys’ room, she’s in ... \"well\".",
    "italian": "Dov'è l'arte dell'altro? C'è un po' d'acqua.",
    "russian": "Он сказал: «Нет!» — и вышел.",
    "ukrainian": "П'ять об'єктів – це м’яч.",
    "korean": '그는 "안녕하세요?"라고 말했다.',
    "simplified": "他说:“明天,不来了!”用iPhone 7.",
    "traditional": "圖書館裡沒有電腦，１２個。",
    "japanese": "彼は「映画を見ます。」と言った！",
    "thai": "ผมไปตลาดกับเพื่อน ๆ ทุกวันจันทร์",
}


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("cut", ["jieba", "latin", "characters", "spaces"])
def test_what_a_model_can_say_in_full_has_a_hundred_against_itself(language: str, cut: str) -> None:
    """Whatever is lost in cutting and joining is lost on both sides."""
    text = TEXTS[language]
    words = SEGMENTERS[cut].cut(text)
    target = make_side(cut, Vocab((*SPECIALS, *dict.fromkeys(words))))
    said = target.decode(target.encode(text))
    assert "<unk>" not in said
    found = score_outputs([said] * 2, [text] * 2, target)
    assert [found["chrf"], found["rouge_l"]] == pytest.approx([100, 100])
    units = len(sacrebleu.BLEU(tokenize=bleu_tokenizer(target.segmenter, [text])).tokenizer(said).split())
    assert found["bleu"] == pytest.approx(100) or units < 4
    assert found["references"] == cut


LETTERS = st.sampled_from("abé 'ß’„“”«»¿?¡!.,\"-()ñ:中國说ไทあ１\u00a0\u200b")


@given(st.lists(st.text(LETTERS, min_size=1), min_size=1, max_size=4), st.sampled_from([*SEGMENTERS]))
def test_a_whole_output_is_its_reference(texts: list[str], cut: str) -> None:
    words = dict.fromkeys(word for text in texts for word in SEGMENTERS[cut].cut(text))
    target = make_side(cut, Vocab((*SPECIALS, *words)))
    outputs = [target.decode(target.encode(text)) for text in texts]
    assert outputs == list(map(target.written, texts))
    found = score_outputs(outputs, texts, target)
    assert found["chrf"] == pytest.approx(100) or not any(output.strip() for output in outputs)


@pytest.mark.parametrize("language", ["thai", "japanese"])
def test_scripts_without_spaces_are_scored_by_characters(language: str) -> None:
    text, target = TEXTS[language], EMPTY["characters"]
    found = score_outputs([text[:-1] + "x"], [text], target)
    assert 80 < found["bleu"] < 100 and "tok:char" in found["signatures"]["bleu"]
    assert bleu_name(found["signatures"]["bleu"]) == "character BLEU"


LAO, KHMER, MYANMAR, TIBETAN = "ຂ້ອຍໄປຕະຫຼາດ", "ខ្ញុំទៅផ្សារ", "ကျွန်တော်ဈေးသွားတယ်", "ང་ཁྲོམ་ལ་འགྲོ"


@pytest.mark.parametrize(
    ("texts", "cut", "expected"),
    [
        ([LAO], "latin", "char"),
        ([KHMER], "sentencepiece", "char"),
        ([MYANMAR], "characters", "char"),
        ([TIBETAN], "spaces", "char"),
        (["今日は雨"], "jieba", "char"),
        (["今天下雨"], "latin", "zh"),
        (["我用TensorFlow训练"], "characters", "zh"),
        (["The character 中 means middle."], "latin", "13a"),
        (["Das geht."], "bpe", "13a"),
        (["नमस्ते दुनिया"], "characters", "13a"),
        (["안녕하세요 여러분"], "characters", "13a"),
        (["2025-03-09"], "characters", "zh"),
        (["2025-03-09"], "latin", "13a"),
        ([], "jieba", "zh"),
    ],
)
def test_the_tokenizer_goes_by_the_script(texts: list[str], cut: str, expected: str) -> None:
    assert bleu_tokenizer(SEGMENTERS[cut], texts) == expected


def test_a_tie_of_bleu_is_decided_by_chrf_and_then_by_the_loss() -> None:
    first = {"bleu": 0.0, "chrf": 3.0, "loss": 2.0}
    better = [{**first, "chrf": 4.0, "loss": 9.0}, {**first, "loss": 1.9}, {**first, "bleu": 0.1, "chrf": 0.0}]
    assert all(rank(other) > rank(first) for other in better)
    assert not rank(first) > rank(dict(first))


def test_what_the_cut_has_no_piece_for_stays_as_it_is_written() -> None:
    """Else ``<unk>`` in an output would match ``<unk>`` in a reference."""
    holes = Segmenter("holes", lambda text: ["a", "<unk>"], " ".join)
    assert Side(holes, Vocab((*SPECIALS, "a"))).written("a ☃") == "a ☃"
