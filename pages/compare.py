"""Compare: two runs beside each other that differ in the source, the checkpoint or the decoding."""

import streamlit as st

from s2s.web.compare import page
from s2s.web.shell import address, controls
from s2s.web.shell.language import t
from s2s.web.step_through import heads

address.through_app()
st.markdown(f"**{t('page.compare')}** :small[:gray[{t('compare.intro')}]]")

names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    heads.choose()
controls.sentence()
page.choices()
controls.warn(ignored)
controls.given_tokens()
page.section(names)
