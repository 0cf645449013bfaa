"""The table and the row that is open: a fragment, so that opening rows and turning pages leaves the rest as it is."""

from __future__ import annotations

import streamlit as st

from s2s.web.inspection import example, state, states, table
from s2s.web.inspection.state import Shown


@st.fragment
def section(shown: Shown) -> None:
    """``shown`` as the whole page has it; where more is asked for than another row or page, that page is run again."""
    state.follow("inspect_table")
    now = shown.again()
    if now.asked != shown.asked:
        st.rerun()
    table.section(now)
    example.section(now)
    states.section(now.examples, now.row, now.query.ids, state.choose)
