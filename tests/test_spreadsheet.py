"""No text becomes a formula in a spreadsheet, and every text is read back unchanged."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s2s import spreadsheet
from s2s.data.readers import Columns, read_pairs
from s2s.inspect.schema import TABLE


@given(st.text(max_size=12) | st.text("'=+-@\t\ra＝", max_size=5))
@example("'=1")
def test_a_text_is_no_formula_and_comes_back(text: str) -> None:
    written = spreadsheet.escape_cell(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert spreadsheet.unescape_cell(written) == text
    assert written == text or written == f"'{text}"


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
