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
    assert sum(share.value or 0 for share in report.verdicts.values()) == pytest.approx(1, abs=1e-4)
    assert told == sorted(told) and told[-1] == pytest.approx(1)


def test_a_report_is_json_that_evidence_md_describes(tiny_checkpoint: Path) -> None:
    report = measure_evidence(load(tiny_checkpoint), TEXTS[1:2], Bootstrap(5))
    values = json.loads(report.to_json())
    text = (ROOT / "docs" / "EVIDENCE.md").read_text(encoding="utf-8")
    keys = set(values) | set(values["measures"]) | set(values["verdicts"])
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_it_can_be_stopped_and_names_what_is_of_no_use(tiny_checkpoint: Path) -> None:
    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        measure_evidence(load(tiny_checkpoint), TEXTS, progress=stop)
    with pytest.raises(UserError):
        measure_evidence(load(tiny_checkpoint), ["\u200b"])
