"""Attributions beside captum's, an implementation that shares nothing with ours."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients
from hypothesis import given
from hypothesis import strategies as some
from torch import Tensor, nn

from s2s.explain.gradients import attributions
from s2s.explain.replay import Lane
from s2s.model import Seq2Seq
from s2s.model.kernels import linear
from tests.explain.common import ALL, naive, some_lane, tiny


class LogProb(nn.Module):
    """log p of a lane's word as a function of the embedded source, by torch's own operators."""

    def __init__(self, model: Seq2Seq, lane: Lane, t: int) -> None:
        super().__init__()
        self.model, self.lane, self.t = model, lane, t

    def forward(self, embedded_NSE: Tensor) -> Tensor:
        count, length = embedded_NSE.shape[:2]
        source_NS = torch.tensor([self.lane.source] * count)
        with linear.plain():
            memory, state = self.model.encode(source_NS, torch.tensor([length] * count), embedded_NSE)
            for token in self.lane.read[: self.t + 1]:
                output = self.model.step(state, torch.tensor([token] * count), memory)
                state = output.state
        return output.log_probs_BV[:, self.lane.words[self.t]]


@pytest.mark.parametrize("kind", ALL)
def test_they_are_captums(kind: dict[str, Any]) -> None:
    model = tiny(**kind)
    lane = some_lane(model)
    embedded_1SE = model.encoder.embedding(torch.tensor([lane.source])).detach()
    for t, ours in zip((1, 3), attributions(model, lane, [1, 3], points=9), strict=True):
        forward = LogProb(model, lane, t)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # captum asks for gradients of what it is given
            theirs = IntegratedGradients(forward).attribute(embedded_1SE, n_steps=9)
            simple = InputXGradient(forward).attribute(embedded_1SE.clone().requires_grad_())
        torch.testing.assert_close(ours.integrated_S, theirs[0].sum(dim=1).float(), atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(ours.gradient_S, simple[0].sum(dim=1).detach(), atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ALL)
def test_steps_together_are_steps_alone_however_few_rows_fit(
    kind: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny(**kind)
    model.requires_grad_(False)  # as a loaded checkpoint is
    lane = some_lane(model)
    together = attributions(model, lane, [0, 1, 2, 3])
    monkeypatch.setattr("s2s.explain.gradients.MAX_SAVED", 3000)
    for t in range(4):
        (alone,) = attributions(model, lane, [t])
        for a, b in zip(together[t][:2], alone[:2], strict=True):
            torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)


SMOOTH = [kind for kind in ALL if "window" not in kind]  # a word that leaves a window is a jump


@given(some.sampled_from(SMOOTH), some.integers(0, 50), some.integers(1, 7))
def test_integrated_gradients_are_complete(kind: dict[str, Any], seed: int, length: int) -> None:
    model = tiny(scale=0.4, **kind)
    lane = some_lane(model, length, seed=seed)
    for t, found in enumerate(attributions(model, lane, range(4), points=30)):
        assert abs(found.gap) < 2e-3
        word = lane.words[t]
        zero = float(LogProb(model, lane, t)(torch.zeros(1, length, 8)).detach())
        difference = float(naive(model, lane, list(lane.source), t)[word]) - zero
        assert float(found.integrated_S.sum()) == pytest.approx(difference + found.gap, abs=1e-4)
