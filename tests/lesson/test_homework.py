from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.evaluate.submission import check_submission
from s2s.lesson import homework
from s2s.lesson.date_check import check_dates
from s2s.tasks.date import posterior, split_days
from tests.factory import make_checkpoint

TEXT = "我不喜欢苹果。你喝茶水？他不喝。"


def test_the_weight_of_a_step_and_every_slip(tiny_checkpoint: Path) -> None:
    for step in trace(load(tiny_checkpoint), TEXT).steps:
        given = homework.scores(step)
        assert given is not None and len(given.shown) == 6 and given.hidden == len(step.scores) - 6
        exercise = homework.weight(given)
        assert given.shown[0][1] == 0
        assert exercise.right == pytest.approx(float(step.attention[given.shown[0][0]]), abs=1e-5)
        assert exercise.verdict(round(exercise.right, 3)) == "right"
        assert exercise.verdict(100 * exercise.right) == "percent"
        assert exercise.verdict(1e6) == "far"


def test_slips_are_told_apart() -> None:
    given = homework.Scores(((0, 3.0), (1, 1.0), (2, -3.0)), 5.0, 2)
    exercise = homework.weight(given)
    assert exercise.right == pytest.approx(20.0855 / 27.8536, rel=1e-4)
    answers = {"rest": 0.87888, "highest": 3.0, "base": 8 / 10.125, "percent": 72.111}
    assert {name: exercise.verdict(value) for name, value in answers.items()} == {name: name for name in answers}
    exercise = homework.surprise(3.0, 3.12911)
    answers = {"right": 0.129, "sign": -0.129, "log2": 0.1863, "log10": 0.0561, "probability": 0.879, "far": 0.5}
    assert {name: exercise.verdict(value) for name, value in answers.items()} == {name: name for name in answers}


def test_three_decimals_are_asked() -> None:
    exercise = homework.Exercise(0.908, {})
    answers = {0.908: "right", 0.9072: "right", 0.91: "close", 0.9: "close", 0.8: "far"}
    assert {answer: exercise.verdict(answer) for answer in answers} == answers
    assert homework.Exercise(5.1234, {}).verdict(5.12) == "close"


def test_weights_that_are_no_plain_softmax_are_not_asked_for(tmp_path: Path) -> None:
    local = trace(load(make_checkpoint(tmp_path, "local-p")), TEXT).steps[0]
    assert homework.scores(local) is None
    plain = trace(load(make_checkpoint(tmp_path, "general")), TEXT).steps[0]
    assert homework.scores(plain) is not None
    assert homework.scores(dataclasses.replace(plain, own_attention=plain.attention)) is None


def test_fresh_dates_are_held_out_new_and_have_one_reading() -> None:
    pairs, days = homework.fresh_dates(30, 1), {str(day) for day in split_days(homework.SPLIT)["test"]}
    assert all(target in days and posterior(source) == {target: 1.0} for source, target in pairs)
    assert homework.fresh_dates(30, 2) != pairs == homework.fresh_dates(30, 1)


def test_the_shipped_date_model_passes_and_a_random_one_does_not(tiny_checkpoint: Path) -> None:
    assert check_dates(load(find_checkpoint("date")), 60, 3).share >= homework.GOAL
    found = check_dates(load(tiny_checkpoint), 10, 3)
    assert (found.exact, len(found.wrong)) == (0, 5)


def test_a_submission_is_checked() -> None:
    assert check_submission("s.csv", 'QID,Prediction\nQ1,"a, b"\nQ2,\n') == (2, 1)
    broken = {
        "submission_header": "QID,Report\nQ1,a\n",
        "submission_repeated": "QID,Prediction\nQ1,a\nQ1,b\n",
        "row_columns": "QID,Prediction\nQ1,a,b\n",
        "file_no_questions": "QID,Prediction\n",
        "row_quote_open": 'QID,Prediction\nQ1,"a\n',
    }
    for key, text in broken.items():
        with pytest.raises(UserError) as error:
            check_submission("s.csv", text)
        assert error.value.key == f"error.{key}"
        assert "s.csv" in error.value.say("zh")
