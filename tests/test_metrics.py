from __future__ import annotations

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from s2s.metrics import bleu_tokenizer, rouge, score
from s2s.text import SEGMENTERS

LATIN, CHINESE, CHARACTERS = (SEGMENTERS[name] for name in ("latin", "jieba", "characters"))
OUTPUTS = ["The cat sleeps on the old chair.", "We don't eat before noon.", "Rain!"]
REFERENCES = ["The cat is asleep on the old chair.", "We never eat before noon.", "It is raining."]
CHINESE_OUTPUTS = ["猫在旧椅子上睡觉。", "我们中午以前不吃饭。"]
CHINESE_REFERENCES = ["猫睡在那把旧椅子上。", "我们中午以前从不吃饭。"]


def test_equals_sacrebleu() -> None:
    found = score(OUTPUTS, REFERENCES, LATIN)
    assert found["bleu"] == sacrebleu.corpus_bleu(OUTPUTS, [REFERENCES]).score
    assert found["chrf"] == sacrebleu.corpus_chrf(OUTPUTS, [REFERENCES]).score
    assert 0 < found["bleu"] < 100
    assert "tok:13a" in found["signatures"]["bleu"] and "case:mixed" in found["signatures"]["bleu"]


@pytest.mark.parametrize("segmenter", [CHINESE, CHARACTERS], ids=lambda s: s.name)
def test_chinese_is_scored_by_characters(segmenter: object) -> None:
    found = score(CHINESE_OUTPUTS, CHINESE_REFERENCES, segmenter)
    assert found["bleu"] == sacrebleu.corpus_bleu(CHINESE_OUTPUTS, [CHINESE_REFERENCES], tokenize="zh").score > 10
    assert "tok:zh" in found["signatures"]["bleu"]
    assert bleu_tokenizer(segmenter) == "zh"


@pytest.mark.parametrize(("texts", "segmenter"), [(REFERENCES, LATIN), (CHINESE_REFERENCES, CHINESE)])
def test_a_perfect_output_has_a_hundred(texts: list[str], segmenter: object) -> None:
    found = score(texts, texts, segmenter)
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
