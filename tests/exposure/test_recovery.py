from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.batches import Ids
from s2s.decode.decode import follow
from s2s.decode.search import greedy
from s2s.decode.strategy import Settings, chooser, forcing
from s2s.evaluate import batching
from s2s.evaluate.bootstrap import Bootstrap
from s2s.exposure.recovery import Recovery, accuracy, recoveries, recovery, token_f1
from s2s.model import Seq2Seq
from s2s.text.vocab import EOS
from tests.exposure.common import KINDS, some_pairs, tiny


def naive(model: Seq2Seq, pair: Ids) -> Recovery:
    """One run from every prefix, and one after every wrong token, through ``follow``."""
    source, gold, best = pair[0], [*pair[1], EOS], chooser(Settings())
    longest = max(2 * len(source) + 10, len(gold))
    outputs, injected, after = [], [], []
    for k in range(len(gold)):
        ids, steps, _ = follow(model, source, forcing(gold[:k], best), longest)
        outputs.append(tuple(ids[k:]))
        if k < len(gold) - 1:
            order = steps[k].log_probs_BV[0].argsort(descending=True).tolist()
            wrong = next(i for i in order if i not in (gold[k], EOS))
            ids, _, _ = follow(model, source, forcing([*gold[:k], wrong], best), longest)
            injected.append(wrong)
            after.append(tuple(ids[k + 1 :]))
    return Recovery(tuple(gold), tuple(outputs), tuple(injected), tuple(after))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_runs_are_those_of_one_sentence_at_a_time(kind: dict[str, Any]) -> None:
    model, pairs = tiny(**kind), some_pairs()
    pairs.append((pairs[0][0], greedy(model, [pairs[0][0]])[0]))  # a reference that the model says itself
    right = [naive(model, pair) for pair in pairs]
    assert recoveries(model, pairs) == right
    alone = [Recovery(one.gold, one.outputs, (), ()) for one in right]
    assert recoveries(model, pairs, injecting=False) == alone


@given(st.integers(0, 1000), st.integers(1, 10), st.integers(1, 4), st.sampled_from([100, 2000, 10**7]))
def test_batches_and_padding_change_nothing(seed: int, count: int, rows: int, floats: int) -> None:
    model, pairs = tiny(), some_pairs(seed, count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "ROWS", rows)
        patch.setattr(batching, "FLOATS", floats)
        assert recoveries(model, pairs) == [naive(model, pair) for pair in pairs]


def test_scores_of_the_rest() -> None:
    assert accuracy([5, 6, EOS], [5, 7, EOS]) == 2 / 3 and accuracy([EOS], [5, EOS]) == 0
    assert accuracy([4, 5, 6, EOS], [5, 6, EOS]) == 0
    assert token_f1([4, 5, 6, EOS], [5, 6, EOS]) == 0.8  # one word too many costs no more than itself
    assert token_f1([EOS], [EOS]) == 1 and token_f1([EOS], [5, EOS]) == 0 and token_f1([5], [5, 5, EOS]) == 2 / 3


def test_a_summary_by_hand() -> None:
    one = Recovery((5, 6, EOS), ((5, 9, EOS), (6, EOS), (EOS,)), (7, 8), ((6, EOS), (9,)))
    two = Recovery((4, EOS), ((6, EOS), (EOS,)), (6,), ((EOS,),))
    np.testing.assert_allclose(one.accuracy, [2 / 3, 1, 1])
    np.testing.assert_allclose(one.f1, [0.5, 1, 1])
    np.testing.assert_allclose(one.injected_accuracy, [1, 0])
    np.testing.assert_allclose(one.injected_f1, [1, 0])
    found = recovery([one, two], Bootstrap(20))
    assert found.accuracy.value == pytest.approx(((2 / 3 + 1 / 2) / 2, 1, 1), abs=1e-5)
    assert found.accuracy.count == (2, 2, 1) and found.injected_accuracy.count == (2, 1)
    assert found.injected_accuracy.value == (1.0, 0.0)
    assert found.cost_accuracy.value == (0.0, 1.0)  # rests after 5 | 7 and 6 | 8 of one, after 4 | 6 of two
    assert found.cost_f1.value == (0.0, 1.0)
    assert found.overall["cost_accuracy"].value == pytest.approx(1 / 3, abs=1e-5)
    assert len(found.f1_by_share.value) == 11 and set(found.f1_by_share.count) == {2}
    assert found.f1_by_share.value[0] == 0.25 and found.f1_by_share.value[-1] == 1.0


def test_the_whole_reference_given_leaves_its_end() -> None:
    model = tiny()
    source = some_pairs()[0][0]
    (own,) = greedy(model, [source])
    if len(own) < 2 * len(source) + 10:
        (found,) = recoveries(model, [(source, own)])
        assert set(found.accuracy.tolist()) == set(found.f1.tolist()) == {1.0}
