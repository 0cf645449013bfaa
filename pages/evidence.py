"""Evidence: is attention the reason, over a file; does it look where people drew links."""

import streamlit as st

from s2s.web import controls, corpora, heads, link
from s2s.web.language import t

link.through_app()
st.markdown(f"**{t('page.evidence')}** :small[:gray[{t('evidence.intro')}]]")

names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    heads.choose()
controls.warn(ignored)
corpora.section(controls.model(controls.state()))
