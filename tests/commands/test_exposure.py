from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.test_commands import inside

PAIRS = "我喜欢苹果。\tI like apples.\n你喝水？\tdo you drink water?\n他喝茶。\the drink tea.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text(PAIRS, encoding="utf-8")
    return path


def test_a_table_of_measures(tiny_checkpoint: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = inside(capsys, "exposure", tiny_checkpoint, file, "--beams", "1", "3")
    assert (status, err) == (0, "")
    for name in ("gap", "free-running", "cost of a wrong word", "ECE, <eos>", "distractor", "beam 3: log P", "BLEU"):
        assert name in out
    assert "3 sentences" in out and " to " in out and "ExAccErr" not in out


def test_json_and_a_limit(
    tiny_checkpoint: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = inside(capsys, "exposure", tiny_checkpoint, file, "--limit", "2", "--beams", "--json", "-")
    values = json.loads(out)
    assert (status, err, values["sentences"], values["beams"]) == (0, "", 2, [])
    assert values["bootstrap"] == {"resamples": 1000, "seed": 0, "level": 0.95}
    made = tmp_path / "made.json"
    options = ("--limit", "2", "--beams", "--json", made, "--seed", "0")
    assert inside(capsys, "exposure", tiny_checkpoint, file, *options)[0] == 0
    assert json.loads(made.read_text(encoding="utf-8")) == values


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--limit", "0"), "--limit"),
        (("--beams", "0"), "--beams"),
        (("--oracle", "weather"), "--oracle"),
        (("--oracle", "date"), 'text.target = "characters"'),
        (("--source-column", "x", "--format", "csv"), "no column x"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    tiny_checkpoint: Path, file: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], named: str
) -> None:
    status, out, err = inside(capsys, "exposure", tiny_checkpoint, file, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1) and named in err


def test_a_file_without_pairs(tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.tsv").write_text("")
    status, _, err = inside(capsys, "exposure", tiny_checkpoint, tmp_path / "none.tsv")
    assert status == 2 and "none.tsv" in err and err.count("\n") == 1


def test_dates_with_their_oracle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "date", tmp_path / "made"
    sizes = ("--train", "60", "--dev", "5", "--test", "12")
    assert inside(capsys, "generate", "date", "--out", data, *sizes)[0] == 0
    settings = {
        "data.train": data / "train.tsv",
        "data.dev": data / "dev.tsv",
        "train.epochs": 1,
        "model.encoder_size": 8,
        "model.decoder_size": 12,
    }
    changes = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    places = ("--out", out, "--runs", tmp_path / "runs")
    assert inside(capsys, "train", "configs/date.toml", *changes, *places)[0] == 0
    options = ("--oracle", "date", "--beams", "1", "--json", "-")
    status, told, _ = inside(capsys, "exposure", out / "date", data / "test.tsv", *options)
    values = json.loads(told)
    assert status == 0 and values["sentences"] == 12
    excess = values["excess"]
    assert excess["divergence_reference"]["count"] == [12] * 11 and excess["excess"]["value"][0] == 0.0
    assert all(value > 0 for value in excess["accumulated_reference"]["value"])
    assert "ExAccErr" in inside(capsys, "exposure", out / "date", data / "test.tsv", *options[:-2])[1]
    (data / "other.tsv").write_text("not a date\t2026-11-22\n")
    status, _, err = inside(capsys, "exposure", out / "date", data / "other.tsv", *options)
    assert status == 2 and "not a date" in err
