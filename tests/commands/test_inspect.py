from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from s2s.commands.inspect import pair_rows, words_name, worst_rows
from s2s.inspect.causes import CAUSES, MECHANISMS
from tests.commands.test_commands import ROOT, inside
from tests.factory import make_checkpoint
from tests.wait import until

PAIRS = "我喜欢苹果。\tI like apples.\n你喝水？\tdo you drink water?\n他喝茶。\the drink tea.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text(PAIRS, encoding="utf-8")
    return path


def test_a_table_a_summary_and_again(
    tiny_checkpoint: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = inside(capsys, "inspect", tiny_checkpoint, file, "--out", tmp_path / "made")
    assert (status, err) == (0, "")
    for name in (
        "tiny-additive",
        "3 ",
        "0 bad rows",
        "bleu",
        "perplexity",
        "says the same",
        "doubtful",
        "with an error",
        *(f"wrong: {name}" for name in CAUSES),
        *(f"why: {name}" for name in MECHANISMS),
        "of errors",
        "by placebo, so it is not stated",
        "examples.parquet",
    ):
        assert name in out
    assert pq.read_metadata(tmp_path / "made" / "examples.parquet").num_rows == 3
    assert inside(capsys, "inspect", tiny_checkpoint, file, "--out", tmp_path / "made") == (0, out, "")
    status, told, _ = inside(capsys, "inspect", tiny_checkpoint, file, "--out", tmp_path / "made", "--json", "-")
    assert status == 0 and json.loads(told) == json.loads((tmp_path / "made" / "summary.json").read_text())


def test_options_reach_the_run(tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pairs.csv").write_text("zh,en\n茶,tea\n水,\n水,water\n我,I\n", encoding="utf-8")
    columns = ("--source-column", "zh", "--target-column", "en")
    places = (tmp_path / "pairs.csv", "--out", tmp_path / "made")
    status, _, err = inside(capsys, "inspect", tiny_checkpoint, *places, *columns)
    assert status == 2 and "pairs.csv, row 3" in err and err.count("\n") == 1 and not (tmp_path / "made").exists()
    options = ("--skip-bad", "--limit", "2", "--mode", "free", "--json", "-")
    status, out, _ = inside(capsys, "inspect", tiny_checkpoint, *places, *columns, *options)
    made = json.loads(out)
    assert (status, made["examples"], made["bad_rows"]) == (0, 2, 1) and "nll" not in made["scores"]
    assert made["settings"] == {"mode": "free", "limit": 2, "window": 1000}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--limit", "0"), "--limit"),
        (("--mode", "half"), "--mode"),
        (("--source-column", "x", "--format", "csv"), "no column x"),
        ((), "--out"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    tiny_checkpoint: Path,
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    named: str,
) -> None:
    out = ("--out", tmp_path / "made") if arguments else ()
    status, told, err = inside(capsys, "inspect", tiny_checkpoint, file, *out, *arguments)
    assert (status, told, err.count("\n")) == (2, "", 1) and named in err and not (tmp_path / "made").exists()


def test_files_and_directories_that_cannot_be_used(
    tiny_checkpoint: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.tsv").write_text("")
    for path, out, named in (
        (tmp_path / "none.tsv", "made", "contains no pairs"),
        (tmp_path / "missing.tsv", "made", "Cannot read"),
        (file, "pairs.tsv", "pairs.tsv"),
        (file, ".", "not an inspection"),
    ):
        status, told, err = inside(capsys, "inspect", tiny_checkpoint, path, "--out", tmp_path / out)
        assert (status, told, err.count("\n")) == (2, "", 1) and named in err
    assert not (tmp_path / "made").exists() and file.read_text(encoding="utf-8") == PAIRS


def test_another_checkpoint_is_one_sentence_and_changes_nothing(
    tiny_checkpoint: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inside(capsys, "inspect", tiny_checkpoint, file, "--out", tmp_path / "made")[0] == 0
    other = make_checkpoint(tmp_path, "general")
    before = {path: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    status, told, err = inside(capsys, "inspect", other, file, "--out", tmp_path / "made")
    assert (status, told, err.count("\n")) == (2, "", 1) and "a different checkpoint" in err
    assert {path: path.read_bytes() for path in (tmp_path / "made").iterdir()} == before


def test_compare(tiny_checkpoint: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = make_checkpoint(tmp_path, "general")
    for name, checkpoint in (("a", tiny_checkpoint), ("b", other)):
        assert inside(capsys, "inspect", checkpoint, file, "--out", tmp_path / name)[0] == 0
    status, out, err = inside(capsys, "compare", tmp_path / "a", tmp_path / "b", "--score", "nll")
    assert (status, err) == (0, "")
    for named in (
        "tiny-additive",
        "tiny-general",
        "difference",
        "paired bootstrap",
        "randomisation",
        "better",
        "wrong: word",
        "why: attention",
    ):
        assert named in out
    status, out, _ = inside(capsys, "compare", tmp_path / "a", tmp_path / "b", "--json", "-")
    made = json.loads(out)
    assert status == 0 and made["score"] == "chrf" and made["wins"] + made["losses"] + made["ties"] == 3
    assert made["worst"]["first"]["found"] == [] and len(made["ngrams"]) == 2 and made["words"][-1]["reference"] > 0
    assert len(made["systems"]) == 2 and made["p_randomisation_holm"] == made["p_randomisation"] <= 1
    three = (tmp_path / "a", tmp_path / "b", tmp_path / "a")
    status, out, _ = inside(capsys, "compare", *three)
    assert status == 0 and all(
        named in out for named in ("1 tiny-additive", "3 tiny-additive", "1 - 3", "2 - 3", "Holm")
    )
    many = json.loads(inside(capsys, "compare", *three, "--json", "-")[1])
    assert [pair["systems"] for pair in many["pairs"]] == [[0, 1], [0, 2], [1, 2]] and len(many["systems"]) == 3
    assert many["pairs"][0]["difference"] == made["difference"] and many["pairs"][1]["p_randomisation_holm"] == 1
    status, out, err = inside(capsys, "compare", tmp_path / "a", tmp_path)
    assert (status, out, err.count("\n")) == (2, "", 1) and "not an inspection" in err


def test_sigterm_says_how_to_go_on(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "many.tsv").write_text(PAIRS * 3000, encoding="utf-8")
    arguments = ("inspect", tiny_checkpoint, tmp_path / "many.tsv", "--out", tmp_path / "made")
    command = [sys.executable, "-m", "s2s", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        until(lambda: list((tmp_path / "made" / "parts").glob("*.parquet")) or process.poll() is not None)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (143, "Stopped. Run the same command again to continue.\n")
    assert (tmp_path / "made" / "manifest.json").exists() and not (tmp_path / "made" / "examples.parquet").exists()


def test_findings_as_rows_of_the_terminal() -> None:
    estimate = {"value": 0.25, "low": 0.125, "high": 0.5}
    found = [
        {"kind": kind, "value": value, "count": 1234, "difference": -7.25, "low": -9.0, "high": -5.5, "p": p}
        for kind, value, p in (
            ("word", "的\x1b[31m", 0.001),
            ("unknown", "source", 0.05),
            ("source_length", (3, None), 0.02),
            ("rarest_rank", (None, 100), 0.01),
            ("source_length", (3, 4), 0.04),
            ("word", "by chance", 0.051),
        )
    ]
    rows = worst_rows({"score": "chrf", "found": found})
    assert [row[0] for row in rows] == [
        "worst: source word 的�[31m",
        "worst: unknown source word",
        "worst: source length from 3",
        "worst: rarest rank up to 100",
        "worst: source length 3 to 4",
    ]
    assert rows[0][1:] == ["1,234", "chrf -7.25 (-9 to -5.5)", "p = 0.001"]
    assert words_name({"first": 1, "last": 100}) == "words of rank 1 to 100"
    side = {"value": 1.0, "low": None, "high": None}
    made = {
        **{key: side for key in ("first", "second", "difference")},
        **{
            "score": "chrf",
            "p": 0.2,
            "p_randomisation": 0.3,
            "wins": 1,
            "losses": 0,
            "ties": 0,
            "causes": {},
            "attention": {},
        },
        "words": [{"first": None, "last": None, "f1": [estimate, estimate], "difference": estimate}],
        "worst": {key: {"score": "difference", "found": found[:1]} for key in ("first", "second")},
        "ngrams": [[{"tokens": ["so", "much"], "right": [5, 2], "p": 0.04}], []],
    }
    told = pair_rows(("a", "b"), made)
    assert ["words not in the vocabulary", "F1 0.250", "against F1 0.250", "F1 +0.250 (0.125 to 0.5)"] in told
    assert ["the first is right: so much", "5", "against 2", "p = 0.040"] in told
    assert [row[0] for row in told if "behind" in row[0]] == [
        f"the {key} is behind: source word 的�[31m" for key in ("first", "second")
    ]
