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
from s2s.exposure.lanes import Lane, lanes, positions
from s2s.model import Seq2Seq
from s2s.text.vocab import EOS
from tests.exposure.common import KINDS, some_pairs, tiny


def naive(model: Seq2Seq, pair: Ids) -> dict[str, Any]:
    """Both lanes of one sentence through ``follow``."""
    source, gold = pair[0], [*pair[1], EOS]
    greedy = chooser(Settings())
    _, forced, _ = follow(model, source, forcing(gold, greedy), len(gold))
    own, free, _ = follow(model, source, greedy, len(gold))
    log_probs = [float(step.log_probs_BV[0, g]) for step, g in zip(forced, gold, strict=True)]
    best = [int(step.log_probs_BV.argmax()) for step in forced]
    confidence = [float(step.log_probs_BV.max().exp()) for step in forced]
    reached = [float(step.log_probs_BV[0, g]) for step, g in zip(free, gold, strict=False)]
    return {"log_probs": log_probs, "best": best, "confidence": confidence, "own": own, "reached": reached}


def check(lane: Lane, expected: dict[str, Any]) -> None:
    assert list(lane.forced_best) == expected["best"] and list(lane.free) == expected["own"]
    np.testing.assert_allclose(lane.forced_log_prob, expected["log_probs"], atol=1e-4)
    np.testing.assert_allclose(lane.confidence, expected["confidence"], atol=1e-5)
    n = len(expected["own"])
    np.testing.assert_allclose(lane.free_log_prob[:n], expected["reached"], atol=1e-4)
    assert np.isnan(lane.free_log_prob[n:]).all() and len(lane.free_log_prob) == len(lane.gold)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_lanes_are_those_of_one_sentence_at_a_time(kind: dict[str, Any]) -> None:
    model, pairs = tiny(**kind), some_pairs()
    for lane, pair in zip(lanes(model, pairs), pairs, strict=True):
        assert lane.gold == (*pair[1], EOS)
        check(lane, naive(model, pair))


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 5))
def test_batches_and_padding_change_nothing(seed: int, count: int, rows: int) -> None:
    model, pairs = tiny(), some_pairs(seed, count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "ROWS", rows)
        some = lanes(model, pairs)
    for one, pair in zip(some, pairs, strict=True):
        check(one, naive(model, pair))


def test_batches_stay_small_and_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "FLOATS", 16 * 20)  # 20 tokens of a vocabulary of 16
    pairs, told = some_pairs(3, 20), list[float]()
    sizes = [[len(pairs[i][1]) + 1 for i in index] for index in batching.chunks(pairs, 16, told.append)]
    assert all(max(size) * len(size) <= 20 for size in sizes) and sum(map(len, sizes)) == 20
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == len(sizes) > 3


def test_a_progress_can_stop_a_measure() -> None:
    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        lanes(tiny(), some_pairs(), stop)


def lane(gold: list[int], forced: list[int], free: list[int], log_probs: list[float], reached: list[float]) -> Lane:
    wide = np.full(len(gold), np.nan)
    wide[: len(reached)] = reached
    return Lane(tuple(gold), np.array(log_probs), tuple(forced), np.ones(len(gold)), tuple(free), wide)


def test_positions_by_hand() -> None:
    found = positions(
        [
            lane([5, 6, EOS], [5, 6, EOS], [7, EOS], [-1.0, -2.0, -3.0], [-1.0, -4.0]),
            lane([5, EOS], [5, 5], [5, EOS], [-0.5, -1.5], [-0.5, -1.0]),
        ],
        Bootstrap(20),
    )
    assert found.accuracy_forced.value == (1.0, 0.5, 1.0) and found.accuracy_forced.count == (2, 2, 1)
    assert found.accuracy_free.value == (0.5, 0.5, 0.0)  # an output that is over has no token there
    assert found.accuracy_gap.value == (0.5, 0.0, 1.0)
    assert found.nll_forced.value == (0.75, 1.75, 3.0)
    assert found.nll_free.value == (0.75, 2.5, None) and found.nll_free.count == (2, 2, 0)
    assert found.nll_running.value == (0.75, 1.75, None)
    overall = {name: estimate.value for name, estimate in found.overall.items()}
    assert overall == {
        "accuracy_forced": 0.8,
        "accuracy_free": 0.4,
        "accuracy_gap": 0.4,
        "nll_forced": 1.6,
        "nll_running": 1.25,
        "nll_free": 1.625,
    }


def test_a_model_whose_output_is_the_reference_has_no_gap() -> None:
    model, pairs = tiny(), []
    for source, _ in some_pairs(count=30):
        (own,) = greedy(model, [source])
        if len(own) < 2 * len(source) + 10:  # it ended
            pairs.append((source, own))
    assert len(pairs) > 3
    found = positions(lanes(model, pairs), Bootstrap(10))
    assert set(found.accuracy_forced.value) == set(found.accuracy_free.value) == {1.0}
    assert found.overall["accuracy_gap"].value == 0.0
    assert found.nll_free.value == pytest.approx(found.nll_forced.value, abs=1e-4)
