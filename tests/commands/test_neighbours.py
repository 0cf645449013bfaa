from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from s2s.inspect.states.store import StateStore
from tests.commands.test_commands import inside
from tests.commands.test_inspect import PAIRS
from tests.factory import make_checkpoint


@pytest.fixture
def made(tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """An inspection that was made without states, which a second run has added."""
    file, directory = tmp_path / "pairs.tsv", tmp_path / "made"
    file.write_text(PAIRS, encoding="utf-8")
    command = ("inspect", tiny_checkpoint, file, "--out", directory)
    status, out, _ = inside(capsys, *command)
    before = (directory / "examples.parquet").stat().st_mtime_ns
    assert status == 0 and not StateStore.whole(directory)
    assert inside(capsys, "neighbours", directory, "我", "--step", "1")[0] == 2  # no states yet
    assert inside(capsys, *command, "--states") == (0, out, "")
    assert StateStore.whole(directory) and (directory / "examples.parquet").stat().st_mtime_ns == before
    return directory


def test_nearest_states_of_a_text_and_of_an_example(
    made: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--checkpoint", tiny_checkpoint)
    status, out, _ = inside(capsys, "neighbours", made, "你喝水？", "--position", "2", "--count", "2", *given)
    lines = out.splitlines()
    assert status == 0 and lines[0] == "encoder 2: 你 [喝] 水 ？" and len(lines) == 4
    assert lines[2].startswith("1.0000        2         2") and "[喝]" in lines[2]
    status, out, _ = inside(capsys, "neighbours", made, "--example", "2", "--position", "2", "--json", "-")
    found = json.loads(out)
    assert (status, found["kind"], found["word"], found["place"]) == (0, "encoder", "喝", 1)
    assert {one["id"] for one in found["neighbours"]} == {1, 3} and found["compared"] == 8
    for option, kind in (("--step", "decoder"), ("--context", "context")):
        status, out, _ = inside(capsys, "neighbours", made, "他喝茶。", option, "1", "--json", "-", *given)
        found = json.loads(out)
        assert (status, found["kind"]) == (0, kind)
        first = found["neighbours"][0]
        assert (first["id"], first["position"], first["word"]) == (3, 0, found["word"])
        assert first["cosine"] == pytest.approx(1, abs=1e-5)


def test_mistakes_are_one_sentence(
    made: Path, tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--checkpoint", tiny_checkpoint)
    other = make_checkpoint(tmp_path / "other", "general")
    for arguments, said in (
        (("我", "--position", "9", *given), "no position 9"),
        (("--example", "9", "--step", "1"), "no example 9"),
        (("--step", "1"), "TEXT or --example"),
        (("我", "--example", "1", "--step", "1"), "TEXT or --example"),
        (("--example", "1", "--step", "1", "--reference", "I"), "--reference"),
        (("我", "--step", "1", "--checkpoint", other), "not the model"),
        (("我", "--step", "0"), "whole number"),
    ):
        status, out, err = inside(capsys, "neighbours", made, *arguments)
        assert (status, out) == (2, "") and said in err and err.count("\n") == 1, err
    shutil.rmtree(made / "states" / "done", ignore_errors=True)
    (made / "states" / "states.json").unlink()
    status, _, err = inside(capsys, "neighbours", made, "--example", "1", "--step", "1")
    assert status == 2 and "--states" in err
