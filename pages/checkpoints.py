"""Checkpoints: the list, the cards of one or two, and uploads for this session."""

import streamlit as st

from s2s.web.checkpoints import page
from s2s.web.shell import address, controls, layout, refused
from s2s.web.shell.language import t

address.through_app()
st.markdown(f"**{t('page.checkpoints')}** :small[:gray[{t('cards.intro')}]]")

names = controls.begin()
refused.warn_of_link()
page.checkpoints_page(names)
layout.write_address(controls.state())
