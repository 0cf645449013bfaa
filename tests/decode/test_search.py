from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch

from s2s.decode.decode import follow
from s2s.decode.search import beam, beams, greedy, rank_score
from s2s.decode.strategy import Settings, forcing
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, EOS
from tests.factory import make_config, make_model
from tests.stub import StubModel

A, B, C, D = 4, 5, 6, 7
TWO_STEPS = StubModel(8, {(): {A: 0.6, C: 0.4}, (A,): {B: 0.55, C: 0.45}, (C,): {D: 0.9, B: 0.1}})
PLAIN = {"length_penalty": 0.0, "coverage_penalty": 0.0}
SOURCES = [[4, 7, 12, 9], [5], [6, 12, 7, 8, 13, 14, 9], [4, 7], [10, 10, 10]]

KINDS: list[dict[str, Any]] = [
    {"attention": "additive"},
    {"attention": "general"},
    {"attention": "location"},
    {"attention": "local-m", "window": 2},
    {"attention": "local-p", "window": 2, "cell": "lstm"},
    {"attention": "additive", "cell": "lstm", "coverage": True, "pointer": True, "prior": True},
]


def model(attention: str, **changes: Any) -> Seq2Seq:
    return make_model(make_config(attention, **changes)).double()


def test_greedy_loses_where_beam_two_wins() -> None:
    assert greedy(TWO_STEPS, [[4, 5]]) == [[A, B]]  # .6 · .55 = .33
    best, second = beam(TWO_STEPS, [4, 5], Settings(beam=2, **PLAIN))
    assert best.ids == [C, D, EOS] and math.exp(best.log_prob) == pytest.approx(0.36)
    assert second.ids == [A, B, EOS] and math.exp(second.log_prob) == pytest.approx(0.33)
    assert beam(TWO_STEPS, [4, 5], Settings(beam=1, **PLAIN))[0].ids == [A, B, EOS]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_beam_of_one_is_greedy(kind: dict[str, Any]) -> None:
    tiny = model(**kind, decoder_layers=2)
    for source in SOURCES:
        (alone,) = greedy(tiny, [source], max_length=12)
        best = beam(tiny, source, Settings(beam=1, max_length=12))[0]
        assert best.ids == ([*alone, EOS] if len(alone) < 12 else alone)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_batched_greedy_is_greedy_one_by_one(kind: dict[str, Any]) -> None:
    tiny = model(**kind)
    together = greedy(tiny, SOURCES)
    assert together == [greedy(tiny, [source])[0] for source in SOURCES]
    assert len({len(output) for output in together}) > 1  # rows end at different steps
    assert all(
        len(out) <= 2 * len(source) + 10 and EOS not in out for out, source in zip(together, SOURCES, strict=True)
    )
    assert [out[:3] for out in together] == greedy(tiny, SOURCES, max_length=3)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_batched_beam_is_beam_one_by_one(kind: dict[str, Any]) -> None:
    tiny, settings = model(**kind), Settings(beam=3, coverage_penalty=0.2)
    together = beams(tiny, SOURCES, settings)
    assert len({len(found[0].ids) for found in together}) > 1  # sources are done at different steps
    for source, found in zip(SOURCES, together, strict=True):
        alone = beam(tiny, source, settings)
        assert [h.ids for h in found] == [h.ids for h in alone]
        for a, b in zip(found, alone, strict=True):
            assert (a.log_prob, a.score) == pytest.approx((b.log_prob, b.score), abs=1e-5)
            torch.testing.assert_close(a.attention_TS, b.attention_TS, atol=1e-9, rtol=0)
            assert a.attention_TS.shape == (len(a.ids), len(source))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_attention_of_a_search_is_that_of_following_its_output(kind: dict[str, Any]) -> None:
    tiny, attention = model(**kind), list[torch.Tensor]()
    outputs = greedy(tiny, SOURCES, attention=attention)
    for source, ids, weights_TS in zip(SOURCES, outputs, attention, strict=True):
        followed, steps, _ = follow(tiny, source, forcing([*ids, EOS], lambda log_probs_V, t: EOS), len(weights_TS))
        assert [i for i in followed if i != EOS] == ids
        torch.testing.assert_close(weights_TS, torch.cat([s.attention_BS for s in steps]), atol=1e-9, rtol=0)
    best = beam(tiny, SOURCES[0], Settings(beam=3))[0]
    _, steps, _ = follow(tiny, SOURCES[0], forcing(best.ids, lambda log_probs_V, t: EOS), len(best.ids))
    torch.testing.assert_close(best.attention_TS, torch.cat([s.attention_BS for s in steps]), atol=1e-9, rtol=0)


@torch.no_grad()
def enumerated(
    tiny: Seq2Seq, source: list[int], size: int, longest: int, settings: Settings
) -> dict[tuple[int, ...], Any]:
    """Every output that ends at ``<eos>`` or at ``longest``, with its log-probability and its score."""
    found = {}
    bodies = [body for n in range(longest + 1) for body in itertools.product(range(size), repeat=n)]
    for ids in bodies:
        ended = ids and ids[-1] == EOS
        if EOS in ids[:-1] or not (ended or len(ids) == longest):
            continue
        memory, state = tiny.encode(torch.tensor([source]), torch.tensor([len(source)]))
        total, coverage_S = 0.0, torch.zeros(len(source))
        for read, said in zip((BOS, *ids), ids, strict=False):
            step = tiny.step(state, torch.tensor([read]), memory)
            state, total = step.state, total + float(step.log_probs_BV[0, said])
            coverage_S += step.attention_BS[0]
        lp = (5 + len(ids)) ** settings.length_penalty / 6**settings.length_penalty
        cp = settings.coverage_penalty * sum(math.log(min(c, 1.0)) for c in coverage_S.tolist())
        found[ids] = (total, total / lp + cp)
    return found


@pytest.mark.parametrize(
    "settings", [Settings(beam=50, **PLAIN), Settings(beam=50, length_penalty=1.2, coverage_penalty=0.4)]
)
@pytest.mark.parametrize("attention", ["additive", "general", "concat", "location"])
def test_exhaustive_beam_equals_enumeration(attention: str, settings: Settings) -> None:
    torch.manual_seed(2)
    tiny = Seq2Seq(make_config(attention).model, 8, 4).eval()
    expected = enumerated(tiny, [4, 7, 5], 4, 3, settings)
    found = beam(tiny, [4, 7, 5], settings, max_length=3)
    assert len(expected) == 1 + 3 + 9 * 4
    assert {tuple(h.ids) for h in found} == set(expected)
    for hypothesis in found:
        assert (hypothesis.log_prob, hypothesis.score) == pytest.approx(expected[tuple(hypothesis.ids)], abs=1e-5)
    scores = [h.score for h in found]
    assert scores == sorted(scores, reverse=True)


def test_a_wide_beam_finds_the_best_of_all() -> None:
    torch.manual_seed(4)
    tiny, settings = Seq2Seq(make_config().model, 8, 5).eval(), Settings(beam=30, length_penalty=0.8)
    expected = enumerated(tiny, [4, 6], 5, 4, settings)
    best = beam(tiny, [4, 6], settings, max_length=4)[0]
    assert tuple(best.ids) == max(expected, key=lambda ids: expected[ids][1])


def test_a_forced_prefix_is_kept_at_its_true_probability() -> None:
    for hypothesis in beam(TWO_STEPS, [4, 5], Settings(beam=3, **PLAIN), prefix=[C]):
        assert hypothesis.ids[0] == C
    best = beam(TWO_STEPS, [4, 5], Settings(beam=3, **PLAIN), prefix=[C, B])[0]
    assert best.ids == [C, B, EOS] and math.exp(best.log_prob) == pytest.approx(0.4 * 0.1)


def test_length_and_coverage_penalties_are_those_of_wu_et_al() -> None:
    coverage_S = torch.tensor([0.5, 1.7, 0.25])
    plain = Settings(**PLAIN)
    assert rank_score(-6.0, 7, coverage_S, plain) == -6.0
    lp = 12**0.6 / 6**0.6
    assert lp == pytest.approx(1.5157166)
    assert rank_score(-6.0, 7, coverage_S, Settings(length_penalty=0.6)) == pytest.approx(-6 / lp)
    cp = 0.2 * (math.log(0.5) + math.log(1) + math.log(0.25))
    settings = Settings(length_penalty=0.6, coverage_penalty=0.2)
    assert rank_score(-6.0, 7, coverage_S, settings) == pytest.approx(-6 / lp + cp)
    assert rank_score(-6.0, 1, coverage_S, Settings(length_penalty=2.0)) == pytest.approx(-6.0)


def test_a_source_word_without_any_attention_is_penalised() -> None:
    settings = Settings(beam=4, length_penalty=0.0, coverage_penalty=0.05)
    seen, skipped = (rank_score(-1.0, 3, torch.tensor([1.0, c]), settings) for c in (1.0, 0.0))
    assert seen == -1.0 and skipped == pytest.approx(-1.0 + 0.05 * math.log(1e-10))
    looks = {(): [1.0, 0.0], (A,): [1.0, 0.0], (C,): [0.0, 1.0]}
    stub = StubModel(8, {(): {A: 0.6, C: 0.4}}, looks)
    assert beam(stub, [4, 5], Settings(beam=4, **PLAIN))[0].ids == [A, EOS]  # never looks at the second word
    assert beam(stub, [4, 5], settings)[0].ids == [C, EOS]


def test_beam_goes_on_until_no_longer_output_can_win() -> None:
    table = {(): {EOS: 0.5, A: 0.5}, (A,): {A: 1.0}, (A, A): {A: 1.0}}  # three words for the price of one
    best = beam(StubModel(5, table), [4], Settings(beam=1 + 1, length_penalty=1.0))[0]
    assert best.ids == [A, A, A, EOS] and best.score == pytest.approx(math.log(0.5) / (9 / 6))
