"""Exposure bias: one sentence, a test file, the remedies."""

import streamlit as st

from s2s.web.exposure import corpus, remedies, sentence
from s2s.web.shell import address, controls, refused
from s2s.web.shell.heads import choose_head
from s2s.web.shell.language import t

address.through_app()
st.markdown(f"**{t('page.exposure')}** :small[:gray[{t('exposure.intro')}]]")

names = controls.begin()
with controls.sentence_line():
    controls.checkpoint(names, lambda: choose_head(edited=False))
    controls.comparison(names)
    controls.example_sentences()
refused.warn_of_link()
state = sentence.exposure_state()
checkpoints = sentence.load_checkpoints(state)
sentence.sentence_section(checkpoints, state)
if checkpoints:
    corpus.corpus_section(sentence.without_head(checkpoints))
remedies.remedies_section(state.model)
