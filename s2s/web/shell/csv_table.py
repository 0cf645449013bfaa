"""A table to be sorted and searched, and taken away as a CSV file in which a spreadsheet calculates nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s import spreadsheet
from s2s.web.shell.language import t


def show_table(
    columns: Mapping[str, Sequence[Any]], file: str, key: str, formats: Mapping[str, Any] | None = None
) -> None:
    """Columns by their headings; ``file`` is what the CSV is called, ``formats`` Streamlit's ``column_config``."""
    # Streamlit's own CSV has cells as they are, formulas too; client.disableDataExport in config.toml takes it away.
    st.dataframe(dict(columns), hide_index=True, height="content", key=key, column_config=formats, placeholder="–")
    st.download_button(
        t("sheet.csv"),
        lambda: "\ufeff" + spreadsheet.table(columns),
        f"{file}.csv",
        "text/csv",
        on_click="ignore",
        key=f"{key}-csv",
        type="tertiary",
        icon=":material/download:",
    )
