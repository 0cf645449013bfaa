"""Step through: a sentence, a model, and the player of its decoding."""

import streamlit as st

from s2s.web.shell import controls, projector
from s2s.web.shell.language import t
from s2s.web.step_through import heads
from s2s.web.step_through.page import show

st.markdown(f"**{t('app.title')}** :small[:gray[{t('app.tagline')}]]")

names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    heads.choose()
    projector.switch()
projector.apply()
controls.sentence()
controls.decoding()
controls.given_tokens()
controls.warn(ignored)
show(controls.state())
