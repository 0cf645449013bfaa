from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.explain import examine, of_trace
from s2s.explain.agreement import VERDICTS, kendall
from tests.explain.common import ALL, some_lane, tiny


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_step_has_the_same_numbers_in_whatever_company(kind: dict[str, Any], length: int) -> None:
    model = tiny(**kind)
    lane = some_lane(model, length)
    whole = examine(model, lane, range(4))
    for t in (0, 2):
        (alone,) = examine(model, lane, [t])
        for name in ("attention", "gradient", "integrated", "erasure"):
            assert getattr(alone, name) == pytest.approx(getattr(whole[t], name), abs=2e-5)
            assert len(getattr(alone, name)) == length
        assert alone.removal.without == pytest.approx(whole[t].removal.without, abs=1e-5)
        assert (alone.step, alone.flip, alone.permuted) == (
            t,
            whole[t].flip,
            pytest.approx(whole[t].permuted, abs=1e-5),
        )
        assert alone.verdict in VERDICTS
        json.dumps(alone.to_dict(), allow_nan=False)


def test_it_is_about_the_numbers_of_the_trace(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    run = trace(checkpoint, "我不喜欢苹果。", "I don't like apples.", "forced")
    found = examine(checkpoint.model, of_trace(checkpoint, run), range(len(run.steps)))
    for step, one in zip(run.steps, found, strict=True):
        assert one.attention == pytest.approx(step.attention.tolist(), abs=1e-6)
        assert one.probability == pytest.approx(float(torch.tensor(step.top[0].log_prob).exp()), abs=1e-5)
        values = one.to_dict()
        assert values["tau"]["erasure"] == pytest.approx(
            kendall(one.attention, [abs(x) for x in one.erasure]), abs=1e-4
        )
        assert sum(values["shares"]["integrated"]) == pytest.approx(1, abs=1e-3)
        assert values["comprehensiveness"] == pytest.approx(
            values["probability"] - sum(values["without"]) / len(values["counts"]), abs=1e-4
        )


def test_without_the_search_for_orders_nothing_else_changes() -> None:
    model = tiny(attention="general")
    lane = some_lane(model)
    (quick,), (full,) = examine(model, lane, [2], normalise=False), examine(model, lane, [2])
    assert quick.removal.normalised == (None, None) and None not in full.removal.normalised
    assert quick.removal._replace(bounds=full.removal.bounds) == full.removal
