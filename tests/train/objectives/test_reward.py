from __future__ import annotations

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from s2s.train.objectives.reward import REWARDS, bleu, chrf, rouge_l

IDS = st.lists(st.integers(4, 30), max_size=12)


def lcs(a: list[int], b: list[int]) -> int:
    if not a or not b:
        return 0
    return lcs(a[1:], b[1:]) + 1 if a[0] == b[0] else max(lcs(a[1:], b), lcs(a, b[1:]))


@given(IDS, IDS)
def test_rewards_lie_between_0_and_1(output: list[int], reference: list[int]) -> None:
    for reward in REWARDS.values():
        assert 0 <= reward(output, reference) <= 1 + 1e-9
        if reference:
            assert reward(reference, reference) == pytest.approx(1)


@given(st.lists(st.integers(4, 9), min_size=1, max_size=7), st.lists(st.integers(4, 9), min_size=1, max_size=7))
def test_rouge_l_by_recursion(output: list[int], reference: list[int]) -> None:
    assert rouge_l(output, reference) == pytest.approx(2 * lcs(output, reference) / (len(output) + len(reference)))


def test_bleu_is_of_tokens_and_smoothed() -> None:
    assert bleu([4, 5, 6, 7], [4, 5, 6, 8]) == pytest.approx((3 / 4 * 2 / 3 * 1 / 2 * 1 / 2) ** 0.25)  # 0 of 1: 1/2
    assert bleu([44], [4]) == 0 and bleu([], [4]) == 0


def test_chrf_counts_tokens_not_digits() -> None:
    letters = {4: "a", 5: "b", 45: "c", 54: "d"}
    for output, reference in (([4, 5, 45], [45, 4, 5]), ([54], [45]), ([4, 4, 5], [4, 5])):
        text, gold = ("".join(letters[i] for i in ids) for ids in (output, reference))
        assert chrf(output, reference) == pytest.approx(sacrebleu.sentence_chrf(text, [gold]).score / 100)
    assert chrf([54], [45]) == 0
