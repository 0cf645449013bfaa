"""No text becomes a formula in a spreadsheet, and every text is read back unchanged."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s2s import spreadsheet
from s2s.data.readers import Columns, read_pairs
from s2s.inspect.schema import TABLE
from tests.paths import ROOT

ODD = st.text(st.sampled_from("=+-@\t\r\n;,|\"' a1＝＋－＠\0\ufeff\u200b\u3000\xa0\x1f"), max_size=8) | st.text(
    max_size=12
)
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# How programs read a file of ours: by the comma; or by a semicolon or a tab, with quotation marks or without.
READERS = [
    (",", csv.QUOTE_MINIMAL),
    *((sign, quoting) for sign in ";\t" for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)),
]


def cells(text: str, delimiter: str, quoting: int) -> list[list[str]]:
    """The cells that a spreadsheet makes of a file; without quotation marks every line end begins a row."""
    lines = io.StringIO(text, newline="") if quoting == csv.QUOTE_MINIMAL else text.replace("\r", "\n").split("\n")
    return list(csv.reader(lines, delimiter=delimiter, quoting=quoting))  # type: ignore[arg-type]


@given(st.lists(st.lists(ODD, min_size=2, max_size=2), min_size=1, max_size=3))
@example([["x;=1+1", "=cmd|' /C calc'!A0"]])
@example([["a", 'x\n"=1+1";']])
@example([["a", "\ufeff=1"]])
@example([["a", "\0=1"]])
@example([["a", ";'=1"]])
def test_no_text_is_a_formula_wherever_the_file_is_split_and_all_come_back(rows: list[list[str]]) -> None:
    text = spreadsheet.csv_text(rows)
    for delimiter, quoting in READERS:
        for row in cells(text, delimiter, quoting):
            assert not any(cell.lstrip('\0\ufeff\u200b\x1f \u3000\xa0\t"').startswith(SIGNS) for cell in row)
    assert [[*map(spreadsheet.unescape_cell, row)] for row in cells(text, *READERS[0])] == rows


def test_only_the_submission_file_is_written_without_escapes() -> None:
    """Programs read that one."""
    writers = [
        path
        for path in sorted((ROOT / "s2s").rglob("*.py"))
        if re.search(r"csv\.(writer|DictWriter)", path.read_text())
    ]
    assert [str(path.relative_to(ROOT)) for path in writers] == ["s2s/evaluate/submission.py", "s2s/spreadsheet.py"]


@pytest.mark.parametrize("value", [-1, -1.5, 0, None, True, float("-inf")])
def test_what_is_no_text_stays_what_it_is(value: object) -> None:
    assert spreadsheet.escape_cell(value) is value


def test_our_rows_are_read_back_and_other_files_keep_their_apostrophes(tmp_path: Path) -> None:
    assert tuple(TABLE.names[: len(spreadsheet.OURS)]) == spreadsheet.OURS
    pairs = [("-5°C", "=SUM(A1)"), ("'- 是", "@home"), ("'tis", "plain")]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(spreadsheet.OURS)
    writer.writerows([n, *map(spreadsheet.escape_cell, pair), "[]"] for n, pair in enumerate(pairs))
    (tmp_path / "ours.csv").write_text(out.getvalue(), encoding="utf-8-sig", newline="")
    assert list(read_pairs(tmp_path / "ours.csv", Columns("source", "reference"))) == pairs
    (tmp_path / "other.csv").write_text("source,target\n'- 是,'=x\n", encoding="utf-8")
    assert list(read_pairs(tmp_path / "other.csv")) == [("'- 是", "'=x")]
