"""The router: page configuration, language, navigation; nothing else."""

import streamlit as st

from s2s.web import language, style

st.set_page_config(page_title="Lookback · 回望", page_icon="👀", layout="wide")
style.compact()
with st.sidebar:
    language.switch()
pages = [st.Page("pages/step_through.py", title=language.t("page.step"), default=True)]
st.navigation(pages).run()
