"""The table and the open row: a fragment, so that opening rows and turning pages does not rerun the whole page."""

from __future__ import annotations

import streamlit as st

from s2s.web.inspection import bookmarks, example, marks, state, states, table
from s2s.web.inspection.state import InspectionView
from s2s.web.shell.gone import rerun_if_gone


@st.fragment
def rows_fragment(view: InspectionView) -> None:
    """Draw table, open row and states. If a request changes more than row or page, the whole page runs again."""
    with rerun_if_gone(view.examples.is_there):
        state.handle_request("inspect_table")
        current = view.refreshed()
        if current.outer_state != view.outer_state:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="bottom", key="inspect_row_options"):
            marks.marks_control(current)
            bookmarks.bookmarked_only(current.examples.manifest, current.query.ids, state.show_only)
        table.table_section(current)
        example.example_section(current)
        states.states_section(current.examples, current.row, current.query.ids, state.show_only)
