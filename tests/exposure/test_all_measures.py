from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.errors import UserError
from s2s.evaluate.bootstrap import Bootstrap
from s2s.exposure import Options, Report, measure
from s2s.exposure.lanes import lanes, positions
from tests.paths import ROOT

TEXTS = [
    ("我喜欢苹果。", "I like apples."),
    ("你喝水？", "do you drink water?"),
    ("他不喝茶。", "he do n't drink tea."),
    ("我喝水", "I drink water"),
    ("…", "\u200b"),  # nothing to read
]
FEW = Options(Bootstrap(30, seed=1), beams=(1, 2))


@pytest.fixture(scope="module")
def report(tiny_checkpoint: Path) -> Report:
    return measure(load(tiny_checkpoint), TEXTS, FEW)


def test_a_report_is_json_that_formats_md_describes(report: Report) -> None:
    values = json.loads(report.to_json())
    assert (values["schema"], values["checkpoint"], values["sentences"], values["left_out"]) == (
        "lookback-exposure/1",
        "tiny-additive",
        4,
        1,
    )
    section = (ROOT / "docs" / "formats" / "MEASURES.md").read_text(encoding="utf-8").split("\n## Exposure\n")[1]
    keys = set(values) | {
        key for part in ("positions", "recovery", "distractor", "calibration") for key in values[part]
    }
    keys |= set(values["beams"][0]) | set(values["calibration"]["eos"]) | set(values["bootstrap"])
    keys |= {"divergence_reference", "divergence_own", "accumulated_reference", "accumulated_own", "undefined"}
    assert {key for key in keys if f"`{key}`" not in section} == set()
    curve = values["recovery"]["f1"]
    assert set(curve) == {"value", "low", "high", "count"} and len({len(part) for part in curve.values()}) == 1
    assert len(report.to_json()) < 20_000


def test_it_puts_the_measures_together(report: Report, tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    pairs = [(checkpoint.source.encode(s), checkpoint.target.encode(t)) for s, t in TEXTS[:4]]
    assert report.positions == positions(lanes(checkpoint.model, pairs), FEW.bootstrap)
    assert [scores.beam for scores in report.beams] == [1, 2] and report.excess is None
    assert report.digest == checkpoint.digest and report.bootstrap == FEW.bootstrap
    assert report == measure(checkpoint, TEXTS, FEW)
    first, second = (scores.log_prob.value for scores in report.beams)
    assert first is not None and second is not None
    assert report.calibration.all.ece.count == sum(len(t) + 1 for _, t in pairs)


def test_progress_goes_from_0_to_1_and_can_stop_it(tiny_checkpoint: Path) -> None:
    told: list[float] = []
    measure(load(tiny_checkpoint), TEXTS, FEW, told.append)
    assert told == sorted(told) and 0 < told[0] < told[-1] == pytest.approx(1.0)

    def stop(share: float) -> None:
        if share > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        measure(load(tiny_checkpoint), TEXTS, FEW, stop)


def test_one_sentence_is_enough(tiny_checkpoint: Path) -> None:
    report = measure(load(tiny_checkpoint), TEXTS[:1], dataclasses.replace(FEW, beams=()))
    assert report.distractor is None and report.beams == ()
    assert report.recovery.f1.count == (1,) * 5
    assert report.recovery.f1.low == report.recovery.f1.high == report.recovery.f1.value
    json.loads(report.to_json())


def test_no_usable_pair_is_named(tiny_checkpoint: Path) -> None:
    with pytest.raises(UserError, match="400") as error:
        measure(load(tiny_checkpoint), [TEXTS[4], ("我", "tea " * 401)], FEW)
    assert "400" in error.value.say("zh")
