"""What docs/DOCTOR.md says of the shipped models, against the numbers that ``benchmarks.shipped_doctor`` measured."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.shipped_doctor import GENERATED, PAIRS, STATED, pairs_of
from s2s.checkpoint.open import load
from s2s.doctor import examine_checkpoint
from s2s.text.rounding import significant
from tests.paths import ROOT

RECORD = json.loads(Path(__file__).with_name("shipped.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "DOCTOR.md").read_text(encoding="utf-8")
SAID = re.compile(r"shipped: at (most|least) ([\d.]+)")


def extremes(names: Sequence[str]) -> dict[str, float]:
    values = [found["measures"][name] for found in RECORD.values() for name in names if name in found["measures"]]
    return {"least": min(values), "most": max(values)}


def test_the_record_is_of_the_models_that_ship() -> None:
    shipped = {path.name: load(path).digest for path in (ROOT / "checkpoints").iterdir()}
    assert {name: found["digest"] for name, found in RECORD.items()} == shipped
    assert {(found["sentences"], found["left_out"], *found["strong"]) for found in RECORD.values()} == {(PAIRS, 0)}
    names = {10: "ten"}
    assert f"the {names[len(shipped)]} shipped checkpoints" in PAGE and f"on {PAIRS} pairs each" in PAGE
    assert [name for name in GENERATED if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("row", [row for row in PAGE.split("\n") if SAID.search(row)])
def test_the_page_says_how_far_the_shipped_models_go(row: str) -> None:
    """As far as its digits tell: rounded up where it says at most, down where it says at least."""
    names = [name for name in re.findall(r"`([a-z_]+)`", row.split("|")[1]) if name in STATED]
    for side, number in SAID.findall(row):
        judged = ["entropy_share"] if "score_gap" in names and side == "least" else [*{*names} - {"score_gap"}]
        away = (float(number) - extremes(judged)[side]) * (1 if side == "most" else -1)
        assert 0 <= away < 10.0 ** -len(number.partition(".")[2]), (row, extremes(judged))


def test_a_model_of_a_synthetic_task_still_has_these_numbers() -> None:
    found = examine_checkpoint(load(ROOT / "checkpoints" / "date"), pairs_of("date", {}))
    kept = RECORD["date"]["measures"]
    again = {name: significant(found.measures[name], 3) for name in kept}
    assert found.healthy and again == pytest.approx(kept, rel=0.02)
