"""Checkpoints: every model with its card, two compared, and one's own for this session."""

import streamlit as st

from s2s.web import cards, controls, link
from s2s.web.language import t

link.through_app()
st.markdown(f"**{t('page.checkpoints')}** :small[:gray[{t('cards.intro')}]]")

names, ignored = controls.begin()
controls.warn(ignored)
cards.page(names)
