"""Exposure bias: one sentence, a test file, the remedies."""

import streamlit as st

from s2s.web import controls, exposure, heads, link, measures, remedies
from s2s.web.language import t

link.through_app()
st.markdown(f"**{t('page.exposure')}** :small[:gray[{t('exposure.intro')}]]")

names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    heads.choose(edited=False)
    controls.comparison(names)
controls.sentence()
controls.example_sentences()
controls.warn(ignored)
values = exposure.state()
checkpoints = exposure.loaded(values)
exposure.section(checkpoints, values)
if checkpoints:
    measures.section(exposure.measured(checkpoints))
remedies.section(values["model"])
