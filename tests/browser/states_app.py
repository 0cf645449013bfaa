"""An app with the section of states alone, for the inspection that an environment variable names."""

import os

import streamlit as st

from s2s.inspect.table import Examples
from s2s.web.inspection import states
from s2s.web.shell import language


def choose(ids: tuple[int, ...]) -> None:
    """In the place of the table's query."""
    st.session_state["chosen"] = ids


if __name__ == "__main__":  # as streamlit runs it, and not where tests are looked for
    st.set_page_config(layout="wide")
    with st.sidebar:
        language.switch()
    chosen = st.session_state.setdefault("chosen", ())
    states.states_section(Examples(os.environ["LOOKBACK_INSPECTION"]), None, chosen, choose)
    st.text(f"chosen {list(chosen)}")
