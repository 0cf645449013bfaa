from __future__ import annotations

import json
from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.evaluate.bootstrap import Bootstrap
from s2s.explain import examine, of_trace
from s2s.explain.corpus import measure_evidence, step_numbers
from s2s.explain.prefix import origins
from tests.test_docs import ROOT

TEXTS = ["我喜欢苹果。", "你喝茶", "\u200b"]


def test_the_means_are_those_of_the_traces(tiny_checkpoint: Path) -> None:
    checkpoint, told = load(tiny_checkpoint), list[float]()
    report = measure_evidence(checkpoint, TEXTS, Bootstrap(20), told.append)
    steps = []
    for text in TEXTS[:2]:
        run = trace(checkpoint, text)
        steps += examine(checkpoint.model, of_trace(checkpoint, run), range(len(run.steps)))
    assert (report.sentences, report.left_out) == (2, 1)
    for name, estimate in report.measures.items():
        values = [value for one in steps if (value := step_numbers(one)[name]) is not None]
        assert estimate.count == len(values)
        if values:
            assert estimate.value == pytest.approx(sum(values) / len(values), abs=1e-3)
    owed = []
    for text in TEXTS[:2]:
        run = trace(checkpoint, text)
        owed.append(origins(checkpoint.model, of_trace(checkpoint, run), range(len(run.steps))))
    for name, estimate in report.prefix.share.items():
        later = [share for steps in owed for one in steps[1:] if (share := one.shares[name]) is not None]
        assert (estimate.count, estimate.value) == (len(later), pytest.approx(sum(later) / len(later), abs=1e-4))
        curve = report.prefix.by_step[name]
        assert (curve.value[0], curve.count[0]) == (1, 2) and len(curve.value) == max(map(len, owed))
        second = [one for steps in owed if (one := steps[1].shares[name]) is not None]
        assert curve.value[1] == pytest.approx(sum(second) / len(second), abs=1e-4)
    gaps = [abs(one.gap) for steps in owed for one in steps]
    assert report.prefix.gap.value == pytest.approx(sum(gaps) / len(gaps), abs=1e-5)
    assert sum(share.value or 0 for share in report.verdicts.values()) == pytest.approx(1, abs=1e-4)
    assert told == sorted(told) and told[-1] == pytest.approx(1)


def test_a_report_is_json_that_evidence_md_describes(tiny_checkpoint: Path) -> None:
    report = measure_evidence(load(tiny_checkpoint), TEXTS[1:2], Bootstrap(5))
    values = json.loads(report.to_json())
    text = (ROOT / "docs" / "EVIDENCE.md").read_text(encoding="utf-8")
    keys = set(values) | set(values["measures"]) | set(values["verdicts"])
    keys |= set(values["prefix"]) | set(values["prefix"]["share"]) | set(values["prefix"]["by_step"])
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_it_can_be_stopped_and_names_what_is_of_no_use(tiny_checkpoint: Path) -> None:
    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        measure_evidence(load(tiny_checkpoint), TEXTS, progress=stop)
    with pytest.raises(UserError):
        measure_evidence(load(tiny_checkpoint), ["\u200b"])
