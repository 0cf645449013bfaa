from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.explain import examine, of_trace
from s2s.explain.evidence import examining
from s2s.explain.replay import Lane, run_to_end, walk, walk_each
from s2s.trace.branch import Edit
from tests.explain.common import ALL, naive, some_lane, tiny

SOURCES = [[5, 8, 11], [7], [9, 9, 4, 6, 5]]


@pytest.mark.parametrize("kind", ALL)
def test_other_sources_are_walked_as_one_by_one(kind: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny(**kind)
    lane = some_lane(model)
    expected = torch.tensor([[float(naive(model, lane, s, t)[lane.words[t]]) for t in (0, 2, 3)] for s in SOURCES])
    with torch.no_grad():
        torch.testing.assert_close(walk(model, lane, SOURCES, [0, 2, 3]), expected, atol=1e-5, rtol=0)
        monkeypatch.setattr("s2s.evaluate.batching.FLOATS", 1)  # a row at a time
        torch.testing.assert_close(walk(model, lane, SOURCES, [3, 0, 2, 2]), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ALL)
def test_each_source_at_a_step_of_its_own(kind: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny(**kind)
    lane, places = some_lane(model), [3, 0, 3, 1, 2, 0]
    sources = SOURCES * 2
    expected = torch.tensor(
        [float(naive(model, lane, s, t)[lane.words[t]]) for s, t in zip(sources, places, strict=True)]
    )
    with torch.no_grad():
        torch.testing.assert_close(walk_each(model, lane, sources, places), expected, atol=1e-5, rtol=0)
        monkeypatch.setattr("s2s.evaluate.batching.FLOATS", 1000)
        torch.testing.assert_close(walk_each(model, lane, sources, places), expected, atol=1e-5, rtol=0)


def test_a_trace_becomes_a_lane_of_what_the_model_says(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    words = checkpoint.target.vocab.tokens
    free = trace(checkpoint, "我喜欢苹果。")
    lane = of_trace(checkpoint, free)
    assert [words[i] for i in lane.words] == [step.output for step in free.steps]
    assert [words[i] for i in lane.read] == [step.input for step in free.steps]
    assert len(lane.source) == len(free.source_tokens)
    forced = trace(checkpoint, "我喜欢苹果。", "I like pears.", "forced")
    lane = of_trace(checkpoint, forced)
    assert [words[i] for i in lane.words] == [step.top[0].token for step in forced.steps]
    assert lane.read[:3] == (2, words.index("I"), words.index("like")) and lane.read[3] == 1
    drawn = trace(checkpoint, "你喝茶。", settings=Settings("sampling", temperature=3, seed=5))
    assert [words[i] for i in of_trace(checkpoint, drawn).words] == [step.output for step in drawn.steps]


def test_a_branch_becomes_a_lane_with_its_edits_and_the_words_as_they_were_cut(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    edits = {1: Edit("only", 2)}
    run = trace(checkpoint, ["我", "不", "喜欢", "苹果", "。"], prefix=["I", "tea"], attention=edits)
    lane = of_trace(checkpoint, run)
    assert len(lane.source) == 5 and [checkpoint.source.vocab.tokens[i] for i in lane.source] == list(run.source_tokens)
    assert lane.edited == {1: (0.0, 0.0, 1.0, 0.0, 0.0)}
    for step, one in zip(
        run.steps, examine(checkpoint.model, lane, range(len(run.steps)), normalise=False), strict=True
    ):
        assert one.attention == pytest.approx(step.attention.tolist(), abs=1e-6)
        assert one.probability == pytest.approx(float(torch.tensor(step.log_prob).exp()), abs=1e-5)


def test_what_takes_long_pauses_between_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny(attention="general")
    lane = some_lane(model)
    monkeypatch.setattr("s2s.evaluate.batching.FLOATS", 1)  # a row at a time
    assert sum(1 for _ in examining(model, lane, [1, 2])) > 10
    assert run_to_end(examining(model, lane, [1])) == examine(model, lane, [1], normalise=False)


def test_a_lane_without_a_source_or_with_too_few_words_is_refused() -> None:
    with pytest.raises(ValueError, match="source"):
        Lane((), (2,), (5,))
    with pytest.raises(ValueError, match="each one"):
        Lane((5,), (2, 6), (5,))
    with pytest.raises(ValueError, match="each word"):
        Lane((5,), (2,), (5,), {0: (0.5, 0.5)})
