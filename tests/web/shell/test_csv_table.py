"""Downloadable tables contain no formula, and all downloadable tables are of this kind."""

from __future__ import annotations

import csv
import io
import tomllib

from s2s import spreadsheet
from tests.paths import ROOT


def test_a_table_is_cells_throughout() -> None:
    columns = {"=HYPERLINK(0)": ["+1", "茶", 'a,"b"\n'], "count": [-1.5, None, 3]}
    head, *rows = csv.reader(io.StringIO(spreadsheet.csv_table(columns), newline=""))
    assert head == ["'=HYPERLINK(0)", "count"]
    assert rows == [["'+1", "-1.5"], ["茶", ""], ['a,"b"\n', "3"]]


def test_no_page_has_streamlits_own_csv() -> None:
    held = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert held["client"]["disableDataExport"] is True
    users = [path.name for path in (ROOT / "s2s").rglob("*.py") if "st.dataframe" in path.read_text(encoding="utf-8")]
    assert users == ["csv_table.py"]
