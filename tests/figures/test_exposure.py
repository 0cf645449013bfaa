"""Figures of exposure bias by their plain content."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from s2s.checkpoint.open import load
from s2s.errors import sentences
from s2s.evaluate.bootstrap import Bootstrap, Curve
from s2s.evaluate.measured import Estimate
from s2s.exposure import Options, Report, measure, remedies
from s2s.exposure.excess import Excess
from s2s.figures import exposure
from tests.exposure.test_remedies import FIXTURE

TEXT = {k.removeprefix("curve."): v for k, v in sentences("en").items() if k.startswith("curve.")}
PAIRS = [("我喜欢苹果。", "I like apples."), ("你喝茶。", "you drink tea."), ("他不喝水。", "he don't drink water.")]


@pytest.fixture(scope="module")
def report(tiny_checkpoint: Path) -> Report:
    return measure(load(tiny_checkpoint), PAIRS, Options(Bootstrap(resamples=50), beams=(1,)))


def lines(figure: Any) -> dict[str, dict[str, Any]]:
    return {line["name"]: line for line in figure.to_dict()["data"] if "name" in line}


def test_a_sentence_has_a_line_a_score_and_a_mark_where_it_diverges() -> None:
    rows = {"a": {"at": [0.25, 1.0], "f1": [0.5, 1.0]}, "b": {"at": [0.0, 0.5], "f1": [0.1, 0.2]}}
    figure = exposure.sentence(rows, ["<b>"], {"a": 1, "b": 1}, TEXT)
    found = lines(figure)
    assert list(found) == ["a: position accuracy", "a: token F1", "b: position accuracy", "b: token F1"]
    assert found["b: position accuracy"]["y"] == [0.0, 0.5]
    layout = figure.to_dict()["layout"]
    assert [mark["x"] for mark in layout["annotations"]] == [1]
    assert list(layout["xaxis"]["ticktext"]) == ["0", "1 &lt;b&gt;"]
    alone = lines(exposure.sentence({"a": rows["a"]}, ["x"] * 99, {}, TEXT))
    assert list(alone) == ["position accuracy", "token F1"]


@pytest.fixture
def all_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposure, "FEWEST", 1)


@pytest.mark.usefixtures("all_positions")
def test_positions_are_those_of_the_report_with_their_intervals(report: Report) -> None:
    found = lines(exposure.positions([report], "accuracy", TEXT))
    assert list(found["teacher-forced"]["y"]) == list(report.positions.accuracy_forced.value)
    assert list(found["free-running"]["y"]) == list(report.positions.accuracy_free.value)
    curve = report.positions.accuracy_free
    expected = [[a, b, n] for a, b, n in zip(curve.low, curve.high, curve.count, strict=True)]
    assert [list(row) for row in found["free-running"]["customdata"]] == expected
    both = lines(exposure.positions([report, report], "nll", TEXT))
    assert "tiny-additive: free-running" in both


def test_what_is_rare_or_undefined_is_not_drawn() -> None:
    count = (1000, 1000, 1000, 49)
    figure = exposure._figure("x", "y")
    curve = Curve((0.1, None, 0.3, 0.4), (0.0, None, 0.2, 0.3), (0.2, None, 0.4, 0.5), count)
    exposure._band(figure, [1, 2, 3, 4], curve, "a", exposure.FREE, "solid")
    band, line = figure.to_dict()["data"]
    assert line["x"] == [1, 3]
    assert (band["x"], band["y"]) == ([1, 3, 3, 1], [0.2, 0.4, 0.2, 0.0])
    nothing = Curve((None,), (None,), (None,), (0,))
    exposure._band(figure, [1], nothing, "b", exposure.FREE, "solid")
    assert len(figure.data) == 2


@pytest.mark.usefixtures("all_positions")
def test_recovery_cost_and_calibration_hold_the_reports_numbers(report: Report) -> None:
    shares = lines(exposure.recovery([report], TEXT))
    assert list(shares["token F1"]["y"]) == list(report.recovery.f1_by_share.value)
    assert list(shares["token F1"]["x"]) == [10.0 * i for i in range(11)]
    cost = lines(exposure.cost([report], TEXT))["position accuracy"]
    assert list(cost["y"]) == list(report.recovery.cost_accuracy.value)
    bins = lines(exposure.reliability([report], TEXT))
    other = report.calibration.other
    assert bins["other tokens"]["customdata"] == [n for n in other.count if n]


def test_the_forest_has_a_row_a_system_that_has_the_measure() -> None:
    comparison = remedies.load_comparison(FIXTURE)
    (points,) = exposure.forest(comparison, "bleu", "BLEU").to_dict()["data"]
    assert points["x"] == [21.5, 21.9]
    assert points["error_x"]["array"] == pytest.approx([1.4, 1.3])
    figure = exposure.forest(comparison, "accuracy_free", "accuracy").to_dict()
    assert list(figure["layout"]["yaxis"]["ticktext"]) == ["tiny-base", "tiny-more", "tiny-sampled"]
    assert figure["layout"]["shapes"][0]["x0"] == 0.5


@pytest.mark.usefixtures("all_positions")
def test_excess_error_is_drawn_of_the_reports_that_have_it(report: Report) -> None:
    def made(*values: float) -> Curve:
        return Curve(values, tuple(v - 1 for v in values), tuple(v + 1 for v in values), (3,) * len(values))

    nothing = Estimate(0.0, 0.0, 0.0, 3)
    known = Excess(made(1, 2), made(1, 3), made(1, 3), made(1, 4), made(0, 33.3), nothing)
    held = dataclasses.replace(report, excess=known)
    found = lines(exposure.accumulated([held, report], TEXT))
    assert {name: list(line["y"]) for name, line in found.items()} == {
        "tiny-additive: teacher-forced": [1, 3],
        "tiny-additive: free-running": [1, 4],
    }
    (line,) = lines(exposure.excess([held], TEXT)).values()
    assert (list(line["x"]), list(line["y"])) == ([1, 2], [0, 33.3])
