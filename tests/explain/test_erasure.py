from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from s2s.explain.erasure import Bounds, Removal, bounds, counts, leave_one_out, removals
from s2s.explain.replay import Lane
from s2s.model import Seq2Seq
from s2s.text.vocab import UNK
from tests.explain.common import ALL, naive, one_moment, some_lane, tiny

TRANSPARENT = [kind for kind in ALL if kind["attention"] != "location"]


def p(model: Seq2Seq, lane: Lane, kept: set[int], t: int) -> float:
    source = [token for s, token in enumerate(lane.source) if s in kept] or [UNK]
    return math.exp(float(naive(model, lane, source, t)[lane.words[t]]))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_leave_one_out_is_a_loop(kind: dict[str, Any], length: int) -> None:
    model = tiny(**kind)
    lane, every = some_lane(model, length), set(range(length))
    with torch.no_grad():
        found = leave_one_out(model, lane, [0, 3])
    for row, t in zip(found, (0, 3), strict=True):
        expected = [math.log(p(model, lane, every, t)) - math.log(p(model, lane, every - {s}, t)) for s in every]
        assert row.tolist() == pytest.approx(expected, abs=2e-5)


@given(some.integers(1, 400))
def test_counts_are_symmetric_and_few(length: int) -> None:
    found = counts(length)
    assert found == sorted({length - k for k in found}) and len(found) <= 10
    assert found == list(range(1, length)) or length > 11


@pytest.mark.parametrize("kind", ALL)
def test_removals_are_a_loop_in_the_order_of_attention(kind: dict[str, Any]) -> None:
    model = tiny(**kind)
    lane, steps = some_lane(model, 5), [1, 3]
    attention_KS = torch.stack([one_moment(model, lane, t).attention_S for t in steps])
    with torch.no_grad():
        found = removals(model, lane, steps, attention_KS)
    assert all(one.normalised == (None, None) for one in found)
    for t, one, row in zip(steps, found, attention_KS.tolist(), strict=True):
        order = sorted(range(5), key=lambda s: -row[s])
        assert one.full == pytest.approx(p(model, lane, set(range(5)), t), abs=1e-5)
        assert one.without == pytest.approx([p(model, lane, set(order[k:]), t) for k in range(1, 5)], abs=1e-5)
        assert one.with_only == pytest.approx([p(model, lane, set(order[:k]), t) for k in range(1, 5)], abs=1e-5)
        assert one.comprehensiveness == pytest.approx(sum(one.full - q for q in one.without) / 4)
        assert one.sufficiency == pytest.approx(sum(one.full - q for q in one.with_only) / 4)


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_exact_bounds_are_those_of_all_orders(kind: dict[str, Any]) -> None:
    model = tiny(**kind)
    lane = some_lane(model, 4)
    with torch.no_grad():
        (found,) = bounds(model, lane, [2])
    means = [
        sum(p(model, lane, set(order[k:]), 2) for k in (1, 2, 3)) / 3 for order in itertools.permutations(range(4))
    ]
    assert found.exact
    assert (found.low, found.high) == pytest.approx((min(means), max(means)), abs=1e-5)


@pytest.mark.parametrize("kind", TRANSPARENT[:2])
def test_greedy_bounds_are_a_loop_and_lie_within_the_exact_ones(
    kind: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny(scale=1.2, **kind)
    lane = some_lane(model, 5)
    with torch.no_grad():
        exact = bounds(model, lane, [1, 3])
        monkeypatch.setattr("s2s.explain.erasure.EXACT", 1)
        found = bounds(model, lane, [1, 3])
    for t, greedy, true in zip((1, 3), found, exact, strict=True):
        assert not greedy.exact
        assert true.low - 1e-5 <= greedy.low <= greedy.high <= true.high + 1e-5
        kept, total = set(range(5)), 0.0
        for _ in range(4):
            kept = min((kept - {s} for s in kept), key=lambda left: p(model, lane, left, t))
            total += p(model, lane, kept, t)
        assert greedy.low == pytest.approx(total / 4, abs=1e-5)


def test_the_best_order_is_1_and_the_worst_0() -> None:
    bound = Bounds(0.2, 0.6, True)
    assert Removal((1, 2), 0.9, (0.2, 0.2), (0.6, 0.6), bound).normalised == pytest.approx((1, 1))
    assert Removal((1, 2), 0.9, (0.6, 0.6), (0.2, 0.2), bound).normalised == pytest.approx((0, 0))
    assert Removal((1, 2), 0.9, (0.7, 0.9), (0.1, 0.1), bound).normalised == pytest.approx((0, 0))  # found by greed
    assert Removal((1, 2), 0.9, (0.3, 0.3), (0.3, 0.3), Bounds(0.3, 0.3, True)).normalised == (None, None)
    assert Removal((), 0.9, (), (), None).normalised == (None, None)
    assert Removal((), 0.9, (), (), None).comprehensiveness is None


@pytest.mark.parametrize("kind", ALL)
def test_edited_weights_stay_with_the_words_that_are_left(kind: dict[str, Any]) -> None:
    model = tiny(**kind)
    lane = some_lane(model, 5)
    lane = Lane(lane.source, lane.read, lane.words, {1: (0.0, 0.0, 1.0, 0.0, 0.0), 2: (0.1, 0.2, 0.3, 0.4, 0.0)})

    def after(kept: list[int], t: int) -> float:
        return float(naive(model, lane, [lane.source[s] for s in kept] or [UNK], t, kept)[lane.words[t]])

    every = list(range(5))
    with torch.no_grad():
        found = leave_one_out(model, lane, [1, 3])
        attention_KS = torch.stack([one_moment(model, lane, t).attention_S for t in (1, 3)])
        removed = removals(model, lane, [1, 3], attention_KS)
    assert attention_KS[0].tolist() == list(lane.edited[1])
    for k, t in enumerate((1, 3)):
        expected = [after(every, t) - after([i for i in every if i != s], t) for s in every]
        assert found[k].tolist() == pytest.approx(expected, abs=2e-5)
        order = sorted(every, key=lambda s: -float(attention_KS[k][s]))
        for n in range(1, 5):
            assert removed[k].without[n - 1] == pytest.approx(math.exp(after(sorted(order[n:]), t)), abs=1e-5)
            assert removed[k].with_only[n - 1] == pytest.approx(math.exp(after(sorted(order[:n]), t)), abs=1e-5)
    plain = Lane(lane.source, lane.read, lane.words)
    with torch.no_grad():
        assert not torch.equal(leave_one_out(model, plain, [3])[0], found[1])
