"""Comparisons of remedies as files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s.evaluate.measured import Measured
from s2s.exposure import remedies
from tests.paths import FIXTURES

FIXTURE = FIXTURES / "remedies.json"
Values = dict[str, Any]


def test_a_file_is_read_as_it_says() -> None:
    found = remedies.load_comparison(FIXTURE)
    assert (found.task, found.sentences, found.measures) == ("tiny", 200, ("accuracy_free", "bleu"))
    assert [system.extra_steps for system in found.systems] == [0, 1000, 1000]
    assert found.systems[2].measures == {"accuracy_free": Measured(0.61, 0.56, 0.66)}


def test_seeds_of_an_objective_are_pooled() -> None:
    values = json.loads(FIXTURE.read_text(encoding="utf-8"))
    more = values["systems"][1]
    again = {"accuracy_free": {"value": 0.56, "low": 0.44, "high": 0.6}}
    values["systems"].append({**more, "name": "tiny-more-2", "seed": 2, "measures": again})
    base, control, sampled = remedies.comparison_from_dict(values).pooled
    assert (base.seeds, base.extra_steps, sampled.seeds, control.seeds) == (1, 0, 1, 2)
    (accuracy,) = control.measures.values()  # one has no BLEU
    assert (accuracy.value, accuracy.low, accuracy.high) == (pytest.approx(0.54), 0.44, 0.6)
    assert base.measures["bleu"] == Measured(21.5, 20.1, 22.9)


def test_only_comparisons_of_the_task_are_found(tmp_path: Path) -> None:
    shutil.copy(FIXTURE, tmp_path / "tiny.json")
    assert [c.task for c in remedies.comparisons_about("data/train.tsv", tmp_path)] == ["tiny"]
    assert remedies.comparisons_about("data/other.tsv", tmp_path) == []
    assert remedies.comparisons_about("data/train.tsv", tmp_path / "none") == []


def no_schema(values: Values) -> None:
    del values["schema"]


def no_systems(values: Values) -> None:
    values["systems"] = []


def twice(values: Values) -> None:
    values["systems"].append(values["systems"][0])


def outside(values: Values) -> None:
    values["systems"][0]["measures"]["bleu"]["low"] = 30


def not_a_number(values: Values) -> None:
    values["systems"][0]["measures"]["bleu"]["value"] = float("nan")


def no_seed(values: Values) -> None:
    del values["systems"][0]["seed"]


@pytest.mark.parametrize("damage", [no_schema, no_systems, twice, outside, not_a_number, no_seed])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, damage: Callable[[Values], None]) -> None:
    values = json.loads(FIXTURE.read_text(encoding="utf-8"))
    damage(values)
    (tmp_path / "broken.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match=r"broken\.json"):
        remedies.load_comparison(tmp_path / "broken.json")


def test_every_shipped_comparison_is_whole() -> None:
    for path in remedies.FOLDER.glob("*.json"):
        remedies.load_comparison(path)
