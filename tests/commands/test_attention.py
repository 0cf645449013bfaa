"""``attention``: sentences of another program's file as a table, as a trace, and on a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from s2s.player.page import read_lanes
from s2s.trace.trace import Trace
from tests.commands.test_commands import inside

MARIAN = "drink tea ||| 0.8,0.1,0.1 0.1,0.7,0.2 0.1,0.1,0.8\n\x1b[1mhi ||| 2,0 0,3\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    output, source = tmp_path / "output.txt", tmp_path / "source.txt"
    output.write_text(MARIAN, encoding="utf-8")
    source.write_text("喝 茶\n好\n", encoding="utf-8")
    return output, source


def test_a_table_of_sentences(capsys: pytest.CaptureFixture[str], files: tuple[Path, Path]) -> None:
    status, out, _ = inside(capsys, "attention", "marian", files[0], "--source", files[1], "--normalise")
    assert status == 0 and "\x1b" not in out
    assert [line.split() for line in out.splitlines()][1] == ["1", "喝", "茶", "→", "drink", "tea"]
    assert len(out.splitlines()) == 3


def test_a_trace_that_can_be_exported(
    capsys: pytest.CaptureFixture[str], files: tuple[Path, Path], tmp_path: Path
) -> None:
    given = ("attention", "marian", files[0], "--source", files[1], "--normalise", "--name", "base")
    status, out, _ = inside(capsys, *given, "--sentence", "2", "--json", "-")
    trace = Trace.from_json(out)
    assert status == 0 and trace.source_text == "好" and trace.attention_TS.tolist() == [[1, 0], [0, 1]]
    made, page = tmp_path / "trace.json", tmp_path / "page.html"
    assert inside(capsys, *given, "--json", made)[0] == 0
    assert inside(capsys, "export", made, "--html", page)[0] == 0
    lanes = read_lanes(page.read_text(encoding="utf-8"))
    assert lanes["free"].text == "drink tea" and lanes["free"].checkpoint["name"] == "base"


def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str], files: tuple[Path, Path]) -> None:
    output, source = files
    for given, words in {
        ("marian", output): "does not write what it translated",
        ("marian", output, "--source", source): "Sentence 2 cannot be shown: row 1 of attention sums to 2",
        ("fairseq", output): "--print-alignment soft",
        ("nematus", output): "Line 1 of",
        ("moses", output): "invalid choice",
        ("marian", output, "--source", source, "--normalise", "--sentence", "3", "--json", "-"): "no sentence 3",
    }.items():
        status, out, err = inside(capsys, "attention", *given)
        assert status == 2 and out == "" and words in err and len(err.splitlines()) == 1, err
