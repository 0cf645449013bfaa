"""Step through: a sentence, a model, and the player of its decoding."""

import streamlit as st

from s2s.web.shell import address, controls, projector
from s2s.web.shell.heads import choose_head
from s2s.web.shell.language import t
from s2s.web.step_through.page import render_stage

address.through_app()
st.markdown(f"**{t('app.title')}** :small[:gray[{t('app.tagline')}]]")

names = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    choose_head()
    projector.switch()
projector.apply()
controls.sentence()
controls.decoding()
state = controls.state()
controls.given_tokens(state.tokens)
controls.warn_of_link()
render_stage(state)
