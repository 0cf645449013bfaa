"""Trivial baselines: which there are, honest for their own row, the same each time."""

from __future__ import annotations

from collections import Counter

import pytest
import sacrebleu

from s2s.checkpoint.record import make_side
from s2s.data.automaster import source_text
from s2s.evaluate import baselines
from s2s.evaluate.baselines import BASELINES, File, corpus_baselines, first_part, sample_rows
from s2s.text.vocab import SPECIALS, Vocab

TARGET = make_side("latin", Vocab((*SPECIALS, "I", "like", "tea", "you", "drink", "water", ".", "yes", "no")))
REFERENCES = ["yes .", "I like tea .", "no .", "yes .", "you drink water .", "no .", "I like water .", "yes ."]


def file(references: list[str], sources: list[str] | None = None) -> File:
    lengths = [len(reference.split()) for reference in references]
    return File(references, lengths, list(range(len(references))), sources or ["x"] * len(references))


def test_the_most_frequent_reference_is_that_of_the_other_rows() -> None:
    for references in (REFERENCES, ["a", "b", "b", "a"], ["a", "b", "b", "a", "c"], ["a", "a"]):
        outputs = file(references).outputs()["frequent"]
        for row, output in enumerate(outputs):
            others = Counter(references[:row] + references[row + 1 :])
            assert others[output] == max(others.values())
    assert "frequent" not in file(["a", "b", "c"]).outputs()  # any of them would do


def test_a_random_reference_is_another_rows_and_as_long_as_can_be() -> None:
    held = file(REFERENCES)
    outputs = held.outputs()["random"]
    assert outputs == held.outputs()["random"]
    for row, output in enumerate(outputs):
        others = REFERENCES[:row] + REFERENCES[row + 1 :]
        apart = [abs(len(other.split()) - len(REFERENCES[row].split())) for other in others]
        assert output in others and abs(len(output.split()) - len(REFERENCES[row].split())) == min(apart)
    assert set(file(["a"]).outputs()) == {"copy"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("我喜欢茶。", "我喜欢茶。"),
        ("你好！今天很冷。", "你好！"),
        ("他说：“好。”然后走了。", "他说：“好。”"),
        ("It costs 3.5 euros. Take it.", "It costs 3.5 euros."),
        ("one line\nanother", "one line"),
        ("技师说：[语音]|车主说：新的都换了", "技师说：[语音]"),
        (source_text("方向机重怎么办", "技师说：[语音]|车主说：新的都换了|技师说：换助力泵"), "方向机重怎么办"),
        ("我 喜 欢 茶 。 你 呢 ？", "我 喜 欢 茶 。"),
        ("我喜欢 iPhone 手机", "我喜欢 iPhone 手机"),
        ("  ", ""),
    ],
)
def test_the_first_sentence_or_turn(text: str, part: str) -> None:
    assert first_part(text) == part


def test_the_first_part_is_left_out_where_sources_have_only_one() -> None:
    references = ["a", "b", "c", "d"]
    assert "first" not in file(references, ["One.", "Two. Three.", "Four.", "Five."]).outputs()
    made = file(references, ["One.", "Two. Three.", "Four. Five.", "Six."]).outputs()
    assert made["first"] == ["One.", "Two.", "Four.", "Six."] and made["copy"][1] == "Two. Three."


def test_scores_are_sacrebleus() -> None:
    pairs = [(f"{reference} no .", reference) for reference in REFERENCES]
    made = corpus_baselines(pairs, TARGET)
    assert made["rows"] == len(pairs) and set(made["scores"]) == set(BASELINES)
    written = [TARGET.written(reference) for reference in REFERENCES]
    copied = [source for source, _ in pairs]
    assert made["scores"]["copy"]["chrf"] == pytest.approx(sacrebleu.corpus_chrf(copied, [written]).score, abs=1e-4)
    assert made["scores"]["copy"]["bleu"] == pytest.approx(sacrebleu.corpus_bleu(copied, [written]).score, abs=1e-4)
    assert made["scores"]["copy"]["chrf"] > made["scores"]["random"]["chrf"]


def test_a_large_file_is_sampled_alike_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST", 5)
    rows = sample_rows(100)
    assert rows == sample_rows(100) == sorted(set(rows)) and len(rows) == 5 and sample_rows(5) == [0, 1, 2, 3, 4]
    pairs = [(str(n), f"yes {n % 7} .") for n in range(100)]
    made = corpus_baselines(pairs, TARGET)
    assert made["rows"] == 5 and made == corpus_baselines(pairs, TARGET)
