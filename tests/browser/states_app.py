"""The section on states alone, of the inspection that an environment variable names."""

import os

import streamlit as st

from s2s.inspect.table import Examples
from s2s.web import language, states

st.set_page_config(layout="wide")
with st.sidebar:
    language.switch()
states.section(Examples(os.environ["LOOKBACK_INSPECTION"]), None)
st.text(f"brushed {list(states.brushed())}")
