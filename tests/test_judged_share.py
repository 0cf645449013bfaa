"""The measure of whether words that owe little to the source are wrong, on crafted outputs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from benchmarks.judged_outputs import Judged
from benchmarks.judged_share import auc, measure


@given(some.lists(some.tuples(some.integers(0, 4), some.booleans()), min_size=2, max_size=30))
def test_auc_counts_all_pairs_of_a_wrong_and_a_right_word(pairs: list[tuple[int, bool]]) -> None:
    wrong, right = ([value for value, is_wrong in pairs if is_wrong == kind] for kind in (True, False))
    assume(wrong and right)
    below = [float(a < b) + 0.5 * (a == b) for a in wrong for b in right]
    value_N, wrong_N = (np.array(column) for column in zip(*pairs, strict=True))
    assert auc(value_N.astype(float), wrong_N) == pytest.approx(np.mean(below))


def judged(wrong: list[set[int]], log_probs: list[float]) -> Judged:
    """An output of which only what is measured is known."""
    lanes: Any = SimpleNamespace(output=log_probs, output_log_prob_T=np.array(log_probs))
    marks = tuple(map(frozenset, wrong))
    return Judged(lanes, ("major",) * len(wrong), marks, (), ())


def test_first_words_and_words_on_which_judges_differ_do_not_count() -> None:
    outputs = [judged([{0, 1, 3}, {0, 1}], [-9, -2, -1, -3]), judged([{2}, {2}], [-1, -1, -4])]
    shares = {id(outputs[0]): [1.0, 0.1, 0.6, 0.0], id(outputs[1]): [1.0, 0.4, None]}
    lines = measure(outputs, lambda one: [{"unknown": cast(Any, share)} for share in shares[id(one)]])
    found = {name.partition(":")[0]: (name, value) for name, value, _, _ in lines}
    # wrong: 0.1 and, without a share, 0.5; right: 0.6 and 0.4
    assert found["unknown"] == ("unknown: 2 wrong, 2 right words", 0.75)
    assert found["log p"][1] == 1.0 and found["position"][1] == pytest.approx(0.5)
