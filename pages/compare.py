"""Compare: two runs beside each other that differ in the source, the checkpoint or the decoding."""

import streamlit as st

from s2s.web import compare, controls, heads, link
from s2s.web.language import t

link.through_app()
st.markdown(f"**{t('page.compare')}** :small[:gray[{t('compare.intro')}]]")

names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    heads.choose()
controls.sentence()
compare.choices()
controls.warn(ignored)
controls.given_tokens()
compare.section(names)
