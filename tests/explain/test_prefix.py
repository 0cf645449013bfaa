"""What a word owes to source and prefix, beside captum's numbers and beside loops that rerun the model."""

from __future__ import annotations

import dataclasses
import json
import warnings
from typing import Any

import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients
from hypothesis import given
from hypothesis import strategies as some
from torch import Tensor, nn

from s2s.explain.gradients import attributions
from s2s.explain.prefix import CLOSED, METHODS, POINTS, Origins, Row, instead, origins
from s2s.explain.replay import Lane
from s2s.model import Seq2Seq
from s2s.model.kernels import linear
from s2s.text.vocab import UNK
from tests.explain.common import ALL, some_lane, tiny

NONE: list[dict[str, Any]] = [{"attention": "none"}, {"attention": "none", "cell": "lstm"}]
NO_FEEDING: list[dict[str, Any]] = [{"attention": "dot", "input_feeding": False, "decoder_size": 12}]
EVERY = [*ALL, *NONE, *NO_FEEDING]
SMOOTH = [kind for kind in EVERY if "window" not in kind]  # a word that leaves a window is a jump


class Value(nn.Module):
    """``lane.value`` as a function of the embedded source and prefix, by torch's own operators."""

    def __init__(self, model: Seq2Seq, lane: Lane, t: int) -> None:
        super().__init__()
        self.model, self.lane, self.t = model, lane, t

    def forward(self, embedded_NSE: Tensor, prefix_NPE: Tensor) -> Tensor:
        count, length = embedded_NSE.shape[:2]
        source_NS = torch.tensor([self.lane.source] * count)
        with linear.plain():
            memory, state = self.model.encode(source_NS, torch.tensor([length] * count), embedded_NSE)
            for u, token in enumerate(self.lane.read[: self.t + 1]):
                given = self.lane.edited.get(u)
                used = None if given is None else torch.tensor([given] * count)
                read = {"embedded_BE": prefix_NPE[:, u - 1]} if u else {}
                output = self.model.step(state, torch.tensor([token] * count), memory, used, **read)
                state = output.state
        value_N = output.log_probs_BV[:, self.lane.words[self.t]]
        if self.t in self.lane.against:
            value_N = value_N - output.log_probs_BV[:, self.lane.against[self.t]]
        return value_N


def embedded(model: Seq2Seq, lane: Lane, t: int) -> tuple[Tensor, Tensor]:
    source_1SE = model.encoder.embedding(torch.tensor([lane.source])).detach()
    return source_1SE, model.embedding(torch.tensor([lane.read[1 : t + 1]], dtype=torch.long)).detach()


def rerun(model: Seq2Seq, lane: Lane, t: int, source: list[int], read: list[int], times: list[int]) -> float:
    """``lane.value`` of step t after other words; ``times`` are the steps of the lane whose edited weights are used."""
    with torch.no_grad():
        memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
        for token, time in zip(read, times, strict=True):
            used = torch.tensor([lane.edited[time]]) if time in lane.edited else None
            output = model.step(state, torch.tensor([token]), memory, used)
            state = output.state
    log_probs_V = output.log_probs_BV[0]
    value = float(log_probs_V[lane.words[t]])
    return value - float(log_probs_V[lane.against[t]]) if t in lane.against else value


def close(found: Origins, other: Origins, **tolerance: float) -> None:
    assert (found.step, found.word, found.against) == (other.step, other.word, other.against)
    assert found.value == pytest.approx(other.value, **tolerance)
    for name in METHODS:
        for a, b in zip(found.rows[name], other.rows[name], strict=True):
            assert a == pytest.approx(b, **tolerance)


def contrast(model: Seq2Seq, lane: Lane) -> Lane:
    """Why the lane's words, and not another, at steps 1 and 3."""
    for t in (1, 3):
        lane = instead(lane, t, lane.words[t], (lane.words[t] + 1) % model.vocabulary)
    return lane


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("against", [False, True])
def test_gradients_are_captums(kind: dict[str, Any], against: bool) -> None:
    model = tiny(**kind)
    lane = contrast(model, some_lane(model)) if against else some_lane(model)
    for t, ours in zip((1, 3), attributions(model, lane, [1, 3], points=9, prefix=True), strict=True):
        forward, inputs = Value(model, lane, t), embedded(model, lane, t)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # captum asks for gradients of what it is given
            theirs = IntegratedGradients(forward).attribute(inputs, n_steps=9)
            simple = InputXGradient(forward).attribute(tuple(x.clone().requires_grad_() for x in inputs))
        for own_S, parts in ((ours.integrated_S, theirs), (ours.gradient_S, simple)):
            whole_S = torch.cat([part[0].sum(dim=1).float().detach() for part in parts])
            torch.testing.assert_close(own_S, whole_S, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("case", ["plain", "edited", "against"])
def test_erasures_are_reruns_by_hand(kind: dict[str, Any], case: str) -> None:
    model = tiny(**kind)
    lane = some_lane(model, 4)
    if case == "edited" and kind["attention"] != "none":
        lane = dataclasses.replace(lane, edited={1: (0.0, 1.0, 0.0, 0.0), 3: (0.1, 0.2, 0.3, 0.4)})
    if case == "against":
        lane = contrast(model, lane)
    source, read = list(lane.source), list(lane.read)
    for found in origins(model, lane, [0, 1, 3]):
        t = found.step
        times = list(range(t + 1))
        whole = rerun(model, lane, t, source, read[: t + 1], times)
        assert found.value == pytest.approx(whole, abs=1e-5)
        unknown = [
            whole - rerun(model, lane, t, [*source[:s], UNK, *source[s + 1 :]], read[: t + 1], times) for s in range(4)
        ]
        assert found.rows["unknown"].source == pytest.approx(unknown, abs=2e-5)
        words = [
            whole - rerun(model, lane, t, source, [*read[:i], UNK, *read[i + 1 : t + 1]], times)
            for i in range(1, t + 1)
        ]
        assert found.rows["unknown"].prefix == pytest.approx(words, abs=2e-5)
        left = [
            whole - rerun(model, lane, t, source, [*read[:i], *read[i + 1 : t + 1]], [*times[: i - 1], *times[i:]])
            for i in range(1, t + 1)
        ]
        assert found.rows["deletion"].prefix == pytest.approx(left, abs=2e-5)
        if case != "edited":
            gone = [whole - rerun(model, lane, t, source[:s] + source[s + 1 :], read[: t + 1], times) for s in range(4)]
            assert found.rows["deletion"].source == pytest.approx(gone, abs=2e-5)


@given(some.sampled_from(SMOOTH), some.integers(0, 50), some.integers(1, 6), some.booleans())
def test_source_and_prefix_together_are_complete(kind: dict[str, Any], seed: int, length: int, against: bool) -> None:
    model = tiny(scale=0.4, **kind)
    lane = some_lane(model, length, seed=seed)
    lane = contrast(model, lane) if against else lane
    for found in origins(model, lane, range(4)):
        source_1SE, prefix_1PE = embedded(model, lane, found.step)
        value = Value(model, lane, found.step)
        difference = float((value(source_1SE, prefix_1PE) - value(0 * source_1SE, 0 * prefix_1PE)).detach())
        whole = sum(map(sum, found.rows["integrated"]))
        assert abs(found.gap) < 1e-3 and whole == pytest.approx(difference, abs=2e-3)


@pytest.mark.parametrize("kind", EVERY)
def test_a_step_gets_more_points_until_its_gap_is_closed(kind: dict[str, Any]) -> None:
    model = tiny(**kind)
    lane = contrast(model, some_lane(model))
    for found in origins(model, lane, range(4)):
        made = [attributions(model, lane, [found.step], points, prefix=True)[0] for points in POINTS]
        first = next((one for one in made if abs(one.gap) <= CLOSED), made[-1])
        row = found.rows["integrated"]
        assert [*row.source, *row.prefix] == pytest.approx(first.integrated_S.tolist(), abs=3e-5)
        assert found.gap == pytest.approx(first.gap, abs=1e-4)


@pytest.mark.parametrize("kind", EVERY)
def test_a_step_alone_has_the_numbers_it_has_in_company(kind: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny(**kind)
    model.requires_grad_(False)  # as a loaded checkpoint is
    lane = contrast(model, some_lane(model))
    together = origins(model, lane, range(4))
    monkeypatch.setattr("s2s.explain.prefix.rows_together", lambda model, length: 1)
    monkeypatch.setattr("s2s.explain.gradients.MAX_SAVED", 3000)
    for t in range(4):
        (alone,) = origins(model, lane, [t])
        close(alone, together[t], abs=3e-5)


@pytest.mark.parametrize("kind", EVERY)
def test_two_words_are_the_difference_of_each(kind: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s2s.explain.prefix.POINTS", POINTS[-1:])  # by the same quadrature
    model = tiny(**kind)
    lane = some_lane(model)
    a, b = 5, 6
    (first,), (second,), (both,) = (
        origins(model, way, [2])
        for way in (
            dataclasses.replace(lane, words=(*lane.words[:2], a, lane.words[3])),
            dataclasses.replace(lane, words=(*lane.words[:2], b, lane.words[3])),
            instead(lane, 2, a, b),
        )
    )
    assert (both.word, both.against, both.value) == (a, b, pytest.approx(first.value - second.value, abs=1e-5))
    for name in METHODS:
        for one, other, difference in zip(first.rows[name], second.rows[name], both.rows[name], strict=True):
            assert difference == pytest.approx([x - y for x, y in zip(one, other, strict=True)], abs=5e-5)
    (same,) = origins(model, instead(lane, 2, a, a), [2])
    assert all(x == pytest.approx(0, abs=1e-6) for row in same.rows.values() for part in row for x in part)


def test_the_first_word_owes_all_to_the_source_and_an_unknown_word_owes_nothing_to_itself() -> None:
    model = tiny(attention="general")
    lane = some_lane(model)
    lane = dataclasses.replace(lane, read=(lane.read[0], UNK, *lane.read[2:]))
    first, second = origins(model, lane, [0, 1])
    assert all(row.share == 1 and row.prefix == () for row in first.rows.values())
    assert second.rows["unknown"].prefix == pytest.approx((0,), abs=1e-6)
    assert second.rows["deletion"].prefix != pytest.approx((0,), abs=1e-6)


def test_a_share_is_of_absolute_values_and_json_has_it() -> None:
    row = Row((1.0, -2.0), (0.5, -0.5))
    assert row.share == 0.75 and Row((0.0,), (0.0,)).share is None
    found = Origins(2, 7, None, -0.25, dict.fromkeys(METHODS, row), 0.001)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["share"] == dict.fromkeys(METHODS, 0.75)
    assert values["rows"]["unknown"] == {"source": [1.0, -2.0], "prefix": [0.5, -0.5]}
    assert (values["step"], values["value"], values["gap"]) == (2, -0.25, 0.001)
