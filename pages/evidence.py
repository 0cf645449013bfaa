"""Is attention the reason? Measured on a file, with the agreement of attention and links that people drew."""

import streamlit as st

from s2s.web.evidence import page
from s2s.web.shell import address, controls, layout, refused
from s2s.web.shell.heads import choose_head
from s2s.web.shell.language import t

address.through_app()
st.markdown(f"**{t('page.evidence')}** :small[:gray[{t('evidence.intro')}]]")

names = controls.begin()
with controls.line():
    controls.checkpoint(names, choose_head)
refused.warn_of_link()
state = controls.state()
page.evidence_page(controls.model_name(state))
layout.write_address(state)
