"""A table that can be sorted, searched and downloaded as CSV without formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s import spreadsheet
from s2s.web.shell.language import t

ROW, EDGE = 35, 3  # pixels: a row of a table as Streamlit draws it, and the edges of all
NAME_WIDTH = 236  # pixels, which leave a phone room for a number
NAME_HEIGHT = 83  # pixels of four lines; above 64 Streamlit wraps text


def show_table(
    columns: Mapping[str, Sequence[Any]],
    file: str,
    key: str,
    formats: Mapping[str, Any] | None = None,
    names: str = "",
) -> None:
    """Show columns by heading; ``file`` is the CSV's name without suffix, ``formats`` Streamlit's ``column_config``.

    The column ``names`` holds long names: they wrap, where a phone would cut them.
    """
    row = NAME_HEIGHT if names else ROW
    if names:
        formats = {**(formats or {}), names: st.column_config.TextColumn(width=NAME_WIDTH)}
    # Streamlit's own CSV could contain formulas; client.disableDataExport in config.toml removes its button.
    height = EDGE + ROW + row * max(map(len, columns.values()), default=0)  # "content", known before it is drawn
    shown: Any = {"column_config": formats, "row_height": row, "height": height}
    st.dataframe(dict(columns), hide_index=True, key=key, placeholder="–", **shown)
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
