"""The checkpoints of the synthetic tasks on examples that were held out."""

from __future__ import annotations

from benchmarks import tasks
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load


def test_dates_with_one_reading_are_exact() -> None:
    right = tasks.dates(load(find_checkpoint("date")), 300)
    assert right["one reading, exact"] >= 0.995
    assert right["several, the likeliest"] >= 0.85  # two readings may be almost as likely


def test_reports_name_cause_and_part_and_the_model_looks_at_the_turn_that_says_so() -> None:
    right = tasks.reports(load(find_checkpoint("car-report")), 60, 15)
    assert right["right cause"] >= 0.95 and right["right part"] >= 0.95
    assert right["attention on the turn that says so"] >= 0.9
