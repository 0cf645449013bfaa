from __future__ import annotations

import csv
from pathlib import Path

import pytest

from s2s.__main__ import main
from s2s.checkpoint.open import load
from s2s.data.readers import read_questions
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.evaluate import submission
from s2s.evaluate.corpus import translate
from s2s.text.vocab import UNK

HEADER = "QID,Brand,Model,Question,Dialogue\n"
ROWS = "Q1,,,我喝茶,技师说：喝水|车主说：[语音]\nQ2,,,,技师说：[图片]\nQ3,,,我不喜欢苹果,\n"


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "TestSet.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


def test_every_question_is_read_also_one_that_says_nothing(asked: Path) -> None:
    assert list(read_questions(asked)) == [("Q1", "我喝茶 喝水"), ("Q2", ""), ("Q3", "我不喜欢苹果")]


def test_a_test_file_needs_its_columns_and_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("QID,Question\nQ1,x\n")
    with pytest.raises(UserError, match="Dialogue"):
        list(read_questions(path))
    path.write_text(HEADER + " ,,,x,y\n")
    with pytest.raises(UserError, match="QID") as error:
        list(read_questions(path))
    assert error.value.values["row"] == 2
    path.write_text(HEADER + "Q1,x\n")
    with pytest.raises(UserError) as error:
        list(read_questions(path))
    assert error.value.key == "error.row_columns"


@pytest.mark.parametrize("beam", [0, 3])
def test_the_submission_has_a_row_a_question_in_order(asked: Path, tiny_checkpoint: Path, beam: int) -> None:
    out, options = asked.with_name("submission.csv"), ["--beam", str(beam)] if beam else []
    assert main(["submit", str(tiny_checkpoint), str(asked), "--out", str(out), *options]) == 0
    with open(out, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["QID", "Prediction"]
    checkpoint, settings = load(tiny_checkpoint), Settings(strategy="beam", beam=beam) if beam else None

    def alone(text: str) -> str:
        (ids,) = translate(checkpoint.model, [checkpoint.source.encode(text)], settings=settings)
        return checkpoint.target.decode([i for i in ids if i != UNK])

    assert rows[1:] == [["Q1", alone("我喝茶 喝水")], ["Q2", ""], ["Q3", alone("我不喜欢苹果")]]
    assert not out.with_name("submission.csv.new").exists()


def test_chunks_and_long_sources_change_no_answer(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkpoint = load(tiny_checkpoint)
    questions = [(f"Q{n}", "我你他喝茶水"[n % 5 :]) for n in range(7)] + [("Q7", "我" * 300)]
    whole = list(submission.predictions(checkpoint, questions))
    monkeypatch.setattr(submission, "CHUNK", 3)
    assert list(submission.predictions(checkpoint, iter(questions), batch_size=2)) == whole
    assert [name for name, _ in whole] == [name for name, _ in questions]
    limit = checkpoint.config.data.max_tokens

    def one(text: str) -> str:
        ((_, prediction),) = submission.predictions(checkpoint, [("Q", text)])
        return prediction

    assert whole[-1][1] == one("我" * limit)
    assert whole[-1][1] != one("我" * (limit - 40))


def test_a_comma_and_a_quote_survive(tmp_path: Path) -> None:
    told = submission.write_submission(tmp_path / "s.csv", [("Q1", 'a, "b"'), ("Q2", "")])
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["QID", "Prediction"], ["Q1", 'a, "b"'], ["Q2", ""]]
    assert told == (2, 1)


def test_a_broken_row_leaves_the_old_submission(
    asked: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = asked.with_name("submission.csv")
    out.write_text("old")
    asked.write_text(HEADER + ROWS + "Q4,too,few\n", encoding="utf-8")
    assert main(["submit", str(tiny_checkpoint), str(asked), "--out", str(out)]) == 2
    assert "row 5" in capsys.readouterr().err.replace("Row", "row")
    assert out.read_text() == "old" and sorted(p.name for p in out.parent.iterdir()) == [asked.name, out.name]
    asked.write_text(HEADER)
    assert main(["submit", str(tiny_checkpoint), str(asked), "--out", str(out)]) == 2
    assert out.read_text() == "old"
    assert asked.name in capsys.readouterr().err
