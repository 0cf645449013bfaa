"""Exposure bias: one sentence, a test file, the remedies."""

import streamlit as st

from s2s.web.exposure import corpus, remedies, sentence
from s2s.web.shell import address, controls
from s2s.web.shell.language import t
from s2s.web.step_through import heads

address.through_app()
st.markdown(f"**{t('page.exposure')}** :small[:gray[{t('exposure.intro')}]]")

names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    heads.choose(edited=False)
    controls.comparison(names)
controls.sentence()
controls.example_sentences()
controls.warn(ignored)
values = sentence.state()
checkpoints = sentence.loaded(values)
sentence.section(checkpoints, values)
if checkpoints:
    corpus.section(sentence.measured(checkpoints))
remedies.section(values["model"])
