"""A table that can be sorted, searched and downloaded as CSV without formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s import spreadsheet
from s2s.web.shell.language import t


def show_table(
    columns: Mapping[str, Sequence[Any]], file: str, key: str, formats: Mapping[str, Any] | None = None
) -> None:
    """Show columns by heading; ``file`` is the CSV's name without suffix, ``formats`` Streamlit's ``column_config``."""
    # Streamlit's own CSV could contain formulas; client.disableDataExport in config.toml removes its button.
    st.dataframe(dict(columns), hide_index=True, height="content", key=key, column_config=formats, placeholder="–")
    st.download_button(
        t("sheet.csv"),
        lambda: "\ufeff" + spreadsheet.csv_table(columns),
        f"{file}.csv",
        "text/csv",
        on_click="ignore",
        key=f"{key}-csv",
        type="tertiary",
        icon=":material/download:",
    )
