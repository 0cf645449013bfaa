"""Evidence: is attention the reason, over a file; does it look where people drew links."""

import streamlit as st

from s2s.web.evidence import page
from s2s.web.shell import address, controls
from s2s.web.shell.language import t
from s2s.web.step_through import heads

address.through_app()
st.markdown(f"**{t('page.evidence')}** :small[:gray[{t('evidence.intro')}]]")

names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    heads.choose()
controls.warn(ignored)
page.section(controls.model(controls.state()))
